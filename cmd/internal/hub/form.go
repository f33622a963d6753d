package hub

import (
	"os"

	"garita/border"
	"garita/border/form"
)

// readForm gives the form that is configured, and the country that files are of: none if no form is, for the one that
// ships is of an invented country, which only the demonstration is in.
func (c *Config) readForm() (f *form.Form, area string, err error) {
	if c.Form == "" {
		f = form.Default()
		if c.Demo {
			area = f.Country()
		}
		return f, area, nil
	}
	b, err := os.ReadFile(c.Form)
	if err != nil {
		return nil, "", &border.Error{Code: border.NotFound, Op: "read the form", Err: err}
	}
	if f, err = form.Parse(b); err != nil {
		return nil, "", err
	}
	return f, f.Country(), nil
}
