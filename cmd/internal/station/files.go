package station

import (
	"os"

	"garita/border"
	"garita/border/counter"
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
func readLists(paths []string) ([]*table.List, error) {
	var lists []*table.List
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
		lists = append(lists, l)
	}
	return lists, nil
}
