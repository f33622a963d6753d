package main

import (
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"garita/border"
	"garita/border/watch/source"
)

// watchlistCmd is `garita watchlist`.
type watchlistCmd struct {
	Import    watchlistImportCmd    `cmd:"" help:"Check a source: what would be read, and what is skipped and why."`
	Build     watchlistBuildCmd     `cmd:"" help:"Make a list from sources."`
	Info      watchlistInfoCmd      `cmd:"" help:"Say what a list is made of."`
	Diff      watchlistDiffCmd      `cmd:"" help:"Compare two lists."`
	Screen    watchlistScreenCmd    `cmd:"" help:"Ask a list for travellers: JSON Lines in, JSON Lines out."`
	Explain   watchlistExplainCmd   `cmd:"" help:"Say why travellers are hits, field by field."`
	Sign      watchlistSignCmd      `cmd:"" help:"Seal a list and sign its manifest."`
	Verify    watchlistVerifyCmd    `cmd:"" help:"Check the signature of a list's manifest, and that it is this list's."`
	Template  watchlistTemplateCmd  `cmd:"" help:"Print an empty national list with an example row."`
	Trial     watchlistTrialCmd     `cmd:"" help:"Make a test set: spellings taken off a list, and travellers who bear them."`
	Score     watchlistScoreCmd     `cmd:"" help:"Count how many listed travellers were found for how many innocent ones stopped."`
	Calibrate watchlistCalibrateCmd `cmd:"" help:"Draw what a list's scores are worth."`
}

// sourceFlag is a source as a command line names it: NAME=PATH, where the name is that of a
// format, or NAME:FORMAT=PATH.
type sourceFlag struct {
	name string
	kind source.Kind
	path string
}

var sourceName = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}$`)

// kinds are the formats of sources.
var kinds = []source.Kind{source.UN, source.OFAC, source.FtM, source.INTERPOL, source.CSV, source.Documents, entriesKind}

// UnmarshalText reads a source from the command line.
func (s *sourceFlag) UnmarshalText(text []byte) error {
	label, path, ok := strings.Cut(string(text), "=")
	name, kind, named := strings.Cut(label, ":")
	if !named {
		kind = name
	}
	switch {
	case !ok || path == "":
		return fmt.Errorf("%q is no source; write NAME=PATH or NAME:FORMAT=PATH", text)
	case !sourceName.MatchString(name):
		return fmt.Errorf("the name of a source has up to 32 of a to z, 0 to 9, - and _, the first a letter")
	case !slices.Contains(kinds, source.Kind(kind)):
		return fmt.Errorf("there is no format %q; there are %v", kind, kinds)
	}
	*s = sourceFlag{name, source.Kind(kind), path}
	return nil
}

// sourcesHelp explains sources in the help texts of the commands that take them.
const sourcesHelp = `
A source is NAME=PATH or NAME:FORMAT=PATH. NAME stands with each hit; without FORMAT it is
the format too:

  un         United Nations Security Council consolidated list, XML file
  ofac       OFAC SDN, folder with sdn.csv, alt.csv, add.csv and sdn_comments.csv
  ftm        OpenSanctions, FollowTheMoney JSON Lines
  interpol   INTERPOL public notices, JSON
  csv        a national list in Garita's own form
  documents  stolen, lost and revoked documents, CSV
  entries    entries as Garita keeps them, JSON Lines`

// report prints what was read of a source. It names lines, never what is in them.
func (s sourceFlag) report(out io.Writer, r source.Report, problems int) {
	fmt.Fprintf(out, "%s: %s\n", s.name, count(r.Entries, "entry", "entries"))
	for _, code := range slices.Sorted(maps.Keys(r.Counts)) {
		fmt.Fprintf(out, "  %s: %d\n", code, r.Counts[code])
	}
	for i, p := range r.Problems {
		if i == problems {
			fmt.Fprintf(out, "  and %d more\n", len(r.Problems)-problems+r.More)
			return
		}
		fmt.Fprintf(out, "  %s:%d: %s%s%s\n", or(p.File, s.path), p.Line, p.Code, in(p.Field), skipped(p.Skipped))
	}
	if r.More > 0 && problems >= len(r.Problems) && problems > 0 {
		fmt.Fprintf(out, "  and %d more\n", r.More)
	}
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func in(field string) string {
	if field == "" {
		return ""
	}
	return " in " + field
}

func skipped(is bool) string {
	if is {
		return ", skipped"
	}
	return ""
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func invalidList(op, message string) error {
	return &border.Error{Code: border.Invalid, Op: op, Message: message}
}
