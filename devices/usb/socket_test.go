package usb

import "testing"

func TestInSocket(t *testing.T) {
	for port, want := range map[string]bool{"3-1.4.2": true, "3-1.4": false, "2-1.4.2": false, "": true} {
		if got := inSocket(3, []int{1, 4, 2}, port); got != want {
			t.Errorf("%q: %v", port, got)
		}
	}
	if !inSocket(3, nil, "3-1") {
		t.Error("a library that does not know the path")
	}
}
