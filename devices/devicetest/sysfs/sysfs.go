// Package sysfs builds a tree of files that looks as sysfs and /dev do to whoever searches
// for USB devices, so that tests can plug and unplug as many as they like. The nodes in
// its dev folder are links, for instance to pseudo-terminals.
package sysfs

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"garita/devices"
)

// Tree is such a tree. Its methods may be called from several goroutines.
type Tree struct {
	dir string

	mu      sync.Mutex
	plugged map[string]plugged // by port
	stays   int                // devices plugged in so far
}

type plugged struct {
	dir   string
	nodes []string
}

// New begins a tree without any device in a folder that is there.
func New(dir string) (*Tree, error) {
	t := &Tree{dir: dir, plugged: map[string]plugged{}}
	for _, sub := range []string{t.bus(), filepath.Join(t.Sysfs(), "devices"), filepath.Join(t.Dev(), "input")} {
		if err := os.MkdirAll(sub, 0o755); err != nil { //nolint:gosec // as in the real tree
			return nil, err
		}
	}
	return t, nil
}

// Sysfs is what /sys is on a machine.
func (t *Tree) Sysfs() string { return filepath.Join(t.dir, "sys") }

// Dev is what /dev is on a machine.
func (t *Tree) Dev() string { return filepath.Join(t.dir, "dev") }

func (t *Tree) bus() string { return filepath.Join(t.Sysfs(), "bus/usb/devices") }

// Plug plugs a device into f.Port, which must be free, in one step for who looks. Of an
// interface's TTY and Input only the name counts ("ttyACM0", "event3"); targets says
// what the node of a name links to, and a name that is not there gets no node. Numbers
// that are 0 are given out as the kernel would. A device whose first interface has class
// 9 is a hub.
//
// It returns what a watcher of the tree finds.
func (t *Tree) Plug(f devices.Found, targets map[string]string) (devices.Found, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, taken := t.plugged[f.Port]; taken {
		return f, fmt.Errorf("there is a device at %s", f.Port)
	}
	t.stays++
	f.Bus = devices.BusUSB
	if f.BusNumber == 0 {
		f.BusNumber, _ = strconv.Atoi(strings.Split(f.Port, "-")[0])
	}
	if f.DeviceNumber == 0 {
		f.DeviceNumber = 1 + t.stays%127
	}
	dir := filepath.Join("devices/usb"+strconv.Itoa(f.BusNumber), f.Port+"."+strconv.Itoa(t.stays))
	w := writer{root: t.Sysfs()}
	w.device(dir, f)
	p := plugged{dir: filepath.Join(t.Sysfs(), dir)}
	f.Interfaces = append([]devices.Interface(nil), f.Interfaces...)
	for i := range f.Interfaces {
		face := &f.Interfaces[i]
		w.face(dir, f, *face)
		if face.TTY != "" {
			face.TTY = filepath.Join(t.Dev(), filepath.Base(face.TTY))
			p.nodes = append(p.nodes, face.TTY)
		}
		if face.Input != "" {
			face.Input = filepath.Join(t.Dev(), "input", filepath.Base(face.Input))
			p.nodes = append(p.nodes, face.Input)
		}
	}
	for _, node := range p.nodes {
		if target := targets[filepath.Base(node)]; target != "" && w.err == nil {
			w.err = os.Symlink(target, node)
		}
	}
	if w.err == nil {
		w.err = os.Symlink(filepath.Join("../../..", dir), filepath.Join(t.bus(), f.Port))
	}
	t.plugged[f.Port] = p
	if w.err != nil {
		_ = t.unplug(f.Port) // the first error says more
	}
	return f, w.err
}

// Unplug pulls the device at a port. What has its node open is the test's to end.
func (t *Tree) Unplug(port string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.unplug(port)
}

func (t *Tree) unplug(port string) error {
	p, ok := t.plugged[port]
	if !ok {
		return fmt.Errorf("there is no device at %s", port)
	}
	delete(t.plugged, port)
	for _, path := range append([]string{filepath.Join(t.bus(), port)}, p.nodes...) {
		if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	return os.RemoveAll(p.dir)
}

// Path is where the files of the device at a port are, for a test that spoils one; "" if
// there is none.
func (t *Tree) Path(port string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.plugged[port].dir
}

// writer writes files below a root until one cannot be written.
type writer struct {
	root string
	err  error
}

func (w *writer) text(dir, name, value string) {
	path := filepath.Join(w.root, dir, name)
	if w.err == nil {
		w.err = os.MkdirAll(filepath.Dir(path), 0o755) //nolint:gosec // as in the real tree
	}
	if w.err == nil {
		w.err = os.WriteFile(path, []byte(value), 0o644) //nolint:gosec // as in the real tree
	}
}

func (w *writer) link(dir, name, target string) {
	if w.err == nil {
		w.err = os.Symlink(target, filepath.Join(w.root, dir, name))
	}
}

func (w *writer) device(dir string, f devices.Found) {
	class := uint8(0)
	if len(f.Interfaces) > 0 && f.Interfaces[0].Class == 9 {
		class = 9
	}
	w.text(dir, "bDeviceClass", fmt.Sprintf("%02x\n", class))
	w.text(dir, "idVendor", fmt.Sprintf("%04x\n", f.VendorID))
	w.text(dir, "idProduct", fmt.Sprintf("%04x\n", f.ProductID))
	w.text(dir, "bcdDevice", fmt.Sprintf("%04x\n", f.BCDDevice))
	w.text(dir, "busnum", fmt.Sprintf("%d\n", f.BusNumber))
	w.text(dir, "devnum", fmt.Sprintf("%d\n", f.DeviceNumber))
	for name, value := range map[string]string{"serial": f.Serial, "manufacturer": f.Manufacturer, "product": f.Product} {
		if value != "" {
			w.text(dir, name, value+"\n")
		}
	}
	w.text(dir, "descriptors", string(f.Descriptors))
}

func (w *writer) face(dir string, f devices.Found, i devices.Interface) {
	dir = filepath.Join(dir, fmt.Sprintf("%s:1.%d", f.Port, i.Number))
	w.text(dir, "bInterfaceNumber", fmt.Sprintf("%02x\n", i.Number))
	w.text(dir, "bInterfaceClass", fmt.Sprintf("%02x\n", i.Class))
	w.text(dir, "bInterfaceSubClass", fmt.Sprintf("%02x\n", i.Subclass))
	w.text(dir, "bInterfaceProtocol", fmt.Sprintf("%02x\n", i.Protocol))
	if i.Driver != "" {
		w.link(dir, "driver", "../../../../bus/usb/drivers/"+i.Driver)
	}
	if tty := filepath.Base(i.TTY); i.TTY != "" {
		sub := filepath.Join("tty", tty)
		if strings.HasPrefix(tty, "ttyUSB") { // a converter's port is a device of its own
			sub = filepath.Join(tty, "tty", tty)
		}
		w.text(filepath.Join(dir, sub), "dev", "166:0\n")
	}
	if i.Input != "" {
		event := filepath.Base(i.Input)
		hid := fmt.Sprintf("0003:%04X:%04X.0001", f.VendorID, f.ProductID)
		input := filepath.Join(dir, hid, "input", "input"+strings.TrimPrefix(event, "event"))
		w.text(input, "capabilities/key", "1000000000007 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe\n")
		w.text(input, event+"/dev", "13:64\n")
	}
}
