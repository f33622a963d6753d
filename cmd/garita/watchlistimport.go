package main

import (
	"context"

	"garita/border/watch/source"
)

// watchlistImportCmd is `garita watchlist import`.
type watchlistImportCmd struct {
	Source   sourceFlag `arg:"" placeholder:"NAME=PATH" help:"The source."`
	JSON     bool       `help:"Print the report as one line of JSON."`
	Problems int        `default:"20" help:"How many problems are named one by one."`
}

// Help is the long help text.
func (watchlistImportCmd) Help() string {
	return `Reads a source as the hub would, and prints how many entries it has, and what was left out:
the line, why and, where it has a name, the field. What the file says is never repeated.
Exits with 1 if the file cannot be read as a whole; a bad row is no reason.
` + sourcesHelp
}

// Run reads and reports.
func (c watchlistImportCmd) Run(ctx context.Context, w *world) error {
	var report source.Report
	var err error
	if c.Source.kind == source.Documents {
		report, err = readDocuments(ctx, c.Source, func(issuer, kind, number string) {})
	} else {
		_, report, err = c.Source.load(ctx, source.Terms{})
	}
	if c.JSON {
		if err := printJSON(w.out, report); err != nil {
			return err
		}
	} else {
		c.Source.report(w.out, report, c.Problems)
	}
	return err
}
