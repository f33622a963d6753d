package drivers

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"garita/devices"

	"golang.org/x/sys/unix"
)

// A made-up sysfs in which the node of /dev/null is a serial port of the device in 1-1.2.
func TestWhose(t *testing.T) {
	sys := t.TempDir()
	var st unix.Stat_t
	if err := unix.Stat("/dev/null", &st); err != nil {
		t.Fatal(err)
	}
	device := filepath.Join(sys, "devices/pci0/usb1/1-1/1-1.2")
	tty := filepath.Join(device, "1-1.2:1.0/tty/ttyACM0")
	char := filepath.Join(sys, "dev/char")
	for _, d := range []string{tty, char} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	number := func(n int) {
		if err := os.WriteFile(filepath.Join(device, "devnum"), []byte(strconv.Itoa(n)+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	number(7)
	at := devices.Found{Bus: devices.BusUSB, Port: "1-1.2", DeviceNumber: 7}
	if err := whose(sys, "/dev/null", at); err != nil {
		t.Errorf("a node that sysfs does not know: %v", err)
	}
	if err := os.Symlink(tty, filepath.Join(char, strconv.Itoa(int(unix.Major(st.Rdev)))+":"+strconv.Itoa(int(unix.Minor(st.Rdev))))); err != nil {
		t.Fatal(err)
	}
	if err := whose(sys, "/dev/null", at); err != nil {
		t.Errorf("its own node: %v", err)
	}
	for name, other := range map[string]devices.Found{
		"another socket":   {Bus: devices.BusUSB, Port: "1-1", DeviceNumber: 7},
		"another plugging": {Bus: devices.BusUSB, Port: "1-1.2", DeviceNumber: 8},
	} {
		if err := whose(sys, "/dev/null", other); !errors.Is(err, devices.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := whose(sys, "/dev/null", devices.Found{Bus: devices.BusSerial, Path: "/dev/null"}); err != nil {
		t.Errorf("a node that the configuration names: %v", err)
	}
}
