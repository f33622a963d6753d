package stations

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"garita/border"
	"garita/border/enrolment"
	"garita/border/seal"
)

// What a person who enrols a station is told.
const (
	wrongCode = "The one-time code is not right. Compare it symbol by symbol; after five tries it is of no use any more."
	triedOut  = "This one-time code was tried too often. Ask the hub for a new one: garita-hub station add, rotate or replace."
	lateCode  = "This one-time code has expired: it is good for 15 minutes. Ask the hub for a new one."
	usedCode  = "This one-time code was used already. If that was not here, tell the hub at once: somebody else enrolled with it. Else ask for a new one."
)

// Enrol implements [enrolment.Hub].
func (k *Keeper) Enrol(ctx context.Context, id string, proven func(key []byte) bool, r enrolment.Request) (enrolment.Grant, error) {
	const op = "enrol a station"
	if err := r.Validate(); err != nil {
		return enrolment.Grant{}, err
	}
	refuse := func(c *code, reason, message string) (enrolment.Grant, error) {
		a := border.Act{Action: string(actEnrol), Result: border.ActRefused, Object: "a code that does not exist", Reason: reason}
		told, kind := k.refusal, border.Forbidden
		if c != nil {
			a.Object = string(c.Purpose) + " " + string(c.Station)
		}
		switch {
		case c != nil && c.Tries > MaxTries:
			kind = border.TooMany
		case c != nil: // of these there are few
			told = k.record
		}
		if err := told(ctx, a); err != nil {
			return enrolment.Grant{}, err
		}
		return enrolment.Grant{}, &border.Error{Code: kind, Op: op, Message: message}
	}
	c, err := k.try(ctx, id)
	if err != nil {
		return enrolment.Grant{}, err
	}
	if c == nil {
		return refuse(nil, "wrong_code", wrongCode)
	}
	if c.Tries > MaxTries {
		return refuse(c, "tried_out", triedOut)
	}
	key, err := k.cfg.Root.Open(verifierName(c.ID), c.Verifier)
	if err != nil {
		return enrolment.Grant{}, err
	}
	defer clear(key)
	if !proven(key) {
		return refuse(c, "wrong_code", wrongCode)
	}
	request := requestDigest(&r)
	switch {
	case !k.cfg.Clock.Now().Before(c.Expires):
		return refuse(c, "expired_code", lateCode)
	case !c.UsedAt.IsZero() && !bytes.Equal(c.Request, request):
		return refuse(c, "used_code", usedCode)
	}
	var grant enrolment.Grant
	err = k.change(ctx, op, func(now *change) error {
		c := now.state.codes[id] // as it is now
		if c == nil || !c.UsedAt.IsZero() && !bytes.Equal(c.Request, request) {
			return forbidden(op, usedCode)
		}
		rec := now.stations[c.Station]
		if rec == nil {
			return unknown(op)
		}
		again := !c.UsedAt.IsZero()
		if !again {
			rec.Revoked = nil // only a code to replace is there for one that is revoked
			c.UsedAt, c.Request = k.cfg.Clock.Now().UTC(), request
			now.putCode(c)
		}
		var err error
		grant, err = k.grant(now, rec, &r)
		a := act(actEnrol, c.By, string(c.Purpose), c.Station)
		now.acts = append(now.acts, a)
		return err
	})
	if err != nil {
		return enrolment.Grant{}, err
	}
	return grant, nil
}

func requestDigest(r *enrolment.Request) []byte {
	b, _ := json.Marshal(r.Keys) // of bytes and a string: it cannot fail
	sum := sha256.Sum256(b)
	return sum[:]
}

// holds reports whether a station may use exactly these keys now.
func holds(r *record, keys *enrolment.Keys) bool {
	return slices.ContainsFunc(r.live(), func(s *keySet) bool { return sameKeys(&s.Keys, keys) })
}

func sameKeys(a, b *enrolment.Keys) bool {
	return bytes.Equal(a.Sign, b.Sign) && bytes.Equal(a.Seal, b.Seal) && bytes.Equal(a.TLS, b.TLS) && a.NATS == b.NATS
}

// try counts a try of a code and returns it as it was counted; nil if there is none. A code that was
// tried out costs the disk nothing more.
func (k *Keeper) try(ctx context.Context, id string) (*code, error) {
	if !enrolment.ValidID(id) {
		return nil, nil
	}
	if c := k.state.Load().codes[id]; c != nil && c.Tries > MaxTries {
		return c, nil
	}
	var out *code
	err := k.change(ctx, "count a try of a code", func(c *change) error {
		if out = c.state.codes[id]; out != nil {
			out.Tries++
			c.putCode(out)
		}
		return nil
	})
	return out, err
}

// grant gives a station new keys and makes what it is answered. The same keys again are not added.
func (k *Keeper) grant(c *change, rec *record, r *enrolment.Request) (enrolment.Grant, error) {
	const op = "make a grant"
	if k.cfg.Certificate == nil || k.cfg.UserJWT == nil || k.cfg.Grant == nil || k.cfg.Provisioning == nil {
		return enrolment.Grant{}, &border.Error{Code: border.Unavailable, Op: op, Message: "This program cannot enrol stations; the running hub can."}
	}
	if taken(c.state, rec.Station, &r.Keys) {
		return enrolment.Grant{}, forbidden(op, "These keys are another station's, or were this one's before. Keys are made anew each time.")
	}
	g, err := k.cfg.Grant()
	if err != nil {
		return g, err
	}
	g.Station, g.Post, g.Zone = rec.Station, rec.Post, rec.Zone
	if g.Certificate, g.Expires, err = k.cfg.Certificate(r.Keys.TLS, rec.Station, rec.Post); err != nil {
		return g, err
	}
	g.Expires = g.Expires.UTC().Truncate(time.Second)
	if g.UserJWT, err = k.cfg.UserJWT(rec.Station, r.Keys.NATS, g.Expires); err != nil {
		return g, err
	}
	p, err := k.cfg.Provisioning()
	if err != nil {
		return g, err
	}
	plain, err := json.Marshal(p)
	if err != nil {
		return g, &border.Error{Code: border.Internal, Op: op}
	}
	defer clear(plain)
	if g.Provisioning, err = seal.SealToStation(r.Keys.Seal, seal.ForProvisioning, plain); err != nil {
		return g, err
	}
	if !holds(rec, &r.Keys) {
		rec.give(keySet{Keys: r.Keys, Software: r.Software, At: k.cfg.Clock.Now().UTC(), Expires: g.Expires})
	} else {
		for _, s := range rec.live() {
			if sameKeys(&s.Keys, &r.Keys) {
				s.Expires = g.Expires
			}
		}
	}
	c.put(rec)
	return g, nil
}

// taken reports whether one of the keys is, or was, in use elsewhere.
func taken(s *state, station border.StationID, keys *enrolment.Keys) bool {
	for _, r := range s.stations {
		for i := range r.Sets {
			k := &r.Sets[i].Keys
			if r.Station == station && sameKeys(k, keys) && slices.Contains(r.live(), &r.Sets[i]) {
				continue // the same request again
			}
			if bytes.Equal(k.Sign, keys.Sign) || bytes.Equal(k.Seal, keys.Seal) || bytes.Equal(k.TLS, keys.TLS) || k.NATS == keys.NATS {
				return true
			}
		}
	}
	return false
}

// Renew implements [enrolment.Hub].
func (k *Keeper) Renew(ctx context.Context, station border.StationID, shown []byte, proven func(ed25519.PublicKey) bool, r enrolment.Request) (enrolment.Grant, error) {
	const op = "renew a station"
	if err := r.Validate(); err != nil {
		return enrolment.Grant{}, err
	}
	var grant enrolment.Grant
	err := k.change(ctx, op, func(c *change) error {
		rec := c.stations[station]
		if rec == nil {
			return unknown(op)
		}
		i := slices.IndexFunc(rec.live(), func(s *keySet) bool { return bytes.Equal(s.Keys.TLS, shown) })
		if i < 0 {
			return forbidden(op, revokedMessage)
		}
		old := *rec.live()[i]
		if !proven(old.Keys.Sign) {
			return forbidden(op, "The request is not signed with the key that the station has now.")
		}
		if k.cfg.Clock.Now().After(old.Expires.AddDate(0, 0, enrolment.LateFor)) {
			return forbidden(op, "The certificate ended too long ago to renew by itself. An administrator lets the station back: garita-hub station rotate.")
		}
		if old.State == setNext { // it has what it was given last
			rec.confirm()
		}
		var err error
		grant, err = k.grant(c, rec, &r)
		c.acts = append(c.acts, act(actRenew, "", "renew", station))
		return err
	})
	if err != nil {
		if border.CodeOf(err) == border.Forbidden {
			a := act(actRenew, "", "renew", station)
			a.Result, a.Reason = border.ActRefused, "not_allowed"
			err = errors.Join(err, k.refusal(ctx, a))
		}
		return enrolment.Grant{}, err
	}
	return grant, nil
}
