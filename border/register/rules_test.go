package register

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/bordertest"
)

func (w *world) alarm(kind AlarmKind) Alarm {
	w.t.Helper()
	as, err := w.reg.Alarms(w.t.Context(), 1000)
	w.must(err)
	for _, a := range as {
		if a.Kind == kind {
			return a
		}
	}
	w.t.Fatalf("no alarm %s among %v", kind, w.alarms())
	return Alarm{}
}

func TestTrueEventTakesThePlaceOfAMalformedOne(t *testing.T) {
	for _, c := range []struct {
		name string
		bend func(e border.Event, other border.Event) []byte
	}{
		{"noise", func(border.Event, border.Event) []byte { return []byte("noise") }},
		{"nothing", func(border.Event, border.Event) []byte { return nil }},
		{"wrong hash", func(e, _ border.Event) []byte { e.Hash[0] ^= 1; return e.Encode() }},
		{"another station's event", func(_, other border.Event) []byte { return other.Encode() }},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			b, other := w.book("PUT-1", 1, border.Parent{}), w.book("PUT-2", 1, border.Parent{})
			e := b.add(enters("U1", 1))
			bad := sent(b.events...)
			bad[1].Event = c.bend(e, other.add(enters("U2", 1)))
			for range 2 { // replays of the malformed one change nothing
				if h := w.store(bad...); h[0].Held != 2 {
					t.Fatalf("the malformed event does not count: %+v", h)
				}
			}
			if n := w.counts(); n.Malformed != 1 || n.Crossings != 0 || w.alarms()[AlarmMalformed] != 1 {
				t.Fatalf("counts %+v, alarms %v", n, w.alarms())
			}
			w.store(sent(e)...)
			w.store(bad...)
			n := w.counts()
			if n.Malformed != 0 || n.Crossings != 1 || n.Quarantined != 1 || w.alarms()[AlarmMalformed] != 1 {
				t.Errorf("counts %+v, alarms %v; want the true event held and the other aside", n, w.alarms())
			}
			got, err := w.reg.Events(t.Context(), "PUT-1", b.epoch, 1, 1)
			w.must(err)
			if d := cmp.Diff([][]byte{e.Encode()}, got); d != "" {
				t.Errorf("event held:\n%s", d)
			}
		})
	}
}

func TestConflictIsQuarantinedOnce(t *testing.T) {
	w := newWorld(t)
	b := w.book("PUT-1", 1, border.Parent{})
	e := b.add(enters("U1", 1))
	w.store(sent(b.events...)...)
	other := bordertest.Conflicting(e)
	for range 3 {
		w.store(sent(other)...)
	}
	if n := w.counts(); n.Quarantined != 1 || n.Crossings != 1 || n.DuplicatesSuppressed != 2 {
		t.Errorf("counts %+v", n)
	}
	a := w.alarm(AlarmConflict)
	if a.Count != 1 || a.Station != "PUT-1" || !strings.Contains(a.Detail, "event 2") {
		t.Errorf("alarm %+v", a)
	}
	w.must(w.reg.AcknowledgeAlarm(t.Context(), a.ID))
	w.clock.add(time.Hour)
	other.Header = []byte(strings.Replace(string(other.Header), `"sex":"X"`, `"sex":"M"`, 1))
	other.Hash = other.ComputeHash()
	w.store(sent(other)...)
	if a := w.alarm(AlarmConflict); a.Count != 2 || a.Acknowledged != nil || !a.OpenedAt.Equal(w.clock.Now()) {
		t.Errorf("a new conflict does not open the alarm again: %+v", a)
	}
	if err := w.reg.AcknowledgeAlarm(t.Context(), 999); border.CodeOf(err) != border.NotFound {
		t.Errorf("acknowledging nothing = %v", err)
	}
}

func TestQuarantineIsBoundedAndSaysSo(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.quarantineMessages = 3 })
	b := w.book("PUT-1", 1, border.Parent{})
	w.store(sent(b.events...)...)
	for i := range 5 {
		w.store(border.Received{Claimed: b.events[0].Key, Event: []byte{byte(i)}, At: bordertest.Start})
	}
	if n := w.counts(); n.Quarantined != 3 || n.BeyondQuarantine != 2 || w.alarms()[AlarmQuarantine] != 2 || w.alarms()[AlarmMalformed] != 5 {
		t.Errorf("counts %+v, alarms %v", n, w.alarms())
	}
}

func TestKeysThatComeLater(t *testing.T) {
	w := newWorld(t)
	b := w.book("PUT-1", 1, border.Parent{})
	for i := range 700 { // more than one batch
		b.add(enters("U1", i))
	}
	b.add(leaves("U1", 701))
	w.store(sent(b.events...)...)
	if n := w.counts(); n.Crossings != 701 || n.Waiting != 701 || n.Inside != 0 {
		t.Fatalf("without keys %+v", n)
	}
	q := border.DocumentQuestion{Station: "PUT-2", Blind: w.blinder.Document("UTO", "u-1"), Limit: 2}
	if a, err := w.reg.AskDocument(t.Context(), q); err != nil || len(a.Crossings) != 0 {
		t.Fatalf("AskDocument without keys = %+v, %v", a, err)
	}
	w.must(w.reg.StoreWraps(t.Context(), w.wraps("PUT-1")))
	if n := w.counts(); n.Waiting != 0 || n.Inside != 0 || len(w.dump()["stay"]) != 700 {
		t.Errorf("with keys %+v, %d stays", n, len(w.dump()["stay"]))
	}
	a, err := w.reg.AskDocument(t.Context(), q)
	if err != nil || len(a.Crossings) != 2 || a.Crossings[0].Direction != border.Exit || !a.AsOf.Equal(w.clock.Now()) {
		t.Errorf("AskDocument = %+v, %v; want the exit first", a, err)
	}
	q.Station = "PUT-1"
	if a, err := w.reg.AskDocument(t.Context(), q); err != nil || len(a.Crossings) != 0 {
		t.Errorf("AskDocument by the station itself = %+v, %v", a, err)
	}
	if err := w.reg.StoreWraps(t.Context(), []border.KeyWrap{{Station: "no station", KeyID: "k"}}); border.CodeOf(err) != border.Invalid {
		t.Errorf("a malformed wrap = %v", err)
	}
}

// A key can be on the disk while the process ended before it was used.
func TestKeysFoundAtOpening(t *testing.T) {
	w := newWorld(t)
	b := w.book("PUT-1", 1, border.Parent{})
	b.add(enters("U1", 1))
	w.store(sent(b.events...)...)
	w.must(w.keys.Add(t.Context(), w.wraps("PUT-1")))
	w.close()
	w.open()
	if n := w.counts(); n.Waiting != 0 || n.Inside != 1 {
		t.Errorf("after opening %+v", n)
	}
}

func TestDamagedPartIsNamed(t *testing.T) {
	w := newWorld(t)
	b := w.book("PUT-1", 1, border.Parent{})
	b.add(enters("U1", 1))
	b.events[1].Parts[0].Ciphertext[20] ^= 1
	b.events[1].Hash = b.events[1].ComputeHash()
	w.must(w.reg.StoreWraps(t.Context(), w.wraps("PUT-1")))
	w.store(sent(b.events...)...)
	w.must(w.reg.StoreWraps(t.Context(), w.wraps("PUT-1")))
	cs, err := w.reg.Crossings(t.Context(), 0, 10)
	if err != nil || len(cs) != 1 || cs[0].Part != partDamaged || w.alarm(AlarmDamaged).Count != 1 {
		t.Errorf("crossings %+v, %v, alarms %v", cs, err, w.alarms())
	}
}

func TestChainBroken(t *testing.T) {
	w := newWorld(t)
	b := w.book("PUT-1", 1, border.Parent{})
	b.add(enters("U1", 1))
	b.add(enters("U2", 2))
	b.events[2].Prev[0] ^= 1
	b.events[2].Hash = b.events[2].ComputeHash()
	w.store(sent(b.events...)...)
	if a := w.alarm(AlarmChainBroken); a.Count != 1 || a.Subject != b.epoch.String() || w.counts().Crossings != 2 {
		t.Errorf("alarm %+v, %d crossings", a, w.counts().Crossings)
	}
}

func TestUninterpretableEvents(t *testing.T) {
	w := newWorld(t)
	b := w.book("PUT-1", 1, border.Parent{})
	b.addType(border.TypeCrossingRecorded) // names no crossing
	b.addType(border.TypeEpochOpened)      // in the middle
	b.addType("ANNA ERIKSSON")             // what a broken station may write must not be repeated
	if h := w.store(sent(b.events...)...); h[0].Held != 4 {
		t.Errorf("held %+v", h)
	}
	if w.alarm(AlarmUninterpretable).Count != 2 || w.alarm(AlarmUnknownType).Subject != "unprintable" {
		t.Errorf("alarms %v", w.alarms())
	}
}

func TestStaysAndFlows(t *testing.T) {
	w := newWorld(t)
	a, b := w.book("PUT-1", 1, border.Parent{}), w.book("PUT-2", 2, border.Parent{})
	a.add(enters("U1", 1))
	b.add(leaves("U1", 5))
	a.add(enters("U2", 1))
	b.add(leaves("U3", 2))
	doubtful := enters("U4", 1)
	doubtful.clock = border.ClockUntrusted
	a.add(doubtful)
	refused := enters("U5", 3)
	refused.outcome = border.Refused
	a.add(refused)
	for _, id := range []border.StationID{"PUT-1", "PUT-2"} {
		w.must(w.reg.StoreWraps(t.Context(), w.wraps(id)))
	}
	w.store(append(sent(b.events...), sent(a.events...)...)...)
	in, err := w.reg.Inside(t.Context())
	if err != nil || in.Certain != 0 || in.Uncertain != 2 || in.StaleS == 0 {
		t.Errorf("before the stations have said that this is all: %+v, %v", in, err)
	}
	for _, b := range []*book{a, b} {
		_, err := w.reg.Greet(t.Context(), border.Hello{Station: b.station, Head: border.Position{Epoch: b.epoch, Seq: uint64(len(b.events))}})
		w.must(err)
	}
	in, err = w.reg.Inside(t.Context())
	if d := cmp.Diff(Inside{Certain: 1, Uncertain: 1}, in); err != nil || d != "" {
		t.Errorf("inside: %v\n%s", err, d)
	}
	fs, err := w.reg.Flows(t.Context(), bordertest.Start, bordertest.Start.Add(4*time.Hour))
	w.must(err)
	type flow struct {
		h       int
		d, o    string
		trusted bool
		n       int64
	}
	var got []flow
	for _, f := range fs {
		got = append(got, flow{int(f.From.Sub(bordertest.Start) / time.Hour), f.Direction, f.Outcome, f.Trusted, f.N})
	}
	want := []flow{{1, "entry", "admitted", false, 1}, {1, "entry", "admitted", true, 2}, {2, "exit", "departed", true, 1}, {3, "entry", "refused", true, 1}}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(flow{})); d != "" {
		t.Errorf("flows (-want +got):\n%s", d)
	}
}

func TestStationsAndChanges(t *testing.T) {
	w := newWorld(t)
	changes, end := w.reg.Subscribe()
	defer end()
	b := w.book("PUT-1", 1, border.Parent{})
	b.add(enters("U1", 1))
	b.add(enters("U2", 1))
	w.store(sent(b.events[0], b.events[2])...)
	w.store(sent(b.events[0])...)
	select {
	case <-changes:
	default:
		t.Error("no signal after a change")
	}
	select {
	case <-changes:
		t.Error("two signals are not folded into one")
	default:
	}
	w.clock.add(time.Minute)
	hello := border.Hello{Station: "PUT-1", Post: "PUT", Zone: "America/Guyana", Software: "1.2", Now: w.clock.Now().Add(-3 * time.Second),
		Clock: border.ClockTrust{State: border.ClockHoldover, AgeS: 9, OffsetMS: 2900}, Head: border.Position{Epoch: b.epoch, Seq: 7}, Backlog: 6}
	_, err := w.reg.Greet(t.Context(), hello)
	w.must(err)
	got, err := w.reg.Stations(t.Context())
	w.must(err)
	want := []Station{{Station: "PUT-1", Post: "PUT", Zone: "America/Guyana", Software: "1.2", LastSeen: w.clock.Now(), GreetedAt: w.clock.Now(),
		EventAt: bordertest.Start, OffsetMS: 3000, Clock: hello.Clock, Head: hello.Head, Backlog: 6, Epochs: 1, Held: 1, Missing: 6, Lists: []border.ListReport{}}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("stations (-want +got):\n%s", d)
	}
	for _, h := range []border.Hello{{Station: "x y"}, {Station: "PUT-1", Generation: 1 << 60}} {
		if _, err := w.reg.Greet(t.Context(), h); border.CodeOf(err) != border.Invalid {
			t.Errorf("Greet(%+v) = %v, want invalid", h, err)
		}
	}
}

func TestCrossingsByCursor(t *testing.T) {
	w := newWorld(t)
	b := w.book("PUT-1", 1, border.Parent{})
	for i := range 5 {
		b.add(enters("U1", i))
	}
	w.store(sent(b.events...)...)
	var got []border.Key
	for after := int64(0); ; {
		cs, err := w.reg.Crossings(t.Context(), after, 2)
		w.must(err)
		if len(cs) == 0 {
			break
		}
		for _, c := range cs {
			got, after = append(got, c.Key), c.Arrival
		}
	}
	if len(got) != 5 || got[0].Seq != 2 || got[4].Seq != 6 {
		t.Errorf("crossings by cursor: %v", got)
	}
	last, err := w.reg.LatestCrossings(t.Context(), 1)
	if err != nil || len(last) != 1 || last[0].Key.Seq != 6 {
		t.Errorf("latest %+v, %v", last, err)
	}
	if ok, err := w.reg.Has(t.Context(), last[0].ID); !ok || err != nil {
		t.Errorf("Has = %v, %v", ok, err)
	}
	if ok, err := w.reg.Has(t.Context(), border.ID{1}); ok || err != nil {
		t.Errorf("Has of nothing = %v, %v", ok, err)
	}
}

func TestAlarmsOfOneKindAreBounded(t *testing.T) {
	w := newWorld(t)
	b := w.book("PUT-1", 1, border.Parent{})
	for i := range subjectsPerKind + 20 {
		b.addType(fmt.Sprintf("crossing.annulled.v%d", i+2))
	}
	w.store(sent(b.events...)...)
	as, err := w.reg.Alarms(t.Context(), 1000)
	w.must(err)
	if len(as) != subjectsPerKind+1 || w.alarms()[AlarmUnknownType] != subjectsPerKind+20 {
		t.Errorf("%d alarms that count %d", len(as), w.alarms()[AlarmUnknownType])
	}
}
