package cases

import "garita/border"

// State is how far people have come with a case.
type State string

// The states. The last three are ends; a case may be opened again from them.
const (
	Possible      State = "possible"     // nobody has looked yet
	UnderReview   State = "under_review" // somebody has taken it
	OwnerAsked    State = "owner_asked"  // whoever listed the person has been asked to confirm
	Confirmed     State = "confirmed"
	NotThisPerson State = "not_this_person"
	Expired       State = "expired" // given up without an answer
)

// Open reports whether something is still to be done.
func (s State) Open() bool {
	switch s {
	case Possible, UnderReview, OwnerAsked:
		return true
	default:
		return false
	}
}

// Do is what an officer does to a case.
type Do string

// What officers do. Confirm needs the owner to have been asked first: a hit is verified with
// whoever listed the person before anybody acts on it.
const (
	Take        Do = "take"        // be the one who works on it; also from somebody else
	Assign      Do = "assign"      // give it to To
	Note        Do = "note"        // add words
	AskOwner    Do = "ask_owner"   // the owner has been asked
	Answer      Do = "answer"      // the owner has answered, and it is to be judged
	Confirm     Do = "confirm"     // it is the listed person
	Dismiss     Do = "dismiss"     // it is not; of a high-risk entry a proposal to a second person
	Countersign Do = "countersign" // the second person agrees
	Decline     Do = "decline"     // the second person does not
	Expire      Do = "expire"      // it cannot be found out
	Reopen      Do = "reopen"
)

// Dos lists all of them.
var Dos = [...]Do{Take, Assign, Note, AskOwner, Answer, Confirm, Dismiss, Countersign, Decline, Expire, Reopen}

// moves is where each leads from each state; what is not here is not allowed.
var moves = map[Do]map[State]State{
	Take:        {Possible: UnderReview, UnderReview: UnderReview, OwnerAsked: OwnerAsked},
	Assign:      {Possible: UnderReview, UnderReview: UnderReview, OwnerAsked: OwnerAsked},
	Note:        {Possible: Possible, UnderReview: UnderReview, OwnerAsked: OwnerAsked, Confirmed: Confirmed, NotThisPerson: NotThisPerson, Expired: Expired},
	AskOwner:    {UnderReview: OwnerAsked},
	Answer:      {OwnerAsked: UnderReview},
	Confirm:     {OwnerAsked: Confirmed},
	Dismiss:     {UnderReview: NotThisPerson, OwnerAsked: NotThisPerson},
	Countersign: {UnderReview: NotThisPerson, OwnerAsked: NotThisPerson},
	Decline:     {UnderReview: UnderReview, OwnerAsked: OwnerAsked},
	Expire:      {Possible: Expired, UnderReview: Expired, OwnerAsked: Expired},
	Reopen:      {Confirmed: UnderReview, NotThisPerson: UnderReview, Expired: UnderReview},
}

// explained reports whether something is not done without words.
func (d Do) explained() bool {
	switch d {
	case Note, Confirm, Dismiss, Decline, Expire, Reopen:
		return true
	default:
		return false
	}
}

// standing is what of a case decides what may be done to it.
type standing struct {
	state      State
	highRisk   bool
	proposedBy string // pseudonym of the badge as [border.SameBadge] has it: who found that it is not this person, while a second one is awaited
}

// after says where something done by somebody leads. Conflict: the state does not allow it.
// Forbidden: a second person has to do it.
func (s standing) after(do Do, by string) (standing, error) {
	const op = "change a case"
	to, ok := moves[do][s.state]
	if !ok {
		return s, &border.Error{Code: border.Conflict, Op: op, Message: "The state of the case does not allow that. See how it stands now."}
	}
	next := standing{state: to, highRisk: s.highRisk}
	switch do {
	case Dismiss:
		if s.highRisk {
			next.state, next.proposedBy = s.state, by
		}
	case Countersign, Decline:
		if s.proposedBy == "" {
			return s, &border.Error{Code: border.Conflict, Op: op, Message: "Nobody has proposed to close this case."}
		}
		if do == Countersign && s.proposedBy == by {
			return s, &border.Error{Code: border.Forbidden, Op: op,
				Message: "The entry is of high risk: another person has to agree that it is not this one."}
		}
	case Take, Assign, Note:
		next.proposedBy = s.proposedBy
	default:
	}
	return next, nil
}
