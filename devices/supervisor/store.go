package supervisor

import (
	"encoding/json"
	"errors"
	"io/fs"
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

// maxStoreBytes bounds the file that is read: hundreds of scanners.
const maxStoreBytes = 256 << 10

// store keeps the assignments in a file that is replaced whole: written beside, synced,
// renamed.
type store struct {
	path string // "": in memory

	writing sync.Mutex // one writer of the file at a time; taken before mu

	mu  sync.Mutex // guards all
	all []assignment
}

type storeFile struct {
	Schema      int          `json:"schema"`
	Assignments []assignment `json:"assignments"`
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
	s.all = f.Assignments
	return s, nil
}

func (s *store) list() []assignment {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.all)
}

// of finds what is remembered of a place: by its serial number, then by its socket. A
// serial number that another scanner here has too says nothing, only the socket does.
func (s *store) of(p place, twins bool) *assignment {
	s.mu.Lock()
	defer s.mu.Unlock()
	var bySocket *assignment
	for i := range s.all {
		a := s.all[i]
		switch {
		case p.id != "":
			if a.ID == p.id {
				return &a
			}
		case a.ID != "" || a.Model != p.model:
		case !twins && a.Serial != "" && a.Serial == p.serial:
			return &a
		case (a.Serial == "" || twins && a.Serial == p.serial) && a.Port == p.port:
			bySocket = &a
		}
	}
	return bySocket
}

// put replaces what is remembered of a place, durably.
func (s *store) put(a assignment) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	next := slices.DeleteFunc(s.list(), func(o assignment) bool {
		if a.ID != "" || o.ID != "" {
			return a.ID == o.ID
		}
		return o.Model == a.Model && (o.Serial != "" && o.Serial == a.Serial || o.Port == a.Port)
	})
	next = append(next, a)
	if err := s.write(next); err != nil {
		return &border.Error{Code: border.Internal, Op: "keep an assignment", Err: err,
			Message: "The assignment could not be written to the disk and does not hold. Check the disk and try again."}
	}
	s.mu.Lock()
	s.all = next
	s.mu.Unlock()
	return nil
}

func (s *store) write(all []assignment) error {
	if s.path == "" {
		return nil
	}
	b, err := json.MarshalIndent(storeFile{Schema: 1, Assignments: all}, "", "  ")
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
