package archive_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"garita/border"
	"garita/border/archive"
	"garita/border/bordertest"
	"garita/border/register"
	"garita/border/seal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type testClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *testClock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }

func (c *testClock) add(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.now = c.now.Add(d) }

// rig is a hub's real register, keys and archive, and posts with real keys and files.
type rig struct {
	t        testing.TB
	ctx      context.Context
	dir      string
	clock    *testClock
	rand     *rand.Rand
	hubKeys  *seal.HubKeys
	reg      *register.Register
	archive  *archive.Archive
	stations map[border.StationID]*station
	private  *seal.HubPrivate
	blinder  *seal.Blinder
	log      bytes.Buffer

	mu     sync.Mutex // guards the rest
	alarms []string
	named  []border.StationID
}

type station struct {
	id     border.StationID
	keys   *seal.StationKeys
	files  *seal.Attachments
	epoch  border.Epoch
	events []border.Event
	dir    string
}

func newRig(t *testing.T) *rig {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := &rig{t: t, ctx: context.Background(), dir: t.TempDir(), clock: &testClock{now: bordertest.Start.Add(48 * time.Hour)}, rand: rand.New(rand.NewPCG(seed, 3)),
		stations: map[border.StationID]*station{}}
	var err error
	r.private, err = seal.NewHubPrivate("utopia")
	r.must(err)
	provisioning, err := r.private.Provisioning()
	r.must(err)
	r.blinder, err = seal.NewBlinder(provisioning.BlindKey)
	r.must(err)
	r.hubKeys, err = seal.OpenHubKeys(r.ctx, filepath.Join(r.dir, "keys.db"), r.private)
	r.must(err)
	r.openRegister()
	r.open()
	t.Cleanup(func() {
		r.must(r.archive.Close())
		r.must(r.reg.Close())
		r.must(r.hubKeys.Close())
		for _, s := range r.stations {
			r.must(s.keys.Close())
		}
		for _, secret := range []string{"VOLKHOVAR", "U1000002", "letter of the embassy"} {
			if strings.Contains(r.log.String(), secret) {
				t.Errorf("the log holds %q", secret)
			}
		}
	})
	for i, id := range []border.StationID{"PCA-1", "DAR-1"} {
		s := &station{id: id, epoch: bordertest.EpochNo(i + 1), dir: t.TempDir()}
		s.keys, err = seal.OpenStationKeys(r.ctx, filepath.Join(s.dir, "keys.db"), id, seal.NewStationSecret(), provisioning)
		r.must(err)
		s.files, err = seal.OpenAttachments(s.dir, s.keys)
		r.must(err)
		r.stations[id] = s
		s.events = append(s.events, bordertest.Opened(id, s.epoch, border.Parent{}))
		r.store(s.events[0])
	}
	return r
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) openRegister() {
	r.t.Helper()
	var err error
	r.reg, err = register.Open(r.ctx, register.Config{Dir: r.dir, Clock: r.clock, Keys: r.hubKeys, Blinder: r.blinder})
	r.must(err)
}

func (r *rig) open() {
	r.t.Helper()
	var err error
	r.archive, err = archive.Open(r.ctx, archive.Config{Dir: r.dir, Clock: r.clock, Register: r.reg, Keys: r.hubKeys, Log: slog.New(slog.NewTextHandler(&r.log, nil)), Reserve: -1,
		Alarm: func(station border.StationID, text string) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.alarms = append(r.alarms, string(station)+": "+text)
		},
		Named: func(station border.StationID) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.named = append(r.named, station)
		}})
	r.must(err)
}

func (r *rig) reopen() { r.t.Helper(); r.must(r.archive.Close()); r.open() }

// alarmed takes the alarms since it was asked last.
func (r *rig) alarmed() (all []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	all, r.alarms = r.alarms, nil
	return all
}

func (r *rig) store(e border.Event) {
	r.t.Helper()
	received := bordertest.Receive(bordertest.Encoded([]border.Event{e})...)
	received[0].At = r.clock.Now()
	_, err := r.reg.Store(r.ctx, received)
	r.must(err)
}

// file seals a file of a crossing at a station, of so many bytes.
func (r *rig) file(of border.StationID, crossing border.ID, kind string, size int) (border.Attachment, []byte) {
	r.t.Helper()
	plain := make([]byte, size)
	for i := range plain {
		plain[i] = byte(r.rand.Uint32())
	}
	a, err := r.stations[of].files.Put(r.ctx, seal.Bucket(r.clock.Now()), crossing, kind, plain)
	r.must(err)
	a.Label = "letter of the embassy"
	return a, plain
}

// next is the id of a station's next crossing.
func (r *rig) next(of border.StationID) border.ID {
	s := r.stations[of]
	return border.ID{s.id[0], 4: byte(len(s.events) >> 8), 5: byte(len(s.events)), 6: 0x70, 8: 0x80}
}

// pass records a crossing that names files, without following it.
func (r *rig) pass(of border.StationID, wraps bool, files ...border.Attachment) (border.ID, border.Event) {
	r.t.Helper()
	return r.recorded(of, r.next(of), border.TypeCrossingRecorded, wraps, files...)
}

func (r *rig) recorded(of border.StationID, id border.ID, typ string, wraps bool, files ...border.Attachment) (border.ID, border.Event) {
	r.t.Helper()
	s, at := r.stations[of], r.clock.Now()
	head := border.Header{Station: s.id, Epoch: s.epoch, Seq: uint64(len(s.events)) + 1, Type: typ, Post: "PCA", Counter: "1",
		OccurredAt: at, RecordedAt: at.Add(time.Second), LocalDate: at.Format(time.DateOnly), Crossing: &id, Direction: border.Entry,
		Outcome: string(border.Admitted), Nationality: "UTO", Sex: "M", DocumentKind: "P", DocumentIssuer: "UTO", Attached: len(files)}
	if typ == border.TypeCrossingCorrected {
		change := border.ID{9, 5: byte(len(s.events)), 6: 0x70, 8: 0x80}
		head.Change = &change
	}
	head.Clock.State = border.ClockSynced
	set, err := s.keys.Ready(r.ctx, seal.Bucket(at))
	r.must(err)
	key := border.Key{Station: head.Station, Epoch: head.Epoch, Seq: head.Seq}
	plain, err := json.Marshal(border.Personal{DocumentCode: "P", DocumentNumber: "U1000002", IssuingState: "UTO", Surname: "VOLKHOVAR", GivenNames: "BRUNO",
		Nationality: "UTO", BirthDate: "1961-03-04", Sex: "M", Attachments: files})
	r.must(err)
	personal, err := set.Seal(key, border.PartPersonal, plain)
	r.must(err)
	header, err := json.Marshal(head)
	r.must(err)
	e := border.Event{Key: key, Type: head.Type, Header: header, Parts: []border.Part{personal}, Prev: s.events[len(s.events)-1].Hash}
	e.Hash = e.ComputeHash()
	s.events = append(s.events, e)
	if wraps {
		r.wraps(of)
	}
	r.store(e)
	return id, e
}

func (r *rig) wraps(of border.StationID) {
	r.t.Helper()
	wraps, err := r.stations[of].keys.Wraps(r.ctx)
	r.must(err)
	r.must(r.reg.StoreWraps(r.ctx, wraps))
}

func (r *rig) follow() {
	r.t.Helper()
	r.must(r.archive.Follow(r.ctx))
	for { // the register projects in its own time
		c, err := r.reg.Counts(r.ctx)
		if r.must(err); c.ProjectionLag == 0 {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// wanted lists what is wanted of a station.
func (r *rig) wanted(of border.StationID) []border.WantedFile {
	r.t.Helper()
	files, pending, err := r.archive.Wanted(r.ctx, of, 1000)
	r.must(err)
	if pending != len(files) {
		r.t.Errorf("%d wanted, %d counted", len(files), pending)
	}
	return files
}

// pieces cuts a station's file.
func (r *rig) pieces(of border.StationID, hash border.Digest, size int) (out []border.FilePiece) {
	r.t.Helper()
	b, err := r.stations[of].files.Sealed(hash)
	r.must(err)
	for at := 0; at < len(b); at += size {
		out = append(out, border.FilePiece{Station: of, Hash: hash, Offset: at, Data: b[at:min(at+size, len(b))]})
	}
	return out
}

// send brings whole files.
func (r *rig) send(of border.StationID, files ...border.Attachment) {
	r.t.Helper()
	for _, f := range files {
		for chunk := range slices.Chunk(r.pieces(of, f.Hash, 30_000), 7) {
			r.must(r.archive.Write(r.ctx, chunk))
		}
	}
}

// onDisk lists the names in the archive's folder.
func (r *rig) onDisk() (names []string) {
	r.t.Helper()
	entries, err := os.ReadDir(filepath.Join(r.dir, seal.AttachmentsDir))
	r.must(err)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// state is that of the only file of a crossing.
func (r *rig) state(crossing border.ID) archive.State {
	r.t.Helper()
	files, err := r.archive.Files(r.ctx, crossing)
	r.must(err)
	if len(files) != 1 {
		return ""
	}
	return files[0].State
}
