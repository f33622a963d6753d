package main

import (
	"bufio"
	"os"
	"testing"

	"garita/devices/devicetest/fingers"
	"garita/devices/devicetest/uareu"
	"garita/devices/supervisor"
)

// TestWorkshopPage serves a station with scanners in all states to a browser (ui/e2e), at
// the address in GARITA_UI_WORKSHOP. What happens to the scanners comes as lines on
// standard input; the test ends with them.
func TestWorkshopPage(t *testing.T) {
	address := os.Getenv("GARITA_UI_WORKSHOP")
	if address == "" {
		t.Skip("for a browser: GARITA_UI_WORKSHOP=host:port")
	}
	p := newPostAt(t, address, supervisor.Scanner{ID: "reader-2", Profile: "honeywell-ocr", Path: t.TempDir() + "/gone", Counter: "2"})
	p.bus.Plug(1, unknown{p.finger})
	p.bus.Plug(2, uareu.New(uareu.U4000, uareu.Faults{Refuse: true}))
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		var err error
		switch in.Text() {
		case "unplug":
			err = p.reader.Unplug()
		case "replug":
			err = p.reader.Replug()
		case "present":
			_, err = p.reader.Present([]string{utopia1, utopia2})
		case "touch":
			p.finger.Touch(uareu.Wire(fingers.Draw(1, uareu.Width, uareu.Height), uareu.U4000B))
		case "plug":
			p.bus.Plug(1, uareu.New(uareu.U4000, uareu.Faults{}))
		default:
			t.Errorf("nobody knows %q", in.Text())
		}
		if err != nil {
			t.Error(err)
		}
	}
}
