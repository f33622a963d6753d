package hub

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"

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

// Acts implements [auditlog.Audit]: what people did at the hub. Acts at stations stand in the
// stations' journals, which garita verify audit reads.
func (o oversight) Acts(ctx context.Context, f auditlog.Filter, after string, limit int) ([]auditlog.Act, string, error) {
	if f.Station != "" && f.Station != selfName {
		return nil, "", nil
	}
	var at border.Position
	if after != "" {
		epoch, seq, _ := strings.Cut(after, ".")
		n, err := strconv.ParseUint(seq, 10, 63)
		if err != nil || at.Epoch.UnmarshalText([]byte(epoch)) != nil {
			return nil, "", &border.Error{Code: border.Invalid, Op: "read the audit", Message: "This page of the audit does not exist."}
		}
		at.Seq = n
	}
	page, err := o.self.audit.Acts(ctx, audit.Filter{Pseudonym: f.Officer, Action: f.Action, Result: f.Result, From: f.From, Until: f.To}, at, limit)
	if err != nil {
		return nil, "", err
	}
	out := make([]auditlog.Act, len(page.Acts))
	for i, a := range page.Acts {
		out[i] = auditlog.Act{Key: a.Key, At: a.OccurredAt, Counter: a.Counter, Officer: a.Officer, Second: a.Second, ActHeader: a.ActHeader}
	}
	next := ""
	if page.Next != (border.Position{}) {
		next = page.Next.Epoch.String() + "." + strconv.FormatUint(page.Next.Seq, 10)
	}
	return out, next, nil
}

// logAlarms are the alarms that say that a log contradicts what is held of it.
var logAlarms = map[register.AlarmKind]bool{register.AlarmLogForked: true, register.AlarmRolledBack: true, register.AlarmFork: true, register.AlarmChainBroken: true}

// Checkpoints implements [auditlog.Audit].
func (o oversight) Checkpoints(ctx context.Context) ([]auditlog.Checkpoint, error) {
	stations, err := o.Register.Stations(ctx)
	if err != nil {
		return nil, err
	}
	alarms, err := o.Register.Alarms(ctx, 1000)
	if err != nil {
		return nil, err
	}
	trouble := make(map[border.StationID]string)
	for _, a := range alarms {
		if logAlarms[a.Kind] && a.Acknowledged == nil {
			trouble[a.Station] = a.Detail
		}
	}
	head := o.self.journal.Head()
	out := []auditlog.Checkpoint{{Station: selfName, Epoch: head.Epoch, Size: head.Seq, Cosigned: head.Seq, At: o.clock.Now()}} // signed whenever a station asks
	for i := range stations {
		st := &stations[i]
		c := auditlog.Checkpoint{Station: st.Station, Epoch: st.Head.Epoch, Size: st.Head.Seq, Trouble: trouble[st.Station]}
		kept, err := o.Register.Checkpoints(ctx, st.Station, 1)
		if err != nil {
			return nil, err
		}
		if len(kept) > 0 {
			if s, err := checkpoint.Claims(kept[0]); err == nil {
				c.Epoch, c.Cosigned = s.Epoch, s.Size
				c.At, _ = o.cosigned.of(st.Station)
			}
		}
		out = append(out, c)
	}
	return out, nil
}

// cosigner notes when each station's log was cosigned last, since this program began.
type cosigner struct {
	*register.Register
	clock border.Clock

	mu sync.Mutex // guards at
	at map[border.StationID]time.Time
}

// Cosign implements [border.CheckpointSink].
func (c *cosigner) Cosign(ctx context.Context, station border.StationID, cp border.Checkpoint) (border.Checkpoint, error) {
	out, err := c.Register.Cosign(ctx, station, cp)
	if err == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.at[station] = c.clock.Now()
	}
	return out, err
}

func (c *cosigner) of(station border.StationID) (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, ok := c.at[station]
	return at, ok
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
