package cases

import (
	"context"
	"fmt"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/ui/live"
)

// follow streams the stage of a case, event "view". The page then asks for
// the case itself, which is a reading of its own and told as one; nothing of anybody is on the stream.
func (s *screen) follow(c *fiber.Ctx) error {
	return s.streams.Serve(c, func() (live.Feed, error) { return s.feed(c, c.Params("case")) })
}

// stage is what of a case a page must show anew when it changes: its version, how many files its crossings name, and
// how many of those have come or are lost.
func (s *screen) stage(ctx context.Context, id border.ID) (string, error) {
	version, err := s.cfg.Cases.Version(ctx, id)
	if err != nil || s.cfg.Files == nil {
		return strconv.FormatInt(version, 10), err
	}
	crossings, err := s.cfg.Cases.Crossings(ctx, id)
	if err != nil {
		return "", err
	}
	named, settled, err := s.cfg.Files.Progress(ctx, crossings)
	return fmt.Sprintf("%d, files %d of %d", version, settled, named), err
}

// feed is the stage of a case, looked at with each heartbeat.
func (s *screen) feed(c *fiber.Ctx, of string) (live.Feed, error) {
	id, err := border.ParseID(of)
	if err != nil {
		return live.Feed{}, &border.Error{Code: border.NotFound, Op: "follow a case", Message: "There is no such case."}
	}
	if _, err := s.cfg.Cases.Version(c.UserContext(), id); err != nil {
		return live.Feed{}, err
	}
	var shown string
	var revision uint64
	next := func(ctx context.Context) (live.Frame, bool, error) {
		now, err := s.stage(ctx, id)
		if err != nil || now == shown {
			return live.Frame{}, false, err
		}
		shown = now
		revision++
		return live.Frame{Event: "view", Revision: revision, Data: []byte(`{"stage":` + strconv.Quote(now) + `}`)}, true, nil
	}
	return live.Feed{Next: next, Close: func() {}}, nil
}
