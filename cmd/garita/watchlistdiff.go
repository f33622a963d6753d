package main

import (
	"fmt"
	"slices"
	"strings"

	"garita/border/watch"
	"garita/border/watch/source"
)

// watchlistDiffCmd is `garita watchlist diff`.
type watchlistDiffCmd struct {
	Old  string `arg:"" placeholder:"OLD" type:"path" help:"A list."`
	New  string `arg:"" placeholder:"NEW" type:"path" help:"Another."`
	Keys bool   `default:"true" negatable:"" help:"Name the entries, not only how many there are."`
}

// Run compares.
func (c watchlistDiffCmd) Run(w *world) error {
	before, err := openList(c.Old)
	if err != nil {
		return err
	}
	after, err := openList(c.New)
	if err != nil {
		return err
	}
	d := source.Compare(slices.Collect(before.Entries()), slices.Collect(after.Entries()))
	if c.Keys {
		for _, e := range d.Removed {
			fmt.Fprintf(w.out, "- %s\n", e.Key())
		}
		for _, e := range d.Added {
			fmt.Fprintf(w.out, "+ %s\n", e.Key())
		}
		for _, x := range d.Changed {
			fmt.Fprintf(w.out, "~ %s: %s%s\n", x.After.Key(), strings.Join(x.Fields, ", "), identity(x.Before, x.After))
		}
	}
	_, err = fmt.Fprintf(w.out, "%d added, %d removed, %d changed; %s before, %d now\n", len(d.Added), len(d.Removed), len(d.Changed),
		count(d.Before, "entry", "entries"), d.After)
	return err
}

// identity says whether a change touches what a person is told by; then what was judged "not
// this person" is judged again.
func identity(a, b *watch.Entry) string {
	if watch.FingerprintOf(a) != watch.FingerprintOf(b) {
		return " (another identity)"
	}
	return ""
}
