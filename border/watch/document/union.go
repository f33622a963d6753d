package document

import (
	"bufio"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"io"

	"garita/border"
)

// MaxStores bounds how many stores are walked at once.
const MaxStores = 64

// Walk goes through several stores at once, in the order of hashes (the low halves of digests):
// each is called once for every hash, with a bit for each store that has it. Memory does not
// grow with the stores. It ends with the first error of each.
func Walk(ctx context.Context, stores []*Store, each func(hash, in uint64) error) error {
	if len(stores) > MaxStores {
		return &border.Error{Code: border.TooLarge, Op: "walk the document stores", Err: fmt.Errorf("%d stores", len(stores))}
	}
	var q merge
	for i, s := range stores {
		st := &stream{r: bufio.NewReaderSize(io.NewSectionReader(s.r, storeHeader, s.Records*recordSize), 1<<20), no: i, left: s.Records}
		if more, err := st.follow(); err != nil {
			return err
		} else if more {
			q = append(q, st)
		}
	}
	heap.Init(&q)
	for n := 0; len(q) > 0; n++ {
		if n&0xfffff == 0 && ctx.Err() != nil {
			return &border.Error{Code: border.Unavailable, Op: "walk the document stores", Err: ctx.Err()}
		}
		hash, in := q[0].record.Digest.Lo, uint64(0)
		for len(q) > 0 && q[0].record.Digest.Lo == hash {
			in |= 1 << q[0].no
			more, err := q[0].follow()
			switch {
			case err != nil:
				return err
			case more:
				heap.Fix(&q, 0)
			default:
				heap.Pop(&q)
			}
		}
		if err := each(hash, in); err != nil {
			return err
		}
	}
	return nil
}

// follow is next for a store that may be damaged: records that are missing, or in another order
// than they were written in.
func (s *stream) follow() (bool, error) {
	last, first := s.record.Digest, !s.begun
	more, err := s.next()
	switch {
	case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		return false, &border.Error{Code: border.Internal, Op: "walk the document stores", Err: err}
	case err != nil, !more && s.left > 0:
		return false, damaged("the store is cut off")
	case more && !first && compare(last, s.record.Digest) >= 0:
		return false, damaged("the store is not sorted")
	}
	s.begun = true
	s.left--
	return more, nil
}
