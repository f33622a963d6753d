package main

import (
	"fmt"
	"strings"

	"garita/border/watch"
	"garita/border/watch/trial"
)

// watchlistExplainCmd is `garita watchlist explain`.
type watchlistExplainCmd struct {
	List  string `required:"" placeholder:"LIST" type:"path" help:"The list."`
	Entry string `placeholder:"SOURCE/ID" help:"The entry to compare with; without it the best hits."`
	Most  int    `default:"3" help:"How many hits are explained."`
}

// Help is the long help text.
func (watchlistExplainCmd) Help() string {
	return `Reads travellers as "garita watchlist screen" does, and says of each hit what speaks for it
and against it, field by field. Weights are natural logarithms of likelihood ratios: +2.3
makes it ten times as likely that the traveller is the listed person, -2.3 ten times less.

What it prints is personal data of listed persons.`
}

// Run explains every line of standard input.
func (c watchlistExplainCmd) Run(w *world) error {
	var only watch.Key
	if c.Entry != "" {
		source, id, ok := strings.Cut(c.Entry, "/")
		if !ok {
			return invalidList("explain hit", "An entry is named SOURCE/ID.")
		}
		only = watch.Key{Source: source, ID: id}
	}
	l, err := openList(c.List)
	if err != nil {
		return err
	}
	return trial.ReadLines(w.in, func(q *trial.Question) error {
		query := q.Query()
		keys := []watch.Key{only}
		if c.Entry == "" {
			keys = nil
			for _, h := range l.Check(&query, nil) {
				if len(keys) < c.Most {
					keys = append(keys, h.Entry)
				}
			}
		}
		if len(keys) == 0 {
			fmt.Fprintf(w.out, "%s: no hit\n", q.ID)
		}
		for _, k := range keys {
			x, ok := l.Explain(&query, k)
			if !ok {
				return invalidList("explain hit", "There is no such entry in the list.")
			}
			e, _ := l.Entry(k)
			explainHit(w, q.ID, x, e)
		}
		return nil
	})
}

// explainHit prints one hit.
func explainHit(w *world, id string, x watch.Explanation, e *watch.Entry) {
	name := ""
	if x.Hit.Name >= 0 && x.Hit.Name < len(e.Names) {
		name = ", " + plainName(e.Names[x.Hit.Name])
	}
	fmt.Fprintf(w.out, "%s: %s%s: %s\n", id, x.Hit.Entry, name, percent(x.Hit.Score))
	fmt.Fprintf(w.out, "  %+6.1f  before any field\n", x.Prior)
	for _, f := range x.Fields {
		fmt.Fprintf(w.out, "  %+6.1f  %s: %s%s\n", f.Weight, words(f.Field), words(f.Level), compared(f))
	}
}

func compared(f watch.Evidence) string {
	if f.Asked == "" && f.Listed == "" {
		return ""
	}
	return fmt.Sprintf(" (has %s, listed %s)", or(f.Asked, "none"), or(f.Listed, "none"))
}

// words makes a code readable.
func words(code string) string { return strings.ReplaceAll(code, "_", " ") }

// percent writes a probability so that the ends can be told from certainty.
func percent(p float64) string {
	switch {
	case p > 0.9995:
		return "more than 99.9 % likely"
	case p < 0.0005:
		return "less than 0.1 % likely"
	}
	return fmt.Sprintf("%.1f %% likely", 100*p)
}
