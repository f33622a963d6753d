package watchlists

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/lists"
	"garita/border/watch"
	"garita/ui/wording"
)

// entriesPage is one entry with its history, and what waits for a second person.
type entriesPage struct {
	Source, ID string
	Found      bool // there is, or was, such an entry
	InForce    bool
	ByHand     bool
	Name       string
	Facts      []wording.Fact
	History    []revisionRow
	Op         string // of the form: add or change
	Form       entryForm
	Open       bool // the form is unfolded
	Waiting    []proposalView
	Decided    []proposalView
}

type revisionRow struct {
	Version, At, What, Who, Reason string
	Rows                           []wording.Difference // against the version before
}

type proposalView struct {
	ID, What, Entry, Name, By, Reason, Made string
	State, Second, Answer                   string
	Urgent                                  bool
	Rows                                    []wording.Difference
}

const decidedRows = 10

// keyMax bounds a source and an id, in bytes.
const keyMax = 512

// entries shows what waits for a second person, and asks for an entry.
func (s *screen) entries(c *fiber.Ctx) error {
	if err := s.reads(c, "proposals"); err != nil {
		return err
	}
	p, err := s.entriesPage(watch.Key{})
	if err != nil {
		return err
	}
	p.Done = doneWords[c.Query("done")]
	return s.send(c, p)
}

// entry shows one entry in full.
func (s *screen) entry(c *fiber.Ctx) error {
	key := watch.Key{Source: strings.TrimSpace(c.FormValue("source")), ID: strings.TrimSpace(c.FormValue("id"))}
	if len(key.Source)+len(key.ID) > keyMax {
		return &border.Error{Code: border.TooLarge, Op: "find an entry"}
	}
	if err := s.reads(c, "entry"); err != nil {
		return err
	}
	p, err := s.entriesPage(key)
	if err != nil {
		return err
	}
	if !p.Entries.Found && key != (watch.Key{}) {
		return s.failed(c, p, &border.Error{Code: border.NotFound, Op: "find an entry", Message: "There is no entry of that source and id, and never was."})
	}
	return s.send(c, p)
}

func (s *screen) entriesPage(key watch.Key) (page, error) {
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
	defer cancel()
	now := s.cfg.Clock.Now()
	v := &entriesPage{Source: key.Source, ID: key.ID, Op: lists.Add, Form: entryForm{Source: key.Source, ID: key.ID, Handling: string(watch.Refer), Action: "refer"}}
	if key != (watch.Key{}) {
		if err := s.fillEntry(ctx, v, key, now); err != nil {
			return page{}, err
		}
	}
	waiting, err := s.cfg.Lists.Proposals(ctx, false, proposalRows)
	if err != nil {
		return page{}, err
	}
	decided, err := s.cfg.Lists.Proposals(ctx, true, decidedRows)
	if err != nil {
		return page{}, err
	}
	for i := range waiting {
		old, err := s.cfg.Lists.Entry(ctx, waiting[i].Key)
		if err != nil && border.CodeOf(err) != border.NotFound {
			return page{}, err
		}
		v.Waiting = append(v.Waiting, proposalOf(&waiting[i], old, now))
	}
	for i := range decided {
		v.Decided = append(v.Decided, proposalOf(&decided[i], nil, now))
	}
	return page{Title: "Entries", Where: "entries", Entries: v}, nil
}

func (s *screen) fillEntry(ctx context.Context, v *entriesPage, key watch.Key, now time.Time) error {
	e, err := s.cfg.Lists.Entry(ctx, key)
	if err != nil && border.CodeOf(err) != border.NotFound {
		return err
	}
	history, err := s.cfg.Lists.History(ctx, key)
	if err != nil {
		return errors.Join(err)
	}
	v.Found, v.InForce = len(history) > 0, e != nil
	if v.InForce {
		v.Name, v.Facts, v.Op, v.Form = wording.First(e), wording.Facts(e), lists.Change, formOf(e)
	}
	for i, r := range history {
		if i == 0 {
			v.ByHand = r.ByHand
		}
		var before *watch.Entry
		if i+1 < len(history) {
			before = history[i+1].Entry
		}
		v.History = append(v.History, revisionOf(&r, before, now))
	}
	return nil
}

func revisionOf(r *lists.Revision, before *watch.Entry, now time.Time) revisionRow {
	v := revisionRow{Version: wording.Number(int(r.Version)), At: wording.At(r.At, now), What: or(opWords[r.Op], wording.Underscored(r.Op)), Who: r.By, Reason: r.Reason}
	if r.Second != "" {
		v.Who += " and " + r.Second
	}
	for _, d := range wording.Differences(before, r.Entry) {
		if d.Changed {
			v.Rows = append(v.Rows, d)
		}
	}
	return v
}

var proposalWords = map[string]string{lists.Add: "Add", lists.Change: "Change", lists.Withdraw: "Withdraw", lists.Return: "Leave to its source again"}

var proposalStates = map[string]string{
	lists.ProposalPending: "waits", lists.ProposalApproved: "approved", lists.ProposalRejected: "rejected", lists.ProposalTakenBack: "taken back",
}

func proposalOf(p *lists.Proposal, old *watch.Entry, now time.Time) proposalView {
	v := proposalView{ID: p.ID.String(), What: or(proposalWords[p.Op], p.Op), Entry: p.Key.String(), Name: or(wording.First(p.Entry), wording.First(old)), By: p.By, Reason: p.Reason,
		Made: wording.At(p.Made, now), State: or(proposalStates[p.State], p.State), Second: p.Second, Answer: p.Answer, Urgent: p.Urgent}
	switch p.Op {
	case lists.Add, lists.Change:
		v.Rows = wording.Differences(old, p.Entry)
	case lists.Withdraw:
		v.Rows = wording.Differences(old, nil)
	}
	return v
}
