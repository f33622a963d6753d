package supervisor

import (
	"context"
	"fmt"
	"slices"

	"garita/border"
	"garita/devices"
)

// place is what an assignment can be remembered by.
type place struct {
	id     string // of a scanner that the configuration names; "" for a found one
	model  string // vendor and product, "05ba:000a"
	serial string
	port   string
}

func (p place) is(model, serial string) bool {
	return p.id == "" && p.model == model && p.serial == serial && serial != ""
}

func (u *unit) place() place {
	if u.conf != nil {
		return place{id: u.id}
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return place{model: modelOf(&u.last), serial: u.last.Serial, port: u.port()}
}

func modelOf(f *devices.Found) string { return fmt.Sprintf("%04x:%04x", f.VendorID, f.ProductID) }

// Assign gives a scanner to a counter, and takes it from the one it had; "" takes it
// away. It holds for documents read from now on, and is on the disk when it returns: by
// the scanner's serial number where no other here has the same, else by its socket.
func (s *Supervisor) Assign(ctx context.Context, id string, counter border.CounterID) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if counter != "" {
		if err := counter.Validate(); err != nil {
			return err
		}
	}
	if counter != "" && len(s.cfg.Counters) > 0 && !slices.Contains(s.cfg.Counters, counter) {
		return &border.Error{Code: border.NotFound, Op: "assign a scanner", Message: "This station has no counter {0}.", Args: []any{string(counter)}}
	}
	u, err := s.find(id)
	if err != nil {
		return err
	}
	p := u.place()
	a := assignment{ID: p.id, Model: p.model, Port: p.port, Profile: u.status().Profile, Counter: counter}
	if p.serial != "" && !s.store.isShared(p.model, p.serial) {
		a.Serial = p.serial
	}
	if err := s.store.put(a); err != nil {
		return err
	}
	u.say("")
	s.mu.Lock()
	s.settleCounters()
	s.mu.Unlock()
	s.cfg.Log.Info("scanner assigned", "scanner", id, "counter", string(counter))
	return nil
}

// expect makes the units of scanners that were assigned before, so that a counter's
// missing scanner is seen to be missing.
func (s *Supervisor) expect() {
	for _, a := range s.store.list() {
		p, known := s.cfg.Profiles.Get(a.Profile)
		if a.ID != "" || a.Port == "" || a.Counter == "" || !known || len(s.units) >= maxUnits {
			continue
		}
		f := devices.Found{Bus: devices.BusUSB, Port: a.Port, Serial: a.Serial}
		if _, err := fmt.Sscanf(a.Model, "%04x:%04x", &f.VendorID, &f.ProductID); err != nil {
			continue
		}
		if s.at(a.Port) == nil {
			u := newUnit(s, unitID(&f), p)
			u.last, u.why = f, "It was here before."
			s.units = append(s.units, u)
		}
	}
}

// settleCounters gives each unit the counter that the store, the configuration or the
// rule for a station with one of each says. Called with the lock held.
func (s *Supervisor) settleCounters() {
	of := make(map[string]int) // present units by kind
	for _, u := range s.units {
		if u.isPresent() {
			of[u.kind()]++
		}
	}
	changed := false
	for _, u := range s.units {
		p := u.place()
		var counter border.CounterID
		by, clash := "", ""
		a := s.store.of(p)
		switch {
		case a != nil:
			counter, by = a.Counter, a.by()
		case u.conf != nil:
			counter, by = u.conf.Counter, "configuration"
		case len(s.cfg.Counters) == 1 && (of[u.kind()] == 1 && u.isPresent() || of[u.kind()] == 0):
			counter, by = s.cfg.Counters[0], "automatic"
		case len(s.cfg.Counters) == 1:
			clash = "There is more than one scanner of this kind, so none is assigned by itself. Assign each of them to a counter."
		case s.store.isShared(p.model, p.serial):
			clash = "Another scanner has the same serial number. Assign each of them; they are then told apart by their sockets."
		}
		if counter == "" {
			by = ""
		}
		changed = u.belong(counter, by, clash) || changed
	}
	if changed {
		s.changedLocked()
	}
}

func (u *unit) assignedBy() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.by
}

func (u *unit) belong(counter border.CounterID, by, clash string) (changed bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	changed = u.counter != counter || u.by != by || u.clash != clash
	if u.counter != counter && u.moved != nil {
		close(u.moved) // a capture for the counter before must not become the next one's
		u.moved = nil
	}
	u.counter, u.by, u.clash = counter, by, clash
	return changed
}
