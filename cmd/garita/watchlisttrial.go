package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"

	"garita/border"
	"garita/border/watch"
	"garita/border/watch/source"
	"garita/border/watch/trial"
)

// watchlistTrialCmd is `garita watchlist trial`.
type watchlistTrialCmd struct {
	Lists     string     `required:"" placeholder:"DIR" type:"path" help:"Folder with the lists: un/consolidated.xml and ofac/, or entries.jsonl."`
	Out       string     `required:"" placeholder:"DIR" type:"path" help:"Folder for the set."`
	Seed      uint64     `help:"Seed; 0 takes one at random. It is printed."`
	Positives int        `default:"600" help:"Listed persons asked for, at most; there may not be so many."`
	Negatives int        `default:"3000" help:"Innocent travellers."`
	Part      trial.Part `default:"all" enum:"all,tune,held" help:"Which persons: those for tuning, those held back for the figure that is told, or all."`
	Without   string     `placeholder:"TRUTH" type:"path" help:"truth.jsonl of another set whose persons are not asked for."`
}

// Help is the long help text.
func (watchlistTrialCmd) Help() string {
	return `Takes one spelling of each of some listed persons off the list and writes into the folder:

  entries.jsonl        the list without them (garita watchlist build --source all:entries=FILE)
  queries.jsonl        travellers who bear them as a zone prints them, among innocent ones
  queries-nodob.jsonl  the same without dates of birth
  truth.jsonl          who is who

Innocent travellers have invented names, and two in ten have names put together from
listed ones. The set holds personal data of listed persons.`
}

// Run makes the set.
func (c watchlistTrialCmd) Run(ctx context.Context, w *world) error {
	entries, err := loadLists(ctx, c.Lists)
	if err != nil {
		return err
	}
	without := make(map[watch.Key]bool)
	if c.Without != "" {
		truth, err := trial.ReadFile[trial.Truth](c.Without)
		if err != nil {
			return err
		}
		for _, t := range truth {
			for _, e := range t.Expect {
				without[watch.Key{Source: e.Source, ID: e.Entry}] = true
			}
		}
	}
	if c.Seed == 0 {
		var b [8]byte
		rand.Read(b[:])
		c.Seed = binary.LittleEndian.Uint64(b[:])>>32 + 1
	}
	s, err := trial.Make(entries, trial.Options{Seed: c.Seed, Positives: c.Positives, Negatives: c.Negatives, Part: c.Part, Without: without})
	if err != nil {
		return err
	}
	if err := s.Write(c.Out); err != nil {
		return err
	}
	asked := 0
	for _, t := range s.Truth {
		if len(t.Expect) > 0 {
			asked++
		}
	}
	fmt.Fprintf(w.out, "seed %d: %d listed persons of %d who can be asked for, %d innocent travellers; %s taken off\n",
		c.Seed, asked, s.Eligible, len(s.Truth)-asked, count(s.Removed, "spelling", "spellings"))
	return nil
}

// loadLists reads the lists of a folder: entries.jsonl, or un/consolidated.xml and ofac/, in
// it or in its folder lists.
func loadLists(ctx context.Context, dir string) ([]*watch.Entry, error) {
	if path := filepath.Join(dir, "entries.jsonl"); exists(path) {
		return trial.ReadFile[watch.Entry](path)
	}
	if sub := filepath.Join(dir, "lists"); exists(sub) {
		dir = sub
	}
	var all []*watch.Entry
	for _, s := range []sourceFlag{{"un", source.UN, filepath.Join(dir, "un", "consolidated.xml")}, {"ofac", source.OFAC, filepath.Join(dir, "ofac")}} {
		if !exists(s.path) {
			continue
		}
		entries, _, err := s.load(ctx, source.Terms{})
		if err != nil {
			return nil, err
		}
		all = append(all, entries...)
	}
	if len(all) == 0 {
		return nil, &border.Error{Code: border.NotFound, Op: "read lists", Message: "There are no lists in " + dir + "."}
	}
	return all, nil
}

func exists(path string) bool {
	_, err := os.Stat(path) //nolint:gosec // who runs the tool names its files
	return err == nil
}
