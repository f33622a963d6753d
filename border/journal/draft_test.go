package journal_test

import (
	"testing"

	"garita/border/journal"
)

// TestDraftStaysAtItsCounter: a draft whose row was changed is lost, not shown elsewhere.
func TestDraftStaysAtItsCounter(t *testing.T) {
	for name, c := range map[string]struct {
		query string
		kept  int
	}{
		"nothing":           {`UPDATE draft SET counter = counter`, 2},
		"moved":             {`UPDATE draft SET counter = '2' WHERE counter = '1'`, 1},
		"content exchanged": {`UPDATE draft SET sealed = (SELECT sealed FROM draft AS other WHERE other.encounter <> draft.encounter) WHERE counter = '1'`, 1},
		"a bit turned":      {`UPDATE draft SET sealed = CAST(substr(sealed, 1, 20) || x'00' || substr(sealed, 22) AS BLOB) WHERE counter = '1'`, 1},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			j := r.open()
			check(t, j.SaveDraft(t.Context(), journal.Draft{Encounter: r.id(), Counter: "1", Content: []byte("first")}))
			check(t, j.SaveDraft(t.Context(), journal.Draft{Encounter: r.id(), Counter: "2", Content: []byte("second")}))
			run(t, r.path(), c.query)
			drafts, unreadable, err := j.Drafts(t.Context())
			check(t, err)
			if len(drafts) != c.kept || unreadable != 2-c.kept {
				t.Errorf("%d drafts, %d unreadable", len(drafts), unreadable)
			}
		})
	}
}
