package stations

import (
	"flag"
	"regexp"
	"testing"
	"time"

	"garita/border"
	"garita/border/stations"
	"garita/ui/i18n"
	"garita/ui/layout/layouttest"
)

var update = flag.Bool("update-golden", false, "write the golden pages instead of comparing them; review the difference")

func pages(w *i18n.Printer) map[string]any {
	now := time.Date(2026, 11, 22, 17, 4, 5, 0, time.UTC)
	one := func(st stations.Station, heard time.Duration) row {
		at := now.Add(-heard)
		if heard == 0 {
			at = time.Time{}
		}
		return rowOf(w, &st, at, now)
	}
	rows := []row{
		one(stations.Station{ID: "PCA-1", Post: "PCA", Zone: "America/Panama", State: stations.Enrolled, EnrolledAt: now.Add(-50 * time.Hour), Expires: now.Add(80 * 24 * time.Hour), Software: "1.2"}, time.Minute),
		one(stations.Station{ID: "PCA-2", Post: "PCA", State: stations.Expired, EnrolledAt: now.Add(-5000 * time.Hour), Expires: now.Add(-72 * time.Hour),
			Warnings: []border.Sentence{{Text: "Its certificate ended on {0}. To let it back: garita-hub station rotate {1}", Args: []any{"2026-11-19", "PCA-2"}}}}, 3*time.Hour),
		one(stations.Station{ID: "DAR-1", Post: "DAR", State: stations.Invited, CodeUntil: now.Add(time.Minute)}, 0),
		one(stations.Station{ID: "DAR-2", Post: "DAR", State: stations.Revoked, RevokedAt: now, RevokedBy: "9001", Reason: "<i>stolen"}, 0),
	}
	return map[string]any{
		"empty": page{}, "busy": page{Rows: rows, Work: true, New: newStation{Station: "<b>"}, Trouble: w.T("There is no such station at this hub.")}, "read": page{Rows: rows[:1]},
		"code": page{Code: &invitation{Station: "DAR-1", Code: "AAAA-BBBB", Command: "garita-post enrol https://hub AAAA-BBBB", Until: "17:19:05 UTC", Seconds: 900}, Rows: rows[2:3], Work: true,
			Done: w.T("The station does not belong any more. Its connections are cut.")},
	}
}

func shown() layouttest.Pages {
	return layouttest.Pages{Templates: templates, States: pages, Everywhere: []string{"busy", "code"},
		Data: regexp.MustCompile(`^(\d\d? (Apr|Nov) 2026 \d\d:\d\d|PCA(-\d)?|DAR(-\d)?|America/Panama|AAAA-BBBB|garita-post enrol https://hub AAAA-BBBB)$`)}
}

func TestGoldenPages(t *testing.T) { layouttest.Golden(t, shown(), *update) }

// Nothing but facts is on the pages without having gone through the catalogue.
func TestNoTextIsLeftOut(t *testing.T) { layouttest.Translated(t, shown()) }
