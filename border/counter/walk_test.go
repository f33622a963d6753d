package counter_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"garita/border"
	"garita/border/counter"
)

// walk goes through legal and illegal actions at a counter and the post's list, and knows
// what was acknowledged.
type walk struct {
	rt  *rapid.T
	r   *rig
	rng *rand.Rand
	n   int // step

	people   int                // who came so far
	owner    map[border.ID]int  // whose an encounter is
	open     map[border.ID]bool // began, and has not ended by an acknowledged answer
	recorded map[border.ID]counter.Recorded
	changes  map[border.ID]bool // corrections and extensions
	events   map[string]int     // acknowledged, by type
	reports  []counter.ShiftReport
	done     map[string]int // how often each action succeeded, over all walks
}

var officersHere = []string{"17", "18", "50", "99"}

// Whatever is done in whatever order, with restarts between: every encounter ends at most
// once and none is lost, everything acknowledged is in the journal and nothing else is, a
// shift's report equals an independent count, and no record holds anything of another person.
func TestWalk(t *testing.T) {
	done := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		r := newRig(quiet{t, rt})
		defer r.keys.Close()
		defer r.stop()
		// Rapid's own draws lean to the first of what they choose from; a walk needs all of it.
		w := &walk{rt: rt, r: r, rng: rand.New(rand.NewChaCha8([32]byte(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(rt, "seed")))), owner: map[border.ID]int{}, open: map[border.ID]bool{}, recorded: map[border.ID]counter.Recorded{},
			changes: map[border.ID]bool{}, events: map[string]int{}, done: done}
		for w.n = range stepsOfWalk {
			r.wall.pass(time.Duration(1+w.rng.IntN(240)) * time.Second)
			w.step()
			w.nobodyIsLost()
		}
		w.compare()
	})
	for name := range actions {
		if done[name] == 0 {
			t.Errorf("no walk ever managed to %s: this test says nothing about it", name)
		}
	}
	t.Log(done)
}

// step does one thing. What is refused must leave the journal as it was.
func (w *walk) step() {
	rt, r := w.rt, w.r
	rt.Helper()
	c := pick[border.CounterID](w, "1", "1", "1", "2")
	at := counter.At{Counter: c, Officer: "17"}
	if h := r.view(c).Holder; h != nil {
		at.Officer = h.Badge
	}
	if w.rarely() {
		at.Officer = pick(w, officersHere...)
	}
	id := w.someone(c)
	v, before := r.view(c), r.j.Head()
	action := pick(w, often...)
	switch {
	case w.rarely():
		action = pick(w, slices.Sorted(maps.Keys(actions))...)
	case len(v.Queue) > 2 && action == "scan": // else they would only come
		action = "decide"
	case v.Group != nil && !slices.ContainsFunc(v.Group.Members, func(m counter.MemberView) bool { return m.Outcome == "" }):
		action = pick(w, "close the group", "close the group", "scan")
	case v.Group != nil && w.rarely():
		action = "select"
	case v.Encounter != nil && v.Encounter.Protected && w.rarely():
		action = "lift the needs"
	case v.Shift == nil && w.rarely():
		action = "open a shift"
	}
	if (action == "correct" || action == "extend") && len(w.recorded) > 0 && !w.rarely() {
		id = pick(w, inOrder(w.recorded)...)
	}
	if err := actions[action](w, at, id); err != nil {
		if border.CodeOf(err) == border.Internal || border.MessageOf(err) == "" {
			rt.Fatalf("step %d, %s: %v", w.n, action, err)
		}
		if after := r.j.Head(); after != before {
			rt.Fatalf("step %d, %s was refused (%v) and left a trace", w.n, action, err)
		}
		return
	}
	w.done[action]++
}

// often is what happens most; every action is among the others.
var often = []string{"scan", "scan", "declare", "call up", "call up", "decide", "decide", "decide", "answer", "note a need", "lift the needs",
	"refer", "take a referral", "select", "correct"}

// stepsOfWalk is how long a walk is.
const stepsOfWalk = 40

func (w *walk) rarely() bool { return w.rng.IntN(5) == 0 }

// pick chooses one of some.
func pick[T any](w *walk, from ...T) T { return from[w.rng.IntN(len(from))] }

// someone is most often who is at the counter, and sometimes anybody who ever was.
func (w *walk) someone(c border.CounterID) border.ID {
	v := w.r.view(c)
	if !w.rarely() {
		switch {
		case v.Encounter != nil:
			return v.Encounter.ID
		case v.Group != nil && len(v.Group.Members) > 0:
			return pick(w, v.Group.Members...).ID
		case len(v.Queue) > 0:
			return v.Queue[0].ID
		}
	}
	all := inOrder(w.owner)
	return pick(w, append(all, border.ID{6: 0x70, 8: 0x80, 15: 1})...)
}

// inOrder lists ids so that a seed always means the same walk.
func inOrder[T any](m map[border.ID]T) []border.ID {
	return slices.SortedFunc(maps.Keys(m), func(a, b border.ID) int { return cmp.Compare(a.String(), b.String()) })
}

// mark is what only one person's records may hold.
func mark(n int) string { return fmt.Sprintf("MARK%dM", n) }

var marks = regexp.MustCompile(`MARK(\d+)M`)

// came learns whose the encounters are that have just begun.
func (w *walk) came(n int) {
	for _, c := range w.r.s.Counters() {
		v := w.r.view(c)
		var all []border.ID
		if v.Encounter != nil {
			all = append(all, v.Encounter.ID)
		}
		for _, q := range v.Queue {
			all = append(all, q.ID)
		}
		if v.Group != nil {
			for _, m := range v.Group.Members {
				all = append(all, m.ID)
			}
		}
		for _, id := range all {
			if w.owner[id] == 0 {
				w.owner[id], w.open[id] = n, true
			}
		}
	}
}

// letters writes a number in capitals, for a name in a machine readable zone.
func letters(n int) (s string) {
	for _, d := range strconv.Itoa(n) {
		s += string('A' + d - '0')
	}
	return s
}

var actions = map[string]func(w *walk, at counter.At, id border.ID) error{
	"scan": func(w *walk, at counter.At, _ border.ID) error {
		w.people++
		n := w.people
		lines := passportOf(n, "WALKER"+letters(n), "FRANKOWA", "320415")
		err := w.r.s.Scan(context.Background(), border.Scan{Counter: at.Counter, Source: border.SourceReader, Lines: lines, ReceivedAt: w.r.wall.Now()})
		w.came(n)
		return err
	},
	"declare": func(w *walk, at counter.At, _ border.ID) error {
		w.people++
		n := w.people
		o := counter.Opening{At: at, Identity: border.IdentityDeclared, Particulars: counter.Particulars{Surname: mark(n), Nationality: "UTO"}}
		if w.rng.IntN(2) == 0 {
			o.Paper, o.Direction = &counter.Paper{Sheet: "S-1", CrossedAt: w.r.wall.Now().Add(-time.Hour)}, border.Entry
		}
		_, err := w.r.s.Open(context.Background(), o)
		w.came(n)
		return err
	},
	"call up": func(w *walk, at counter.At, id border.ID) error {
		if !w.rarely() {
			id = border.ID{}
		}
		return w.r.s.CallUp(context.Background(), at.Counter, id, at.Officer)
	},
	"answer": func(w *walk, at counter.At, id border.ID) error {
		return w.r.s.Answers(context.Background(), at, id, map[string]string{"plate": mark(w.owner[id]), "transport_mode": "road_car"})
	},
	"note a need": func(w *walk, at counter.At, id border.ID) error {
		return w.r.s.Need(context.Background(), at, id, border.NeedsHelp, mark(w.owner[id]))
	},
	"lift the needs": func(w *walk, at counter.At, id border.ID) error {
		return w.r.s.LiftNeeds(context.Background(), lifting(at, id, pick(w, "50", "50", "17", "99"), mark(w.owner[id])))
	},
	"decide": (*walk).decide,
	"refer": func(w *walk, at counter.At, id border.ID) error {
		return w.acknowledged(border.TypeEncounterReferred, w.r.s.Refer(context.Background(),
			counter.Referral{At: at, Encounter: id, Reason: "document", Note: mark(w.owner[id])}))
	},
	"take a referral": func(w *walk, at counter.At, id border.ID) error {
		if list := w.r.view(at.Counter).Referrals; len(list) > 0 && !w.rarely() {
			id = list[0].ID
		}
		return w.acknowledged(border.TypeEncounterTaken, w.r.s.TakeReferral(context.Background(), at, id))
	},
	"abandon": func(w *walk, at counter.At, id border.ID) error {
		err := w.acknowledged(border.TypeEncounterAbandoned, w.r.s.Abandon(context.Background(), at, id, "left", mark(w.owner[id])))
		if err == nil {
			w.ended(id)
		}
		return err
	},
	"take the counter": func(w *walk, at counter.At, _ border.ID) error {
		return w.r.s.Take(context.Background(), at)
	},
	"open a shift": func(w *walk, at counter.At, _ border.ID) error {
		return w.r.s.OpenShift(context.Background(), at.Officer)
	},
	"close the shift": func(w *walk, at counter.At, _ border.ID) error {
		report, err := w.r.s.CloseShift(context.Background(), at.Officer)
		if err == nil {
			w.reports = append(w.reports, report)
		}
		return w.acknowledged(border.TypeShiftClosed, err)
	},
	"open a group": func(w *walk, at counter.At, _ border.ID) error {
		return onlyError(w.r.s.OpenGroup(context.Background(), at, "family"))
	},
	"select": func(w *walk, at counter.At, id border.ID) error {
		return w.r.s.Select(context.Background(), at, id)
	},
	"decide the group": func(w *walk, at counter.At, _ border.ID) error {
		g := w.r.view(at.Counter).Group
		if g == nil || len(g.Members) == 0 {
			return nil
		}
		var members []counter.Member
		for _, m := range g.Members { // the ready and the others
			members = append(members, counter.Member{Encounter: m.ID, Revision: m.Revision})
		}
		results, err := w.r.s.DecideGroup(context.Background(), at, members)
		for _, res := range results {
			if _, before := w.recorded[res.Encounter]; res.Outcome != "" && !before {
				w.ended(res.Encounter)
				w.recorded[res.Encounter] = counter.Recorded{Crossing: res.Encounter, Outcome: res.Outcome}
				w.events[border.TypeCrossingRecorded]++
			}
		}
		return err
	},
	"close the group": func(w *walk, at counter.At, _ border.ID) error {
		return w.acknowledged(border.TypeGroupClosed, w.r.s.CloseGroup(context.Background(), at))
	},
	"correct": func(w *walk, at counter.At, id border.ID) error {
		c := counter.Correction{At: at, Change: w.r.id(), Crossing: id, Reason: "typing", Note: mark(w.owner[id]),
			Agreement: seconded(pick(w, append(officersHere, "")...)),
			Values:    map[string]string{"plate": mark(w.owner[id]), "transport_mode": "road_bus", "role": "passenger"}}
		if w.rarely() {
			c.Outcome = border.Withdrawn
		}
		return w.change(border.TypeCrossingCorrected, c.Change, func() (counter.Recorded, error) { return w.r.s.Correct(context.Background(), c) })
	},
	"extend": func(w *walk, at counter.At, id border.ID) error {
		x := counter.Extension{At: at, Change: w.r.id(), Crossing: id, Until: "2027-12-31", Reason: "health", Note: mark(w.owner[id])}
		return w.change(border.TypeStayExtended, x.Change, func() (counter.Recorded, error) { return w.r.s.Extend(context.Background(), x) })
	},
	"restart": func(w *walk, _ counter.At, _ border.ID) error {
		w.r.stop() // its opening is an event of its own: not a trace of anything refused
		w.r.start()
		return nil
	},
}

func (w *walk) acknowledged(typ string, err error) error {
	if err == nil {
		w.events[typ]++
	}
	return err
}

func (w *walk) ended(id border.ID) {
	if !w.open[id] {
		w.rt.Fatalf("encounter %s has ended twice", id)
	}
	w.open[id] = false
}

// change records a correction or an extension and sends it again.
func (w *walk) change(typ string, change border.ID, send func() (counter.Recorded, error)) error {
	first, err := send()
	if err != nil {
		return err
	}
	w.events[typ]++
	w.changes[change] = true
	again, err := send()
	if err != nil || !again.Replayed || again.Key != first.Key {
		w.rt.Fatalf("sent again, a %s is %+v, %v", typ, again, err)
	}
	return nil
}

// decide decides somehow, and sometimes sends the same again.
func (w *walk) decide(at counter.At, id border.ID) error {
	d := counter.Decision{Counter: at.Counter, Encounter: id, Officer: at.Officer, Revision: 1, Note: mark(w.owner[id]),
		Outcome:   pick(w, border.Admitted, border.Admitted, border.Refused, border.Withdrawn, border.HandedOver, border.Departed),
		Agreement: seconded(pick(w, "50", "50", "17", "99"))}
	if v := w.r.view(at.Counter); v.Encounter != nil && v.Encounter.ID == id {
		d.Revision = v.Encounter.Verdict.Revision
	}
	if d.Outcome == border.Refused {
		d.Ground = "no_visa"
	}
	if d.Outcome == border.HandedOver {
		d.HandedTo, d.Receipt = "police", mark(w.owner[id])
	}
	rec, err := w.r.s.Decide(context.Background(), d)
	if err != nil {
		return err
	}
	if !rec.Replayed {
		w.ended(id)
		w.recorded[id] = rec
		w.events[border.TypeCrossingRecorded]++
	} else if w.recorded[id].Outcome != rec.Outcome {
		w.rt.Fatalf("the retry says %+v, the first answer %+v", rec, w.recorded[id])
	}
	return nil
}

// nobodyIsLost: who came and has not ended is in exactly one place, and nobody else is.
func (w *walk) nobodyIsLost() {
	seen := map[border.ID]int{}
	for i, c := range w.r.s.Counters() {
		v := w.r.view(c)
		inGroup := map[border.ID]bool{}
		if v.Group != nil {
			for _, m := range v.Group.Members {
				if inGroup[m.ID] = true; m.Outcome == "" {
					seen[m.ID]++
				}
			}
		}
		if v.Encounter != nil && !inGroup[v.Encounter.ID] {
			seen[v.Encounter.ID]++
		}
		for _, q := range v.Queue {
			seen[q.ID]++
		}
		if i == 0 { // one list for the whole post
			for _, ref := range v.Referrals {
				seen[ref.ID]++
			}
		}
	}
	for id, open := range w.open {
		if n := seen[id]; open && n != 1 || !open && n != 0 {
			w.rt.Fatalf("step %d: encounter %s of person %d, open %v, is in %d places", w.n, id, w.owner[id], open, n)
		}
	}
	for id := range seen {
		if w.owner[id] == 0 {
			w.rt.Fatalf("nobody ever opened encounter %s", id)
		}
	}
}

// compare holds the journal to what was acknowledged.
func (w *walk) compare() {
	rt, r := w.rt, w.r
	ends, events := map[border.ID]int{}, map[string]int{}
	shifts := map[string]map[border.Count]int64{}
	for _, ev := range r.events() {
		h, err := ev.ReadHeader()
		if err != nil {
			rt.Fatal(err)
		}
		events[ev.Type]++
		switch ev.Type {
		case border.TypeCrossingRecorded:
			if want, ok := w.recorded[*h.Crossing]; !ok || string(want.Outcome) != h.Outcome || want.Key.Seq != 0 && want.Key != ev.Key {
				rt.Fatalf("the journal holds %s %s at %s, acknowledged was %+v", h.Crossing, h.Outcome, ev.Key, want)
			}
			ends[*h.Crossing]++
		case border.TypeEncounterAbandoned:
			ends[*h.Crossing]++
		}
		if h.Change != nil && ev.Type != border.TypeGroupClosed && !w.changes[*h.Change] {
			rt.Fatalf("%s was never acknowledged", ev.Type)
		}
		w.ownOnly(&ev, &h)
		if slices.Contains([]string{border.TypeCrossingRecorded, border.TypeCrossingCorrected, border.TypeStayExtended, border.TypeEncounterReferred,
			border.TypeEncounterTaken, border.TypeEncounterAbandoned}, ev.Type) {
			if h.Shift == "" {
				rt.Fatalf("a %s is of no shift: no report counts it", ev.Type)
			}
			if shifts[h.Shift] == nil {
				shifts[h.Shift] = map[border.Count]int64{}
			}
			shifts[h.Shift][border.Count{Type: ev.Type, Counter: h.Counter, Direction: h.Direction, Category: h.Category, Outcome: h.Outcome}]++
		}
	}
	for id, n := range ends {
		if n != 1 || w.open[id] {
			rt.Fatalf("encounter %s ends %d times, and is open: %v", id, n, w.open[id])
		}
	}
	for _, typ := range []string{border.TypeCrossingRecorded, border.TypeEncounterReferred, border.TypeEncounterTaken, border.TypeEncounterAbandoned,
		border.TypeCrossingCorrected, border.TypeStayExtended, border.TypeGroupClosed, border.TypeShiftClosed} {
		if events[typ] != w.events[typ] {
			rt.Fatalf("the journal holds %d of %s, acknowledged were %d", events[typ], typ, w.events[typ])
		}
	}
	if report, err := r.s.Shift(context.Background()); err == nil {
		w.reports = append(w.reports, report)
	}
	if len(shifts) > len(w.reports) {
		rt.Fatalf("%d shifts did something, %d have reports", len(shifts), len(w.reports))
	}
	for _, report := range w.reports {
		got := map[border.Count]int64{}
		for _, c := range report.Counts {
			n := c.N
			c.N = 0
			got[c] = n
		}
		want := shifts[report.ID]
		if want == nil {
			want = map[border.Count]int64{}
		}
		if d := gocmp.Diff(want, got); d != "" {
			rt.Fatalf("the shift's report (-journal +report): %s", d)
		}
	}
}

// ownOnly: an event about a person holds that person's marks and no others, in all its parts;
// one about none holds nobody's.
func (w *walk) ownOnly(ev *border.Event, h *border.Header) {
	owner := 0
	if h.Crossing != nil {
		owner = w.owner[*h.Crossing]
	}
	texts := []string{string(ev.Header)}
	for _, part := range []string{border.PartPersonal, border.PartProtection} {
		if plain, err := w.r.keys.Open(ev, part); err == nil {
			texts = append(texts, string(plain))
			var person border.Personal
			if part == border.PartPersonal && json.Unmarshal(plain, &person) == nil && person.DocumentNumber != "" && number(person.DocumentNumber) != owner {
				w.rt.Fatalf("a %s of person %d holds another's document", ev.Type, owner)
			}
		}
	}
	for i, text := range texts {
		for _, m := range marks.FindAllStringSubmatch(text, -1) {
			if m[1] != strconv.Itoa(owner) || i == 0 {
				w.rt.Fatalf("a %s of person %d holds a mark of person %s", ev.Type, owner, m[1])
			}
		}
	}
}
