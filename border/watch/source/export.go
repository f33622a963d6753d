package source

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"garita/border"
	"garita/border/watch"
)

// Head is what an exported list says of itself.
type Head struct {
	List    string // 1 to 64 letters, digits, '.', '_' or '-'
	Version string // likewise
	Issued  time.Time
	MaxAge  time.Duration // in whole hours
}

// exported are the columns of an export, before those of the instructions.
var exported = []string{"entry", "surname", "given_names", "full_name", "aliases", "birth_date", "sex",
	"nationality", "birth_place", "residence", "documents", "photo", "handling", "applies_to", "distribution",
	"high_risk", "urgent", "action", "legal_basis", "purpose", "owner", "valid_from", "expires", "updated"}

// Export writes entries in Garita's own format, so that [Read] gives the same entries. It
// goes through them twice. What a spreadsheet would take for a formula it marks as text,
// and marks of writing direction, by which a text can show otherwise than it is, it leaves
// out. The name of the source is the list's, not the entry's.
func Export(w io.Writer, h Head, entries iter.Seq[*watch.Entry]) error {
	if !listName.MatchString(h.List) || !listName.MatchString(h.Version) {
		return &border.Error{Code: border.Invalid, Op: "export watchlist", Message: "Name the list and its version with letters, digits, '.', '_' and '-'."}
	}
	count, languages := 0, map[string]bool{"es": true, "en": true, "fr": true, "ht": true}
	for e := range entries {
		count++
		for lang := range e.Instruction {
			if instruction.MatchString("instruction_" + lang) {
				languages[lang] = true
			}
		}
	}
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "# list=%s\n# version=%s\n# issued=%s\n# max_age_hours=%d\n# entries=%d\n",
		h.List, h.Version, h.Issued.UTC().Format(time.RFC3339), int(h.MaxAge.Hours()), count)
	header := slices.Clone(exported)
	var langs []string
	for lang := range languages {
		langs = append(langs, lang)
	}
	slices.Sort(langs)
	for _, lang := range langs {
		header = append(header, "instruction_"+lang)
	}
	writeRow(out, header)
	for e := range entries {
		row := fields(e)
		for _, lang := range langs {
			row = append(row, e.Instruction[lang])
		}
		if !writeRow(out, row) {
			return &border.Error{Code: border.Invalid, Op: "export watchlist", Message: "An entry has a value that no list may have: it is too long or holds control characters."}
		}
	}
	if err := out.Flush(); err != nil {
		return &border.Error{Code: border.Unavailable, Op: "export watchlist", Message: "The file could not be written.", Err: err}
	}
	return nil
}

// fields gives the values of an entry in the order of the exported columns.
func fields(e *watch.Entry) []string {
	var first watch.Name
	aliases := e.Names
	if len(aliases) > 0 && aliases[0].Quality == watch.Primary {
		first, aliases = aliases[0], aliases[1:]
	}
	var names, papers []string
	for _, n := range aliases {
		names = append(names, alias(n))
	}
	for _, d := range e.Documents {
		papers = append(papers, join('/', d.Issuer, d.Type, d.Number))
	}
	distribution := ""
	if e.Distribution == watch.HubOnly {
		distribution = "hub"
	}
	return []string{e.ID, first.Surname, first.GivenNames, first.Full, strings.Join(names, "|"),
		strings.Join(e.BirthDates, "|"), e.Sex, strings.Join(e.Nationalities, "|"),
		strings.Join(e.BirthPlaces, "|"), strings.Join(e.Residences, "|"), strings.Join(papers, "|"), e.Photo,
		string(e.Handling), string(e.Applies), distribution, yes(e.HighRisk), yes(e.Urgent), e.Action,
		e.LegalBasis, e.Purpose, e.Owner, e.ValidFrom, e.Expires, e.Updated}
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

// alias writes a name as readAlias reads it.
func alias(n watch.Name) string {
	var s string
	switch {
	case n.Full == "":
		s = join(',', n.Surname, n.GivenNames)
	case n.Surname == "" && n.GivenNames == "":
		s = join(',', n.Full)
	default:
		s = join(',', n.Surname, n.GivenNames, n.Full)
	}
	if n.Quality != "" {
		s = string(n.Quality) + ": " + s
	}
	return s
}

// writeRow writes one row. Every value stands in quotation marks: no separator that a
// spreadsheet may choose cuts it. Errors stay in w until it is flushed; false says that a
// value cannot be written.
func writeRow(w *bufio.Writer, values []string) bool {
	for i, v := range values {
		if i > 0 {
			_ = w.WriteByte(',')
		}
		v, code := plain(v, maxCell)
		switch {
		case code != "":
			return false
		case v == "":
			continue
		}
		_ = w.WriteByte('"')
		_, _ = w.WriteString(strings.ReplaceAll(guarding(v), `"`, `""`))
		_ = w.WriteByte('"')
	}
	_ = w.WriteByte('\n')
	return true
}
