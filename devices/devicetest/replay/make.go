package replay

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"garita/devices/devicetest/usbdevice"
	"garita/devices/devicetest/usbmon"
)

// Where the device of a made recording hangs.
const (
	madeSys    = "/sys/devices/pci0000:00/0000:00:14.0/usb1/1-2"
	madeBus    = 1
	madeDevice = 7
)

// Make writes a recording of a device with these descriptors and this traffic.
func Make(t *testing.T, d usbdevice.Descriptors, traffic []usbmon.Transfer) Recording {
	t.Helper()
	var b bytes.Buffer
	if err := usbmon.Write(&b, madeBus, madeDevice, traffic); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	r := Recording{Device: filepath.Join(dir, "device"), Sys: madeSys, Pcap: filepath.Join(dir, "traffic.pcapng")}
	for path, data := range map[string][]byte{r.Device: []byte(describe(d)), r.Pcap: b.Bytes()} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// describe is umockdev's description of a device: what sysfs and udev have of it.
func describe(d usbdevice.Descriptors) string {
	speed := 12
	if d.HighSpeed {
		speed = 480
	}
	all := fmt.Sprintf("%X", append(d.Device(), d.Configuration()...))
	node := fmt.Sprintf("bus/usb/%03d/%03d", madeBus, madeDevice)
	return fmt.Sprintf(`P: %s
N: %s=%s
E: DEVNAME=/dev/%s
E: DEVTYPE=usb_device
E: SUBSYSTEM=usb
E: BUSNUM=%03d
E: DEVNUM=%03d
E: MAJOR=189
E: MINOR=%d
A: bConfigurationValue=1
A: bNumConfigurations=1
A: busnum=%d
A: devnum=%d
A: idVendor=%04x
A: idProduct=%04x
A: bcdDevice=%04x
A: speed=%d
H: descriptors=%s
`, madeSys[len("/sys"):], node, all, node, madeBus, madeDevice, madeDevice-1, madeBus, madeDevice,
		d.VendorID, d.ProductID, d.BCDDevice, speed, all)
}
