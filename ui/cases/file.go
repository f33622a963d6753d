package cases

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
	"garita/ui/i18n"
	"garita/ui/layout"
)

// file shows one case in full.
func (s *screen) file(c *fiber.Ctx) error {
	id, err := caseID(c)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.UserContext(), answerTimeout)
	defer cancel()
	p, err := s.filePage(ctx, layout.Printer(c), id)
	if err != nil {
		return err
	}
	return s.send(c, p)
}

func caseID(c *fiber.Ctx) (border.ID, error) {
	id, err := border.ParseID(c.Params("case"))
	if err != nil {
		return id, &border.Error{Code: border.NotFound, Op: "open a case", Message: "There is no such case."}
	}
	return id, nil
}

// filePage reads a case, and says so in the audit before it gives anything.
func (s *screen) filePage(ctx context.Context, w *i18n.Printer, id border.ID) (page, error) {
	if err := access.Told(ctx, s.cfg.Audit, border.Act{Action: string(access.CasesRead), Object: id.String()}); err != nil {
		return page{}, err
	}
	files, err := s.progress(ctx, id) // first: what changes from now on is shown by asking again
	if err != nil {
		return page{}, err
	}
	x, err := s.cfg.Cases.Case(ctx, id)
	if err != nil {
		return page{}, err
	}
	v := fileOf(w, s.cfg.Form, &x, s.cfg.Clock.Now())
	v.Stage = stage(x.Version, files)
	if err := s.addFiles(ctx, w, &v); err != nil {
		return page{}, err
	}
	return page{Title: w.T("case::Case"), File: &v}, nil
}
