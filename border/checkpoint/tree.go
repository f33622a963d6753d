// Package checkpoint is the transparency log over one epoch of a journal: a Merkle tree
// (RFC 6962) whose leaves are the hashes of the events, and the signed notes that say how far
// it has grown. Whoever holds a signed note of a size can tell whether any event up to it was
// changed, left out or put elsewhere since. It is pure: where trees and notes are kept is the
// journal's and the register's.
package checkpoint

import (
	"crypto/sha256"
	"errors"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"

	"garita/border"
)

// MaxLevel bounds the height of a tree: no epoch has 2^40 events.
const MaxLevel = 40

// Leaf is the hash of an event's leaf: [tlog.RecordHash] of the 32 bytes of the event's hash.
func Leaf(event border.Digest) tlog.Hash {
	var b [1 + sha256.Size]byte
	copy(b[1:], event[:])
	return sha256.Sum256(b[:])
}

// Tree is a tree's right edge: enough to grow it and to know its root. The zero Tree is empty.
// A copy of it is a tree of its own.
type Tree struct {
	size uint64
	edge [MaxLevel]tlog.Hash // at level l the root of a full subtree of 2^l leaves, if bit l of size is set
}

// Size is how many leaves the tree has.
func (t *Tree) Size() uint64 { return t.size }

// Add appends the leaf of the event with seq Size()+1, and to b the inner nodes that it
// completes, lowest first, 32 bytes each: none for every second event, one on average. Together
// with the hashes of the events they are the stored hashes of tlog.
func (t *Tree) Add(b []byte, event border.Digest) []byte {
	h := Leaf(event)
	for level := 0; ; level++ {
		if t.size>>level&1 == 0 {
			t.edge[level] = h
			t.size++
			return b
		}
		h = tlog.NodeHash(t.edge[level], h)
		b = append(b, h[:]...)
	}
}

// Root is the tree's root hash; of an empty tree the zero Digest.
func (t *Tree) Root() border.Digest {
	var root tlog.Hash
	first := true
	for level := range MaxLevel {
		switch {
		case t.size>>level&1 == 0:
		case first:
			root, first = t.edge[level], false
		default:
			root = tlog.NodeHash(t.edge[level], root)
		}
	}
	return border.Digest(root)
}

// Inner is how many inner nodes the event with a seq completes.
func Inner(seq uint64) int { return bits.TrailingZeros64(seq) }

// Nodes gives single nodes of a log as they are kept: level 0 is [Leaf] of the event with the
// seq, a higher one the inner node that this event completed.
type Nodes func(level int, seq uint64) (tlog.Hash, error)

// Regrow gives the tree over the first size events from O(log size) nodes.
func Regrow(size uint64, nodes Nodes) (Tree, error) {
	t := Tree{size: size}
	if size >= 1<<MaxLevel {
		return Tree{}, errors.New("larger than any log")
	}
	seq := uint64(0)
	for level := MaxLevel - 1; level >= 0; level-- {
		if size>>level&1 == 0 {
			continue
		}
		seq += 1 << level
		h, err := nodes(level, seq)
		if err != nil {
			return Tree{}, err
		}
		t.edge[level] = h
	}
	return t, nil
}

// Edge writes the right edge down: with [Tree.Size] it is the whole tree.
func (t *Tree) Edge() []byte {
	b := make([]byte, 0, bits.OnesCount64(t.size)*tlog.HashSize)
	for level := range MaxLevel {
		if t.size>>level&1 == 1 {
			b = append(b, t.edge[level][:]...)
		}
	}
	return b
}

// ReadEdge reads what [Tree.Edge] wrote of a tree of this size.
func ReadEdge(size uint64, edge []byte) (Tree, error) {
	t := Tree{size: size}
	if size >= 1<<MaxLevel || len(edge) != bits.OnesCount64(size)*tlog.HashSize {
		return Tree{}, &border.Error{Code: border.Internal, Op: "read the edge of a log", Err: errors.New("it does not fit its size")}
	}
	for level := range MaxLevel {
		if size>>level&1 == 1 {
			t.edge[level] = tlog.Hash(edge)
			edge = edge[tlog.HashSize:]
		}
	}
	return t, nil
}
