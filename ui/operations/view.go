package operations

import (
	"context"
	"slices"
	"time"

	"garita/border"
	"garita/border/access"
	"garita/border/cases"
	"garita/border/flows"
	"garita/border/register"
)

// view is what the screen shows, as the rooms say it.
type view struct {
	Counts    register.Counts     `json:"counts"`
	Stations  []register.Station  `json:"stations"`
	Alarms    []register.Alarm    `json:"alarms"`
	Crossings []register.Crossing `json:"crossings"` // newest first
	Inside    register.Inside     `json:"inside"`
	Overstays []register.Stay     `json:"overstays"` // the longest first
	Hits      *cases.Counts       `json:"hits"`      // nil: not theirs to see
	List      *List               `json:"list"`      // nil: there is none yet
	Posts     []Passed            `json:"posts"`     // nil: not counted yet
	Entries   flows.Number        `json:"entries"`   // at all of them
	Exits     flows.Number        `json:"exits"`
	Files     []Pending           `json:"files"`

	now         time.Time // when it was read
	rows, stays bool      // whether rows of crossings and stays are theirs to see
	filesLost   bool      // how far files have come could not be read
	small       int64     // counts of travellers below it are hidden; 0: none are
}

// List is the list in force at the hub, against which those of the stations are held.
type List struct {
	Position   border.ListPosition `json:"position"`
	Issued     time.Time           `json:"issued"`
	ValidUntil time.Time           `json:"valid_until"` // then stations call it old
}

// Pending says how many files of a station have not arrived.
type Pending struct {
	Station border.StationID `json:"station"`
	Count   int64            `json:"count"`  // that can still come
	Lost    int64            `json:"lost"`   // others: the station has them no more
	Oldest  time.Time        `json:"oldest"` // when the hub learned of the first that can still come
}

// How many rows the screen shows.
const (
	alarmRows    = 20
	overstayRows = 10
	crossingRows = 25
)

// view reads what some roles are shown: rows about travellers are not everybody's, though no name
// is on them, and neither is how many are wanted.
func (s *screen) view(ctx context.Context, roles []access.Role) (v view, err error) {
	r := s.cfg.Register
	if v.Counts, err = r.Counts(ctx); err != nil {
		return v, err
	}
	if v.Stations, err = r.Stations(ctx); err != nil {
		return v, err
	}
	if v.Alarms, err = r.Alarms(ctx, alarmRows); err != nil {
		return v, err
	}
	if v.Inside, err = r.Inside(ctx); err != nil {
		return v, err
	}
	small := int64(0)
	if !access.May(roles, access.RegisterRead) {
		small = s.cfg.SmallCell
	}
	if err := s.passed(ctx, &v, small); err != nil {
		return v, err
	}
	if access.May(roles, access.RegisterRead) {
		if v.Crossings, err = r.LatestCrossings(ctx, crossingRows); err != nil {
			return v, err
		}
	}
	if access.May(roles, access.StaysRead) {
		if v.Overstays, err = r.Overstays(ctx, "", overstayRows); err != nil {
			return v, err
		}
	}
	if access.May(roles, access.CasesRead) && s.cfg.Hits != nil {
		n, err := s.cfg.Hits(ctx)
		if err != nil {
			return v, err
		}
		v.Hits = &n
	}
	filesLost := false
	if s.cfg.Files != nil {
		if v.Files, err = s.filesToCome(ctx); err != nil {
			filesLost = true // the rest is worth showing without them
		}
	}
	if s.cfg.List != nil {
		v.List = s.cfg.List()
	}
	v = access.Redact(v, roles)
	v.small = small
	v.now, v.rows, v.stays, v.filesLost = s.cfg.Clock.Now(), access.May(roles, access.RegisterRead), access.May(roles, access.StaysRead), filesLost
	return v, nil
}

// filesTimeout bounds how long the screen waits for the archive, which has a disk of its own to wait for.
const filesTimeout = 2 * time.Second

func (s *screen) filesToCome(ctx context.Context) ([]Pending, error) {
	ctx, cancel := context.WithTimeout(ctx, filesTimeout)
	defer cancel()
	all, err := s.cfg.Files(ctx)
	if err != nil {
		s.cfg.Log.Error("operations: the files on their way could not be counted", "error", err)
	}
	return all, err
}

// filesOf says what of a station's files has not arrived.
func (v *view) filesOf(station border.StationID) (Pending, bool) {
	i := slices.IndexFunc(v.Files, func(f Pending) bool { return f.Station == station })
	if i < 0 {
		return Pending{}, false
	}
	return v.Files[i], true
}
