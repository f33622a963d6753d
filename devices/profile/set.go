package profile

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"garita/border"
	profiles "garita/firmware-profiles"
)

// Set is a collection of profiles by id. The zero Set is empty.
type Set struct {
	byID  map[string]*Profile
	local map[string]bool // those that did not ship with Garita
}

// NewSet makes a set. Two profiles with one id are an error: it would be chance which of
// them a scanner gets.
func NewSet(list ...*Profile) (Set, error) {
	s := Set{byID: make(map[string]*Profile, len(list))}
	for _, p := range list {
		if q, twice := s.byID[p.ID]; twice {
			return Set{}, sameID(p, q)
		}
		s.byID[p.ID] = p
	}
	return s, nil
}

func sameID(p, q *Profile) error {
	return &border.Error{Code: border.Invalid, Op: "collect firmware profiles",
		Message: fmt.Sprintf("%s:1:1: the profile %s has the id %q too; give one of them another id", p.Source, q.Source, p.ID)}
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

// maxLocal is how many files of a folder of local profiles are read.
const maxLocal = 200

// With returns the set with the local profiles of a folder, its *.toml files in the order
// of their names: one with the id of a profile in the set replaces it, the others are
// added. The set itself is not changed.
//
// The faults never stop a station. A file that cannot be used is left out and its fault
// returned, and the profile that it was to replace stays; so is the second of two files
// with one id. A rule as specific as another ([Set.Ties]) is a fault too, although both
// profiles are in the set. A folder that is not there is a fault of code
// [border.NotFound]; dir "" means none.
func (s Set) With(dir string) (Set, []error) {
	if dir == "" {
		return s, nil
	}
	names, err := Files(dir)
	if err != nil {
		return s, []error{err}
	}
	var faults []error
	if len(names) > maxLocal {
		faults = append(faults, &border.Error{Code: border.TooLarge, Op: "read local firmware profiles",
			Message: fmt.Sprintf("%s:1:1: only the first %d of the %d files in this folder are read; remove some", dir, maxLocal, len(names))})
		names = names[:maxLocal]
	}
	added := make(map[string]bool)
	out := Set{byID: maps.Clone(s.byID), local: maps.Clone(s.local)}
	if out.byID == nil {
		out.byID = make(map[string]*Profile)
	}
	if out.local == nil {
		out.local = make(map[string]bool)
	}
	for _, n := range names {
		p, err := Load(n)
		switch {
		case err != nil:
			faults = append(faults, err)
		case added[p.ID]:
			faults = append(faults, sameID(p, out.byID[p.ID]))
		default:
			added[p.ID] = true
			out.byID[p.ID], out.local[p.ID] = p, true
		}
	}
	return out, append(faults, out.Ties()...)
}

// Files lists the profile files of a folder, in the order of their names. Hidden files
// are left out: editors keep their copies there.
func Files(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		code := border.Unavailable
		if errors.Is(err, fs.ErrNotExist) {
			code = border.NotFound
		}
		return nil, &border.Error{Code: code, Op: "read local firmware profiles", Message: dir + ":1:1: this folder of profiles cannot be read; create it, or correct the path", Err: err}
	}
	var names []string
	for _, e := range entries {
		if n := e.Name(); strings.HasSuffix(n, ".toml") && !strings.HasPrefix(n, ".") {
			names = append(names, filepath.Join(dir, n))
		}
	}
	return names, nil
}

// Get returns the profile with an id.
func (s Set) Get(id string) (*Profile, bool) {
	p, ok := s.byID[id]
	return p, ok
}

// IDs lists the ids in alphabetical order.
func (s Set) IDs() []string { return slices.Sorted(maps.Keys(s.byID)) }

// Local reports whether the profile with an id is a local one.
func (s Set) Local(id string) bool { return s.local[id] }
