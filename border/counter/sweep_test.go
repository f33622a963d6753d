package counter_test

import (
	"testing"
	"time"
)

// An event that cannot be opened may name images of its month and of earlier ones, whose keys are held: as when
// keys.db is an older copy. They stay; later ones that nothing names go.
func TestSweepSparesWhatAnUnreadableEventMayName(t *testing.T) {
	r := newRig(t)
	r.wall.set(time.Date(2026, 11, 30, 23, 50, 0, 0, time.UTC))
	r.restart()
	r.scan("1", passport(1))
	named := r.take("1", 2)
	r.wall.pass(20 * time.Minute) // the next month
	r.decide(r.decision("1", "admitted"))
	_, err := r.keys.Destroy(t.Context(), "2026-12")
	check(t, err)
	r.wall.pass(32 * 24 * time.Hour)
	r.keepsAll("unreadable", named)
}
