package form

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"garita/border"
	"garita/border/icao"
)

// A rule is a condition: all its terms hold. rules hold if one of them does; a rule without
// terms always holds.
type (
	rule  []term
	rules []rule
)

// term asks whether a fact or a field is one of some words.
type term struct {
	name  string
	not   bool
	words []string   // of everything but an age
	ages  []interval // of an age, in full years
}

type interval struct{ from, to int }

// setting is what conditions look at: the facts, and the values of the fields so far.
type setting struct {
	values map[string]string
	age    int
}

// none is the word for "no value".
const none = "none"

// facts begins a setting. The category is known from the start, given or guessed. A category
// or role that the form does not know is as good as none.
func (f *Form) facts(facts Facts) setting {
	responsible := "no"
	if facts.Responsible {
		responsible = "yes"
	}
	s := setting{age: facts.Age, values: make(map[string]string, 8+len(f.fields))}
	s.values["direction"] = facts.Direction
	s.values["nationality"] = f.canonical(facts.Nationality)
	s.values["post"] = string(facts.Post)
	s.values["identity"] = facts.Identity
	s.values["group"] = facts.Group
	s.values["responsible"] = responsible
	if f.has("roles", facts.Role) {
		s.values["role"] = facts.Role
	}
	if f.has("categories", facts.Category) {
		s.values["category"] = facts.Category
	} else {
		s.values["category"] = f.guess(s)
	}
	return s
}

func (rs rules) hold(s setting) bool {
	return slices.ContainsFunc(rs, func(r rule) bool { return r.holds(s) })
}

func (r rule) holds(s setting) bool {
	for _, t := range r {
		if t.holds(s) == t.not {
			return false
		}
	}
	return true
}

func (t term) holds(s setting) bool {
	if t.ages != nil {
		return slices.ContainsFunc(t.ages, func(i interval) bool { return s.age >= i.from && s.age <= i.to })
	}
	return slices.Contains(t.words, s.values[t.name])
}

// rule compiles a condition of the file. It may name facts, and of the fields those in
// above: the ones that stand further up.
func (f *Form) rule(raw map[string]string, above []field) (rule, error) {
	var r rule
	for _, key := range slices.Sorted(maps.Keys(raw)) { // so that the same file gets the same error
		name, not := strings.CutPrefix(key, "not_")
		t := term{name: name, not: not}
		words := strings.Fields(raw[key])
		if len(words) == 0 {
			return nil, wrong("%s has no words", key)
		}
		for _, word := range words {
			if err := f.word(&t, word, above); err != nil {
				return nil, err
			}
		}
		r = append(r, t)
	}
	return r, nil
}

func (f *Form) rules(raw []map[string]string, above []field) (rules, error) {
	var rs rules
	for _, one := range raw {
		r, err := f.rule(one, above)
		if err != nil {
			return nil, err
		}
		rs = append(rs, r)
	}
	return rs, nil
}

// word adds one word of a condition to its term.
func (f *Form) word(t *term, word string, above []field) error {
	if t.name == "age" {
		i, ok := f.ages(word)
		if !ok {
			return wrong("age: %q is no age; allowed: minor, adult, unknown, or years like 0-11", word)
		}
		t.ages = append(t.ages, i)
		return nil
	}
	among := func(allowed ...string) error {
		switch {
		case word == none:
			t.words = append(t.words, "")
		case !slices.Contains(allowed, word):
			return wrong("%s: unknown word %q; allowed: %s", t.name, word, strings.Join(append(allowed, none), ", "))
		default:
			t.words = append(t.words, word)
		}
		return nil
	}
	switch t.name {
	case "direction":
		return among(border.Entry, border.Exit)
	case "identity":
		return among(border.IdentityRead, border.IdentityKeyed, border.IdentityDeclared)
	case "responsible":
		return among("yes", "no")
	case "category":
		return among(f.codes("categories")...)
	case "role":
		return among(f.codes("roles")...)
	case "group":
		return among(f.codes("group_kinds")...)
	case "nationality":
		return f.countryWord(t, word)
	case "post":
		if word != none && border.PostID(word).Validate() != nil {
			return wrong("post: %q is no name of a post", word)
		}
		return among(word)
	}
	i := slices.IndexFunc(above, func(d field) bool { return d.name == t.name })
	if i < 0 {
		return wrong("a condition on %q; allowed: %s, and fields further up", t.name, factNames)
	}
	switch d := above[i]; d.kind {
	case KindCode:
		return among(f.codes(d.list)...)
	case KindYesNo:
		return among("yes", "no")
	case KindCountry:
		return f.countryWord(t, word)
	default:
		return among()
	}
}

const factNames = "direction, category, nationality, age, post, identity, role, group, responsible"

// countryWord adds a country, the own country, or a named list of countries.
func (f *Form) countryWord(t *term, word string) error {
	switch {
	case word == none:
		t.words = append(t.words, "")
	case word == "own":
		t.words = append(t.words, f.country)
	case f.groups[word] != nil:
		t.words = append(t.words, f.groups[word]...)
	case f.known(word):
		t.words = append(t.words, word)
	default:
		return wrong("%s: unknown country %q; allowed: a country's code, own, none, or a name from [country_lists]", t.name, word)
	}
	return nil
}

// ages reads minor, adult, unknown, or years like 0-11.
func (f *Form) ages(word string) (interval, bool) {
	switch word {
	case "minor":
		return interval{0, f.minorAge - 1}, true
	case "adult":
		return interval{f.minorAge, math.MaxInt}, true
	case "unknown":
		return interval{math.MinInt, -1}, true
	}
	a, b, _ := strings.Cut(word, "-")
	from, err := strconv.ParseUint(a, 10, 8)
	to, err2 := strconv.ParseUint(b, 10, 8)
	return interval{int(from), int(to)}, err == nil && err2 == nil && from <= to
}

// known reports whether a code in capitals is a country of this form.
func (f *Form) known(code string) bool { return icao.Known(code) || f.countries[code] }

// canonical gives the one code of a country that is recorded.
func (f *Form) canonical(code string) string {
	if to := f.aliases[code]; to != "" {
		return to
	}
	return code
}

// codes lists the codes of a list.
func (f *Form) codes(list string) []string {
	var out []string
	for _, c := range f.lists[list] {
		out = append(out, c.Code)
	}
	return out
}
