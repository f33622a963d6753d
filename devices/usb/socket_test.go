package usb

import (
	"testing"

	"github.com/google/gousb"
)

func TestInSocket(t *testing.T) {
	d := &gousb.DeviceDesc{Bus: 3, Path: []int{1, 4, 2}}
	for port, want := range map[string]bool{"3-1.4.2": true, "3-1.4": false, "2-1.4.2": false, "": true} {
		if got := inSocket(d, port); got != want {
			t.Errorf("%q: %v", port, got)
		}
	}
	if !inSocket(&gousb.DeviceDesc{Bus: 3}, "3-1") {
		t.Error("a library that does not know sockets")
	}
}
