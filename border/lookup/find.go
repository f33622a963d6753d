package lookup

import (
	"context"
	"net/http"
	"strings"

	"garita/border"
)

// find asks a service of the kind of FIND: a stolen-document and a nominal search in one. The
// contract is our own and plain, see docs/LOOKUPS.md: the traveller stands in the body, and a
// hit is verified by a second question before it is one.
type find struct {
	name    string
	purpose map[string]string
	client  *client
}

type findQuestion struct {
	QueryID  string        `json:"query_id"`
	Purpose  string        `json:"purpose"`
	Station  string        `json:"station"`
	User     string        `json:"user,omitempty"` // pseudonym
	Document *findDocument `json:"document,omitempty"`
	Person   *findPerson   `json:"person,omitempty"`
}

type findDocument struct {
	Country string `json:"country"`
	Type    string `json:"type"` // P, V or I
	Number  string `json:"number"`
}

type findPerson struct {
	Surname     string `json:"surname"`
	Forenames   string `json:"forenames,omitempty"`
	BirthDate   string `json:"birth_date,omitempty"` // EDTF
	Sex         string `json:"sex,omitempty"`
	Nationality string `json:"nationality,omitempty"`
}

type findAnswer struct {
	QueryID string    `json:"query_id"`
	Status  string    `json:"status"` // ok or partial
	Hits    []findHit `json:"hits"`
}

type findHit struct {
	Reference string `json:"reference"`
	Kind      string `json:"kind"` // document or nominal
}

type findVerification struct {
	QueryID   string `json:"query_id"`
	Reference string `json:"reference"`
	State     string `json:"state"` // confirmed, withdrawn
}

// Name implements [Service].
func (f *find) Name() string { return f.name }

// Ask implements [Service]. A document is searched by exact number, type and country, a person
// by name; what is not known of either is left out, and without both nothing is asked.
func (f *find) Ask(ctx context.Context, queryID string, q *border.Inquiry) border.LookupAnswer {
	ask := findQuestion{QueryID: queryID, Purpose: purpose(f.purpose, q.Purpose), Station: string(q.Station), User: q.By}
	if q.Number != "" && q.Issuer != "" {
		ask.Document = &findDocument{Country: q.Issuer, Type: documentClass(q.Type), Number: q.Number}
	}
	if q.Surname != "" || q.GivenNames != "" {
		ask.Person = &findPerson{Surname: q.Surname, Forenames: q.GivenNames, BirthDate: q.BirthDate, Sex: q.Sex, Nationality: q.Nationality}
	}
	if ask.Document == nil && ask.Person == nil {
		return notChecked(NotAsked)
	}
	var a findAnswer
	if err := f.client.ask(ctx, http.MethodPost, "/find/v1/search", nil, &ask, &a); err != nil {
		return notChecked(reason(err))
	}
	if a.QueryID != queryID || a.Status != "ok" && a.Status != "partial" || a.Hits == nil { // no list of hits is not an empty one
		return notChecked(Malformed)
	}
	whole := a.Status == "ok" && len(a.Hits) <= maxHits
	if ask.Document == nil && q.Number != "" {
		whole = false // without an issuer the document was not searched
	}
	var hits []string
	for _, h := range a.Hits[:min(len(a.Hits), maxHits)] {
		if h.Reference == "" || len(h.Reference) > maxReference {
			return notChecked(Malformed)
		}
		switch f.verify(ctx, queryID, h.Reference) {
		case "confirmed":
			hits = append(hits, h.Reference)
		case "withdrawn":
		default: // it may be one: a person looks
			hits = append(hits, h.Reference+" (unverified)")
		}
	}
	if len(hits) == 0 && !whole {
		return notChecked(Incomplete)
	}
	return found(hits)
}

// verify asks whether a hit still stands; "" if that cannot be learned.
func (f *find) verify(ctx context.Context, queryID, reference string) string {
	var v findVerification
	ask := findVerification{QueryID: queryID, Reference: reference}
	if f.client.ask(ctx, http.MethodPost, "/find/v1/verify", nil, &ask, &v) != nil || v.Reference != reference || v.QueryID != queryID {
		return ""
	}
	return v.State
}

func purpose(by map[string]string, direction string) string {
	if p := by[direction]; p != "" {
		return p
	}
	return "border_" + direction
}

// documentClass gives P for passports, V for visas and I for all else, of a printed document
// code (Doc 9303).
func documentClass(code string) string {
	switch code = strings.ToUpper(code); {
	case strings.HasPrefix(code, "P"):
		return "P"
	case strings.HasPrefix(code, "V"):
		return "V"
	}
	return "I"
}
