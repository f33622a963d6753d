// Package layout is what all screens share: the page around them, their assets under
// addresses that change with the content, and the headers and checks that keep other
// sites' pages out.
package layout

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"

	"github.com/gofiber/fiber/v2"
)

//go:embed base.html head.html lock.html second.html problem.html
var files embed.FS

// Page is what the base template needs from a screen.
type Page struct {
	Lang   string // BCP 47, of the page's text
	Title  string
	Kind   string // counter, operations, workshop, watchlists, cases…: names the styles, the place in the head
	Script string // "": named as the kind
	Screen any    // what the screen's own templates show

	// Set by [Layout.Send], from [Use] and from who is signed in.
	Site  Site
	Who   *Who // nil: nobody
	Links []Link
}

// Layout renders pages. Safe for concurrent use.
type Layout struct {
	assets *Assets
	pages  *template.Template
}

// New reads a screen's templates from the root of fsys: all its *.html files. They must
// define "body", which sees the screen, and may define "note" (a line in the head) and "head",
// which see the [Page]; their other definitions can be rendered alone with [Layout.Fragment].
func New(assets *Assets, fsys fs.FS) (*Layout, error) {
	t := template.New("base").Funcs(template.FuncMap{"asset": assets.URL})
	t, err := t.ParseFS(files, "base.html", "head.html", "lock.html", "second.html")
	if err != nil {
		return nil, fmt.Errorf("read the base template: %w", err)
	}
	if t, err = t.ParseFS(fsys, "*.html"); err != nil {
		return nil, fmt.Errorf("read the screen's templates: %w", err)
	}
	return &Layout{assets: assets, pages: t}, nil
}

// Fragment renders one of the screen's definitions.
func (l *Layout) Fragment(name string, data any) ([]byte, error) {
	var b bytes.Buffer
	if err := l.pages.ExecuteTemplate(&b, name, data); err != nil {
		return nil, fmt.Errorf("render %s: %w", name, err)
	}
	return b.Bytes(), nil
}

// Send renders a whole page into the response. Pages are never stored: they show people.
func (l *Layout) Send(c *fiber.Ctx, p Page) error {
	p.frame(c)
	b, err := l.Fragment("base.html", p)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Send(b)
}
