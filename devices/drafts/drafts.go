// Package drafts keeps the profiles that a station has learned, from the first draft to the
// one in force: who taught it, who tried it, who proposed it, and who else put it in force or
// turned it down. They are in one file of the station's data folder, replaced whole.
//
// Nobody decides alone: who puts a profile in force is never one of those who made it.
package drafts

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"garita/border"
	"garita/devices/profile"
)

// MaxProfiles bounds the profiles that are kept: more than a station has readers for.
const MaxProfiles = 50

// Drafts are the profiles that a station has learned. Safe for concurrent use.
type Drafts struct {
	path  string
	clock border.Clock

	changing sync.Mutex // one change at a time, the write included; taken before mu

	mu  sync.Mutex // guards all; a leaf
	all []border.LearnedProfile
}

// New makes a draft's particulars of what was learned: those of its TOML.
func New(toml, path string, remarks []string) (border.LearnedProfile, error) {
	p, err := profile.Parse("learned.toml", []byte(toml))
	if err != nil {
		return border.LearnedProfile{}, err
	}
	sum := sha256.Sum256([]byte(toml))
	d := border.LearnedProfile{ID: p.ID, Name: p.Name, Path: path, TOML: toml, Hash: hex.EncodeToString(sum[:]), Evidence: string(p.Evidence),
		Transport: p.Transport.Kind, Speed: p.Transport.Layout, Framing: string(p.Framing.Kind), Remarks: slices.Clone(remarks)}
	if t := p.Transport; t.Kind == "serial" {
		d.Speed = fmt.Sprintf("%d %d%s%d", t.Baud, t.DataBits, strings.ToUpper(t.Parity[:1]), t.StopBits)
	}
	switch f := p.Framing; {
	case f.Kind == profile.StxEtx:
		d.Marks = fmt.Sprintf("%02X %02X", f.Start, f.End)
	case f.DocumentEnd == profile.EndByte:
		d.Marks = fmt.Sprintf("%02X", f.End)
	default:
		d.Marks = f.DocumentEnd
	}
	return d, nil
}

// List returns all of them, the youngest first.
func (d *Drafts) List() []border.LearnedProfile {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := slices.Clone(d.all)
	slices.Reverse(out)
	return out
}

// Get returns one. The error has code [border.NotFound].
func (d *Drafts) Get(id string) (border.LearnedProfile, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, p := range d.all {
		if p.ID == id {
			return p, nil
		}
	}
	return border.LearnedProfile{}, &border.Error{Code: border.NotFound, Op: "find a learned profile", Message: "This station has learned no such profile."}
}

// Put keeps a new draft of somebody, in the place of one of the same id that waits for nobody and is
// not in force.
func (d *Drafts) Put(p border.LearnedProfile, by string) (border.LearnedProfile, error) {
	p.State, p.TaughtBy, p.TaughtAt = border.ProfileDraft, by, d.clock.Now().UTC()
	err := d.change(func(all []border.LearnedProfile) ([]border.LearnedProfile, error) {
		for i, o := range all {
			if o.ID != p.ID {
				continue
			}
			if busy(o) {
				return nil, &border.Error{Code: border.Conflict, Op: "keep a draft", Message: "A profile of this name is in force or waits for a decision. Withdraw it, or choose another name."}
			}
			all = slices.Delete(all, i, i+1)
			break
		}
		if len(all) >= MaxProfiles {
			return nil, &border.Error{Code: border.TooLarge, Op: "keep a draft", Message: "This station keeps as many learned profiles as it can. Delete some that nobody needs."}
		}
		return append(all, p), nil
	})
	return p, err
}

func busy(p border.LearnedProfile) bool {
	return p.State == border.ProfileInForce || p.State == border.ProfileProposed
}

// Tried notes that a draft read its documents well.
func (d *Drafts) Tried(id, by string, documents []border.TriedReading) (border.LearnedProfile, error) {
	return d.step(id, func(p *border.LearnedProfile) error {
		if busy(*p) {
			return wrongTurn()
		}
		p.State, p.Documents, p.TriedBy, p.TriedAt = border.ProfileTried, documents, by, d.clock.Now().UTC()
		return nil
	})
}

// Propose hands a draft on that passed its try.
func (d *Drafts) Propose(id, by string) (border.LearnedProfile, error) {
	return d.step(id, func(p *border.LearnedProfile) error {
		if busy(*p) {
			return wrongTurn()
		}
		if p.TriedAt.IsZero() {
			return &border.Error{Code: border.Invalid, Op: "propose a profile", Message: "Try the profile first: a second person wants to see what it read."}
		}
		p.State, p.ProposedBy, p.ProposedAt = border.ProfileProposed, by, d.clock.Now().UTC()
		return nil
	})
}

// Decide turns a proposed profile down, or notes that it is in force; hash is that of what was looked
// at. Who made it cannot: [border.SecondNeeded]. enforce puts it in force before it is written; when it
// fails, or what comes after it, nothing has changed here.
func (d *Drafts) Decide(id, hash, by string, accept bool, enforce func(border.LearnedProfile) error) (border.LearnedProfile, error) {
	return d.step(id, func(p *border.LearnedProfile) error {
		if p.State != border.ProfileProposed || p.Hash != hash {
			return wrongTurn()
		}
		if by == "" || slices.Contains([]string{p.TaughtBy, p.TriedBy, p.ProposedBy}, by) {
			return &border.Error{Code: border.SecondNeeded, Op: "decide on a profile", Message: "Who made a profile does not put it in force. Have another technician or a supervisor sign in and look at it."}
		}
		p.State, p.DecidedBy, p.DecidedAt = border.ProfileRefused, by, d.clock.Now().UTC()
		p.WithdrawnBy, p.WithdrawnAt = "", time.Time{}
		if !accept {
			return nil
		}
		p.State = border.ProfileInForce
		return enforce(*p)
	})
}

// Withdraw takes a profile out of force or a proposal back, and deletes any other. It returns what it
// was before.
func (d *Drafts) Withdraw(id, by string) (was border.LearnedProfile, err error) {
	if was, err = d.Get(id); err != nil {
		return was, err
	}
	if busy(was) {
		_, err = d.step(id, func(p *border.LearnedProfile) error {
			was = *p
			p.State, p.WithdrawnBy, p.WithdrawnAt = border.ProfileWithdrawn, by, d.clock.Now().UTC()
			return nil
		})
		return was, err
	}
	return was, d.change(func(all []border.LearnedProfile) ([]border.LearnedProfile, error) {
		return slices.DeleteFunc(all, func(p border.LearnedProfile) bool { return p.ID == id && !busy(p) }), nil
	})
}

func wrongTurn() error {
	return &border.Error{Code: border.Conflict, Op: "change a learned profile", Message: "Somebody has changed this profile meanwhile. Look at it again."}
}

// step changes one profile.
func (d *Drafts) step(id string, with func(*border.LearnedProfile) error) (border.LearnedProfile, error) {
	var out border.LearnedProfile
	err := d.change(func(all []border.LearnedProfile) ([]border.LearnedProfile, error) {
		for i := range all {
			if all[i].ID == id {
				err := with(&all[i])
				out = all[i]
				return all, err
			}
		}
		_, err := d.Get(id)
		return nil, err
	})
	return out, err
}

// change makes a change durable before anybody sees it.
func (d *Drafts) change(with func([]border.LearnedProfile) ([]border.LearnedProfile, error)) error {
	d.changing.Lock()
	defer d.changing.Unlock()
	d.mu.Lock()
	all := slices.Clone(d.all)
	d.mu.Unlock()
	all, err := with(all)
	if err != nil {
		return err
	}
	if err := d.write(all); err != nil {
		return &border.Error{Code: border.NotDurable, Op: "keep learned profiles", Err: err,
			Message: "It could not be written to the disk and does not hold. Check the disk and try again."}
	}
	d.mu.Lock()
	d.all = all
	d.mu.Unlock()
	return nil
}
