package counter

import (
	"slices"

	"garita/border"
)

// What takes a second person, as records name it when none could be reached.
const (
	actRefuse      = "refuse"
	actHitOverride = "hit.override"
	actLateCorrect = "record.late"
	actLiftNeed    = "protection.lift"
	actDegrade     = "biometrics.degrade"
)

// Agreement is what stands behind an action beside its officer: a second person, who has agreed
// with a credential of their own, or the reason why none could be reached.
type Agreement struct {
	Second   string // badge
	Awaiting string // reason in words, at most 500 bytes; sealed. The hub reviews what was done
}

// agreed is an Agreement that was looked at.
type agreed struct {
	by     Officer // zero: nobody
	action string  // what awaits its second person; "" if nothing does
	reason string
}

// agree finds the second person of an action among those whom fits accepts. Nobody is the
// second person of their own action. Where none can be reached the action goes on and awaits one,
// unless one works at a counter here: near is their name, see [Service.near].
func (s *Service) agree(op, action string, o Officer, a Agreement, fits fit, near string) (agreed, error) {
	switch {
	case a.Second != "" && border.SameBadge(a.Second) != border.SameBadge(o.Badge):
		by, err := fits(a.Second)
		return agreed{by: by}, err
	case a.Second != "":
		return agreed{}, &border.Error{Code: border.SecondNeeded, Op: op, Message: "This takes two different people. Ask a second one to agree with their own PIN or key."}
	case a.Awaiting == "":
		return agreed{}, &border.Error{Code: border.SecondNeeded, Op: op,
			Message: "This takes a second person. Have one agree with their own PIN or key, or say why none can be reached."}
	case len(a.Awaiting) > noteLimit:
		return agreed{}, &border.Error{Code: border.Invalid, Op: op, Message: "A reason has at most {0} bytes.", Args: []any{noteLimit}}
	case near != "":
		return agreed{}, &border.Error{Code: border.SecondNeeded, Op: op, Message: "{0} works at a counter here and can agree. Ask them.", Args: []any{near}}
	}
	return agreed{action: action, reason: a.Awaiting}, nil
}

// fit accepts who may be a second person.
type fit func(badge string) (Officer, error)

// beside is who may agree to what an officer does: a supervisor, or anybody if the officer is one.
func (s *Service) beside(o Officer) fit {
	if s.isSupervisor(o.Badge) {
		return s.officer
	}
	return s.supervisor
}

// near names an officer other than o who holds a counter here and fits, if it is said that none
// can be reached; "" if there is none. It takes each place.mu in turn and must be called without any.
func (s *Service) near(o Officer, a Agreement, fits fit) string {
	if a.Awaiting == "" {
		return ""
	}
	for _, id := range s.order {
		p := s.places[id]
		p.mu.Lock()
		holder := p.holder
		p.mu.Unlock()
		if holder == nil || holder.Badge == o.Badge {
			continue
		}
		if by, err := fits(holder.Badge); err == nil {
			return by.Name
		}
	}
	return ""
}

// bySupervisor finds the agreement of a supervisor; a supervisor needs none but their own.
func (s *Service) bySupervisor(op, action string, o Officer, a Agreement, near string) (agreed, error) {
	if a == (Agreement{}) && s.isSupervisor(o.Badge) {
		return agreed{by: o}, nil
	}
	return s.agree(op, action, o, a, s.supervisor, near)
}

// note puts what was agreed into an event.
func (s *Service) note(a *agreed, h *border.Header, person *border.Personal) {
	h.Second, h.Awaiting = "", a.action
	if a.by.Badge != "" {
		h.Second = s.cfg.Blinder.Officer(a.by.Badge)
	}
	if person != nil {
		person.Second, person.Awaiting = a.by.Badge, a.reason
	}
}

// isSupervisor reports whether an officer is a supervisor of this post.
func (s *Service) isSupervisor(badge string) bool {
	_, err := s.supervisor(badge)
	return err == nil
}

// find returns an officer by badge as the roster knows them now; the zero Officer if it does not.
func (s *Service) find(is func(Officer) bool) Officer {
	all := s.cfg.Officers()
	if i := slices.IndexFunc(all, is); i >= 0 {
		return all[i]
	}
	return Officer{}
}
