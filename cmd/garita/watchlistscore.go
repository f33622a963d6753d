package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"

	"garita/border/watch/trial"
)

// watchlistScoreCmd is `garita watchlist score`.
type watchlistScoreCmd struct {
	Truth string `required:"" placeholder:"FILE" type:"path" help:"truth.jsonl of a test set."`
	Hits  string `required:"" placeholder:"FILE" type:"path" help:"What garita watchlist screen answered to its queries.jsonl."`
	NoDOB string `name:"hits-nodob" placeholder:"FILE" type:"path" help:"What it answered to queries-nodob.jsonl."`
	JSON  bool   `help:"Print one line of JSON."`
}

// Run counts and prints.
func (c watchlistScoreCmd) Run(w *world) error {
	truth, err := trial.ReadFile[trial.Truth](c.Truth)
	if err != nil {
		return err
	}
	results := make(map[string]*trial.Result)
	for name, path := range map[string]string{"with_dob": c.Hits, "without_dob": c.NoDOB} {
		if path == "" {
			continue
		}
		answers, err := trial.ReadFile[trial.Answer](path)
		if err != nil {
			return err
		}
		if results[name], err = trial.Score(truth, answers); err != nil {
			return err
		}
	}
	if c.JSON {
		return printJSON(w.out, results)
	}
	return printResults(w.out, results)
}

// printResults prints tables: the curve, and what is found by kind at the operating rate.
func printResults(out io.Writer, results map[string]*trial.Result) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(t, "recall at\t")
	for _, f := range trial.Rates {
		fmt.Fprintf(t, "%g %%\t", 100*f)
	}
	fmt.Fprint(t, "any score\tsanity\t\n")
	for _, name := range slices.Sorted(maps.Keys(results)) {
		r := results[name]
		fmt.Fprintf(t, "%s\t", words(name))
		for _, p := range r.Curve {
			fmt.Fprintf(t, "%.3f\t", p.Recall)
		}
		fmt.Fprintf(t, "%.3f\t%.3f\t\n", r.Top10, r.Sanity)
	}
	fmt.Fprintln(t)
	for _, name := range slices.Sorted(maps.Keys(results)) {
		r := results[name]
		fmt.Fprintf(t, "%s at %g %%\tn\trecall\t\n", words(name), 100*trial.OperatingRate)
		for _, g := range slices.Sorted(maps.Keys(r.Groups)) {
			fmt.Fprintf(t, "%s\t%d\t%.3f\t\n", g, r.Groups[g].N, r.Groups[g].Recall)
		}
	}
	return t.Flush()
}
