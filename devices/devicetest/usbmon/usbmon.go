// Package usbmon writes and reads recordings of USB traffic as Linux's usbmon makes them
// (pcapng, link type 220), so that traffic can be written down as a protocol describes it
// and be replayed to real code (devicetest/replay).
package usbmon

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"garita/devices"
)

// Kind is the kind of a transfer, as the kernel numbers them.
type Kind uint8

// The kinds.
const (
	Interrupt Kind = 1
	Control   Kind = 2
	Bulk      Kind = 3
)

// Transfer is one transfer with its outcome.
type Transfer struct {
	Kind     Kind
	Endpoint uint8         // bit 7: IN; of a control transfer 0x80 or 0x00
	Setup    devices.Setup // of a control transfer
	Length   int           // of the host's buffer
	Data     []byte        // sent, or given
	Status   int32         // 0, or a negative errno
}

// In is a transfer from the device into a buffer.
func In(kind Kind, endpoint uint8, length int, data []byte) Transfer {
	return Transfer{Kind: kind, Endpoint: endpoint, Length: length, Data: data}
}

// Out is a bulk transfer to the device.
func Out(endpoint uint8, data []byte) Transfer {
	return Transfer{Kind: Bulk, Endpoint: endpoint, Length: len(data), Data: data}
}

// ControlIn is a control transfer from the device.
func ControlIn(s devices.Setup, length int, data []byte) Transfer {
	return Transfer{Kind: Control, Endpoint: 0x80, Setup: s, Length: length, Data: data}
}

// ControlOut is a control transfer to the device.
func ControlOut(s devices.Setup, data []byte) Transfer {
	return Transfer{Kind: Control, Setup: s, Length: len(data), Data: data}
}

// pcapng (draft-ietf-opsawg-pcapng): blocks of type, length, body, length.
const (
	blockSection   = 0x0A0D0D0A
	blockInterface = 1
	blockPacket    = 6
	byteOrder      = 0x1A2B3C4D
	linkType       = 220
	headerBytes    = 64

	maxBlock = 4 << 20
	maxFile  = 256 << 20
)

const (
	submitted = 'S'
	completed = 'C'

	inProgress = -115 // EINPROGRESS, the status of what was submitted
)

// Write writes a recording of a device: each completion right after its submission, for a
// replay goes strictly in order.
func Write(w io.Writer, bus uint16, device uint8, list []Transfer) error {
	le := binary.LittleEndian
	section := le.AppendUint32(nil, byteOrder)
	section = append(section, 1, 0, 0, 0) // version 1.0
	section = le.AppendUint64(section, ^uint64(0))
	link := le.AppendUint16(nil, linkType)
	link = append(link, 0, 0)
	link = le.AppendUint32(link, 1<<20)
	out := block(block(nil, blockSection, section), blockInterface, link)
	for i, t := range list {
		for _, event := range []byte{submitted, completed} {
			p := t.packet(uint64(i)+1, event, bus, device)
			body := make([]byte, 12, 20+len(p)) // interface 0, time 0
			body = le.AppendUint32(body, uint32(len(p)))
			body = le.AppendUint32(body, uint32(len(p)))
			out = block(out, blockPacket, append(body, p...))
		}
	}
	_, err := w.Write(out)
	return err
}

// block appends a block, padded to 32 bits.
func block(to []byte, kind uint32, body []byte) []byte {
	for len(body)%4 != 0 {
		body = append(body, 0)
	}
	le := binary.LittleEndian
	to = le.AppendUint32(to, kind)
	to = le.AppendUint32(to, uint32(len(body)+12))
	to = append(to, body...)
	return le.AppendUint32(to, uint32(len(body)+12))
}

// packet is usbmon's header (Documentation/usb/usbmon.rst) and the data, if this event is
// the one that has them.
func (t Transfer) packet(id uint64, event byte, bus uint16, device uint8) []byte {
	le := binary.LittleEndian
	in := t.Endpoint&0x80 != 0
	b := make([]byte, headerBytes)
	le.PutUint64(b[0:], id)
	b[8], b[9], b[10], b[11] = event, byte(t.Kind), t.Endpoint, device
	le.PutUint16(b[12:], bus)
	b[14] = '-' // no setup packet
	length, data := t.Length, t.Data
	status := t.Status
	if event == submitted {
		status = inProgress
		if t.Kind == Control {
			b[14] = 0
			b[40], b[41] = t.Setup.RequestType, t.Setup.Request
			le.PutUint16(b[42:], t.Setup.Value)
			le.PutUint16(b[44:], t.Setup.Index)
			le.PutUint16(b[46:], uint16(t.Length))
		}
		if in {
			data = nil
		}
	} else {
		length = len(t.Data)
		if !in {
			data = nil
		}
	}
	switch {
	case len(data) > 0:
		b[15] = 0
	case in:
		b[15] = '<'
	default:
		b[15] = '>'
	}
	le.PutUint32(b[28:], uint32(status))
	le.PutUint32(b[32:], uint32(length))
	le.PutUint32(b[36:], uint32(len(data)))
	return append(b, data...)
}

var errForm = errors.New("no recording of USB traffic")

// Read reads the transfers of one device, in the order of their submission. It reads what
// Write writes, and what dumpcap does on a little-endian machine.
func Read(r io.Reader, bus uint16, device uint8) ([]Transfer, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil || len(b) > maxFile {
		return nil, errors.Join(errForm, err)
	}
	le := binary.LittleEndian
	var list []Transfer
	open := map[uint64]int{}
	for first := true; len(b) > 0; first = false {
		if len(b) < 12 {
			return nil, fmt.Errorf("%w: %d bytes after the last block", errForm, len(b))
		}
		kind, length := le.Uint32(b), le.Uint32(b[4:])
		if first && kind != blockSection || length < 12 || length%4 != 0 || length > maxBlock || int(length) > len(b) {
			return nil, fmt.Errorf("%w: block of type %d and %d bytes", errForm, kind, length)
		}
		body := b[8 : length-4]
		b = b[length:]
		if kind != blockPacket || len(body) < 20 {
			continue
		}
		size := le.Uint32(body[12:])
		if size < headerBytes || int(size) > len(body)-20 {
			return nil, fmt.Errorf("%w: packet of %d bytes", errForm, size)
		}
		p := body[20 : 20+size]
		if le.Uint16(p[12:]) != bus || p[11] != device {
			continue
		}
		id, data := le.Uint64(p), p[headerBytes:]
		switch p[8] {
		case submitted:
			t := Transfer{Kind: Kind(p[9]), Endpoint: p[10], Length: int(le.Uint32(p[32:])), Data: data, Status: inProgress}
			if t.Kind == Control {
				t.Setup = devices.Setup{RequestType: p[40], Request: p[41], Value: le.Uint16(p[42:]), Index: le.Uint16(p[44:])}
			}
			open[id] = len(list)
			list = append(list, t)
		case completed:
			if i, ok := open[id]; ok {
				delete(open, id)
				list[i].Status = int32(le.Uint32(p[28:]))
				if list[i].Endpoint&0x80 != 0 {
					list[i].Data = data
				}
			}
		}
	}
	return list, nil
}
