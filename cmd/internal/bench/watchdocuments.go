package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"garita/border"
	"garita/border/watch/document"
)

// Sizes of a run. One false hit in 65,536 is expected: of so many strangers, 153 (± 12).
const (
	strangers = 10_000_000 // documents that are not listed, asked for
	known     = 2_000_000  // listed ones, asked for
	batch     = 1000       // written out before they are timed
)

// measureDocuments measures the filter of documents as a post holds it: built, written to a
// file, and read from there.
func measureDocuments(ctx context.Context, n int, dir string, progress io.Writer) (out DocumentsResult, err error) {
	if n == 0 {
		return out, nil
	}
	if n > document.MaxDocuments {
		return out, fmt.Errorf("at most %d documents", document.MaxDocuments)
	}
	epoch := border.Epoch{1}
	key, err := document.DeriveKey([]byte("the key of a benchmark, 32 bytes"), "synthetic", epoch)
	if err != nil {
		return out, err
	}
	path := filepath.Join(dir, "documents")
	if err := buildFilter(ctx, key, epoch, n, path, progress); err != nil {
		return out, err
	}
	before, err := resident()
	if err != nil {
		return out, err
	}
	start := time.Now()
	f, err := os.Open(path)
	if err != nil {
		return out, err
	}
	filter, err := document.Read(f)
	if err := errors.Join(err, f.Close()); err != nil {
		return out, err
	}
	set, err := document.NewSet(key, filter, nil)
	if err != nil {
		return out, err
	}
	read := time.Since(start)
	after, err := resident()
	if err != nil {
		return out, err
	}
	fmt.Fprintf(progress, "read in %.1f s; asking for %d documents\n", read.Seconds(), known+strangers)

	found, took, err := askDocuments(ctx, set, known, func(i int) int { return int(uint64(i) * 2_654_435_761 % uint64(n)) })
	if err != nil {
		return out, err
	}
	if found != known {
		return out, fmt.Errorf("%d of %d listed documents were not found", known-found, known)
	}
	wrong, more, err := askDocuments(ctx, set, strangers, func(i int) int { return n + i })
	if err != nil {
		return out, err
	}
	out = DocumentsResult{
		Documents:    n,
		DocumentTime: micros(append(took, more...), 0.5) / batch,
		Filter:       float64(after-before) / 1e6,
		FalseHits:    float64(wrong) / strangers,
	}
	runtime.KeepAlive(set)
	return out, nil
}

// buildFilter writes the filter of documents 0 to n-1 and leaves nothing of it in memory.
func buildFilter(ctx context.Context, key document.Key, epoch border.Epoch, n int, path string, progress io.Writer) error {
	fmt.Fprintf(progress, "hashing %d documents\n", n)
	hashes := make([]uint64, n)
	for i := range hashes {
		if i&0xfffff == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		p := paper(i)
		d, ok := key.Hash(p.issuer, 'P', p.number)
		if !ok {
			return errors.New("an invented document has no number")
		}
		hashes[i] = d.Lo
	}
	fmt.Fprintf(progress, "building the filter\n")
	start := time.Now()
	filter, err := document.Build(epoch, hashes)
	if err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	size, err := filter.WriteTo(f)
	fmt.Fprintf(progress, "built in %.1f s, %.1f MB\n", time.Since(start).Seconds(), float64(size)/1e6)
	return errors.Join(err, f.Close())
}

// askDocuments asks for so many documents, counts those that are found, and gives the time of
// each batch: other work on the machine then shows in some of them, not in all.
func askDocuments(ctx context.Context, set *document.Set, n int, which func(i int) int) (found int, took []time.Duration, err error) {
	papers := make([]invented, 0, batch)
	for i := 0; i < n; i += batch {
		if err := ctx.Err(); err != nil {
			return 0, nil, err
		}
		papers = papers[:0]
		for j := i; j < min(n, i+batch); j++ {
			papers = append(papers, paper(which(j)))
		}
		start := time.Now()
		for j := range papers {
			if set.Has(papers[j].issuer, "P", papers[j].number) {
				found++
			}
		}
		took = append(took, time.Since(start))
	}
	return found, took, nil
}

type invented struct{ issuer, number string }

// numbers is how many numbers of a letter and eight digits there are.
const numbers = 26 * 100_000_000

// paper invents document i: another one for each i below numbers, because the factor and the
// number of them have no common divisor.
func paper(i int) invented {
	x := uint64(i) * 1_618_033_991 % numbers
	var b [9]byte
	b[0] = 'A' + byte(x%26)
	x /= 26
	for j := 8; j > 0; j-- {
		b[j] = '0' + byte(x%10)
		x /= 10
	}
	return invented{"UTO", string(b[:])}
}
