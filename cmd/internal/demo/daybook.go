package demo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"garita/border"
	"garita/border/clock"
	"garita/border/counter"
	"garita/border/journal"
	"garita/cmd/internal/station"
	"garita/cmd/internal/version"
)

// daybook is what the headers of a journal hold, counted without the station's help.
type daybook struct {
	all     tally            // events by type, counter, direction, category and outcome; no openings
	shift   map[string]tally // what a report counts, by shift
	closed  map[string]tally // what shift.closed says, by shift
	header  map[border.ID]border.Header
	holder  map[border.CounterID]string
	doubled int // crossings that are recorded twice
}

// inReports are the types that a shift's report counts.
var inReports = []string{border.TypeCrossingRecorded, border.TypeCrossingCorrected, border.TypeStayExtended,
	border.TypeEncounterReferred, border.TypeEncounterTaken, border.TypeEncounterAbandoned}

func newDaybook() *daybook {
	return &daybook{all: make(tally), shift: make(map[string]tally), closed: make(map[string]tally), header: make(map[border.ID]border.Header),
		holder: make(map[border.CounterID]string)}
}

// enter counts one event.
func (b *daybook) enter(h *border.Header) {
	if h.Type == border.TypeEpochOpened || h.Type == border.TypeAudit { // who signed in how often, the script does not say
		return
	}
	if h.Type == border.TypeCounterTaken {
		if before, held := b.holder[h.Counter]; held && before == h.Officer {
			return // turned to the other direction; how often, the script does not say
		}
		b.holder[h.Counter] = h.Officer
		turned := *h
		turned.Direction = ""
		h = &turned
	}
	cell := border.Count{Type: h.Type, Counter: h.Counter, Direction: h.Direction, Category: h.Category, Outcome: h.Outcome}
	b.all[cell]++
	if slices.Contains(inReports, h.Type) {
		if b.shift[h.Shift] == nil {
			b.shift[h.Shift] = make(tally)
		}
		b.shift[h.Shift][cell]++
	}
	switch h.Type {
	case border.TypeShiftClosed:
		b.closed[h.Shift] = tallyOf(h.Counts)
	case border.TypeCrossingRecorded:
		if _, there := b.header[*h.Crossing]; there {
			b.doubled++
		}
		b.header[*h.Crossing] = *h
	}
}

// readJournal reads the journal of the stopped station, from a copy: whoever opens a journal
// writes to it. It is verified too.
func (d *Demo) readJournal(ctx context.Context) (_ *daybook, err error) {
	copied, err := os.MkdirTemp("", "garita-journal-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(copied)) }()
	cfg, err := station.ReadConfig(d.folder.path("post.toml"), func(string) string { return "" })
	if err != nil {
		return nil, err
	}
	sound, err := journal.Verify(ctx, filepath.Join(cfg.Data, "journal.db"))
	if err == nil && !sound.OK {
		err = fmt.Errorf("the journal does not verify: %v", sound.Faults)
	}
	if err == nil {
		err = copyFiles(cfg.Data, copied)
	}
	if err != nil {
		return nil, err
	}
	cfg.Data, cfg.Listen, cfg.Hub, cfg.Scanners, cfg.Demo.Presenter = copied, "127.0.0.1:0", "", nil, ""
	s, err := station.Open(ctx, cfg, clock.System(version.Built()), slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	b := newDaybook()
	return b, s.Journal.Scan(ctx, border.Position{}, func(ev border.Event) error {
		h, err := ev.ReadHeader()
		if err == nil {
			b.enter(&h)
		}
		return err
	})
}

// copyFiles copies the files of a station's folder but its reserve, for their owner alone.
func copyFiles(from, to string) error {
	source, err := os.OpenRoot(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenRoot(to)
	if err != nil {
		return err
	}
	defer target.Close()
	return fs.WalkDir(source.FS(), ".", func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() && path != "." {
			return target.Mkdir(path, 0o700)
		}
		if err != nil || !e.Type().IsRegular() || path == "reserve" {
			return err
		}
		b, err := source.ReadFile(path)
		if err != nil {
			return err
		}
		return target.WriteFile(path, b, 0o600)
	})
}

// compare says in what way script, journal, reports and claims differ: nothing if they agree.
func (b *daybook) compare(want tally, reports []counter.ShiftReport, crossing map[border.ID]bool, claims map[border.ID][]claim) (faults []string, equal bool) {
	counts := make([]string, 0)
	if len(reports) != len(b.shift) || len(reports) != len(b.closed) {
		counts = append(counts, fmt.Sprintf("%d reports of %d shifts with work and %d that were closed", len(reports), len(b.shift), len(b.closed)))
	}
	for i, r := range reports {
		counts = append(counts, differs(fmt.Sprintf("report %d against the journal", i+1), b.shift[r.ID], tallyOf(r.Counts))...)
		counts = append(counts, differs(fmt.Sprintf("shift.closed %d against the journal", i+1), b.shift[r.ID], b.closed[r.ID])...)
	}
	faults = append(differs("the journal against the script", want, b.all.everywhere()), counts...)
	if b.doubled > 0 {
		faults = append(faults, fmt.Sprintf("%d crossings are in the journal twice", b.doubled))
	}
	for id := range crossing {
		if _, there := b.header[id]; !there {
			faults = append(faults, "a crossing that was acknowledged is not in the journal")
		}
	}
	if len(b.header) != len(crossing) {
		faults = append(faults, fmt.Sprintf("%d crossings are in the journal, %d were acknowledged", len(b.header), len(crossing)))
	}
	for id, all := range claims {
		for _, c := range all {
			if h := b.header[id]; !c.holds(&h) {
				faults = append(faults, fmt.Sprintf("%s: it does not hold that %s", c.kind, c.what))
			}
		}
	}
	return faults, len(counts) == 0
}

// judge waits for the register and compares everything with the script.
func (y *day) judge(ctx context.Context, hub *client, before int64) (*DayResult, error) {
	r := y.result
	rows, err := await(ctx, hub, before, y.crossing)
	if err != nil {
		return nil, err
	}
	r.Verdicts = y.verdicts
	r.ScanToVerdict, r.Record = quantiles(y.toScreen), quantiles(y.record)
	r.settle(y.crossing, rows)
	if r.Stays, err = staysOf(ctx, hub); err != nil {
		return nil, err
	}
	if err := y.d.halt(ctx, "post"); err != nil {
		return nil, err
	}
	book, err := y.d.readJournal(ctx)
	if err = errors.Join(err, y.d.resume(ctx, "post")); err != nil {
		return nil, err
	}
	faults, equal := book.compare(y.script.want(), r.Shifts, y.crossing, y.claims)
	r.Faults, r.Equal, r.Journal, r.Kills = append(r.Faults, faults...), equal, book.all.lines(), y.d.kills()
	r.Faults = append(r.Faults, r.Stays.faults(y.script.stays(), y.before)...)
	if r.Kills != shifts-1 {
		r.Faults = append(r.Faults, fmt.Sprintf("%d power cuts, not %d", r.Kills, shifts-1))
	}
	for kind, p := range r.Mix {
		if p.Script != p.Done {
			r.Faults = append(r.Faults, fmt.Sprintf("%s: %d played, not %d", kind, p.Done, p.Script))
		}
	}
	slices.Sort(r.Faults)
	if r.Faults == nil {
		r.Faults = []string{}
	}
	return r, nil
}
