package counter

import (
	"context"
	"encoding/json"
	"time"

	"garita/border"
	"garita/border/journal"
	"garita/border/mrz"
)

// draft is the form of an open encounter on the disk, sealed. Checks are put again when it
// is restored: lists and history may have changed.
type draft struct {
	Order    uint64            `json:"order"` // place in the counter's queue
	OpenedAt time.Time         `json:"opened_at"`
	Source   border.ScanSource `json:"source"`
	Scanner  string            `json:"scanner,omitempty"`
	Profile  string            `json:"profile,omitempty"`
	Lines    []string          `json:"lines,omitempty"`
	// Today chose the centuries when the document was read.
	Today time.Time `json:"today"`

	Keyed       *Particulars        `json:"keyed,omitempty"` // without lines
	Identity    string              `json:"identity,omitempty"`
	More        []morePaper         `json:"more,omitempty"`
	Values      map[string]string   `json:"values,omitempty"`
	Paper       *Paper              `json:"paper,omitempty"`
	Direction   string              `json:"direction,omitempty"`
	Referred    *referred           `json:"referred,omitempty"`
	Group       *border.ID          `json:"group,omitempty"`
	Responsible *border.ID          `json:"responsible,omitempty"`
	Fingers     []finger            `json:"fingers,omitempty"`
	Files       []border.Attachment `json:"files,omitempty"`
	// Needs are sealed once more, under the key of the protection part.
	Needs *sealedNeeds `json:"needs,omitempty"`

	// Party is set in the draft of a group itself; the rest is then empty.
	Party *partyDraft `json:"party,omitempty"`
}

// morePaper is a further document in a draft.
type morePaper struct {
	Lines []string     `json:"lines,omitempty"`
	Keyed *Particulars `json:"keyed,omitempty"`
	Today time.Time    `json:"today"`
}

type sealedNeeds struct {
	KeyID  string `json:"key_id"`
	Sealed []byte `json:"sealed"`
}

// referred says who put an encounter on the post's list, and why.
type referred struct {
	By     string    `json:"by"` // badge
	Reason string    `json:"reason"`
	Note   string    `json:"note,omitempty"`
	At     time.Time `json:"at"`
	// Direction is that of the counter where it was referred.
	Direction string `json:"direction"`
}

// attachments lists the files that a draft names.
func (d *draft) attachments() []border.Digest { return attachments(d.Fingers, d.Files) }

// needsName binds sealed needs to their encounter.
func needsName(id border.ID) string { return "needs/" + id.String() }

// draftOf writes down an encounter. It belongs to the caller, or p.mu is held.
func (s *Service) draftOf(ctx context.Context, e *encounter) (draft, error) {
	d := draft{Order: e.order, OpenedAt: e.openedAt, Source: e.scan.Source, Scanner: e.scan.Scanner, Profile: e.scan.Profile,
		Lines: e.scan.Lines, Today: e.readOn, Keyed: e.keyed, Identity: e.identity, Values: e.values, Paper: e.paper,
		Direction: e.direction, Referred: e.referred, Group: e.group, Responsible: e.responsible, Fingers: e.fingers,
		Files: e.files}
	for _, m := range e.more {
		d.More = append(d.More, morePaper{Lines: m.scan.Lines, Keyed: m.keyed, Today: m.readOn})
	}
	if len(e.needs) > 0 {
		plain, err := json.Marshal(e.needs)
		if err != nil {
			return draft{}, &border.Error{Code: border.Internal, Op: "write a draft"}
		}
		keyID, sealed, err := s.cfg.Keys.SealApart(ctx, s.bucket(), needsName(e.id), plain)
		if err != nil {
			return draft{}, err
		}
		d.Needs = &sealedNeeds{KeyID: keyID, Sealed: sealed}
	}
	return d, nil
}

// readDraft brings an encounter back.
func (s *Service) readDraft(d journal.Draft, f *draft) (*encounter, error) {
	lead, err := readPaper(f.Lines, f.Keyed, f.Today)
	if err != nil {
		return nil, err
	}
	fingers, files := s.present(f.Fingers, f.Files)
	e := &encounter{id: d.Encounter, order: f.Order, openedAt: f.OpenedAt, restored: true, durable: true, paperwork: lead,
		identity: f.Identity, values: f.Values, paper: f.Paper, direction: f.Direction, referred: f.Referred, group: f.Group,
		responsible: f.Responsible, fingers: fingers, files: files}
	e.scan = border.Scan{Counter: d.Counter, Source: f.Source, Scanner: f.Scanner, Profile: f.Profile, Lines: f.Lines, ReceivedAt: f.OpenedAt}
	if e.identity == "" { // of a version that knew scans only
		e.identity = identityOf(f.Source)
	}
	for _, m := range f.More {
		more, err := readPaper(m.Lines, m.Keyed, m.Today)
		if err != nil {
			return nil, err
		}
		e.more = append(e.more, more)
	}
	if f.Needs != nil {
		plain, err := s.cfg.Keys.OpenLocal(f.Needs.KeyID, needsName(d.Encounter), f.Needs.Sealed)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(plain, &e.needs); err != nil {
			return nil, &border.Error{Code: border.Invalid, Op: "read a draft"} // the cause could repeat content
		}
	}
	return e, nil
}

// readPaper reads a document anew from a draft.
func readPaper(lines []string, keyed *Particulars, today time.Time) (paperwork, error) {
	if len(lines) == 0 {
		if keyed == nil {
			keyed = &Particulars{}
		}
		return paperwork{doc: keyed.document(), keyed: keyed, readOn: today}, nil
	}
	doc, err := mrz.Parse(lines, today)
	if err != nil {
		return paperwork{}, err
	}
	return paperwork{doc: doc, readOn: today, scan: border.Scan{Lines: lines}}, nil
}

// identityOf says what the particulars rest on that came in some way.
func identityOf(source border.ScanSource) string {
	if source == border.SourceKeyed {
		return border.IdentityKeyed
	}
	return border.IdentityRead
}
