package counter

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"garita/border"
)

// maxScan bounds the text of one scan in bytes; a zone of three lines has 90.
const maxScan = 4096

// scan takes a document that came through the browser: typed by a wedge reader or by hand.
func (s *screen) scan(c *fiber.Ctx) error {
	var in struct {
		Text   string `json:"text" form:"text"`
		Source string `json:"source" form:"source"`
	}
	if err := body(c, &in); err != nil {
		return err
	}
	source := border.ScanSource(in.Source)
	if source != border.SourceWedge && source != border.SourceKeyed {
		return &border.Error{Code: border.Invalid, Op: "take a scan from a screen", Message: "A screen sends scans as wedge or keyed."}
	}
	if len(in.Text) > maxScan {
		return &border.Error{Code: border.TooLarge, Op: "take a scan from a screen"}
	}
	var lines []string
	for _, l := range strings.FieldsFunc(in.Text, func(r rune) bool { return r == '\r' || r == '\n' || r == '\t' }) {
		if l = strings.TrimSpace(l); l != "" {
			lines = append(lines, l)
		}
	}
	if len(lines) == 0 {
		return &border.Error{Code: border.Invalid, Op: "take a scan from a screen", Message: "There is nothing to read. Type the lines at the foot of the document's page."}
	}
	scanner := "" // nothing read it
	if source == border.SourceWedge {
		scanner = "browser"
	}
	ctx, cancel := limited(c)
	defer cancel()
	err := s.service(c).Scan(ctx, border.Scan{Counter: counterOf(c), Source: source, Scanner: scanner, Lines: lines, ReceivedAt: s.cfg.Clock.Now()})
	if err != nil {
		return err
	}
	return c.JSON(done{})
}
