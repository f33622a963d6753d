package cases

import (
	"context"
	"errors"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
	"garita/border/cases"
	"garita/ui/layout"
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
	a := cases.Action{Case: id, Version: version, Do: cases.Do(c.FormValue("do")), By: access.From(c.UserContext()).Badge, To: c.FormValue("to"), Note: c.FormValue("note")}
	if a.Do != cases.Assign {
		a.To = "" // the form has one field for it, whatever is done
	}
	ctx, cancel := context.WithTimeout(c.UserContext(), answerTimeout)
	defer cancel()
	if err := s.told(ctx, a); err != nil {
		p, broken := s.filePage(ctx, layout.Printer(c), id)
		if broken != nil {
			return broken
		}
		p.File.To, p.File.Note = a.To, a.Note
		return s.failed(c, p, err)
	}
	return c.Redirect("/cases/"+id.String(), fiber.StatusSeeOther)
}

// told acts and says so in the audit. A case that was closed by two people, or waits for the
// second one, says that in its own steps.
func (s *screen) told(ctx context.Context, a cases.Action) error {
	act := border.Act{Action: string(access.CasesWork), Object: a.Case.String()}
	_, err := s.cfg.Cases.Act(ctx, a)
	if err == nil { // before, the word is one of whoever sent it
		act.Object += " " + string(a.Do)
	} else {
		act.Result, act.Reason = border.ActFailed, string(border.CodeOf(err))
	}
	return errors.Join(err, access.Told(ctx, s.cfg.Audit, act))
}
