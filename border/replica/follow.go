package replica

import (
	"context"
	"errors"
	"time"

	"garita/border"
	"garita/border/watch/release"
)

// offer is a manifest that was verified and may follow what is in force.
type offer struct {
	m        *release.Manifest
	position border.ListPosition
	signed   []byte
	list     *held
}

// unknownList is under what a refusal is kept when no list is held yet: of a manifest that the hub
// did not sign, not even the list's name can be believed.
const unknownList = "unknown"

// examine verifies a manifest and says whether it may follow what is in force. Called with
// the token.
func (r *Replica) examine(ctx context.Context, signed []byte) (offer, error) {
	const op = "take a release"
	if r.keys == nil {
		return offer{}, &border.Error{Code: border.Forbidden, Op: op,
			Message: "The station's provisioning file has no keys for lists. Bring a new one from the hub."}
	}
	m, err := release.Verify(signed, r.signer)
	if err != nil {
		reason := Corrupt
		switch border.CodeOf(err) {
		case border.Forbidden:
			reason = Signature
		case border.TooLarge:
			reason = TooLarge
		default:
		}
		return offer{}, r.refuseAll(ctx, reason, err)
	}
	o := offer{m: m, position: m.Position(signed), signed: signed, list: r.list(m.List)}
	if o.list == nil {
		return offer{}, &border.Error{Code: border.TooLarge, Op: op, Message: "The hub has more lists than a station takes."}
	}
	if !r.keys.Holds(m.Key) {
		return offer{}, r.refuse(ctx, o.list, Key, &border.Error{Code: border.Forbidden, Op: op, Err: release.ErrKey,
			Message: "The list is sealed with a key that this station does not hold. Bring a new provisioning file from the hub."})
	}
	var reason string
	err = r.store.do(ctx, func(t tx) (err error) {
		reason, err = o.follows(t)
		return err
	})
	if err != nil {
		return offer{}, notKept(op, err)
	}
	switch reason {
	case "":
		return o, nil
	case inForceAlready:
		return offer{}, &border.Error{Code: border.Stale, Op: op, Message: "This release of the list is in force already."}
	case Replayed:
		return offer{}, r.refuse(ctx, o.list, reason, &border.Error{Code: border.Stale, Op: op, Message: "A newer release of the list is in force already."})
	case gap:
		return offer{}, &border.Error{Code: border.Conflict, Op: op, Message: "The release does not follow the one in force: those between are needed, or one with a snapshot."}
	}
	return offer{}, r.refuse(ctx, o.list, reason, &border.Error{Code: border.Forbidden, Op: op, Err: errors.New(reason), Message: refusedWords(reason)})
}

// What follows answers beside the reasons for a refusal.
const (
	inForceAlready = "in force"
	gap            = "gap"
)

// follows says why an offer may not be put in force, "" if it may.
func (o *offer) follows(t tx) (string, error) {
	m, p := o.m, o.position
	if known, ok, err := passed(t, p.List, p.Epoch, p.Version); err != nil || ok && known != p.Hash {
		return Fork, err
	}
	if m.Version > 1 {
		if known, ok, err := passed(t, p.List, p.Epoch, p.Version-1); err != nil || ok && known != m.Previous {
			return Fork, err
		}
	}
	at := o.list.newest // what was in force last, whether it still opens or not
	if at.Version > 0 && p.Epoch != at.Epoch {
		if reason, err := o.continues(t, at); err != nil || reason != "" {
			return reason, err
		}
		return o.alone(), nil
	}
	in := o.list.inForce
	switch {
	case in == nil: // of the same epoch, or the first ever
		return o.alone(), nil
	case p.Version == in.Position.Version:
		return inForceAlready, nil // another of this number was a fork above
	case p.Version < in.Position.Version:
		return Replayed, nil
	case m.IsSnapshot():
		return "", nil
	case p.Version > in.Position.Version+1:
		return gap, nil
	case m.Base != o.list.last().Base: // the changes belong to another snapshot
		return Fork, nil
	}
	return "", nil
}

// alone answers for a release that can build on nothing.
func (o *offer) alone() string {
	if o.m.IsSnapshot() {
		return ""
	}
	return gap
}

// continues answers for a release of another epoch than the last one. An epoch may begin where we
// are, where we have been, or ahead of us: a station that was away when the hub was restored must
// find back. It may not be one that is over, nor one that knows nothing of what we hold.
func (o *offer) continues(t tx, at border.ListPosition) (string, error) {
	if over, err := knows(t, at.List, o.m.Epoch); err != nil || over {
		return Rollback, err
	}
	for _, p := range o.m.Parents { // the newest that we know decides
		known, ok, err := passed(t, at.List, p.Epoch, p.Version)
		if err != nil || ok && known != p.Hash {
			return Fork, err
		}
		seen, err := knows(t, at.List, p.Epoch)
		if err != nil {
			return "", err
		}
		switch {
		case !seen:
			continue
		case p.Epoch == at.Epoch: // it goes on from the present epoch
			return "", nil
		case o.m.Issued.After(o.list.issued()): // the hub was restored to before the present epoch
			return "", nil
		}
		return Rollback, nil // an epoch beside the present one, and older: it was replaced
	}
	return Fork, nil
}

// last is the manifest in force.
func (h *held) last() *release.Manifest { return h.chain[len(h.chain)-1] }

// issued is when the release in force was issued; zero if none is.
func (h *held) issued() time.Time {
	if h.inForce == nil {
		return time.Time{}
	}
	return h.inForce.Issued
}

// quiet is how long the same refusal is not written again: whoever sends rubbish must not wear
// out the disk.
const quiet = time.Minute

// refuse raises the alarm of a list, and returns err.
func (r *Replica) refuse(ctx context.Context, h *held, reason string, err error) error {
	row := refusalRow{list: h.name, reason: reason, at: r.now()}
	r.mu.Lock()
	same := h.refused.reason == reason && row.at.Sub(h.refused.at).Abs() < quiet
	if !same {
		h.refused = row
	}
	r.mu.Unlock()
	if same {
		return err
	}
	r.cfg.Log.Error("lists: a release was refused; the last good one stays in force", "list", h.name, "reason", reason, "error", err)
	if kept := r.store.do(ctx, func(t tx) error { return putRefusal(t, row) }); kept != nil {
		r.cfg.Log.Error("lists: the refusal was not kept", "list", h.name, "error", kept)
	}
	return err
}

// refuseAll raises the alarm of every list.
func (r *Replica) refuseAll(ctx context.Context, reason string, err error) error {
	r.mu.Lock()
	var all []*held
	for _, h := range r.lists {
		all = append(all, h)
	}
	r.mu.Unlock()
	if len(all) == 0 {
		all = append(all, r.list(unknownList))
	}
	for _, h := range all {
		_ = r.refuse(ctx, h, reason, err) // it is err
	}
	return err
}
