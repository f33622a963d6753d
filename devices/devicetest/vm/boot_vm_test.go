//go:build vm

package vm

import (
	"os"
	"strings"
	"testing"

	"garita/devices/devicetest/vhci"
)

func TestVMBoots(t *testing.T) {
	b, err := os.ReadFile("/proc/version")
	must(t, err)
	if !strings.Contains(string(b), "Debian") {
		t.Errorf("this is no kernel of Debian: %s", b)
	}
	if !vhci.Available() {
		t.Error("the kernel's virtual USB controller is not there")
	}
}
