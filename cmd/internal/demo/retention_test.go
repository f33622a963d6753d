package demo

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/access"
	"garita/border/backup"
	"garita/border/clock"
	"garita/border/register"
	"garita/border/retention"
	"garita/border/seal"
	"garita/border/signin"
	"garita/cmd/internal/founding"
	"garita/cmd/internal/hub"
	"garita/cmd/internal/station"
)

// past is a nation whose hub and station are years later at their next start.
type past struct {
	*nation
	days    *days
	stopHub func()
}

func newPast(t *testing.T) *past {
	t.Helper()
	p := &past{days: &days{start: time.Now()}}
	p.nation = &nation{t: t, dir: t.TempDir(), clock: p.days.keeper()}
	p.open()
	p.must(founding.Officers(t.Context(), p.hub, accounts[0], accounts[5], accounts[6], accounts[7]))
	return p
}

func (p *past) config() hub.Config {
	return hub.Config{Name: "test hub", Data: filepath.Join(p.dir, "hub"), Listen: "127.0.0.1:0", NATS: "127.0.0.1:0", Enrol: "127.0.0.1:0", Demo: true,
		Backups: filepath.Join(p.dir, "backups")}
}

func (p *past) open() {
	p.t.Helper()
	var err error
	p.hub, err = hub.Open(p.t.Context(), p.config(), p.clock, quietLog())
	p.must(err)
	p.stopHub = p.run(p.hub.Run)
	p.t.Cleanup(p.stopHub)
}

// station opens a station whose machine's clock agrees with the hub's.
func (p *past) station(name border.StationID) (*station.Station, func()) {
	p.t.Helper()
	k := p.keeper()
	s, stop := p.nation.open(p.nation.config(name, 1, p.hub.NATSURL()), k)
	k.Measured(0) // people have set it: after years the hub does not know the station any more
	return s, stop
}

// later lets time go by while everything is switched off. A machine that comes back is set by people:
// its clock is new.
func (p *past) later(months int) {
	now := p.days.now()
	p.days.pass(now.AddDate(0, months, 0).Sub(now))
	p.clock = p.keeper()
}

// keeper is the clock of a program that was updated just now: one of years ago would not believe it.
func (p *past) keeper() *clock.Keeper {
	return clock.New(p.days.now, p.days.mono, p.days.now().Add(-time.Hour))
}

// holds reports whether a file below a folder holds some bytes.
func (p *past) holds(dir string, what []byte) (in string) {
	p.t.Helper()
	p.must(filepath.WalkDir(filepath.Join(p.dir, dir), func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, what) {
			in = path
		}
		return err
	}))
	return in
}

// statistics are what stays.
func (p *past) statistics() (flows []register.Flow, n int64) {
	p.t.Helper()
	flows, err := p.hub.Register.Flows(p.t.Context(), time.Now().Add(-24*time.Hour), time.Now().Add(24*time.Hour))
	p.must(err)
	c, err := p.hub.Register.Counts(p.t.Context())
	p.must(err)
	return flows, c.Crossings
}

// blinded gives the blind index of a specimen's document, as hub and stations make it.
func (p *past) blinded(s *Specimen) border.BlindIndex {
	p.t.Helper()
	private, err := hub.Private(p.t.Context(), p.config())
	p.must(err)
	b, err := seal.NewBlinder(private.BlindKey)
	p.must(err)
	return b.Document(s.state, s.number)
}

// held counts the personal keys of a station.
func months(all []retention.Held, of border.StationID, part string) (n int) {
	for _, k := range all {
		if k.Station == of && k.Part == part {
			n++
		}
	}
	return n
}

// Three years later nothing of a traveller opens at the hub or at the station, statistics are what they were, a
// backup from before brings nothing back, and what was erased is written down.
func TestYearsLater(t *testing.T) {
	p := newPast(t)
	s, stop := p.station("PCA-1")
	next := line(3)
	one := next()
	blind := p.blinded(&one)
	id, _ := p.passes(s, one)
	p.delivered(s)
	flows, crossings := p.statistics()
	if len(flows) == 0 || crossings != 1 {
		t.Fatalf("%d flows, %d crossings", len(flows), crossings)
	}
	key := func() border.Key {
		c, err := p.hub.Register.CrossingByID(t.Context(), id)
		p.must(err)
		return c.Key
	}()
	if a, err := p.hub.Register.Arrived(t.Context(), key); err != nil || a.Personal == nil {
		t.Fatalf("before: %+v, %v", a.Personal, err)
	}
	root, err := hub.OpenRoot(t.Context(), p.config())
	p.must(err)
	made := func() backup.Report {
		k, err := hub.OpenBackups(p.config(), root, p.clock, quietLog())
		p.must(err)
		r, err := k.Make(t.Context())
		p.must(err)
		return r
	}()
	for _, dir := range []string{"hub", "PCA-1"} {
		p.await("a file of "+dir+" holds a blind index", func() bool { return p.holds(dir, blind[:]) != "" })
	}
	stop()
	p.stopHub()

	p.later(13) // protection is over before the rest
	p.open()
	p.erasedBy("the year", func(all []retention.Held) bool { return months(all, "PCA-1", border.PartProtection) == 0 })
	if a, err := p.hub.Register.Arrived(t.Context(), key); err != nil || a.Personal == nil {
		t.Errorf("after a year: %+v, %v", a.Personal, err)
	}
	p.stopHub()

	p.later(26)
	p.open()
	p.erasedBy("three years", func(all []retention.Held) bool { return months(all, "PCA-1", border.PartPersonal) == 0 })
	s, stop = p.station("PCA-1")
	p.await("the station erases", func() bool {
		_, err := s.Retain(t.Context())
		p.must(err)
		held, err := s.Keys().Months(t.Context())
		p.must(err)
		for _, m := range held {
			if m.Part == border.PartPersonal && m.Bucket < seal.Bucket(p.days.now()) {
				return false
			}
		}
		return true
	})
	p.nothing(s, id, key, blind)
	if f, n := p.statistics(); n != crossings || !cmp.Equal(f, flows) {
		t.Errorf("statistics: %s", cmp.Diff(flows, f))
	}
	p.receipt("PCA-1 personal")
	stop()
	p.stopHub()
	for _, dir := range []string{"hub", "PCA-1"} {
		if in := p.holds(dir, blind[:]); in != "" {
			t.Errorf("a blind index is left in %s", in)
		}
	}

	// The backup of three years ago.
	p.must(os.RemoveAll(filepath.Join(p.dir, "hub", "stream")))
	old := filepath.Join(p.dir, "old")
	_, err = backup.Restore(t.Context(), made.Path, backup.WithRoot(root), old, backup.Options{})
	p.must(err)
	p.must(root.Close())
	if p.holds("old", blind[:]) == "" {
		t.Error("the backup holds no blind index: the fault did not fire")
	}
	for _, f := range []string{"hub.db", "cases.db", "self/journal.db"} { // under the guard that is there
		for _, rest := range []string{"-wal", "-shm"} {
			_ = os.Remove(filepath.Join(p.dir, "hub", f+rest))
		}
		b, err := os.ReadFile(filepath.Join(old, f))
		p.must(err)
		p.must(os.WriteFile(filepath.Join(p.dir, "hub", f), b, 0o600))
	}
	for _, f := range []string{"keys.db", "keys.db-wal", "keys.db-shm"} { // data keys are in no backup
		_ = os.Remove(filepath.Join(p.dir, "hub", f))
	}
	p.must(os.RemoveAll(old))
	p.open()
	s, stop = p.station("PCA-1")
	p.await("the register follows the erasure again", func() bool {
		c, err := p.hub.Register.CrossingByID(t.Context(), id)
		return err == nil && c.Part == "no_key"
	})
	p.nothing(s, id, key, blind)
	stop()
	p.stopHub()
	if in := p.holds("hub", blind[:]); in != "" {
		t.Errorf("after the restoration a blind index is left in %s", in)
	}
}

// erasedBy waits until the hub holds what it should.
func (p *past) erasedBy(what string, holds func([]retention.Held) bool) {
	p.t.Helper()
	p.await("keys are destroyed after "+what, func() bool {
		all, _, err := p.hub.Held(p.t.Context())
		p.must(err)
		return holds(all)
	})
}

// nothing checks that neither hub nor station opens or finds a crossing's traveller.
func (p *past) nothing(s *station.Station, id border.ID, key border.Key, blind border.BlindIndex) {
	p.t.Helper()
	p.await("the register has followed", func() bool {
		c, err := p.hub.Register.CrossingByID(p.t.Context(), id)
		return err == nil && c.Part == "no_key"
	})
	a, err := p.hub.Register.Arrived(p.t.Context(), key)
	if err != nil || a.Personal != nil || a.Hub != nil {
		p.t.Errorf("the hub opens it: %v, %v, %v", a.Personal, a.Hub, err)
	}
	answer, err := p.hub.Register.AskDocument(p.t.Context(), border.DocumentQuestion{Station: "PUT-9", Blind: blind, Limit: 20})
	if err != nil || len(answer.Crossings) > 0 {
		p.t.Errorf("the hub knows the document: %+v, %v", answer, err)
	}
	ev, err := s.Journal.Crossing(p.t.Context(), id)
	p.must(err)
	for _, part := range []string{border.PartPersonal, border.PartProtection, border.PartHub} {
		if _, err := s.Keys().Open(&ev, part); err == nil {
			p.t.Errorf("the station opens the %s part", part)
		}
	}
	found, err := s.Journal.Document(p.t.Context(), blind, 10)
	if err != nil || len(found) > 0 {
		p.t.Errorf("the station finds the document %d times, %v", len(found), err)
	}
}

// receipt checks that the hub's own audit says what was erased.
func (p *past) receipt(line string) {
	p.t.Helper()
	p.await("the receipt is recorded", func() bool { return p.told(access.Retention, line) })
}

// told reports whether the hub's own journal says something of an action.
func (p *past) told(a access.Action, what string) bool {
	p.t.Helper()
	all, err := p.hub.Receipts(p.t.Context(), a)
	p.must(err)
	return slices.ContainsFunc(all, func(r hub.Receipt) bool { return strings.Contains(r.Text, what) })
}

// Of two travellers one is exported, restricted, then erased: the other stays as it was, at once and after
// everything was made anew.
func TestOneTravellersRights(t *testing.T) {
	p := newPast(t)
	s, stop := p.station("PCA-1")
	next := line(5)
	one, other := next(), next()
	id, _ := p.passes(s, one)
	left, _ := p.passes(s, other)
	p.delivered(s)
	p.hubFollows()
	stop()
	blind, spared := p.blinded(&one), p.blinded(&other)
	ctx := t.Context()
	ask := func(b border.BlindIndex) int {
		t.Helper()
		a, err := p.hub.Register.AskDocument(ctx, border.DocumentQuestion{Station: "PUT-9", Blind: b, Limit: 20})
		p.must(err)
		return len(a.Crossings)
	}
	part := func(id border.ID) string {
		t.Helper()
		c, err := p.hub.Register.CrossingByID(ctx, id)
		p.must(err)
		return c.Part
	}
	look := func(what string, wantAsk int, wantPart string) {
		t.Helper()
		if n, m := ask(blind), ask(spared); n != wantAsk || m != 1 {
			t.Errorf("%s: posts are told of %d crossings, and of %d of the other", what, n, m)
		}
		if a, b := part(id), part(left); a != wantPart || b != "open" {
			t.Errorf("%s: %s, and %s of the other", what, a, b)
		}
	}
	look("before", 1, "open")
	rights, err := p.hub.Rights()
	p.must(err)
	pair := hub.Pair{By: signin.In{Badge: registrar, PIN: PIN}, Second: signin.In{Badge: deputy, PIN: PIN}}
	do := func(f func(q retention.Request) error) error {
		return p.hub.Signed(ctx, pair, access.SubjectWork, func(by *access.Principal, second string) error {
			return f(retention.Request{Who: retention.Who{Issuer: one.state, Number: one.number}, By: by, Second: second, Purpose: "file 12"})
		})
	}
	for what, bad := range map[string]hub.Pair{
		"one person twice":    {By: pair.By, Second: pair.By},
		"a wrong second PIN":  {By: pair.By, Second: signin.In{Badge: deputy, PIN: "999999"}},
		"an inspector":        {By: signin.In{Badge: officer, PIN: PIN}, Second: pair.Second},
		"a second supervisor": {By: pair.By, Second: signin.In{Badge: supervisor, PIN: PIN}},
	} {
		if err := p.hub.Signed(ctx, bad, access.SubjectWork, func(*access.Principal, string) error { return nil }); err == nil {
			t.Errorf("%s may do it", what)
		}
	}

	p.must(do(func(q retention.Request) error {
		x, rc, err := rights.Export(ctx, q)
		if err != nil {
			return err
		}
		if len(x.Crossings) != 1 || x.Crossings[0].Personal == nil || x.Crossings[0].Personal.DocumentNumber != one.number || x.Crossings[0].Personal.Officer != "" ||
			x.Crossings[0].Protection != nil || len(rc.Crossings) != 1 || rc.Crossings[0] != id {
			t.Errorf("the export is %+v, %+v", x, rc)
		}
		q.Protection = true
		if _, _, err := rights.Export(ctx, q); border.CodeOf(err) != border.Forbidden {
			t.Errorf("an operator exports protection data: %v", err)
		}
		return nil
	}))
	look("after the export", 1, "open")
	p.must(do(func(q retention.Request) error { _, err := rights.Restrict(ctx, q, false); return err }))
	look("restricted", 0, register.PartRestricted)
	p.must(do(func(q retention.Request) error { _, err := rights.Restrict(ctx, q, true); return err }))
	look("lifted", 1, "open")
	flows, n := p.statistics()
	p.must(do(func(q retention.Request) error {
		rc, err := rights.Erase(ctx, q, retention.Default())
		if err == nil && (len(rc.Crossings) != 1 || rc.Until != seal.Bucket(p.days.now()) || rc.Due.IsZero()) {
			t.Errorf("the receipt is %+v", rc)
		}
		return err
	}))
	look("erased", 0, "none")
	gone := func(what string) {
		t.Helper()
		c, err := p.hub.Register.CrossingByID(ctx, id)
		p.must(err)
		if a, err := p.hub.Register.Arrived(ctx, c.Key); err != nil || a.Personal != nil || a.Hub != nil {
			t.Errorf("%s: it opens, %v", what, err)
		}
		o, err := p.hub.Register.CrossingByID(ctx, left)
		p.must(err)
		if a, err := p.hub.Register.Arrived(ctx, o.Key); err != nil || a.Personal == nil || a.Personal.DocumentNumber != other.number {
			t.Errorf("%s: the other does not open, %v", what, err)
		}
		if f, m := p.statistics(); m != n || !cmp.Equal(f, flows) {
			t.Errorf("%s: statistics: %s", what, cmp.Diff(flows, f))
		}
	}
	gone("erased")
	if !p.told(access.SubjectWork, "file 12") {
		t.Error("the audit does not say it")
	}
	p.must(p.hub.Register.Rebuild(ctx))
	look("rebuilt", 0, "none")
	p.stopHub()
	if in := p.holds("hub", blind[:]); in != "" {
		t.Errorf("a blind index is left in %s", in)
	}
	if p.holds("hub", spared[:]) == "" {
		t.Error("the other's blind index is gone, too")
	}
	p.open()
	look("opened again", 0, "none")
	gone("opened again")
	s, _ = p.station("PCA-1") // a station that sends its keys once more changes nothing
	p.delivered(s)
	wraps, err := s.Journal.Wraps(ctx)
	p.must(err)
	p.must(p.hub.Register.StoreWraps(ctx, wraps))
	look("with the keys again", 0, "none")
}

// hubFollows waits until the cases have looked at everything.
func (p *past) hubFollows() {
	p.t.Helper()
	p.await("the register opens both", func() bool {
		c, err := p.hub.Register.Crossings(p.t.Context(), 0, 10)
		p.must(err)
		for i := range c {
			if c[i].Part != "open" {
				return false
			}
		}
		return len(c) == 2
	})
}
