package layout

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"html/template"
	"log/slog"
	"strings"

	"github.com/gofiber/fiber/v2"

	"garita/ui/problem"
)

// Problems turns the errors of the handlers behind it into answers: JSON for scripts, a
// small page for a person who opened an address. Faults of ours are logged once, with a
// reference that the person can read out; the answer carries no cause.
func (l *Layout) Problems(log *slog.Logger) fiber.Handler {
	return func(c *fiber.Ctx) error {
		err := c.Next()
		if err == nil {
			return nil
		}
		said := Printer(c)
		p := problem.Of(said, err)
		if p.Status >= 500 {
			ref := reference()
			log.Error("a screen's request failed", "ref", ref, "method", c.Method(), "route", c.Route().Path, "code", string(p.Code), "error", err)
			p.Next = said.T("{0} (Reference {1})", p.Next, ref)
		}
		c.Status(p.Status)
		c.Set(fiber.HeaderCacheControl, "no-store")
		if !strings.Contains(c.Get(fiber.HeaderAccept), fiber.MIMETextHTML) {
			return c.JSON(p)
		}
		return l.assets.SendProblem(c, p)
	}
}

// SendProblem answers with a small page that says what went wrong, in the reader's language.
func (a *Assets) SendProblem(c *fiber.Ctx, p problem.Problem) error {
	var b bytes.Buffer
	t, err := template.New("").Funcs(template.FuncMap{"asset": a.URL}).Funcs(functions(Printer(c))).ParseFS(files, "problem.html")
	if err == nil {
		err = t.ExecuteTemplate(&b, "problem.html", p)
	}
	if err != nil {
		return c.SendString(p.Text())
	}
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	return c.Send(b.Bytes())
}

// reference names one failure in the log and on the screen.
func reference() string {
	var b [4]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "none"
	}
	return hex.EncodeToString(b[:])
}
