package counter_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/counter"
	"garita/border/journal"
	"garita/border/manifest"
	"garita/border/seal"
)

// statistics is all that is counted of the past: open headers, days and the shift.
type statistics struct {
	Headers []string
	Days    map[string][]journal.Count
	Shift   counter.ShiftReport
}

func (r *rig) statistics(days ...string) statistics {
	r.t.Helper()
	s := statistics{Days: map[string][]journal.Count{}}
	for _, ev := range r.events() {
		s.Headers = append(s.Headers, string(ev.Header))
	}
	var err error
	for _, d := range days {
		s.Days[d], err = r.j.Counts(context.Background(), d)
		check(r.t, err)
		slices.SortFunc(s.Days[d], func(a, b journal.Count) int {
			return cmp.Or(cmp.Compare(a.Counter, b.Counter), cmp.Compare(a.Direction, b.Direction), cmp.Compare(a.Outcome, b.Outcome))
		})
	}
	s.Shift, err = r.s.Shift(context.Background())
	check(r.t, err)
	return s
}

// unreadable are pieces of the invented travellers and of what was said of them.
var unreadable = append([]string{"Hotel Utopia", "xyzzy", "RECEIPT-77", "NOSHOW", "1990-01-01"}, secrets...)

// After the key of a retention bucket is destroyed the statistics of its time are unchanged
// and no personal field of it can be read, while the work goes on.
func TestErasureLeavesStatistics(t *testing.T) {
	r := newRig(t)
	r.scan("1", foreign(1))
	d := r.decision("1", border.Admitted)
	d.Values = visitor
	r.decide(d)
	admitted := d.Encounter
	_, err := r.s.Correct(t.Context(), counter.Correction{At: at("1", "17"), Change: r.id(), Crossing: admitted, Reason: "typing", Values: map[string]string{"purpose": "business"}})
	check(t, err)
	r.scan("1", foreign(2))
	d = r.decision("1", border.Refused)
	d.Ground, d.Note = "no_visa", "xyzzy"
	r.decide(d)
	refused := d.Encounter
	r.scan("1", foreign(3))
	d = r.decision("1", border.HandedOver)
	check(t, r.s.Need(t.Context(), at("1", "17"), d.Encounter, border.AsksProtection, "xyzzy"))
	d.HandedTo, d.Receipt = "asylum", "RECEIPT-77"
	r.decide(d)
	check(t, onlyError(r.s.OpenGroup(t.Context(), at("2", "17"), "bus")))
	check(t, r.s.List(t.Context(), at("2", "17"), &manifest.List{People: []manifest.Person{{Surname: "NOSHOW", BirthDate: "1990-01-01"}}}))
	check(t, r.s.CloseGroup(t.Context(), at("2", "17")))
	r.scan("3", foreign(4))
	check(t, r.s.Refer(t.Context(), counter.Referral{At: at("3", "17"), Encounter: r.view("3").Encounter.ID, Reason: "document", Note: "xyzzy"}))
	old := len(r.events())
	last := r.view("1").Last
	if last.Surname != "UTOPIAN" {
		t.Fatalf("counter 1 shows %+v", last)
	}

	r.wall.pass(31 * 24 * time.Hour) // the next month, and bucket
	r.scan("2", foreign(5))
	d = r.decision("2", border.Admitted)
	d.Values = visitor
	r.decide(d)
	before := r.statistics("2026-11-02", "2026-12-03")
	if readable := r.readable(); readable != len(before.Headers)-r.bare() {
		t.Fatalf("%d events of %d can be read before", readable, len(before.Headers))
	}

	if n, err := r.keys.Destroy(t.Context(), "2026-11"); err != nil || n == 0 {
		t.Fatal(n, err)
	}
	if diff := gocmp.Diff(before, r.statistics("2026-11-02", "2026-12-03")); diff != "" {
		t.Errorf("the statistics have changed: %s", diff)
	}
	for i, ev := range r.events() {
		for _, part := range []string{border.PartPersonal, border.PartProtection} {
			_, err := r.keys.Open(&ev, part)
			if i < old && err == nil || i < old && !errors.Is(err, seal.ErrNoKey) && border.CodeOf(err) != border.NotFound {
				t.Errorf("the %s part of an erased %s: %v", part, ev.Type, err)
			}
		}
	}
	if readable := r.readable(); readable != 1 {
		t.Errorf("%d events can be read, want the one of the new month", readable)
	}
	if found := r.inFiles(unreadable...); found != nil {
		t.Errorf("on the disk: %v", found)
	}

	// The screens work on.
	r.scan("3", foreign(1))
	h := r.view("3").Encounter
	if len(h.History.Stays) != 1 || h.History.Stays[0].Entry.Crossing != admitted || h.History.Stays[0].Entry.Purpose != "business" {
		t.Errorf("the history shows %s", toJSON(t, h.History))
	}
	if h.Record.Values["address"] != "" {
		t.Errorf("an erased answer is proposed again: %q", h.Record.Values["address"])
	}
	_, err = r.s.Notice(t.Context(), refused)
	wantCode(t, err, border.Conflict)
	_, err = r.s.Correct(t.Context(), counter.Correction{At: at("1", "17"), Change: r.id(), Crossing: admitted, Reason: "typing", Agreement: seconded("18"), Values: map[string]string{"purpose": "holiday"}})
	wantCode(t, err, border.Conflict)
	_, err = r.s.Extend(t.Context(), counter.Extension{At: at("1", "17"), Change: r.id(), Crossing: admitted, Until: "2027-03-01", Reason: "health"})
	check(t, err) // an open header is enough

	r.restart()
	v := r.view("1")
	if v.Last == nil || v.Last.Crossing != last.Crossing || v.Last.Surname != "" || v.Last.Outcome != border.HandedOver {
		t.Errorf("counter 1 shows %+v", v.Last)
	}
	if len(v.Referrals) != 0 { // its draft lay under the same key
		t.Errorf("the post's list shows %+v", v.Referrals)
	}
	if found := holds(toJSON(t, v), unreadable); found != nil {
		t.Errorf("the screen shows %v", found)
	}
	if got := r.view("2").Last; got == nil || got.Surname != "UTOPIAN" {
		t.Errorf("counter 2 shows %+v, of the month that is kept", got)
	}
	r.scan("1", foreign(9))
	d = r.decision("1", border.Admitted)
	d.Values = visitor
	r.decide(d)
}

// id makes an id for a correction or an extension.
func (r *rig) id() border.ID {
	r.t.Helper()
	id, err := border.NewIDs(r.clock, r.rand).New()
	check(r.t, err)
	return id
}

// readable counts the events whose personal part opens and says something.
func (r *rig) readable() (n int) {
	r.t.Helper()
	for _, ev := range r.events() {
		plain, err := r.keys.Open(&ev, border.PartPersonal)
		var person border.Personal
		if err == nil && json.Unmarshal(plain, &person) == nil {
			n++
		}
	}
	return n
}

// bare counts the events that have no personal part: openings, shifts, counters taken.
func (r *rig) bare() (n int) {
	r.t.Helper()
	for _, ev := range r.events() {
		if len(ev.Parts) == 0 {
			n++
		}
	}
	return n
}
