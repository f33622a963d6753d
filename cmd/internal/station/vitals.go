package station

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"garita/border"
	"garita/border/backup"
	"garita/border/journal"
	"garita/cmd/internal/version"
	uiworkshop "garita/ui/workshop"
)

// vitals is what the workshop's page says of the station itself. Safe for concurrent use.
type vitals struct {
	s        *Station
	form     string // version
	profiles int    // firmware profiles, own ones among them
	own      int    // of the station
	sys      string // /sys/class, another in tests

	measuring sync.Mutex // one measurement at a time

	mu       sync.Mutex     // guards the rest
	backups  *backup.Keeper // nil: none is configured
	floor    *uiworkshop.Floor
	since    time.Time
	recorded bool
	read     time.Duration // when kept was read, monotonic
	kept     uiworkshop.Health
}

// vitalsFor is how long what was read of the machine holds: the page asks every two seconds.
const vitalsFor = 5 * time.Second

// health is how the station is now, or was a moment ago.
func (v *vitals) health(ctx context.Context) uiworkshop.Health {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := v.s
	if now := s.clock.Mono(); v.read == 0 || now-v.read >= vitalsFor {
		v.look(ctx)
		v.read = now
	}
	h := v.kept
	h.Storage, h.Clock, h.Roster, h.Floor, h.Since, h.Recorded = s.Journal.Storage(), s.clock.Trust(), s.SignIn.RosterState(), v.floor, v.since, v.recorded
	h.Expires = s.identity.Load().Grant.Expires
	if s.uplink != nil {
		st := s.uplink.Status()
		h.Hub = &st
	}
	if s.courier != nil {
		h.Files = s.courier.Pending()
	}
	return h
}

// look reads what takes a look at the disk.
func (v *vitals) look(ctx context.Context) {
	s := v.s
	h := uiworkshop.Health{Program: version.Version, Form: v.form, Profiles: v.profiles, Own: v.own, Journal: v.journal(), Power: supplies(v.sys), Heat: heat(v.sys)}
	for _, l := range s.replica.State() {
		h.Lists = append(h.Lists, uiworkshop.List{Name: l.Position.List, Version: l.Position.Version, Issued: l.Issued, ValidUntil: l.ValidUntil, Trouble: l.Problem != ""})
	}
	if h.Backup.Configured = v.backups != nil; h.Backup.Configured {
		made, err := v.backups.Newest()
		_, failed := v.backups.State()
		h.Backup.Made, h.Backup.Failed = made, err != nil || failed != nil
	}
	if v.since.IsZero() {
		stop := errors.New("the first is enough")
		_ = s.Journal.Scan(ctx, border.Position{}, func(e border.Event) error {
			if h, err := e.ReadHeader(); err == nil {
				v.since = h.RecordedAt
			}
			return stop
		}) // zero: not known
	}
	if !v.recorded {
		last, err := s.Journal.Newest(ctx, 1)
		v.recorded = err == nil && len(last) > 0
	}
	v.kept = h
}

// keeps tells of the keeper of backups.
func (v *vitals) keeps(k *backup.Keeper) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.backups, v.read = k, 0
}

// journal is the size of the journal's files.
func (v *vitals) journal() (n int64) {
	for _, name := range []string{journal.FileName, journal.FileName + "-wal"} {
		if info, err := os.Stat(filepath.Join(v.s.cfg.Data, name)); err == nil {
			n += info.Size()
		}
	}
	return n
}

// The measurement of the disk: small writes, each made durable, as a record is.
const (
	floorWrites = 64
	floorBytes  = 4096
	floorFor    = 3 * time.Second // a disk that is slower than this many writes is known by fewer
	floorFile   = "measure.tmp"
)

// measure finds what the disk can do at best.
func (v *vitals) measure(ctx context.Context) error {
	if !v.measuring.TryLock() {
		return &border.Error{Code: border.Conflict, Op: "measure the disk", Message: "The disk is being measured already. Wait a moment."}
	}
	defer v.measuring.Unlock()
	took, err := durable(ctx, filepath.Join(v.s.cfg.Data, floorFile), v.s.clock.Mono)
	if err != nil {
		return &border.Error{Code: border.Unavailable, Op: "measure the disk", Message: "The disk could not be measured. See that it has room and answers.", Err: err}
	}
	f := &uiworkshop.Floor{At: v.s.clock.Now(), P50: took[len(took)/2], P99: took[(len(took)-1)*99/100], Writes: len(took)}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.floor = f
	return nil
}

// atStart measures once, and says in the log if it cannot.
func (v *vitals) atStart(ctx context.Context) {
	if err := v.measure(ctx); err != nil && ctx.Err() == nil && !errors.Is(err, fs.ErrClosed) {
		v.s.log.Warn("the speed of the disk is not known", "err", err)
	}
}
