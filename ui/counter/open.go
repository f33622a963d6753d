package counter

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/counter"
)

// open opens an encounter without a scan: from a keyed document, from a person's word, or from
// a sheet that was written while nothing worked.
func (s *screen) open(c *fiber.Ctx) error {
	var in struct {
		about
		particulars
		Identity  string `json:"identity"`
		Sheet     string `json:"sheet"`
		Day       string `json:"day"`  // at the post, "2026-11-22"
		Time      string `json:"time"` // at the post, "14:05"
		Direction string `json:"direction"`
	}
	if err := body(c, &in); err != nil {
		return err
	}
	o := counter.Opening{At: at(c), Particulars: in.read(), Identity: in.Identity}
	if in.Sheet != "" || in.Day != "" || in.Time != "" {
		at, err := s.localTime(c, dashed(in.Day), in.Time)
		if err != nil {
			return err
		}
		o.Paper, o.Direction = &counter.Paper{Sheet: in.Sheet, CrossedAt: at}, in.Direction
	}
	ctx, cancel := limited(c)
	defer cancel()
	if _, err := s.service(c).Open(ctx, o); err != nil {
		return err
	}
	return c.JSON(done{})
}

// localTime reads a day and a time of day of the post.
func (s *screen) localTime(c *fiber.Ctx, day, clock string) (time.Time, error) {
	v, err := s.service(c).View(counterOf(c))
	if err != nil {
		return time.Time{}, err
	}
	if len(clock) == 4 { // 1405
		clock = clock[:2] + ":" + clock[2:]
	}
	t, err := time.ParseInLocation("2006-01-02 15:04", day+" "+clock, s.zones.get(v.Status.Zone))
	if err != nil {
		return time.Time{}, &border.Error{Code: border.Invalid, Op: "read the time on a sheet",
			Message: "Enter the day like 2026-12-31 and the time like 14:05, as the sheet says."}
	}
	return t, nil
}
