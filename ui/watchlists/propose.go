package watchlists

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
	"garita/border/lists"
	"garita/border/watch"
	"garita/ui/layout"
)

// propose keeps what somebody would change by hand, for another person to decide.
func (s *screen) propose(c *fiber.Ctx) error {
	f, op := readEntryForm(c), c.FormValue("op")
	key := watch.Key{Source: f.Source, ID: f.ID}
	again := func(err error) error {
		p, broken := s.entriesPage(layout.Printer(c), key)
		if broken != nil {
			return broken
		}
		if op == lists.Add || op == lists.Change {
			p.Entries.Form, p.Entries.Op, p.Entries.Open = f, op, true
		}
		return s.failed(c, p, err)
	}
	p := lists.Proposal{Op: op, Key: key, By: badge(c), Reason: f.Reason, Urgent: f.Urgent}
	if op == lists.Add || op == lists.Change {
		e, err := f.entry()
		if err != nil {
			return again(err)
		}
		if op == lists.Change {
			if err := s.keep(key, e); err != nil {
				return again(err)
			}
		}
		p.Entry = e
	}
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
	defer cancel()
	_, err := s.cfg.Lists.Propose(ctx, p)
	act := border.Act{Action: string(access.ListsWork), Object: "propose"} // what else the form says is not ours to write down
	if err := s.did(c, act, err); err != nil {
		return again(err)
	}
	return done(c, "/lists/entries", "proposed")
}

// keep takes over what the form does not show of an entry: instructions in further languages,
// and the quality and spelling of names that stay as they are.
func (s *screen) keep(key watch.Key, e *watch.Entry) error {
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
	defer cancel()
	old, err := s.cfg.Lists.Entry(ctx, key)
	if err != nil {
		return err
	}
	e.Updated = old.Updated
	for language, text := range old.Instruction {
		switch language {
		case "es", "en", "fr", "ht":
		default:
			if e.Instruction == nil {
				e.Instruction = make(map[string]string)
			}
			e.Instruction[language] = text
		}
	}
	was, is := formOf(old), formOf(e)
	if was.Names == is.Names {
		e.Names = old.Names
	}
	if was.Documents == is.Documents {
		e.Documents = old.Documents
	}
	return nil
}
