package counter_test

import (
	"context"
	"testing"
	"time"

	"garita/border"
	"garita/border/counter"
)

// A visitor who comes back after leaving is asked the purpose and nothing that the last entry
// said: the exit between them asked less and must not hide it.
func TestReturningVisitorIsAskedThePurposeOnly(t *testing.T) {
	r := newRig(t)
	ctx := context.Background()
	cross := func(direction string, o border.Outcome, values map[string]string) {
		t.Helper()
		check(t, r.s.SetDirection(ctx, "1", direction, "17"))
		r.scan("1", foreign(7))
		d := r.decision("1", o)
		d.Values = values
		r.decide(d)
		r.wall.pass(time.Hour)
	}
	cross(border.Entry, border.Admitted, visitor)
	cross(border.Exit, border.Departed, nil)
	check(t, r.s.SetDirection(ctx, "1", border.Entry, "17"))
	r.scan("1", foreign(7))
	record := r.view("1").Encounter.Record
	if len(record.Problems) != 1 || record.Problems[0].Field != "purpose" {
		t.Errorf("asked again: %+v", record.Problems)
	}
	if record.Values["address"] != "Hotel Utopia" || record.Origins["address"] != "known" {
		t.Errorf("address from %q", record.Origins["address"])
	}
}

// Standing shows a crossing as it stands after corrections, and who may correct it alone.
func TestStanding(t *testing.T) {
	r := newRig(t)
	ctx := context.Background()
	r.scan("1", foreign(7))
	d := r.decision("1", border.Admitted)
	d.Values = visitor
	id := r.decide(d).Crossing
	look := func(officer string) counter.Standing {
		t.Helper()
		st, err := r.s.Standing(ctx, id, officer)
		check(t, err)
		return st
	}
	st := look("17")
	if !st.Alone || st.Outcome != border.Admitted || st.Direction != border.Entry || st.Document.Surname != "UTOPIAN" || st.Values["purpose"] != "holiday" || st.Values["address"] != "Hotel Utopia" {
		t.Errorf("at first: %+v", st)
	}
	fields := map[string]bool{}
	for _, f := range st.Fields {
		fields[f.Name] = true
	}
	if !fields["purpose"] || !fields["address"] {
		t.Errorf("fields %v", fields)
	}
	if look("18").Alone {
		t.Error("another officer may correct alone")
	}
	change := id
	change[15] ^= 1
	_, err := r.s.Correct(ctx, counter.Correction{At: counter.At{Counter: "1", Officer: "17"}, Change: change, Crossing: id, Reason: "typing",
		Values: map[string]string{"purpose": "business"}})
	check(t, err)
	if st = look("17"); st.Values["purpose"] != "business" {
		t.Errorf("after a correction: purpose %q", st.Values["purpose"])
	}
	r.wall.pass(11 * time.Minute)
	if look("17").Alone {
		t.Error("an old mistake may be corrected alone")
	}
	_, err = r.s.Standing(ctx, change, "17")
	wantCode(t, err, border.NotFound)
	_, err = r.s.Standing(ctx, id, "9999")
	wantCode(t, err, border.Forbidden)
}
