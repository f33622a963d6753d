package bordertest

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"garita/border"
)

// MadeRelease is a release with the bytes of its files.
type MadeRelease struct {
	border.ListRelease
	Files map[border.Digest][]byte
}

// memoryManifest is what [MemoryReplica] understands as a manifest: JSON, a line feed, and a
// hash of key and JSON in place of a signature.
type memoryManifest struct {
	Position border.ListPosition `json:"position"` // without its hash
	Previous border.Digest       `json:"previous"`
	// Parent is the position from which the epoch goes on; the zero position for a new list.
	// Every release of the epoch names it: a station may meet any of them first.
	Parent   border.ListPosition `json:"parent"`
	Snapshot bool                `json:"snapshot"`
	Files    []border.ListFile   `json:"files"`
}

func (m memoryManifest) encode(key string) []byte {
	b, err := json.Marshal(m)
	if err != nil { // always marshals
		panic(err)
	}
	s := sha256.Sum256(append([]byte(key), b...))
	return fmt.Appendf(b, "\n%x", s)
}

func decodeMemoryManifest(b []byte, key string) (memoryManifest, bool) {
	var m memoryManifest
	at := bytes.LastIndexByte(b, '\n')
	if at < 0 || json.Unmarshal(b[:at], &m) != nil || !bytes.Equal(m.encode(key), b) {
		return memoryManifest{}, false
	}
	m.Position.Hash = sha256.Sum256(b)
	return m, true
}

// ReleaseChain makes the releases of one list and epoch one after another, as
// [MemoryReplica] understands them. It is not safe for concurrent use.
type ReleaseChain struct {
	list   string
	epoch  border.Epoch
	parent border.ListPosition
	key    string
	last   border.Digest
	made   []MadeRelease
}

// NewReleaseChain begins an epoch of a list. Parent is the zero position for a new list; key
// stands for the hub's signing key.
func NewReleaseChain(list string, epoch border.Epoch, parent border.ListPosition, key string) *ReleaseChain {
	return &ReleaseChain{list: list, epoch: epoch, parent: parent, key: key}
}

// Add makes the next release out of the given files.
func (c *ReleaseChain) Add(snapshot bool, files ...[]byte) MadeRelease {
	m := memoryManifest{
		Position: border.ListPosition{List: c.list, Epoch: c.epoch, Version: uint64(len(c.made)) + 1},
		Previous: c.last, Parent: c.parent, Snapshot: snapshot,
	}
	r := MadeRelease{Files: map[border.Digest][]byte{}}
	for _, f := range files {
		d := border.Digest(sha256.Sum256(f))
		m.Files = append(m.Files, border.ListFile{Digest: d, Size: int64(len(f))})
		r.Files[d] = f
	}
	r.Manifest, r.Snapshot = m.encode(c.key), snapshot
	c.last = sha256.Sum256(r.Manifest)
	r.Position = m.Position
	r.Position.Hash = c.last
	c.made = append(c.made, r)
	return r
}

// Releases returns all releases of the chain, ascending.
func (c *ReleaseChain) Releases() []MadeRelease { return c.made }

// Last is the position of the last release, the zero position if there is none.
func (c *ReleaseChain) Last() border.ListPosition {
	if len(c.made) == 0 {
		return border.ListPosition{}
	}
	return c.made[len(c.made)-1].Position
}

// Fork returns a chain whose first releases are those of c up to version n, and which can go
// on otherwise.
func (c *ReleaseChain) Fork(n int) *ReleaseChain {
	f := *c
	f.made = append([]MadeRelease(nil), c.made[:n]...)
	f.last = f.Last().Hash
	return &f
}

// Filled returns n bytes that look random and are the same for the same seed.
func Filled(seed string, n int) []byte {
	out := make([]byte, 0, n+sha256.Size)
	block := sha256.Sum256([]byte(seed))
	for len(out) < n {
		out = append(out, block[:]...)
		block = sha256.Sum256(block[:])
	}
	return out[:n]
}
