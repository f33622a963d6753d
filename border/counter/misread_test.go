package counter_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"garita/border"
	"garita/border/counter"
	"garita/border/verdict"
	"garita/border/watch/document"
)

// misread is passport(1) as a reader gives it that takes the first 0 of the number for an O.
func misread() []string {
	lines := passport(1)
	lines[1] = strings.Replace(lines[1], "U00000001", "UO0000001", 1)
	return lines
}

// filtered is a list with documents in its filter, and their digests.
func filtered(t testing.TB, numbers ...string) (counter.List, []border.BlindIndex) {
	t.Helper()
	l := persons(t)
	key, err := document.DeriveKey(bytes.Repeat([]byte{3}, 32), "national", border.Epoch{1})
	check(t, err)
	var hashes []uint64
	var digests []border.BlindIndex
	for _, n := range numbers {
		d, _ := key.Hash("UTO", 'P', n)
		hashes, digests = append(hashes, d.Lo), append(digests, d.Bytes())
	}
	f, err := document.Build(border.Epoch{1}, hashes)
	check(t, err)
	l.Documents, err = document.NewSet(key, f, nil)
	check(t, err)
	return l, digests
}

// A misread character whose check digit gives it away hides no listed document, neither from the
// entries nor from the filter.
func TestMisreadNumber(t *testing.T) {
	f, _ := filtered(t, "U00000001")
	for name, l := range map[string]counter.List{"entry": list(t, "sample", "7,,,,,U00000001,UTO,open"), "filter": f} {
		r := newRig(t, func(r *rig) { r.lists = []counter.List{l} })
		r.scan("1", misread())
		if x := r.result("1", verdict.DocumentList); x.Outcome != verdict.Hit {
			t.Errorf("%s: %+v", name, x)
		}
	}
}

// The long number of a card has its digit in the optional data.
func TestMisreadLongNumber(t *testing.T) {
	number := "D23145890734"
	first := "I<UTO" + number[:9] + "<" + number[9:] + digit(number) + strings.Repeat("<", 11)
	second := "7408122F3204159UTO" + strings.Repeat("<", 11)
	second += digit(first[5:30] + second[0:7] + second[8:15] + second[18:29])
	lines := []string{strings.Replace(first, "D231", "O231", 1), second, fill("UTOPIAN<<FRANKOWA", 30)}
	r := newRig(t, func(r *rig) { r.lists = []counter.List{list(t, "sample", "7,,,,,"+number+",UTO,open")} })
	r.scan("1", lines)
	if x := r.result("1", verdict.DocumentList); x.Outcome != verdict.Hit {
		t.Errorf("%+v, document %+v", x, r.view("1").Encounter.Document)
	}
}

// The kind of a keyed document is a word of the country's form, and no type that a list knows.
func TestListedKeyedDocument(t *testing.T) {
	l, _ := filtered(t, "U00000001")
	for _, kind := range []string{"passport", "diplomatic_passport", "refugee_travel_document"} {
		r := newRig(t, func(r *rig) { r.lists = []counter.List{l} })
		_, err := r.s.Open(t.Context(), counter.Opening{At: counter.At{Counter: "1", Officer: "17"}, Identity: border.IdentityKeyed,
			Particulars: counter.Particulars{Kind: kind, DocumentNumber: "U00000001", IssuingState: "UTO", Surname: "UTOPIAN", GivenNames: "FRANKOWA"}})
		check(t, err)
		if x := r.result("1", verdict.DocumentList); x.Outcome != verdict.Hit {
			t.Errorf("%s: %+v", kind, x)
		}
	}
}

// Of two documents in the filter each is asked about: that the hub takes one back says nothing
// of the other.
func TestTwoListedDocuments(t *testing.T) {
	l, digests := filtered(t, "U00000001", "U00000002")
	r := newRig(t, func(r *rig) { r.lists = []counter.List{l} })
	r.hub.connect(true)
	r.hub.answer = func(_ context.Context, q border.DocumentQuestion) (border.DocumentAnswer, error) {
		known := map[border.BlindIndex]bool{}
		for _, d := range q.Listed {
			known[d] = d == digests[1]
		}
		return border.DocumentAnswer{Listed: known}, nil
	}
	r.scan("1", passport(1))
	r.wait("the first document's answer", func() bool { return r.result("1", verdict.DocumentList).Outcome == verdict.Clear })
	r.scan("1", passport(2))
	check(t, r.s.Join(t.Context(), counter.At{Counter: "1", Officer: "17"}, r.view("1").Encounter.ID, r.view("1").Queue[0].ID))
	r.wait("the second document's answer", func() bool { return r.result("1", verdict.HistoryElsewhere).Outcome != verdict.NotChecked })
	if x := r.result("1", verdict.DocumentList); x.Outcome != verdict.Hit || x.Reason != verdict.ReasonListed {
		t.Errorf("%+v", x)
	}
}

// A list that does not open, or not all of it, leaves the check not made, however old the others are.
func TestNotAllListsOpen(t *testing.T) {
	old := persons(t)
	old.ValidUntil = old.Issued.Add(time.Hour)
	damaged := persons(t)
	damaged.Name, damaged.DocumentsDamaged = "other", true
	for name, c := range map[string]struct {
		lists          []counter.List
		document, name verdict.Result
	}{
		"damaged after an old one":  {[]counter.List{old, damaged}, verdict.Result{Outcome: verdict.NotChecked, Reason: verdict.ReasonFailed}, verdict.Result{Outcome: verdict.Stale}},
		"damaged before an old one": {[]counter.List{damaged, old}, verdict.Result{Outcome: verdict.NotChecked, Reason: verdict.ReasonFailed}, verdict.Result{Outcome: verdict.Stale}},
		"one is missing": {[]counter.List{persons(t), {Name: "other", Missing: true}}, verdict.Result{Outcome: verdict.NotChecked, Reason: verdict.ReasonNoList},
			verdict.Result{Outcome: verdict.NotChecked, Reason: verdict.ReasonNoList}},
	} {
		r := newRig(t, func(r *rig) { r.lists = c.lists })
		r.scan("1", passport(1))
		for k, want := range map[verdict.Check]verdict.Result{verdict.DocumentList: c.document, verdict.NameList: c.name} {
			if x := r.result("1", k); x.Outcome != want.Outcome || x.Reason != want.Reason {
				t.Errorf("%s: %+v", name, x)
			}
		}
		r.decide(r.decision("1", border.Admitted))
	}
}

// Who is listed while the document lies on the counter is a hit before the decision, which names
// the verdict from before.
func TestListChangesBeforeTheDecision(t *testing.T) {
	r := newRig(t, func(r *rig) {
		r.lists = []counter.List{list(t, "sample", "7,,,,,X00000001,UTO,open")}
	})
	at := counter.At{Counter: "1", Officer: "17"}
	r.scan("1", passport(1))
	before := r.decision("1", border.Admitted)
	l := list(t, "sample", "7,,,,,U00000001,UTO,open")
	l.Version = "2"
	r.lists = []counter.List{l}
	r.s.Refresh()
	if x := r.result("1", verdict.DocumentList); x.Outcome != verdict.Hit {
		t.Errorf("%+v", x)
	}
	_, err := r.s.Decide(t.Context(), before)
	wantCode(t, err, border.Stale)
	revision := r.view("1").Encounter.Verdict.Revision
	r.s.Refresh()
	if r.view("1").Encounter.Verdict.Revision != revision {
		t.Error("it is checked over and over")
	}
	rec := r.decide(r.decision("1", border.Admitted))
	if _, h := r.event(rec.Crossing); len(h.Lists) != 1 || h.Lists[0].Version != "2" {
		t.Errorf("the record names %+v", h.Lists)
	}
	_, err = r.s.OpenGroup(t.Context(), at, "family")
	check(t, err)
	r.scan("1", passport(2))
	r.scan("1", passport(3))
	l = list(t, "sample", "7,,,,,U00000003,UTO,open")
	l.Version = "3"
	r.lists = []counter.List{l}
	r.s.Refresh()
	if g := r.view("1").Group; len(g.Members) != 2 || g.Members[0].Level == verdict.Refer || g.Members[1].Level != verdict.Refer {
		t.Errorf("the group: %+v", g.Members)
	}
}
