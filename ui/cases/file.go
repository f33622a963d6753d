package cases

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"garita/border"
)

// file shows one case in full.
func (s *screen) file(c *fiber.Ctx) error {
	id, err := caseID(c)
	if err != nil {
		return err
	}
	p, err := s.filePage(id)
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

func (s *screen) filePage(id border.ID) (page, error) {
	ctx, cancel := context.WithTimeout(context.Background(), answerTimeout)
	defer cancel()
	x, err := s.cfg.Cases.Case(ctx, id)
	if err != nil {
		return page{}, err
	}
	v := fileOf(&x, s.cfg.Clock.Now())
	return page{Title: "Case", File: &v}, nil
}
