package form

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"garita/border"
)

var (
	word       = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`) // codes and names
	stateCode  = regexp.MustCompile(`^[A-Z]{3}$`)
	chosenWith = regexp.MustCompile(`^[a-z0-9]?$`)
)

// needed are the lists that the program itself asks for.
var needed = []string{"categories", "refused", "departure_prevented", "recipients", "referral_reasons", "abandon_reasons",
	"correction_reasons", "extension_reasons", "group_kinds", "relations", "permission_papers", "needs"}

// build checks what a file says and compiles it.
func build(file *fileShape) (*Form, error) {
	f := &Form{country: file.Country, lists: file.Lists, documents: file.Document}
	for _, step := range []func(*fileShape) error{f.head, f.nations, f.choices, f.prints, f.papers, f.tables, f.questions, f.translations} {
		if err := step(file); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (f *Form) head(file *fileShape) error {
	switch {
	case file.Version == nil || *file.Version < 1 || *file.Version > maxNumber:
		return wrong("version: a number from 1 to %d that grows with every change", maxNumber)
	case !stateCode.MatchString(file.Country):
		return wrong("country: the own country's code, three capitals")
	case file.MinorAge == nil || *file.MinorAge < 1 || *file.MinorAge > 30:
		return wrong("minor_age: the age in years, 1 to 30, below which somebody is a minor")
	case file.SupervisorRefuses == nil:
		return wrong("supervisor_refuses: true or false must be there")
	}
	f.minorAge, f.supervisor = *file.MinorAge, *file.SupervisorRefuses
	return nil
}

// nations reads the countries' codes, their other codes, and the named lists of them.
func (f *Form) nations(file *fileShape) error {
	f.countries = make(map[string]bool)
	for code := range strings.FieldsSeq(file.Countries) {
		if !stateCode.MatchString(code) {
			return wrong("countries: %q is no code of three capitals", code)
		}
		f.countries[code] = true
	}
	f.aliases = file.CountryAliases
	for _, from := range slices.Sorted(maps.Keys(f.aliases)) {
		if to := f.aliases[from]; !stateCode.MatchString(from) || f.known(from) || !f.known(to) {
			return wrong("[country_aliases]: %s = %q does not lead from a code that is not known to one that is", from, to)
		}
	}
	if !f.known(f.country) {
		return wrong("country: %q is no code of Doc 9303 and is not in countries", f.country)
	}
	f.groups = make(map[string][]string)
	for _, name := range slices.Sorted(maps.Keys(file.CountryLists)) {
		if !word.MatchString(name) || name == none || name == "own" {
			return wrong("[country_lists]: %q is no name; allowed: %s, but not own and none", name, word)
		}
		f.groups[name] = []string{}
		for code := range strings.FieldsSeq(file.CountryLists[name]) {
			if !f.known(code) {
				return wrong("[country_lists]: %s: unknown country %q", name, code)
			}
			f.groups[name] = append(f.groups[name], code)
		}
	}
	return nil
}

// choices checks the lists of codes.
func (f *Form) choices(file *fileShape) error {
	for _, name := range needed {
		if len(f.lists[name]) == 0 {
			return wrong("[lists]: %s is missing or empty", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.lists)) {
		if !word.MatchString(name) {
			return wrong("[lists]: %q is no name; allowed: %s", name, word)
		}
		if err := distinct(f.lists[name]); err != nil {
			return wrong("[lists]: %s: %w", name, err)
		}
	}
	kinds := []string{border.AsksProtection, border.ChildAlone, border.NeedsHelp}
	if got := f.codes("needs"); len(got) != len(kinds) || slices.ContainsFunc(kinds, func(k string) bool { return !slices.Contains(got, k) }) {
		return wrong("[lists]: needs must have the codes %s and no other", strings.Join(kinds, ", "))
	}
	for code := range strings.FieldsSeq(file.NeverRefused) {
		if !f.has("categories", code) {
			return wrong("never_refused: unknown category %q; allowed: %s", code, strings.Join(f.codes("categories"), ", "))
		}
		f.never = append(f.never, code)
	}
	for code := range strings.FieldsSeq(file.Lasting) {
		if !f.has("categories", code) {
			return wrong("lasting: unknown category %q; allowed: %s", code, strings.Join(f.codes("categories"), ", "))
		}
		f.lasting = append(f.lasting, code)
	}
	return nil
}

// distinct checks one list: its codes, words and keys.
func distinct(list []Code) error {
	if len(list) > maxRows {
		return wrong("more than %d codes", maxRows)
	}
	codes, keys := make(map[string]bool), make(map[string]bool)
	for _, c := range list {
		switch {
		case !word.MatchString(c.Code) || c.Code == none:
			return wrong("code %q: allowed: %s, but not none", c.Code, word)
		case codes[c.Code]:
			return wrong("code %q is there twice", c.Code)
		case !chosenWith.MatchString(c.Key):
			return wrong("code %q: key %q: allowed: one of a to z and 0 to 9", c.Code, c.Key)
		case c.Key != "" && keys[c.Key]:
			return wrong("code %q: key %q is there twice", c.Code, c.Key)
		}
		if err := shown("label", c.Label, maxLabel); err != nil {
			return wrong("code %q: %w", c.Code, err)
		}
		codes[c.Code], keys[c.Key] = true, true
	}
	return nil
}

// shown checks words for a screen.
func shown(what, s string, most int) error {
	switch n := len([]rune(s)); {
	case n == 0:
		return wrong("%s is missing", what)
	case n > most:
		return wrong("%s has more than %d characters", what, most)
	case strings.ContainsFunc(s, unseen):
		return wrong("%s has a character that cannot be shown", what)
	}
	return nil
}

// papers checks the kinds of documents.
func (f *Form) papers(file *fileShape) error {
	var list []Code
	for _, d := range file.Document {
		if d.Identity != border.IdentityKeyed && d.Identity != border.IdentityDeclared {
			return wrong("[[document]] %q: unknown identity %q; allowed: %s, %s", d.Code, d.Identity, border.IdentityKeyed, border.IdentityDeclared)
		}
		list = append(list, Code{d.Code, d.Label, d.Key})
	}
	if err := distinct(list); err != nil {
		return wrong("[[document]]: %w", err)
	}
	if len(list) == 0 {
		return wrong("[[document]]: there is no kind of document")
	}
	return nil
}

// tables compiles the guesses of a category and the days granted.
func (f *Form) tables(file *fileShape) error {
	if len(file.Guess) > maxRows || len(file.Days) > maxRows {
		return wrong("[[guess]], [[days]]: more than %d rows", maxRows)
	}
	for i, g := range file.Guess {
		r, err := f.rule(g.When, nil)
		if err == nil && !f.has("categories", g.Is) {
			err = wrong("is: unknown category %q; allowed: %s", g.Is, strings.Join(f.codes("categories"), ", "))
		}
		for _, t := range r {
			if t.name == "category" {
				err = wrong("a guess of the category cannot depend on the category")
			}
		}
		if err != nil {
			return wrong("[[guess]] number %d: %w", i+1, err)
		}
		f.guesses = append(f.guesses, guess{r, g.Is})
	}
	if n := len(f.guesses); n == 0 || len(f.guesses[n-1].when) > 0 {
		return wrong("[[guess]]: the last one must have no condition, so that there always is a category")
	}
	var above []field
	if len(f.lists["purposes"]) > 0 {
		above = []field{{name: "purpose", kind: KindCode, list: "purposes"}}
	}
	for i, d := range file.Days {
		r, err := f.rule(d.When, above)
		switch {
		case err != nil:
		case d.Days < 0 || d.Days > maxDays:
			err = wrong("days: a number from 0 to %d", maxDays)
		case d.Basis != "" && !f.has("legal_bases", d.Basis):
			err = wrong("basis: unknown legal basis %q; allowed: %s", d.Basis, strings.Join(f.codes("legal_bases"), ", "))
		}
		if err != nil {
			return wrong("[[days]] number %d: %w", i+1, err)
		}
		f.days = append(f.days, grant{r, d.Days, d.Basis})
	}
	return nil
}

// fixedLists are the lists that the program knows a field's codes by.
var fixedLists = map[string]string{"category": "categories", "purpose": "purposes", "legal_basis": "legal_bases", "role": "roles"}

// reserved are facts, which conditions name like fields.
var reserved = []string{"direction", "nationality", "age", "post", "identity", "group", "responsible", "own", "days", "basis"}

// questions compiles the fields.
func (f *Form) questions(file *fileShape) error {
	if len(file.Field) > maxRows {
		return wrong("[[field]]: more than %d", maxRows)
	}
	text := 0
	for _, q := range file.Field {
		d, err := f.question(&q)
		if err != nil {
			return wrong("field %q: %w", q.Name, err)
		}
		if d.kind == KindText {
			text += d.max
		}
		f.fields = append(f.fields, d)
	}
	if text > maxText {
		return wrong("[[field]]: the texts have more than %d characters together: lower some max", maxText)
	}
	if len(f.fields) == 0 || f.fields[0].name != "category" {
		return wrong("[[field]]: the first field must be category, for others depend on it")
	}
	return nil
}

func (f *Form) question(q *fieldShape) (field, error) {
	d := field{name: q.Name, label: q.Label, hint: q.Hint, kind: q.Kind, list: q.List, min: q.Min, max: q.Max, carry: q.Carry}
	switch {
	case !word.MatchString(q.Name) || strings.HasPrefix(q.Name, "not_") || slices.Contains(reserved, q.Name):
		return d, wrong("this is no name for a field; allowed: %s, not beginning with not_, and none of %s", word, strings.Join(reserved, ", "))
	case slices.ContainsFunc(f.fields, func(o field) bool { return o.name == q.Name }):
		return d, wrong("it is there twice")
	}
	if err := shown("label", q.Label, maxLabel); err != nil {
		return d, err
	}
	if q.Hint != "" {
		if err := shown("hint", q.Hint, maxHint); err != nil {
			return d, err
		}
	}
	if err := f.kind(&d); err != nil {
		return d, err
	}
	var err error
	if d.when, err = f.rules(q.When, f.fields); err != nil {
		return d, wrong("when: %w", err)
	}
	if d.required, err = f.rules(q.Required, f.fields); err != nil {
		return d, wrong("required: %w", err)
	}
	for _, row := range q.Default {
		p := proposal{is: row.Is, from: row.From}
		if p.when, err = f.rule(row.When, f.fields); err != nil {
			return d, wrong("default: %w", err)
		}
		if err := f.source(&d, p); err != nil {
			return d, wrong("default: %w", err)
		}
		d.proposals = append(d.proposals, p)
	}
	return d, nil
}

// kind checks that a field's kind is known, is the one of the open header, and has what
// belongs to it and nothing else.
func (f *Form) kind(d *field) error {
	if open := openKind(d.name); open != "" && d.kind != open {
		return wrong("kind: it stands in the open header and must be %q", open)
	}
	switch d.kind {
	case KindCode:
		if len(f.lists[d.list]) == 0 {
			return wrong("list: unknown list %q; allowed: %s", d.list, strings.Join(slices.Sorted(maps.Keys(f.lists)), ", "))
		}
		if fixed := fixedLists[d.name]; fixed != "" && d.list != fixed {
			return wrong("list: it must be %q", fixed)
		}
	case KindText:
		if d.max < 1 || d.max > maxText {
			return wrong("max: the number of characters, 1 to %d", maxText)
		}
	case KindNumber:
		if d.min < 0 || d.max < d.min || d.max > maxNumber {
			return wrong("min, max: they must be from 0 to %d, the smaller one first", maxNumber)
		}
	case KindCountry, KindDate, KindEDTF, KindYesNo:
	default:
		return wrong("kind: unknown kind %q; allowed: code, country, text, number, date, edtf, yesno", d.kind)
	}
	switch {
	case d.kind != KindCode && d.list != "":
		return wrong("list: only a code field has one")
	case d.kind != KindNumber && d.min != 0:
		return wrong("min: only a number field has one")
	case d.kind != KindNumber && d.kind != KindText && d.max != 0:
		return wrong("max: only a number or text field has one")
	}
	return nil
}

// source checks where a default comes from.
func (f *Form) source(d *field, p proposal) error {
	if (p.is == "") == (p.from == "") {
		return wrong("it needs either is or from")
	}
	if p.is != "" {
		if value, why := f.read(d, p.is); value == "" {
			return wrong("is: %q is not accepted: %s", p.is, d.problem(why).Message)
		}
		return nil
	}
	sources := []string{"own", "nationality", "days", "basis"}
	for _, o := range f.fields {
		sources = append(sources, o.name)
	}
	if !slices.Contains(sources, p.from) {
		return wrong("from: unknown %q; allowed: %s", p.from, strings.Join(sources, ", "))
	}
	return nil
}
