package counter

import (
	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/papers"
	"garita/ui/layout"
)

// paperView is a paper to leaf through.
type paperView struct {
	Base    string // URL of its pages, without the number
	Word    string
	Pages   []paperLeaf
	Problem string // why none is shown; "" if they are
	foundIn
}

// paperLeaf is one page.
type paperLeaf struct {
	Index int // from 0
	Word  string
}

// paperOpen gives the dialog a paper's pages and what its text offers.
func (s *screen) paperOpen(c *fiber.Ctx) error {
	ctx, cancel := limited(c)
	defer cancel()
	f, id, err := s.attached(ctx, c)
	if err != nil {
		return err
	}
	defer clear(f.Content)
	to := layout.Printer(c)
	w := s.words(to, "")
	v := paperView{Word: w.paperWord(f.Label), Base: "/counters/" + string(counterOf(c)) + "/papers/" + id.String() + "/" + f.Hash.String() + "/pages/"}
	v.Paper = v.Word
	read, err := s.cfg.Papers.Read(ctx, f.Content)
	switch {
	case border.CodeOf(err) == border.Unavailable && border.MessageOf(err) != "":
		v.Problem = w.T("It is attached and kept, and cannot be shown at this counter.")
	case err != nil:
		return err
	default:
		for i := range read.Texts {
			v.Pages = append(v.Pages, paperLeaf{i, w.Number(i + 1)})
		}
		v.Found = w.found(papers.Find(read.Texts, s.cfg.Clock.Now()))
	}
	return s.fragment(c, "paper-view", v)
}
