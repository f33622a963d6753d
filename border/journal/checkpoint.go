package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"garita/border"
	"garita/border/checkpoint"
)

var _ border.CheckpointSource = (*Journal)(nil)

// keptCheckpoints is how many cosigned checkpoints a journal keeps, and besides them the last of
// each epoch: each says all that the ones before it said.
const keptCheckpoints = 1000

// Checkpoint signs the state of the current epoch's log, up to the last durable event; see
// [border.CheckpointSource]. Without a Signer it is the zero Checkpoint.
func (j *Journal) Checkpoint(context.Context) (border.Checkpoint, error) {
	if j.cfg.Signer == nil {
		return border.Checkpoint{}, nil
	}
	j.mu.Lock()
	at, tree, cosigned := j.head, j.tree, j.cosigned
	j.mu.Unlock()
	if at.Seq == 0 || at == cosigned {
		return border.Checkpoint{}, nil
	}
	msg, err := checkpoint.Sign(checkpoint.State{Station: j.cfg.Station, Epoch: at.Epoch, Size: at.Seq, Root: tree.Root()}, j.cfg.Signer)
	return border.Checkpoint{Note: msg}, err
}

// Cosigned keeps a checkpoint with the hub's signature, and the hub's own; see
// [border.CheckpointSource]. [border.Invalid]: it is not this log's, or not cosigned.
func (j *Journal) Cosigned(ctx context.Context, c border.Checkpoint) error {
	const op = "keep a cosigned checkpoint"
	if j.cfg.Cosigner == nil {
		return &border.Error{Code: border.Invalid, Op: op, Message: "This station knows no hub that could have signed it."}
	}
	s, _, err := checkpoint.Open(c.Note, j.cfg.Cosigner)
	if err != nil {
		return err
	}
	if len(c.Hub) > 0 {
		if _, _, err := checkpoint.Open(c.Hub, j.cfg.Cosigner); err != nil {
			return err
		}
	}
	return j.keep(ctx, s, c)
}

// keep keeps a checkpoint of this log.
func (j *Journal) keep(ctx context.Context, s checkpoint.State, c border.Checkpoint) error {
	const op = "keep a cosigned checkpoint"
	ordinal, err := j.agrees(ctx, s)
	if err != nil {
		return err
	}
	msg, hub := append([]byte{}, c.Note...), append([]byte{}, c.Hub...)
	err = j.submit(ctx, &job{op: op, do: func(t *transaction) error {
		return t.w.store.keepCheckpoint(ordinal, s.Size, msg, hub)
	}})
	if err != nil {
		return err
	}
	j.mu.Lock()
	if s.Epoch != j.cosigned.Epoch && s.Epoch == j.head.Epoch || s.Epoch == j.cosigned.Epoch && s.Size > j.cosigned.Seq {
		j.cosigned = border.Position{Epoch: s.Epoch, Seq: s.Size}
	}
	j.mu.Unlock()
	return nil
}

// agrees finds the epoch of a checkpoint, and compares its root with that of this log at its size.
func (j *Journal) agrees(ctx context.Context, s checkpoint.State) (ordinal int64, err error) {
	const op = "keep a cosigned checkpoint"
	invalid := func(why string) error {
		return &border.Error{Code: border.Invalid, Op: op, Err: errors.New(why),
			Message: "The hub has signed another journal than this one."}
	}
	if s.Station != j.cfg.Station {
		return 0, invalid("it is of another station")
	}
	err = j.reading(op, func(db *sql.DB) error {
		err := db.QueryRowContext(ctx, `SELECT ordinal FROM epoch WHERE id = ?`, s.Epoch[:]).Scan(&ordinal)
		if errors.Is(err, sql.ErrNoRows) {
			return invalid("its epoch is not known here")
		}
		if err != nil {
			return err
		}
		tree, err := checkpoint.Regrow(s.Size, func(level int, seq uint64) (tlog.Hash, error) { return readNode(ctx, db, ordinal, level, seq) })
		if errors.Is(err, sql.ErrNoRows) {
			return invalid("it has more events than are here")
		}
		if err == nil && tree.Root() != s.Root {
			return invalid("its root is another one")
		}
		return err
	})
	return ordinal, err
}

// readNode reads a node of an epoch's log; sql.ErrNoRows if it is not there.
func readNode(ctx context.Context, db *sql.DB, ordinal int64, level int, seq uint64) (tlog.Hash, error) {
	q, at := `SELECT substr(record, ?2 + 1, 32) FROM event WHERE pos = ?1`, hashAt
	if level > 0 {
		q, at = `SELECT substr(tree, ?2 + 1, 32) FROM event WHERE pos = ?1`, (level-1)*tlog.HashSize
	}
	var b []byte
	if err := db.QueryRowContext(ctx, q, posOf(ordinal, seq), at).Scan(&b); err != nil {
		return tlog.Hash{}, err
	}
	if len(b) != tlog.HashSize {
		return tlog.Hash{}, fmt.Errorf("the log lacks event %d/%d: %w", ordinal, seq, errDamaged)
	}
	if level == 0 {
		return checkpoint.Leaf(border.Digest(b)), nil
	}
	return tlog.Hash(b), nil
}

// keepCheckpoint writes a checkpoint down and drops what is beyond the bound.
func (s *store) keepCheckpoint(ordinal int64, size uint64, msg, hub []byte) error {
	if err := s.exec(s.putCheckpoint, ordinal, int64(size), msg, hub); err != nil {
		return err
	}
	return s.exec(s.dropCheckpoints, int64(keptCheckpoints))
}

// Kept is a cosigned checkpoint as it is kept.
type Kept struct {
	border.Checkpoint
	State checkpoint.State
}

// Kept lists the newest cosigned checkpoints, newest first, at most limit.
func (j *Journal) Kept(ctx context.Context, limit int) ([]Kept, error) {
	var out []Kept
	err := j.reading("list checkpoints", func(db *sql.DB) error {
		rows, err := db.QueryContext(ctx, `SELECT note, hub FROM checkpoint ORDER BY n DESC LIMIT ?`, max(limit, 0))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var k Kept
			if err := rows.Scan(&k.Note, &k.Hub); err != nil {
				return err
			}
			if k.State, err = checkpoint.Claims(k.Note); err != nil {
				return err
			}
			out = append(out, k)
		}
		return rows.Err()
	})
	return out, err
}

// CosignOwn signs the log's state and cosigns it at once, for the journal of the hub itself. It
// returns the newest cosigned checkpoint; nil without a Signer.
func (j *Journal) CosignOwn(ctx context.Context, cosign note.Signer) ([]byte, error) {
	c, err := j.Checkpoint(ctx)
	if err != nil || j.cfg.Signer == nil {
		return nil, err
	}
	if c.Note == nil {
		kept, err := j.Kept(ctx, 1)
		if err != nil || len(kept) == 0 {
			return nil, err
		}
		return kept[0].Note, nil
	}
	state, err := checkpoint.Claims(c.Note)
	if err != nil {
		return nil, err
	}
	both := c.Note
	if cosign.Name() != j.cfg.Signer.Name() || cosign.KeyHash() != j.cfg.Signer.KeyHash() {
		if both, err = checkpoint.Sign(state, j.cfg.Signer, cosign); err != nil {
			return nil, err
		}
	}
	return both, j.keep(ctx, state, border.Checkpoint{Note: both})
}
