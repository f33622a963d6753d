package register

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/note"

	"garita/border"
	"garita/border/checkpoint"
)

var _ border.CheckpointSink = (*Register)(nil)

// errGrown: another checkpoint of the epoch was cosigned meanwhile.
var errGrown = &border.Error{Code: border.Unavailable, Op: "cosign a checkpoint", Message: "Another checkpoint of this station came first. Send the next one."}

// Cosign implements [border.CheckpointSink]: it makes the log's tree itself, of the events that are
// held here, and signs what the station says only if that is the same.
func (r *Register) Cosign(ctx context.Context, station border.StationID, c border.Checkpoint) (border.Checkpoint, error) {
	const op = "cosign a checkpoint"
	if r.cosigner == nil || r.signers == nil {
		return border.Checkpoint{}, &border.Error{Code: border.Unavailable, Op: op, Message: "This hub cosigns no checkpoints."}
	}
	s, n, err := r.openCheckpoint(station, c.Note)
	if err != nil {
		return border.Checkpoint{}, err
	}
	var at cosigned
	var tree checkpoint.Tree
	if err := r.read(ctx, op, func(q reader) error {
		if at, err = q.cosigned(ctx, station, s.Epoch); err != nil {
			return err
		}
		tree, err = r.growTo(ctx, q, at, s)
		return err
	}); err != nil {
		return border.Checkpoint{}, err
	}
	switch {
	case s.Size < at.tree.Size():
		return border.Checkpoint{}, r.contradicted(ctx, AlarmLogRolledBack, s, fmt.Sprintf(
			"The station presents its log of epoch %s at event %d, after %d was cosigned: it was rolled back, or an old message was sent again.", s.Epoch, s.Size, at.tree.Size()))
	case tree.Root() != s.Root:
		if damaged, err := r.recheck(ctx, station, s.Epoch, s.Size); err != nil || damaged {
			return border.Checkpoint{}, errors.Join(&border.Error{Code: border.Unavailable, Op: op,
				Message: "The hub's own copy of these events is damaged. They are asked for again."}, err)
		}
		return border.Checkpoint{}, r.contradicted(ctx, AlarmLogForked, s, fmt.Sprintf(
			"The station's log of epoch %s contradicts the events held here: up to event %d something was changed, left out or put elsewhere. Last agreed on: event %d.",
			s.Epoch, s.Size, at.tree.Size()))
	case s.Size == at.tree.Size(): // sent again
		return r.witnessed(at.note), nil
	}
	both, err := checkpoint.Cosign(n, r.cosigner)
	if err != nil {
		return border.Checkpoint{}, err
	}
	err = r.write(ctx, op, func(t tx) error {
		grown, err := t.keepCheckpoint(at, tree, both, r.clock.Now())
		if err == nil && !grown {
			err = errGrown
		}
		return err
	})
	return r.witnessed(both), err
}

// witnessed adds the newest checkpoint of the hub's own log.
func (r *Register) witnessed(msg []byte) border.Checkpoint {
	c := border.Checkpoint{Note: msg}
	if r.witness != nil {
		c.Hub = r.witness()
	}
	return c
}

// openCheckpoint reads a checkpoint that one of the station's keys has signed.
func (r *Register) openCheckpoint(station border.StationID, msg []byte) (checkpoint.State, *note.Note, error) {
	const op = "cosign a checkpoint"
	keys, ok := r.signers(station)
	if !ok {
		return checkpoint.State{}, nil, &border.Error{Code: border.Forbidden, Op: op, Message: "The station is not enrolled, or is revoked."}
	}
	verifiers := make([]note.Verifier, 0, len(keys))
	for _, k := range keys {
		v, err := checkpoint.NewVerifier(checkpoint.Name(station), k)
		if err != nil {
			return checkpoint.State{}, nil, err
		}
		verifiers = append(verifiers, v)
	}
	s, n, err := checkpoint.Open(msg, verifiers...)
	if err == nil && s.Station != station {
		err = &border.Error{Code: border.Invalid, Op: op, Message: "The checkpoint is of another station."}
	}
	return s, n, err
}

// cosigned is how far the log of an epoch is cosigned.
type cosigned struct {
	epochRow                 // no 0: the epoch is not known
	tree     checkpoint.Tree // empty: nothing is
	note     []byte
}

// growTo gives the tree at a checkpoint's size from where it was cosigned last.
func (r *Register) growTo(ctx context.Context, q reader, at cosigned, s checkpoint.State) (checkpoint.Tree, error) {
	tree := at.tree
	if s.Size > at.Held {
		return tree, &border.Error{Code: border.Unavailable, Op: "cosign a checkpoint", Message: "The hub does not hold all these events yet."}
	}
	if s.Size <= tree.Size() {
		return tree, nil
	}
	err := q.leaves(ctx, at.no, tree.Size(), s.Size, func(seq uint64, hash border.Digest, sound bool) error {
		if !sound || seq != tree.Size()+1 {
			return &border.Error{Code: border.Unavailable, Op: "cosign a checkpoint", Message: "One of these events is held in a damaged form. It is asked for again."}
		}
		tree.Add(nil, hash)
		return nil
	})
	if err == nil && tree.Size() != s.Size {
		err = &border.Error{Code: border.Unavailable, Op: "cosign a checkpoint", Message: "The hub does not hold all these events yet."}
	}
	return tree, err
}

// contradicted raises an alarm and gives the refusal.
func (r *Register) contradicted(ctx context.Context, kind AlarmKind, s checkpoint.State, detail string) error {
	err := r.write(ctx, "raise an alarm", func(t tx) error {
		return raise(t, alarmRow{kind: kind, station: s.Station, subject: s.Epoch.String(), detail: detail, at: r.clock.Now()})
	})
	r.changed()
	return errors.Join(&border.Error{Code: border.Conflict, Op: "cosign a checkpoint",
		Message: "The station's log contradicts what the hub holds. An alarm is raised at the hub."}, err)
}

// Checkpoints lists what was cosigned of a station, newest first, at most limit.
func (r *Register) Checkpoints(ctx context.Context, station border.StationID, limit int) (out [][]byte, err error) {
	err = r.read(ctx, "list checkpoints", func(q reader) error {
		out, err = q.checkpoints(ctx, station, page(limit))
		return err
	})
	return out, err
}

// Signers gives the keys that a station signs with, the current one and previous ones. ok is false
// if it is not enrolled, or revoked.
type Signers func(station border.StationID) (keys []ed25519.PublicKey, ok bool)
