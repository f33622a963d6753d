package replica_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"garita/border"
	"garita/border/bordertest"
	"garita/border/replica"
	"garita/border/seal"
	"garita/border/watch"
	"garita/border/watch/release"
)

func TestMain(m *testing.M) {
	if mode := os.Getenv("GARITA_REPLICA_CHILD"); mode != "" {
		os.Exit(child(mode))
	}
	goleak.VerifyTestMain(m)
}

const station = border.StationID("PUT-1")

var start = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

type fixedClock struct {
	mu sync.Mutex
	at time.Time
}

func (c *fixedClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *fixedClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// hub makes releases of one list as border/lists does.
type hub struct {
	prov   *seal.Provisioning
	keys   *release.Keys
	signer ed25519.PrivateKey
	name   string
	issued time.Time

	entries map[watch.Key]*watch.Entry
	sources []watch.Source
	m       *release.Manifest // of the last release
	last    bordertest.MadeRelease
	filter  *release.File // and set: carried by what follows
	set     *release.File
	files   map[border.Digest][]byte // that later releases need too
}

// newHub makes the same hub for the same number.
func newHub(t testing.TB, n byte) *hub {
	t.Helper()
	private := &seal.HubPrivate{ListKey: bytes.Repeat([]byte{n}, 32), ListSeed: bytes.Repeat([]byte{n + 1}, 32)}
	signer := ed25519.NewKeyFromSeed(private.ListSeed)
	keys, err := release.NewKeys(private.ListKey)
	check(t, err)
	return &hub{prov: &seal.Provisioning{ListKey: private.ListKey, ListSigner: signer.Public().(ed25519.PublicKey)},
		keys: keys, signer: signer, name: "national", issued: start, entries: map[watch.Key]*watch.Entry{},
		sources: []watch.Source{{Name: "national", Version: "1", Issued: start}}, files: map[border.Digest][]byte{}}
}

// branch is a hub that can go on otherwise.
func (h *hub) branch() *hub {
	b := *h
	if h.m != nil {
		m := *h.m
		b.m = &m
	}
	b.entries, b.files = maps.Clone(h.entries), maps.Clone(h.files)
	return &b
}

func person(i int) *watch.Entry {
	return &watch.Entry{Source: "national", ID: fmt.Sprintf("%06d", i), Handling: watch.Open, BirthDates: []string{fmt.Sprintf("19%02d-03-%02d", i%90, i%28+1)},
		Names: []watch.Name{{Surname: "UTOPIAN" + letters(i), GivenNames: "ANNA " + letters(i*7), Quality: watch.Primary}}}
}

// letters spells a number in letters.
func letters(i int) string {
	s := ""
	for {
		s += string(rune('A' + i%26))
		if i /= 26; i == 0 {
			return s
		}
	}
}

func puts(from, to int) []watch.Change {
	var out []watch.Change
	for i := from; i < to; i++ {
		out = append(out, watch.Change{Put: person(i)})
	}
	return out
}

func (h *hub) apply(changes []watch.Change) {
	for _, c := range changes {
		switch {
		case c.Put != nil:
			h.entries[c.Put.Key()] = c.Put
		case c.Remove != nil:
			delete(h.entries, *c.Remove)
		case c.Describe != nil:
			h.sources = []watch.Source{*c.Describe}
		}
	}
}

// next begins the manifest of the next release.
func (h *hub) next() *release.Manifest {
	h.issued = h.issued.Add(time.Minute)
	m := &release.Manifest{List: h.name, Epoch: border.Epoch{1}, Version: 1}
	if h.m != nil {
		m = h.m.Next(h.last.Position.Hash)
	}
	m.Issued, m.ValidUntil, m.Key = h.issued, h.issued.Add(24*time.Hour), h.keys.ID()
	return m
}

// delta makes the next release of some changes.
func (h *hub) delta(t testing.TB, changes ...watch.Change) bordertest.MadeRelease {
	t.Helper()
	m := h.next()
	h.apply(changes)
	files := map[border.Digest][]byte{}
	if len(changes) > 0 {
		b, err := release.EncodeDelta(changes)
		check(t, err)
		m.Delta = h.seal(t, files, m.DeltaLabel(), b)
	}
	return h.finish(t, m, files)
}

// snapshot makes the next release of all entries, after some changes.
func (h *hub) snapshot(t testing.TB, changes ...watch.Change) bordertest.MadeRelease {
	t.Helper()
	return h.snapshotAs(t, h.next(), changes...)
}

// renew makes the first release of a new epoch that goes on from the last one.
func (h *hub) renew(t testing.TB, epoch border.Epoch, changes ...watch.Change) bordertest.MadeRelease {
	t.Helper()
	m := h.m.Renew(epoch, h.last.Position.Hash)
	n := h.next()
	m.Issued, m.ValidUntil, m.Key = n.Issued, n.ValidUntil, n.Key
	return h.snapshotAs(t, m, changes...)
}

func (h *hub) snapshotAs(t testing.TB, m *release.Manifest, changes ...watch.Change) bordertest.MadeRelease {
	t.Helper()
	h.apply(changes)
	base, err := watch.Compile(watch.Description{Name: h.name, Sources: h.sources}, slices.Collect(maps.Values(h.entries)))
	check(t, err)
	var b bytes.Buffer
	_, err = base.WriteTo(&b)
	check(t, err)
	files := map[border.Digest][]byte{}
	m.Base.Version = m.Version
	m.Base.File = *h.seal(t, files, m.SnapshotLabel(), b.Bytes())
	return h.finish(t, m, files)
}

func (h *hub) seal(t testing.TB, files map[border.Digest][]byte, l release.Label, plain []byte) *release.File {
	t.Helper()
	var b bytes.Buffer
	f, err := h.keys.SealFile(&b, l, bytes.NewReader(plain))
	check(t, err)
	files[f.Digest] = b.Bytes()
	return &f
}

func (h *hub) finish(t testing.TB, m *release.Manifest, files map[border.Digest][]byte) bordertest.MadeRelease {
	t.Helper()
	m.Filter, m.FilterSet = h.filter, h.set
	m.Entries, m.Sources = int64(len(h.entries)), h.sources
	return h.sign(t, m, files)
}

func (h *hub) sign(t testing.TB, m *release.Manifest, files map[border.Digest][]byte) bordertest.MadeRelease {
	t.Helper()
	signed, err := release.Sign(m, h.signer)
	check(t, err)
	maps.Copy(files, h.files)
	h.m = m
	h.last = bordertest.MadeRelease{ListRelease: border.ListRelease{Position: m.Position(signed), Manifest: signed, Snapshot: m.IsSnapshot()}, Files: files}
	return h.last
}

// rig is a station's copy under test.
type rig struct {
	t     testing.TB
	dir   string
	hub   *hub
	clock *fixedClock
	log   *strings.Builder
	step  func(string) error
	*replica.Replica
}

func newRig(t testing.TB, h *hub) *rig {
	t.Helper()
	r := &rig{t: t, dir: t.TempDir(), hub: h, clock: &fixedClock{at: start}, log: new(strings.Builder)}
	r.open()
	t.Cleanup(func() { check(t, r.Close()) })
	return r
}

func (r *rig) config() replica.Config {
	c := replica.Config{Dir: r.dir, Station: station, Clock: r.clock, Prov: r.hub.prov, Log: slog.New(slog.NewTextHandler(r.log, nil))}
	c.OnStep(func(name string) error {
		if r.step == nil {
			return nil
		}
		return r.step(name)
	})
	return c
}

func (r *rig) open() {
	r.t.Helper()
	var err error
	r.Replica, err = replica.Open(context.Background(), r.config())
	check(r.t, err)
}

func (r *rig) reopen() {
	r.t.Helper()
	check(r.t, r.Close())
	r.open()
}

// deliver offers a release and hands over what is wanted of it.
func deliver(ctx context.Context, s border.ListSink, m bordertest.MadeRelease) error {
	wanted, err := s.Offer(ctx, m.Manifest)
	if err != nil {
		return err
	}
	for _, w := range wanted {
		for at := w.Have; at < w.Size; at += 1 << 20 {
			if err := s.Receive(ctx, w.Digest, at, m.Files[w.Digest][at:min(w.Size, at+1<<20)]); err != nil {
				return err
			}
		}
	}
	return nil
}

func apply(ctx context.Context, s border.ListSink, m bordertest.MadeRelease) error {
	if err := deliver(ctx, s, m); err != nil {
		return err
	}
	return s.Apply(ctx, m.Manifest)
}

func (r *rig) take(releases ...bordertest.MadeRelease) {
	r.t.Helper()
	for _, m := range releases {
		if err := apply(context.Background(), r.Replica, m); err != nil {
			r.t.Fatalf("version %d: %v", m.Position.Version, err)
		}
		r.holds(m.Position)
	}
}

// holds checks what is in force, that checks see the same, and that it can be asked.
func (r *rig) holds(want border.ListPosition) *replica.Held {
	r.t.Helper()
	got, err := r.Position(context.Background(), want.List)
	check(r.t, err)
	var in *replica.Held
	for _, h := range r.Current() {
		if h.Position.List == want.List {
			in = h
		}
	}
	if want.Version == 0 {
		if got.Version != 0 || in != nil {
			r.t.Fatalf("version %d is in force, want none", got.Version)
		}
		return nil
	}
	if got != want || in == nil || in.Position != want {
		r.t.Fatalf("in force is %+v, want %+v", got, want)
	}
	return in
}

// finds reports whether the list in force finds a person.
func (r *rig) finds(i int) bool {
	r.t.Helper()
	for _, h := range r.Current() {
		p := person(i)
		q := watch.Query{Surname: p.Names[0].Surname, GivenNames: p.Names[0].GivenNames, BirthDate: p.BirthDates[0]}
		for _, hit := range h.List.Check(&q, nil) {
			if hit.Entry == p.Key() {
				return true
			}
		}
	}
	return false
}

// report gives what the station says of the list.
func (r *rig) report() border.ListReport {
	r.t.Helper()
	for _, p := range r.Report() {
		if p.Position.List == "national" {
			return p
		}
	}
	return border.ListReport{}
}

// refuses checks that a release is refused with a code and an alarm, and that what is in force stays.
func (r *rig) refuses(what string, m bordertest.MadeRelease, reason string, codes ...border.Code) {
	r.t.Helper()
	before, err := r.Position(context.Background(), r.hub.name)
	check(r.t, err)
	r.clock.advance(time.Second)
	err = apply(context.Background(), r.Replica, m)
	if err == nil || !slices.Contains(codes, border.CodeOf(err)) {
		r.t.Errorf("%s: %v (%s), want %v", what, err, border.CodeOf(err), codes)
	}
	if got := r.report(); got.Refused != reason || got.RefusedAt != r.clock.Now() && reason != "" {
		r.t.Errorf("%s: the alarm says %q at %s, want %q", what, got.Refused, got.RefusedAt, reason)
	}
	r.holds(before)
	r.reopen()
	if got := r.report(); got.Refused != reason {
		r.t.Errorf("%s: after a restart the alarm says %q, want %q", what, got.Refused, reason)
	}
	r.holds(before)
}

func copyDir(t testing.TB, from, to string) {
	t.Helper()
	check(t, filepath.WalkDir(from, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o700)
		}
		in, err := os.Open(path)
		if err != nil {
			return err
		}
		defer in.Close()
		out, err := os.Create(filepath.Join(to, rel))
		if err != nil {
			return err
		}
		if _, err := io.Copy(out, in); err != nil {
			return err
		}
		return out.Close()
	}))
}
