package hub

import (
	"context"
	"path/filepath"
	"time"

	"garita/border"
	"garita/border/lists"
	"garita/border/lookup"
	"garita/border/register"
	"garita/border/seal"
)

// lookupDeadline bounds how long services are waited for: shorter than a station waits for the
// hub, so that one service that hangs does not cost the answers of the others.
const lookupDeadline = 8 * time.Second

// asker answers what stations ask: the register knows what has passed, the lists which documents
// are listed, and other people's services what they know of a traveller.
type asker struct {
	*register.Register
	lists *lists.Keeper
	keys  *seal.HubKeys
	desk  *lookup.Desk // nil: no service is configured
}

// AskDocument implements [border.HubAsker].
func (a *asker) AskDocument(ctx context.Context, q border.DocumentQuestion) (border.DocumentAnswer, error) {
	if len(q.Inquiry) == 0 {
		out, err := a.Register.AskDocument(ctx, q)
		if err == nil {
			err = a.listed(ctx, q.Listed, &out)
		}
		return out, err
	}
	if a.desk == nil {
		return border.DocumentAnswer{}, &border.Error{Code: border.NotFound, Op: "look a traveller up", Message: "This hub asks no other service."}
	}
	in, err := a.keys.OpenInquiry(q.Station, q.Inquiry)
	if err != nil {
		return border.DocumentAnswer{}, err
	}
	lookups, err := a.desk.LookUp(ctx, &in)
	return border.DocumentAnswer{Lookups: lookups}, err
}

// maxListed is how many documents a question may name.
const maxListed = 16

// listed says which of the documents that a station's filter found are listed.
func (a *asker) listed(ctx context.Context, digests []border.BlindIndex, out *border.DocumentAnswer) (err error) {
	if len(digests) > maxListed {
		return &border.Error{Code: border.Invalid, Op: "look documents up", Message: "A question names at most 16 documents."}
	}
	if len(digests) > 0 {
		out.Listed, err = a.lists.Listed(ctx, digests)
	}
	return err
}

// openAsker connects the services of the configuration.
func (h *Hub) openAsker(clock border.Clock) (*asker, error) {
	a := &asker{Register: h.Register, lists: h.Lists, keys: h.keys}
	if len(h.cfg.Lookups) == 0 {
		return a, nil
	}
	cfg := lookup.Config{Clock: clock, Deadline: lookupDeadline}
	for _, c := range h.cfg.Lookups {
		s, err := lookup.Connect(c, clock)
		if err != nil {
			return nil, err
		}
		cfg.Services = append(cfg.Services, s)
	}
	var err error
	if h.audit, err = lookup.OpenAudit(filepath.Join(h.cfg.Data, "lookups.jsonl")); err != nil {
		return nil, err
	}
	cfg.Audit = h.audit.Write
	a.desk, err = lookup.New(cfg)
	return a, err
}
