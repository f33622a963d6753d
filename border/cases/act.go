package cases

import (
	"context"
	"strings"

	"garita/border"
)

// Action is what an officer does to a case that was seen in one version.
type Action struct {
	Case    border.ID `json:"case"`
	Version int64     `json:"version"` // of the case as it was on the screen
	Do      Do        `json:"do"`
	By      string    `json:"by"`             // badge
	To      string    `json:"to,omitempty"`   // badge, of Assign
	Note    string    `json:"note,omitempty"` // at most 2,000 bytes; Note, Confirm, Dismiss, Decline, Expire and Reopen need one
}

const (
	noteMax  = 2000
	badgeMax = 64
)

// Act does something to a case and returns it as it stands then. Invalid: badge or words are
// missing. NotFound. Conflict: the case has changed since that version, or its state does not
// allow it. Forbidden: another person has to do it.
func (s *Service) Act(ctx context.Context, a Action) (Summary, error) {
	const op = "change a case"
	invalid := func(message string) (Summary, error) {
		return Summary{}, &border.Error{Code: border.Invalid, Op: op, Message: message}
	}
	a.By, a.To, a.Note = named(a.By), named(a.To), strings.TrimSpace(a.Note)
	switch {
	case moves[a.Do] == nil:
		return invalid("This cannot be done to a case.")
	case border.SameBadge(a.By) == "" || len(a.By) > badgeMax || len(a.To) > badgeMax:
		return invalid("Say who you are: the badge is missing, or too long.")
	case a.Do == Assign && a.To == "":
		return invalid("Say whom the case is given to.")
	case a.Do != Assign && a.To != "":
		return invalid("Only giving a case to somebody names another badge.")
	case a.Note == "" && a.Do.explained():
		return invalid("Say why, in a few words.")
	case len(a.Note) > noteMax:
		return invalid("A note has at most 2,000 bytes.")
	}
	var out Summary
	err := s.write(ctx, op, func(t *tx) error {
		c, err := t.find(`id = ?`, a.Case[:])
		if err != nil {
			return err
		}
		if c == nil {
			return &border.Error{Code: border.NotFound, Op: op, Message: "There is no such case."}
		}
		if c.version != a.Version {
			return &border.Error{Code: border.Conflict, Op: op, Message: "The case has changed since you opened it. Look at it again."}
		}
		if err := t.act(c, a); err != nil {
			return err
		}
		if err := t.save(c); err != nil {
			return err
		}
		out = s.summary(c)
		return nil
	})
	return out, err
}

// named writes a badge in one way; whether two are one person says [border.SameBadge].
func named(badge string) string { return strings.ToUpper(strings.Join(strings.Fields(badge), "")) }

func (t *tx) act(c *caseRow, a Action) error {
	who := t.s.cfg.Blinder.Officer(a.By)
	risk, err := t.s.risk(context.Background(), c)
	if err != nil {
		return err
	}
	to, err := standing{c.state, risk, c.proposedBy}.after(a.Do, t.s.cfg.Blinder.Officer(border.SameBadge(a.By)))
	if err != nil {
		return err
	}
	from := c.state
	t.change(c)
	switch a.Do {
	case Take:
		c.assignee, c.kept.Assignee = who, a.By
	case Assign:
		c.assignee, c.kept.Assignee = t.s.cfg.Blinder.Officer(a.To), a.To
	case Reopen:
		c.assignee, c.kept.Assignee = who, a.By
	default:
	}
	t.enter(c, to.state)
	c.proposedBy = to.proposedBy
	did := string(a.Do)
	if a.Do == Dismiss && to.proposedBy != "" {
		did = didCountersign
	}
	if err := t.step(c, did, who, from, nil, keptStep{a.By, a.To, a.Note}); err != nil {
		return err
	}
	switch {
	case from == NotThisPerson && to.state != NotThisPerson:
		err = t.owe(c, false)
	case from != NotThisPerson && to.state == NotThisPerson:
		err = t.owe(c, true)
	}
	if err != nil {
		return err
	}
	switch {
	case a.Do == Reopen:
		return t.raiseAgain(c)
	case !c.state.Open() && c.state != Confirmed:
		return t.endAlert(c, endWithdrawn, "", "")
	}
	return nil
}

// risk reports whether a second person has to agree: the entry was of high risk when it hit, or
// is now.
func (s *Service) risk(ctx context.Context, c *caseRow) (bool, error) {
	if c.highRisk {
		return true, nil
	}
	list, _ := s.cfg.List()
	e, err := s.entry(ctx, list, c.kept.Key)
	return e != nil && e.HighRisk, err
}

// Confirmation is what somebody else says of a case: a lookup of another service.
type Confirmation struct {
	Service string `json:"service"`          // name of the service
	Outcome string `json:"outcome"`          // clear, hit or not_checked
	Reason  string `json:"reason,omitempty"` // of not_checked
	Detail  string `json:"detail,omitempty"` // its answer, at most 16 KiB; sealed
}

// AddConfirmation keeps what another service says of a case. NotFound; Invalid.
func (s *Service) AddConfirmation(ctx context.Context, id border.ID, v Confirmation) error {
	const op = "add a confirmation to a case"
	switch {
	case v.Service == "" || len(v.Service) > 64 || len(v.Reason) > 64 || len(v.Detail) > 16<<10,
		v.Outcome != "clear" && v.Outcome != "hit" && v.Outcome != "not_checked":
		return &border.Error{Code: border.Invalid, Op: op, Message: "The confirmation is malformed."}
	}
	return s.write(ctx, op, func(t *tx) error {
		c, err := t.find(`id = ?`, id[:])
		if err != nil {
			return err
		}
		if c == nil {
			return &border.Error{Code: border.NotFound, Op: op, Message: "There is no such case."}
		}
		sealed, err := s.vault.seal("confirmation/", id[:], v.Detail)
		if err != nil {
			return err
		}
		if _, err := t.exec(`INSERT INTO confirmation (case_no, at, service, outcome, reason, sealed) VALUES (?, ?, ?, ?, ?, ?)`,
			c.no, micros(t.now), v.Service, v.Outcome, v.Reason, sealed); err != nil {
			return err
		}
		t.change(c)
		if err := t.step(c, didConfirmation, "", c.state, nil, keptStep{}); err != nil {
			return err
		}
		return t.save(c)
	})
}
