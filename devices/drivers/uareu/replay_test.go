package uareu_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"garita/border"
	"garita/devices"
	"garita/devices/devicetest/replay"
	emulated "garita/devices/devicetest/uareu"
	"garita/devices/devicetest/usbmon"
	"garita/devices/drivers/uareu"
	"garita/devices/usb"
)

// script is a capture as the protocol describes it, byte by byte.
func script(m emulated.Model, wire []byte) []usbmon.Transfer {
	read := func(register uint16, data ...byte) usbmon.Transfer {
		return usbmon.ControlIn(devices.Setup{RequestType: 0xC0, Request: 0x04, Value: register}, len(data), data)
	}
	write := func(register uint16, data ...byte) usbmon.Transfer {
		return usbmon.ControlOut(devices.Setup{RequestType: 0x40, Request: 0x04, Value: register}, data)
	}
	event := func(high, low byte) usbmon.Transfer {
		return usbmon.In(usbmon.Interrupt, 0x81, 64, append([]byte{high, low}, make([]byte, 62)...))
	}
	const number = 9
	list := []usbmon.Transfer{
		read(0x07, 0x81), // low power: it was plugged in just now
		read(0x07, 0x81),
		write(0x07, 0x01),
		read(0x07, 0x01),
		event(0x56, 0xAA),
		read(0xF0, make([]byte, 16)...),
		write(0x4E, 0x10), // await a finger
		event(0x01, 0x01),
		write(0x4E, 0x20), // capture
		usbmon.In(usbmon.Bulk, 0x82, 131072, emulated.Encode(wire, number, m.Scrambled)),
	}
	if m.Scrambled {
		for n := byte(number); n <= number+1; n++ {
			key := emulated.Key(n)
			list = append(list, write(0x33, n, 0xF5, 0x79, 0x2B, 0x6D),
				read(0x34, byte(key)^0xF5, byte(key>>8)^0x79, byte(key>>16)^0x2B, byte(key>>24)^0x6D))
		}
	}
	return append(list, write(0x4E, 0x70)) // off
}

func record(t *testing.T, m emulated.Model, list []usbmon.Transfer) replay.Recording {
	t.Helper()
	return replay.Make(t, emulated.New(m, emulated.Faults{}).Descriptors(), list)
}

// replayed captures one finger under umockdev.
func replayed(t *testing.T, m emulated.Model) {
	t.Parallel()
	wire := emulated.Wire(prints[3](), m)
	replay.Under(t, record(t, m, script(m, wire)), func(t *testing.T, f devices.Found) { captureReplayed(t, m, f, wire) })
}

func captureReplayed(t *testing.T, m emulated.Model, f devices.Found, wire []byte) {
	b := &bench{T: t, model: m}
	p := load(t, b.profileID())
	// auto_detach does not work under umockdev; the profile's value is for real kernels
	conn, err := usb.Open(t.Context(), f, usb.Options{Reply: 500 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	d := uareu.New(p, conn)
	if _, err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	img, err := d.Capture(t.Context(), border.FingerRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(img.Pixels, b.want(wire)) {
		t.Error("the image is not the recorded one")
	}
}

func TestReplay4000(t *testing.T)  { replayed(t, emulated.U4000) }
func TestReplay4000B(t *testing.T) { replayed(t, emulated.U4000B) }
func TestReplay4500(t *testing.T)  { replayed(t, emulated.U4500) }

// A driver that sent another byte, or a reader that answered otherwise, does not pass the
// replay: here the recording is changed instead.
func TestReplayNoticesAChange(t *testing.T) {
	t.Parallel()
	m := emulated.U4000B
	wire := emulated.Wire(prints[3](), m)
	list := script(m, wire)
	if replay.Inside(t) {
		replay.Under(t, record(t, m, nil), func(t *testing.T, f devices.Found) { captureReplayed(t, m, f, wire) })
		return
	}
	run := func(list []usbmon.Transfer) (string, error) { return replay.Run(t, record(t, m, list)) }
	if out, err := run(list); err != nil {
		t.Fatalf("unchanged: %v\n%s", err, out)
	}
	checks := map[string]func(*testing.T){}
	for _, c := range []struct {
		name string
		at   int
		byte int
		want string
	}{
		{"order to power up", 2, 0, "does not answer"},
		{"mode", 8, 0, "does not answer"},
		{"seed of a key", 10, 3, "does not answer"},
		{"a key", 11, 1, "cannot be unscrambled"},
		{"a pixel", 9, 5000, "not the recorded one"},
		{"event", 7, 0, "does not answer"},
	} {
		checks[c.name] = func(sub *testing.T) {
			changed := slices.Clone(list)
			changed[c.at].Data = slices.Clone(changed[c.at].Data)
			changed[c.at].Data[c.byte] ^= 0x40
			if out, err := run(changed); err == nil || !strings.Contains(out, c.want) {
				sub.Errorf("%v\n%s", err, out)
			}
		}
	}
	together(t, checks)
}
