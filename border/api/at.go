package api

import (
	"garita/border"
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

// byOfficer is the body of an operation that needs nothing but who does it.
type byOfficer struct {
	Officer string `json:"officer" maxLength:"40" doc:"Badge number"`
}

func at(c border.CounterID, officer string) counter.At {
	return counter.At{Counter: c, Officer: officer}
}

// viewed does something at the counter and answers with what the screen then shows.
func (a AtCounter) viewed(s *counter.Service, officer string, do func(counter.At) error) (counter.View, error) {
	if err := do(at(a.Counter, officer)); err != nil {
		return counter.View{}, err
	}
	return s.View(a.Counter)
}

// viewed does something to the encounter and answers with what the screen then shows.
func (a AtEncounter) viewed(s *counter.Service, officer string, do func(counter.At, border.ID) error) (counter.View, error) {
	return a.AtCounter.viewed(s, officer, func(at counter.At) error {
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
