package audit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"garita/border"
	"garita/border/audit"
	"garita/border/bordertest"
	"garita/border/journal"
	"garita/border/seal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock stands still unless moved.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time           { return c.now }
func (c *clock) Trust() border.ClockTrust { return border.ClockTrust{State: border.ClockSynced} }

type rig struct {
	t       *testing.T
	dir     string
	clock   *clock
	keys    *seal.StationKeys
	blinder *seal.Blinder
	j       *journal.Journal
	rec     *audit.Recorder
}

func newRig(t *testing.T, station border.StationID) *rig {
	t.Helper()
	r := &rig{t: t, dir: t.TempDir(), clock: &clock{bordertest.Start}}
	hub, err := seal.NewHubPrivate("HUB")
	r.must(err)
	prov, err := hub.Provisioning()
	r.must(err)
	r.blinder, err = seal.NewBlinder(prov.BlindKey)
	r.must(err)
	r.keys, err = seal.OpenStationKeys(t.Context(), filepath.Join(r.dir, "keys.db"), station, &seal.StationSecret{WrapKey: make([]byte, 32)}, prov)
	r.must(err)
	t.Cleanup(func() { r.must(r.keys.Close()) })
	r.j, err = journal.Open(t.Context(), journal.Config{Dir: r.dir, Station: station, Post: "PUT", Software: "test", Clock: r.clock, Keys: r.keys, Reserve: -1})
	r.must(err)
	t.Cleanup(func() { r.must(r.j.Close()) })
	r.rec = audit.New(audit.Config{Journal: r.j, Keys: r.keys, Blinder: r.blinder, Clock: r.clock, Post: "PUT"})
	return r
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) audit(a border.Act) {
	r.t.Helper()
	r.must(r.rec.Audit(r.t.Context(), a))
}

// last reads the newest event with the detail of its personal part.
func (r *rig) last() (border.Header, audit.Detail) {
	r.t.Helper()
	var h border.Header
	var d audit.Detail
	r.must(r.j.Back(r.t.Context(), border.Position{}, func(ev border.Event) (bool, error) {
		var err error
		h, err = ev.ReadHeader()
		if err != nil || len(ev.Parts) == 0 {
			return false, err
		}
		plain, err := r.keys.Open(&ev, border.PartPersonal)
		if err == nil {
			err = json.Unmarshal(plain, &d)
		}
		if len(plain)%128 != 0 {
			r.t.Errorf("the personal part has %d bytes", len(plain))
		}
		return false, err
	}))
	return h, d
}

func TestAct(t *testing.T) {
	r := newRig(t, "PUT-1")
	act := border.Act{Action: "person.search", Officer: "4711", Second: "0815", Counter: "2", Session: "s-9", Object: "crossings",
		Purpose: "request_of_court", Text: "ERIKSSON ANNA MARIA"}
	r.audit(act)
	h, d := r.last()
	if diff := cmp.Diff(&border.ActHeader{Action: act.Action, Result: border.ActDone, Session: act.Session, Object: act.Object, Purpose: act.Purpose}, h.Act); diff != "" {
		t.Error(diff)
	}
	if h.Type != border.TypeAudit || h.Officer != r.blinder.Officer("4711") || h.Second != r.blinder.Officer("0815") || h.Counter != "2" || h.LocalDate != "2026-11-02" {
		t.Errorf("header %+v", h)
	}
	if want := (audit.Detail{Officer: "4711", Second: "0815", Text: act.Text}); d != want {
		t.Errorf("detail %+v", d)
	}
	r.audit(border.Act{Action: "sign_in", Result: border.ActRefused, Reason: "wrong_pin"})
	if h, d := r.last(); h.Officer != "" || d != (audit.Detail{}) || h.Act.Result != border.ActRefused || h.Act.Reason != "wrong_pin" {
		t.Errorf("an act of nobody: %+v, %+v", h.Act, d)
	}
	r.audit(border.Act{Action: "profile.install", Result: border.ActAwaiting, Officer: "4711", Text: "nobody rostered"})
	if h, _ := r.last(); h.Awaiting != "profile.install" {
		t.Errorf("an act that awaits its second person is not marked: %+v", h)
	}
	if err := r.rec.Audit(t.Context(), border.Act{Officer: "4711"}); err == nil {
		t.Error("an act without an action was recorded")
	}
}

// TestNothingOfAnActIsOpen: badge and text are nowhere in the files, and the control finds what is open.
func TestNothingOfAnActIsOpen(t *testing.T) {
	r := newRig(t, "PUT-1")
	r.audit(border.Act{Action: "person.search", Officer: "BADGE-40711", Second: "BADGE-40712", Object: "object-in-clear", Text: "NEEDLE ERIKSSON"})
	r.must(r.j.Close())
	found := map[string]bool{}
	entries, err := os.ReadDir(r.dir)
	r.must(err)
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(r.dir, e.Name()))
		r.must(err)
		for _, needle := range []string{"40711", "40712", "NEEDLE", "ERIKSSON", "object-in-clear"} {
			found[needle] = found[needle] || bytes.Contains(b, []byte(needle))
		}
	}
	if want := map[string]bool{"40711": false, "40712": false, "NEEDLE": false, "ERIKSSON": false, "object-in-clear": true}; !cmp.Equal(found, want) {
		t.Errorf("found %v", found)
	}
}

// TestLimits: an attempt does not escape the record by its length or its bytes.
func TestLimits(t *testing.T) {
	r := newRig(t, "PUT-1")
	long := strings.Repeat("é\r\n\x00\x1b[2J\u202e", 4000)
	r.audit(border.Act{Action: "sign_in" + long, Result: border.ActResult("x" + long), Officer: long, Second: long, Counter: border.CounterID(long),
		Session: long, Object: long + "\xff\xfe", Purpose: long, Reason: long, Text: long + "\xff"})
	h, d := r.last()
	for name, c := range map[string]struct {
		s   string
		max int
	}{"action": {h.Act.Action, 64}, "result": {string(h.Act.Result), 64}, "session": {h.Act.Session, 64}, "object": {h.Act.Object, 128}, "purpose": {h.Act.Purpose, 64},
		"reason": {h.Act.Reason, 64}, "officer": {d.Officer, 64}} {
		if len(c.s) == 0 || len(c.s) > c.max || strings.ContainsAny(c.s, "\r\n\x00\x1b\u202e") || !utf8.ValidString(c.s) {
			t.Errorf("%s: %q", name, c.s)
		}
	}
	if h.Counter != "" || len(d.Text) > 4096 || len(d.Text) < 4000 || !utf8.ValidString(d.Text) {
		t.Errorf("counter %q, %d bytes of text", h.Counter, len(d.Text))
	}
}

// TestAbandonedRequest: an act is recorded though its request was given up.
func TestAbandonedRequest(t *testing.T) {
	r := newRig(t, "PUT-1")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r.must(r.rec.Audit(ctx, border.Act{Action: "sign_out", Officer: "1"}))
	if h, _ := r.last(); h.Act == nil || h.Act.Action != "sign_out" {
		t.Errorf("last event %+v", h)
	}
	r.must(r.j.Close())
	if err := r.rec.Audit(t.Context(), border.Act{Action: "sign_out", Officer: "1"}); err == nil {
		t.Error("a closed journal recorded an act")
	}
}

// TestActs: newest first, in pages that together are all, whatever else the journal holds.
func TestActs(t *testing.T) {
	r := newRig(t, "HUB")
	for i := range 300 {
		r.clock.now = r.clock.now.Add(time.Minute)
		a := border.Act{Action: "audit.read", Officer: "4711"}
		switch {
		case i%3 == 1:
			a = border.Act{Action: "person.search", Officer: "0815", Second: "4711", Result: border.ActRefused, Counter: "1"}
		case i%50 == 0:
			hash := border.ID{byte(i), byte(i >> 8), 1}
			_, err := r.j.Append(t.Context(), &journal.Entry{Header: border.Header{Type: border.TypeEncounterTaken, Crossing: &hash}})
			r.must(err)
			continue
		}
		r.audit(a)
	}
	all := func(f audit.Filter, limit int) (out []audit.Act) {
		t.Helper()
		at := border.Position{}
		for range 1000 {
			p, err := r.rec.Acts(t.Context(), f, at, limit)
			r.must(err)
			if len(p.Acts) > limit {
				t.Fatalf("a page of %d", len(p.Acts))
			}
			out = append(out, p.Acts...)
			if at = p.Next; at == (border.Position{}) {
				return out
			}
		}
		t.Fatal("the pages do not end")
		return nil
	}
	whole := all(audit.Filter{}, 500)
	if diff := cmp.Diff(whole, all(audit.Filter{}, 7)); diff != "" || len(whole) != 296 {
		t.Errorf("%d acts in one page; in small ones: %s", len(whole), diff)
	}
	for i := 1; i < len(whole); i++ {
		if whole[i].Key.Seq >= whole[i-1].Key.Seq {
			t.Fatal("not newest first")
		}
	}
	for name, c := range map[string]struct {
		f    audit.Filter
		want int
	}{
		"one officer, as first or second": {audit.Filter{Badge: "4711"}, 296}, "the other": {audit.Filter{Badge: "0815"}, 100}, "nobody": {audit.Filter{Badge: "9"}, 0},
		"action": {audit.Filter{Action: "audit.read"}, 196}, "result": {audit.Filter{Result: border.ActRefused}, 100}, "counter": {audit.Filter{Counter: "1"}, 100},
		"one hour": {audit.Filter{From: bordertest.Start.Add(60 * time.Minute), Until: bordertest.Start.Add(120 * time.Minute)}, 60},
	} {
		if got := all(c.f, 50); len(got) != c.want {
			t.Errorf("%s: %d acts, want %d", name, len(got), c.want)
		}
	}
	if _, err := r.rec.Acts(t.Context(), audit.Filter{}, border.Position{Epoch: border.Epoch{1}, Seq: 3}, 5); border.CodeOf(err) != border.NotFound {
		t.Errorf("an unknown place: %v", err)
	}
}
