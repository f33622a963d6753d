package source

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"slices"
	"strings"

	"garita/border/watch"
)

// DocumentRow is one document of a list of stolen, lost or revoked ones.
type DocumentRow struct {
	Issuer string // Doc 9303-3 code; "" if not known
	Type   string // first letters of the zone: P, V, I; "" if not known
	Number string // A to Z and 0 to 9, at most 30
	Reason string // stolen, lost, revoked; "" if not known
	Since  string // ISO 8601 day; "" if not known
}

// maxDocumentRows and maxDocumentBytes are the limits if the options name none.
const (
	maxDocumentRows  = 200_000_000
	maxDocumentBytes = 16 << 30
)

var documentFields = [...]string{"issuer", "type", "number", "reason", "since"}

var reasons = map[string]bool{"": true, "stolen": true, "lost": true, "revoked": true}

// errStopped says that the reader of rows wanted no more.
var errStopped = errors.New("stopped")

// DocumentList reads a document list row by row, in memory that does not grow with it.
// Rows that are there twice come twice.
type DocumentList struct {
	run *run
	err error
}

// ReadDocuments prepares to read the CSV files of a document list: columns issuer, type,
// number, reason and since in any order, of which only number must be there.
func ReadDocuments(ctx context.Context, files fs.FS, o Options) *DocumentList {
	if o.MaxBytes == 0 {
		o.MaxBytes = maxDocumentBytes
	}
	if o.MaxEntries == 0 {
		o.MaxEntries = maxDocumentRows
	}
	return &DocumentList{run: newRun(ctx, files, o, func(*watch.Entry) error { return nil })}
}

// Rows reads the list once. When it ends, [DocumentList.Err] says whether it ended well.
func (d *DocumentList) Rows() iter.Seq[DocumentRow] {
	return func(yield func(DocumentRow) bool) {
		d.err = d.run.each(func(in *input) error { return d.run.documents(in, yield) })
	}
}

// Err returns why reading ended before the end of the list; nil if it was read whole, or
// the reader wanted no more.
func (d *DocumentList) Err() error {
	if errors.Is(d.err, errStopped) {
		return nil
	}
	return d.err
}

// Report says what was read and what was not.
func (d *DocumentList) Report() Report { return d.run.report }

func (r *run) documents(in *input, yield func(DocumentRow) bool) error {
	t, err := r.newTable(in, func(name string) bool { return slices.Contains(documentFields[:], name) }, "number")
	if err != nil {
		return err
	}
	words := make(interned)
	var at [len(documentFields)]int // of each field, its column; 0: there is none
	for i, name := range t.columns {
		if f := slices.Index(documentFields[:], name); f >= 0 {
			at[f] = i + 1
		}
	}
	var row [len(documentFields)][]byte
	for {
		fields, code, err := t.read()
		switch {
		case errors.Is(err, io.EOF):
			if err := t.end(); !errors.Is(err, io.EOF) {
				return err
			}
			return nil
		case err != nil:
			return err
		}
		t.count++
		if code == "" && len(fields) != len(t.columns) {
			code = BadColumns
		}
		if code != "" {
			if !t.ended {
				return fail(ErrTruncated, in.name, t.line, "its last line does not end")
			}
			r.skip(t.line, code, "")
			continue
		}
		if r.report.Entries == r.o.MaxEntries {
			return fail(ErrTooLarge, in.name, t.line, "too many documents")
		}
		for f, column := range at {
			if column > 0 {
				row[f] = fields[column-1]
			}
		}
		document, ok := r.documentRow(t.line, words, row[0], row[1], row[2], row[3], row[4])
		if !ok {
			continue
		}
		r.report.Entries++
		if !yield(document) {
			return errStopped
		}
	}
}

// documentRow reads one row.
func (r *run) documentRow(line int, words interned, issuer, kind, number, reason, since []byte) (row DocumentRow, ok bool) {
	for _, f := range [][]byte{issuer, kind, number, reason, since} {
		if len(f) > maxField {
			r.skip(line, TooLong, "")
			return row, false
		}
	}
	row.Number = zoneNumber(unguarded(string(number)))
	if row.Number == "" || len(row.Number) > maxNumber {
		r.skip(line, BadDocument, "number")
		return row, false
	}
	code := Code("")
	row.Issuer = words.of('i', issuer, func(s string) (string, bool) {
		if s == "" {
			return "", true
		}
		codes := stateCode(s)
		if len(codes) == 0 {
			return "", false
		}
		return codes[0], true
	}, UnknownCountry, &code)
	if code != "" {
		// Without its issuer the number would be that of every state's documents.
		r.skip(line, code, "issuer")
		return row, false
	}
	row.Type = words.of('t', kind, func(s string) (string, bool) {
		s = strings.TrimRight(strings.ToUpper(s), "<")
		return s, paperType.MatchString(s)
	}, UnknownWord, &code)
	if code != "" {
		r.problem(line, code, "type")
		row.Type, code = "", ""
	}
	row.Reason = words.of('r', reason, func(s string) (string, bool) {
		s = strings.ToLower(s)
		return s, reasons[s]
	}, UnknownWord, &code)
	if code != "" {
		r.problem(line, code, "reason")
		row.Reason, code = "", ""
	}
	row.Since = words.of('s', since, func(s string) (string, bool) {
		d := calendarDay(s)
		return d, s == "" || d != ""
	}, BadDate, &code)
	if code != "" {
		r.problem(line, code, "since")
		row.Since = ""
	}
	return row, true
}

// interned keeps what the few different values of a column mean.
type interned map[string]meaning

type meaning struct {
	value string
	known bool
}

// maxInterned bounds it: beyond it, it begins anew.
const maxInterned = 50_000

func (w interned) of(column byte, field []byte, read func(string) (string, bool), wrong Code, code *Code) string {
	var key [48]byte
	key[0] = column
	short := len(field) < len(key)
	k := key[:1+copy(key[1:], field)]
	m, ok := w[string(k)]
	if !ok || !short {
		s, bad := plain(string(field), maxField)
		m.value, m.known = read(unguarded(s))
		m.known = m.known && bad == ""
		if len(w) == maxInterned {
			clear(w)
		}
		if short {
			w[string(k)] = m
		}
	}
	if !m.known {
		*code = wrong
	}
	return m.value
}
