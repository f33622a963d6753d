// Package journal is a station's record: an append-only, hash-chained journal of sealed
// events on SQLite (WAL, synchronous=FULL), written by one goroutine with group commit.
//
// What it promises (docs/ARCHITECTURE.md, rules 2, 3, 6 and 7):
//
//   - Append returns nil only after the commit's sync. After any commit error the
//     database is closed, reopened and checkpointed, and epoch.opened is committed,
//     before anything is read, acknowledged or sent again: after a failed sync a row can
//     be visible and yet not be on the disk.
//   - seq is given inside the transaction, gapless within its epoch; every opening for
//     writing is a new epoch that names its parent.
//   - An id of a crossing or a change exists once. Appending it again returns the first
//     receipt.
//   - Nothing acknowledged is ever changed.
//
// Lock order: Journal.mu is held for field access only and never while waiting for the
// writer or the disk.
package journal

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"

	"garita/border"
	"garita/border/checkpoint"
	"garita/border/seal"
)

// Config says which journal to open and with what.
type Config struct {
	Dir      string           // folder of journal.db; must exist
	Station  border.StationID // a journal belongs to one station for ever
	Post     border.PostID
	Software string // version, written into every event
	// Zone is the post's time zone: Counts are of its calendar days. nil means UTC. In
	// another zone than before, an opening begins the counts anew.
	Zone  *time.Location
	Clock border.TrustedClock
	Keys  *seal.StationKeys
	Log   *slog.Logger

	// Index finds all blind indexes that Entry.Blinds gave for an event, in its sealed part:
	// for events that the hub gives back, and for those that the table of blind indexes had
	// not reached when the station stopped. None: none, or the key is gone. A nil Index
	// leaves such events out of Document.
	Index func(e *border.Event) []border.BlindIndex

	// Tail bounds how many blind indexes wait in memory for their table; 0 means 65,536,
	// about 16 MiB. When it is full, Document opens events to answer.
	Tail int

	// LastTrusted is told, before anything is written, the time of the last event that
	// was written under a clock that was not untrusted; zero if there is none.
	LastTrusted func(time.Time)

	// Reserve is the size in bytes of the file that keeps room for crossings when the
	// disk is full; 0 means DefaultReserve, negative none.
	Reserve int64

	// Signer signs the checkpoints of the log with the station's key, named "garita/STATION"; nil:
	// there are none.
	Signer note.Signer
	// Cosigner verifies the hub's signature under checkpoints; nil: none is accepted.
	Cosigner note.Verifier

	// MaxBatch bounds how many jobs one transaction takes; 0 means 512, 1 switches group
	// commit off (for measurements).
	MaxBatch int
}

// FileName is the name of the journal's database in its folder.
const FileName = "journal.db"

// Entry is what a caller appends. The writer fills the header's key, times and software.
type Entry struct {
	Header     border.Header
	Personal   []byte // plaintext of the personal part; nil: no such part
	Protection []byte // plaintext of the protection part; nil: no such part
	HubOnly    []byte // plaintext of the hub part, padded to border.HubOnlySize
	Keys       *seal.Set
	// Crossing is the id by which the entry is recorded once, as its header says: of a
	// crossing or an abandoned encounter Header.Crossing, else Header.Change. Zero: the
	// header's.
	Crossing border.ID
	// Blinds are the blind indexes of the documents and persons that the event is about, at
	// most 512: whoever asks for one of them is given the event. Index must find them again in
	// the personal part.
	Blinds []border.BlindIndex
}

// Receipt says where and when an entry was recorded. It is durable.
type Receipt struct {
	Key        border.Key
	RecordedAt time.Time
	Header     border.Header // as recorded
	Replayed   bool          // the entry's id was recorded before; the receipt is the first one's
}

// Journal is an open journal. Safe for concurrent use.
type Journal struct {
	cfg   Config
	queue chan *job
	stop  chan struct{} // closed by Close
	done  chan struct{} // closed when the writer has ended

	commits chan struct{}
	changes chan struct{}
	tail    *tail

	mu   sync.Mutex // guards what follows
	read *readPool  // nil while the database is closed
	head border.Position
	tree checkpoint.Tree // of the head's epoch, up to the head
	// cosigned is the last event of the last checkpoint that the hub has cosigned since the opening.
	cosigned border.Position
	damaged  map[int64]struct{} // positions of events, see Damaged
	state    Storage

	closeOnce sync.Once
	closeErr  error
}

// Open opens the journal in cfg.Dir, making it if there is none, and begins a new epoch.
// If the disk is full it returns an open journal that refuses to append with
// [border.StorageFull] and recovers by itself; any other failure is returned.
func Open(ctx context.Context, cfg Config) (*Journal, error) {
	if err := errors.Join(cfg.Station.Validate(), cfg.Post.Validate()); err != nil {
		return nil, err
	}
	if cfg.MaxBatch == 0 {
		cfg.MaxBatch = 512
	}
	if cfg.Reserve == 0 {
		cfg.Reserve = DefaultReserve
	}
	if cfg.Tail == 0 {
		cfg.Tail = 1 << 16
	}
	if cfg.Zone == nil {
		cfg.Zone = time.UTC
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	j := &Journal{cfg: cfg,
		queue: make(chan *job, 4096), stop: make(chan struct{}), done: make(chan struct{}),
		commits: make(chan struct{}, 1), changes: make(chan struct{}, 1), tail: newTail(cfg.Tail), damaged: map[int64]struct{}{}}
	w := newWriter(j, filepath.Join(cfg.Dir, FileName))
	opened := make(chan error, 1)
	go w.run(opened)
	select {
	case err := <-opened:
		if err != nil {
			<-j.done
			return nil, err
		}
		j.lookAtStart(ctx)
		return j, nil
	case <-ctx.Done():
		close(j.stop)
		<-j.done
		return nil, &border.Error{Code: border.Unavailable, Op: "open the journal", Err: ctx.Err()}
	}
}

// Close lets the writer finish what is queued and closes the database.
func (j *Journal) Close() error {
	j.closeOnce.Do(func() {
		close(j.stop)
		<-j.done
	})
	return j.closeErr
}

// Append records one entry and returns when it is durable. With an id it may be retried
// without limit: the same id is recorded once, and a retry returns the first receipt with
// Replayed set. [border.NotDurable] and [border.Unavailable] mean that the
// outcome is unknown: retry with the same id. [border.StorageFull]: not recorded.
func (j *Journal) Append(ctx context.Context, e *Entry) (Receipt, error) {
	if e.Keys == nil && (e.Personal != nil || e.Protection != nil || e.HubOnly != nil) {
		return Receipt{}, &border.Error{Code: border.Internal, Op: "append event", Err: errors.New("parts without keys")}
	}
	if id, ok := onceOf(&e.Header); !e.Crossing.IsZero() && (!ok || id != e.Crossing) {
		return Receipt{}, &border.Error{Code: border.Internal, Op: "append event", Err: errors.New("the entry's id is not its header's")}
	}
	if len(e.Blinds) > maxBlinds {
		return Receipt{}, errTooLarge
	}
	if e.Personal == nil && len(e.Blinds) > 0 {
		return Receipt{}, &border.Error{Code: border.Internal, Op: "append event", Err: errors.New("blind indexes without the part that they are found in again")}
	}
	h, rest, err := j.prepare(e)
	if err != nil {
		return Receipt{}, err
	}
	var r Receipt
	err = j.submit(ctx, &job{op: "append event", essential: true, do: func(t *transaction) error {
		var err error
		r, err = t.append(e, h, rest)
		return err
	}})
	if err != nil {
		return Receipt{}, err
	}
	return r, nil
}

// submit hands a job to the writer and waits for its commit.
func (j *Journal) submit(ctx context.Context, jb *job) error {
	jb.done = make(chan error, 1)
	select {
	case <-j.stop: // first: a closed journal must not take work by chance
		return &border.Error{Code: border.Unavailable, Op: jb.op, Message: "The station is shutting down."}
	default:
	}
	select {
	case j.queue <- jb:
	case <-j.stop:
		return &border.Error{Code: border.Unavailable, Op: jb.op, Message: "The station is shutting down."}
	case <-ctx.Done():
		return &border.Error{Code: border.Unavailable, Op: jb.op, Err: ctx.Err()}
	}
	select {
	case err := <-jb.done:
		return err
	case <-j.done:
		select {
		case err := <-jb.done:
			return err
		default:
			return &border.Error{Code: border.Unavailable, Op: jb.op, Message: "The station is shutting down."}
		}
	case <-ctx.Done():
		return &border.Error{Code: border.Unavailable, Op: jb.op,
			Message: "It is not known whether this was recorded. Try again: nothing is recorded twice.", Err: ctx.Err()}
	}
}

// Station returns whose journal this is.
func (j *Journal) Station() border.StationID { return j.cfg.Station }

// Today returns the calendar day at the post at a moment, as Counts knows it: "2026-11-22".
func (j *Journal) Today(now time.Time) string { return now.In(j.cfg.Zone).Format(time.DateOnly) }

// Head is the last durable event of the current epoch.
func (j *Journal) Head() border.Position {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.head
}

// Commits carries one signal after one or more commits of events. It has one reader: the uplink.
func (j *Journal) Commits() <-chan struct{} { return j.commits }

// Changes carries one signal after the storage state changed. It has one reader.
func (j *Journal) Changes() <-chan struct{} { return j.changes }

// Wraps lists the data keys wrapped for the hub.
func (j *Journal) Wraps(ctx context.Context) ([]border.KeyWrap, error) { return j.cfg.Keys.Wraps(ctx) }

// Storage says whether the journal can record, and how much room is left.
func (j *Journal) Storage() Storage {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.state
}

func (j *Journal) setStorage(s Storage) {
	j.mu.Lock()
	changed := j.state.State != s.State || j.state.Reason != s.Reason
	j.state = s
	j.mu.Unlock()
	if changed {
		signal(j.changes)
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

var _ border.EventSource = (*Journal)(nil)
