package verdict

import (
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/pelletier/go-toml/v2"

	"garita/border"
)

//go:embed policy.toml
var defaultPolicy []byte

// Policy is the table that maps each check's outcome to a level. It is data: a country
// changes it without Go. Its key is "check.outcome" or "check.outcome.reason"; the longer
// one wins. What the table does not name is refer.
type Policy struct {
	levels map[string]Level
}

// DefaultPolicy returns the table that ships with the program.
func DefaultPolicy() *Policy {
	p, err := ParsePolicy(defaultPolicy)
	if err != nil {
		panic(fmt.Sprintf("the embedded policy table is broken: %v", err)) // a test reads it: cannot happen
	}
	return p
}

var outcomes = []Outcome{Clear, Hit, Wrong, NotChecked, Stale}

// ParsePolicy reads a table in TOML: one section per check, in it one line per outcome,
// or per outcome and reason written "outcome.reason". Every check must have a level for
// every outcome; an unknown check, outcome, reason or level is an [border.Invalid] error.
func ParsePolicy(b []byte) (*Policy, error) {
	bad := func(err error) (*Policy, error) {
		return nil, &border.Error{Code: border.Invalid, Op: "read the policy table", Err: err}
	}
	var raw map[Check]map[Outcome]any
	if err := toml.Unmarshal(b, &raw); err != nil {
		var d *toml.DecodeError
		if errors.As(err, &d) {
			row, col := d.Position()
			return bad(fmt.Errorf("line %d, column %d: %w", row, col, err))
		}
		return bad(err)
	}
	p := &Policy{levels: make(map[string]Level)}
	for _, c := range sorted(raw) { // so that the same table gets the same error
		byOutcome := raw[c]
		if !slices.Contains(All, c) {
			return bad(fmt.Errorf("unknown check %q; known: %v", c, All))
		}
		for _, o := range sorted(byOutcome) {
			v := byOutcome[o]
			if !slices.Contains(outcomes, o) {
				return bad(fmt.Errorf("[%s]: unknown outcome %q; known: %v", c, o, outcomes))
			}
			if err := p.add(string(c)+"."+string(o), v); err != nil {
				return bad(err)
			}
		}
	}
	for _, c := range All {
		for _, o := range outcomes {
			if _, ok := p.levels[string(c)+"."+string(o)]; !ok {
				return bad(fmt.Errorf("[%s]: no level for %q", c, o))
			}
		}
	}
	return p, nil
}

// add takes a level, or a table of levels by reason with the rest under "else".
func (p *Policy) add(key string, v any) error {
	switch v := v.(type) {
	case string:
		l := Level(v)
		if l != Proceed && l != Look && l != Refer {
			return fmt.Errorf("%s: unknown level %q; known: proceed, look, refer", key, v)
		}
		p.levels[key] = l
		return nil
	case map[string]any:
		for _, reason := range sorted(v) {
			lv, k := v[reason], key+"."+reason
			if reason == "else" {
				k = key
			} else if !slices.Contains(Reasons, reason) { // a slip would let the reason fall to "else"
				return fmt.Errorf("%s: unknown reason %q; known: else, %v", key, reason, Reasons)
			}
			s, ok := lv.(string)
			if !ok {
				return fmt.Errorf("%s: a level is a word", k)
			}
			if err := p.add(k, s); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("%s: a level is a word or a table of reasons", key)
}

func sorted[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

func (p *Policy) level(r Result) Level {
	key := string(r.Check) + "." + string(r.Outcome)
	if l, ok := p.levels[key+"."+r.Reason]; ok && r.Reason != "" {
		return l
	}
	if l, ok := p.levels[key]; ok {
		return l
	}
	return Refer
}
