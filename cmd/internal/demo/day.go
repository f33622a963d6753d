package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"garita/border"
	"garita/border/counter"
)

// Played says of one kind of scene how often the script has it, and how often it was played
// to its end.
type Played struct {
	Script int `json:"script"`
	Done   int `json:"done"`
}

// DayResult is what a scripted day showed.
type DayResult struct {
	Result
	Mix    map[string]Played     `json:"mix"`    // by kind of scene
	Shifts []counter.ShiftReport `json:"shifts"` // as the station reported them
	// Journal counts the events of the station's journal, read from their headers after the
	// day, without a look at the reports.
	Journal []border.Count `json:"journal"`
	// Equal says that each report counts what the journal holds of its shift.
	Equal bool   `json:"reports_equal_journal"`
	Kills int    `json:"kills"` // power cuts
	Stays *Stays `json:"stays"` // as the hub pairs them
	// Faults says where script, journal, reports and claims differ, without anything personal.
	Faults []string `json:"faults"`
}

// Failed reports whether anything differs from the script.
func (r *DayResult) Failed() bool { return r.Result.Failed() || !r.Equal || len(r.Faults) > 0 }

// claim is something that must hold of the header of a recorded crossing.
type claim struct {
	kind, what string
	holds      func(*border.Header) bool
}

// day is a script while it is played.
type day struct {
	desk *client // the supervisor's

	d      *Demo
	script *Script
	hands  []*hand
	ids    *border.IDs
	before *Stays // at the hub, before the day

	mu       sync.Mutex // guards what follows
	crossing map[border.ID]bool
	claims   map[border.ID][]claim
	toScreen []time.Duration
	record   []time.Duration
	verdicts map[string]int
	result   *DayResult
}

// The wall clock: the demo stands outside the station.
type wallClock struct{ now func() time.Time }

func (c wallClock) Now() time.Time { return c.now() }

// badges of the inspectors; each counter has another one in each shift.
var badges = []string{"1001", "1002", "1003", "1004"}

// RunDay plays a script on the running demo, waits until the national register holds
// everything, and compares script, journal and reports. It fails at the first scene that does
// not end as written.
func (d *Demo) RunDay(ctx context.Context, s *Script) (*DayResult, error) {
	if len(s.lanes[0]) != len(d.readers) {
		return nil, errors.New("the script is for another number of counters")
	}
	hub, err := d.operator(ctx)
	if err != nil {
		return nil, err
	}
	before, err := newestArrival(ctx, hub)
	if err != nil {
		return nil, err
	}
	earlier, err := staysOf(ctx, hub)
	if err != nil {
		return nil, err
	}
	y := &day{d: d, script: s, before: earlier, ids: border.NewIDs(wallClock{d.folder.opt.Now}, nil), crossing: make(map[border.ID]bool),
		claims: make(map[border.ID][]claim), verdicts: make(map[string]int), result: &DayResult{Mix: make(map[string]Played)}}
	s.scenes(func(_ int, c *scene) { y.played(c.kind, 1, 0); y.result.Presented += c.people })
	y.desk = newClient(d.PostURL, "", supervisor)
	defer y.desk.http.CloseIdleConnections()
	if err := y.desk.as(ctx, supervisor); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	var watching sync.WaitGroup
	defer watching.Wait()
	defer cancel()
	for i, r := range d.readers {
		api := d.browsers[i]
		h := &hand{ctx: ctx, api: api, reader: r, name: counterName(i), day: y, known: make(map[border.ID]bool), shown: &screen{wake: make(chan struct{}, 1)}}
		y.hands = append(y.hands, h)
		watching.Go(func() { api.watch(ctx, h.name, h.shown.take) })
	}
	if err := y.play(ctx); err != nil {
		return nil, err
	}
	return y.judge(ctx, hub, before)
}

// play plays the three shifts.
func (y *day) play(ctx context.Context) error {
	for turn := range shifts {
		if err := y.begin(ctx, turn); err != nil {
			return err
		}
		if turn > 0 {
			if err := y.at(turn-1, y.script.tables, func(c *scene) func(*hand) { return c.handed }); err != nil {
				return err
			}
		}
		if err := y.work(ctx, turn); err != nil {
			return err
		}
		if err := y.fault(ctx, turn); err != nil {
			return err
		}
		var r counter.ShiftReport
		if err := y.desk.call(ctx, http.MethodPost, "/api/v1/shifts/close", map[string]any{}, &r); err != nil {
			return fmt.Errorf("close the shift: %w", err)
		}
		y.result.Shifts = append(y.result.Shifts, r)
	}
	return nil
}

// begin opens a shift; other officers take the counters.
func (y *day) begin(ctx context.Context, turn int) error {
	if err := y.desk.call(ctx, http.MethodPost, "/api/v1/shifts", map[string]any{}, nil); err != nil {
		return fmt.Errorf("open a shift: %w", err)
	}
	for i, h := range y.hands {
		h.take(badges[(i+2*turn)%len(badges)])
		if h.err != nil {
			return fmt.Errorf("take a counter: %w", h.err)
		}
	}
	return nil
}

// work plays what happens at the counters of a shift. In the second one the hub is away.
func (y *day) work(ctx context.Context, turn int) error {
	if turn == 1 {
		if err := y.d.halt(ctx, "hub"); err != nil {
			return err
		}
	}
	err := y.at(turn, y.script.lanes, func(c *scene) func(*hand) { return c.play })
	if turn == 1 && y.script.late != nil {
		err = errors.Join(err, y.d.folder.addByHand(ctx, y.script.late))
	}
	if turn == 1 {
		err = errors.Join(err, y.d.resume(ctx, "hub"))
	}
	return err
}

// fault lets the power fail, or in the last shift all of the station be down for a while, and
// takes up what was at the counters.
func (y *day) fault(ctx context.Context, turn int) error {
	if err := y.at(turn, y.script.tables, func(c *scene) func(*hand) { return c.play }); err != nil {
		return err
	}
	var err error
	if turn < shifts-1 {
		err = y.d.cut(ctx, "post")
	} else if err = y.d.halt(ctx, "post"); err == nil {
		err = y.d.resume(ctx, "post")
	}
	if err != nil {
		return err
	}
	for _, h := range y.hands {
		h.look()
	}
	return y.at(turn, y.script.tables, func(c *scene) func(*hand) { return c.after })
}

// at plays one part of the scenes of a shift, all counters at once. A scene is done when its
// last part is.
func (y *day) at(turn int, scenes [shifts][][]scene, part func(*scene) func(*hand)) error {
	var group sync.WaitGroup
	errs := make([]error, len(y.hands))
	for i, h := range y.hands {
		lane := scenes[turn][i]
		group.Go(func() {
			for k := range lane {
				c := &lane[k]
				play := part(c)
				if play == nil {
					continue
				}
				h.scene = c.kind
				if play(h); h.err != nil {
					errs[i] = fmt.Errorf("counter %s, %s: %w", h.name, c.kind, h.err)
					return
				}
				c.parts++
				if c.parts == c.all() {
					y.played(c.kind, 0, 1)
				}
			}
		})
	}
	ended := make(chan struct{})
	go func() { group.Wait(); close(ended) }()
	select {
	case <-ended:
	case err := <-y.d.failed:
		return err // the context ends with the run, and the hands with it
	}
	return errors.Join(errs...)
}

func (y *day) played(kind string, script, done int) {
	y.mu.Lock()
	defer y.mu.Unlock()
	p := y.result.Mix[kind]
	p.Script, p.Done = p.Script+script, p.Done+done
	y.result.Mix[kind] = p
}

// timed notes how long a document took to the screen, and what the verdict advised.
func (y *day) timed(took time.Duration, level string) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.toScreen = append(y.toScreen, took)
	y.verdicts[level]++
}

// recorded notes an acknowledged crossing; 0 is not measured.
func (y *day) recorded(id border.ID, took time.Duration) {
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.crossing[id] {
		y.result.Faults = append(y.result.Faults, "two travellers ended in one crossing")
	}
	y.crossing[id] = true
	if took > 0 {
		y.record = append(y.record, took)
	}
}

func (y *day) newID() border.ID {
	id, err := y.ids.New()
	if err != nil {
		panic(err) // crypto/rand does not fail
	}
	return id
}

// claim notes what must hold of the header of a crossing; the journal is read at the end.
func (h *hand) claim(id border.ID, what string, holds func(*border.Header) bool) {
	if h.err == nil {
		h.day.mu.Lock()
		defer h.day.mu.Unlock()
		h.day.claims[id] = append(h.day.claims[id], claim{h.scene, what, holds})
	}
}

// levelOf is the verdict of an encounter on a screen.
func levelOf(v *counter.View, id border.ID) string {
	if v.Encounter != nil && v.Encounter.ID == id {
		return string(v.Encounter.Verdict.Level)
	}
	if i := slices.IndexFunc(v.Queue, func(q counter.QueueItem) bool { return q.ID == id }); i >= 0 {
		return string(v.Queue[i].Level)
	}
	if v.Group != nil {
		if i := slices.IndexFunc(v.Group.Members, func(m counter.MemberView) bool { return m.ID == id }); i >= 0 {
			return string(v.Group.Members[i].Level)
		}
	}
	return ""
}
