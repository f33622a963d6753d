package station

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	uiworkshop "garita/ui/workshop"
)

// sysfs is a machine's /sys/class in a folder.
func sysfs(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestMachine(t *testing.T) {
	sys := sysfs(t, map[string]string{
		"power_supply/AC/type": "Mains\n", "power_supply/BAT0/type": "Battery\n", "power_supply/BAT0/status": "Discharging\n", "power_supply/BAT0/capacity": "57\n",
		"power_supply/BAT1/type": "Battery\n", "power_supply/BAT1/capacity": "900\n", "power_supply/BAT2/type": strings.Repeat("B", 5000) + "\xff",
		"thermal/thermal_zone0/type": "acpitz\n", "thermal/thermal_zone0/temp": "47250\n", "thermal/thermal_zone1/temp": "1000\n",
		"thermal/thermal_zone2/temp": "99999999\n", "thermal/thermal_zone3/temp": "warm\n", "thermal/cooling_device0/type": "fan\n"})
	if d := cmp.Diff([]uiworkshop.Supply{{Name: "AC", Kind: "Mains", Percent: -1}, {Name: "BAT0", Kind: "Battery", State: "Discharging", Percent: 57},
		{Name: "BAT1", Kind: "Battery", Percent: -1}, {Name: "BAT2", Kind: strings.Repeat("B", maxSysFile), Percent: -1}}, supplies(sys)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]uiworkshop.Heat{{Name: "acpitz", Celsius: 47}, {Name: "thermal_zone1", Celsius: 1}}, heat(sys)); d != "" {
		t.Error(d)
	}
	if supplies(t.TempDir()) != nil || heat(filepath.Join(sys, "none")) != nil {
		t.Error("a machine that says nothing has something")
	}
}

// TestDurable: what is measured leaves nothing behind, also when it is broken off.
func TestDurable(t *testing.T) {
	path := filepath.Join(t.TempDir(), floorFile)
	ticks := time.Duration(0)
	mono := func() time.Duration { ticks += time.Millisecond; return ticks }
	took, err := durable(t.Context(), path, mono)
	if err != nil || len(took) != floorWrites || took[0] != time.Millisecond {
		t.Fatal(len(took), took, err)
	}
	slow := func() time.Duration { ticks += time.Second; return ticks }
	if took, err = durable(t.Context(), path, slow); err != nil || len(took) != 2 {
		t.Error("a slow disk was measured for long:", len(took), err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := durable(ended, path, mono); err == nil {
		t.Error("it was not broken off")
	}
	if _, err := durable(t.Context(), filepath.Join(path, "nowhere"), mono); err == nil {
		t.Error("a folder that is not there was measured")
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Error("a file was left:", err)
	}
}
