package hub

import (
	"context"
	"path/filepath"

	"garita/border"
	"garita/border/lookup"
	"garita/border/register"
	"garita/border/seal"
)

// asker answers what stations ask: the register knows what has passed, other people's services
// what they know of a traveller.
type asker struct {
	*register.Register
	keys *seal.HubKeys
	desk *lookup.Desk // nil: no service is configured
}

// AskDocument implements [border.HubAsker].
func (a *asker) AskDocument(ctx context.Context, q border.DocumentQuestion) (border.DocumentAnswer, error) {
	if len(q.Inquiry) == 0 {
		return a.Register.AskDocument(ctx, q)
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

// openAsker connects the services of the configuration.
func (h *Hub) openAsker(clock border.Clock) (*asker, error) {
	a := &asker{Register: h.Register, keys: h.keys}
	if len(h.cfg.Lookups) == 0 {
		return a, nil
	}
	cfg := lookup.Config{Clock: clock}
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
