package api

import (
	"context"

	"garita/border"
	"garita/border/access"
	"garita/border/counter"
)

// AtCounter names the counter in the path.
type AtCounter struct {
	Counter border.CounterID `path:"counter" maxLength:"32" example:"1"`
}

// AtEncounter names an encounter at a counter in the path.
type AtEncounter struct {
	AtCounter
	Encounter string `path:"encounter" format:"uuid" doc:"The open encounter, or a member of the group"`
}

// Seconded is the second person of a request. It is exported because Huma passes over what is
// embedded and not.
type Seconded struct {
	Second   string `json:"second,omitempty" maxLength:"256" doc:"What a second person was given for this when they agreed with their own PIN or key (POST /seconds)"`
	Awaiting string `json:"awaiting,omitempty" maxLength:"500" doc:"Why no second person can be reached, at most 500 bytes; sealed. It takes effect, and the hub reviews it"`
}

// agreed finds the second person for what is about object.
func (s *Seconded) agreed(ctx context.Context, g *access.Agreements, a access.Action, object string) (counter.Agreement, error) {
	badge, reason, err := g.Second(ctx, a, object, s.Second, s.Awaiting)
	return counter.Agreement{Second: badge, Awaiting: reason}, err
}

// badge is that of who is signed in. The gate lets nobody else this far; without one, nobody is.
func badge(ctx context.Context) (string, error) {
	p := access.From(ctx)
	if p == nil {
		return "", access.Nobody("find who acts")
	}
	return p.Badge, nil
}

// at says where something is done and by whom.
func at(ctx context.Context, c border.CounterID) (counter.At, error) {
	who, err := badge(ctx)
	return counter.At{Counter: c, Officer: who}, err
}

// viewed does something at the counter and answers with what the screen then shows.
func (a AtCounter) viewed(ctx context.Context, s *counter.Service, do func(counter.At) error) (counter.View, error) {
	at, err := at(ctx, a.Counter)
	if err != nil {
		return counter.View{}, err
	}
	if err := do(at); err != nil {
		return counter.View{}, err
	}
	return s.View(a.Counter)
}

// viewed does something to the encounter and answers with what the screen then shows.
func (a AtEncounter) viewed(ctx context.Context, s *counter.Service, do func(counter.At, border.ID) error) (counter.View, error) {
	return a.AtCounter.viewed(ctx, s, func(at counter.At) error {
		id, err := border.ParseID(a.Encounter)
		if err != nil {
			return err
		}
		return do(at, id)
	})
}

// optional reads an id that may be left out.
func optional(s string) (*border.ID, error) {
	if s == "" {
		return nil, nil //nolint:nilnil // none was sent
	}
	id, err := border.ParseID(s)
	return &id, err
}
