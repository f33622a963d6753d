package source

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"garita/border"
	"garita/border/watch"
)

// What makes a whole source unreadable.
var (
	ErrTruncated = errors.New("the file is cut off")
	ErrEncoding  = errors.New("the file is not UTF-8")
	ErrFormat    = errors.New("the file is not of this format")
	ErrForbidden = errors.New("the file holds a document type definition, or is nested too deeply")
	ErrTooLarge  = errors.New("the source is beyond its limit")
)

// says is what a person is told of each of them, and what to do next.
var says = map[error]string{
	ErrTruncated: "The file is cut off. Fetch it again.",
	ErrEncoding:  "The file is in another encoding. Save it as UTF-8.",
	ErrFormat:    "The file is not of this format. Choose the right kind of source.",
	ErrForbidden: "The file holds what such a list never holds. Do not use it; ask where it comes from.",
	ErrTooLarge:  "The file is larger than this source may be. Ask where it comes from, or raise the limit.",
}

// fail makes the error that ends an import.
func fail(kind error, file string, line int, detail string) error {
	code := border.Invalid
	if errors.Is(kind, ErrTooLarge) {
		code = border.TooLarge
	}
	return &border.Error{Code: code, Op: "read watchlist source", Message: says[kind],
		Err: fmt.Errorf("%s line %d: %w: %s", file, line, kind, detail)}
}

// run is one import.
type run struct {
	ctx    context.Context
	files  fs.FS
	o      Options
	emit   func(*watch.Entry) error
	report Report
	seen   map[string]struct{} // ids
	left   int64               // bytes that may still be read
	file   string              // being read
}

func newRun(ctx context.Context, files fs.FS, o Options, emit func(*watch.Entry) error) *run {
	if o.MaxBytes == 0 {
		o.MaxBytes = 1 << 30
	}
	if o.MaxEntries == 0 {
		o.MaxEntries = 2_000_000
	}
	if o.MaxProblems == 0 {
		o.MaxProblems = 1000
	}
	if o.Terms.Handling == "" {
		o.Terms.Handling = watch.Refer
	}
	return &run{ctx: ctx, files: files, o: o, emit: emit, left: o.MaxBytes,
		report: Report{Counts: make(map[Code]int)}, seen: make(map[string]struct{})}
}

// problem notes that a value at line could not be read.
func (r *run) problem(line int, code Code, field string) { r.note(line, code, field, false) }

// skip notes that the whole row or entry at line is left out.
func (r *run) skip(line int, code Code, field string) {
	r.report.Skipped++
	r.note(line, code, field, true)
}

// skipEntry is skip for an entry whose id is known.
func (r *run) skipEntry(line int, code Code, field, id string) {
	r.skip(line, code, field)
	if r.o.Unread != nil && word.MatchString(id) {
		r.o.Unread(id)
	}
}

func (r *run) note(line int, code Code, field string, skipped bool) {
	r.report.Counts[code]++
	if len(r.report.Problems) >= r.o.MaxProblems {
		r.report.More++
		return
	}
	r.report.Problems = append(r.report.Problems, Problem{r.file, line, code, field, skipped})
}

// leave counts what a rule leaves out.
func (r *run) leave(code Code) { r.report.Counts[code]++ }

// each reads every file of the source, in the order of their names.
func (r *run) each(read func(*input) error) error {
	dir, err := fs.ReadDir(r.files, ".")
	if err != nil {
		return &border.Error{Code: border.NotFound, Op: "read watchlist source", Message: "The source cannot be read.", Err: err}
	}
	found := false
	for _, f := range dir {
		if f.IsDir() || strings.HasPrefix(f.Name(), ".") {
			continue
		}
		found = true
		if err := r.open(f.Name(), read); err != nil {
			return err
		}
	}
	if !found {
		return fail(ErrFormat, ".", 0, "there is no file")
	}
	return nil
}

// input is a file being read: counted, bounded, without byte order mark.
type input struct {
	*bufio.Reader
	name string
	run  *run
	file io.Reader
	tail byte // last byte read from the file
	any  bool // there was one
}

// Read implements [io.Reader] beneath the buffer.
type counted struct{ in *input }

func (c counted) Read(p []byte) (int, error) {
	r := c.in.run
	if r.left <= 0 {
		// One more byte tells a file of just this size from one beyond it.
		var b [1]byte
		if n, err := c.in.file.Read(b[:]); n == 0 {
			return 0, err
		}
		return 0, ErrTooLarge
	}
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	if int64(len(p)) > r.left {
		p = p[:r.left]
	}
	n, err := c.in.file.Read(p)
	if n > 0 {
		r.left -= int64(n)
		r.report.Bytes += int64(n)
		c.in.tail, c.in.any = p[n-1], true
	}
	return n, err
}

// window is how far ahead a reader may look: the bound of one CSV row or JSON line.
const window = 256 << 10

// open reads one file of the source.
func (r *run) open(name string, read func(*input) error) error {
	f, err := r.files.Open(name)
	if err != nil {
		return &border.Error{Code: border.NotFound, Op: "read watchlist source", Message: "The source lacks the file {0}.", Args: []any{name}, Err: err}
	}
	defer f.Close()
	r.file = name
	in := &input{name: name, run: r, file: f}
	ahead := 2 * window
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() && info.Size() < window {
		ahead = int(info.Size()) + 512
	}
	in.Reader = bufio.NewReaderSize(counted{in}, ahead)
	head, err := in.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return r.broken(in, 1, err)
	}
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		_, _ = in.Discard(3)
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")),
		len(head) >= 2 && (head[0] == 0) != (head[1] == 0):
		return fail(ErrEncoding, name, 1, "it is UTF-16")
	}
	return read(in)
}

// broken makes the error of a file that cannot be read on.
func (r *run) broken(in *input, line int, err error) error {
	for kind := range says {
		if errors.Is(err, kind) {
			return fail(kind, in.name, line, "reading stopped")
		}
	}
	if r.ctx.Err() != nil {
		return &border.Error{Code: border.Unavailable, Op: "read watchlist source", Message: "The import was stopped.", Err: r.ctx.Err()}
	}
	return &border.Error{Code: border.Invalid, Op: "read watchlist source", Message: "The file cannot be read. Fetch it again.",
		Err: fmt.Errorf("%s line %d: %w", in.name, line, err)}
}

var word = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$`)

// add hands one entry on, with the terms of its source.
func (r *run) add(line int, e *watch.Entry) error {
	if err := r.ctx.Err(); err != nil {
		return &border.Error{Code: border.Unavailable, Op: "read watchlist source", Message: "The import was stopped.", Err: err}
	}
	switch _, twice := r.seen[e.ID]; {
	case !word.MatchString(e.ID):
		r.skip(line, NoID, "")
		return nil
	case twice:
		r.skip(line, DuplicateID, "")
		return nil
	case len(e.Names) == 0 && len(e.Documents) == 0:
		r.skipEntry(line, NoName, "", e.ID)
		return nil
	case r.report.Entries == r.o.MaxEntries:
		return fail(ErrTooLarge, r.file, line, "too many entries")
	}
	r.seen[e.ID] = struct{}{}
	for _, l := range []struct {
		field string
		list  *[]string
	}{{"birth_dates", &e.BirthDates}, {"nationalities", &e.Nationalities}, {"birth_places", &e.BirthPlaces}, {"residences", &e.Residences}} {
		if len(*l.list) > maxValues {
			*l.list = (*l.list)[:maxValues]
			r.problem(line, TooMany, l.field)
		}
	}
	e.Source = r.o.Source
	t := &r.o.Terms
	if e.Handling == "" {
		e.Handling = t.Handling
	}
	if e.Applies == "" {
		e.Applies = t.Applies
	}
	if e.Distribution == "" {
		e.Distribution = t.Distribution
	}
	if e.Action == "" {
		e.Action = t.Action
	}
	if e.Instruction == nil {
		e.Instruction = t.Instruction
	}
	if e.LegalBasis == "" {
		e.LegalBasis = t.LegalBasis
	}
	if e.Purpose == "" {
		e.Purpose = t.Purpose
	}
	if e.Owner == "" {
		e.Owner = t.Owner
	}
	e.HighRisk = e.HighRisk || t.HighRisk
	e.Urgent = e.Urgent || t.Urgent
	r.report.Entries++
	return r.emit(e)
}

// text gives a value in one line: spaces joined, marks of writing direction left out. A
// value that is too long, not UTF-8 or with control characters is reported and empty.
func (r *run) text(line int, field, s string) string {
	s, code := plain(s, maxField)
	if code != "" {
		r.problem(line, code, field)
	}
	return s
}

// plain is text for values of up to limit bytes.
func plain(s string, limit int) (string, Code) {
	simple := len(s) <= limit
	for i := 0; simple && i < len(s); i++ {
		if c := s[i]; c < ' ' || c >= 0x7f || c == ' ' && (i == 0 || i == len(s)-1 || s[i-1] == ' ') {
			simple = false
		}
	}
	switch {
	case simple:
		return s, ""
	case len(s) > limit:
		return "", TooLong
	}
	var b strings.Builder
	space := false
	for _, c := range s {
		switch {
		case unicode.IsSpace(c):
			space = b.Len() > 0
			continue
		case directional(c):
			continue
		case unicode.IsControl(c), c == utf8.RuneError: // bytes that are not UTF-8 read as that, too
			return "", NotText
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(c)
	}
	return b.String(), ""
}

// directional tells the invisible characters that only turn the direction of writing, and
// the byte order mark: no name differs by them. Joiners stay, for Persian is written with them.
func directional(c rune) bool {
	return c == 0x200e || c == 0x200f || c == 0x061c || c == 0xfeff || c == 0x200b ||
		c >= 0x202a && c <= 0x202e || c >= 0x2066 && c <= 0x2069
}

// addTo adds values to a list of an entry without repeating one, up to one more than the
// entry may have: [run.add] then reports it.
func addTo(list []string, values ...string) []string {
next:
	for _, v := range values {
		for _, have := range list {
			if have == v {
				continue next
			}
		}
		if v != "" && len(list) <= maxValues { // one more tells that there are too many
			list = append(list, v)
		}
	}
	return list
}

// addName adds a name to an entry without repeating one.
func (r *run) addName(line int, e *watch.Entry, n watch.Name) {
	if n.Surname == "" && n.GivenNames == "" && n.Full == "" {
		return
	}
	for _, have := range e.Names {
		if have.Surname == n.Surname && have.GivenNames == n.GivenNames && have.Full == n.Full {
			return
		}
	}
	if len(e.Names) == maxNames {
		r.problem(line, TooMany, "names")
		return
	}
	e.Names = append(e.Names, n)
}

// addDocument adds a document to an entry without repeating one.
func (r *run) addDocument(line int, e *watch.Entry, d watch.Document) {
	for _, have := range e.Documents {
		if have == d {
			return
		}
	}
	if len(e.Documents) == maxDocuments {
		r.problem(line, TooMany, "documents")
		return
	}
	e.Documents = append(e.Documents, d)
}
