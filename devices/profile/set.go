package profile

import (
	"io/fs"
	"slices"

	"garita/border"
	profiles "garita/firmware-profiles"
)

// Set is a collection of profiles by id. The zero Set is empty.
type Set struct {
	byID map[string]*Profile
}

// NewSet makes a set. Two profiles with one id are an error: it would be chance which of
// them a scanner gets.
func NewSet(list ...*Profile) (Set, error) {
	s := Set{byID: make(map[string]*Profile, len(list))}
	for _, p := range list {
		if _, twice := s.byID[p.ID]; twice {
			return Set{}, &border.Error{Code: border.Invalid, Op: "collect firmware profiles", Message: "Two profiles have the id " + p.ID + "."}
		}
		s.byID[p.ID] = p
	}
	return s, nil
}

// Embedded returns the profiles that ship with Garita.
func Embedded() (Set, error) {
	names, err := fs.Glob(profiles.Files, "*.toml")
	if err != nil {
		return Set{}, &border.Error{Code: border.Internal, Op: "list embedded firmware profiles", Err: err}
	}
	var list []*Profile
	for _, n := range names {
		data, err := profiles.Files.ReadFile(n)
		if err != nil {
			return Set{}, &border.Error{Code: border.Internal, Op: "read embedded firmware profile", Err: err}
		}
		p, err := Parse("firmware-profiles/"+n, data)
		if err != nil {
			return Set{}, err
		}
		list = append(list, p)
	}
	return NewSet(list...)
}

// Get returns the profile with an id.
func (s Set) Get(id string) (*Profile, bool) {
	p, ok := s.byID[id]
	return p, ok
}

// IDs lists the ids in alphabetical order.
func (s Set) IDs() []string {
	ids := make([]string, 0, len(s.byID))
	for id := range s.byID {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}
