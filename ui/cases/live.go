package cases

import (
	"context"
	"fmt"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/archive"
	"garita/ui/live"
)

// follow streams the stage of a case, event "view". The page then asks for
// the case itself, which is a reading of its own and told as one; nothing of anybody is on the stream.
func (s *screen) follow(c *fiber.Ctx) error {
	return s.streams.Serve(c, func() (live.Feed, error) { return s.feed(c, c.Params("case")) })
}

// stage is what of a case a page must show anew when it changes: its version, and how far the files have come that its
// crossings name.
func stage(version int64, p archive.Progress) string {
	return fmt.Sprintf("%d, files %d and %d of %d", version, p.Here, p.Lost, p.Named)
}

// progress is how far the files of a case have come.
func (s *screen) progress(ctx context.Context, id border.ID) (archive.Progress, error) {
	if s.cfg.Files == nil {
		return archive.Progress{}, nil
	}
	crossings, err := s.cfg.Cases.Crossings(ctx, id)
	if err != nil {
		return archive.Progress{}, err
	}
	return s.cfg.Files.Progress(ctx, crossings)
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
	var files archive.Progress
	next := func(ctx context.Context) (live.Frame, bool, error) {
		version, err := s.cfg.Cases.Version(ctx, id)
		if err != nil {
			return live.Frame{}, false, err
		}
		if p, err := s.progress(ctx, id); err == nil {
			files = p
		} else { // what is done to the case must not wait for its files
			s.cfg.Log.Warn("cases: files cannot be counted", "error", err)
		}
		now := stage(version, files)
		if now == shown {
			return live.Frame{}, false, nil
		}
		shown = now
		revision++
		return live.Frame{Event: "view", Revision: revision, Data: []byte(`{"stage":` + strconv.Quote(now) + `}`)}, true, nil
	}
	return live.Feed{Next: next, Close: func() {}}, nil
}
