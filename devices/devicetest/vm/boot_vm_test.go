//go:build vm

package vm

import (
	"os"
	"strings"
	"testing"

	"garita/devices/devicetest/gadget"
)

func TestVMBoots(t *testing.T) {
	b, err := os.ReadFile("/proc/version")
	must(t, err)
	if !strings.Contains(string(b), "Debian") {
		t.Errorf("this is no kernel of Debian: %s", b)
	}
}

func TestVMFaultUnplugged(t *testing.T) {
	g, err := gadget.NewACM("one", "dummy_udc.0", gadget.Identity{VendorID: 0x1209, ProductID: 1, BCDDevice: 0x100,
		Manufacturer: "Garita", Product: "Reader", Serial: "A1"})
	must(t, err)
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	must(t, g.Plug())
	until(t, "a serial node", func() bool { p := ports("A1"); return len(p) == 1 && len(ttys(p[0])) == 1 })
	t.Log(ports("A1"), ttys(ports("A1")[0]))
	inject(t, "unplug", g.Unplug, func() bool { return len(ports("A1")) == 0 })
}
