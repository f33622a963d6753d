package journal

import (
	"time"

	"garita/border"
	"garita/border/checkpoint"
)

// job is one piece of work inside a transaction of the writer.
type job struct {
	op        string
	essential bool // may use the disk's reserve
	do        func(*transaction) error
	done      chan error // capacity 1
	err       error      // outcome inside the transaction
	refused   error      // SQLite refused its content; it is left out of the next try
}

// writer is the one goroutine that writes. It owns the connection.
type writer struct {
	j     *Journal
	path  string
	store *store

	ordinal int64
	head    border.Position
	last    border.Digest   // hash of the head
	tree    checkpoint.Tree // of the head's epoch
	news    bool            // the uplink has not been told yet

	migrated bool
	failedAt time.Time // of the last opening that failed, on the monotonic clock
	failedBy error
	reserve  reserve
	batch    []*job

	counts, index *projection
}

func newWriter(j *Journal, path string) *writer {
	w := &writer{j: j, path: path}
	w.counts = &projection{name: countProjection(j.cfg.Zone), write: w.count}
	w.index = &projection{name: indexProjection, write: w.fileWaiting, wrote: j.tail.drop}
	return w
}

// tick is how often the writer looks at the disk's free space and moves projections on.
const tick = time.Second

func (w *writer) run(opened chan<- error) {
	defer close(w.j.done)
	err := w.open()
	if err != nil && isFull(err) {
		err = nil // the station must come up and say so
	}
	if err != nil {
		code := border.Internal
		if c := border.CodeOf(err); c != "" {
			code = c // the data of another station, for one
		}
		opened <- &border.Error{Code: code, Op: "open the journal " + w.path, Err: err}
		_ = w.store.close() // it never opened; why is said already
		return
	}
	opened <- nil
	w.wake()
	timer := time.NewTicker(tick)
	defer timer.Stop()
	if w.store != nil {
		for w.advance(w.index) { // even if somebody waits: a station that is killed under load must not open ever more events at each start
			continue
		}
		w.follow() // not only at the first tick: a station that never lives that long would read ever more at each start
	}
	for {
		select {
		case jb := <-w.j.queue:
			w.serve(w.collect(jb))
			if w.j.tail.size() > w.j.cfg.Tail/2 {
				w.advance(w.index) // though somebody may wait: memory has an end
			}
		case <-timer.C:
			w.housekeep()
		case <-w.j.stop:
			w.finish()
			return
		}
	}
}

// finish serves what is queued and closes the database.
func (w *writer) finish() {
	for {
		select {
		case jb := <-w.j.queue:
			w.serve(w.collect(jb))
			continue
		default:
		}
		break
	}
	for w.j.cfg.Index == nil && w.advance(w.index) { // nobody could make it again
		continue
	}
	w.closeReaders()
	if err := w.store.close(); err != nil {
		w.j.closeErr = &border.Error{Code: border.Internal, Op: "close the journal", Err: err}
	}
}

// collect takes what is queued now, and never waits for more.
func (w *writer) collect(first *job) []*job {
	w.batch = append(w.batch[:0], first)
	for len(w.batch) < w.j.cfg.MaxBatch {
		select {
		case jb := <-w.j.queue:
			w.batch = append(w.batch, jb)
			continue
		default:
		}
		break
	}
	return w.batch
}

// serve commits a batch and answers its callers. When the disk is full it frees the
// reserve and tries once more.
func (w *writer) serve(batch []*job) {
	if w.store == nil {
		if err := w.open(); err != nil {
			w.answer(batch, err)
			return
		}
	}
	err := w.commit(batch)
	if err != nil {
		again := isFull(err) && !w.reserve.released
		if openErr := w.reopenAfter(err); openErr == nil && again {
			if err = w.commit(batch); err != nil {
				_ = w.reopenAfter(err) // its error is kept in the storage state
			}
		}
	}
	w.answer(batch, err)
	w.wake()
}

// wake tells the uplink that there is something to send, when those who wait for it have been told.
func (w *writer) wake() {
	if w.news {
		w.news = false
		signal(w.j.commits)
	}
}

// answer tells the callers how their jobs ended; a nil err means that the batch is durable.
func (w *writer) answer(batch []*job, err error) {
	for _, jb := range batch {
		switch {
		case err != nil:
			jb.done <- w.failure(jb.op, err)
		case jb.err == nil || border.CodeOf(jb.err) != border.Internal:
			jb.done <- jb.err
		default:
			jb.done <- &border.Error{Code: border.Internal, Op: jb.op, Err: jb.err}
		}
	}
}

// failure says in plain words why nothing was recorded, or may not have been.
func (w *writer) failure(op string, err error) error {
	if isFull(err) {
		return &border.Error{Code: border.StorageFull, Op: op, Err: err,
			Message: "The disk of this station is full and its reserve is used up. Nothing more can be recorded here until space is freed. Use another station or paper, and call the technician."}
	}
	return &border.Error{Code: border.NotDurable, Op: op, Err: err,
		Message: "The disk did not confirm the record. Try again: nothing is recorded twice. If this repeats, call the technician."}
}

// commit runs a batch in one transaction. A nil return means that every job whose err is
// nil is on the disk.
func (w *writer) commit(batch []*job) error {
	t := &transaction{w: w, head: w.head, last: w.last, tree: w.tree, now: w.j.cfg.Clock.Now().UTC().Truncate(time.Millisecond)}
	if err := w.store.exec(w.store.begin); err != nil {
		return err
	}
	wrote := false
	for _, jb := range batch {
		if jb.err = jb.refused; jb.err != nil {
			continue
		}
		if !jb.essential && w.reserve.released {
			jb.err = &border.Error{Code: border.StorageFull, Op: jb.op,
				Message: "The disk is full. What room is left is kept for crossings."}
			continue
		}
		if jb.err = jb.do(t); jb.err != nil && isDatabase(jb.err) {
			err := jb.err
			rolledBack := w.store.exec(w.store.rollback) // after some errors SQLite has done so itself
			if isRefused(err) && rolledBack == nil {
				jb.refused = err // the others must not fail with it, nor the journal be reopened for it
				return w.commit(batch)
			}
			return err
		}
		wrote = wrote || jb.err == nil
	}
	if !wrote {
		return w.store.exec(w.store.rollback)
	}
	if err := w.store.exec(w.store.commit); err != nil {
		return err
	}
	w.j.tail.add(t.waiting, t.anew)
	for _, pos := range t.mended {
		w.j.mended(pos)
	}
	if w.head != t.head {
		w.head, w.last, w.tree = t.head, t.last, t.tree
		w.publish()
	} else if t.restored {
		w.news = true
	}
	return nil
}

// publish makes the new head visible.
func (w *writer) publish() {
	w.j.mu.Lock()
	w.j.head, w.j.tree = w.head, w.tree
	w.j.mu.Unlock()
	w.news = true
}
