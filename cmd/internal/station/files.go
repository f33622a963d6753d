package station

import (
	"garita/border"
	"garita/border/counter"
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
