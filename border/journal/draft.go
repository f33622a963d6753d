package journal

import (
	"bytes"
	"context"
	"database/sql"
	"slices"

	"garita/border"
	"garita/border/seal"
)

// Draft is an open encounter on the disk, so that it survives a power cut. Content is
// sealed before it is written and is not part of the record. Counter is empty while the
// encounter is on the post's list of referrals.
type Draft struct {
	Encounter border.ID
	Counter   border.CounterID
	Content   []byte
}

// draftName binds a draft to its row: neither can it be given to another encounter, nor moved to
// another counter.
func draftName(encounter border.ID, counter border.CounterID) string {
	return "draft/" + encounter.String() + "/" + string(counter)
}

// SaveDraft keeps an open encounter and drops those that have ended, in one transaction.
// It is durable when it returns nil.
func (j *Journal) SaveDraft(ctx context.Context, d Draft, ended ...border.ID) error {
	keyID, sealed, err := j.cfg.Keys.SealLocal(ctx, seal.Bucket(j.cfg.Clock.Now()), draftName(d.Encounter, d.Counter), d.Content)
	if err != nil {
		return err
	}
	return j.submit(ctx, &job{op: "save a draft", do: func(t *transaction) error {
		if err := t.dropDrafts(ended); err != nil {
			return err
		}
		s := t.w.store
		return s.exec(s.putDraft, d.Encounter[:], string(d.Counter), keyID, sealed)
	}})
}

// DropDrafts drops the drafts of encounters that are open no more, in one transaction.
// Those that are not there do not matter.
func (j *Journal) DropDrafts(ctx context.Context, ended ...border.ID) error {
	if len(ended) == 0 {
		return nil
	}
	ended = slices.Clone(ended) // the caller may be gone before the writer has them
	return j.submit(ctx, &job{op: "drop drafts", do: func(t *transaction) error { return t.dropDrafts(ended) }})
}

func (t *transaction) dropDrafts(ended []border.ID) error {
	for _, id := range ended {
		if err := t.w.store.exec(t.w.store.dropDraft, id[:]); err != nil {
			return err
		}
	}
	return nil
}

// Drafts returns the open encounters, oldest first, without those whose end is
// recorded. A draft that cannot be opened any more is left out and counted.
func (j *Journal) Drafts(ctx context.Context) (drafts []Draft, unreadable int, err error) {
	drafts, lost, err := j.drafts(ctx)
	return drafts, len(lost), err
}

// LostDrafts returns the name of the data key of each draft that cannot be opened any more.
func (j *Journal) LostDrafts(ctx context.Context) (keyIDs []string, err error) {
	_, keyIDs, err = j.drafts(ctx)
	return keyIDs, err
}

func (j *Journal) drafts(ctx context.Context) (drafts []Draft, lost []string, err error) {
	err = j.reading("read drafts", func(db *sql.DB) error {
		rows, err := db.QueryContext(ctx, `SELECT encounter, counter, key_id, sealed FROM draft
			WHERE NOT EXISTS (SELECT 1 FROM crossing WHERE crossing.id = draft.encounter) ORDER BY encounter`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id, sealed []byte
			var counter, keyID string
			if err := rows.Scan(&id, &counter, &keyID, &sealed); err != nil {
				return err
			}
			d := Draft{Encounter: border.ID(id), Counter: border.CounterID(counter)}
			if d.Content, err = j.cfg.Keys.OpenLocal(keyID, draftName(d.Encounter, d.Counter), sealed); err != nil {
				d.Content, err = j.cfg.Keys.OpenLocal(keyID, "draft/"+d.Encounter.String(), sealed) // of a version that did not bind the counter
			}
			if err != nil {
				lost = append(lost, keyID)
				continue
			}
			drafts = append(drafts, d)
		}
		return rows.Err()
	})
	return drafts, lost, err
}

// Restore stores events that the hub holds and this journal has lost, all or none; see
// [border.EventSource].
func (j *Journal) Restore(ctx context.Context, events [][]byte) error {
	records := make([][]byte, len(events)) // the caller may be gone before the writer has them
	for i, record := range events {
		records[i] = bytes.Clone(record)
	}
	return j.submit(ctx, &job{op: "restore events", essential: true, do: func(t *transaction) error {
		return t.whole(func() error {
			err := t.restoreAll(records)
			if border.CodeOf(err) == border.Invalid && t.w.j.isDamaged() { // perhaps it is what is damaged here
				if err = t.mendAll(records, true); err == nil {
					err = t.restoreAll(records)
				}
			}
			return err
		})
	}})
}
