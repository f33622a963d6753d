// Package uareu is an emulated U.are.U fingerprint reader: registers, events and scrambled
// images as public descriptions of the protocol have them, and the faults of real ones.
package uareu

import (
	"context"
	"encoding/binary"
	"slices"
	"sync"
	"time"

	"garita/devices"
	"garita/devices/devicetest/usbdevice"
)

// Size of the sensor, in pixels.
const (
	Width  = 384
	Height = 290
)

// Model is a kind of reader.
type Model struct {
	Name      string
	ProductID uint16
	BCDDevice uint16
	Scrambled bool // the lines come scrambled
	HighSpeed bool
}

// The models.
var (
	U4000  = Model{Name: "U.are.U 4000", ProductID: 0x0007, BCDDevice: 0x0100, Scrambled: false}
	U4000B = Model{Name: "U.are.U 4000B", ProductID: 0x000A, BCDDevice: 0x0103, Scrambled: true}
	U4500  = Model{Name: "U.are.U 4500 Fingerprint Reader", ProductID: 0x000A, BCDDevice: 0x0103, Scrambled: true}
)

// Faults are what can be wrong with a reader. The zero Faults is a good one.
type Faults struct {
	Trouble       bool                      // it begins in the state from which it does not power up at once
	PowerOrders   int                       // how many orders to power up it ignores; -1: all
	NoPowerEvents int                       // how many times it powers up without telling
	Refuse        bool                      // its registers refuse everything
	Busy          bool                      // its registers never answer
	ImageAfter    time.Duration             // how late an image comes
	NoImage       bool                      // an image that never comes
	LateImage     bool                      // not even being switched off keeps an ordered image from coming
	WrongKey      bool                      // it hands out keys of another image
	Damage        func(image []byte) []byte // changes an image, header first, before it goes out
	DeathOnFinger bool                      // the event of failure instead of the finger
}

// Reader is an emulated reader. Its methods may be called from several goroutines.
type Reader struct {
	model  Model
	events usbdevice.Queue
	images usbdevice.Queue

	mu       sync.Mutex // guards the rest
	faults   Faults
	firmware [2]byte
	status   byte
	mode     byte
	ignored  int // orders to power up so far
	untold   int // power-ups without event so far
	seed     uint32
	number   byte   // of the key asked for
	finger   []byte // wire pixels of what lies on the glass; nil: nothing
	order    int    // counts orders of an image; a late one is known by it
	ordered  int    // images ordered
	sent     int    // images given out
}

var _ usbdevice.Device = (*Reader)(nil)

// New makes a reader that has just been plugged in: in low power, nothing on the glass.
func New(m Model, f Faults) *Reader {
	r := &Reader{model: m, faults: f, firmware: [2]byte{4, 0}, status: lowPower | awake, mode: 0}
	if f.Trouble {
		r.status = lowPower | trouble
	}
	return r
}

// SetFirmware sets the version that the reader tells.
func (r *Reader) SetFirmware(major, minor byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.firmware = [2]byte{major, minor}
}

// SetFaults changes what is wrong from now on.
func (r *Reader) SetFaults(f Faults) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faults = f
}

// Touch lays a finger on the glass: Width × Height pixels as the sensor sees them.
func (r *Reader) Touch(pixels []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.finger = slices.Clone(pixels)
	if r.mode == modeAwaitFinger {
		r.fingerOn()
	}
}

// Lift takes the finger away.
func (r *Reader) Lift() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.finger != nil && r.status&lowPower == 0 {
		r.tell(0x0200)
	}
	r.finger = nil
}

// Die makes the event that says that the next image will be empty.
func (r *Reader) Die() { r.tell(0x0800) }

// Tell makes any event.
func (r *Reader) Tell(event uint16) { r.tell(event) }

// Mode is the mode register: 0x10 while a finger is awaited, 0x20 while an image is
// ordered, 0x70 for off.
func (r *Reader) Mode() byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.mode
}

// Images says how many images were ordered, and how many given out.
func (r *Reader) Images() (ordered, sent int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ordered, r.sent
}

// Registers, bits and modes of the protocol.
const (
	request = 0x04

	regStatus = 0x07
	regSeed   = 0x33
	regKey    = 0x34
	regMode   = 0x4E
	regInfo   = 0xF0

	lowPower = 0x80
	trouble  = 0x04
	awake    = 0x01

	modeAwaitFinger = 0x10
	modeCapture     = 0x20
	modeOff         = 0x70
)

// Descriptors implements [usbdevice.Device].
func (r *Reader) Descriptors() usbdevice.Descriptors {
	d := usbdevice.Descriptors{
		VendorID: 0x05BA, ProductID: r.model.ProductID, BCDDevice: r.model.BCDDevice, BCDUSB: 0x0110,
		Manufacturer: "DigitalPersona, Inc.", Product: r.model.Name, Serial: "EMULATED-1",
		Class: 0xFF, Subclass: 0xFF, Protocol: 0xFF, MaxControlPacketSize: 8,
		Endpoints: []usbdevice.Endpoint{
			{Address: 0x81, Interrupt: true, MaxPacketSize: 64, Interval: 10},
			{Address: 0x82, MaxPacketSize: 64},
		},
	}
	if r.model.HighSpeed {
		d.BCDUSB, d.HighSpeed, d.MaxControlPacketSize = 0x0200, true, 64
		d.Endpoints[0].Interval, d.Endpoints[1].MaxPacketSize = 7, 512
	}
	return d
}

// Control implements [usbdevice.Device]: registers.
func (r *Reader) Control(ctx context.Context, s devices.Setup, data []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.faults.Busy {
		r.mu.Unlock()
		<-ctx.Done()
		r.mu.Lock()
		return 0, ctx.Err()
	}
	if s.Request != request || len(data) == 0 || r.faults.Refuse {
		return 0, devices.ErrStalled
	}
	if s.RequestType&0x80 != 0 {
		return r.read(s.Value, data)
	}
	return r.write(s.Value, data)
}

// In implements [usbdevice.Device].
func (r *Reader) In(ctx context.Context, endpoint uint8, b []byte) (int, error) {
	switch endpoint {
	case 0x81:
		return r.events.Take(ctx, b)
	case 0x82:
		return r.images.Take(ctx, b)
	default:
		return 0, devices.ErrStalled
	}
}

// Out implements [usbdevice.Device]; the reader takes nothing.
func (r *Reader) Out(context.Context, uint8, []byte) (int, error) { return 0, devices.ErrStalled }

func (r *Reader) read(register uint16, data []byte) (int, error) {
	switch register {
	case regStatus:
		data[0] = r.status
		return 1, nil
	case regKey:
		key := Key(r.number)
		if r.faults.WrongKey {
			key = Key(r.number + 100)
		}
		var b [4]byte
		binary.LittleEndian.PutUint32(b[:], key^r.seed)
		return copy(data, b[:]), nil
	case regInfo:
		info := [16]byte{4: r.firmware[0], 5: r.firmware[1], 10: 1, 11: byte(r.model.BCDDevice)}
		return copy(data, info[:]), nil
	default:
		return 0, devices.ErrStalled
	}
}

func (r *Reader) write(register uint16, data []byte) (int, error) {
	switch register {
	case regStatus:
		r.power(data[0])
	case regSeed:
		if len(data) != 5 {
			return 0, devices.ErrStalled
		}
		r.number, r.seed = data[0], binary.LittleEndian.Uint32(data[1:])
	case regMode:
		r.setMode(data[0])
	default:
		return 0, devices.ErrStalled
	}
	return len(data), nil
}

// power takes an order to go to low power, or out of it.
func (r *Reader) power(v byte) {
	switch {
	case v&lowPower != 0:
		if r.status&lowPower == 0 {
			r.status |= lowPower
			r.mode = 0
			r.cancelImage()
		}
	case r.status&trouble != 0: // the first order clears the trouble, and no more
		r.status = lowPower | awake
	case r.status&lowPower == 0:
	case r.faults.PowerOrders < 0 || r.ignored < r.faults.PowerOrders:
		r.ignored++
	default:
		r.status = awake
		if r.untold < r.faults.NoPowerEvents {
			r.untold++
			return
		}
		r.tell(0x56AA)
	}
}

func (r *Reader) setMode(m byte) {
	if r.status&lowPower != 0 {
		return
	}
	r.mode = m
	switch m {
	case modeAwaitFinger:
		r.cancelImage()
		if r.finger != nil {
			r.fingerOn()
		}
	case modeCapture:
		r.shoot()
	case modeOff:
		r.cancelImage()
	}
}

func (r *Reader) fingerOn() {
	if r.faults.DeathOnFinger {
		r.tell(0x0800)
		return
	}
	r.tell(0x0101)
}

func (r *Reader) tell(event uint16) {
	b := make([]byte, 64)
	binary.BigEndian.PutUint16(b, event)
	r.events.Put(b)
}

// cancelImage forgets an image that was ordered and not fetched.
func (r *Reader) cancelImage() {
	if r.faults.LateImage {
		return
	}
	r.order++
	r.images.Clear()
}

// shoot takes an image of what is on the glass now, and gives it out when it is due.
func (r *Reader) shoot() {
	r.ordered++
	r.order++
	if r.faults.NoImage {
		return
	}
	pixels := r.finger
	if pixels == nil {
		pixels = Empty()
	}
	b := Encode(pixels, byte(r.ordered), r.model.Scrambled)
	if r.faults.Damage != nil {
		b = r.faults.Damage(b)
	}
	if r.faults.ImageAfter == 0 {
		r.sent++
		r.images.Put(b)
		return
	}
	order := r.order
	time.AfterFunc(r.faults.ImageAfter, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.order == order || r.faults.LateImage {
			r.sent++
			r.images.Put(b)
		}
	})
}
