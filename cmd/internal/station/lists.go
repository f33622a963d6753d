package station

import (
	"context"
	"path/filepath"
	"slices"
	"strconv"
	"sync"

	"garita/border"
	"garita/border/counter"
	"garita/border/replica"
	"garita/border/seal"
	"garita/border/watch"
	"garita/border/watch/release"
	"garita/border/watch/source"
	"garita/sync/downlink/follow"
)

// nationalList is the list that the hub releases.
const nationalList = "national"

// readLists reads the station's own lists, besides what the hub releases.
func readLists(ctx context.Context, paths []string) ([]counter.List, error) {
	var lists []counter.List
	for _, path := range paths {
		entries, report, err := source.Load(ctx, source.CSV, path, source.Options{})
		if err != nil {
			return nil, err
		}
		if report.Skipped > 0 || len(report.Problems) > 0 {
			return nil, &border.Error{Code: border.Invalid, Op: "read the list " + path,
				Message: "{0} rows or values of {1} cannot be read. Run: garita watchlist import csv={1}", Args: []any{len(report.Problems), path}}
		}
		if report.List == "" {
			report.List = filepath.Base(path)
		}
		base, err := watch.Compile(watch.Description{Name: report.List, Sources: []watch.Source{{Name: report.List, Version: report.Version,
			Issued: report.Issued, MaxAge: report.MaxAge, Entries: len(entries)}}}, entries)
		if err != nil {
			return nil, err
		}
		lists = append(lists, counter.List{Name: report.List, Version: report.Version, Issued: report.Issued, Watch: watch.New(base)})
	}
	return lists, nil
}

// lists gives the lists in force to the counters: the station's own and the hub's.
type lists struct {
	own     []counter.List
	replica *replica.Replica

	mu    sync.Mutex // guards the rest
	from  []*replica.Held
	given []counter.List
}

// current is the same slice as long as nothing has changed.
func (l *lists) current() []counter.List {
	held := l.replica.Current()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.given != nil && len(held) > 0 && slices.Equal(held, l.from) {
		return l.given
	}
	given := slices.Clone(l.own)
	if !slices.ContainsFunc(held, func(h *replica.Held) bool { return h.Position.List == nationalList }) && l.troubled() {
		given = append(given, counter.List{Name: nationalList, Missing: true})
	}
	for _, h := range held {
		given = append(given, counter.List{Name: h.Position.List, Version: strconv.FormatUint(h.Position.Version, 10), Issued: h.Issued,
			ValidUntil: h.ValidUntil, Watch: h.List, Documents: h.Documents, DocumentsDamaged: h.DocumentsDamaged})
	}
	l.from, l.given = held, given
	return given
}

// troubled reports whether the hub's list is damaged on this disk, or was refused: then what the
// station's own lists say is not all there is to ask. A hub that has released none yet is no trouble.
func (l *lists) troubled() bool {
	return slices.ContainsFunc(l.replica.State(), func(s replica.State) bool { return s.Position.List == nationalList && s.Problem != "" })
}

// lateHits shows the counters what the hub has told of travellers who have passed.
type lateHits struct{ *replica.Replica }

// Open implements [counter.LateHits].
func (l lateHits) Open() []counter.LateHit {
	var out []counter.LateHit
	for _, n := range l.Notices() {
		h := counter.LateHit{ID: n.ID, Since: n.Received, Handling: watch.Refer}
		if b := n.Body; b != nil {
			h.Handling, h.Expected, h.Urgent, h.Action, h.Instruction = b.Handling, b.Role == release.ExpectedExit, b.Urgent, b.Action, b.Instruction
			h.Crossing, h.Post, h.At, h.Direction = b.Crossing, b.Post, b.At, b.Direction
			t := &b.Traveller
			h.Surname, h.GivenNames, h.BirthDate, h.Nationality = t.Surname, t.GivenNames, t.BirthDate, t.Nationality
			h.DocumentNumber, h.IssuingState = t.Number, t.Issuer
			if b.Entry != nil && b.Handling == watch.Open {
				h.Entry, h.Owner = b.Entry.Key().String(), b.Entry.Owner
			}
		}
		out = append(out, h)
	}
	return out
}

// openLists opens the station's copy of the hub's lists and the way that they come.
func (s *Station) openLists(ctx context.Context, prov *seal.Provisioning) (err error) {
	s.replica, err = replica.Open(ctx, replica.Config{Dir: s.cfg.Data, Station: s.cfg.Station, Clock: s.clock, Prov: prov, Log: s.log})
	if err != nil || s.cfg.Alone {
		return err
	}
	reach, believed, err := s.reach()
	if err != nil {
		return err
	}
	s.downlink, err = follow.New(follow.Config{URL: s.cfg.Hub, Access: reach, Trust: believed, Station: s.cfg.Station, Names: []string{nationalList},
		Lists: s.replica, Notices: s.replica, Clock: s.clock, Log: s.log})
	return err
}

// listReports says in every hello which releases are held, and what was refused on the way.
func (s *Station) listReports() []border.ListReport { return s.downlink.Report(s.replica.Report()) }
