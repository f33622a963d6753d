package r30x

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"

	"garita/devices"
)

// The bytes of two packets as the R30x manual shows them: VfyPwd and GenImg.
func TestPacketsOfTheManual(t *testing.T) {
	for payload, want := range map[string]string{
		"1300000000": "ef01ffffffff010007130000000" + "0001b",
		"01":         "ef01ffffffff01000301" + "0005",
	} {
		p, err := hex.DecodeString(payload)
		if err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(appendPacket(nil, address, pidCommand, p)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestDecoder(t *testing.T) {
	ack := appendPacket(nil, address, pidAck, []byte{0})
	data := appendPacket(nil, address, pidData, bytes.Repeat([]byte{0xef, 0x01}, maxPayload/2))
	damaged := append([]byte(nil), data...)
	damaged[100] ^= 1
	for name, tc := range map[string]struct {
		stream []byte
		kinds  []byte
		err    error
	}{
		"two":             {append(append([]byte(nil), ack...), data...), []byte{pidAck, pidData}, nil},
		"half":            {data[:50], nil, nil},
		"no packet":       {append([]byte{0}, ack...), nil, errNoPacket},
		"half a header":   {[]byte{0xef, 0x02}, nil, errNoPacket},
		"too long":        {[]byte{0xef, 1, 0, 0, 0, 0, 2, 1, 3}, nil, errTooLong},
		"longest":         {[]byte{0xef, 1, 0, 0, 0, 0, 2, 0xff, 0xff}, nil, errTooLong},
		"no room for sum": {[]byte{0xef, 1, 0, 0, 0, 0, 2, 0, 1}, nil, errNoPacket},
		"wrong sum":       {damaged, nil, errSum},
	} {
		t.Run(name, func(t *testing.T) {
			for _, chunk := range []int{1, 10, 1000} {
				kinds, err := cutAll(tc.stream, chunk)
				if !bytes.Equal(kinds, tc.kinds) || !errors.Is(err, tc.err) {
					t.Errorf("%d at a time: kinds %v, %v", chunk, kinds, err)
				}
				if err != nil && !errors.Is(err, devices.ErrProtocol) {
					t.Errorf("not a fault of the protocol: %v", err)
				}
			}
		})
	}
}

// cutAll decodes a stream in chunks up to its first error.
func cutAll(stream []byte, chunk int) (kinds []byte, err error) {
	var d decoder
	for len(stream) > 0 {
		n := min(chunk, len(stream))
		for rest := stream[:n]; len(rest) > 0; {
			var p packet
			var ok bool
			if p, rest, ok, err = d.next(rest); err != nil {
				return kinds, err
			}
			if ok {
				kinds = append(kinds, p.kind)
			}
		}
		stream = stream[n:]
	}
	return kinds, nil
}

// Any bytes, cut anywhere, give the same packets and errors, and whatever they were, a
// packet after them is read once the beginnings are found again.
func FuzzPackets(f *testing.F) {
	f.Add(appendPacket(nil, address, pidAck, []byte{0}), uint8(2))
	f.Add([]byte{0xef, 1, 0, 0, 0, 0, 2, 0xff, 0xff}, uint8(1))
	f.Add(appendPacket(appendPacket(nil, 1, pidData, make([]byte, 128)), 1, pidEnd, nil), uint8(60))
	f.Fuzz(func(t *testing.T, stream []byte, chunk uint8) {
		whole, err := cutAll(stream, len(stream)+1)
		kinds, err2 := cutAll(stream, int(chunk)+1)
		if !bytes.Equal(whole, kinds) || !errors.Is(err, err2) {
			t.Fatalf("in one piece %v %v, in pieces %v %v", whole, err, kinds, err2)
		}
		var d decoder
		for rest := stream; len(rest) > 0; {
			var p packet
			var ok bool
			p, rest, ok, err = d.next(rest)
			if ok && len(p.payload) > maxPayload {
				t.Fatal("a payload beyond the limit")
			}
			if err != nil {
				break
			}
		}
		d = decoder{}
		if p, _, ok, err := d.next(appendPacket(nil, address, pidAck, []byte{7})); !ok || err != nil || p.payload[0] != 7 {
			t.Fatalf("a good packet became %v %v", p, err)
		}
	})
}
