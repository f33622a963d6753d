package profile_test

import (
	"os"
	"strings"
	"testing"

	"garita/devices/profile"

	"github.com/google/go-cmp/cmp"
)

// What the packages install is what the profiles say.
func TestPackagedUdevFiles(t *testing.T) {
	set, err := profile.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	for path, got := range map[string]string{
		"../../packaging/udev/70-garita-scanners.rules": profile.UdevRules(set, false),
		"../../packaging/hwdb/70-garita-scanners.hwdb":  profile.HWDB(set),
	} {
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), got); d != "" {
			t.Errorf("%s: go test ./devices/profile -run Packaged -update\n%s", path, d)
		}
	}
}

// Each transport has its subsystem, and two profiles of one model one entry.
func TestUdevRules(t *testing.T) {
	serial, err := os.ReadFile("../../firmware-profiles/generic-framed-mrz.toml")
	if err != nil {
		t.Fatal(err)
	}
	rule := "\n[[match]]\nbus = \"usb\"\nvid = 0x1234\npid = 0xABCD\n"
	p, err := profile.Parse("serial", append(serial, rule...))
	if err != nil {
		t.Fatal(err)
	}
	wedge, err := os.ReadFile("../../firmware-profiles/generic-wedge-mrz.toml")
	if err != nil {
		t.Fatal(err)
	}
	q, err := profile.Parse("wedge", append(wedge, rule...))
	if err != nil {
		t.Fatal(err)
	}
	set := setOf(t, p, q, sensor(t, "usb", "sensor", "", `serial = "A"`))
	rules := profile.UdevRules(set, true)
	for _, want := range []string{
		`SUBSYSTEM=="tty", ATTRS{idVendor}=="1234", ATTRS{idProduct}=="abcd", GROUP="dialout", MODE="0660", TAG+="uaccess", ENV{ID_MM_PORT_IGNORE}="1"`,
		`SUBSYSTEM=="input", KERNEL=="event*", ATTRS{idVendor}=="1234", ATTRS{idProduct}=="abcd", GROUP="input", MODE="0660", TAG+="uaccess", ENV{LIBINPUT_IGNORE_DEVICE}="1"`,
		`SUBSYSTEM=="usb", ENV{DEVTYPE}=="usb_device", ATTR{idVendor}=="1234", ATTR{idProduct}=="0001", GROUP="plugdev", MODE="0660", TAG+="uaccess"`,
		`SUBSYSTEM=="usb", ENV{DEVTYPE}=="usb_device", ATTR{idVendor}=="1234", ATTR{idProduct}=="abcd", ENV{ID_MM_DEVICE_IGNORE}="1"`,
		`SUBSYSTEM=="usb", ENV{DEVTYPE}=="usb_device", ATTR{idVendor}=="1234", ATTR{idProduct}=="abcd", TEST=="power/control", ATTR{power/control}="on"`,
	} {
		if n := strings.Count(rules, want+"\n"); n != 1 {
			t.Errorf("%d times: %s", n, want)
		}
	}
	if strings.Contains(profile.UdevRules(set, false), "uaccess\"") {
		t.Error("the seat has access without being asked for")
	}
	db := profile.HWDB(set)
	want := "\n# generic-framed-mrz: Generic MRZ reader, STX/ETX over serial; generic-wedge-mrz: Generic MRZ reader that types as a keyboard\n" +
		"usb:v1234pABCD*\n ID_AUTOSUSPEND=0\n ID_MM_DEVICE_IGNORE=1\n"
	if !strings.Contains(db, want) || strings.Count(db, "usb:") != 2 {
		t.Error(db)
	}
}
