package supervisor

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"garita/border"
)

// assignment is one scanner's counter. It is remembered by the name in the configuration,
// or by model and serial number, or by model and socket. Another model in the same socket
// does not inherit it.
type assignment struct {
	ID      string           `json:"id,omitempty"`
	Model   string           `json:"model,omitempty"` // "05ba:000a"
	Serial  string           `json:"serial,omitempty"`
	Port    string           `json:"port,omitempty"` // of one with a serial number: where it was then
	Profile string           `json:"profile"`
	Counter border.CounterID `json:"counter"` // "": taken away on purpose
}

func (a *assignment) by() string {
	switch {
	case a.ID != "":
		return "workshop"
	case a.Serial != "":
		return "serial"
	default:
		return "port"
	}
}

// maxAssignments and maxStoreBytes bound what is written and what is read: more than a
// station sees in its life.
const (
	maxAssignments = 500
	maxStoreBytes  = 1 << 20
)

// store keeps the assignments in a file that is replaced whole: written beside, synced,
// renamed.
type store struct {
	path string // "": in memory

	writing sync.Mutex // one writer of the file at a time; taken before mu

	mu     sync.Mutex // guards the rest
	all    []assignment
	shared map[string]bool // "model serial" that more than one scanner has
}

type storeFile struct {
	Schema      int          `json:"schema"`
	Assignments []assignment `json:"assignments"`
	Shared      []string     `json:"shared_serials,omitempty"` // "model serial"
}

func openStore(path string) (*store, error) {
	s := &store{path: path}
	if path == "" {
		return s, nil
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	fail := func(err error) (*store, error) {
		return nil, &border.Error{Code: border.Internal, Op: "read " + path, Err: err,
			Message: "The file that says which scanner belongs to which counter cannot be read. Bring it back, or delete it and assign the scanners anew."}
	}
	if err != nil || info.Size() > maxStoreBytes {
		return fail(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return fail(err)
	}
	var f storeFile
	if err := json.Unmarshal(b, &f); err != nil || f.Schema != 1 {
		return fail(err)
	}
	for _, a := range f.Assignments {
		if a.Counter == "" {
			continue
		}
		if err := a.Counter.Validate(); err != nil {
			return fail(err)
		}
	}
	s.all, s.shared = f.Assignments, make(map[string]bool)
	for _, k := range f.Shared {
		s.shared[k] = true
	}
	return s, nil
}

func (s *store) list() []assignment {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.all)
}

// of finds what is remembered of a place: by its serial number where no other scanner has
// the same, else by its socket.
func (s *store) of(p place) *assignment {
	s.mu.Lock()
	defer s.mu.Unlock()
	unique := p.serial != "" && !s.shared[p.model+" "+p.serial]
	var bySocket *assignment
	for i := range s.all {
		a := s.all[i]
		switch {
		case p.id != "":
			if a.ID == p.id {
				return &a
			}
		case a.ID != "" || a.Model != p.model:
		case a.Serial != "":
			if unique && a.Serial == p.serial {
				return &a
			}
		case a.Port == p.port:
			bySocket = &a
		}
	}
	return bySocket
}

// isShared reports whether more than one scanner of a model has been seen with a serial
// number.
func (s *store) isShared(model, serial string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shared[model+" "+serial]
}

// share remembers that more than one scanner has a serial number. What was assigned by it
// is from now on assigned by a socket: keeper, or where the scanner was when it was
// assigned. The caller has to save; it reports whether there is anything to save.
func (s *store) share(model, serial, keeper string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shared[model+" "+serial] {
		return false
	}
	if s.shared == nil {
		s.shared = make(map[string]bool)
	}
	s.shared[model+" "+serial] = true
	for i, a := range s.all {
		if a.Model == model && a.Serial == serial {
			if keeper != "" {
				a.Port = keeper
			}
			a.Serial = ""
			s.all = slices.Clone(s.all)
			s.all[i] = a
		}
	}
	return true
}

// put replaces what is remembered of a place, durably.
func (s *store) put(a assignment) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	f := s.content()
	if f.Assignments = replace(f.Assignments, a); len(f.Assignments) > maxAssignments {
		return &border.Error{Code: border.TooLarge, Op: "keep an assignment",
			Message: "This station remembers too many scanners. Delete scanners.json in its data folder and assign those that are here."}
	}
	if err := s.write(f); err != nil {
		return &border.Error{Code: border.Internal, Op: "keep an assignment", Err: err,
			Message: "The assignment could not be written to the disk and does not hold. Check the disk and try again."}
	}
	s.mu.Lock()
	s.all = replace(s.all, a)
	s.mu.Unlock()
	return nil
}

// replace returns the assignments with a in the place of what it replaces.
func replace(all []assignment, a assignment) []assignment {
	return append(slices.DeleteFunc(slices.Clone(all), func(o assignment) bool {
		switch {
		case a.ID != "" || o.ID != "":
			return a.ID == o.ID
		case o.Model != a.Model:
			return false
		case o.Serial != "": // of a scanner that may be in another socket now
			return o.Serial == a.Serial
		default:
			return o.Port == a.Port
		}
	}), a)
}

// save writes what is remembered to the disk.
func (s *store) save() error {
	s.writing.Lock()
	defer s.writing.Unlock()
	return s.write(s.content())
}

func (s *store) content() storeFile {
	s.mu.Lock()
	defer s.mu.Unlock()
	return storeFile{Schema: 1, Assignments: slices.Clone(s.all), Shared: slices.Sorted(maps.Keys(s.shared))}
}

func (s *store) write(content storeFile) error {
	if s.path == "" {
		return nil
	}
	b, err := json.MarshalIndent(content, "", "  ")
	if err != nil {
		return err
	}
	tmp := s.path + ".new"
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(b, '\n'))
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(tmp, s.path)
	}
	if err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(s.path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
