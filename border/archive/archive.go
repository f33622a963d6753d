// Package archive keeps at the hub the sealed files that crossings name: portraits, papers, finger
// images. It follows the register to know what is named, says what is wanted of each station, and puts
// the pieces together as they arrive, each file under the SHA-256 of its bytes. Files stay sealed under
// the keys of their month: where those are destroyed nobody can open them any more, and they are removed.
//
// Its database can be made again from the register and the files; a file that is missing is wanted again.
package archive

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"garita/border"
	"garita/border/register"
	"garita/border/seal"
	"garita/border/sqlite"
	"garita/migrations"
)

// Config says what an archive works with. The fields without a remark are required.
type Config struct {
	Dir      string // data folder of the hub; the files lie in seal.AttachmentsDir below it
	Clock    border.Clock
	Register *register.Register
	Keys     *seal.HubKeys
	Log      *slog.Logger // nil: no log
	// Alarm is told what somebody should look into. It must not block. Nil: log only.
	Alarm func(station border.StationID, text string)
	// Named is told that crossings of a station name files that are wanted. It must not block. May be nil.
	Named func(border.StationID)
	// Reserve is how many bytes of the disk files leave to the register; 0: 1 GiB; below 0: none.
	Reserve int64
}

// Archive is the hub's keeper of files. Safe for concurrent use.
type Archive struct {
	c   Config
	dir string
	db  *sqlite.DB

	writing sync.Mutex            // held while files are written or removed
	broken  map[border.Digest]int // how often a file arrived whole and was another; guarded by writing

	following chan struct{} // one token: held by whoever follows the register; guards what follows
	cursor    int64
	last      border.Digest
	swept     bool
	locked    border.Key // the event without a key that was looked at last; Run's alone
}

var _ border.FileSink = (*Archive)(nil)

const (
	defaultReserve = 1 << 30
	// arriving begins the names of files that are not whole yet.
	arriving = ".arriving-"
)

// Open opens the archive of a data folder. The register must be open.
func Open(ctx context.Context, c Config) (*Archive, error) {
	const op = "open the archive of files"
	if c.Dir == "" || c.Clock == nil || c.Register == nil || c.Keys == nil {
		return nil, &border.Error{Code: border.Internal, Op: op, Err: errors.New("incomplete configuration")}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Reserve == 0 {
		c.Reserve = defaultReserve
	}
	a := &Archive{c: c, dir: filepath.Join(c.Dir, seal.AttachmentsDir), broken: map[border.Digest]int{}, following: make(chan struct{}, 1)}
	if err := os.Mkdir(a.dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, &border.Error{Code: border.Internal, Op: op, Err: err}
	}
	files, err := fs.Sub(migrations.Archive, "archive")
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: op, Err: err}
	}
	a.db, err = sqlite.Open(ctx, sqlite.Config{Path: filepath.Join(c.Dir, "archive.db"), Migrations: files, Name: "the archive's database",
		Damaged: func(what string) error {
			return &border.Error{Code: border.Internal, Op: op, Err: errors.New(what),
				Message: "The archive's database is damaged. Stop the hub, remove archive.db, and start it: it is made again from the register and the files."}
		},
		Failed: "The archive of files could not be read or written. Nothing has changed: try again."})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(a.place(ctx), a.compare(ctx)); err != nil {
		return nil, errors.Join(err, a.db.Close())
	}
	a.following <- struct{}{}
	return a, nil
}

// Close closes the database. Nobody may use the archive then.
func (a *Archive) Close() error { return a.db.Close() }

// compare brings what the database says has arrived in line with what lies on the disk: either may come
// from an older copy, and a power cut may come between the two.
func (a *Archive) compare(ctx context.Context) error {
	const op = "compare the archive with its files"
	there, err := seal.ListAttachments(a.dir)
	if err != nil {
		return err
	}
	held := make(map[border.Digest]bool, len(there))
	for _, h := range there {
		held[h] = true
	}
	now := a.c.Clock.Now().UnixMicro()
	return a.db.Do(ctx, op, func(t *sql.Tx) error {
		rows, err := t.QueryContext(ctx, `SELECT DISTINCT digest, arrived_at IS NOT NULL FROM file`)
		if err != nil {
			return err
		}
		defer rows.Close()
		var come, gone []border.Digest
		for rows.Next() {
			var digest []byte
			var arrived bool
			if err := rows.Scan(&digest, &arrived); err != nil {
				return err
			}
			switch h := border.Digest(digest); {
			case arrived && !held[h]:
				gone = append(gone, h)
			case !arrived && held[h]:
				come = append(come, h)
			}
		}
		if err := rows.Err(); err != nil {
			return err
		}
		for _, h := range come {
			if _, err := t.ExecContext(ctx, `UPDATE file SET arrived_at = ?, lost_at = NULL WHERE digest = ?`, now, h[:]); err != nil {
				return err
			}
		}
		for _, h := range gone {
			if _, err := t.ExecContext(ctx, `UPDATE file SET arrived_at = NULL WHERE digest = ?`, h[:]); err != nil {
				return err
			}
		}
		if len(gone) > 0 {
			a.c.Log.Warn("archive: files are gone from the disk; they are asked for again", "count", len(gone))
		}
		return nil
	})
}

// Pending says how many files of one station have not arrived. Lost ones are counted apart: they are asked for again,
// but hardly ever come.
type Pending struct {
	Station border.StationID `json:"station"`
	Count   int64            `json:"count"`  // that can still come
	Bytes   int64            `json:"bytes"`  // of those
	Oldest  time.Time        `json:"oldest"` // when the hub learned of the first of those; zero: there are none
	Lost    int64            `json:"lost"`   // the station says that it has them no more
}

// Pending lists the stations of which files have not arrived, in their order by name.
func (a *Archive) Pending(ctx context.Context) (out []Pending, err error) {
	err = a.db.Do(ctx, "count the files that are to come", func(t *sql.Tx) error {
		rows, err := t.QueryContext(ctx, `SELECT station, COUNT(*) FILTER (WHERE lost_at IS NULL), COALESCE(SUM(bytes) FILTER (WHERE lost_at IS NULL), 0),
			COALESCE(MIN(named_at) FILTER (WHERE lost_at IS NULL), 0), COUNT(lost_at)
			FROM (SELECT station, bytes, MIN(named_at) AS named_at, CASE WHEN COUNT(lost_at) = COUNT(*) THEN 1 END AS lost_at FROM file WHERE arrived_at IS NULL GROUP BY station, digest)
			GROUP BY station ORDER BY station`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var p Pending
			var oldest int64
			if err := rows.Scan(&p.Station, &p.Count, &p.Bytes, &oldest, &p.Lost); err != nil {
				return err
			}
			if p.Count > 0 {
				p.Oldest = time.UnixMicro(oldest).UTC()
			}
			out = append(out, p)
		}
		return rows.Err()
	})
	return out, err
}

// State is how far a file has come.
type State string

// The states of a file at the hub.
const (
	Here    State = "here"    // it can be read
	Waiting State = "waiting" // it has not arrived yet
	Lost    State = "lost"    // the station has it no more
)

// Filed is a file that a crossing names, as the hub knows it.
type Filed struct {
	border.Attachment
	State State
}

// Files lists what a crossing names as it stands, and whether it has arrived. Fingers are among them.
// None: nothing is named, or the particulars of the crossing cannot be read any more.
func (a *Archive) Files(ctx context.Context, crossing border.ID) ([]Filed, error) {
	// Whose crossing it is the register says: another station's event under its id, whatever that
	// names, must not put a face beside it.
	c, err := a.c.Register.CrossingByID(ctx, crossing)
	if border.CodeOf(err) == border.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	states, key, err := a.named(ctx, crossing, c.Key.Station)
	if err != nil || len(states) == 0 {
		return nil, err
	}
	arrival, err := a.c.Register.Arrived(ctx, key)
	if border.CodeOf(err) == border.NotFound { // the register came back from a copy: it will come again
		return nil, nil
	}
	if err != nil || arrival.Personal == nil {
		return nil, err
	}
	var out []Filed
	for _, f := range arrival.Personal.Attachments {
		if s, known := states[f.Hash]; known {
			out = append(out, Filed{f, s})
		}
	}
	return out, nil
}

// Progress is how far the files have come that crossings name.
type Progress struct{ Named, Here, Lost int }

// Progress counts the files that crossings name. It opens nothing, and tells nobody more than that something came.
func (a *Archive) Progress(ctx context.Context, crossings []border.ID) (p Progress, err error) {
	err = a.db.Do(ctx, "count the files of crossings", func(t *sql.Tx) error {
		for _, id := range crossings {
			var n Progress
			if err := t.QueryRowContext(ctx, `SELECT COUNT(*), COUNT(arrived_at), COUNT(lost_at) FILTER (WHERE arrived_at IS NULL) FROM file WHERE crossing = ?`, id[:]).
				Scan(&n.Named, &n.Here, &n.Lost); err != nil {
				return err
			}
			p = Progress{p.Named + n.Named, p.Here + n.Here, p.Lost + n.Lost}
		}
		return nil
	})
	return p, err
}

// named reads what a station's crossing names, and the last event that does.
func (a *Archive) named(ctx context.Context, crossing border.ID, station border.StationID) (states map[border.Digest]State, key border.Key, err error) {
	err = a.db.Do(ctx, "list the files of a crossing", func(t *sql.Tx) error {
		rows, err := t.QueryContext(ctx, `SELECT digest, station, epoch, seq, arrived_at IS NOT NULL, lost_at IS NOT NULL FROM file
			WHERE crossing = ? AND station = ? ORDER BY named_at`, crossing[:], string(station))
		if err != nil {
			return err
		}
		defer rows.Close()
		states = map[border.Digest]State{}
		for rows.Next() {
			var digest, epoch []byte
			var arrived, lost bool
			if err := rows.Scan(&digest, &key.Station, &epoch, &key.Seq, &arrived, &lost); err != nil {
				return err
			}
			copy(key.Epoch[:], epoch)
			state := Waiting
			switch {
			case arrived:
				state = Here
			case lost:
				state = Lost
			}
			states[border.Digest(digest)] = state
		}
		return rows.Err()
	})
	return states, key, err
}

// Read opens a file of a crossing. It is personal data: whoever shows it has the reading recorded first.
// Finger images are given to nobody. [border.NotFound]: the crossing names no such file;
// [border.Unavailable]: it has not arrived yet; [border.Conflict]: its key was destroyed.
func (a *Archive) Read(ctx context.Context, crossing border.ID, hash border.Digest) (Filed, []byte, error) {
	const op = "read a file"
	files, err := a.Files(ctx, crossing)
	if err != nil {
		return Filed{}, nil, err
	}
	for _, f := range files { // of the station whose crossing it is
		if f.Hash != hash || f.Kind == border.KindFinger {
			continue
		}
		if f.State != Here {
			return f, nil, &border.Error{Code: border.Unavailable, Op: op, Message: "This file has not arrived from the post yet."}
		}
		sealed, err := seal.ReadAttachment(a.dir, hash)
		if err != nil {
			return f, nil, err
		}
		station, err := a.stationOf(ctx, crossing, hash)
		if err != nil {
			return f, nil, err
		}
		plain, err := a.c.Keys.OpenAttachment(station, crossing, f.Kind, sealed)
		if errors.Is(err, seal.ErrNoKey) {
			err = &border.Error{Code: border.Conflict, Op: op, Err: err, Message: "The key of this file was destroyed: nobody can read it any more."}
		}
		return f, plain, err
	}
	return Filed{}, nil, &border.Error{Code: border.NotFound, Op: op, Message: "The crossing names no such file."}
}

func (a *Archive) stationOf(ctx context.Context, crossing border.ID, hash border.Digest) (station border.StationID, err error) {
	err = a.db.Do(ctx, "find a file", func(t *sql.Tx) error {
		return t.QueryRowContext(ctx, `SELECT station FROM file WHERE digest = ? AND crossing = ?`, hash[:], crossing[:]).Scan(&station)
	})
	return station, err
}

// partial is where a station's file lies until it is whole.
func (a *Archive) partial(station border.StationID, hash border.Digest) string {
	return filepath.Join(a.dir, arriving+strings.ToLower(string(station))+"-"+hash.String())
}

func (a *Archive) alarm(station border.StationID, text string) {
	a.c.Log.Warn("archive: alarm", "station", station, "text", text)
	if a.c.Alarm != nil {
		a.c.Alarm(station, text)
	}
}
