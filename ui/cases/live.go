package cases

import (
	"context"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/ui/live"
)

// follow streams in which version a case is, event "view". The page then asks for the case itself, which is a reading
// of its own and told as one; nothing of anybody is on the stream.
func (s *screen) follow(c *fiber.Ctx) error {
	return s.streams.Serve(c, func() (live.Feed, error) { return s.feed(c, c.Params("case")) })
}

// feed is the version of a case, looked at with each heartbeat.
func (s *screen) feed(c *fiber.Ctx, of string) (live.Feed, error) {
	id, err := border.ParseID(of)
	if err != nil {
		return live.Feed{}, &border.Error{Code: border.NotFound, Op: "follow a case", Message: "There is no such case."}
	}
	if _, err := s.cfg.Cases.Version(c.UserContext(), id); err != nil {
		return live.Feed{}, err
	}
	shown := int64(-1)
	next := func(ctx context.Context) (live.Frame, bool, error) {
		version, err := s.cfg.Cases.Version(ctx, id)
		if err != nil || version == shown {
			return live.Frame{}, false, err
		}
		shown = version
		return live.Frame{Event: "view", Revision: uint64(max(0, version)), Data: []byte(`{"version":` + strconv.FormatInt(version, 10) + `}`)}, true, nil
	}
	return live.Feed{Next: next, Close: func() {}}, nil
}
