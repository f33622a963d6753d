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
	"garita/ui/i18n"
	"garita/ui/layout"
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
	p, err := s.entriesPage(layout.Printer(c), watch.Key{})
	if err != nil {
		return err
	}
	p.Done = saidDone(c)
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
	p, err := s.entriesPage(layout.Printer(c), key)
	if err != nil {
		return err
	}
	if !p.Entries.Found && key != (watch.Key{}) {
		return s.failed(c, p, &border.Error{Code: border.NotFound, Op: "find an entry", Message: "There is no entry of that source and id, and never was."})
	}
	return s.send(c, p)
}

func (s *screen) entriesPage(w *i18n.Printer, key watch.Key) (page, error) {
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
	defer cancel()
	now := s.cfg.Clock.Now()
	v := &entriesPage{Source: key.Source, ID: key.ID, Op: lists.Add, Form: entryForm{Source: key.Source, ID: key.ID, Handling: string(watch.Refer), Action: "refer"}}
	if key != (watch.Key{}) {
		if err := s.fillEntry(ctx, w, v, key, now); err != nil {
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
		v.Waiting = append(v.Waiting, proposalOf(w, &waiting[i], old, now))
	}
	for i := range decided {
		v.Decided = append(v.Decided, proposalOf(w, &decided[i], nil, now))
	}
	return page{Title: w.T("list::Entries"), Where: "entries", Entries: v}, nil
}

func (s *screen) fillEntry(ctx context.Context, w *i18n.Printer, v *entriesPage, key watch.Key, now time.Time) error {
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
		v.Name, v.Facts, v.Op, v.Form = wording.First(w, e), wording.Facts(w, e), lists.Change, formOf(e)
	}
	for i, r := range history {
		if i == 0 {
			v.ByHand = r.ByHand
		}
		var before *watch.Entry
		if i+1 < len(history) {
			before = history[i+1].Entry
		}
		v.History = append(v.History, revisionOf(w, &r, before, now))
	}
	return nil
}

func revisionOf(w *i18n.Printer, r *lists.Revision, before *watch.Entry, now time.Time) revisionRow {
	v := revisionRow{Version: w.Number(int(r.Version)), At: wording.At(w, r.At, now), What: wording.Word(w, opWords, r.Op), Who: r.By, Reason: r.Reason}
	if r.Second != "" {
		v.Who = w.List([]string{r.By, r.Second})
	}
	for _, d := range wording.Differences(w, before, r.Entry) {
		if d.Changed {
			v.Rows = append(v.Rows, d)
		}
	}
	return v
}

var proposalWords = map[string]i18n.Msg{lists.Add: "proposal::Add", lists.Change: "proposal::Change", lists.Withdraw: "proposal::Withdraw", lists.Return: "Leave to its source again"}

var proposalStates = map[string]i18n.Msg{
	lists.ProposalPending: "proposal::waits", lists.ProposalApproved: "proposal::approved", lists.ProposalRejected: "proposal::rejected", lists.ProposalTakenBack: "proposal::taken back",
}

func proposalOf(w *i18n.Printer, p *lists.Proposal, old *watch.Entry, now time.Time) proposalView {
	v := proposalView{ID: p.ID.String(), What: wording.Word(w, proposalWords, p.Op), Entry: p.Key.String(), Name: or(wording.First(w, p.Entry), wording.First(w, old)), By: p.By, Reason: p.Reason,
		Made: wording.At(w, p.Made, now), State: wording.Word(w, proposalStates, p.State), Second: p.Second, Answer: p.Answer, Urgent: p.Urgent}
	switch p.Op {
	case lists.Add, lists.Change:
		v.Rows = wording.Differences(w, old, p.Entry)
	case lists.Withdraw:
		v.Rows = wording.Differences(w, old, nil)
	}
	return v
}
