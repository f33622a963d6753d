package watchlists

import (
	"crypto/rand"
	"encoding/hex"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/lists"
	"garita/border/watch"
	"garita/border/watch/source"
	"garita/ui/i18n"
	"garita/ui/layout"
	"garita/ui/wording"
)

// importPage is the form for a file.
type importPage struct {
	Off    bool     // no folder is configured
	Upload string   // under which files of this page are uploaded
	Files  []string // of the imports folder
	Kinds  []choice
	Form   importForm
	// Report says of a file that could not be read how far it went.
	Report *reportView
}

type choice struct {
	Value, Text string
	Selected    bool
}

// importForm is what people enter; it is shown again when something is wrong.
type importForm struct {
	Source, Kind, File, Version, Issued, MaxAge                      string
	Handling, Distribution, Action, Owner, LegalBasis, Purpose, Note string
	HighRisk, Urgent                                                 bool
}

// importForm asks for a file.
func (s *screen) importForm(c *fiber.Ctx) error {
	p, err := s.importPage(layout.Printer(c), importForm{Handling: string(watch.Refer)})
	if err != nil {
		return err
	}
	return s.send(c, p)
}

var kinds = [...]source.Kind{source.CSV, source.UN, source.OFAC, source.FtM, source.INTERPOL, source.Documents}

func (s *screen) importPage(w *i18n.Printer, f importForm) (page, error) {
	id := make([]byte, 16)
	if _, err := rand.Read(id); err != nil {
		return page{}, &border.Error{Code: border.Internal, Op: "name an upload", Err: err}
	}
	p := &importPage{Off: s.cfg.Imports == "", Upload: hex.EncodeToString(id), Form: f}
	for _, k := range kinds {
		p.Kinds = append(p.Kinds, choice{string(k), wording.Word(w, kindWords, string(k)), f.Kind == string(k)})
	}
	if !p.Off {
		var err error
		if p.Files, err = s.files(); err != nil {
			return page{}, err
		}
	}
	return page{Title: w.T("Import a file"), Where: "import", Import: p}, nil
}

const maxFiles = 200

// fileName is what a file of an import may be called.
var fileName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

// files lists what lies in the imports folder.
func (s *screen) files() ([]string, error) {
	entries, err := os.ReadDir(s.cfg.Imports)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "list the imports folder", Err: err}
	}
	var out []string
	for _, e := range entries {
		if fileName.MatchString(e.Name()) && len(out) < maxFiles {
			out = append(out, e.Name())
		}
	}
	return out, nil
}

func readImportForm(c *fiber.Ctx) importForm {
	v := func(name string) string { return strings.TrimSpace(c.FormValue(name)) }
	return importForm{Source: v("source"), Kind: v("kind"), File: v("file"), Version: v("version"), Issued: v("issued"), MaxAge: v("max_age"),
		Handling: v("handling"), Distribution: v("distribution"), Action: v("action"), Owner: v("owner"), LegalBasis: v("legal_basis"), Purpose: v("purpose"),
		HighRisk: v("high_risk") != "", Urgent: v("urgent") != ""}
}

// options reads the form as the terms of an import.
func (f *importForm) options() (o lists.ImportOptions, err error) {
	const op = "read the form of an import"
	wrong := func(message string) (lists.ImportOptions, error) {
		return o, &border.Error{Code: border.Invalid, Op: op, Message: message}
	}
	if !slices.Contains(kinds[:], source.Kind(f.Kind)) {
		return wrong("Choose the format of the file.")
	}
	switch watch.Handling(f.Handling) {
	case "", watch.Open, watch.Refer, watch.Silent:
	default:
		return wrong("Choose how hits are handled.")
	}
	if f.Distribution != "" && f.Distribution != string(watch.HubOnly) {
		return wrong("Choose where the entries are held.")
	}
	o.Terms = source.Terms{Handling: watch.Handling(f.Handling), Distribution: watch.Distribution(f.Distribution), HighRisk: f.HighRisk, Urgent: f.Urgent,
		Action: f.Action, LegalBasis: f.LegalBasis, Purpose: f.Purpose, Owner: f.Owner}
	o.Version = f.Version
	if f.Issued != "" {
		if o.Issued, err = time.Parse(time.DateOnly, f.Issued); err != nil {
			return wrong("Write the day of issue as 2026-11-22.")
		}
	}
	if f.MaxAge != "" {
		hours, err := strconv.Atoi(f.MaxAge)
		if err != nil || hours < 1 || hours > 24*366 {
			return wrong("The greatest age is a number of hours, at most a year.")
		}
		o.MaxAge = time.Duration(hours) * time.Hour
	}
	return o, nil
}

// reportView says what of a file was read and what was not.
type reportView struct {
	Entries, Skipped, Size string
	Counts                 []countRow
	Problems               []problemRow
	More                   string
}

type countRow struct{ Why, N string }

type problemRow struct {
	Where, Why, Field string
	Skipped           bool
}

// problemRows bounds the problems that a page names; the report has more.
const problemRows = 100

func reportOf(w *i18n.Printer, r *source.Report) *reportView {
	v := &reportView{Entries: w.Number(r.Entries), Skipped: w.Number(r.Skipped), Size: size(w, r.Bytes)}
	for _, code := range sortedCodes(r.Counts) {
		v.Counts = append(v.Counts, countRow{problemText(w, code), w.Number(r.Counts[code])})
	}
	for i, p := range r.Problems {
		if i == problemRows {
			break
		}
		where := w.T("line {0}", p.Line)
		if p.File != "" {
			where = p.File + ", " + where
		}
		v.Problems = append(v.Problems, problemRow{where, problemText(w, p.Code), p.Field, p.Skipped})
	}
	if more := r.More + len(r.Problems) - len(v.Problems); more > 0 {
		v.More = w.Number(more)
	}
	return v
}

func sortedCodes(counts map[source.Code]int) []source.Code {
	var out []source.Code
	for code := range counts {
		out = append(out, code)
	}
	slices.SortFunc(out, func(a, b source.Code) int {
		if counts[a] != counts[b] {
			return counts[b] - counts[a]
		}
		return strings.Compare(string(a), string(b))
	})
	return out
}

func problemText(w *i18n.Printer, code source.Code) string {
	return wording.Word(w, problemWords, code)
}

var problemWords = map[source.Code]i18n.Msg{
	source.NoID: "no id", source.NoName: "neither a name nor a document", source.DuplicateID: "an id that was there before", source.BadDate: "not a date",
	source.UnknownCountry: "no such country", source.UnknownWord: "a word that is not known there", source.TooLong: "too long", source.TooMany: "too many values",
	source.NotText: "not text", source.BadQuotes: "wrong quotation marks", source.BadColumns: "more or fewer columns than the header", source.BadJSON: "not JSON",
	source.Orphan: "belongs to an entry that is not there", source.UnknownColumn: "a column that is not read", source.BadDocument: "a document without a number",
	source.OtherPaper: "a paper that is no travel document", source.NotPerson: "not a person", source.NotTarget: "not listed themselves",
}

func size(w *i18n.Printer, n int64) string {
	switch {
	case n >= 10<<20:
		return strconv.FormatInt(n>>20, 10) + " MiB"
	case n >= 10<<10:
		return strconv.FormatInt(n>>10, 10) + " KiB"
	}
	return w.N(int(n), "{0} byte", "{0} bytes")
}
