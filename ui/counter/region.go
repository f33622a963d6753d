package counter

import (
	"garita/border"
	"garita/border/counter"
	"garita/border/verdict"
)

// region is a part of the panel that stands alone. Its template sees its data and nothing
// else of the panel: while the data is the same, so is what it looks like.
type region struct {
	name string // of its template
	data any
}

// regions takes a panel apart, in the order of the page.
func (p *Panel) regions() []region {
	busy := p.Encounter != ""
	all := []region{
		{"state", p.state()},
		{"r-direction", p.Direction},
		{"r-banner", p.Status},
		{"r-holder", p.Holder},
		{"r-notice", p.Notice},
		{"r-late", p.Late},
		{"r-party", p.Party},
		{"r-shared", p.shared()},
		{"r-document", p.Doc},
		{"r-record", p.Record},
		{"r-verdict", p.Verdict},
		{"r-hits", p.Hits},
		{"r-fingers", p.Fingers},
		{"r-history", p.History},
		{"r-queue", queueRegion{p.Queue, busy}},
		{"r-referrals", referralsRegion{p.Referrals, busy}},
		{"r-last", lastRegion{p.Counter, p.Last, p.Today, p.Shift}},
		{"r-members", p.Party},
		{"r-keys", p.keys()},
	}
	if p.Papers != nil {
		all = append(all, region{"r-papers", p.Papers})
	}
	return all
}

// stateRegion is what the script of the page goes by.
type stateRegion struct {
	Encounter string
	Revision  uint64
	Level     verdict.Level
	Direction string
	Accept    Choice
	Refuse    Choice
	Next      string
	Last      string
	Say       string
	Why       string
	AskDate   bool
	Refusable bool
	Protected bool

	Holder, HolderName string
	Group, Ready, Look string // of the group: its id, who is ready, who is to be looked at next
	Editable           bool
}

func (p *Panel) state() stateRegion {
	s := stateRegion{Encounter: p.Encounter, Revision: p.Revision, Level: p.Level, Direction: p.Direction, Accept: p.Accept, Refuse: p.Refuse,
		Next: p.Next, Say: p.Say, Why: p.Why, AskDate: p.AskDate, Refusable: p.Refusable, Protected: p.Protected, Editable: p.Doc != nil && p.Doc.Editable}
	if p.Last != nil {
		s.Last = p.Last.ID
	}
	if p.Holder != nil {
		s.Holder, s.HolderName = p.Holder.Badge, p.Holder.Name
	}
	if p.Party != nil {
		s.Group, s.Ready, s.Look = p.Party.ID, p.Party.Ready, p.Party.Next()
	}
	return s
}

// sharedRegion is the form of what a group shares.
type sharedRegion struct {
	Group  string // id
	Inputs []Input
}

func (p *Panel) shared() *sharedRegion {
	if p.Party == nil {
		return nil
	}
	return &sharedRegion{p.Party.ID, p.Party.Shared}
}

// queueRegion is who waits. Busy: an encounter is open, so nobody can be called up.
type queueRegion struct {
	Queue []Waiting
	Busy  bool
}

// referralsRegion is the post's list. Busy: an encounter is open, so nobody can be taken.
type referralsRegion struct {
	Referrals []Referred
	Busy      bool
}

// lastRegion is what was recorded last, and the counts of the day.
type lastRegion struct {
	Counter border.CounterID
	Last    *Last
	Today   counter.Today
	Shift   string
}

// keysRegion is what the keys do now.
type keysRegion struct {
	Busy           bool // an encounter is open
	Level          verdict.Level
	Accept, Refuse string
	Direction      string
	Party          bool // a group is at the counter
	Next           bool // F2 leads to somebody
	Protected      bool
}

func (p *Panel) keys() keysRegion {
	k := keysRegion{Busy: p.Encounter != "", Level: p.Level, Accept: p.Accept.Word, Refuse: p.Refuse.Word, Direction: p.Direction,
		Party: p.Party != nil, Next: p.Next != "" && p.Encounter == "", Protected: p.Protected}
	if k.Party {
		k.Next = p.Party.Next() != ""
	}
	return k
}
