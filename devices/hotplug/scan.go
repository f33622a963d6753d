package hotplug

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"garita/devices"

	"golang.org/x/sys/unix"
)

// What is read of one machine and one device, at most.
const (
	maxDevices     = 1024
	maxInterfaces  = 64 // 32 are allowed in USB 2.0
	maxDescriptors = 64 << 10
	maxText        = 1024 // bytes of a text file
	maxRunes       = 126  // of a string descriptor: 255 bytes, UTF-16
)

// firstWait is how long a look waits for all devices that it has not seen before.
const firstWait = settle

var (
	portName  = regexp.MustCompile(`^[0-9]{1,3}-[0-9]{1,3}(\.[0-9]{1,3}){0,6}$`)
	ttyName   = regexp.MustCompile(`^tty[A-Za-z]{1,16}[0-9]{1,5}$`)
	hidName   = regexp.MustCompile(`^[0-9A-F]{4}:[0-9A-F]{4}:[0-9A-F]{4}\.[0-9A-F]{4,8}$`)
	eventName = regexp.MustCompile(`^event[0-9]{1,5}$`)
)

// scanner looks at sysfs. Its methods are for one goroutine.
//
// The kernel lets readers of a device's strings wait while a driver of the kernel sets
// that device up, for seconds if the device does not answer. So what does not change
// about a device is read once, by a goroutine of its own that no other device waits for.
type scanner struct {
	root, dev string
	again     func() // called when a slow device has been read
	readers   sync.WaitGroup
	known     map[plugging]*identity
}

// plugging is one stay of a device in a socket.
type plugging struct {
	port, busnum, devnum string
	inode                uint64
}

// identity is what does not change during that stay.
type identity struct {
	done  chan struct{} // closed when the rest is there
	found devices.Found
	ok    bool // false: a hub, or it vanished
}

// read waits until the identity has been read, at most until late ends.
func (id *identity) read(late context.Context) bool {
	select {
	case <-id.done:
		return true
	case <-late.Done():
	}
	select {
	case <-id.done: // both at once
		return true
	default:
		return false
	}
}

func newScanner(sysfs, dev string, again func()) *scanner {
	return &scanner{root: filepath.Join(sysfs, "bus/usb/devices"), dev: dev, again: again, known: map[plugging]*identity{}}
}

// wait waits for the goroutines.
func (s *scanner) wait() { s.readers.Wait() }

// look returns the devices that are there. What vanishes meanwhile is left out; a device
// that keeps its reader waiting comes with a later look.
func (s *scanner) look() []devices.Found {
	names, _ := list(s.root, maxDevices) // no such folder: no USB
	here := make(map[plugging]*identity, len(names))
	var order []plugging
	for _, name := range names {
		if !portName.MatchString(name) { // a root hub ("usb1") or an interface ("1-1:1.0")
			continue
		}
		p, ok := s.stay(name)
		if !ok {
			continue
		}
		order = append(order, p)
		if here[p] = s.known[p]; here[p] == nil {
			here[p] = s.read(p)
		}
	}
	s.known = here

	found := make([]devices.Found, 0, len(order))
	late, stop := context.WithTimeout(context.Background(), firstWait)
	defer stop()
	for _, p := range order {
		id := here[p]
		if !id.read(late) || !id.ok {
			continue
		}
		f := id.found
		f.Interfaces = s.interfaces(f.Port)
		if still, ok := s.stay(f.Port); ok && still == p {
			found = append(found, f)
		}
	}
	return found
}

// stay says which stay of a device in a socket this is.
func (s *scanner) stay(port string) (plugging, bool) {
	dir := filepath.Join(s.root, port)
	var st unix.Stat_t
	if unix.Stat(dir, &st) != nil {
		return plugging{}, false
	}
	p := plugging{port: port, busnum: text(dir, "busnum"), devnum: text(dir, "devnum"), inode: st.Ino}
	return p, p.devnum != ""
}

// read begins to read a device that was plugged in.
func (s *scanner) read(p plugging) *identity {
	id := &identity{done: make(chan struct{})}
	began := devices.Monotonic()
	s.readers.Go(func() {
		id.found, id.ok = readIdentity(filepath.Join(s.root, p.port), p)
		close(id.done)
		if devices.Monotonic()-began >= firstWait {
			s.again() // that look may be over
		}
	})
	return id
}

// readIdentity reads what does not change; false if it is a hub, or no device any more.
func readIdentity(dir string, p plugging) (devices.Found, bool) {
	f := devices.Found{Bus: devices.BusUSB, Port: p.port}
	if class, err := number(dir, "bDeviceClass", 16, 8); err != nil || class == classHub {
		return f, false
	}
	vid, err1 := number(dir, "idVendor", 16, 16)
	pid, err2 := number(dir, "idProduct", 16, 16)
	bcd, err3 := number(dir, "bcdDevice", 16, 16)
	bus, err4 := strconv.ParseUint(p.busnum, 10, 16)
	dev, err5 := strconv.ParseUint(p.devnum, 10, 16)
	if errors.Join(err1, err2, err3, err4, err5) != nil {
		return f, false
	}
	f.VendorID, f.ProductID, f.BCDDevice = uint16(vid), uint16(pid), uint16(bcd)
	f.BusNumber, f.DeviceNumber = int(bus), int(dev)
	f.Serial, f.Manufacturer, f.Product = text(dir, "serial"), text(dir, "manufacturer"), text(dir, "product")
	if b, _ := content(filepath.Join(dir, "descriptors"), maxDescriptors); len(b) > 0 {
		f.Descriptors = b
	}
	return f, true
}

// classHub is the class of hubs (USB 2.0, 11.23.1).
const classHub = 0x09

// interfaces reads a device's interfaces, sorted by number, with what drivers of the
// kernel have made of them so far.
func (s *scanner) interfaces(port string) []devices.Interface {
	dir := filepath.Join(s.root, port)
	names, _ := list(dir, maxDevices)
	var all []devices.Interface
	for _, name := range names {
		if !strings.HasPrefix(name, port+":") || len(all) >= maxInterfaces {
			continue
		}
		if i, ok := s.readInterface(filepath.Join(dir, name)); ok {
			all = append(all, i)
		}
	}
	slices.SortFunc(all, func(a, b devices.Interface) int { return int(a.Number) - int(b.Number) })
	return all
}

func (s *scanner) readInterface(dir string) (i devices.Interface, ok bool) {
	n, err1 := number(dir, "bInterfaceNumber", 16, 8)
	class, err2 := number(dir, "bInterfaceClass", 16, 8)
	sub, err3 := number(dir, "bInterfaceSubClass", 16, 8)
	proto, err4 := number(dir, "bInterfaceProtocol", 16, 8)
	if errors.Join(err1, err2, err3, err4) != nil {
		return i, false
	}
	i = devices.Interface{Number: uint8(n), Class: uint8(class), Subclass: uint8(sub), Protocol: uint8(proto)}
	if driver, err := os.Readlink(filepath.Join(dir, "driver")); err == nil {
		i.Driver = clean(filepath.Base(driver))
	}
	if tty := ttyOf(dir); tty != "" {
		i.TTY = filepath.Join(s.dev, tty)
	}
	if event := inputOf(dir); event != "" {
		i.Input = filepath.Join(s.dev, "input", event)
	}
	return i, true
}

// ttyOf finds the name of an interface's serial node: tty/ttyACM0 (cdc_acm), or
// ttyUSB0/tty/ttyUSB0 (USB serial converters).
func ttyOf(dir string) string {
	names, _ := list(dir, maxDevices)
	for _, name := range names {
		sub := filepath.Join(dir, name)
		switch {
		case name == "tty":
		case ttyName.MatchString(name):
			sub = filepath.Join(sub, "tty")
		default:
			continue
		}
		ttys, _ := list(sub, maxDevices)
		for _, tty := range ttys {
			if ttyName.MatchString(tty) {
				return tty
			}
		}
	}
	return ""
}

// inputOf finds the name of an interface's event node that types text: below
// input/inputN, there or below the HID device. A keyboard may have others, for its volume
// and power keys; if none can type, it is the first.
func inputOf(dir string) string {
	first := ""
	names, _ := list(dir, maxDevices)
	for _, name := range names {
		sub := filepath.Join(dir, name)
		switch {
		case name == "input":
		case hidName.MatchString(name):
			sub = filepath.Join(sub, "input")
		default:
			continue
		}
		inputs, _ := list(sub, maxDevices)
		for _, input := range inputs {
			nodes, _ := list(filepath.Join(sub, input), maxDevices)
			i := slices.IndexFunc(nodes, eventName.MatchString)
			switch {
			case i < 0:
			case types(filepath.Join(sub, input)):
				return nodes[i]
			case first == "":
				first = nodes[i]
			}
		}
	}
	return first
}

// types says whether an input has the keys Enter and A (28 and 30 in input-event-codes.h).
func types(dir string) bool {
	words := strings.Fields(text(filepath.Join(dir, "capabilities"), "key"))
	if len(words) == 0 {
		return false
	}
	low, err := strconv.ParseUint(words[len(words)-1], 16, 64)
	const enter, a = 1 << 28, 1 << 30
	return err == nil && low&enter != 0 && low&a != 0
}

// list returns at most n names of a folder, sorted.
func list(dir string, n int) ([]string, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	names, err := d.Readdirnames(n)
	if errors.Is(err, io.EOF) {
		err = nil // it is empty
	}
	slices.Sort(names)
	return names, err
}

// content reads at most n bytes of a file.
func content(path string, n int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, n))
}

// text reads a text that a device may have written; "" if there is none.
func text(dir, name string) string {
	b, err := content(filepath.Join(dir, name), maxText)
	if err != nil {
		return ""
	}
	return clean(strings.TrimSpace(string(b)))
}

// clean makes a foreign text safe to show, log and compare: what cannot be printed
// becomes U+FFFD, and it has at most 126 characters.
func clean(s string) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n++; n > maxRunes {
			break
		}
		if !unicode.IsPrint(r) {
			r = utf8.RuneError
		}
		b.WriteRune(r)
	}
	return b.String()
}

func number(dir, name string, base, bits int) (uint64, error) {
	b, err := content(filepath.Join(dir, name), maxText)
	if err != nil {
		return 0, err
	}
	return strconv.ParseUint(strings.TrimSpace(string(b)), base, bits)
}
