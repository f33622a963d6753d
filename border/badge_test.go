package border_test

import (
	"testing"

	"garita/border"
)

func TestSameBadge(t *testing.T) {
	for _, s := range []string{"B-17", " b17", "B\u200b-17", "b \u2010 1\u00ad7", "\uff22\uff0d\uff11\uff17", "B\u202e17."} {
		if got := border.SameBadge(s); got != "B17" {
			t.Errorf("%q is %q", s, got)
		}
	}
	for _, s := range []string{"", " ", "-", "\u200b"} {
		if got := border.SameBadge(s); got != "" {
			t.Errorf("%q names %q", s, got)
		}
	}
	if border.SameBadge("B-17") == border.SameBadge("B-71") {
		t.Error("two people are one")
	}
}
