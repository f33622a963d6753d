package layout

import (
	"bytes"
	"compress/gzip"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// worthPacking is from how many bytes on a page is sent compressed.
const worthPacking = 4 << 10

// packed sends a page, compressed if the browser takes that: a counter's page is sixty thousand bytes, most of
// them the codes of the form. Nobody can learn anything from its length (as in BREACH): pages hold no
// secret token, and requests from other sites come without the session.
func packed(c *fiber.Ctx, page []byte) error {
	c.Vary(fiber.HeaderAcceptEncoding)
	if len(page) < worthPacking || !strings.Contains(c.Get(fiber.HeaderAcceptEncoding), "gzip") {
		return c.Send(page)
	}
	var z bytes.Buffer
	w, err := gzip.NewWriterLevel(&z, gzip.BestSpeed)
	if err != nil {
		return err
	}
	if _, err := w.Write(page); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	c.Set(fiber.HeaderContentEncoding, "gzip")
	return c.Send(z.Bytes())
}
