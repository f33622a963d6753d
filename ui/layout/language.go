package layout

import (
	"html/template"

	"github.com/gofiber/fiber/v2"

	"garita/border/access"
	"garita/ui/i18n"
)

// LanguageCookie keeps what a browser's reader chose before anybody signed in. It tells nothing else.
const LanguageCookie = "garita_language"

// Printer returns the printer for who asks: in the language of the officer, else in the one chosen at this
// browser, else in the browser's own, else in English.
func Printer(c *fiber.Ctx) *i18n.Printer {
	if who := access.From(c.UserContext()); who != nil {
		if l := i18n.Of(who.Language); l != "" {
			return i18n.In(l)
		}
	}
	if l := i18n.Of(c.Cookies(LanguageCookie)); l != "" {
		return i18n.In(l)
	}
	return i18n.In(i18n.Accepted(c.Get(fiber.HeaderAcceptLanguage)))
}

// functions are what templates write texts with:
//
//	{{t "Waiting for {0}" .Name}}                a text
//	{{th "Press {0} to go on" (kbd "F8")}}       a text with parts that are HTML; all else is escaped
//	{{th "See {0}" (link "/lists" "…")}}         other such parts are bdi, strong and mono
//	{{n .Count "{0} person" "{0} persons"}}      a text that counts
//	{{lang}}                                     the language's tag
func functions(p *i18n.Printer) template.FuncMap {
	return template.FuncMap{
		"t":    p.T,
		"n":    p.N,
		"lang": func() string { return string(p.Lang()) },
		"kbd": func(key string) template.HTML {
			return template.HTML("<kbd>" + template.HTMLEscapeString(key) + "</kbd>") //nolint:gosec // escaped
		},
		"bdi": func(name string) template.HTML {
			return template.HTML(`<bdi dir="auto">` + template.HTMLEscapeString(name) + "</bdi>") //nolint:gosec // escaped
		},
		"strong": func(text string) template.HTML {
			return template.HTML("<strong>" + template.HTMLEscapeString(text) + "</strong>") //nolint:gosec // escaped
		},
		"mono": func(text string) template.HTML {
			return template.HTML(`<span class="mono">` + template.HTMLEscapeString(text) + "</span>") //nolint:gosec // escaped
		},
		"link": func(to, text string) template.HTML { // to is a constant of a template
			return template.HTML(`<a class="govuk-link" href="` + template.HTMLEscapeString(to) + `">` + template.HTMLEscapeString(text) + "</a>") //nolint:gosec // escaped
		},
		"th": func(m i18n.Msg, args ...any) template.HTML {
			safe := make([]any, len(args))
			for i, a := range args {
				switch v := a.(type) {
				case template.HTML:
					safe[i] = string(v)
				case int, i18n.Msg:
					safe[i] = v // a printer's own words and numbers; translations are ours
				default:
					safe[i] = template.HTMLEscaper(v)
				}
			}
			// The text itself is a constant of the program or of its catalogues, which a test keeps free of markup.
			return template.HTML(p.T(m, safe...)) //nolint:gosec // see above
		},
	}
}
