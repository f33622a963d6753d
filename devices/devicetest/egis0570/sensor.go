// Package egis0570 is an emulated EgisTec 0570 sensor: it answers as the recording of a
// real one does, sees fingers that are swiped over it, and has faults.
package egis0570

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"time"

	"garita/devices"
	"garita/devices/devicetest/usbdevice"
)

// A frame's size in pixels, and what one image has of them.
const (
	Width  = 114
	Height = 57

	framesInImage = 5
	imageBytes    = 32_512
)

// Faults are what can be wrong with a sensor. The zero Faults is a good one.
type Faults struct {
	Refuse     bool                       // refuses every command
	Busy       bool                       // takes commands and answers nothing
	ImageAfter time.Duration              // how late an image comes
	NoImage    bool                       // an image that never comes
	Answer     func(answer []byte) []byte // changes a register's answer before it goes out
	Damage     func(image []byte) []byte  // changes an image before it goes out
}

// Sensor is an emulated sensor. Its methods may be called from several goroutines.
type Sensor struct {
	out usbdevice.Queue

	mu        sync.Mutex // guards the rest
	faults    Faults
	registers [256]byte
	finger    [][]byte // frames that will be seen, one after the other
	images    int
	strange   int // commands that the recording does not have
}

var _ usbdevice.Device = (*Sensor)(nil)

// New makes a sensor that has just been plugged in.
func New(f Faults) *Sensor { return &Sensor{faults: f} }

// SetFaults changes what is wrong from now on.
func (s *Sensor) SetFaults(f Faults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = f
}

// Swipe moves a finger over the sensor: pixels are Width wide, as the sensor sees them,
// and the window goes down over them by step lines a frame. It returns what of them will
// have been seen.
func (s *Sensor) Swipe(pixels []byte, step int) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	end := 0
	for i := range framesInImage { // nobody is faster than the first image
		s.finger = append(s.finger, empty(i))
	}
	for from := 0; from+Width*Height <= len(pixels); from += step * Width {
		end = from + Width*Height
		s.finger = append(s.finger, slices.Clone(pixels[from:end]))
	}
	return pixels[:end]
}

// Lift takes the finger away.
func (s *Sensor) Lift() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finger = nil
}

// Images says how many images were ordered.
func (s *Sensor) Images() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.images
}

// Strange says how many commands came that a driver must not send.
func (s *Sensor) Strange() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.strange
}

// Skin turns pixels of a print (0 is ridge) into what the sensor sees of it.
func Skin(upright []byte) []byte {
	b := make([]byte, len(upright))
	for i, v := range upright {
		b[i] = byte(254 - int(v)*64/255)
	}
	return b
}

// Descriptors implements [usbdevice.Device]: those of the recorded sensor.
func (s *Sensor) Descriptors() usbdevice.Descriptors {
	return usbdevice.Descriptors{
		VendorID: 0x1C7A, ProductID: 0x0570, BCDDevice: 0x1041, BCDUSB: 0x0110,
		Manufacturer: "EgisTec", Product: "EgisTec Touch Fingerprint Sensor", Serial: "EMULATED",
		Class: 0xFF, MaxControlPacketSize: 8,
		Endpoints: []usbdevice.Endpoint{{Address: 0x83, MaxPacketSize: 64}, {Address: 0x04, MaxPacketSize: 64}},
	}
}

// Control implements [usbdevice.Device]; the sensor has no requests of its own.
func (s *Sensor) Control(context.Context, devices.Setup, []byte) (int, error) {
	return 0, devices.ErrStalled
}

// In implements [usbdevice.Device].
func (s *Sensor) In(ctx context.Context, endpoint uint8, b []byte) (int, error) {
	if endpoint != 0x83 {
		return 0, devices.ErrStalled
	}
	return s.out.Take(ctx, b)
}

// Out implements [usbdevice.Device]: commands.
func (s *Sensor) Out(_ context.Context, endpoint uint8, b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.faults.Refuse {
		return 0, devices.ErrStalled
	}
	if endpoint != 0x04 || len(b) != 7 || !bytes.HasPrefix(b, []byte("EGIS")) {
		s.strange++
		return 0, devices.ErrStalled
	}
	if s.faults.Busy {
		return len(b), nil
	}
	register, value := b[5], b[6]
	switch b[4] {
	case 0x01:
		s.registers[register] = value
		s.answer(register, value)
	case 0x00:
		s.answer(register, s.registers[register])
	case 0x06:
		s.shoot()
	default:
		s.strange++
	}
	return len(b), nil
}

func (s *Sensor) answer(register, value byte) {
	b := append([]byte("SIGE"), register, value, 1)
	if s.faults.Answer != nil {
		b = s.faults.Answer(b)
	}
	s.out.Put(b)
}

// shoot gives out an image: frames of the finger while there are some, then empty ones.
func (s *Sensor) shoot() {
	s.images++
	if s.registers[0x02] != 0x2F {
		s.strange++
		return
	}
	b := make([]byte, 0, imageBytes)
	for range framesInImage {
		if len(s.finger) > 0 {
			b = append(b, s.finger[0]...)
			s.finger = s.finger[1:]
		} else {
			b = append(b, empty(len(b))...)
		}
	}
	b = append(b, b[:imageBytes-len(b)]...)
	if s.faults.NoImage {
		return
	}
	if s.faults.Damage != nil {
		b = s.faults.Damage(b)
	}
	if s.faults.ImageAfter == 0 {
		s.out.Put(b)
		return
	}
	time.AfterFunc(s.faults.ImageAfter, func() { s.out.Put(b) })
}

// empty is a frame without a finger: brighter at its edges, with a little grain.
func empty(seed int) []byte {
	b := make([]byte, Width*Height)
	for i := range b {
		y := i / Width
		b[i] = byte(140 + (y-Height/2)*(y-Height/2)/20 + (i*7+seed)%3)
	}
	return b
}
