package stations

import (
	"context"
	"slices"
	"strings"
	"time"

	"garita/border"
	"garita/border/access"
	"garita/border/enrolment"
)

// Of one-time codes.
const (
	CodeFor  = 15 * time.Minute
	MaxTries = 5
	codeKept = 24 * time.Hour // after its end, so that who comes late is told so
)

// hubName is what the hub calls itself in its own journal.
const hubName = "HUB"

// Invitation is a one-time code of enrolment. It is shown once and kept nowhere.
type Invitation struct {
	Station border.StationID
	Code    enrolment.Code
	Expires time.Time
}

// Add invites a station that does not belong yet. zone is the IANA time zone of the post, or "" for
// what is configured there. by is the badge of who does it. One that was invited and never came is
// invited anew. [border.Conflict]: it has belonged.
func (k *Keeper) Add(ctx context.Context, station border.StationID, post border.PostID, zone, by string) (Invitation, error) {
	const op = "add a station"
	if err := station.Validate(); err != nil {
		return Invitation{}, err
	}
	if err := post.Validate(); err != nil {
		return Invitation{}, err
	}
	if station == hubName || post == hubName {
		return Invitation{}, &border.Error{Code: border.Invalid, Op: op, Message: "HUB is the name of the hub itself. Choose another one."}
	}
	if _, err := time.LoadLocation(zone); err != nil || zone == "Local" || len(zone) > 64 {
		return Invitation{}, &border.Error{Code: border.Invalid, Op: op, Message: "The zone is no IANA time zone like America/Costa_Rica."}
	}
	return k.invite(ctx, op, station, toAdd, by, func(c *change) error {
		r := c.stations[station]
		if r != nil && (len(r.Sets) > 0 || r.Revoked != nil) {
			return &border.Error{Code: border.Conflict, Op: op, Args: []any{string(station)},
				Message: "Station {0} has belonged to the hub already. New keys for the same machine: station rotate {0}. Another machine in its place, or one that was lost or stolen: station replace {0}, which revokes the old keys at once."}
		}
		c.put(&record{Station: station, Post: post, Zone: zone, AddedAt: k.cfg.Clock.Now().UTC(), AddedBy: by})
		return nil
	})
}

// Rotate invites a station to come with new keys. Its present ones stay good until it has.
// [border.Conflict]: it was revoked. [border.NotFound]: it never belonged.
func (k *Keeper) Rotate(ctx context.Context, station border.StationID, by string) (Invitation, error) {
	const op = "rotate a station's keys"
	return k.invite(ctx, op, station, toRotate, by, func(c *change) error {
		r := c.stations[station]
		switch {
		case r == nil || len(r.Sets) == 0:
			return unknown(op)
		case r.Revoked != nil || len(r.live()) == 0:
			return &border.Error{Code: border.Conflict, Op: op,
				Message: "The keys of station {0} were revoked. To let it belong again: station replace {0}.", Args: []any{string(station)}}
		}
		return nil
	})
}

// Replace invites another machine in a station's place, or takes a revoked one back. All keys that
// it has or had are revoked at once: what is signed with them and has not arrived counts no more.
func (k *Keeper) Replace(ctx context.Context, station border.StationID, by string) (Invitation, error) {
	const op = "replace a station"
	return k.invite(ctx, op, station, toReplace, by, func(c *change) error {
		r := c.stations[station]
		if r == nil {
			return unknown(op)
		}
		r.distrust()
		c.put(r)
		return nil
	})
}

// invite makes a code for a station, in place of any other that it has.
func (k *Keeper) invite(ctx context.Context, op string, station border.StationID, p purpose, by string, prepare func(*change) error) (Invitation, error) {
	var out Invitation
	err := k.change(ctx, op, func(c *change) error {
		if err := prepare(c); err != nil {
			return err
		}
		c.dropCodes(station)
		secret, err := k.newCode(c)
		if err != nil {
			return err
		}
		key, err := secret.Key()
		if err != nil {
			return err
		}
		defer clear(key)
		sealed, err := k.cfg.Root.Seal(verifierName(secret.ID()), key)
		if err != nil {
			return err
		}
		now := k.cfg.Clock.Now().UTC()
		made := &code{ID: secret.ID(), Station: station, Purpose: p, Verifier: sealed, MadeAt: now, By: by, Expires: now.Add(CodeFor)}
		c.putCode(made)
		c.acts = append(c.acts, act(access.StationsWork, by, string(p), station))
		out = Invitation{Station: station, Code: secret, Expires: made.Expires}
		return nil
	})
	return out, err
}

// newCode makes a code of a name that is not taken.
func (k *Keeper) newCode(c *change) (enrolment.Code, error) {
	for {
		secret, err := enrolment.NewCode(nil)
		if err != nil || c.state.codes[secret.ID()] == nil {
			return secret, err
		}
	}
}

// maxReason bounds the reason of a revocation in bytes.
const maxReason = 500

// Revoke ends a station's belonging. Its keys count no more, and its connections are cut
// ([Keeper.Changed]). [border.Conflict]: it is revoked.
func (k *Keeper) Revoke(ctx context.Context, station border.StationID, reason, by string) error {
	const op = "revoke a station"
	if reason = strings.TrimSpace(reason); reason == "" || len(reason) > maxReason {
		return &border.Error{Code: border.Invalid, Op: op, Message: "Say why, in at most 500 characters: the audit asks for it."}
	}
	return k.change(ctx, op, func(c *change) error {
		r := c.stations[station]
		if r == nil {
			return unknown(op)
		}
		if r.Revoked != nil {
			return &border.Error{Code: border.Conflict, Op: op, Message: "This station is revoked already."}
		}
		r.Revoked = &revocation{At: k.cfg.Clock.Now().UTC(), By: by, Reason: reason}
		r.distrust()
		c.put(r)
		c.dropCodes(station)
		a := act(access.StationsWork, by, "revoke", station)
		a.Text = reason
		c.acts = append(c.acts, a)
		return nil
	})
}

// State is what a station is to the hub.
type State string

// The states.
const (
	Invited  State = "invited"  // it was given a code and has not come
	Enrolled State = "enrolled" // it belongs
	Expired  State = "expired"  // it belongs, and its certificate has ended
	Revoked  State = "revoked"  // it does not belong any more
)

// Station is a station as people see it.
type Station struct {
	ID         border.StationID
	Post       border.PostID
	Zone       string
	State      State
	AddedAt    time.Time
	AddedBy    string
	EnrolledAt time.Time // with its present keys; zero: not yet
	Expires    time.Time // of certificate and credentials, the earlier; zero: none
	Software   string    // that it enrolled with
	RevokedAt  time.Time
	RevokedBy  string
	Reason     string            // of the revocation
	CodeUntil  time.Time         // of a code that was not used; zero: none
	Warnings   []border.Sentence // what somebody should do
}

// All lists the stations by name.
func (k *Keeper) All(context.Context) ([]Station, error) {
	s, now := k.state.Load(), k.cfg.Clock.Now()
	out := make([]Station, 0, len(s.stations))
	for _, name := range s.names() {
		out = append(out, view(s, s.stations[name], now))
	}
	return out, nil
}

func view(s *state, r *record, now time.Time) Station {
	v := Station{ID: r.Station, Post: r.Post, Zone: r.Zone, State: Invited, AddedAt: r.AddedAt, AddedBy: r.AddedBy}
	for _, c := range s.codes {
		if c.Station == r.Station && c.UsedAt.IsZero() && now.Before(c.Expires) && c.Tries < MaxTries {
			v.CodeUntil = c.Expires
		}
	}
	if live := r.live(); len(live) > 0 {
		newest := live[len(live)-1]
		v.EnrolledAt, v.Expires, v.Software, v.State = newest.At, newest.Expires, newest.Software, Enrolled
		if !now.Before(v.Expires) {
			v.State = Expired
		}
		v.Warnings = warnings(r.Station, v.Expires, now)
	} else if len(r.Sets) > 0 {
		v.State, v.Reason = Revoked, "replaced"
	}
	if r.Revoked != nil {
		v.State, v.RevokedAt, v.RevokedBy, v.Reason = Revoked, r.Revoked.At, r.Revoked.By, r.Revoked.Reason
	}
	if v.State == Invited && v.CodeUntil.IsZero() {
		v.Warnings = []border.Sentence{{Text: "It was invited and did not come: the code has ended. To invite it again: garita-hub station add {0}/{1}", Args: []any{string(r.Post), string(r.Station)}}}
	}
	return v
}

// warnings says what somebody at the hub should do about the end of a station's certificate.
func warnings(station border.StationID, end, now time.Time) []border.Sentence {
	day := end.UTC().Format(time.DateOnly)
	switch left := end.Sub(now); {
	case left > enrolment.Warned:
		return nil
	case left > 0:
		return []border.Sentence{{Text: "Its certificate ends on {0}. It would have renewed itself by now: see whether it reaches the hub.", Args: []any{day}}}
	case left > -enrolment.LateFor*24*time.Hour:
		return []border.Sentence{{Text: "Its certificate ended on {0}. It renews itself until {1} if it reaches the hub.",
			Args: []any{day, end.AddDate(0, 0, enrolment.LateFor).UTC().Format(time.DateOnly)}}}
	default:
		return []border.Sentence{{Text: "Its certificate ended on {0}. To let it back: garita-hub station rotate {1}", Args: []any{day, string(station)}}}
	}
}

// Expiring lists the stations about whose certificates somebody should do something, by name.
func (k *Keeper) Expiring(ctx context.Context) ([]Station, error) {
	all, err := k.All(ctx)
	return slices.DeleteFunc(all, func(s Station) bool { return len(s.Warnings) == 0 || s.State == Invited }), err
}
