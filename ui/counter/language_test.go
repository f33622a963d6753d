package counter

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/counter"
	"garita/border/form"
	"garita/ui"
	"garita/ui/i18n"
	"garita/ui/i18n/i18ntest"
	"garita/ui/layout"
)

// paperScreen has the golden pages' layout, as it is or for a test of what no printer wrote.
func paperScreen(t *testing.T, marked bool) *screen {
	t.Helper()
	assets, err := layout.Load(ui.Dist, "dist")
	if err != nil {
		t.Fatal(err)
	}
	l, err := layout.New(assets, templates)
	if err != nil {
		t.Fatal(err)
	}
	if marked {
		if l, err = l.Marked(); err != nil {
			t.Fatal(err)
		}
	}
	return &screen{layout: l, cfg: Config{Service: newFake()}, codes: []string{"D", "QRU", "UTO"}}
}

// wholePage renders a state as the golden pages do.
func wholePage(t *testing.T, s *screen, v counter.View, to *i18n.Printer) string {
	t.Helper()
	data, err := s.pageData(v, to)
	if err != nil {
		t.Fatal(err)
	}
	data.Counter, data.Counters = "1", []border.CounterID{"1", "2"}
	html, err := s.layout.In(to).Fragment("body", data)
	if err != nil {
		t.Fatal(err)
	}
	return string(html)
}

// printed are the pages and fragments beside the counter's own page.
func printed(t *testing.T, s *screen, to *i18n.Printer) map[string]string {
	t.Helper()
	out := make(map[string]string)
	keep := func(name string, html []byte, err error) {
		if err != nil {
			t.Fatal(err)
		}
		out[name] = string(html)
	}
	html, err := s.paper(notice(), to, to, false)
	keep("REFUSED", html, err)
	prevented := notice()
	prevented.Outcome, prevented.Ground, prevented.GroundLabel, prevented.BirthDate, prevented.Nationality, prevented.Document, prevented.Supervisor =
		border.DeparturePrevented, "court_order", "Ban on leaving by a court", "", "", "", ""
	html, err = s.paper(prevented, to, to, false)
	keep("PREVENTED", html, err)
	closed := shiftReport()
	html, err = s.shiftPaper(closed, status(), "PCA-1", to, false)
	keep("SHIFT-OPEN", html, err)
	closed.ClosedAt, closed.ClosedBy = noon, "R. Quintero"
	html, err = s.shiftPaper(closed, status(), "PCA-1", to, false)
	keep("SHIFT-CLOSED", html, err)
	w := s.words(to, "America/Panama")
	l := s.layout.In(to)
	html, err = l.Fragment("shift", w.report(closed, counter.View{Referrals: referrals()}))
	keep("SHIFT-DIALOG", html, err)
	html, err = l.Fragment("no-shift", nil)
	keep("NO-SHIFT", html, err)
	html, err = l.Fragment("standing", s.correctable(w, standing()))
	keep("STANDING", html, err)
	return out
}

// data is what may stand on a page without a printer's marks: what is of travellers, officers, devices and
// lists, and the words of the country's form, which has its own translations (a test of its room holds that).
func data() []string {
	out := []string{"Garita", "QRU", "UTO", "XXA", "QQQ", "PCA", "TD3 P", "sample/S-004", "Officer Seventeen", "R. Quintero", "S. Batista", "PCA-1", "reader-1", "Q-4711",
		"National police, duty desk, extension 12", "National police, duty desk", "UTO-2024-004", "Court order 12/2024", "arrest", "A-0017", "America/Panama",
		"Take the person to secondary inspection. Do not say why.",
		"Español", "English", "Français", "Kreyòl"}
	f := form.Default()
	for _, list := range []string{"categories", "purposes", "legal_bases", "visa_types", "transport_modes", "roles", "refused", "departure_prevented", "recipients",
		"referral_reasons", "abandon_reasons", "correction_reasons", "extension_reasons", "group_kinds", "relations", "permission_papers", "needs",
		form.FingerReasons, form.FingerNotTaken, form.Degraded} {
		for _, c := range f.Codes(list) {
			out = append(out, c.Label, strings.ToUpper(c.Key)+" "+c.Label)
		}
	}
	for _, d := range f.DocumentKinds() {
		out = append(out, d.Label, strings.ToUpper(d.Key)+" "+d.Label)
	}
	return out
}

// shapes of what is data: a line of a zone; the day and time of something, and the post; a date of which parts
// are not known; an id.
var (
	shapes   = regexp.MustCompile(`^([A-Z0-9<]{30,44}|\d+ \w{3} \d{4} \d\d:\d\d( [A-Z]{3})?|\d{4}-(XX|\d\d)-XX|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$`)
	lettered = regexp.MustCompile(`\p{L}{2}`)
)

// bare lists what a page says that neither a printer wrote nor is data. Answers of the form stand in one
// line, as "label value · label value".
func bare(html string, names []string) []string {
	known := make(map[string]bool)
	for _, n := range names {
		known[n], known[lower(n)] = true, true
	}
	var out []string
	for _, text := range i18ntest.Bare(html) {
		for part := range strings.SplitSeq(text, " · ") {
			part = strings.Trim(part, " ·,:;–")
			said := !lettered.MatchString(part) || known[part] || shapes.MatchString(part)
			for at, c := range part {
				said = said || c == ' ' && known[part[:at]] && known[part[at+1:]]
			}
			if !said {
				out = append(out, part)
			}
		}
	}
	return out
}

// TestEveryTextIsOfTheCatalogue: in every state, nothing is on the page that was written past the catalogue.
func TestEveryTextIsOfTheCatalogue(t *testing.T) {
	s := paperScreen(t, true)
	names := data()
	for name, v := range states() {
		known := append(slices.Clone(names), fields(v)...)
		for _, text := range bare(wholePage(t, s, v, i18n.Pseudo()), known) {
			t.Errorf("%s: %q is not of the catalogue", name, text)
		}
	}
	for name, html := range printed(t, s, i18n.Pseudo()) {
		for _, text := range bare(html, append(slices.Clone(names), fields(counter.View{Encounter: &counter.EncounterView{Record: counter.RecordView{Fields: standing().Fields}}})...)) {
			t.Errorf("%s: %q is not of the catalogue", name, text)
		}
	}
}

// fields are the labels and hints of the form in a view, and the values that a person entered.
func fields(v counter.View) []string {
	var all []form.Field
	var out []string
	if v.Encounter != nil {
		all = append(all, v.Encounter.Record.Fields...)
		out = slices.AppendSeq(out, maps.Values(v.Encounter.Record.Values))
	}
	if v.Group != nil {
		all = append(all, v.Group.Fields...)
	}
	for _, f := range all {
		out = append(out, f.Label, f.Hint)
	}
	return out
}

// built is the address of an asset, which changes with every build.
var built = regexp.MustCompile(`/assets/[0-9a-f]{16}/`)

// TestInEveryLanguage keeps golden pages of some states, and of all papers, in the languages that are not
// the program's own.
func TestInEveryLanguage(t *testing.T) {
	s := paperScreen(t, false)
	all := states()
	for _, lang := range i18n.Langs() {
		to := i18n.In(lang)
		pages := printed(t, s, to)
		if lang != i18n.English {
			for _, name := range []border.CounterID{"KEYED-OFFLINE", "HIT-REFER", "GROUP-MEMBER"} {
				pages[string(name)] = regionsOf(t, s, all[name], to)
			}
		}
		for name, got := range pages {
			got = built.ReplaceAllString(got, "/assets/HASH/")
			file := filepath.Join("testdata", string(lang), name+".html")
			if *update {
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				continue
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatalf("%v (write it with -update-golden and review it)", err)
			}
			if d := cmp.Diff(string(want), got); d != "" {
				t.Errorf("%s: the page has changed (-want +got); if meant, run with -update-golden and review:\n%s", file, d)
			}
		}
	}
}

// regionsOf is what changes on a page, without its dialogs.
func regionsOf(t *testing.T, s *screen, v counter.View, to *i18n.Printer) string {
	t.Helper()
	panel := s.panel(v, to)
	looks, _, err := s.painter(to).paint(&panel)
	if err != nil {
		t.Fatal(err)
	}
	return whole(looks)
}

// TestInstructionInTheReadersLanguage: an entry says what to do in the language of who reads, else in one
// that it has, else by its action in the reader's.
func TestInstructionInTheReadersLanguage(t *testing.T) {
	s := paperScreen(t, false)
	by := map[string]string{"es": "Acompañe a la persona.", "en": "Go with the person."}
	for _, c := range []struct {
		lang     i18n.Lang
		by       map[string]string
		text, in string
	}{
		{i18n.Spanish, by, "Acompañe a la persona.", "es"},
		{i18n.French, by, "Go with the person.", "en"},
		{i18n.French, nil, "Orientez vers le second contrôle. Ne dites pas pourquoi.", "fr"},
	} {
		text, in := s.words(i18n.In(c.lang), "").instruction(c.by, "refer")
		if text != c.text || in != c.in {
			t.Errorf("%s: %q in %s, want %q in %s", c.lang, text, in, c.text, c.in)
		}
	}
}

// TestProblemsOfTheForm: every one is said in the reader's language as the form says it in English.
func TestProblemsOfTheForm(t *testing.T) {
	s := paperScreen(t, false)
	f := form.Default()
	facts := form.Facts{Direction: border.Entry, Nationality: "QRU", Age: 40, Identity: border.IdentityRead}
	_, problems := f.Check(facts, map[string]string{"category": "visitor", "purpose": "?", "residence": "?", "days_granted": "x", "address": strings.Repeat("x", 300),
		"contact": "\u202e", "employer": "x", "nothing": "x", "legal_basis": "visa"})
	seen := map[form.Why]bool{}
	for _, p := range problems {
		seen[p.Why] = true
		if got := s.words(english, "").problem(p); strings.ReplaceAll(got, "\u202f", "") != p.Message {
			t.Errorf("%s: %q, the form says %q", p.Why, got, p.Message)
		}
		if got := s.words(i18n.In(i18n.Spanish), "").problem(p); got == p.Message {
			t.Errorf("%s: %q in Spanish too", p.Why, got)
		}
	}
	if len(seen) < 7 {
		t.Errorf("only these were tried: %v", slices.Sorted(maps.Keys(seen)))
	}
}

// TestNoticeSpeaksTheTravellersLanguage, and the officer's below it where that is another one.
func TestNoticeSpeaksTheTravellersLanguage(t *testing.T) {
	s := paperScreen(t, false)
	for nationality, want := range map[string]i18n.Lang{"HTI": i18n.Haitian, "COL": i18n.Spanish, "SEN": i18n.French, "GBR": i18n.English, "QRU": "", "": ""} {
		if got := spoken(nationality); got != want {
			t.Errorf("%s: %q, want %q", nationality, got, want)
		}
	}
	html, err := s.paper(notice(), i18n.In(i18n.Haitian), i18n.In(i18n.Spanish), false)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`<html lang="ht">`, "<h1>Avi: yo refize moun nan antre</h1>", `<section class="notice-again" lang="es"><h2>Notificación de rechazo de entrada</h2>`,
		"Rezon oswa kondisyon sejou a pa pwouve", "Motivo: No demuestra el motivo o las condiciones de la estancia."} {
		if !strings.Contains(string(html), want) {
			t.Errorf("the notice has no %q", want)
		}
	}
	if html, err = s.paper(notice(), i18n.In(i18n.Spanish), i18n.In(i18n.Spanish), false); err != nil || strings.Contains(string(html), "notice-again") {
		t.Errorf("it says the same twice (%v)", err)
	}
}

// TestShiftReportNamesNoTraveller: those who are handed over are counted there, and named in the dialog alone.
func TestShiftReportNamesNoTraveller(t *testing.T) {
	s := paperScreen(t, false)
	all := printed(t, s, english)
	if !strings.Contains(all["SHIFT-DIALOG"], referrals()[0].Surname) {
		t.Error("the dialog does not name who is handed over")
	}
	for _, q := range referrals() {
		for _, name := range []string{"SHIFT-OPEN", "SHIFT-CLOSED"} {
			if strings.Contains(all[name], q.Surname) || strings.Contains(all[name], q.ID.String()) {
				t.Errorf("%s names %s", name, q.Surname)
			}
		}
	}
}
