// Package bench measures Garita on the machine it runs on, beside a floor measured in the
// same run, so that the figures can be compared across machines as ratios.
package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"garita/border"
	"garita/border/access"
	"garita/border/clock"
	"garita/border/journal"
	"garita/border/seal"
	"garita/cmd/internal/demo"
	"garita/cmd/internal/founding"
	"garita/cmd/internal/station"
	"garita/cmd/internal/version"
)

// Sizes of a run. A round does each operation once, in random order; a block of rounds
// gives one ratio, and the median over the blocks is reported.
const (
	blocks    = 24
	perBlock  = 100
	warmUp    = 200
	turns     = 5               // alternating slices of grouped and ungrouped load
	sliceTime = 1 * time.Second // of each
	callers   = 64
	budget    = 150 * time.Second // for the rounds; a slow disk gets fewer blocks
)

// Record is the result of the record benchmark. Times are microseconds.
type Record struct {
	Floor            Quantiles `json:"floor_us"`   // overwrite 16 KiB in place + fdatasync
	Journal          Quantiles `json:"journal_us"` // Append of one sealed crossing
	HTTP             Quantiles `json:"http_us"`    // POST of a decision, request to 201
	JournalOverFloor Quantiles `json:"journal_over_floor"`
	HTTPOverJournal  Quantiles `json:"http_over_journal"`
	HTTPMinusJournal Quantiles `json:"http_minus_journal_us"`
	Empty            Quantiles `json:"empty_us"`        // GET of who is signed in: the way over HTTP and through the gate, no work
	HTTPOwn          Quantiles `json:"http_own_us"`     // HTTP - journal - empty: what deciding itself takes
	GroupedPerS      float64   `json:"grouped_per_s"`   // 64 callers, group commit
	UngroupedPerS    float64   `json:"ungrouped_per_s"` // 64 callers, one transaction each
	Rounds           int       `json:"rounds"`
	BytesPerCrossing int64     `json:"bytes_per_crossing"`
	// YearsPer64GB is how long 64 GB last at 1,000 crossings a day.
	YearsPer64GB float64 `json:"years_per_64_gb"`
}

// Quantiles of a series.
type Quantiles struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
}

// rig is a station under measurement.
type rig struct {
	dir     string
	station *station.Station
	counter border.CounterID
	floor   *os.File
	offset  int64
	client  *client
	ids     *border.IDs
	like    journal.Entry // an entry as the station makes them
	rng     *rand.Rand
	queue   []demo.Specimen
	next    int
}

// MeasureRecord measures the record path in dir, which must be on a real disk. It takes
// less than four minutes.
func MeasureRecord(ctx context.Context, dir string, progress io.Writer) (_ *Record, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := realDisk(dir); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r, ended, err := newRig(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer func() {
		cancel()
		err = errors.Join(err, r.floor.Close(), r.client.close(), <-ended)
	}()
	fmt.Fprintf(progress, "measuring in %s: %d rounds of floor, journal and HTTP\n", dir, blocks*perBlock)
	out, err := r.rounds(ctx)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(progress, "measuring %d callers with and without group commit\n", callers)
	if err := r.groups(ctx, out); err != nil {
		return nil, err
	}
	return out, nil
}

// realDisk refuses file systems in memory, on which a sync costs nothing.
func realDisk(dir string) error {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return err
	}
	if st.Type == unix.TMPFS_MAGIC || st.Type == unix.RAMFS_MAGIC {
		return &border.Error{Code: border.Invalid, Op: "measure in " + dir,
			Message: "This folder is in memory (tmpfs), where a sync costs nothing. Name a folder on a disk with --data."}
	}
	return nil
}

const floorSize = 16 << 10

func newRig(ctx context.Context, dir string) (*rig, <-chan error, error) {
	r := &rig{dir: dir, counter: "1", rng: rand.New(rand.NewPCG(1, 2))}
	keeper := clock.System(version.Built())
	r.queue = demo.Queue(warmUp+blocks*perBlock, 7, keeper.Now())
	r.ids = border.NewIDs(keeper, nil)
	// A station with all that belongs to one, its hub out of reach.
	var err error
	cfg := station.Config{Data: filepath.Join(r.dir, "post"), Listen: "127.0.0.1:0", Post: "BEN", Station: "BEN-1", Zone: "UTC",
		Counters: []station.Counter{{ID: r.counter, Direction: border.Entry}}}
	r.station, err = founding.Alone(ctx, r.dir, cfg, keeper, slog.New(slog.DiscardHandler),
		access.Officer{Badge: badge, Name: "Invented Officer", Roles: []access.Role{access.Inspector}})
	if err != nil {
		return nil, nil, err
	}
	url := r.station.URL()
	ended := make(chan error, 1)
	go func() { ended <- r.station.Run(ctx) }()
	if r.client, err = dial(url); err != nil {
		return nil, nil, err
	}
	if err = r.client.signIn(badge, founding.PIN, string(r.counter)); err != nil {
		return nil, nil, err
	}
	if r.floor, err = preallocate(filepath.Join(dir, "floor")); err != nil {
		return nil, nil, err
	}
	return r, ended, r.template(ctx)
}

// badge is that of the officer who decides.
const badge = "4711"

// preallocate writes a file of 16 MiB, so that overwriting it changes no metadata.
func preallocate(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = f.Write(make([]byte, 16<<20))
	if err = errors.Join(err, f.Sync()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// template records one crossing over HTTP and takes it as the model of those that the
// journal is measured with: same header, same sizes of parts.
func (r *rig) template(ctx context.Context) error {
	if _, err := r.overHTTP(ctx); err != nil {
		return err
	}
	events, err := r.station.Journal.Newest(ctx, 1)
	if err != nil || len(events) != 1 {
		return errors.Join(err, errors.New("the model crossing is not in the journal"))
	}
	h, err := events[0].ReadHeader()
	if err != nil {
		return err
	}
	r.like = journal.Entry{Header: h}
	const overhead = 12 + 16 // nonce and tag
	for _, p := range events[0].Parts {
		plain := make([]byte, len(p.Ciphertext)-overhead)
		switch p.Name {
		case border.PartPersonal:
			r.like.Personal = plain
		case border.PartHub:
			r.like.HubOnly = plain
		}
	}
	r.like.Keys, err = r.station.Keys().Ready(ctx, seal.Bucket(h.RecordedAt))
	return err
}

// entry is a new entry like the model.
func (r *rig) entry() (*journal.Entry, error) {
	id, err := r.ids.New()
	if err != nil {
		return nil, err
	}
	e := r.like
	e.Header.Crossing, e.Crossing = &id, id
	document := border.BlindIndex(id)
	for i := range document {
		document[i] = id[i] ^ id[15-i] ^ id[15] // as scattered as a keyed hash
	}
	copy(document[:8], id[8:])
	e.Blinds = []border.BlindIndex{document}
	return &e, nil
}

func (r *rig) onFloor() (time.Duration, error) {
	buf := make([]byte, floorSize)
	buf[0] = byte(r.rng.Uint32())
	start := time.Now()
	_, err := r.floor.WriteAt(buf, r.offset)
	if err == nil {
		err = unix.Fdatasync(int(r.floor.Fd()))
	}
	took := time.Since(start)
	r.offset = (r.offset + floorSize) % (16 << 20)
	return took, err
}

func (r *rig) inJournal(ctx context.Context) (time.Duration, error) {
	e, err := r.entry()
	if err != nil {
		return 0, err
	}
	start := time.Now()
	_, err = r.station.Journal.Append(ctx, e)
	return time.Since(start), err
}

// empty asks who is signed in.
func (r *rig) empty() (time.Duration, error) {
	request := fmt.Appendf(nil, "GET /session HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\n\r\n", r.client.host, r.client.cookie)
	start := time.Now()
	status, err := r.client.do(request)
	took := time.Since(start)
	if err == nil && status != 200 {
		err = fmt.Errorf("who is signed in was answered with status %d", status)
	}
	return took, err
}

// overHTTP opens an encounter, which is not measured, and measures its decision.
func (r *rig) overHTTP(ctx context.Context) (time.Duration, error) {
	s := r.queue[r.next%len(r.queue)]
	r.next++
	now := time.Now()
	if err := r.station.Counters.Scan(ctx, border.Scan{Counter: r.counter, Source: border.SourceReader, Lines: s.Lines, ReceivedAt: now}); err != nil {
		return 0, err
	}
	v, err := r.station.Counters.View(r.counter)
	if err != nil || v.Encounter == nil {
		return 0, errors.Join(err, errors.New("the scan opened no encounter"))
	}
	body, err := json.Marshal(map[string]any{"encounter": v.Encounter.ID, "verdict_revision": v.Encounter.Verdict.Revision,
		"outcome": border.Admitted, "values": s.Missing(v.Encounter)})
	if err != nil {
		return 0, err
	}
	request := r.client.request("/api/v1/counters/"+string(r.counter)+"/decisions", body)
	start := time.Now()
	status, err := r.client.do(request)
	took := time.Since(start)
	if err == nil && status != 201 {
		err = fmt.Errorf("a decision was answered with status %d", status)
	}
	return took, err
}
