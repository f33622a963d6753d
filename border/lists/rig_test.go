package lists

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"garita/border"
	"garita/border/seal"
	"garita/border/watch"
	"garita/border/watch/source"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type testClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *testClock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }

func (c *testClock) add(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.now = c.now.Add(d) }

// rig is a hub's folder with a keeper.
type rig struct {
	*Keeper
	t     *testing.T
	dir   string
	clock *testClock
	keys  *seal.HubPrivate
	rules Rules
	log   *strings.Builder
}

func newRig(t *testing.T, rules Rules) *rig {
	t.Helper()
	keys, err := seal.NewHubPrivate("Utopia")
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, dir: t.TempDir(), clock: &testClock{now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}, keys: keys, rules: rules, log: new(strings.Builder)}
	r.open()
	t.Cleanup(func() { r.Close() })
	return r
}

func (r *rig) open() {
	r.t.Helper()
	k, err := openAt(r.t.Context(), r, r.dir)
	if err != nil {
		r.t.Fatal(err)
	}
	r.Keeper = k
}

func openAt(ctx context.Context, r *rig, dir string) (*Keeper, error) {
	return Open(ctx, Config{Dir: dir, Clock: r.clock, ListKey: r.keys.ListKey, ListSeed: r.keys.ListSeed, Rules: r.rules,
		Log: slog.New(slog.NewTextHandler(r.log, nil))})
}

func (r *rig) reopen() {
	r.t.Helper()
	if err := r.Close(); err != nil {
		r.t.Fatal(err)
	}
	r.open()
}

// Invented people of Utopia: syllables put together.
var syllables = []string{"ba", "ke", "lo", "mi", "nu", "ra", "se", "to", "vi", "za", "du", "fe", "ga", "hi", "jo"}

func invent(rng *rand.Rand) string {
	var b strings.Builder
	for range 2 + rng.IntN(3) {
		b.WriteString(syllables[rng.IntN(len(syllables))])
	}
	return strings.ToUpper(b.String())
}

func person(rng *rand.Rand, src string, n int) *watch.Entry {
	e := &watch.Entry{Source: src, ID: fmt.Sprintf("E%d", n), Handling: watch.Refer,
		Names:         []watch.Name{{Surname: invent(rng), GivenNames: invent(rng), Quality: watch.Primary}},
		BirthDates:    []string{fmt.Sprintf("19%02d-%02d-%02d", 40+rng.IntN(60), 1+rng.IntN(12), 1+rng.IntN(28))},
		Nationalities: []string{"UTO"}, LegalBasis: "Order " + invent(rng)}
	if rng.IntN(3) == 0 {
		e.Names = append(e.Names, watch.Name{Full: invent(rng) + " " + invent(rng), Quality: watch.Low})
	}
	if rng.IntN(4) == 0 {
		e.Documents = []watch.Document{{Issuer: "UTO", Type: "P", Number: fmt.Sprintf("U%08d", rng.IntN(1e8))}}
	}
	switch rng.IntN(6) {
	case 0:
		e.Handling = watch.Silent
	case 1:
		e.Distribution = watch.HubOnly
	}
	return e
}

func people(rng *rand.Rand, src string, n int) []*watch.Entry {
	out := make([]*watch.Entry, n)
	for i := range out {
		out[i] = person(rng, src, i)
	}
	return out
}

func seeded(t testing.TB) *rand.Rand {
	const seed = 20261122
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 5))
}

// csv writes entries as a file that an import reads.
func csv(t testing.TB, version string, entries []*watch.Entry) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "list.csv")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	err = source.Export(f, source.Head{List: "national", Version: version, Issued: time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC), MaxAge: 48 * time.Hour}, slices.Values(entries))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func (r *rig) preview(name, version string, entries []*watch.Entry) Preview {
	r.t.Helper()
	p, err := r.Preview(r.t.Context(), name, source.CSV, csv(r.t, version, entries), ImportOptions{})
	if err != nil {
		r.t.Fatalf("preview: %v, %+v", err, p.Report)
	}
	if p.Report.Skipped != 0 {
		r.t.Fatalf("the reader skipped what the test wrote: %+v", p.Report)
	}
	return p
}

func (r *rig) load(name, version string, entries []*watch.Entry) border.ListPosition {
	r.t.Helper()
	at, err := r.Confirm(r.t.Context(), r.preview(name, version, entries).ID, "B-1", "B-2")
	if err != nil {
		r.t.Fatalf("confirm: %v", err)
	}
	return at
}

// byHand proposes and approves.
func (r *rig) byHand(p Proposal) border.ListPosition {
	r.t.Helper()
	p.By, p.Reason = "B-1", "as the court ordered"
	id, err := r.Propose(r.t.Context(), p)
	if err != nil {
		r.t.Fatalf("propose: %v", err)
	}
	at, err := r.Approve(r.t.Context(), id, "B-2", "seen")
	if err != nil {
		r.t.Fatalf("approve: %v", err)
	}
	return at
}

func wantCode(t *testing.T, err error, code border.Code) {
	t.Helper()
	if border.CodeOf(err) != code {
		t.Errorf("%v, want %q", err, code)
	}
}
