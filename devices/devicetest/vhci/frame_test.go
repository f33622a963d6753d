package vhci

import (
	"bytes"
	"encoding/binary"
	"testing"

	"garita/devices"
)

func submit(endpoint uint8, in bool, length uint32, data ...byte) []byte {
	b := make([]byte, headerBytes)
	binary.BigEndian.PutUint32(b[0:], cmdSubmit)
	binary.BigEndian.PutUint32(b[4:], 77)
	if in {
		b[15] = 1
	}
	b[19] = endpoint
	binary.BigEndian.PutUint32(b[24:], length)
	copy(b[40:], []byte{0xC0, 0x04, 0x34, 0x12, 0x01, 0x00, 0x10, 0x00})
	return append(b, data...)
}

func TestRead(t *testing.T) {
	m, err := read(bytes.NewReader(submit(2, true, 16)))
	if err != nil || m.seq != 77 || m.endpoint != 0x82 || m.length != 16 || m.setup != (devices.Setup{RequestType: 0xC0, Request: 4, Value: 0x1234, Index: 1}) {
		t.Errorf("%+v, %v", m, err)
	}
	m, err = read(bytes.NewReader(submit(3, false, 2, 8, 9)))
	if err != nil || m.endpoint != 3 || string(m.data) != "\x08\x09" {
		t.Errorf("%+v, %v", m, err)
	}
	if _, err = read(bytes.NewReader(submit(3, false, 1<<30))); err == nil {
		t.Error("a gigabyte was made room for")
	}
}

func FuzzRead(f *testing.F) {
	f.Add(submit(2, true, 16))
	f.Add(submit(3, false, 2, 8, 9))
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := read(bytes.NewReader(b)); err == nil && (len(m.data) > maxTransfer || m.length > maxTransfer) {
			t.Error("too large a transfer")
		}
	})
}
