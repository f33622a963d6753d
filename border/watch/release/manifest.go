// Package release makes and reads the bytes of a list's releases: the signed manifest, the
// changes since the last version, the sealing of files for stations, and the sealed bodies of
// notices. It is pure: no clock, no files, no network. The hub's keeper (border/lists) writes
// them, a station's copy (border/replica) trusts none of them before they are verified.
//
// Version n of a list is the base snapshot of version b ≤ n and the changes of b+1 to n, one
// delta for each version. Who has the same base and the same changes has the same list, bit
// for bit.
package release

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"time"
	"unicode/utf8"

	"garita/border"
	"garita/border/watch"
)

// Limits of what a manifest may name. What is beyond them is not read.
const (
	MaxSnapshot  = 1 << 30   // bytes of a sealed snapshot
	MaxDelta     = 64 << 20  // bytes of a sealed delta
	MaxFilter    = 1 << 30   // bytes of a document filter
	MaxFilterSet = 128 << 20 // bytes of the exact additions and removals of a filter
	MaxSources   = 64        // sources of a list
	MaxParents   = 32        // earlier epochs named; older ones are forgotten
)

// Manifest is one version of a list: what it is made of, what it follows and how long it holds.
type Manifest struct {
	List  string       `json:"list"` // a to z, 0 to 9 and -, from a letter, at most 32
	Epoch border.Epoch `json:"epoch"`
	// Parents are the positions at which earlier epochs ended and the next began, the newest
	// first: all releases of an epoch repeat them, so that a station that missed some of it
	// knows whether the epoch continues what it holds. None: the list was begun anew.
	Parents []Parent `json:"parents,omitempty"`
	Version uint64   `json:"version"` // from 1 in each epoch, without gaps
	// Previous is the hash of the signed manifest of Version-1; zero for version 1.
	Previous border.Digest `json:"previous"`

	Issued     time.Time `json:"issued"`      // UTC, to the millisecond, by the hub's clock
	ValidUntil time.Time `json:"valid_until"` // a newer release is made before

	Entries   int64          `json:"entries"`   // of persons, as posts hold them
	Documents int64          `json:"documents"` // in the document filter and its additions
	Sources   []watch.Source `json:"sources"`   // by name

	Base  Base  `json:"base"`
	Delta *File `json:"delta,omitempty"` // from Version-1; nil: nothing has changed, or a snapshot

	// The document filter and its exact additions and removals since it was built; both nil
	// without document lists. Not sealed: they hold keyed hashes only.
	Filter    *File `json:"filter,omitempty"`
	FilterSet *File `json:"filter_set,omitempty"`

	Key    KeyID `json:"key"`    // of the list key that sealed what is new in this release
	Signer KeyID `json:"signer"` // of the key that signs; [Sign] sets it
}

// Parent is where an earlier epoch ended for the next one.
type Parent struct {
	Epoch   border.Epoch  `json:"epoch"`
	Version uint64        `json:"version"`
	Hash    border.Digest `json:"hash"` // of that signed manifest
}

// File is a file by what it holds.
type File struct {
	Digest border.Digest `json:"digest"` // SHA-256 of its bytes, sealed ones if it is sealed
	Size   int64         `json:"size"`   // bytes
}

// Base is the snapshot that a version is built on.
type Base struct {
	Version uint64 `json:"version"` // at most the release's own
	File
}

// KeyID names a key without telling it.
type KeyID [8]byte

// String gives 16 hexadecimal digits.
func (k KeyID) String() string { return hex.EncodeToString(k[:]) }

// MarshalText gives 16 hexadecimal digits.
func (k KeyID) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads 16 hexadecimal digits.
func (k *KeyID) UnmarshalText(b []byte) error {
	if len(b) != 2*len(k) {
		return errKeyID
	}
	if _, err := hex.Decode(k[:], b); err != nil {
		return errKeyID
	}
	return nil
}

var errKeyID = &border.Error{Code: border.Invalid, Op: "read a key id", Message: "A key id has 16 hexadecimal digits."}

// Role says what a file of a release is. It is bound into the key that seals it.
type Role string

// The roles of files.
const (
	Snapshot  Role = "snapshot"
	Delta     Role = "delta"
	Filter    Role = "filter"
	FilterSet Role = "filter_set"
)

// Label is what the key of a sealed file is bound to.
type Label struct {
	Role    Role
	List    string
	Epoch   border.Epoch
	Version uint64 // in which the file first appeared
}

// IsSnapshot reports whether the release can be taken without an earlier one.
func (m *Manifest) IsSnapshot() bool { return m.Base.Version == m.Version }

// SnapshotLabel is the label of the base's file.
func (m *Manifest) SnapshotLabel() Label { return Label{Snapshot, m.List, m.Epoch, m.Base.Version} }

// DeltaLabel is the label of the delta's file.
func (m *Manifest) DeltaLabel() Label { return Label{Delta, m.List, m.Epoch, m.Version} }

// Next begins the manifest of the version after this one in the same epoch, on the same base
// and with the same documents. hash is that of this one, signed. What has changed, the
// times and the counts are the caller's to set.
func (m *Manifest) Next(hash border.Digest) *Manifest {
	n := *m
	n.Version, n.Previous, n.Delta = m.Version+1, hash, nil
	return &n
}

// Renew begins the manifest of version 1 of a new epoch that continues this one, as after the
// hub was restored from a copy. hash is that of this one, signed. Its base is the caller's to set.
func (m *Manifest) Renew(epoch border.Epoch, hash border.Digest) *Manifest {
	n := *m
	n.Parents = append([]Parent{{m.Epoch, m.Version, hash}}, m.Parents...)
	if len(n.Parents) > MaxParents {
		n.Parents = n.Parents[:MaxParents]
	}
	n.Epoch, n.Version, n.Previous, n.Delta, n.Base = epoch, 1, border.Digest{}, nil, Base{Version: 1}
	return &n
}

var listName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

// ValidList reports whether name can be that of a list. None is called file: subjects of the
// stream say so where files lie.
func ValidList(name string) bool { return listName.MatchString(name) && name != "file" }

const maxVersion = 1 << 53 // what JSON numbers carry everywhere

// Validate says what is wrong with a manifest: [border.Invalid].
func (m *Manifest) Validate() error {
	switch {
	case !ValidList(m.List):
		return invalid("the list's name")
	case m.Epoch.IsZero():
		return invalid("the epoch")
	case m.Version == 0 || m.Version > maxVersion:
		return invalid("the version")
	case (m.Version == 1) != (m.Previous == border.Digest{}):
		return invalid("the previous release")
	case m.Issued.IsZero() || !m.ValidUntil.After(m.Issued) || !plainTime(m.Issued) || !plainTime(m.ValidUntil):
		return invalid("the times")
	case m.Entries < 0 || m.Documents < 0:
		return invalid("the counts")
	case m.Base.Version == 0 || m.Base.Version > m.Version || !m.Base.valid(MaxSnapshot):
		return invalid("the base")
	case m.Delta != nil && (m.IsSnapshot() || !m.Delta.valid(MaxDelta)):
		return invalid("the delta")
	case m.Filter != nil && !m.Filter.valid(MaxFilter), m.FilterSet != nil && (m.Filter == nil || !m.FilterSet.valid(MaxFilterSet)):
		return invalid("the document filter")
	case m.Key == KeyID{} || m.Signer == KeyID{}:
		return invalid("the keys")
	}
	if err := m.validParents(); err != nil {
		return err
	}
	return m.validSources()
}

func (m *Manifest) validParents() error {
	if len(m.Parents) > MaxParents {
		return invalid("the parents")
	}
	seen := map[border.Epoch]bool{m.Epoch: true}
	for _, p := range m.Parents {
		if seen[p.Epoch] || p.Epoch.IsZero() || p.Version == 0 || p.Version > maxVersion {
			return invalid("the parents")
		}
		seen[p.Epoch] = true
	}
	return nil
}

func (m *Manifest) validSources() error {
	if len(m.Sources) > MaxSources {
		return invalid("the sources")
	}
	for i, s := range m.Sources {
		switch {
		case s.Name == "", len(s.Name) > 64, len(s.Version) > 128, !utf8.ValidString(s.Name + s.Version),
			i > 0 && m.Sources[i-1].Name >= s.Name, s.MaxAge < 0, s.Entries < 0, !plainTime(s.Issued):
			return invalid("the sources")
		}
	}
	return nil
}

func (f File) valid(limit int64) bool {
	return f.Size > 0 && f.Size <= limit && f.Digest != border.Digest{}
}

// plainTime reports whether t has one way only to be written.
func plainTime(t time.Time) bool {
	return t.Location() == time.UTC && t.Nanosecond()%int(time.Millisecond) == 0 && t.Year() >= 1 && t.Year() <= 9999
}

func invalid(what string) error {
	return &border.Error{Code: border.Invalid, Op: "read a manifest", Message: "In this manifest " + what + " cannot be right."}
}

// encode gives the one encoding of a valid manifest: JSON in the order of the fields, without
// spaces.
func (m *Manifest) encode() ([]byte, error) {
	if err := m.Validate(); err != nil {
		return nil, err
	}
	b, err := json.Marshal(m)
	if err != nil {
		return nil, &border.Error{Code: border.Invalid, Op: "write a manifest", Err: err}
	}
	return b, nil
}

// decode reads a manifest and takes nothing but its one encoding: no unknown, missing or
// doubled field, no other spelling of a value.
func decode(b []byte) (*Manifest, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	var m Manifest
	if err := d.Decode(&m); err != nil {
		// The cause is left out: it repeats what it could not read.
		return nil, &border.Error{Code: border.Invalid, Op: "read a manifest", Message: "This is no manifest that this program knows."}
	}
	again, err := m.encode()
	if err != nil {
		return nil, err
	}
	if m.Sources == nil || !bytes.Equal(again, b) {
		return nil, &border.Error{Code: border.Invalid, Op: "read a manifest", Message: "The manifest is not in its one encoding."}
	}
	return &m, nil
}
