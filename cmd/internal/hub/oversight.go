package hub

import (
	"context"
	"strconv"
	"strings"

	"garita/border"
	"garita/border/access"
	"garita/border/audit"
	"garita/border/checkpoint"
	"garita/border/register"
	"garita/ui/auditlog"
	"garita/ui/review"
)

// oversight is what the pages of auditors and reviewers look at.
type oversight struct{ *Hub }

// Acts implements [auditlog.Audit]: what people did at the hub and at all stations, newest first.
func (o oversight) Acts(ctx context.Context, f auditlog.Filter, after string, limit int) ([]auditlog.Act, string, error) {
	at, err := parseCursor(after)
	if err != nil {
		return nil, "", err
	}
	own, theirs, err := o.pages(ctx, f, at, limit)
	if err != nil {
		return nil, "", err
	}
	var out []auditlog.Act
	for len(out) < limit && len(own.Acts)+len(theirs) > 0 {
		if len(theirs) == 0 || len(own.Acts) > 0 && own.Acts[0].OccurredAt.After(theirs[0].OccurredAt) {
			a := &own.Acts[0]
			out = append(out, auditlog.Act{Key: a.Key, At: a.OccurredAt, Counter: a.Counter, Officer: a.Officer, Second: a.Second, ActHeader: a.ActHeader})
			at.own, own.Acts = border.Position{Epoch: a.Key.Epoch, Seq: a.Key.Seq}, own.Acts[1:]
			continue
		}
		a := &theirs[0]
		out = append(out, auditlog.Act{Key: a.Key, At: a.OccurredAt, Counter: a.Counter, Officer: a.Officer, Second: a.Second, ActHeader: a.ActHeader})
		at.before, theirs = a.Arrival, theirs[1:]
	}
	if len(own.Acts) == 0 { // what was looked through in vain is not looked through again
		at.own, at.ownDone = own.Next, own.Next == (border.Position{})
	}
	if len(out) < limit && len(theirs) == 0 {
		at.theirsDone = true
	}
	if at.ownDone && at.theirsDone {
		return out, "", nil
	}
	return out, at.String(), nil
}

// pages reads the next acts of the hub's own journal and of the stations.
func (o oversight) pages(ctx context.Context, f auditlog.Filter, at cursor, limit int) (own audit.Page, theirs []register.Act, err error) {
	if !at.ownDone && (f.Station == "" || f.Station == selfName) {
		own, err = o.self.audit.Acts(ctx, audit.Filter{Pseudonym: f.Officer, Action: f.Action, Result: f.Result, From: f.From, Until: f.To}, at.own, limit)
	}
	if err == nil && !at.theirsDone && f.Station != selfName {
		theirs, err = o.Register.Acts(ctx, register.ActFilter{Station: f.Station, Action: f.Action, Result: f.Result, Officer: f.Officer, From: f.From, To: f.To}, at.before, limit)
	}
	return own, theirs, err
}

// cursor is a place in both sequences of acts; its text form is "epoch.seq/arrival", with a dash
// for one that is at its end.
type cursor struct {
	own        border.Position
	before     int64
	ownDone    bool
	theirsDone bool
}

// String gives the text form.
func (c cursor) String() string {
	own, theirs := c.own.Epoch.String()+"."+strconv.FormatUint(c.own.Seq, 10), strconv.FormatInt(c.before, 10)
	if c.ownDone {
		own = "-"
	}
	if c.theirsDone {
		theirs = "-"
	}
	return own + "/" + theirs
}

// parseCursor reads the text form; "" is the newest of both.
func parseCursor(text string) (c cursor, err error) {
	if text == "" {
		return c, nil
	}
	bad := &border.Error{Code: border.Invalid, Op: "read the audit", Message: "This page of the audit does not exist."}
	own, theirs, ok := strings.Cut(text, "/")
	if !ok {
		return c, bad
	}
	if c.ownDone = own == "-"; !c.ownDone {
		epoch, seq, _ := strings.Cut(own, ".")
		if c.own.Seq, err = strconv.ParseUint(seq, 10, 63); err != nil || c.own.Epoch.UnmarshalText([]byte(epoch)) != nil {
			return c, bad
		}
	}
	if c.theirsDone = theirs == "-"; !c.theirsDone {
		if c.before, err = strconv.ParseInt(theirs, 10, 64); err != nil || c.before < 0 {
			return c, bad
		}
	}
	return c, nil
}

// Checkpoints implements [auditlog.Audit].
func (o oversight) Checkpoints(ctx context.Context) ([]auditlog.Checkpoint, error) {
	logs, err := o.Register.Logs(ctx)
	if err != nil {
		return nil, err
	}
	head := o.self.journal.Head()
	own := auditlog.Checkpoint{Station: selfName, Epoch: head.Epoch, Size: head.Seq}
	if kept, err := o.self.journal.Kept(ctx, 1); err == nil && len(kept) > 0 {
		if state, err := checkpoint.Claims(kept[0].Note); err == nil && state.Epoch == head.Epoch {
			own.Cosigned, own.At = state.Size, o.clock.Now() // signed whenever a station asks
		}
	}
	out := []auditlog.Checkpoint{own}
	for _, l := range logs {
		out = append(out, auditlog.Checkpoint{Station: l.Station, Epoch: l.Epoch, Size: l.Held, Cosigned: l.Cosigned, At: l.At, Trouble: l.Trouble})
	}
	return out, nil
}

// reviewLimit is how many reviews of a kind are looked through.
const reviewLimit = 1000

// Reviews implements [review.Reviews].
func (o oversight) Reviews(ctx context.Context, done bool, offset, limit int) ([]review.Review, int, error) {
	all, err := o.Register.Reviews(ctx, done, reviewLimit)
	if err != nil {
		return nil, 0, err
	}
	var out []review.Review
	for i := offset; i < min(len(all), offset+limit); i++ {
		r := &all[i]
		v := review.Review{ID: r.ID, Kind: string(r.Kind), Action: r.Action, Station: r.Station, Post: r.Post, Counter: r.Counter, At: r.OccurredAt,
			Officer: r.Officer, Crossing: r.Crossing, By: r.By, Reason: o.reason(ctx, r.Event)}
		switch r.Verdict {
		case register.ReviewAccepted:
			v.Verdict = review.Fine
		case register.ReviewRejected:
			v.Verdict = review.FollowUp
		}
		if r.DecidedAt != nil {
			v.DoneAt = *r.DecidedAt
		}
		out = append(out, v)
	}
	return out, len(all), nil
}

// reason is why no second person could be reached, in the words of who acted; "" if it cannot be
// read any more.
func (o oversight) reason(ctx context.Context, event string) string {
	key, err := border.ParseKey(event)
	if err != nil {
		return ""
	}
	a, err := o.Register.Arrived(ctx, key)
	if err != nil || a.Personal == nil {
		return ""
	}
	return a.Personal.Awaiting
}

// Decide implements [review.Reviews]. What the reviewer noted stands under seal in the audit.
func (o oversight) Decide(ctx context.Context, id string, verdict review.Verdict, note string) error {
	p := access.From(ctx)
	if p == nil {
		return access.Nobody("review what was done")
	}
	found := register.ReviewAccepted
	if verdict == review.FollowUp {
		found = register.ReviewRejected
	}
	if err := o.Register.Review(ctx, id, found, p.Badge); err != nil {
		return err
	}
	return o.self.audit.Audit(ctx, border.Act{Action: string(access.ReviewDecide), Officer: p.Badge, Session: p.Session, Object: id, Reason: found, Text: note})
}
