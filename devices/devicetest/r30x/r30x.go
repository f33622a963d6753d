// Package r30x plays a serial fingerprint module of the R30x kind on a pseudo-terminal,
// after the makers' manuals: packets that begin EF 01, confirmation codes, an image in
// packets of data with two pixels in each byte. It is written from the manuals, not from
// the driver. Like a real module it does one thing after the other: what it is asked
// during an upload is answered after it.
package r30x

import (
	"encoding/binary"
	"strings"
	"sync"
	"time"

	"garita/devices/devicetest"
)

// Fault holds the faults that a module can have.
type Fault struct {
	BadSum    int           // the n-th packet of data of each upload has a wrong sum; 0: none
	CutAfter  int           // the upload ends after that many packets, without a last one
	Extra     int           // packets of data too many
	Short     int           // packets of data too few, the last one among those that come
	LongFrame bool          // the first packet of data announces more than the protocol allows
	Garbage   int           // random-looking bytes before each answer
	DataFirst bool          // the image comes before the answer to the question for it
	Refuse    byte          // the confirmation code of every answer to Refused
	Refused   byte          // the instruction that is refused
	Stall     time.Duration // a pause in the middle of each upload
	Between   time.Duration // a pause between two packets of data
	Forget    bool          // what is asked during an upload is lost
}

// Module is the simulated module. Its methods may be called from several goroutines.
type Module struct {
	devicetest.Line
	width, height int
	firmware      string

	mu     sync.Mutex // guards the rest
	fault  Fault
	finger []byte // 8-bit pixels on the glass; nil if there is none
	kept   []byte // 4-bit pixels of the last finger found
	looks  int
	asked  []byte
}

// Open plugs a module in whose sensor has width × height pixels; see
// [devicetest.OpenLine]. firmware is what it answers when asked for it; "" for a module
// that cannot be asked.
func Open(link string, width, height int, firmware string) (*Module, error) {
	m := &Module{width: width, height: height, firmware: firmware}
	return m, m.Line.Open(link, m.hear)
}

// Touch puts a finger on the glass: 8-bit pixels, of which the sensor sees the upper four
// bits. nil takes it away.
func (m *Module) Touch(pixels []byte) {
	m.mu.Lock()
	m.finger = pixels
	m.mu.Unlock()
}

// Sees is what the sensor sees of 8-bit pixels, as 8-bit pixels again.
func Sees(pixels []byte) []byte {
	out := make([]byte, len(pixels))
	for i, p := range pixels {
		out[i] = p>>4<<4 | p>>4
	}
	return out
}

// Break gives the module faults, until it is plugged in again.
func (m *Module) Break(f Fault) {
	m.mu.Lock()
	m.fault = f
	m.mu.Unlock()
}

// Looks returns how often the module looked for a finger.
func (m *Module) Looks() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.looks
}

// Replug plugs the module in again, as new.
func (m *Module) Replug() error {
	if !m.Plugged() {
		m.mu.Lock()
		m.fault, m.finger, m.kept, m.asked = Fault{}, nil, nil, nil
		m.mu.Unlock()
	}
	return m.Line.Replug()
}

// Packet makes a packet as a module with the default address sends it.
func Packet(kind byte, payload []byte) []byte {
	b := []byte{0xef, 0x01, 0xff, 0xff, 0xff, 0xff, kind, 0, 0}
	binary.BigEndian.PutUint16(b[7:], uint16(len(payload)+2))
	b = append(b, payload...)
	var sum uint16
	for _, c := range b[6:] {
		sum += uint16(c)
	}
	return binary.BigEndian.AppendUint16(b, sum)
}

// hear takes what the host sends, and answers each whole command.
func (m *Module) hear(b []byte) {
	m.mu.Lock()
	m.asked = append(m.asked, b...)
	var commands [][]byte
	for len(m.asked) >= 9 {
		if m.asked[0] != 0xef || m.asked[1] != 0x01 {
			m.asked = m.asked[1:]
			continue
		}
		n := 9 + int(binary.BigEndian.Uint16(m.asked[7:]))
		if len(m.asked) < n {
			break
		}
		commands = append(commands, append([]byte(nil), m.asked[:n]...))
		m.asked = m.asked[n:]
	}
	m.mu.Unlock()
	for _, c := range commands {
		m.answer(c)
	}
}

func (m *Module) answer(c []byte) {
	body, sum := c[6:len(c)-2], binary.BigEndian.Uint16(c[len(c)-2:])
	for _, b := range body {
		sum -= uint16(b)
	}
	m.mu.Lock()
	f := m.fault
	m.mu.Unlock()
	if f.Garbage > 0 {
		_, _ = m.Send([]byte(strings.Repeat("\xa5\x5a\xef", f.Garbage))[:f.Garbage])
	}
	if sum != 0 || len(body) < 4 || body[0] != 0x01 {
		m.ack(0x01) // the command came damaged
		return
	}
	instruction, arguments := body[3], body[4:]
	if f.Refuse != 0 && instruction == f.Refused {
		m.ack(f.Refuse)
		return
	}
	switch instruction {
	case 0x01:
		m.ack(m.look())
	case 0x0a:
		m.upload(f)
	case 0x0f:
		// status, system, library, security, address, packets of 128 bytes, 57,600 baud
		m.ack(0, 0, 0, 0, 9, 0, 200, 0, 3, 0xff, 0xff, 0xff, 0xff, 0, 2, 0, 6)
	case 0x13:
		if len(arguments) != 4 || binary.BigEndian.Uint32(arguments) != 0 {
			m.ack(0x13)
			return
		}
		m.ack(0)
	case 0x14:
		m.ack(0, 4, 3, 2, 1)
	case 0x1d:
		m.ack(0, 0, 7)
	case 0x35: // the lamp
		m.ack(0)
	case 0x3a:
		if m.firmware == "" {
			m.ack(0x01)
			return
		}
		text := make([]byte, 33)
		copy(text[1:], m.firmware)
		m.ack(text...)
	default:
		m.ack(0x01)
	}
}

func (m *Module) ack(payload ...byte) {
	_, _ = m.Send(Packet(0x07, payload)) // a module does not know whether it is heard
}

// look looks for a finger, and keeps its image.
func (m *Module) look() byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.looks++
	if m.finger == nil {
		return 0x02
	}
	m.kept = make([]byte, m.width*m.height/2)
	for i := range m.kept {
		m.kept[i] = m.finger[2*i]&0xf0 | m.finger[2*i+1]>>4
	}
	return 0
}

// upload sends the image that is kept.
func (m *Module) upload(f Fault) {
	m.mu.Lock()
	image := m.kept
	m.mu.Unlock()
	if image == nil {
		m.ack(0x0f)
		return
	}
	if !f.DataFirst {
		m.ack(0)
	}
	const size = 128
	packets := (len(image)+size-1)/size - f.Short
	for i := 0; i < packets; i++ {
		kind := byte(0x02)
		if i == packets-1 {
			kind = 0x08
			for range f.Extra {
				_, _ = m.Send(Packet(0x02, image[:size]))
			}
		}
		p := Packet(kind, image[i*size:min(len(image), (i+1)*size)])
		if i == 0 && f.LongFrame {
			p[7], p[8] = 0xff, 0xff
		}
		if f.BadSum > 0 && i == f.BadSum-1 {
			p[20] ^= 0x10
		}
		if f.CutAfter > 0 && i == f.CutAfter {
			return
		}
		if f.Stall > 0 && i == packets/2 {
			m.Wait(f.Stall)
		}
		m.Wait(f.Between)
		if _, err := m.Send(p); err != nil {
			return
		}
	}
	if f.DataFirst {
		m.ack(0)
	}
	if f.Forget {
		m.Deafen()
	}
}
