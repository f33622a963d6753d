package cases

import (
	"context"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"garita/border/cases"
)

// act does something to a case.
func (s *screen) act(c *fiber.Ctx) error {
	id, err := caseID(c)
	if err != nil {
		return err
	}
	version, err := strconv.ParseInt(c.FormValue("version"), 10, 64)
	if err != nil {
		version = 0 // of no case: it is refused as one that has changed
	}
	a := cases.Action{Case: id, Version: version, Do: cases.Do(c.FormValue("do")), By: c.FormValue("by"), To: c.FormValue("to"), Note: c.FormValue("note")}
	if a.Do != cases.Assign {
		a.To = "" // the form has one field for it, whatever is done
	}
	ctx, cancel := context.WithTimeout(context.Background(), answerTimeout)
	defer cancel()
	if _, err := s.cfg.Cases.Act(ctx, a); err != nil {
		p, broken := s.filePage(id)
		if broken != nil {
			return broken
		}
		p.File.By, p.File.To, p.File.Note = a.By, a.To, a.Note
		return s.failed(c, p, err)
	}
	return c.Redirect("/cases/"+id.String(), fiber.StatusSeeOther)
}
