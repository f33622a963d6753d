package counter

import (
	"bytes"
	"strconv"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/papers"
)

// A paper comes in pieces, so that no request is larger than any other: the server's limit
// holds for everybody, and memory is taken only by who is signed in.
const (
	maxPiece = 192 << 10
	// uploadLife is how long an unfinished paper is kept in memory.
	uploadLife = 2 * time.Minute
)

// uploads are the papers that are coming in, one for each counter.
type uploads struct {
	mu  sync.Mutex
	all map[border.CounterID]*upload
}

type upload struct {
	id, by string // as the browser names it; whose it is
	began  time.Time
	data   []byte
}

var errUpload = &border.Error{Code: border.Conflict, Op: "take a paper", Message: "The paper did not arrive whole. Attach it again."}

// add takes a piece; the first one, at 0, begins a paper and forgets what came before.
func (u *uploads) add(c border.CounterID, by, id string, offset int, piece []byte, now time.Time) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	for k, o := range u.all {
		if k == c && offset == 0 || now.Sub(o.began) > uploadLife || now.Before(o.began) {
			clear(o.data)
			delete(u.all, k)
		}
	}
	if offset == 0 {
		if u.all == nil {
			u.all = make(map[border.CounterID]*upload)
		}
		u.all[c] = &upload{id: id, by: by, began: now}
	}
	o := u.all[c]
	switch {
	case o == nil || o.id != id || o.by != by || len(o.data) != offset || len(piece) == 0:
		return errUpload
	case offset+len(piece) > papers.MaxBytes:
		clear(o.data)
		delete(u.all, c)
		return &border.Error{Code: border.TooLarge, Op: "take a paper", Message: "The file is larger than 10 MB. Scan the paper again in grey or with fewer dots per inch."}
	}
	o.data = append(o.data, piece...)
	return nil
}

// take gives a whole paper away, once.
func (u *uploads) take(c border.CounterID, by, id string, length int, now time.Time) ([]byte, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	o := u.all[c]
	if o == nil || o.id != id || o.by != by || len(o.data) != length || now.Sub(o.began) > uploadLife {
		return nil, errUpload
	}
	delete(u.all, c)
	return o.data, nil
}

// paperPiece takes a piece of a paper.
func (s *screen) paperPiece(c *fiber.Ctx) error {
	offset, err := strconv.Atoi(c.Params("offset"))
	id := c.Params("upload")
	if err != nil || offset < 0 || offset > papers.MaxBytes || len(id) != 32 || len(c.Body()) > maxPiece {
		return errOutOfStep
	}
	if err := s.uploads.add(counterOf(c), badge(c), id, offset, bytes.Clone(c.Body()), s.cfg.Clock.Now()); err != nil {
		return err
	}
	return c.JSON(done{})
}
