package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"garita/border"
	"garita/border/watch"
	"garita/border/watch/document"
	releases "garita/border/watch/release"
	"garita/border/watch/source"
)

// watchlistBuildCmd is `garita watchlist build`.
type watchlistBuildCmd struct {
	Source   []sourceFlag   `required:"" sep:"none" placeholder:"NAME=PATH" help:"A source; may be given several times."`
	Out      string         `required:"" placeholder:"LIST" type:"path" help:"The list to write: a file, or a folder if it has documents. What is there is replaced."`
	Name     string         `default:"national" help:"Name of the list."`
	Handling watch.Handling `default:"refer" enum:"open,refer,silent" help:"Handling of entries whose source does not say."`
	Problems int            `default:"5" help:"How many problems of each source are named one by one."`
}

// Help is the long help text.
func (watchlistBuildCmd) Help() string {
	return `Reads the sources and writes one list, as hub and posts use it. The same sources give the
same bytes. What was left out is told on standard error.

  garita watchlist build --source un=consolidated.xml --source ofac=sdn/ --source court:csv=court.csv --out national.list
` + sourcesHelp
}

// Run builds.
func (c watchlistBuildCmd) Run(ctx context.Context, w *world) error {
	if !releases.ValidList(c.Name) {
		return invalidList("build list", "The name of a list has up to 32 of a to z, 0 to 9, - and _, the first a letter.")
	}
	d := watch.Description{Name: c.Name}
	var entries []*watch.Entry
	var documents []uint64
	var secret []byte
	var epoch border.Epoch
	seen := make(map[string]bool)
	for _, s := range c.Source {
		if seen[s.name] {
			return invalidList("build list", "The source "+s.name+" is given twice; write NAME:FORMAT=PATH to name two of one format apart.")
		}
		seen[s.name] = true
		var report source.Report
		var err error
		if s.kind == source.Documents {
			if secret == nil {
				secret = make([]byte, 32)
				rand.Read(secret)
				rand.Read(epoch[:])
			}
			documents, report, err = hashDocuments(ctx, s, secret, epoch, documents)
		} else {
			var more []*watch.Entry
			more, report, err = s.load(ctx, source.Terms{Handling: c.Handling})
			entries = append(entries, more...)
		}
		s.report(w.err, report, c.Problems)
		if err != nil {
			return err
		}
		d.Sources = append(d.Sources, watch.Source{Name: s.name, Version: report.Version, Issued: report.Issued, MaxAge: report.MaxAge, Entries: report.Entries})
	}
	base, err := watch.Compile(d, entries)
	if err != nil {
		return err
	}
	return c.write(w, base, secret, epoch, documents)
}

// hashDocuments adds the keyed hashes of a document list.
func hashDocuments(ctx context.Context, s sourceFlag, secret []byte, epoch border.Epoch, hashes []uint64) ([]uint64, source.Report, error) {
	key, err := document.DeriveKey(secret, documentsFile, epoch)
	if err != nil {
		return nil, source.Report{}, err
	}
	report, err := readDocuments(ctx, s, func(issuer, kind, number string) {
		for d := range key.Row(issuer, kind, number) {
			hashes = append(hashes, d.Lo)
		}
	})
	return hashes, report, err
}

// write writes the list, with documents as a folder.
func (c watchlistBuildCmd) write(w *world, base *watch.Base, secret []byte, epoch border.Epoch, documents []uint64) error {
	persons := c.Out
	info, err := os.Stat(c.Out)
	if secret != nil || err == nil && info.IsDir() {
		if err := os.MkdirAll(c.Out, 0o700); err != nil {
			return &border.Error{Code: border.Unavailable, Op: "write list", Message: "The folder " + c.Out + " cannot be made.", Err: err}
		}
		persons = filepath.Join(c.Out, personsFile)
	}
	if secret != nil {
		filter, err := document.Build(epoch, documents)
		if err != nil {
			return err
		}
		if err := replaceFile(filepath.Join(c.Out, keyFile), func(w io.Writer) error { _, err := w.Write(secret); return err }); err != nil {
			return err
		}
		if err := replaceFile(filepath.Join(c.Out, documentsFile), func(w io.Writer) error { _, err := filter.WriteTo(w); return err }); err != nil {
			return err
		}
	}
	var size int64
	if err := replaceFile(persons, func(w io.Writer) error { size, err = base.WriteTo(w); return err }); err != nil {
		return err
	}
	fmt.Fprintf(w.err, "%s: %s, %d bytes\n", persons, count(watch.New(base).Len(), "entry", "entries"), size)
	return nil
}
