package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"garita/border/watch"
)

// Watch is the result of the watchlist benchmark.
type Watch struct {
	Identities int       `json:"identities"`
	Check      Quantiles `json:"check_us"`
	RSS        float64   `json:"rss_mb"`  // what the index of identities keeps resident
	Load       float64   `json:"load_ms"` // from the file to a list that answers
	DocumentsResult
	JaroWinkler struct {
		P50 float64 `json:"p50"`
	} `json:"jaro_winkler_us"` // a plain scan of the same list
	Found    float64 `json:"found"`    // share of the listed travellers who are the first hit
	Disturbs float64 `json:"disturbs"` // share of the other travellers with a hit of 0.5 or more
}

// DocumentsResult is the part of the result that concerns lists of documents.
type DocumentsResult struct {
	Documents    int     `json:"documents"`
	DocumentTime float64 `json:"document_us"`    // a lookup and its keyed hash, in the middle batch
	Filter       float64 `json:"filter_mb"`      // what it keeps resident
	FalseHits    float64 `json:"false_hit_rate"` // share of documents that are not listed and found
}

// Sizes of a run.
const (
	travellers  = 6000
	listedShare = 0.03
	scans       = 3 // of the plain scan, which takes seconds at a million
	watchSeed   = 20261122
)

// asked is a traveller and, if listed, the entry.
type asked struct {
	query watch.Query
	entry string
}

// MeasureWatch measures checks against lists of invented persons and documents on one core.
func MeasureWatch(ctx context.Context, identities, documents int, dir string, progress io.Writer) (_ *Watch, err error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	out := &Watch{Identities: identities}
	fmt.Fprintf(progress, "inventing %d persons (seed %d)\n", identities, watchSeed)
	path := filepath.Join(dir, "list")
	queries, err := out.prepare(ctx, identities, path, progress)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(progress, "checking %d travellers\n", len(queries))
	if err := out.check(ctx, path, queries); err != nil {
		return nil, err
	}
	out.DocumentsResult, err = measureDocuments(ctx, documents, dir, progress)
	return out, err
}

// prepare writes the list and leaves nothing of it in memory.
func (w *Watch) prepare(ctx context.Context, identities int, path string, progress io.Writer) ([]asked, error) {
	rng := rand.New(rand.NewPCG(watchSeed, 1))
	p := newPeople(rng)
	entries := make([]*watch.Entry, 0, identities)
	listed := make([]person, 0, int(travellers*listedShare))
	for i := range identities {
		h := p.person()
		if len(listed) < cap(listed) && i%max(1, identities/cap(listed)) == 0 {
			listed = append(listed, h)
		}
		entries = append(entries, p.entry(&h, i))
	}
	var queries []asked
	for i := range listed {
		queries = append(queries, asked{p.traveller(&listed[i]), entries[i*max(1, identities/cap(listed))].ID})
	}
	for len(queries) < travellers {
		h := p.person()
		queries = append(queries, asked{query: p.traveller(&h)})
	}
	rng.Shuffle(len(queries), func(i, j int) { queries[i], queries[j] = queries[j], queries[i] })

	fmt.Fprintf(progress, "scanning with plain Jaro-Winkler\n")
	plain := newPlainList(entries)
	var took []time.Duration
	best := 0.0
	for i := range scans {
		start := time.Now()
		best += plain.best(&queries[i].query)
		took = append(took, time.Since(start))
	}
	w.JaroWinkler.P50 = micros(took, 0.5)
	runtime.KeepAlive(best) // what is measured must not be left out

	if err := ctx.Err(); err != nil {
		return nil, err
	}
	fmt.Fprintf(progress, "compiling\n")
	start := time.Now()
	b, err := watch.Compile(watch.Description{Name: "synthetic", Sources: []watch.Source{{Name: "synthetic", Version: "1", Entries: len(entries)}}}, entries)
	if err != nil {
		return nil, err
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	n, err := b.WriteTo(f)
	fmt.Fprintf(progress, "compiled in %.1f s, %.1f MB\n", time.Since(start).Seconds(), float64(n)/1e6)
	return queries, errors.Join(err, f.Close())
}

func (w *Watch) check(ctx context.Context, path string, queries []asked) error {
	before, err := resident()
	if err != nil {
		return err
	}
	start := time.Now()
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	base, err := watch.OpenBase(data)
	if err != nil {
		return err
	}
	list := watch.New(base)
	w.Load = float64(time.Since(start)) / 1e6
	hits := make([]watch.Hit, 0, watch.MaxHits)
	for i := range queries[:min(len(queries), 500)] {
		hits = list.Check(&queries[i].query, hits[:0])
	}
	var took []time.Duration
	found, there, disturbed := 0, 0, 0
	for i := range queries {
		if err := ctx.Err(); err != nil {
			return err
		}
		start := time.Now()
		hits = list.Check(&queries[i].query, hits[:0])
		took = append(took, time.Since(start))
		switch {
		case queries[i].entry != "":
			there++
			if len(hits) > 0 && hits[0].Entry.ID == queries[i].entry {
				found++
			}
		case len(hits) > 0 && hits[0].Score >= 0.5:
			disturbed++
		}
	}
	w.Check = Quantiles{P50: micros(took, 0.5), P99: micros(took, 0.99)}
	w.Found = float64(found) / float64(max(1, there))
	w.Disturbs = float64(disturbed) / float64(max(1, len(queries)-there))
	after, err := resident()
	w.RSS = float64(after-before) / 1e6
	runtime.KeepAlive(list)
	return err
}

// micros gives a quantile in microseconds.
func micros(took []time.Duration, q float64) float64 {
	s := slices.Sorted(slices.Values(took))
	return float64(s[min(len(s)-1, int(q*float64(len(s))))]) / 1e3
}

// resident gives the bytes that this process keeps in memory, after giving back what it can.
func resident() (int64, error) {
	debug.FreeOSMemory()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kb << 10, err
		}
	}
	return 0, errors.New("no VmRSS in /proc/self/status")
}
