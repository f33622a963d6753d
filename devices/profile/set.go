package profile

import (
	"crypto/sha256"
	"encoding/hex"
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

// embeddedAt is the folder that the sources of embedded profiles name.
const embeddedAt = "firmware-profiles/"

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
		p, err := Parse(embeddedAt+n, data)
		if err != nil {
			return Set{}, err
		}
		list = append(list, p)
	}
	return NewSet(list...)
}

// Shipped returns the file of an embedded profile; false for any other.
func Shipped(p *Profile) ([]byte, bool) {
	name, ok := strings.CutPrefix(p.Source, embeddedAt)
	if !ok {
		return nil, false
	}
	data, err := profiles.Files.ReadFile(name)
	if sum := sha256.Sum256(data); err != nil || hex.EncodeToString(sum[:]) != p.Hash {
		return nil, false // a file that only stands in a folder of that name
	}
	return data, true
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
	var local []*Profile
	for _, n := range names {
		p, err := Load(n)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		local = append(local, p)
	}
	out, clashes := s.Replace(local...)
	return out, append(faults, clashes...)
}

// Replace returns the set with local profiles put in, with the faults that [Set.With]
// describes.
func (s Set) Replace(local ...*Profile) (Set, []error) {
	var faults []error
	out := Set{byID: make(map[string]*Profile), local: make(map[string]bool)}
	for _, p := range local {
		if out.local[p.ID] {
			faults = append(faults, sameID(p, out.byID[p.ID]))
			continue
		}
		out.byID[p.ID], out.local[p.ID] = p, true
	}
	for id, p := range s.byID {
		if !out.local[id] {
			out.byID[id], out.local[id] = p, s.local[id]
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
