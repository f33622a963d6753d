// Package hotplug knows which USB devices are plugged in, and when that changes. It reads
// what the kernel shows in sysfs and is told by the kernel when to read it again (uevents
// over netlink); it opens no device and moves nothing on the bus.
//
// A device is known by its socket ("1-1.2", devices.Found.Port) and its identity. Nodes
// such as /dev/ttyACM0 are looked up behind it each time, for their numbers are given out
// anew at every plugging.
package hotplug

import (
	"context"
	"log/slog"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"garita/devices"
)

// settle is how long the watcher waits after an event before it looks: one plugging is a
// dozen of events.
const settle = 20 * time.Millisecond

// How often the watcher looks without an event, if Config.Every does not say. Events can
// be lost; and a machine may not let this user listen to them.
const (
	everyWithEvents    = 5 * time.Second
	everyWithoutEvents = 500 * time.Millisecond
)

// Config says where to look. The zero Config looks at this machine.
type Config struct {
	// Sysfs is where sysfs is mounted; "" means /sys. The kernel's events are only
	// listened to for /sys: they tell nothing of another tree.
	Sysfs string
	// Dev is where the device nodes are; "" means /dev.
	Dev string
	// Every is how often to look without an event; 0 means 5 s, or 0.5 s where there
	// are no events.
	Every time.Duration
	Log   *slog.Logger // nil logs nothing
}

// Watcher watches for USB devices. Make one with New.
type Watcher struct {
	cfg     Config
	log     *slog.Logger
	changes chan struct{} // capacity 1
	look    chan struct{} // capacity 1

	mu    sync.Mutex // guards found
	found []devices.Found
}

// New makes a watcher; it sees nothing before Run.
func New(c Config) *Watcher {
	if c.Sysfs == "" {
		c.Sysfs = "/sys"
	}
	if c.Dev == "" {
		c.Dev = "/dev"
	}
	w := &Watcher{cfg: c, log: c.Log, changes: make(chan struct{}, 1), look: make(chan struct{}, 1)}
	if w.log == nil {
		w.log = slog.New(slog.DiscardHandler)
	}
	return w
}

// Found returns the devices that are plugged in, sorted by Port; hubs are left out. What
// it points to is shared and must not be changed.
func (w *Watcher) Found() []devices.Found {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.found)
}

// Changes signals that Found has something new to say, and once after the first look,
// whatever it saw. Signals that nobody has taken yet are one. It is for one reader and is
// never closed.
func (w *Watcher) Changes() <-chan struct{} { return w.changes }

// Rescan asks for a look soon, as an event would. It does not wait.
func (w *Watcher) Rescan() { signal(w.look) }

func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default: // it has been said already
	}
}

// Run watches until ctx ends. It is called once. A device that keeps the kernel waiting
// while it is being set up may hold its return for as long as the kernel is patient.
func (w *Watcher) Run(ctx context.Context) {
	var listener sync.WaitGroup
	defer listener.Wait()
	every := w.cfg.Every
	events := w.listen()
	if every == 0 {
		every = everyWithEvents
		if events == nil {
			every = everyWithoutEvents
		}
	}
	deaf := make(chan struct{})
	if events != nil {
		listener.Go(func() {
			defer close(deaf)
			w.hear(ctx, events)
		})
	}

	scan := newScanner(filepath.Clean(w.cfg.Sysfs), filepath.Clean(w.cfg.Dev), w.Rescan)
	defer scan.wait()
	w.publish(scan.look(), true)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-deaf:
			deaf = nil
			if w.cfg.Every == 0 {
				tick.Reset(everyWithoutEvents)
			}
		case <-w.look:
			pause(ctx, settle)
			select { // what was said meanwhile is seen by this look
			case <-w.look:
			default:
			}
		}
		w.publish(scan.look(), false)
	}
}

// listen opens the kernel's events; nil where there are none to hear.
func (w *Watcher) listen() *events {
	if filepath.Clean(w.cfg.Sysfs) != "/sys" {
		return nil
	}
	e, err := openEvents()
	if err != nil {
		w.log.Warn("the kernel does not tell of plugging; devices are looked for twice a second", "err", err)
		return nil
	}
	return e
}

// hear asks for a look after each event about USB, until ctx ends or the events do.
func (w *Watcher) hear(ctx context.Context, e *events) {
	defer e.Close()
	for {
		event, err := e.next(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			if event.usb() {
				w.Rescan()
			}
		case lost(err):
			w.Rescan()
		default:
			w.log.Warn("the kernel tells no more of plugging; devices are looked for twice a second", "err", err)
			return
		}
	}
}

// publish notes what a look has found.
func (w *Watcher) publish(found []devices.Found, first bool) {
	slices.SortFunc(found, func(a, b devices.Found) int { return strings.Compare(a.Port, b.Port) })
	w.mu.Lock()
	changed := !reflect.DeepEqual(found, w.found)
	w.found = found
	w.mu.Unlock()
	if changed || first {
		signal(w.changes)
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
