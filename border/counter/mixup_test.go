package counter_test

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/counter"
	"garita/border/manifest"
)

// printed is the passport of an invented traveller of any nationality, with a birth date.
func printed(n int, state, surname, birth string) []string {
	lines := passportOf(n, surname, "FRANKOWA", "320415")
	data := lines[1][:10] + state + birth + digit(birth) + lines[1][20:43]
	return []string{strings.Replace(lines[0], "P<UTO", "P<"+state, 1), data + digit(data[0:10]+data[13:20]+data[21:43])}
}

// other makes the id of a change from that of a crossing.
func other(id border.ID, n byte) border.ID { id[15] ^= n; return id }

// admit takes a visitor through the counter.
func (r *rig) admit(c border.CounterID, lines []string, values map[string]string) border.ID {
	r.t.Helper()
	r.scan(c, lines)
	d := r.decision(c, border.Admitted)
	d.Values = values
	id := r.decide(d).Crossing
	r.wall.pass(time.Minute)
	return id
}

// Whoever has a second document of this country is its national, whatever was shown first.
func TestSecondNationality(t *testing.T) {
	r := newRig(t)
	r.scan("1", foreign(1))
	d := r.decision("1", border.Refused)
	d.Ground = "means"
	check(t, r.s.Attach(t.Context(), at("1", "17"), d.Encounter, counter.Particulars{Kind: "identity_card", DocumentNumber: "I1",
		IssuingState: "UTO", Nationality: "UTO"}))
	if r.view("1").Encounter.Refusable {
		t.Error("the screen offers a refusal")
	}
	d.Revision = r.view("1").Encounter.Verdict.Revision
	wantCode(t, onlyError(r.s.Decide(t.Context(), d)), border.Conflict)
	d.Outcome, d.Ground, d.Second, d.Values = border.Admitted, "", "", visitor
	r.decide(d)
	wantCode(t, onlyError(r.s.Correct(t.Context(), counter.Correction{At: at("1", "17"), Change: other(d.Encounter, 1), Crossing: d.Encounter,
		Reason: "outcome", Agreement: seconded("50"), Outcome: border.Refused, Ground: "means"})), border.Conflict)
}

// Needs that were noted and lifted stay on record though the encounter is abandoned.
func TestLiftedNeedsOutliveTheEncounter(t *testing.T) {
	r := newRig(t)
	r.scan("1", foreign(1))
	id := r.view("1").Encounter.ID
	check(t, r.s.Need(t.Context(), at("1", "17"), id, border.AsksProtection, "xyzzy"))
	check(t, r.s.LiftNeeds(t.Context(), lifting(at("1", "17"), id, "50", "frobozz")))
	check(t, r.s.Abandon(t.Context(), at("1", "17"), id, "left", ""))
	events := r.events()
	plain, err := r.keys.Open(&events[len(events)-1], border.PartProtection)
	check(t, err)
	var p border.Protection
	check(t, json.Unmarshal(plain, &p))
	if len(p.Needs) != 1 || p.Needs[0].Reason != "xyzzy" || p.Needs[0].LiftedBy != "50" {
		t.Errorf("on record: %+v", p)
	}
}

// A waiting traveller of whom more is noted than a document is not joined to another.
func TestJoinSwallowsNoNeed(t *testing.T) {
	r := newRig(t)
	r.scan("1", foreign(1))
	id := r.view("1").Encounter.ID
	check(t, r.s.Need(t.Context(), at("1", "17"), id, border.AsksProtection, "xyzzy"))
	r.restart()
	r.scan("1", foreign(2))
	check(t, r.s.CallUp(t.Context(), "1", r.view("1").Queue[1].ID, "17"))
	now := r.view("1").Encounter.ID
	wantCode(t, r.s.Join(t.Context(), at("1", "17"), now, id), border.Conflict)
	r.scan("1", foreign(3)) // whoever answers for one person when another is on the screen by now joins nobody
	wantCode(t, r.s.Join(t.Context(), at("1", "17"), other(now, 9), r.view("1").Queue[1].ID), border.Conflict)
	if v := r.view("1"); len(v.Queue) != 2 || len(v.Encounter.Documents) != 0 {
		t.Error("a document was joined to another person")
	}
	check(t, r.s.Abandon(t.Context(), at("1", "17"), r.view("1").Queue[1].ID, "left", ""))
	if v := r.view("1"); len(v.Queue) != 1 || v.Queue[0].ID != id || len(v.Encounter.Documents) != 0 {
		t.Error("the waiting traveller is gone")
	}
}

// What is known of a namesake is taken over for nobody who is known by an own document, nor
// for somebody of another nationality.
func TestNamesakesAnswersStayTheirs(t *testing.T) {
	r := newRig(t)
	addressed := func(a string) map[string]string {
		return map[string]string{"purpose": "holiday", "residence": "FRA", "intended_days": "7", "address": a}
	}
	shows := func(lines []string, want string) {
		t.Helper()
		r.scan("1", lines)
		v := r.view("1").Encounter
		if v.Record.Values["address"] != want || len(v.History.SamePerson) == 0 {
			t.Errorf("address %q, want %q; the same person perhaps: %d", v.Record.Values["address"], want, len(v.History.SamePerson))
		}
		check(t, r.s.Abandon(t.Context(), at("1", "17"), v.ID, "test", ""))
	}
	r.admit("1", foreign(1), addressed("Old Street"))
	shows(foreign(2), "Old Street") // a new passport, perhaps
	r.admit("1", foreign(2), addressed("New Street"))
	shows(foreign(1), "Old Street")
	shows(printed(3, "QSY", "UTOPIAN", "740812"), "")
}

// A crossing that was another person's, as a correction says, is not in the first one's history.
func TestCorrectedToAnotherPerson(t *testing.T) {
	r := newRig(t)
	id := r.admit("1", foreign(1), visitor)
	check(t, onlyError(r.s.Correct(t.Context(), counter.Correction{At: at("1", "17"), Change: other(id, 1), Crossing: id, Reason: "person",
		Particulars: &counter.Particulars{Kind: "passport", DocumentNumber: "X999", IssuingState: "QSY", Surname: "OTHER", Nationality: "QSY", BirthDate: "1990-01-01"}})))
	r.scan("1", foreign(1))
	if v := r.view("1").Encounter; len(v.History.Stays) != 0 || v.Record.Values["address"] != "" {
		t.Errorf("the history holds another's: %+v, address %q", v.History.Stays, v.Record.Values["address"])
	}
}

// Who came is no no-show: neither whose document on the list was shown second, nor who was
// referred, nor after a restart.
func TestWhoCameIsNoNoShow(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	check(t, onlyError(r.s.OpenGroup(ctx, at("1", "17"), "bus")))
	people := []manifest.Person{{Surname: "REFERRED", GivenNames: "FRANKOWA", BirthDate: "1974-08-12"}, {Surname: "KEYED", DocumentNumber: "K1", DocumentIssuer: "QRU"}, {Surname: "ABSENT"}}
	check(t, r.s.List(ctx, at("1", "17"), &manifest.List{People: people}))
	r.scan("1", printed(1, "QRU", "REFERRED", "740812"))
	check(t, r.s.Refer(ctx, counter.Referral{At: at("1", "17"), Encounter: r.view("1").Group.Members[0].ID, Reason: "document"}))
	id, err := r.s.Open(ctx, counter.Opening{At: at("1", "17"), Identity: border.IdentityDeclared, Particulars: counter.Particulars{Surname: "SPELT OTHERWISE", BirthDate: "1980-XX-XX"}})
	check(t, err)
	check(t, r.s.Attach(ctx, at("1", "17"), id, counter.Particulars{Kind: "passport", Surname: "KEYEDD", DocumentNumber: "K1", IssuingState: "QRU", Nationality: "QRU"}))
	states := func() (s string) {
		for _, l := range r.view("1").Group.Listed {
			s += l.State + " "
		}
		return s
	}
	if got := states(); got != "here here expected " {
		t.Errorf("the list says %s", got)
	}
	check(t, r.s.List(ctx, at("1", "17"), &manifest.List{People: people}))
	r.restart()
	if got := states(); got != "here here expected " {
		t.Errorf("after a restart the list says %s", got)
	}
	check(t, r.s.Abandon(ctx, at("1", "17"), id, "left", ""))
	check(t, r.s.CloseGroup(ctx, at("1", "17")))
	events := r.events()
	h, err := events[len(events)-1].ReadHeader()
	check(t, err)
	for _, c := range h.Counts {
		if want := map[string]int64{"members": 0, "expected": 3, "appeared": 1, "no_show": 2}[c.Type]; c.N != want {
			t.Errorf("%s: %d, want %d", c.Type, c.N, want)
		}
	}
}

// A child does not cross with the ready ones while its adult is held; who has crossed is
// answered again.
func TestChildOfAHeldAdult(t *testing.T) {
	r := newRig(t, func(r *rig) { r.lists = []counter.List{list(t, "sample")} })
	ctx := t.Context()
	check(t, onlyError(r.s.OpenGroup(ctx, at("1", "17"), "family")))
	check(t, r.s.Share(ctx, at("1", "17"), visitor))
	r.scan("1", printed(1, "QRU", "ADULT", "740812"))
	r.scan("1", printed(2, "QRU", "CHILD", "180812"))
	adult, child := r.view("1").Group.Members[0].ID, r.view("1").Group.Members[1].ID
	check(t, r.s.Responsible(ctx, at("1", "17"), child, adult))
	if v := r.view("1").Group; len(v.Ready) != 2 {
		t.Fatalf("ready: %v; %+v", v.Ready, v.Members)
	}
	decide := func(id border.ID) border.Outcome {
		t.Helper()
		var revision uint64
		for _, m := range r.view("1").Group.Members {
			if m.ID == id {
				revision = m.Revision
			}
		}
		out, err := r.s.DecideGroup(ctx, at("1", "17"), []counter.Member{{Encounter: id, Revision: revision}})
		check(t, err)
		return out[0].Outcome
	}
	check(t, r.s.Need(ctx, at("1", "17"), adult, border.NeedsHelp, "xyzzy"))
	if v := r.view("1").Group; len(v.Ready) != 0 || decide(child) != "" {
		t.Errorf("the child may cross without the adult; ready: %v", v.Ready)
	}
	check(t, r.s.LiftNeeds(ctx, lifting(at("1", "17"), adult, "50", "frobozz")))
	for _, id := range []border.ID{adult, child, child} {
		if o := decide(id); o != border.Admitted {
			t.Errorf("decided %q", o)
		}
	}
}

// The hub is asked about members of a group too: when it is there again, and when one is
// selected after a restart.
func TestHubIsAskedAboutMembers(t *testing.T) {
	r := newRig(t)
	check(t, onlyError(r.s.OpenGroup(t.Context(), at("1", "17"), "family")))
	r.scan("1", foreign(1))
	r.hub.connect(true)
	r.s.Refresh()
	r.wait("a question", func() bool { return r.hub.questions() == 1 })
	r.restart()
	check(t, r.s.Select(t.Context(), at("1", "17"), r.view("1").Group.Members[0].ID))
	r.wait("a question after the restart", func() bool { return r.hub.questions() == 2 })
}

// A sheet that is entered twice is recorded once.
func TestSheetEnteredTwice(t *testing.T) {
	r := newRig(t)
	open := func(crossed time.Time) counter.Decision {
		t.Helper()
		check(t, onlyError(r.s.Open(t.Context(), counter.Opening{At: at("1", "17"), Identity: border.IdentityKeyed, Direction: border.Entry,
			Paper:       &counter.Paper{Sheet: "S-1", CrossedAt: crossed},
			Particulars: counter.Particulars{Kind: "passport", DocumentNumber: "K1", IssuingState: "QRU", Surname: "KEYED", Nationality: "QRU", BirthDate: "1980-01-01"}})))
		d := r.decision("1", border.Admitted)
		d.Values = visitor
		return d
	}
	crossed := r.wall.Now().Add(-time.Hour)
	r.decide(open(crossed))
	d := open(crossed)
	wantCode(t, onlyError(r.s.Decide(t.Context(), d)), border.Conflict)
	check(t, r.s.Abandon(t.Context(), at("1", "17"), d.Encounter, "twice", ""))
	r.decide(open(crossed.Add(time.Minute)))
}

// A correction asks of a child alone no adult, and of a member of a group takes nothing away.
func TestCorrectionKeepsWhatWasAnswered(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	correct := func(id border.ID) {
		t.Helper()
		check(t, onlyError(r.s.Correct(ctx, counter.Correction{At: at("1", "17"), Change: other(id, 1), Crossing: id, Reason: "typing",
			Values: map[string]string{"address": "Elsewhere"}})))
	}
	r.scan("1", printed(1, "QRU", "CHILD", "180812"))
	id := r.view("1").Encounter.ID
	check(t, r.s.Need(ctx, at("1", "17"), id, border.ChildAlone, "xyzzy"))
	d := r.decision("1", border.Admitted)
	d.Values = visitor
	r.decide(d)
	correct(id)

	check(t, onlyError(r.s.OpenGroup(ctx, at("1", "17"), "family")))
	r.scan("1", foreign(2))
	m := r.view("1").Group.Members[0]
	check(t, r.s.Answers(ctx, at("1", "17"), m.ID, map[string]string{"relation": "spouse"}))
	r.decide(counter.Decision{Counter: "1", Encounter: m.ID, Revision: m.Revision, Outcome: border.Admitted, Officer: "17", Values: visitor})
	correct(m.ID)
	st, err := r.s.Standing(ctx, m.ID, "17")
	check(t, err)
	if st.Values["relation"] != "spouse" || st.Values["address"] != "Elsewhere" {
		t.Errorf("after the correction: %v", st.Values)
	}
}

// A correction and an extension at the same moment both hold afterwards.
func TestChangesAtOnce(t *testing.T) {
	r := newRig(t)
	for n := range 10 {
		id := r.admit("1", foreign(n+1), visitor)
		var all sync.WaitGroup
		all.Go(func() {
			if err := onlyError(r.s.Correct(context.Background(), counter.Correction{At: at("1", "17"), Change: other(id, 64), Crossing: id, Reason: "typing",
				Values: map[string]string{"address": "Elsewhere"}})); err != nil {
				t.Error(err)
			}
		})
		all.Go(func() {
			if err := onlyError(r.s.Extend(context.Background(), counter.Extension{At: at("2", "17"), Change: other(id, 32), Crossing: id, Until: "2027-12-31", Reason: "health"})); err != nil {
				t.Error(err)
			}
		})
		all.Wait()
		r.scan("1", foreign(n+1))
		v := r.view("1").Encounter
		if v.History.PermittedUntil != "2027-12-31" || v.Record.Values["address"] != "Elsewhere" {
			t.Errorf("until %s, address %s", v.History.PermittedUntil, v.Record.Values["address"])
		}
		check(t, r.s.Abandon(t.Context(), at("1", "17"), v.ID, "test", ""))
	}
}

// A shift that was opened is open, though the browser hung up.
func TestShiftOfABrowserThatHungUp(t *testing.T) {
	r := newRig(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 5 {
		check(t, r.s.OpenShift(ctx, "17"))
		check(t, onlyError(r.s.CloseShift(ctx, "17")))
	}
	check(t, r.s.Take(ctx, at("1", "17")))
}

// Who waits when the power fails goes the same way afterwards.
func TestDirectionOutlivesARestart(t *testing.T) {
	r := newRig(t)
	turn := func(direction string) { t.Helper(); check(t, r.s.SetDirection(t.Context(), "1", direction, "17")) }
	turn(border.Exit)
	r.scan("1", foreign(1))
	check(t, r.s.Take(t.Context(), at("1", "18")))
	for range 2 {
		r.restart()
		if v := r.view("1"); v.Direction != border.Exit || v.Holder == nil || v.Holder.Badge != "18" {
			t.Errorf("direction %s, holder %+v", v.Direction, v.Holder)
		}
	}
	check(t, r.s.CallUp(t.Context(), "1", border.ID{}, "18"))
	d := r.decision("1", border.Departed)
	d.Officer = "18"
	r.decide(d)
	check(t, r.s.SetDirection(t.Context(), "1", border.Entry, "18"))
	r.restart()
	if v := r.view("1"); v.Direction != border.Entry {
		t.Errorf("turned back, and %s after a restart", v.Direction)
	}
}

// Who is no visitor, as a correction says, has no last day; who was granted one since keeps it.
func TestCorrectedToAResident(t *testing.T) {
	r := newRig(t)
	id := r.admit("1", foreign(1), visitor)
	correct := func(n byte, values map[string]string) border.Header {
		t.Helper()
		rec, err := r.s.Correct(t.Context(), counter.Correction{At: at("1", "17"), Change: other(id, n), Crossing: id, Reason: "typing", Values: values})
		check(t, err)
		events := r.events()
		h, err := events[len(events)-1].ReadHeader()
		check(t, err)
		if h.Seq != rec.Key.Seq {
			t.Fatalf("recorded %d, the last is %d", rec.Key.Seq, h.Seq)
		}
		return h
	}
	h := correct(1, map[string]string{"category": "resident", "days_granted": "", "legal_basis": "residence"})
	if h.DaysGranted != 0 || h.PermittedUntil != "" {
		t.Errorf("a resident has %d days until %q", h.DaysGranted, h.PermittedUntil)
	}
	check(t, onlyError(r.s.Extend(t.Context(), counter.Extension{At: at("1", "17"), Change: other(id, 2), Crossing: id, Until: "2027-12-31", Reason: "status"})))
	if h = correct(3, map[string]string{"address": "Elsewhere"}); h.PermittedUntil != "2027-12-31" {
		t.Errorf("the correction took the extension away: %q", h.PermittedUntil)
	}
}

// Correcting the particulars leaves the further documents as they were read.
func TestCorrectionKeepsFurtherDocuments(t *testing.T) {
	r := newRig(t)
	r.scan("1", foreign(1))
	r.scan("1", foreign(2))
	check(t, r.s.Join(t.Context(), at("1", "17"), r.view("1").Encounter.ID, r.view("1").Queue[0].ID))
	d := r.decision("1", border.Admitted)
	d.Values = visitor
	id := r.decide(d).Crossing
	further := func() []border.PersonalDocument {
		t.Helper()
		events := r.events()
		plain, err := r.keys.Open(&events[len(events)-1], border.PartPersonal)
		check(t, err)
		var p border.Personal
		check(t, json.Unmarshal(plain, &p))
		return p.Documents
	}
	before := further()
	check(t, onlyError(r.s.Correct(t.Context(), counter.Correction{At: at("1", "17"), Change: other(id, 1), Crossing: id, Reason: "typing",
		Particulars: &counter.Particulars{Kind: "passport", DocumentNumber: "U00000001", IssuingState: "QRU", Surname: "UTOPIAN", GivenNames: "FRANK", Nationality: "QRU", BirthDate: "1974-08-12"}})))
	if diff := cmp.Diff(before, further()); diff != "" || len(before) != 1 || len(before[0].Lines) != 2 {
		t.Errorf("%d further documents: %s", len(before), diff)
	}
}
