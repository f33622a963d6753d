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

	"garita/ui/i18n"
)

//go:embed base.html head.html help.html lock.html second.html problem.html
var files embed.FS

// Page is what the base template needs from a screen.
type Page struct {
	Lang   string // BCP 47, of the page's text; "": that of the reader, see [Printer]
	Title  string
	Kind   string // counter, operations, workshop, watchlists, cases…: names the styles, the place in the head
	Script string // "": named as the kind
	Screen any    // what the screen's own templates show
	// Training says that nothing on the page is in earnest: all of it looks so, and says it.
	Training bool

	// Set by [Layout.Send], from [Use] and from who is signed in.
	Site  Site
	Who   *Who // nil: nobody
	Links []Link
	At    string // the page's path, where a person can come back to it
	Cards []Card
}

// Layout renders pages in one language, see [Layout.In]. Safe for concurrent use.
type Layout struct {
	assets  *Assets
	pages   *template.Template
	tongues map[i18n.Lang]*template.Template
}

// New reads a screen's templates from the root of fsys: all its *.html files. They must
// define "body", which sees the screen, and may define "note" (a line in the head) and "head",
// which see the [Page]; their other definitions can be rendered alone with [Layout.Fragment]. In
// them t, th and n write texts of the catalogue, see [i18n.Printer] and [functions].
func New(assets *Assets, fsys fs.FS) (*Layout, error) {
	t := template.New("base").Funcs(template.FuncMap{"asset": assets.URL, "built": assets.built}).Funcs(functions(i18n.In(i18n.English)))
	t, err := t.ParseFS(files, "base.html", "head.html", "help.html", "lock.html", "second.html")
	if err != nil {
		return nil, fmt.Errorf("read the base template: %w", err)
	}
	if t, err = t.ParseFS(fsys, "*.html"); err != nil {
		return nil, fmt.Errorf("read the screen's templates: %w", err)
	}
	l := &Layout{assets: assets, tongues: make(map[i18n.Lang]*template.Template)}
	for _, lang := range i18n.Langs() {
		own, err := t.Clone()
		if err != nil {
			return nil, fmt.Errorf("read the screen's templates: %w", err)
		}
		l.tongues[lang] = own.Funcs(functions(i18n.In(lang)))
	}
	l.pages = l.tongues[i18n.English]
	return l, nil
}

// In returns the layout in the language of a printer.
func (l *Layout) In(p *i18n.Printer) *Layout {
	own := *l
	own.pages = l.tongues[p.Lang()]
	return &own
}

// Marked returns the layout for a test that looks for texts which no printer wrote, see [i18n.Pseudo]. It must
// come before anything is rendered in English.
func (l *Layout) Marked() (*Layout, error) {
	pages, err := l.tongues[i18n.English].Clone()
	if err != nil {
		return nil, err
	}
	own := *l
	own.pages = pages.Funcs(functions(i18n.Pseudo()))
	own.tongues = map[i18n.Lang]*template.Template{i18n.English: own.pages} // [Layout.In] does not lead out of it
	return &own, nil
}

// Has reports whether there is a definition of that name.
func (l *Layout) Has(name string) bool { return l.pages.Lookup(name) != nil }

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
	to := Printer(c)
	if p.Lang != "" {
		to = i18n.In(i18n.Lang(p.Lang))
	}
	p.Lang = string(to.Lang())
	p.frame(c, to)
	b, err := l.In(to).Fragment("base.html", p)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	c.Set(fiber.HeaderCacheControl, "no-store")
	return packed(c, b)
}
