package station

import (
	"context"
	"log/slog"
	"path/filepath"
	"slices"

	"garita/border"
	"garita/border/mrz"
	"garita/cmd/internal/version"
	"garita/devices/drafts"
	"garita/devices/hotplug"
	"garita/devices/profile"
	"garita/devices/supervisor"
	"garita/devices/workshop"
	"garita/ui/live"
	uiworkshop "garita/ui/workshop"
)

// openScanners makes the supervisor of the scanners, what tells it of plugging, and the
// technician's view of them.
func (s *Station) openScanners(counters []border.CounterID) error {
	profiles, err := profile.Embedded()
	if err != nil {
		return err
	}
	profiles, faults := profiles.With(s.cfg.Profiles)
	for _, f := range faults { // a local profile that is wrong must not close a border
		s.log.Warn("local firmware profile", "problem", border.MessageOf(f))
	}
	for _, id := range profiles.IDs() {
		s.vitals.profiles++
		if profiles.Local(id) {
			s.vitals.own++
		}
	}
	logs := workshop.NewLogs(s.log.Handler())
	bus := s.cfg.Bus
	if bus == nil {
		s.plugged = hotplug.New(hotplug.Config{Log: s.log})
		bus = s.plugged
	}
	deliver := func(ctx context.Context, scan border.Scan) error { return s.Counters.Scan(ctx, scan) }
	s.scanners, err = supervisor.New(supervisor.Config{Scanners: s.cfg.Scanners, Counters: counters, Profiles: profiles, Bus: bus, Opener: s.cfg.Opener,
		Store: filepath.Join(s.cfg.Data, "scanners.json"), Clock: s.clock, Deliver: deliver, Log: slog.New(logs)})
	if err != nil {
		return err
	}
	learned, fault, err := drafts.Open(filepath.Join(s.cfg.Data, "learned.json"), s.clock)
	if err != nil {
		return err
	}
	if fault != nil {
		s.log.Warn("learned firmware profiles", "problem", border.MessageOf(fault))
	}
	s.workshop = workshop.New(workshop.Config{Supervisor: s.scanners, Clock: s.clock, Counters: counters, Software: version.Version, Logs: logs, Stop: s.stop,
		Profiles: profiles, Drafts: learned, Legible: s.legible})
	for _, f := range s.workshop.Resume() {
		s.log.Warn("learned firmware profile", "problem", border.MessageOf(f))
	}
	return nil
}

// legible says what is wrong with a document's lines: while a reader is learned, whoever teaches it has to see
// that characters come as they are printed.
func (s *Station) legible(lines []string) error {
	d, err := mrz.Parse(lines, s.clock.Now())
	if err != nil {
		return err
	}
	if c := d.Checks; slices.Contains([]mrz.Check{c.DocumentNumber, c.BirthDate, c.ExpiryDate, c.OptionalData, c.Composite}, mrz.Wrong) {
		return &border.Error{Code: border.Invalid, Op: "read a document", Message: "Check digits are wrong: a character came otherwise than it is printed."}
	}
	return nil
}

// mountWorkshop adds the technician's screen.
func (s *Station) mountWorkshop(streams *live.Mux) error {
	counters := make([]border.CounterID, len(s.cfg.Counters))
	for i, c := range s.cfg.Counters {
		counters[i] = c.ID
	}
	return uiworkshop.Mount(s.app, uiworkshop.Config{Scanners: s.workshop, Station: s.cfg.Station, Counters: counters, Clock: s.clock, Learning: s.workshop, Health: s.vitals.health, Measure: s.vitals.measure, Live: streams, Stop: s.stop, Log: s.log})
}
