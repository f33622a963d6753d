package main

import (
	"io"

	"garita/border/watch/source"
)

// watchlistTemplateCmd is `garita watchlist template`.
type watchlistTemplateCmd struct{}

// Run prints the template of national lists; docs/watchlist-formats.md explains its columns.
func (watchlistTemplateCmd) Run(w *world) error {
	_, err := io.WriteString(w.out, source.Template)
	return err
}
