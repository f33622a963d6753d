package counter

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/manifest"
	"garita/ui/i18n"
	"garita/ui/layout"
)

// listed is the answer to a list: with problems nothing was taken unless that was asked for.
type listed struct {
	Text     string             `json:"text"`
	Taken    bool               `json:"taken"`
	People   int                `json:"people"` // lines in order
	Problems []manifest.Problem `json:"problems,omitempty"`
}

// list gives the group its passenger or crew list, a file or pasted text. A list with lines
// that cannot be read is taken only when the officer has seen them and says so.
func (s *screen) list(c *fiber.Ctx) error {
	var in struct {
		about
		Text    string `json:"text"`
		Partial bool   `json:"partial"`
	}
	if err := body(c, &in); err != nil {
		return err
	}
	p := layout.Printer(c)
	people, problems, err := manifest.Parse(strings.NewReader(in.Text))
	if err != nil {
		return err
	}
	for i := range problems {
		problems[i].Message = p.T(i18n.Msg(problems[i].Message))
	}
	if len(problems) > 0 && !in.Partial {
		return c.JSON(listed{Problems: problems, People: len(people.People),
			Text: p.T("Nothing taken yet: {0} to look at, {1} in order.", p.N(len(problems), "{0} place", "{0} places"),
				p.N(len(people.People), "{0} person", "{0} people"))})
	}
	if len(people.People) == 0 {
		return &border.Error{Code: border.Invalid, Op: "import a list", Message: "Nobody is on this list. Use the template."}
	}
	ctx, cancel := limited(c)
	defer cancel()
	if err := s.service(c).List(ctx, at(c), people); err != nil {
		return err
	}
	return c.JSON(listed{Taken: true, People: len(people.People), Problems: problems,
		Text: p.N(len(people.People), "{0} person is expected.", "{0} people are expected.")})
}
