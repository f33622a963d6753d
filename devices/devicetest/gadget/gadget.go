// Package gadget makes the kernel itself play a USB serial device, where the modules
// dummy_hcd and usb_f_acm are loaded: the virtual machine of `make test-vm`, or a
// technician's PC. The near side is a real /dev/ttyACMn of the kernel's cdc-acm driver;
// whoever opens the far side is the scanner's firmware.
package gadget

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// root is where the kernel keeps its gadgets (configfs).
const root = "/sys/kernel/config/usb_gadget"

// Identity is what a device says of itself when it is plugged in.
type Identity struct {
	VendorID, ProductID, BCDDevice uint16
	Manufacturer, Product, Serial  string
}

// ACM is one emulated serial device. It is for one goroutine.
type ACM struct {
	dir, controller, far string
}

// NewACM makes a device with one CDC ACM function. It is not plugged in yet. The name is
// the gadget's own, and controller is the socket it will use: "dummy_udc.0",
// "dummy_udc.1", …
func NewACM(name, controller string, id Identity) (*ACM, error) {
	g := &ACM{dir: filepath.Join(root, name), controller: controller}
	config, function := filepath.Join(g.dir, "configs", "c.1"), filepath.Join(g.dir, "functions", "acm.0")
	text := filepath.Join(g.dir, "strings", "0x409")
	for _, dir := range []string{g.dir, text, config, function} {
		if err := os.Mkdir(dir, 0o750); err != nil {
			return nil, errors.Join(fmt.Errorf("make a gadget: %w", err), g.Close())
		}
	}
	for _, v := range []struct{ path, value string }{
		{filepath.Join(g.dir, "idVendor"), fmt.Sprintf("%#04x", id.VendorID)},
		{filepath.Join(g.dir, "idProduct"), fmt.Sprintf("%#04x", id.ProductID)},
		{filepath.Join(g.dir, "bcdDevice"), fmt.Sprintf("%#04x", id.BCDDevice)},
		{filepath.Join(text, "manufacturer"), id.Manufacturer},
		{filepath.Join(text, "product"), id.Product},
		{filepath.Join(text, "serialnumber"), id.Serial},
	} {
		if err := os.WriteFile(v.path, []byte(v.value), 0); err != nil {
			return nil, errors.Join(fmt.Errorf("describe a gadget: %w", err), g.Close())
		}
	}
	if err := os.Symlink(function, filepath.Join(config, "acm.0")); err != nil {
		return nil, errors.Join(fmt.Errorf("finish a gadget: %w", err), g.Close())
	}
	number, err := os.ReadFile(filepath.Join(function, "port_num"))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("find a gadget's far side: %w", err), g.Close())
	}
	g.far = "/dev/ttyGS" + strings.TrimSpace(string(number))
	return g, nil
}

// Open opens the far side, the scanner's own end of the cable, as a plain line. Reads and
// writes wait while the cable is out, and take deadlines. It can be opened before the
// plug is in.
func (g *ACM) Open() (*os.File, error) {
	fd, err := unix.Open(g.far, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open a gadget's far side %s: %w", g.far, err)
	}
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err == nil {
		t.Iflag, t.Oflag, t.Lflag = 0, 0, 0
		err = unix.IoctlSetTermios(fd, unix.TCSETS, t)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("set up a gadget's far side: %w", err), unix.Close(fd))
	}
	return os.NewFile(uintptr(fd), g.far), nil
}

// Plug puts the plug in: the kernel finds a new device.
func (g *ACM) Plug() error {
	return os.WriteFile(filepath.Join(g.dir, "UDC"), []byte(g.controller), 0)
}

// Unplug pulls it out.
func (g *ACM) Unplug() error {
	return os.WriteFile(filepath.Join(g.dir, "UDC"), []byte("\n"), 0)
}

// Plugged says what the kernel says of it: whether the plug is in.
func (g *ACM) Plugged() bool {
	b, err := os.ReadFile(filepath.Join(g.dir, "UDC"))
	return err == nil && strings.TrimSpace(string(b)) != ""
}

// Close unplugs the device and takes it away, the far side included. The far side must
// not be open.
func (g *ACM) Close() error {
	var errs []error
	if g.Plugged() {
		errs = append(errs, g.Unplug())
	}
	// The kernel takes the parts in this order only.
	for _, part := range []string{"configs/c.1/acm.0", "configs/c.1", "functions/acm.0", "strings/0x409", "."} {
		if err := os.Remove(filepath.Join(g.dir, part)); err != nil && !os.IsNotExist(err) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
