package counter

import (
	"context"
	"encoding/json"
	"time"

	"garita/border"
)

// Notice is what a person who was refused is given on paper.
type Notice struct {
	Crossing    border.ID      `json:"crossing"`
	Post        border.PostID  `json:"post"`
	OccurredAt  time.Time      `json:"occurred_at"`
	LocalDate   string         `json:"local_date"`
	Zone        string         `json:"zone"`
	Outcome     border.Outcome `json:"outcome"` // refused or departure_prevented
	Ground      string         `json:"ground"`
	GroundLabel string         `json:"ground_label"` // in the form's words
	Surname     string         `json:"surname"`
	GivenNames  string         `json:"given_names"`
	BirthDate   string         `json:"birth_date"`
	Nationality string         `json:"nationality"`
	Document    string         `json:"document"` // kind, issuer and number
	Officer     string         `json:"officer"`  // badge
	Supervisor  string         `json:"supervisor"`
	Country     string         `json:"country"` // that refuses
}

// Notice returns the notice of a refusal or a prevented departure, as it stands after
// corrections. [border.Conflict]: it ended otherwise.
func (s *Service) Notice(ctx context.Context, crossing border.ID) (Notice, error) {
	const op = "print a notice"
	ev, err := s.cfg.Journal.Crossing(ctx, crossing)
	if err != nil {
		return Notice{}, err
	}
	c, err := s.standing(ctx, &ev)
	if err != nil {
		return Notice{}, err
	}
	if c == nil || c.header.Outcome != string(border.Refused) && c.header.Outcome != string(border.DeparturePrevented) {
		return Notice{}, &border.Error{Code: border.Conflict, Op: op, Message: "Only a refusal or a prevented departure has a notice."}
	}
	refusal, err := s.becoming(ctx, &ev)
	if err != nil {
		return Notice{}, err
	}
	person, err := s.readPersonal(op, c.event)
	if err != nil {
		return Notice{}, err
	}
	deciding, err := s.readPersonal(op, refusal)
	if err != nil {
		return Notice{}, err
	}
	h := &c.header
	n := Notice{Crossing: crossing, Post: h.Post, OccurredAt: h.OccurredAt, LocalDate: h.LocalDate, Zone: s.cfg.Zone.String(),
		Outcome: border.Outcome(h.Outcome), Ground: h.Ground, Surname: person.Surname, GivenNames: person.GivenNames,
		BirthDate: person.BirthDate, Nationality: person.Nationality, Document: join(h.DocumentKind, person.IssuingState, person.DocumentNumber),
		Officer: deciding.Officer, Supervisor: deciding.Second, Country: s.cfg.Form.Country()}
	for _, g := range s.cfg.Form.Grounds(n.Outcome) {
		if g.Code == h.Ground {
			n.GroundLabel = g.Label
		}
	}
	return n, nil
}

// becoming finds the event with which a recorded crossing got the outcome that it has now: the
// officers of a later correction of its spelling did not decide it.
func (s *Service) becoming(ctx context.Context, first *border.Event) (*border.Event, error) {
	h, err := first.ReadHeader()
	if err != nil {
		return nil, err
	}
	changes, err := s.cfg.Journal.Amendments(ctx, *h.Crossing)
	if err != nil {
		return nil, err
	}
	at, outcome := first, h.Outcome
	for i := range changes {
		h, err := changes[i].ReadHeader()
		if err == nil && changes[i].Type == border.TypeCrossingCorrected && h.Outcome != outcome {
			at, outcome = &changes[i], h.Outcome
		}
	}
	return at, nil
}

// readPersonal opens the personal part of a crossing. [border.Conflict]: its key is gone.
func (s *Service) readPersonal(op string, ev *border.Event) (person border.Personal, err error) {
	plain, err := s.cfg.Keys.Open(ev, border.PartPersonal)
	if err != nil {
		return person, &border.Error{Code: border.Conflict, Op: op, Message: "The particulars of this crossing cannot be read any more.", Err: err}
	}
	if err := json.Unmarshal(plain, &person); err != nil {
		return person, &border.Error{Code: border.Internal, Op: op} // the cause could repeat content
	}
	return person, nil
}

func join(words ...string) string {
	out := ""
	for _, w := range words {
		if w != "" && out != "" {
			out += " "
		}
		out += w
	}
	return out
}
