package counter

import (
	"fmt"
	"strings"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/manifest"
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
	people, problems, err := manifest.Parse(strings.NewReader(in.Text))
	if err != nil {
		return err
	}
	if len(problems) > 0 && !in.Partial {
		return c.JSON(listed{Problems: problems, People: len(people.People),
			Text: fmt.Sprintf("Nothing taken yet: %s to look at, %s in order.",
				count(uint64(len(problems)), "place", "places"), count(uint64(len(people.People)), "person", "people"))})
	}
	if len(people.People) == 0 {
		return &border.Error{Code: border.Invalid, Op: "import a list", Message: "Nobody is on this list. Use the template."}
	}
	ctx, cancel := limited(c)
	defer cancel()
	if err := s.cfg.Service.List(ctx, at(c), people); err != nil {
		return err
	}
	return c.JSON(listed{Taken: true, People: len(people.People), Problems: problems,
		Text: count(uint64(len(people.People)), "person is", "people are") + " expected."})
}
