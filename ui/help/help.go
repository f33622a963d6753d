// Package help is what people read beside their work: help on the part of a page that they are at, and a
// card for each role that is printed and kept at the desk. Its texts are the program's own and tell nothing
// of anybody, so they are there before somebody has signed in.
//
//	GET /help/:topic   the help of one topic, a fragment     public
//	GET /card/:role    the quick card of a role, one A4 page  public
//
// A part of a page names its topic by data-help="counter.verdict". The topic is the definition
// "help/counter.verdict" in one of topics/*.html, one file for each screen, whose texts are in the catalogue as
// all others are. A test keeps both together.
package help

import (
	"embed"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/ui/layout"
)

//go:embed topics/*.html
var topics embed.FS

//go:embed card.html
var cards embed.FS

type screen struct {
	topics, cards *layout.Layout
}

func load(assets *layout.Assets) (*screen, error) {
	own, err := fs.Sub(topics, "topics")
	if err != nil {
		return nil, err
	}
	s := &screen{}
	if s.topics, err = layout.New(assets, own); err != nil {
		return nil, fmt.Errorf("read the help: %w", err)
	}
	if s.cards, err = layout.New(assets, cards); err != nil {
		return nil, fmt.Errorf("read the quick cards: %w", err)
	}
	return s, nil
}

// Mount adds the routes to an app, which must be made with Immutable: true.
func Mount(app *fiber.App, log *slog.Logger) error {
	assets, err := layout.Built()
	if err != nil {
		return err
	}
	s, err := load(assets)
	if err != nil {
		return err
	}
	problems := s.cards.Problems(log)
	app.Add(fiber.MethodGet, "/help/:topic", problems, s.topic)
	app.Add(fiber.MethodGet, "/card/:role", problems, s.card)
	return nil
}

// topic answers with the help of one topic in the reader's language.
func (s *screen) topic(c *fiber.Ctx) error {
	name := "help/" + c.Params("topic")
	if !s.topics.Has(name) {
		return &border.Error{Code: border.NotFound, Op: "read the help"}
	}
	b, err := s.topics.In(layout.Printer(c)).Fragment(name, nil)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Send(b)
}
