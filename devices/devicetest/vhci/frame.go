package vhci

import (
	"encoding/binary"
	"fmt"
	"io"

	"garita/devices"
)

// The kernel's usbip protocol (Documentation/usb/usbip_protocol.rst): every message is a
// header of 48 bytes, big-endian, and for one of the two directions the data.
const (
	headerBytes = 48
	// maxTransfer bounds the data of one message. The kernel's own limit for what a
	// program may have under way is 16 MiB.
	maxTransfer = 1 << 20

	cmdSubmit = 1
	cmdUnlink = 2
	retSubmit = 3
	retUnlink = 4
)

// Status of a transfer, as errno.
const (
	statusStall     = -32  // EPIPE
	statusCancelled = -104 // ECONNRESET
)

// message is a command of the kernel.
type message struct {
	command  uint32
	seq      uint32
	endpoint uint8 // bit 7: IN
	length   int   // of the transfer's buffer
	setup    devices.Setup
	data     []byte // of an OUT transfer
	target   uint32 // of an unlink: the sequence number
}

// read takes one message off the kernel's socket.
func read(r io.Reader) (message, error) {
	var h [headerBytes]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return message{}, err
	}
	be := binary.BigEndian
	m := message{command: be.Uint32(h[0:]), seq: be.Uint32(h[4:]), endpoint: uint8(be.Uint32(h[16:]) & 0x0F)}
	in := be.Uint32(h[12:]) == 1
	if in {
		m.endpoint |= 0x80
	}
	switch m.command {
	case cmdUnlink:
		m.target = be.Uint32(h[20:])
		return m, nil
	case cmdSubmit:
	default:
		return message{}, fmt.Errorf("usbip: command %d", m.command)
	}
	length := be.Uint32(h[24:])
	if length > maxTransfer {
		return message{}, fmt.Errorf("usbip: a transfer of %d bytes", length)
	}
	m.length = int(length)
	le := binary.LittleEndian
	m.setup = devices.Setup{RequestType: h[40], Request: h[41], Value: le.Uint16(h[42:]), Index: le.Uint16(h[44:])}
	if !in && length > 0 {
		m.data = make([]byte, length)
		if _, err := io.ReadFull(r, m.data); err != nil {
			return message{}, err
		}
	}
	return m, nil
}

// reply is the answer to a message: n bytes moved, and the data if they came from the
// device.
func reply(command, seq uint32, status int32, n int, data []byte) []byte {
	b := make([]byte, headerBytes, headerBytes+len(data))
	binary.BigEndian.PutUint32(b[0:], command)
	binary.BigEndian.PutUint32(b[4:], seq)
	binary.BigEndian.PutUint32(b[20:], uint32(status))
	binary.BigEndian.PutUint32(b[24:], uint32(n))
	return append(b, data...)
}
