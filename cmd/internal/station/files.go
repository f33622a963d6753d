package station

import (
	"os"

	"garita/border"
	"garita/border/counter"
	"garita/border/watch"
	"garita/border/watch/table"
	"garita/cmd/internal/settings"
)

// readOfficers reads the officers' file: [[officer]] badge, name, roles.
func readOfficers(path string) ([]counter.Officer, error) {
	var f struct {
		Officers []counter.Officer `toml:"officer"`
	}
	if err := settings.Load(path, &f, func(string) string { return "" }); err != nil {
		return nil, err
	}
	seen := make(map[string]bool)
	for _, o := range f.Officers {
		if o.Badge == "" || o.Name == "" || seen[o.Badge] {
			return nil, &border.Error{Code: border.Invalid, Op: "read the officers",
				Message: "Each officer needs a badge of their own and a name."}
		}
		seen[o.Badge] = true
	}
	if len(f.Officers) == 0 {
		return nil, &border.Error{Code: border.Invalid, Op: "read the officers", Message: "There is no officer in " + path + "."}
	}
	return f.Officers, nil
}

// readLists reads the local lists.
func readLists(paths []string) ([]counter.List, error) {
	var lists []counter.List
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			return nil, &border.Error{Code: border.NotFound, Op: "read the list " + path, Err: err}
		}
		l, err := table.ReadCSV(f)
		if err := f.Close(); err != nil {
			return nil, &border.Error{Code: border.Internal, Op: "read the list " + path, Err: err}
		}
		if err != nil {
			return nil, &border.Error{Code: border.Invalid, Op: "read the list " + path, Err: err}
		}
		d := watch.Description{Name: l.Title, Sources: []watch.Source{{Name: l.Title, Version: l.Version, Issued: l.Issued, MaxAge: l.MaxAge, Entries: l.Len()}}}
		var entries []*watch.Entry
		for _, e := range l.Entries() {
			w := &watch.Entry{Source: l.Title, ID: e.ID, Handling: watch.Handling(e.Handling)}
			if e.Surname != "" || e.GivenNames != "" {
				w.Names = []watch.Name{{Surname: e.Surname, GivenNames: e.GivenNames, Quality: watch.Primary}}
			}
			if e.BirthDate != "" {
				w.BirthDates = []string{e.BirthDate}
			}
			if e.Nationality != "" {
				w.Nationalities = []string{e.Nationality}
			}
			if e.DocumentNumber != "" {
				w.Documents = []watch.Document{{Issuer: e.DocumentIssuer, Number: e.DocumentNumber}}
			}
			entries = append(entries, w)
		}
		base, err := watch.Compile(d, entries)
		if err != nil {
			return nil, err
		}
		lists = append(lists, counter.List{Name: l.Title, Version: l.Version, Issued: l.Issued, Watch: watch.New(base)})
	}
	return lists, nil
}
