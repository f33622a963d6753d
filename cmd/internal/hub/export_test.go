package hub

import "garita/border/access"

// Served lists the routes of the program, in the order in which it looks.
func (h *Hub) Served() (out []access.Served) {
	for _, r := range h.app.GetRoutes(true) {
		out = append(out, access.Served{Method: r.Method, Path: r.Path})
	}
	return out
}

// ReadForm gives the form that the pages have their words from, and the country in their files.
var ReadForm = (*Config).readForm
