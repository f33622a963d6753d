package hotplug

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"garita/devices"
	"garita/devices/devicetest/sysfs"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func tree(t *testing.T) *sysfs.Tree {
	t.Helper()
	tree, err := sysfs.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func plug(t *testing.T, tree *sysfs.Tree, f devices.Found) devices.Found {
	t.Helper()
	f, err := tree.Plug(f, nil)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// look is one look of a scanner that has seen nothing before.
func look(t *testing.T, tree *sysfs.Tree) []devices.Found {
	t.Helper()
	s := newScanner(tree.Sysfs(), tree.Dev(), func() {})
	s.look()
	s.wait() // the machine may be busy: nobody is late for the second look
	return s.look()
}

// reader is a document reader with a serial line.
func reader(port string) devices.Found {
	return devices.Found{Port: port, VendorID: 0x0DB5, ProductID: 0x0139, BCDDevice: 0x0107, Serial: "A-17",
		Manufacturer: "Access-IS", Product: "LSR118 – Leser", Descriptors: []byte{18, 1, 0, 2},
		Interfaces: []devices.Interface{
			{Number: 0, Class: 2, Subclass: 2, Protocol: 1, Driver: "cdc_acm", TTY: "ttyACM0"},
			{Number: 1, Class: 10, Driver: "cdc_acm"},
		}}
}

func TestWhatIsPluggedInIsFound(t *testing.T) {
	tree := tree(t)
	want := []devices.Found{
		plug(t, tree, reader("1-1.2")),
		plug(t, tree, devices.Found{Port: "1-1.3", VendorID: 0x0403, ProductID: 0x6001, Interfaces: []devices.Interface{
			{Class: 0xFF, Subclass: 0xFF, Protocol: 0xFF, Driver: "ftdi_sio", TTY: "ttyUSB12"}}}),
		plug(t, tree, devices.Found{Port: "1-2", VendorID: 0x0C2E, ProductID: 0x0B61, Interfaces: []devices.Interface{
			{Class: 3, Subclass: 1, Protocol: 1, Driver: "usbhid", Input: "event7"}}}),
		plug(t, tree, devices.Found{Port: "10-1", VendorID: 0x05BA, ProductID: 0x000A}),
		plug(t, tree, devices.Found{Port: "2-1", Interfaces: []devices.Interface{{Class: 9, Driver: "hub"}}}),
	}
	if diff := cmp.Diff(want[:4], look(t, tree)); diff != "" {
		t.Error(diff) // sorted as the tree gives them; the hub is left out
	}
	if err := tree.Unplug("1-2"); err != nil {
		t.Fatal(err)
	}
	if got := look(t, tree); len(got) != 3 {
		t.Errorf("after unplugging one of four: %d devices", len(got))
	}
}

func TestHostileFilesAreHarmless(t *testing.T) {
	const port = "1-1"
	for name, tc := range map[string]struct {
		file, content string
		absent        bool // the device is left out
		check         func(devices.Found) bool
	}{
		"control characters":  {"serial", "a\x1b[2Jb\x00\u202ec\n", false, func(f devices.Found) bool { return f.Serial == "a\uFFFD[2Jb\uFFFD\uFFFDc" }},
		"invalid UTF-8":       {"product", "\xff\xfex\n", false, func(f devices.Found) bool { return f.Product == "\uFFFD\uFFFDx" }},
		"endless text":        {"manufacturer", strings.Repeat("é", 1<<20), false, func(f devices.Found) bool { return f.Manufacturer == strings.Repeat("é", maxRunes) }},
		"endless descriptors": {"descriptors", strings.Repeat("x", 1<<20), false, func(f devices.Found) bool { return len(f.Descriptors) == maxDescriptors }},
		"too large a number":  {"idVendor", "10000\n", true, nil},
		"no number":           {"idProduct", "-1\n", true, nil},
		"endless number":      {"bcdDevice", strings.Repeat("1", 1<<20), true, nil},
		"an empty number":     {"devnum", "", true, nil},
		"a bad class":         {"bDeviceClass", "zz", true, nil},
		"a bad interface":     {port + ":1.0/bInterfaceClass", "100", false, func(f devices.Found) bool { return len(f.Interfaces) == 1 }},
		"a tty of no tty's name": {port + ":1.0/tty/..x", "", false, func(f devices.Found) bool {
			return strings.HasSuffix(f.Interfaces[0].TTY, "/ttyACM0")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			tree := tree(t)
			plug(t, tree, reader(port))
			other := plug(t, tree, devices.Found{Port: "1-9", VendorID: 1, ProductID: 2})
			if err := os.WriteFile(filepath.Join(tree.Path(port), tc.file), []byte(tc.content), 0o600); err != nil {
				t.Fatal(err)
			}
			got := look(t, tree)
			if tc.absent {
				if diff := cmp.Diff([]devices.Found{other}, got); diff != "" {
					t.Error(diff)
				}
				return
			}
			if len(got) != 2 || !tc.check(got[0]) {
				t.Errorf("got %.300q", fmt.Sprint(got))
			}
		})
	}
	t.Run("names that are no ports", func(t *testing.T) {
		tree := tree(t)
		path := tree.Path(plug(t, tree, reader(port)).Port)
		for _, name := range []string{"usb1", "1-1:1.0", "1-1.2.3.4.5.6.7.8", "1-1..2", "-", "x-1", "1-1 "} {
			if err := os.Symlink(path, filepath.Join(tree.Sysfs(), "bus/usb/devices", name)); err != nil {
				t.Fatal(err)
			}
		}
		if got := look(t, tree); len(got) != 1 {
			t.Errorf("%d devices", len(got))
		}
	})
}

func TestTheKeyboardIsTheInputThatTypes(t *testing.T) {
	tree := tree(t)
	f := plug(t, tree, devices.Found{Port: "1-2", VendorID: 0x0C2E, Interfaces: []devices.Interface{{Class: 3, Driver: "usbhid", Input: "event7"}}})
	// Volume keys, found before the letters.
	volume := filepath.Join(tree.Path("1-2"), "1-2:1.0/0003:0C2E:0000.0001/input/input1")
	for name, content := range map[string]string{"capabilities/key": "e000000000000 0\n", "event1/dev": ""} {
		path := filepath.Join(volume, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := look(t, tree)[0].Interfaces[0].Input; got != f.Interfaces[0].Input {
		t.Errorf("got %s", got)
	}
	if err := os.RemoveAll(filepath.Join(tree.Path("1-2"), "1-2:1.0/0003:0C2E:0000.0001/input/input7")); err != nil {
		t.Fatal(err)
	}
	if got := look(t, tree)[0].Interfaces[0].Input; filepath.Base(got) != "event1" {
		t.Errorf("without the keyboard: %s", got)
	}
}

// run starts a watcher, and waits for its first look.
func run(t *testing.T, c Config) *Watcher {
	t.Helper()
	w := New(c)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.Run(ctx)
	}()
	t.Cleanup(func() { cancel(); <-ended })
	changed(t, w)
	return w
}

func changed(t *testing.T, w *Watcher) {
	t.Helper()
	select {
	case <-w.Changes():
	case <-time.After(20 * time.Second):
		t.Fatal("no change was signalled")
	}
}

// until waits until the watcher has found n devices.
func until(t *testing.T, w *Watcher, n int) []devices.Found {
	t.Helper()
	for {
		if found := w.Found(); len(found) == n {
			return found
		}
		changed(t, w)
	}
}

func TestPluggingIsSignalled(t *testing.T) {
	for name, every := range map[string]time.Duration{"by looking often": 5 * time.Millisecond, "by being asked to": time.Hour} {
		t.Run(name, func(t *testing.T) {
			tree := tree(t)
			w := run(t, Config{Sysfs: tree.Sysfs(), Dev: tree.Dev(), Every: every})
			if len(w.Found()) != 0 {
				t.Fatal("found something in an empty tree")
			}
			first := plug(t, tree, reader("1-1"))
			w.Rescan()
			if diff := cmp.Diff([]devices.Found{first}, until(t, w, 1)); diff != "" {
				t.Error(diff)
			}
			if err := tree.Unplug("1-1"); err != nil {
				t.Fatal(err)
			}
			w.Rescan()
			until(t, w, 0)
		})
	}
}

// Replugged between two looks, a device is another: its nodes and its address changed.
func TestReplugUnseenIsAChange(t *testing.T) {
	tree := tree(t)
	w := run(t, Config{Sysfs: tree.Sysfs(), Dev: tree.Dev(), Every: time.Hour})
	before := plug(t, tree, reader("1-1"))
	w.Rescan()
	until(t, w, 1)
	if err := tree.Unplug("1-1"); err != nil {
		t.Fatal(err)
	}
	f := reader("1-1")
	f.Serial, f.Interfaces[0].TTY = "B-18", "ttyACM1"
	after := plug(t, tree, f)
	w.Rescan()
	changed(t, w)
	if diff := cmp.Diff([]devices.Found{after}, w.Found()); diff != "" || before.DeviceNumber == after.DeviceNumber {
		t.Error(diff)
	}
}

// A controller that was plugged in again counts its devices from the start: another
// device may have the same socket and the same number.
func TestTheSameNumberAgainIsAnotherDevice(t *testing.T) {
	tree := tree(t)
	f := reader("1-1")
	f.DeviceNumber = 9
	plug(t, tree, f)
	f.Port, f.Serial = "1-2", "B-18"
	plug(t, tree, f)
	s := newScanner(tree.Sysfs(), tree.Dev(), func() {})
	defer s.wait()
	s.look()
	s.wait()
	link := filepath.Join(tree.Sysfs(), "bus/usb/devices/1-1")
	if err := os.Remove(link); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(tree.Path("1-2"), link); err != nil {
		t.Fatal(err)
	}
	s.look()
	s.wait()
	if got := s.look()[0]; got.Port != "1-1" || got.Serial != "B-18" {
		t.Errorf("got %s with serial number %s", got.Port, got.Serial)
	}
}

// A device that is replugged while it is being looked at is left to the next look; a fifo
// holds the look until that has happened.
func TestReplugDuringALook(t *testing.T) {
	tree := tree(t)
	first := plug(t, tree, reader("1-1"))
	other := reader("1-2")
	other.DeviceNumber, other.Serial = first.DeviceNumber, "B-18"
	plug(t, tree, other)
	s := newScanner(tree.Sysfs(), tree.Dev(), func() {})
	defer s.wait()
	s.look()
	s.wait()
	if err := os.Rename(filepath.Join(tree.Sysfs(), "bus/usb/devices/1-2"), filepath.Join(tree.Sysfs(), "bus/usb/devices/spare")); err != nil {
		t.Fatal(err)
	}
	fifo := filepath.Join(tree.Path("1-1"), "1-1:1.0/bInterfaceProtocol")
	if err := os.Remove(fifo); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	looked := make(chan []devices.Found)
	go func() { looked <- s.look() }()
	f, err := os.OpenFile(fifo, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(tree.Sysfs(), "bus/usb/devices/spare"), filepath.Join(tree.Sysfs(), "bus/usb/devices/1-1")); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("01\n"); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if got := <-looked; len(got) != 0 {
		t.Errorf("got %+v", got)
	}
	s.look()
	s.wait()
	if got := s.look(); len(got) != 1 || got[0].Serial != "B-18" {
		t.Errorf("the next look: %+v", got)
	}
}

// The tty comes after the device: a driver of the kernel has to find it first.
func TestALateNodeIsAChange(t *testing.T) {
	tree := tree(t)
	w := run(t, Config{Sysfs: tree.Sysfs(), Dev: tree.Dev(), Every: time.Hour})
	f := reader("1-1")
	f.Interfaces[0].TTY = ""
	plug(t, tree, f)
	w.Rescan()
	until(t, w, 1)
	if err := os.MkdirAll(filepath.Join(tree.Path("1-1"), "1-1:1.0/tty/ttyACM3"), 0o700); err != nil {
		t.Fatal(err)
	}
	w.Rescan()
	changed(t, w)
	if got := w.Found()[0].Interfaces[0].TTY; got != filepath.Join(tree.Dev(), "ttyACM3") {
		t.Errorf("got %q", got)
	}
	// Nothing new is no signal.
	w.Rescan()
	select {
	case <-w.Changes():
		t.Error("a change was signalled where there was none")
	case <-time.After(4 * settle):
	}
}

// The kernel may hold a reader of a device's strings; a fifo does it here.
func TestADeviceThatKeepsTheKernelWaitingDelaysNoOther(t *testing.T) {
	tree := tree(t)
	slow := plug(t, tree, reader("1-1"))
	fifo := filepath.Join(tree.Path("1-1"), "product")
	if err := os.Remove(fifo); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	w := run(t, Config{Sysfs: tree.Sysfs(), Dev: tree.Dev(), Every: time.Hour})
	plug(t, tree, devices.Found{Port: "1-2", VendorID: 5})
	w.Rescan()
	until(t, w, 1)
	f, err := os.OpenFile(fifo, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(slow.Product); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if diff := cmp.Diff(slow, until(t, w, 2)[0]); diff != "" {
		t.Error(diff)
	}
}

func TestFilesMayVanishDuringALook(t *testing.T) {
	const seed = 7
	t.Log("seed", seed)
	rng := rand.New(rand.NewPCG(seed, seed))
	tree := tree(t)
	w := run(t, Config{Sysfs: tree.Sysfs(), Dev: tree.Dev(), Every: time.Millisecond})
	want := map[string]devices.Found{}
	for i := range 120 {
		port := fmt.Sprintf("1-%d", rng.IntN(3))
		if _, in := want[port]; in {
			if err := tree.Unplug(port); err != nil {
				t.Fatal(err)
			}
			delete(want, port)
		}
		if rng.IntN(4) > 0 {
			f := reader(port)
			f.Serial, f.Product, f.Interfaces[0].TTY = strconv.Itoa(i), strconv.Itoa(i), "ttyACM"+strconv.Itoa(i)
			want[port] = plug(t, tree, f)
		}
		// Nobody is ever half there, or half another.
		for _, f := range w.Found() {
			if f.Product != f.Serial || len(f.Interfaces) > 0 && f.Interfaces[0].TTY != "" && !strings.HasSuffix(f.Interfaces[0].TTY, "ttyACM"+f.Serial) {
				t.Fatalf("half a device: %+v", f)
			}
		}
	}
	w.Rescan()
	for {
		found := w.Found()
		got := map[string]devices.Found{}
		for _, f := range found {
			got[f.Port] = f
		}
		diff := cmp.Diff(want, got)
		if diff == "" {
			return
		}
		select {
		case <-w.Changes():
		case <-time.After(20 * time.Second):
			t.Fatal(diff)
		}
	}
}

func BenchmarkLook(b *testing.B) {
	tree, err := sysfs.New(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	for i := range 6 {
		if _, err := tree.Plug(reader(fmt.Sprintf("1-%d", i+1)), nil); err != nil {
			b.Fatal(err)
		}
	}
	s := newScanner(tree.Sysfs(), tree.Dev(), func() {})
	defer s.wait()
	for b.Loop() {
		s.look()
	}
}
