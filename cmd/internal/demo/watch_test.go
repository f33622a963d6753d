package demo

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"garita/border"
	"garita/border/cases"
	"garita/border/clock"
	"garita/border/counter"
	"garita/border/lists"
	"garita/border/verdict"
	"garita/border/watch"
	"garita/border/watch/source"
	"garita/cmd/internal/station"
)

// This file plays the watchlist over its whole way: the hub's keeper, the broker, stations with
// their replicas and counters, the register, the cases, and back.

// first and second are the badges of those who decide at the hub.
const (
	first  = registrar
	second = deputy
)

// invented gives n people who can be listed, with their documents.
func invented(seed uint64, n int) []person {
	f := newPeople(seed, time.Now())
	out := make([]person, n)
	for i := range out {
		out[i] = f.of("QRU")
		out[i].sex = "F"
	}
	return out
}

func (p person) traveller() Specimen { return p.specimen("Passport", "in order", p.passport()) }

// listed is the entry of somebody.
func listed(p person, id string, handling watch.Handling) *watch.Entry {
	return &watch.Entry{Source: courts, ID: id, Handling: handling, Names: []watch.Name{{Surname: p.surname, GivenNames: p.given, Quality: watch.Primary}},
		BirthDates: []string{p.born}, Sex: p.sex, Nationalities: []string{p.nationality}, Action: "refer",
		Instruction: map[string]string{"es": "Lleve a la persona a la oficina.", "en": "Take the person to the office."},
		LegalBasis:  "Order 7", Owner: "Court registry"}
}

// load imports a list: one person reads the file and another has looked at it too.
func (n *nation) load(entries ...*watch.Entry) border.ListPosition {
	n.t.Helper()
	path := filepath.Join(n.t.TempDir(), "list.csv")
	f, err := os.Create(path)
	n.must(err)
	n.must(source.Export(f, source.Head{List: courts, Version: "1", Issued: n.clock.Now().Add(-time.Hour)}, slices.Values(entries)))
	n.must(f.Close())
	p, err := n.hub.Lists.Preview(n.t.Context(), courts, source.CSV, path, lists.ImportOptions{})
	n.must(err)
	if p.Added != len(entries) || p.Report.Skipped != 0 {
		n.t.Fatalf("the import would add %d of %d, and skip %d: %+v", p.Added, len(entries), p.Report.Skipped, p.Report.Problems)
	}
	at, err := n.hub.Lists.Confirm(n.t.Context(), p.ID, first, second)
	n.must(err)
	return at
}

// add adds one entry by hand, with a second person.
func (n *nation) add(e *watch.Entry) border.ListPosition {
	n.t.Helper()
	id, err := n.hub.Lists.Propose(n.t.Context(), lists.Proposal{Op: lists.Add, Entry: e, By: first, Reason: "as the court ordered"})
	n.must(err)
	if _, err := n.hub.Lists.Approve(n.t.Context(), id, first, "seen"); border.CodeOf(err) != border.Forbidden {
		n.t.Errorf("one person alone adds an entry: %v", err)
	}
	at, err := n.hub.Lists.Approve(n.t.Context(), id, second, "seen")
	n.must(err)
	return at
}

// national is the hub's list as a station's screen says it is in force; its version, 0 if none is.
func (n *nation) national(s *station.Station) (counter.ListStatus, uint64) {
	n.t.Helper()
	v, err := s.Counters.View("1")
	n.must(err)
	for _, l := range v.Status.Lists {
		if l.List == "national" {
			version, err := strconv.ParseUint(l.Version, 10, 64)
			n.must(err)
			return l, version
		}
	}
	return counter.ListStatus{}, 0
}

// inForce waits until stations have a release in force.
func (n *nation) inForce(at border.ListPosition, all ...*station.Station) {
	n.t.Helper()
	for _, s := range all {
		n.await(fmt.Sprintf("the list's version %d is in force", at.Version), func() bool { _, v := n.national(s); return v >= at.Version })
	}
}

// scan puts a document on counter 1 and waits for all answers.
func (n *nation) scan(s *station.Station, p Specimen) *counter.EncounterView {
	n.t.Helper()
	n.must(s.Counters.Scan(n.t.Context(), border.Scan{Counter: "1", Source: border.SourceWedge, Lines: p.Lines, ReceivedAt: time.Now()}))
	return n.settled(s)
}

// settled waits until nothing that was asked about the open encounter is out.
func (n *nation) settled(s *station.Station) (e *counter.EncounterView) {
	n.t.Helper()
	n.await("all answers are there", func() bool {
		v, err := s.Counters.View("1")
		n.must(err)
		e = v.Encounter
		return e != nil && !slices.ContainsFunc(e.Verdict.Reasons, func(r verdict.Reason) bool { return r.Reason == verdict.ReasonPending })
	})
	return e
}

// decide lets the one at counter 1 pass.
func (n *nation) decide(s *station.Station, p Specimen) border.ID {
	n.t.Helper()
	for {
		d := admission(n.settled(s), &p)
		d.Counter = "1"
		r, err := s.Counters.Decide(n.t.Context(), d)
		if border.CodeOf(err) == border.Stale {
			continue
		}
		n.must(err)
		return r.Crossing
	}
}

// passes scans and decides.
func (n *nation) passes(s *station.Station, p Specimen) (border.ID, *counter.EncounterView) {
	n.t.Helper()
	e := n.scan(s, p)
	return n.decide(s, p), e
}

// names is what the check of names says.
func names(e *counter.EncounterView) (outcome verdict.Outcome, reason string) {
	i := slices.IndexFunc(e.Verdict.Reasons, func(r verdict.Reason) bool { return r.Check == verdict.NameList })
	if i < 0 {
		return verdict.Clear, "" // a verdict names what speaks against
	}
	return e.Verdict.Reasons[i].Outcome, e.Verdict.Reasons[i].Reason
}

// caseOf waits for the case that a crossing made, with the sighting of that crossing.
func (n *nation) caseOf(crossing border.ID) (c cases.Case, s cases.Sighting) {
	n.t.Helper()
	n.await("the crossing makes a case", func() bool {
		var ok bool
		c, s, ok = n.findCase(crossing)
		return ok
	})
	return c, s
}

func (n *nation) findCase(crossing border.ID) (c cases.Case, s cases.Sighting, found bool) {
	n.t.Helper()
	for _, f := range []cases.Filter{{}, {Closed: true}} {
		all, _, err := n.hub.Cases.Inbox(n.t.Context(), f, 0, 1000)
		n.must(err)
		for i := range all {
			c, err := n.hub.Cases.Case(n.t.Context(), all[i].ID)
			n.must(err)
			if k := slices.IndexFunc(c.Sightings, func(s cases.Sighting) bool { return s.Crossing == crossing }); k >= 0 {
				return c, c.Sightings[k], true
			}
		}
	}
	return c, s, false
}

// lateHits are those on the screen of counter 1.
func (n *nation) lateHits(s *station.Station) []counter.LateHit {
	n.t.Helper()
	v, err := s.Counters.View("1")
	n.must(err)
	return v.LateHits
}

// posts opens a station at each of two posts, with an officer at counter 1.
func (n *nation) posts(k func() *clock.Keeper) (north, south *station.Station) {
	n.t.Helper()
	for i, s := range []**station.Station{&north, &south} {
		cfg := n.config(border.StationID([]string{"PCA-1", "PBL-1"}[i]), 1, n.hub.NATSURL())
		cfg.Post = border.PostID([]string{"PCA", "PBL"}[i])
		*s, _ = n.open(cfg, k())
		n.must((*s).Counters.Take(n.t.Context(), counter.At{Counter: "1", Officer: officer}))
	}
	return north, south
}

func systemKeeper() *clock.Keeper { return clock.System(time.Now().Add(-time.Hour)) }

// A list that is imported at the hub is in force at both posts. Who is on it is met at the
// counter with what the handling code lets the officer know, and becomes a case.
func TestListReachesTheCounters(t *testing.T) {
	n, who := newNation(t), invented(5, 30)
	north, south := n.posts(systemKeeper)
	entries := []*watch.Entry{listed(who[0], "E0", watch.Open), listed(who[1], "E1", watch.Refer)}
	for i, p := range who[4:] {
		entries = append(entries, listed(p, fmt.Sprint("F", i), watch.Refer))
	}
	n.inForce(n.load(entries...), north, south)
	for _, s := range []*station.Station{north, south} {
		if l, _ := n.national(s); l.Entries != len(entries) || l.Stale {
			t.Errorf("in force: %+v", l)
		}
	}
	crossing, e := n.passes(north, who[0].traveller())
	if outcome, _ := names(e); outcome != verdict.Hit || len(e.Hits) != 1 || e.Hits[0].Instruction["es"] == "" || e.Hits[0].Entry != "courts/E0" || len(e.Hits[0].Fields) == 0 {
		t.Errorf("an open entry: %s, %+v", outcome, e.Hits)
	}
	if c, s := n.caseOf(crossing); c.Entry != "courts/E0" || !s.Named || s.Late != "" || len(c.Alerts) != 0 || c.State != cases.Possible {
		t.Errorf("the case: %+v, %+v", c.Summary, s)
	}
	_, e = n.passes(south, who[1].traveller())
	if outcome, _ := names(e); outcome != verdict.Hit || len(e.Hits) != 1 || e.Hits[0].Instruction["es"] == "" || e.Hits[0].Entry != "" || e.Hits[0].Names != nil {
		t.Errorf("an entry to be referred: %s, %+v", outcome, e.Hits)
	}
	if _, e = n.passes(south, who[2].traveller()); len(e.Hits) != 0 {
		t.Errorf("somebody who is not listed: %+v", e.Hits)
	}
}

// Who passed before two people listed them is a late hit at the post of passage and where they
// may leave; who takes it in hand at one post takes it off the other's screen, and the case
// says who it was.
func TestLateHitOnItsWay(t *testing.T) {
	n, who := newNation(t), invented(6, 3)
	north, south := n.posts(systemKeeper)
	n.inForce(n.load(listed(who[0], "E0", watch.Refer)), north, south)
	crossing, e := n.passes(north, who[1].traveller())
	if len(e.Hits) != 0 {
		t.Fatalf("nobody has listed this person: %+v", e.Hits)
	}
	n.delivered(north)
	n.inForce(n.add(listed(who[1], "E1", watch.Open)), north, south)
	for _, s := range []*station.Station{north, south} {
		n.await("the late hit is on the screen", func() bool { return len(n.lateHits(s)) == 1 })
	}
	here, there := n.lateHits(north)[0], n.lateHits(south)[0]
	for _, h := range []counter.LateHit{here, there} {
		if h.Crossing != crossing || h.Post != "PCA" || h.Surname != who[1].surname || h.Entry != "courts/E1" || h.Instruction["es"] == "" || h.Handling != watch.Open {
			t.Errorf("on the screen: %+v", h)
		}
	}
	if here.Expected || !there.Expected {
		t.Errorf("expected at the post of passage: %v, at the other: %v", here.Expected, there.Expected)
	}
	n.must(south.Counters.AcknowledgeLateHit(t.Context(), counter.At{Counter: "1", Officer: officer}, there.ID))
	for _, s := range []*station.Station{south, north} {
		n.await("the late hit is off the screen", func() bool { return len(n.lateHits(s)) == 0 })
	}
	c, s := n.caseOf(crossing)
	if s.Late != cases.LateGrown || len(c.Alerts) != 1 || c.Alerts[0].Ended != "acknowledged" || c.Alerts[0].Station != "PBL-1" || c.Alerts[0].Officer == "" {
		t.Errorf("the case: late %q, alerts %+v", s.Late, c.Alerts)
	}
	_, e = n.passes(south, who[1].traveller())
	if outcome, _ := names(e); outcome != verdict.Hit {
		t.Errorf("the next time: %s", outcome)
	}
}

// Two people find that a traveller is not the listed person: the same document does not disturb
// any more, at any post; another document of the same name does.
func TestNotThisPersonOnItsWay(t *testing.T) {
	n, who := newNation(t), invented(7, 1)
	north, south := n.posts(systemKeeper)
	e := listed(who[0], "E0", watch.Open)
	e.HighRisk = true
	at := n.load(e)
	n.inForce(at, north, south)
	crossing, _ := n.passes(north, who[0].traveller())
	c, _ := n.caseOf(crossing)
	act := func(do cases.Do, by string) error {
		now, err := n.hub.Cases.Case(t.Context(), c.ID)
		n.must(err)
		_, err = n.hub.Cases.Act(t.Context(), cases.Action{Case: c.ID, Version: now.Version, Do: do, By: by, Note: map[bool]string{true: "another birthplace"}[do == cases.Dismiss]})
		return err
	}
	n.must(act(cases.Take, first))
	n.must(act(cases.Dismiss, first))
	if err := act(cases.Countersign, first); border.CodeOf(err) != border.Forbidden {
		t.Errorf("one person alone closes a case of high risk: %v", err)
	}
	n.must(act(cases.Countersign, second))
	at.Version++ // what is remembered is a release
	n.inForce(at, north, south)
	for _, s := range []*station.Station{north, south} {
		if _, e := n.passes(s, who[0].traveller()); len(e.Hits) != 0 {
			t.Errorf("the same document: %+v", e.Hits)
		}
	}
	other := who[0]
	other.number = "R" + "Z7654321"
	if _, e := n.passes(south, other.traveller()); len(e.Hits) != 1 {
		t.Errorf("another document: %+v", e.Hits)
	}
}
