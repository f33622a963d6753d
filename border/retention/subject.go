package retention

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"garita/border"
	"garita/border/access"
	"garita/border/register"
)

// Who names one traveller: a document, or name and full birth date.
type Who struct {
	Issuer, Number string // Doc 9303-3 section 5 code, and as printed

	Surname, GivenNames string
	BirthDate           string // ISO 8601; of namesakes born on one day all are meant
}

// Request is what a traveller, or who speaks for one, has asked for.
type Request struct {
	Who
	By      *access.Principal // who does it
	Second  string            // badge of who has agreed
	Purpose string            // what was asked for and on what ground, in words: a file number, no name
	// Protection: why protection was needed is exported, too; By must be a protection officer.
	Protection bool
}

// RightsConfig says what rights work with. All is required.
type RightsConfig struct {
	Register *register.Register
	Clock    border.Clock
	Audit    border.Auditor
	// Open says of a hit that a counter was shown whether it may be told: never of a silent one.
	Open func(ctx context.Context, hit string) (bool, error)
	// Follow has what rests on opened parts elsewhere follow an erasure.
	Follow func(ctx context.Context) error
}

// Rights does what one traveller has a right to, at the hub.
type Rights struct{ c RightsConfig }

// NewRights checks the configuration.
func NewRights(c RightsConfig) (*Rights, error) {
	if c.Register == nil || c.Clock == nil || c.Audit == nil || c.Open == nil || c.Follow == nil {
		return nil, &border.Error{Code: border.Internal, Op: "set up travellers' rights", Err: errors.New("incomplete configuration")}
	}
	return &Rights{c}, nil
}

// Export is what the hub can open of one traveller.
type Export struct {
	At         time.Time  `json:"at"`
	Note       string     `json:"note"`
	Crossings  []Exported `json:"crossings"`
	Encounters []Exported `json:"encounters"` // referred or abandoned
}

// Exported is one crossing or encounter.
type Exported struct {
	Event      border.Key         `json:"event"`
	OccurredAt time.Time          `json:"occurred_at"`
	Post       border.PostID      `json:"post"`
	Type       string             `json:"type"`
	Crossing   *register.Crossing `json:"crossing,omitempty"` // as it stands
	Personal   *border.Personal   `json:"personal,omitempty"` // without officers, other people and silent hits
	Protection *border.Protection `json:"protection,omitempty"`
}

const exportNote = "What the hub can open. The files named here, portraits, papers and fingers, are kept by the hub and by the posts that took them, and can be asked for. Other people, officers, silent hits and what officers wrote in cases are left out."

// SubjectReceipt says what came of one traveller's request.
type SubjectReceipt struct {
	At         time.Time   `json:"at"`
	Did        string      `json:"did"` // export, restrict, lift, erase
	Crossings  []border.ID `json:"crossings"`
	Encounters []border.ID `json:"encounters"`
	Marked     int         `json:"marked,omitempty"` // documents and people that posts are told nothing of
	// Until is the last month whose keys still seal something of it, and when the policy destroys them.
	Until string    `json:"sealed_until_month,omitempty"`
	Due   time.Time `json:"keys_destroyed_from,omitzero"`
}

// maxPurpose bounds a stated purpose in bytes.
const maxPurpose = 500

// begin checks a request and finds the traveller.
func (r *Rights) begin(ctx context.Context, op string, q *Request) (who register.Subject, passed []register.Passed, others []register.Arrival, err error) {
	invalid := func(message string) error {
		return &border.Error{Code: border.Invalid, Op: op + " a traveller", Message: message}
	}
	switch {
	case !q.By.May(access.SubjectWork):
		err = &border.Error{Code: border.Forbidden, Op: op + " a traveller", Message: "Your roles do not allow this."}
	case q.Second == "" || border.SameBadge(q.Second) == border.SameBadge(q.By.Badge):
		err = &border.Error{Code: border.SecondNeeded, Op: op + " a traveller", Message: "This takes two people."}
	case q.Protection && !q.By.May(access.ProtectionRead):
		err = &border.Error{Code: border.Forbidden, Op: op + " a traveller", Message: "Only a protection officer exports why protection was needed."}
	case strings.TrimSpace(q.Purpose) == "" || len(q.Purpose) > maxPurpose:
		err = invalid("State what was asked for and on what ground, in at most 500 bytes.")
	case q.Number != "" && q.Issuer != "" && q.Surname+q.GivenNames+q.BirthDate == "":
		who = r.c.Register.ByDocument(q.Issuer, q.Number)
	case q.Number+q.Issuer == "" && q.Surname+q.GivenNames != "":
		var known bool
		if who, known = r.c.Register.ByName(q.Surname, q.GivenNames, q.BirthDate); !known {
			err = invalid("A birth date reads year-month-day, and must be a full one.")
		}
	default:
		err = invalid("Name the traveller by issuer and number of a document, or by names and birth date; not by both.")
	}
	if err == nil {
		passed, others, err = r.c.Register.SubjectOf(ctx, who)
	}
	return who, passed, others, err
}

// tell records an act. What it was about stands under seal, and names nobody.
func (r *Rights) tell(ctx context.Context, did string, q *Request, rc *SubjectReceipt, result border.ActResult) error {
	text := q.Purpose + "\n" + strconv.Itoa(len(rc.Crossings)) + " crossings, " + strconv.Itoa(len(rc.Encounters)) + " other encounters\n"
	for _, id := range rc.Crossings {
		text += id.String() + "\n" // the audit cuts what is too long
	}
	return r.c.Audit.Audit(ctx, border.Act{Action: string(access.SubjectWork), Result: result, Officer: q.By.Badge, Second: q.Second,
		Session: q.By.Session, Object: did, Text: text})
}

func (r *Rights) receipt(did string, passed []register.Passed, others []register.Arrival) *SubjectReceipt {
	rc := &SubjectReceipt{At: r.c.Clock.Now().UTC(), Did: did, Crossings: []border.ID{}, Encounters: []border.ID{}}
	for i := range passed {
		rc.Crossings = append(rc.Crossings, passed[i].Crossing.ID)
	}
	for i := range others {
		rc.Encounters = append(rc.Encounters, *others[i].Header.Crossing)
	}
	return rc
}

// Export gives what the hub can open of a traveller, once that is recorded.
func (r *Rights) Export(ctx context.Context, q Request) (*Export, *SubjectReceipt, error) {
	_, passed, others, err := r.begin(ctx, "export", &q)
	if err != nil {
		return nil, nil, err
	}
	out := &Export{At: r.c.Clock.Now().UTC(), Note: exportNote, Crossings: []Exported{}, Encounters: []Exported{}}
	for i := range passed {
		x, err := r.export(ctx, &q, &passed[i].Event)
		if err != nil {
			return nil, nil, err
		}
		x.Crossing, x.OccurredAt, x.Post = &passed[i].Crossing, passed[i].Crossing.OccurredAt, passed[i].Crossing.Post
		out.Crossings = append(out.Crossings, x)
	}
	for i := range others {
		x, err := r.export(ctx, &q, &others[i])
		if err != nil {
			return nil, nil, err
		}
		out.Encounters = append(out.Encounters, x)
	}
	did := "export"
	if q.Protection {
		did = "export with protection"
	}
	rc := r.receipt(did, passed, others)
	if err := r.tell(ctx, did, &q, rc, border.ActDone); err != nil {
		return nil, nil, err
	}
	return out, rc, nil
}

func (r *Rights) export(ctx context.Context, q *Request, a *register.Arrival) (x Exported, err error) {
	x = Exported{Event: a.Key, OccurredAt: a.Header.OccurredAt, Post: a.Header.Post, Type: a.Event.Type}
	if a.Personal != nil {
		p := *a.Personal
		p.Officer, p.Second, p.Awaiting, p.NoShows, p.Responsible, p.Hits = "", "", "", nil, nil, nil
		for _, hit := range a.Personal.Hits {
			open, err := r.c.Open(ctx, hit)
			if err != nil {
				return x, err
			}
			if open {
				p.Hits = append(p.Hits, hit)
			}
		}
		x.Personal = &p
	}
	if !q.Protection {
		return x, nil
	}
	plain, err := r.c.Register.Protection(a)
	if err != nil {
		return x, nil // there is none, or its key is gone already
	}
	defer clear(plain)
	var p border.Protection
	if json.Unmarshal(plain, &p) != nil { // the cause could repeat content
		return x, &border.Error{Code: border.Internal, Op: "export a traveller", Message: "A protection part cannot be read."}
	}
	if len(p.Needs) > 0 || p.HandedTo != "" || p.Receipt != "" {
		for i := range p.Needs {
			p.Needs[i].By, p.Needs[i].LiftedBy = "", ""
		}
		x.Protection = &p
	}
	return x, nil
}

// Restrict has posts told nothing of a traveller any more, or lifts that.
func (r *Rights) Restrict(ctx context.Context, q Request, lift bool) (*SubjectReceipt, error) {
	who, passed, others, err := r.begin(ctx, "restrict", &q)
	if err != nil {
		return nil, err
	}
	did := "restrict"
	if lift {
		did = "lift"
	}
	rc := r.receipt(did, passed, others)
	if rc.Marked, err = r.c.Register.RestrictSubject(ctx, who, lift); err != nil {
		return nil, err
	}
	return rc, r.tell(ctx, did, &q, rc, border.ActDone)
}

// Erase ends the hub's access to a traveller's crossings. p says until when their bytes stay sealed.
func (r *Rights) Erase(ctx context.Context, q Request, p *Policy) (*SubjectReceipt, error) {
	_, passed, others, err := r.begin(ctx, "erase", &q)
	if err != nil {
		return nil, err
	}
	rc := r.receipt("erase", passed, others)
	for i := range passed {
		rc.Until = max(rc.Until, bucketOf(&passed[i].Event))
	}
	for i := range others {
		rc.Until = max(rc.Until, bucketOf(&others[i]))
	}
	if due, ok := p.Due(border.PartPersonal, rc.Until); ok {
		rc.Due = due
	}
	if len(rc.Crossings)+len(rc.Encounters) == 0 {
		return rc, r.tell(ctx, "erase", &q, rc, border.ActDone)
	}
	if err := r.tell(ctx, "erase begun", &q, rc, border.ActDone); err != nil {
		return nil, err
	}
	err = r.c.Register.EraseSubject(ctx, append(append([]border.ID(nil), rc.Crossings...), rc.Encounters...))
	if err == nil {
		err = r.c.Follow(ctx)
	}
	result := border.ActDone
	if err != nil {
		result = border.ActFailed
	}
	return rc, errors.Join(err, r.tell(ctx, "erase", &q, rc, result))
}

func bucketOf(a *register.Arrival) string {
	at := a.Header.RecordedAt
	if a.Header.OccurredAt.After(at) {
		at = a.Header.OccurredAt
	}
	return at.UTC().Format("2006-01")
}
