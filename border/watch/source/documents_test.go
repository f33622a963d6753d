package source_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"garita/border/watch/source"
)

func documents(t testing.TB, f fs.FS, o source.Options) (rows []source.DocumentRow, report source.Report, err error) {
	t.Helper()
	d := source.ReadDocuments(t.Context(), f, o)
	for row := range d.Rows() {
		rows = append(rows, row)
	}
	if n := d.Report().Entries; n != len(rows) {
		t.Errorf("the report counts %d of %d", n, len(rows))
	}
	return rows, d.Report(), d.Err()
}

func TestDocuments(t *testing.T) {
	rows, report, err := documents(t, files("lost.csv", "# list=lost\n# version=7\nnumber,issuer,type,reason,since,note\n"+
		"D-23145890,UTO,P,stolen,2026-10-01,x\n"+
		"\"x 1,2\",Germany,p<,Lost,,\n"+
		"'=77,,,,,\n"+
		",UTO,P,stolen,,\n"+
		"123,Lilliput,P,,,\n"+
		"123,UTO,PPP,eaten,yesterday,\n"+
		"12,UTO\n"+
		"1\",UTO,,,,\n"+
		strings.Repeat("9", 31)+",UTO,,,,\n"+
		"D23145890,UTO,P,stolen,2026-10-01,\n"), source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	stolen := source.DocumentRow{Issuer: "UTO", Type: "P", Number: "D23145890", Reason: "stolen", Since: "2026-10-01"}
	same(t, rows, []source.DocumentRow{stolen, {Issuer: "D", Type: "P", Number: "X12", Reason: "lost"}, {Number: "77"}, {Issuer: "UTO", Number: "123"}, stolen})
	same(t, problems(report), []string{"3 unknown_column", "!7 bad_document number", "!8 unknown_country issuer", "9 unknown_word type", "9 unknown_word reason", "9 bad_date since",
		"!10 bad_columns", "!11 bad_quotes", "!12 bad_document number"})
	if report.List != "lost" || report.Version != "7" {
		t.Errorf("%+v", report)
	}
	discreet(t, report, err)
}

func TestDocumentsWhole(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"nothing":         {"", source.ErrTruncated},
		"no number":       {"issuer,type\n", source.ErrFormat},
		"cut":             {"number\n123", source.ErrTruncated},
		"cut quotation":   {"number\n\"123", source.ErrTruncated},
		"fewer than said": {"# entries=2\nnumber\n123\n", source.ErrTruncated},
		"UTF-16":          {utf16le("number\n123\n"), source.ErrEncoding},
	} {
		if _, _, err := documents(t, files("a.csv", c.text), source.Options{}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if rows, _, err := documents(t, files("a.csv", "# entries=2\nnumber\n123\n456"), source.Options{}); err != nil || len(rows) != 2 {
		t.Errorf("the head says that it is whole: %v", err)
	}
	if _, _, err := documents(t, files("a.csv", "number\n123\n456\n"), source.Options{MaxEntries: 1}); !errors.Is(err, source.ErrTooLarge) {
		t.Errorf("too many: %v", err)
	}
	d := source.ReadDocuments(t.Context(), files("a.csv", "number\n123\n456\n789\n"), source.Options{})
	for range d.Rows() {
		break
	}
	if d.Err() != nil || d.Report().Entries != 1 {
		t.Errorf("a reader that stops: %v, %d", d.Err(), d.Report().Entries)
	}
}

// endless is a file of many rows that are made as they are read.
type endless struct {
	rest []byte
	n    int
	rows int
}

func (e *endless) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if len(e.rest) == 0 {
			if e.n == e.rows {
				if n == 0 {
					return 0, io.EOF
				}
				return n, nil
			}
			if e.rest = e.rest[:0]; e.n == 0 {
				e.rest = append(e.rest, "issuer,type,number,reason,since\n"...)
			}
			e.n++
			e.rest = append(e.rest, "UTO,P,X"...)
			e.rest = strconv.AppendInt(e.rest, int64(e.n), 10)
			e.rest = append(e.rest, ",stolen,2026-10-01\n"...)
		}
		m := copy(p[n:], e.rest)
		e.rest, n = e.rest[m:], n+m
	}
	return n, nil
}

func (*endless) Stat() (fs.FileInfo, error) { return nil, fs.ErrInvalid }
func (*endless) Close() error               { return nil }

// long is a source of one such file.
type long struct {
	fstest.MapFS
	rows int
}

func (l long) Open(name string) (fs.File, error) {
	if name == "." {
		return l.MapFS.Open(name)
	}
	return &endless{rows: l.rows}, nil
}

// A long list takes no more memory than a short one.
func TestDocumentsMemory(t *testing.T) {
	rows := 200_000
	if os.Getenv("GARITA_SOAK") != "" {
		rows = 100_000_000
	}
	start := time.Now()
	d := source.ReadDocuments(t.Context(), long{files("a.csv", ""), rows}, source.Options{})
	n, most := 0, uint64(0)
	for range d.Rows() {
		if n++; n%(rows/4) == 0 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
		}
	}
	if d.Err() != nil || n != rows {
		t.Errorf("%d rows: %v", n, d.Err())
	}
	if most > 64<<20 {
		t.Errorf("%d rows hold %d MiB", rows, most>>20)
	}
	t.Logf("%d rows in %v, %d MiB held", rows, time.Since(start), most>>20)
}
