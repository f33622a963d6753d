package watchlists

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/watch"
)

// entryForm is an entry as people write it: one name, date or document a line. It is shown
// again as it was entered when something is wrong.
type entryForm struct {
	Source, ID                                     string
	Names, BirthDates, Documents                   string // a line each
	Sex, Nationalities, BirthPlaces, Residences    string // countries with commas
	Handling, Applies, Distribution, Action        string
	ES, EN, FR, HT                                 string // instruction
	LegalBasis, Purpose, Owner, ValidFrom, Expires string
	Photo                                          string
	HighRisk, Urgent                               bool
	Reason                                         string
}

func readEntryForm(c *fiber.Ctx) entryForm {
	v := func(name string) string { return strings.TrimSpace(c.FormValue(name)) }
	return entryForm{Source: v("source"), ID: v("id"), Names: v("names"), BirthDates: v("birth_dates"), Documents: v("documents"), Sex: v("sex"),
		Nationalities: v("nationalities"), BirthPlaces: v("birth_places"), Residences: v("residences"), Handling: v("handling"), Applies: v("applies_to"),
		Distribution: v("distribution"), Action: v("action"), ES: v("es"), EN: v("en"), FR: v("fr"), HT: v("ht"), LegalBasis: v("legal_basis"),
		Purpose: v("purpose"), Owner: v("owner"), ValidFrom: v("valid_from"), Expires: v("expires"), Photo: v("photo"),
		HighRisk: v("high_risk") != "", Urgent: v("urgent") != "", Reason: v("reason")}
}

// weak marks a weak alias, at the start of its line.
const weak = "~"

// entry reads the form. The keeper checks what it says.
func (f *entryForm) entry() (*watch.Entry, error) {
	e := &watch.Entry{Source: f.Source, ID: f.ID, Sex: f.Sex, BirthDates: lines(f.BirthDates), Nationalities: words(f.Nationalities),
		BirthPlaces: words(f.BirthPlaces), Residences: words(f.Residences), Photo: f.Photo, Handling: watch.Handling(f.Handling),
		Applies: watch.Applies(f.Applies), Distribution: watch.Distribution(f.Distribution), HighRisk: f.HighRisk, Urgent: f.Urgent, Action: f.Action,
		LegalBasis: f.LegalBasis, Purpose: f.Purpose, Owner: f.Owner, ValidFrom: f.ValidFrom, Expires: f.Expires}
	for i, l := range lines(f.Names) {
		n := watch.Name{Quality: watch.Good}
		if rest, ok := strings.CutPrefix(l, weak); ok {
			l, n.Quality = strings.TrimSpace(rest), watch.Low
		} else if i == 0 {
			n.Quality = watch.Primary
		}
		if surname, given, ok := strings.Cut(l, ","); ok {
			n.Surname, n.GivenNames = strings.TrimSpace(surname), strings.TrimSpace(given)
		} else {
			n.Full = l
		}
		e.Names = append(e.Names, n)
	}
	for _, l := range lines(f.Documents) {
		part := strings.Fields(l)
		if len(part) != 3 {
			return nil, &border.Error{Code: border.Invalid, Op: "read the form of an entry",
				Message: "Write a document as issuer, type and number, with blanks between: UTO P L898902C. What is not known is a dash."}
		}
		for i := range part {
			if part[i] == "-" {
				part[i] = ""
			}
		}
		e.Documents = append(e.Documents, watch.Document{Issuer: strings.ToUpper(part[0]), Type: strings.ToUpper(part[1]), Number: part[2]})
	}
	for language, text := range map[string]string{"es": f.ES, "en": f.EN, "fr": f.FR, "ht": f.HT} {
		if text != "" {
			if e.Instruction == nil {
				e.Instruction = make(map[string]string)
			}
			e.Instruction[language] = text
		}
	}
	return e, nil
}

// formOf writes an entry into the form.
func formOf(e *watch.Entry) entryForm {
	f := entryForm{Source: e.Source, ID: e.ID, BirthDates: strings.Join(e.BirthDates, "\n"), Sex: e.Sex, Nationalities: strings.Join(e.Nationalities, ", "),
		BirthPlaces: strings.Join(e.BirthPlaces, ", "), Residences: strings.Join(e.Residences, ", "), Handling: string(e.Handling), Applies: string(e.Applies),
		Distribution: string(e.Distribution), Action: e.Action, ES: e.Instruction["es"], EN: e.Instruction["en"], FR: e.Instruction["fr"], HT: e.Instruction["ht"],
		LegalBasis: e.LegalBasis, Purpose: e.Purpose, Owner: e.Owner, ValidFrom: e.ValidFrom, Expires: e.Expires, Photo: e.Photo, HighRisk: e.HighRisk, Urgent: e.Urgent}
	var names, documents []string
	for _, n := range e.Names {
		l := n.Full
		if l == "" {
			l = n.Surname + ", " + n.GivenNames
		}
		if n.Quality == watch.Low {
			l = weak + l
		}
		names = append(names, l)
	}
	dash := func(s string) string { return or(strings.TrimSpace(s), "-") }
	for _, d := range e.Documents {
		documents = append(documents, dash(d.Issuer)+" "+dash(d.Type)+" "+strings.ReplaceAll(dash(d.Number), " ", ""))
	}
	f.Names, f.Documents = strings.Join(names, "\n"), strings.Join(documents, "\n")
	return f
}

// lines cuts a text into its lines, without empty ones.
func lines(s string) (out []string) {
	for l := range strings.Lines(s) {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return out
}

// words cuts a list of country codes.
func words(s string) []string {
	return strings.FieldsFunc(strings.ToUpper(s), func(c rune) bool { return c == ',' || c == ';' || c == ' ' || c == '\n' || c == '\r' })
}
