package cases

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"garita/border"
	"garita/border/register"
	"garita/border/watch"
)

// screening is past crossings against what has been added to the list. It is kept, so that it
// goes on where it was after a restart.
type screening struct {
	position  border.ListPosition // all past crossings are through up to this release
	to        border.ListPosition // the one that is being worked on; Version 0: none
	done, end int64               // arrivals: up to where it has come, and has to come
	began     time.Time

	looker *looker // with the entries since position; nil after a restart
}

// passagesAtOnce bounds one look at the register: about a tenth of a second.
const passagesAtOnce = 4000

func (s *Service) resumeScreening(ctx context.Context) error {
	s.screen = &screening{}
	return s.store.read(ctx, "find what is being looked through", func(q *sql.Tx) error {
		return rows(ctx, q, `SELECT list, epoch, version, hash, coalesce(to_list, ''), to_epoch, coalesce(to_version, 0), to_hash, done, upto, began_at
			FROM screening`, nil, func(rs *sql.Rows) error {
			c := s.screen
			var epoch, hash, toEpoch, toHash []byte
			var began int64
			err := rs.Scan(&c.position.List, &epoch, &c.position.Version, &hash, &c.to.List, &toEpoch, &c.to.Version, &toHash, &c.done, &c.end, &began)
			copy(c.position.Epoch[:], epoch)
			copy(c.position.Hash[:], hash)
			copy(c.to.Epoch[:], toEpoch)
			copy(c.to.Hash[:], toHash)
			c.began = fromMicros(began)
			return err
		})
	})
}

func (t *tx) keepScreening(c *screening) error {
	var list, epoch, version, hash any
	if c.to.Version > 0 {
		list, epoch, version, hash = c.to.List, c.to.Epoch[:], int64(c.to.Version), c.to.Hash[:]
	}
	_, err := t.exec(`INSERT INTO screening (one, list, epoch, version, hash, to_list, to_epoch, to_version, to_hash, done, upto, began_at)
		VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
		ON CONFLICT (one) DO UPDATE SET list = ?1, epoch = ?2, version = ?3, hash = ?4, to_list = ?5, to_epoch = ?6, to_version = ?7, to_hash = ?8,
		done = ?9, upto = ?10, began_at = ?11`, c.position.List, c.position.Epoch[:], int64(c.position.Version), c.position.Hash[:],
		list, epoch, version, hash, c.done, c.end, micros(c.began))
	return err
}

// rescreen looks at a slice of the past crossings if the list has grown. due: also look whether
// it has.
//
// Only crossings before the present place are looked at: those that arrive after it are asked
// about the whole list, which has the new entries already.
func (s *Service) rescreen(ctx context.Context, due bool) (more bool, err error) {
	c := s.screen
	list, now := s.cfg.List()
	if list == nil || now.Version == 0 || c.to.Version == 0 && !due {
		return false, nil
	}
	if c.to.Version == 0 && c.position == now {
		if grown, err := s.anyInForce(ctx); err != nil || !grown {
			return false, err
		}
	}
	if c.to.Version == 0 || c.looker == nil {
		if ready, err := s.prepare(ctx, list, now); err != nil || !ready {
			return false, err
		}
	}
	if c.done < c.end {
		found, last, err := s.look(ctx, list)
		if err != nil {
			return false, err
		}
		next := *c
		next.done = last
		if err := s.write(ctx, "look through past crossings", func(t *tx) error {
			for _, f := range found {
				if err := t.take(f); err != nil {
					return err
				}
			}
			return t.keepScreening(&next)
		}); err != nil {
			return false, err
		}
		*c = next
	}
	if c.done < c.end {
		return true, nil
	}
	next := screening{position: c.to, done: c.end, end: c.end, began: c.began}
	if err := s.write(ctx, "look through past crossings", func(t *tx) error {
		if err := t.cameIntoForce(c.began); err != nil {
			return err
		}
		return t.keepScreening(&next)
	}); err != nil {
		return false, err
	}
	s.log.Info("past crossings have been looked through for new entries of the list", "version", c.to.Version)
	*c = next
	return true, nil // the list may have grown again
}

// begin takes the list as it is when nothing has passed yet: whatever arrives is asked about it.
func (s *Service) begin(ctx context.Context) error {
	c := s.screen
	list, now := s.cfg.List()
	if list == nil || now.Version == 0 || c.position.Version > 0 || c.to.Version > 0 || s.cursor > 0 {
		return nil
	}
	next := screening{position: now}
	if err := s.write(ctx, "begin to follow the list", func(t *tx) error {
		if err := t.noteUpcoming(list.Entries()); err != nil {
			return err
		}
		return t.keepScreening(&next)
	}); err != nil {
		return err
	}
	*c = next
	return nil
}

// prepare compiles a small list of what is new and, unless that is known already, decides which
// crossings to look at. What is new is what was added or changed, and what counts from today on.
// Not ready: the list in force is not there yet.
func (s *Service) prepare(ctx context.Context, list *watch.List, now border.ListPosition) (ready bool, err error) {
	c := s.screen
	entries, to, err := s.cfg.Grown(ctx, c.position)
	if err != nil {
		return false, err
	}
	if to.Epoch != now.Epoch || to.Version > now.Version {
		return false, nil // arrivals are not asked about these entries yet
	}
	fresh := entries // of which some may count later
	due, err := s.comeIntoForce(ctx, list)
	if err != nil {
		return false, err
	}
	if len(due) > 0 {
		there := make(map[watch.Key]bool, len(fresh))
		for _, e := range fresh {
			there[e.Key()] = true
		}
		due = slices.DeleteFunc(due, func(e *watch.Entry) bool { return there[e.Key()] })
		entries = append(slices.Clone(fresh), due...)
	}
	base, err := watch.Compile(watch.Description{Name: now.List}, entries)
	if err != nil {
		return false, err
	}
	next := *c
	if next.looker = newLooker(watch.New(base), nil, s.cfg.MinScore); c.to.Version == 0 {
		from, err := s.cfg.Register.ArrivedSince(ctx, s.now().Add(-s.cfg.Window))
		if err != nil {
			return false, err
		}
		next.to, next.done, next.end, next.began = to, min(from, s.cursor), s.cursor, s.now()
		if len(entries) == 0 {
			next.done = next.end
		}
		if err := s.write(ctx, "begin to look through past crossings", func(t *tx) error {
			if err := t.noteUpcoming(slices.Values(fresh)); err != nil {
				return err
			}
			return t.keepScreening(&next)
		}); err != nil {
			return false, err
		}
	}
	*c = next
	return true, nil
}

// look asks the small list about the next crossings.
func (s *Service) look(ctx context.Context, whole *watch.List) (found []*finding, last int64, err error) {
	type candidate struct {
		key  border.Key
		keys []watch.Key
	}
	var candidates []candidate
	l := s.screen.looker
	if day := s.today(); l.whole != whole || l.day != day { // what was clear need not be any more
		clear(l.clear)
		l.whole, l.day = whole, day
	}
	last, err = s.cfg.Register.Passages(ctx, s.screen.done, s.screen.end, s.passages, func(p *register.Passage) error {
		if p.Outcome == string(border.Withdrawn) {
			return nil
		}
		if keys := l.look(p); len(keys) > 0 {
			candidates = append(candidates, candidate{p.Key, keys})
		}
		return nil
	})
	if err != nil {
		return nil, 0, err
	}
	for _, k := range candidates {
		of, err := s.foundAgain(ctx, k.key, k.keys, whole)
		if err != nil {
			return nil, 0, err
		}
		for _, f := range of {
			if err := s.reach(ctx, f); err != nil {
				return nil, 0, err
			}
		}
		found = append(found, of...)
	}
	// The latest first: where somebody was seen last is what stations are told.
	slices.SortStableFunc(found, func(a, b *finding) int { return b.at.Compare(a.at) })
	return found, last, nil
}

// Progress says how far past crossings have been looked through for what is new on the list.
type Progress struct {
	Position border.ListPosition `json:"position"` // all are through up to this release
	To       border.ListPosition `json:"to"`       // being worked on; version 0: nothing is
	Done     int64               `json:"done"`     // number of an arrival
	End      int64               `json:"end"`
	Began    time.Time           `json:"began"`
}

// Screening tells the progress as it is on the disk.
func (s *Service) Screening(ctx context.Context) (p Progress, err error) {
	err = s.store.read(ctx, "see how far past crossings have been looked through", func(q *sql.Tx) error {
		var epoch, hash, toEpoch, toHash []byte
		var began int64
		err := q.QueryRowContext(ctx, `SELECT list, epoch, version, hash, coalesce(to_list, ''), to_epoch, coalesce(to_version, 0), to_hash, done, upto, began_at
			FROM screening`).Scan(&p.Position.List, &epoch, &p.Position.Version, &hash, &p.To.List, &toEpoch, &p.To.Version, &toHash, &p.Done, &p.End, &began)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		copy(p.Position.Epoch[:], epoch)
		copy(p.Position.Hash[:], hash)
		copy(p.To.Epoch[:], toEpoch)
		copy(p.To.Hash[:], toHash)
		p.Began = fromMicros(began)
		return err
	})
	return p, err
}
