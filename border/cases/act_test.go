package cases

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"garita/border"
	"garita/border/watch"
)

// Every state and everything that could be done in it: where it leads, or why not.
func TestEveryTransition(t *testing.T) {
	states := []State{Possible, UnderReview, OwnerAsked, Confirmed, NotThisPerson, Expired}
	want := map[Do]string{ // in the order of states; . not allowed, = stays
		Take:        "U==...",
		Assign:      "U==...",
		Note:        "======",
		AskOwner:    ".O....",
		Answer:      "..U...",
		Confirm:     "..C...",
		Dismiss:     ".NN...",
		Countersign: ".nn...",
		Decline:     ".==...",
		Expire:      "EEE...",
		Reopen:      "...UUU",
	}
	if len(want) != len(Dos) {
		t.Fatal("something can be done that this table does not know")
	}
	letters := map[byte]State{'U': UnderReview, 'O': OwnerAsked, 'C': Confirmed, 'N': NotThisPerson, 'E': Expired}
	for do, row := range want {
		for i, from := range states {
			for _, highRisk := range []bool{false, true} {
				for _, proposed := range []string{"", "one", "other"} {
					s := standing{from, highRisk, proposed}
					got, err := s.after(do, "one")
					code := border.CodeOf(err)
					name := fmt.Sprintf("%s in %+v", do, s)
					switch c := row[i]; {
					case c == '.':
						if code != border.Conflict || got != s {
							t.Errorf("%s: %+v %v", name, got, err)
						}
						continue
					case (do == Countersign || do == Decline) && proposed == "":
						if code != border.Conflict {
							t.Errorf("%s: %+v %v", name, got, err)
						}
						continue
					case do == Countersign && proposed == "one":
						if code != border.Forbidden {
							t.Errorf("%s: %+v %v", name, got, err)
						}
						continue
					case err != nil:
						t.Errorf("%s: %v", name, err)
					case do == Dismiss && highRisk:
						if got.state != from || got.proposedBy != "one" {
							t.Errorf("%s: %+v", name, got)
						}
					case c == '=' && got.state != from, c == 'n' && got.state != NotThisPerson, letters[c] != "" && got.state != letters[c]:
						t.Errorf("%s: %+v", name, got)
					}
				}
			}
		}
	}
}

// closed are the ways to every state from a new case.
var ways = map[State][]Do{Possible: nil, UnderReview: {Take}, OwnerAsked: {Take, AskOwner}, Confirmed: {Take, AskOwner, Confirm},
	NotThisPerson: {Take, Dismiss}, Expired: {Expire}}

// What is refused leaves no trace.
func TestRefusedActions(t *testing.T) {
	w := newWorld(t)
	w.put(entry("1", anna, watch.Open))
	w.book("PUT-1").pass(anna, passing{hits: []string{"court/1"}})
	w.step()
	c := w.only()
	for _, x := range []struct {
		name string
		a    Action
		code border.Code
	}{
		{"nobody", Action{Do: Take}, border.Invalid},
		{"blanks", Action{Do: Take, By: "  "}, border.Invalid},
		{"nothing", Action{By: "B1"}, border.Invalid},
		{"unknown", Action{Do: "delete", By: "B1"}, border.Invalid},
		{"to nobody", Action{Do: Assign, By: "B1"}, border.Invalid},
		{"to somebody", Action{Do: Take, By: "B1", To: "B2"}, border.Invalid},
		{"without words", Action{Do: Expire, By: "B1"}, border.Invalid},
		{"too many words", Action{Do: Note, By: "B1", Note: strings.Repeat("x", noteMax+1)}, border.Invalid},
		{"too long a badge", Action{Do: Take, By: strings.Repeat("9", badgeMax+1)}, border.Invalid},
		{"another case", Action{Do: Take, By: "B1", Case: newID()}, border.NotFound},
		{"another version", Action{Do: Take, By: "B1", Version: c.Version + 1}, border.Conflict},
		{"not from here", Action{Do: AskOwner, By: "B1"}, border.Conflict},
	} {
		if x.a.Case.IsZero() {
			x.a.Case = c.ID
		}
		if x.a.Version == 0 {
			x.a.Version = c.Version
		}
		if _, err := w.cases.Act(t.Context(), x.a); border.CodeOf(err) != x.code {
			t.Errorf("%s: %v", x.name, err)
		}
	}
	if after := w.only(); after.Version != c.Version || len(after.History) != 1 {
		t.Errorf("%+v", after)
	}
	a := Action{Case: c.ID, Version: c.Version, Do: Take, By: "B1"}
	if _, err := w.cases.Act(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	a.By = "B2"
	if _, err := w.cases.Act(t.Context(), a); border.CodeOf(err) != border.Conflict {
		t.Errorf("two officers took the same version: %v", err)
	}
}

// "Not this person" of a high-risk entry needs two, also if the risk was raised later.
func TestSecondPerson(t *testing.T) {
	for _, later := range []bool{false, true} {
		w := newWorld(t)
		e := entry("1", anna, watch.Silent) // whose risk the list in force does not tell
		e.HighRisk = !later
		w.put(e)
		w.book("PUT-1").pass(anna, passing{hits: []string{"court/1"}})
		w.step()
		id := w.only().ID
		if later {
			risky := entry("1", anna, watch.Silent)
			risky.HighRisk = true
			w.put(risky)
		}
		w.act(id, Take, "B1")
		if s := w.act(id, Dismiss, "B1"); s.State != UnderReview || !s.SecondPerson {
			t.Fatalf("%+v", s)
		}
		if _, err := w.try(id, Countersign, "B1"); border.CodeOf(err) != border.Forbidden {
			t.Errorf("the same person was the second one: %v", err)
		}
		if _, err := w.try(id, Countersign, " b 1"); border.CodeOf(err) != border.Forbidden {
			t.Errorf("blanks and a small letter made another person: %v", err)
		}
		if n, err := w.cases.Counts(t.Context()); err != nil || n.SecondPerson != 1 {
			t.Errorf("%+v %v", n, err)
		}
		w.act(id, Note, "B3")
		if s := w.act(id, Decline, "B2"); s.State != UnderReview || s.SecondPerson {
			t.Errorf("%+v", s)
		}
		w.act(id, Dismiss, "B2")
		if s := w.act(id, Countersign, "B1"); s.State != NotThisPerson || s.SecondPerson {
			t.Errorf("%+v", s)
		}
		w.step()
		if len(w.keeper.remembered) != 1 {
			t.Error("nothing is remembered")
		}
	}
}

// The history says who did what, in which words; nobody changes it.
func TestHistory(t *testing.T) {
	w := newWorld(t)
	w.put(entry("1", anna, watch.Open))
	w.book("PUT-1").pass(anna, passing{hits: []string{"court/1"}})
	w.step()
	id := w.only().ID
	w.act(id, Assign, "B1")
	w.clock.add(time.Minute)
	w.act(id, Note, "B9")
	c := w.only()
	if c.Assignee != "B9" || c.State != UnderReview {
		t.Errorf("%+v", c.Summary)
	}
	last, first := c.History[0], c.History[1]
	if last.Did != "note" || last.Who != "B9" || last.Note == "" || !last.At.Equal(w.clock.Now()) || first.To != "B9" || first.Who != "B1" || first.From != Possible || first.State != UnderReview {
		t.Errorf("%+v", c.History)
	}
	for _, q := range []string{`UPDATE step SET who = 'x'`, `DELETE FROM step`} {
		if _, err := w.cases.store.db.Exec(q); err == nil {
			t.Errorf("%s was done", q)
		}
	}
	if mine, n, err := w.cases.Inbox(t.Context(), Filter{Assignee: "B9"}, 0, 0); err != nil || n != 1 || len(mine) != 1 {
		t.Errorf("%v %d %v", mine, n, err)
	}
	for _, f := range []Filter{{Assignee: "B1"}, {Assignee: "-"}, {State: Possible}, {Handling: watch.Silent}, {Source: "un"}, {Late: true}, {Overdue: true}, {Post: "PUX"}, {Alerted: true},
		{Second: true}, {Closed: true}} {
		if all, n, err := w.cases.Inbox(t.Context(), f, 0, 0); err != nil || n != 0 || len(all) != 0 {
			t.Errorf("%+v: %v %d %v", f, all, n, err)
		}
	}
}

// Times run by the injected clock; what nobody answers expires at last.
func TestOverdue(t *testing.T) {
	w := newWorld(t)
	urgent := entry("2", bruno, watch.Refer)
	urgent.Urgent = true
	w.put(entry("1", anna, watch.Open), urgent)
	w.book("PUT-1").pass(anna, passing{hits: []string{"court/1"}})
	w.book("PUT-1").pass(bruno, passing{hits: []string{"court/2"}})
	w.step()
	overdue := func(want int) {
		t.Helper()
		n, err := w.cases.Counts(t.Context())
		w.must(err)
		list, total, err := w.cases.Inbox(t.Context(), Filter{Overdue: true}, 0, 0)
		w.must(err)
		if n.Overdue != want || total != want || len(list) != want {
			t.Errorf("%d, %d and %d are overdue, not %d", n.Overdue, total, len(list), want)
		}
	}
	all, _, err := w.cases.Inbox(t.Context(), Filter{}, 0, 0)
	w.must(err)
	if all[0].Entry != "court/2" {
		t.Error("the urgent case is not the first")
	}
	first := all[1].ID
	overdue(0)
	w.clock.add(15 * time.Minute)
	overdue(1)
	w.clock.add(45 * time.Minute)
	overdue(2)
	w.act(first, Take, "B1")
	overdue(1)
	w.act(first, AskOwner, "B1")
	w.clock.add(8 * 24 * time.Hour)
	overdue(2)
	w.step()
	if w.open1(first).State != OwnerAsked {
		t.Error("expired too early")
	}
	w.clock.add(90 * 24 * time.Hour)
	w.step()
	if c := w.open1(first); c.State != Expired || c.History[0].Did != didExpire || c.History[0].Who != "" || c.Overdue {
		t.Errorf("%+v", c.Summary)
	}
	if c := w.open1(all[0].ID); c.State != Possible {
		t.Error("a case that nobody has looked at expired by itself")
	}
}

// A model of one case: whatever officers do, in whatever order, it is in the state that the
// rules say, its history is whole, and what the list remembers is what the state says.
func TestModel(t *testing.T) {
	w := newWorld(t)
	risky := entry("2", bruno, watch.Refer)
	risky.HighRisk = true
	w.put(entry("1", anna, watch.Open), risky)
	b := w.book("PUT-1")
	rapid.Check(t, func(r *rapid.T) {
		who, hit := anna, "court/1"
		highRisk := rapid.Bool().Draw(r, "high risk")
		if highRisk {
			who, hit = bruno, "court/2"
		}
		who.number = fmt.Sprintf("M%07d", b.events[len(b.events)-1].Key.Seq)
		who.born = ""
		b.pass(who, passing{hits: []string{hit}})
		w.step()
		all, _, err := w.cases.Inbox(t.Context(), Filter{State: Possible}, 0, 0)
		w.must(err)
		if len(all) != 1 {
			r.Fatalf("%d new cases", len(all))
		}
		id := all[0].ID
		state, proposed, version := Possible, "", all[0].Version
		var did []string
		for range rapid.IntRange(0, 8).Draw(r, "actions") {
			do := rapid.SampledFrom(Dos[:]).Draw(r, "do")
			by := rapid.SampledFrom([]string{"B1", "B2"}).Draw(r, "by")
			stale := rapid.IntRange(0, 9).Draw(r, "stale") == 0
			a := Action{Case: id, Version: version, Do: do, By: by, Note: "words"}
			if do == Assign {
				a.To = "B3"
			}
			if stale {
				a.Version--
			}
			s, err := w.cases.Act(t.Context(), a)
			// The rules once more, in other words.
			open := state == Possible || state == UnderReview || state == OwnerAsked
			want, ok, code := state, true, border.Conflict
			next := ""
			switch do {
			case Note:
				next = proposed
			case Take, Assign:
				if ok = open; state == Possible {
					want = UnderReview
				}
				next = proposed
			case AskOwner:
				ok, want = state == UnderReview, OwnerAsked
			case Answer:
				ok, want = state == OwnerAsked, UnderReview
			case Confirm:
				ok, want = state == OwnerAsked, Confirmed
			case Dismiss:
				if ok, want = state == UnderReview || state == OwnerAsked, NotThisPerson; ok && highRisk {
					want, next = state, by
				}
			case Countersign:
				if ok, want = proposed != "", NotThisPerson; ok && proposed == by {
					ok, code = false, border.Forbidden
				}
			case Decline:
				ok = proposed != ""
			case Expire:
				ok, want = open, Expired
			case Reopen:
				ok, want = !open, UnderReview
			}
			if stale {
				ok, code = false, border.Conflict
			}
			if !ok {
				if border.CodeOf(err) != code {
					r.Fatalf("%s by %s in %s: %v", do, by, state, err)
				}
				continue
			}
			if err != nil || s.State != want || s.Version <= version || s.SecondPerson != (next != "") {
				r.Fatalf("%s by %s in %s leads to %+v: %v", do, by, state, s, err)
			}
			state, proposed, version = want, next, s.Version
			name := string(do)
			if do == Dismiss && next != "" {
				name = didCountersign
			}
			did = append(did, name)
			if rapid.IntRange(0, 3).Draw(r, "teach") == 0 {
				w.step()
				version = w.open1(id).Version
			}
		}
		w.step()
		c := w.open1(id)
		if c.State != state {
			r.Fatalf("%s, not %s", c.State, state)
		}
		var officers []string
		for _, s := range slices.Backward(c.History) {
			if s.Who != "" {
				officers = append(officers, s.Did)
			}
		}
		if !slices.Equal(officers, did) {
			r.Fatalf("history %v, done %v", officers, did)
		}
		document := w.blinder.Document("UTO", who.number)
		list, _ := w.keeper.current()
		if list.Remembered(document, watch.Key{Source: "court", ID: hit[6:]}) != (state == NotThisPerson) {
			r.Fatalf("in %s the list remembers otherwise", state)
		}
		if c.State.Open() { // out of the way of the next
			if c.State == Possible {
				w.act(id, Take, "B1")
			}
			w.act(id, Expire, "B1")
		}
	})
}
