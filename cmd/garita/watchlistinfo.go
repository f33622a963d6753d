package main

import (
	"fmt"
	"text/tabwriter"
	"time"
)

// watchlistInfoCmd is `garita watchlist info`.
type watchlistInfoCmd struct {
	List string `arg:"" placeholder:"LIST" type:"path" help:"The list."`
}

// Run prints what the list is made of.
func (c watchlistInfoCmd) Run(w *world) error {
	start := w.now()
	l, err := openList(c.List)
	if err != nil {
		return err
	}
	took := w.now().Sub(start)
	names, births, documents := 0, 0, 0
	handling := make(map[string]int)
	for e := range l.Entries() {
		names += len(e.Names)
		documents += len(e.Documents)
		if len(e.BirthDates) > 0 {
			births++
		}
		handling[string(e.Handling)]++
	}
	fmt.Fprintf(w.out, "%s, %s, %s with a date of birth, %s\n", count(l.Len(), "entry", "entries"),
		count(names, "name", "names"), count(births, "entry", "entries"), count(documents, "document", "documents"))
	fmt.Fprintf(w.out, "handling: %d open, %d refer, %d silent\n", handling["open"], handling["refer"], handling["silent"])
	fmt.Fprintf(w.out, "%d bytes, opened in %s\n", l.size, took.Round(time.Millisecond))
	if l.documents != nil {
		fmt.Fprintf(w.out, "document filter: %d documents, %d bytes in memory\n", l.documents.Documents(), l.documents.Size())
	}
	t := tabwriter.NewWriter(w.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "SOURCE\tENTRIES\tVERSION\tISSUED\tOLD AFTER")
	for _, s := range l.Sources() {
		issued, old := "-", "-"
		if !s.Issued.IsZero() {
			issued = s.Issued.UTC().Format(time.DateOnly)
		}
		if s.MaxAge > 0 {
			old = s.MaxAge.String()
		}
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%s\n", s.Name, s.Entries, or(s.Version, "-"), issued, old)
	}
	return t.Flush()
}
