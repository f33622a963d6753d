package review

import (
	"flag"
	"regexp"
	"testing"
	"time"

	"garita/border"
	"garita/border/access"
	"garita/ui/i18n"
	"garita/ui/layout/layouttest"
)

var update = flag.Bool("update-golden", false, "write the golden pages instead of comparing them; review the difference")

func pages(w *i18n.Printer) map[string]any {
	now := time.Date(2026, 11, 22, 17, 4, 5, 0, time.UTC)
	id := border.ID{6: 0x70, 8: 0x80}
	open := []row{
		rowOf(w, &Review{ID: "a", Kind: "awaiting", Action: string(access.RefuseEntry), Station: "PCA-1", Counter: "1", At: now.Add(-time.Hour), Officer: "officer-7", Crossing: &id, Reason: "<i>alone", Alarmed: true}, now),
		rowOf(w, &Review{ID: "b", Kind: "overdue", Action: "action.of_tomorrow", Station: "DAR-1", At: now.Add(-50 * time.Hour), Officer: "officer-8"}, now),
	}
	over := []row{rowOf(w, &Review{ID: "c", Kind: "awaiting", Action: string(access.HitOverride), Station: "PCA-1", At: now, Officer: "officer-7", Verdict: FollowUp, By: "3001", Note: "ask <b>"}, now),
		rowOf(w, &Review{ID: "d", Kind: "awaiting", Action: string(access.HitOverride), Station: "PCA-1", At: now, Officer: "officer-7", Verdict: Fine}, now)}
	return map[string]any{
		"empty": page{}, "open": page{Rows: open, Total: 60, Offset: 50, Work: true, Of: open[1].ID, Words: "ask \"them\"", Trouble: w.T("Say what is to be followed up.")}, "over": page{Over: true, Rows: over, Total: 1, Next: 50, Done: w.T("Noted.")},
	}
}

func shown() layouttest.Pages {
	return layouttest.Pages{Templates: templates, States: pages, Everywhere: []string{"open", "over"},
		Data: regexp.MustCompile(`^(· (PCA|DAR)-1( / 1)? · \d\d:\d\d|· (PCA|DAR)-1 · 20 Nov 2026 15:04|officer-\d|(: )?alone|<i>alone|action\.of_tomorrow|: ask <b>|3001)$`)}
}

func TestGoldenPages(t *testing.T) { layouttest.Golden(t, shown(), *update) }

// Nothing but facts is on the pages without having gone through the catalogue.
func TestNoTextIsLeftOut(t *testing.T) { layouttest.Translated(t, shown()) }
