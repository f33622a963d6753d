package auditlog

import (
	"flag"
	"regexp"
	"testing"
	"time"

	"garita/border"
	"garita/ui/i18n"
	"garita/ui/layout/layouttest"
)

var update = flag.Bool("update-golden", false, "write the golden pages instead of comparing them; review the difference")

func pages(w *i18n.Printer) map[string]any {
	now := time.Date(2026, 11, 22, 17, 4, 5, 0, time.UTC)
	choices := func() (out []choice) {
		for _, r := range results {
			out = append(out, choice{string(r.result), w.T(r.text), r.result == border.ActRefused})
		}
		return out
	}
	act := func(result border.ActResult) row {
		return rowOf(w, &Act{Key: border.Key{Station: "PCA-1", Epoch: border.Epoch{7}, Seq: 12}, At: now, Counter: "1", Officer: "officer-7", Second: "officer-8",
			ActHeader: border.ActHeader{Action: "person.search", Result: result, Object: "list", Purpose: "case", Reason: "invalid", Session: "s-1"}})
	}
	log := func(l Checkpoint) checkpoint { l.Epoch = border.Epoch{7}; return checkpointOf(w, &l, now) }
	return map[string]any{
		"empty": page{Results: choices()},
		"busy": page{Results: choices(), Form: form{Action: "<b>", After: "x"}, Rows: []row{act(border.ActDone), act(border.ActRefused), act(border.ActFailed), act(border.ActAwaiting)}, Next: "y",
			Trouble: w.T("A time is written 2026-12-31 or 2026-12-31 14:05, in UTC."),
			Checkpoints: []checkpoint{log(Checkpoint{Station: "HUB", Size: 5, Cosigned: 5, At: now}), log(Checkpoint{Station: "PCA-1", Size: 1500, Cosigned: 5, At: now.Add(-time.Hour)}),
				log(Checkpoint{Station: "PCA-2", Size: 6, Cosigned: 5, At: now}), log(Checkpoint{Station: "PCA-3"}), log(Checkpoint{Station: "PCA-4", Trouble: "log_forked"})}},
		"next": page{Results: choices(), Next: "y"},
	}
}

func shown() layouttest.Pages {
	return layouttest.Pages{Templates: templates, States: pages, Everywhere: []string{"busy"},
		Data: regexp.MustCompile(`^(HUB|PCA-\d( / 1)?|officer-\d|sign_in|person\.search|list|case|invalid|s-1|[0-9a-f]{32}(/12)?)$`)}
}

func TestGoldenPages(t *testing.T) { layouttest.Golden(t, shown(), *update) }

// Nothing but facts is on the pages without having gone through the catalogue.
func TestNoTextIsLeftOut(t *testing.T) { layouttest.Translated(t, shown()) }
