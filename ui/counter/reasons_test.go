package counter

import (
	"testing"

	"garita/border/verdict"
)

// Another entry, field, outcome or check is news; that a list has grown older is not.
func TestWhyHasNoAges(t *testing.T) {
	hit := func(change func(*verdict.Reason)) verdict.Verdict {
		r := reason(verdict.NameList, verdict.Hit, verdict.ReasonListed, verdict.Refer)
		r.Hits, r.AgeS = []string{"sample/S-0012"}, 60
		if change != nil {
			change(&r)
		}
		return verdict.Verdict{Level: verdict.Refer, Reasons: []verdict.Reason{r, reason(verdict.Expiry, verdict.Clear, "", verdict.Proceed)}}
	}
	was := why(hit(nil))
	if now := why(hit(func(r *verdict.Reason) { r.AgeS = 3600 })); now != was {
		t.Errorf("an older list is news: %q, %q", was, now)
	}
	for name, change := range map[string]func(*verdict.Reason){
		"entry":   func(r *verdict.Reason) { r.Hits = []string{"sample/S-0034"} },
		"two":     func(r *verdict.Reason) { r.Hits = append(r.Hits, "sample/S-0034") },
		"fields":  func(r *verdict.Reason) { r.Fields = []string{"birth_date"} },
		"outcome": func(r *verdict.Reason) { r.Outcome = verdict.Stale },
		"check":   func(r *verdict.Reason) { r.Check = verdict.DocumentList },
		"level":   func(r *verdict.Reason) { r.Level = verdict.Look },
	} {
		if now := why(hit(change)); now == was {
			t.Errorf("another %s is no news: %q", name, now)
		}
	}
}
