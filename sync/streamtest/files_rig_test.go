package streamtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"garita/border"
	"garita/sync/courier/collect"
	"garita/sync/courier/send"
	"garita/sync/wire"
)

// shelf is a hub's archive in memory. It wants what a test names, and takes nothing else.
type shelf struct {
	mu       sync.Mutex // guards all below
	wanted   map[border.StationID][]border.WantedFile
	held     map[border.Digest][]byte
	whole    map[border.Digest]bool
	refused  int // pieces of files that are not wanted of the station, or beyond its end
	bytes    int // of all pieces that came, of files that were not whole
	lost     []border.Digest
	failures int // of the next calls of Write
	most     int // pieces in one call
}

func newShelf() *shelf {
	return &shelf{wanted: map[border.StationID][]border.WantedFile{}, held: map[border.Digest][]byte{}, whole: map[border.Digest]bool{}}
}

func (s *shelf) want(station border.StationID, files map[border.Digest][]byte, of ...border.Digest) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range of {
		s.wanted[station] = append(s.wanted[station], border.WantedFile{Hash: h, Bytes: len(files[h])})
	}
}

func (s *shelf) Wanted(_ context.Context, station border.StationID, limit int) (out []border.WantedFile, pending int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.wanted[station] {
		if s.whole[f.Hash] || slices.Contains(s.lost, f.Hash) {
			continue
		}
		if pending++; len(out) < limit {
			f.Held = len(s.held[f.Hash])
			out = append(out, f)
		}
	}
	return out, pending, nil
}

func (s *shelf) Write(_ context.Context, pieces []border.FilePiece) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failures > 0 {
		s.failures--
		return &border.Error{Code: border.StorageFull, Op: "test"}
	}
	s.most = max(s.most, len(pieces))
	for _, p := range pieces {
		i := slices.IndexFunc(s.wanted[p.Station], func(f border.WantedFile) bool { return f.Hash == p.Hash })
		if i < 0 || p.Offset+len(p.Data) > s.wanted[p.Station][i].Bytes {
			s.refused++
			continue
		}
		if s.whole[p.Hash] {
			continue
		}
		s.bytes += len(p.Data)
		if have := len(s.held[p.Hash]); p.Offset <= have && have < p.Offset+len(p.Data) {
			s.held[p.Hash] = append(s.held[p.Hash], p.Data[have-p.Offset:]...)
		}
		if b := s.held[p.Hash]; len(b) == s.wanted[p.Station][i].Bytes && border.Digest(sha256.Sum256(b)) == p.Hash {
			s.whole[p.Hash] = true
		}
	}
	return nil
}

func (s *shelf) Lost(_ context.Context, _ border.StationID, files []border.Digest) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost = append(s.lost, files...)
	return nil
}

// have looks at the shelf.
func (s *shelf) have(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func (s *shelf) count() (n int) {
	s.have(func() { n = len(s.whole) })
	return n
}

// folder is a station's sealed files in memory.
type folder struct {
	mu    sync.Mutex
	files map[border.Digest][]byte
}

func (f *folder) Sealed(h border.Digest) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if b := f.files[h]; b != nil {
		return bytes.Clone(b), nil
	}
	return nil, &border.Error{Code: border.NotFound, Op: "test"}
}

// add makes files of these sizes.
func (f *folder) add(r *rand.Rand, sizes ...int) (out []border.Digest) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, n := range sizes {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		h := border.Digest(sha256.Sum256(b))
		f.files[h] = b
		out = append(out, h)
	}
	return out
}

// parcels is a hub with its end of the way of files.
type parcels struct {
	*nation
	shelf     *shelf
	rand      *rand.Rand
	collector *collect.Collector
	stop      func()

	mu     sync.Mutex // guards alarms
	alarms []string
}

func newParcels(t *testing.T) *parcels {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	p := &parcels{nation: newNation(t), shelf: newShelf(), rand: rand.New(rand.NewPCG(seed, 7))}
	p.startBroker()
	p.collect()
	t.Cleanup(func() { p.stop() })
	p.eventuallyStream()
	return p
}

func (p *parcels) eventuallyStream() {
	p.t.Helper()
	_, js := p.broken()
	eventually(p.t, "the stream of files is there", func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		st, err := js.Stream(ctx, wire.FileStream)
		if err == nil {
			_, err = st.Consumer(ctx, wire.FileConsumer)
		}
		return err == nil
	})
}

// inStream counts the pieces that the broker keeps.
func (p *parcels) inStream(js jetstream.JetStream) uint64 {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	st, err := js.Stream(ctx, wire.FileStream)
	if err != nil {
		p.t.Fatal(err)
	}
	info, err := st.Info(ctx)
	if err != nil {
		p.t.Fatal(err)
	}
	return info.State.Msgs
}

func (p *parcels) collect() {
	p.t.Helper()
	c, err := collect.New(collect.Config{URL: p.url(), Access: p.hubAccess(), Trust: p.hubTrust(), Files: p.shelf, Clock: p.clock, Log: p.log,
		Alarm: func(station border.StationID, text string) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.alarms = append(p.alarms, string(station)+": "+text)
		}})
	if err != nil {
		p.t.Fatal(err)
	}
	p.collector, p.stop = c, run(p.t, c.Run)
}

// outpost is a station with its courier.
type outpost struct {
	*send.Courier
	folder *folder
	events atomic.Bool // events wait
	stop   func()
}

func (p *parcels) post(id border.StationID, url string, tune ...func(*send.Config)) *outpost {
	p.t.Helper()
	o := &outpost{folder: &folder{files: map[border.Digest][]byte{}}}
	p.open(o, id, url, tune...)
	return o
}

// open starts the courier of a station, perhaps again.
func (p *parcels) open(o *outpost, id border.StationID, url string, tune ...func(*send.Config)) {
	p.t.Helper()
	if p.member(id) == nil {
		p.enrol(id, time.Hour)
	}
	c := send.Config{URL: url, Access: p.access(id), Trust: p.trust(id), Station: id, Files: o.folder, EventsWait: o.events.Load, Clock: p.clock, Log: p.log,
		Rate: 1 << 30, Check: 100 * time.Millisecond, Yield: 5 * time.Millisecond, Settle: 2 * time.Second, RequestTimeout: 2 * time.Second,
		PieceTimeout: 2 * time.Second, RetryMax: 300 * time.Millisecond, Ping: 300 * time.Millisecond}
	for _, f := range tune {
		f(&c)
	}
	var err error
	if o.Courier, err = send.New(c); err != nil {
		p.t.Fatal(err)
	}
	o.stop = run(p.t, o.Run)
	p.t.Cleanup(o.stop)
}

// arrived waits until so many files are whole, and compares their bytes.
func (p *parcels) arrived(n int, folders ...*folder) {
	p.t.Helper()
	eventually(p.t, fmt.Sprintf("%d files arrive", n), func() bool { return p.shelf.count() >= n })
	p.shelf.have(func() {
		for _, f := range folders {
			f.mu.Lock()
			for h, b := range f.files {
				if p.shelf.whole[h] && !bytes.Equal(p.shelf.held[h], b) {
					p.t.Errorf("file %s arrived with other bytes", h)
				}
			}
			f.mu.Unlock()
		}
	})
}
