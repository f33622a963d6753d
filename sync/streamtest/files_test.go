package streamtest

import (
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"garita/border"
	"garita/sync/courier/send"
	"garita/sync/wire"
)

// What the hub wants arrives, of every length, and nothing is left on the way.
func TestFilesArrive(t *testing.T) {
	p := newParcels(t)
	o := p.post("PUT-1", p.broker.ClientURL())
	of := o.folder.add(p.rand, 1, 32<<10, 32<<10+1, 200_000, 31<<10)
	p.shelf.want("PUT-1", o.folder.files, of...)
	p.collector.Wake("PUT-1")
	p.arrived(len(of), o.folder)
	_, js := p.broken()
	eventually(t, "the stream is empty", func() bool { return p.inStream(js) == 0 })
	eventually(t, "the station knows that nothing is wanted", func() bool { return o.Pending() == 0 })
	p.shelf.have(func() {
		if want := 1 + 32<<10 + 32<<10 + 1 + 200_000 + 31<<10; p.shelf.bytes != want || p.shelf.refused != 0 {
			t.Errorf("%d bytes were sent for %d, %d pieces refused", p.shelf.bytes, want, p.shelf.refused)
		}
	})
}

// A thousand files, the archive failing now and then.
func TestThousandFiles(t *testing.T) {
	p := newParcels(t)
	o := p.post("PUT-1", p.broker.ClientURL())
	sizes := make([]int, 1000)
	for i := range sizes {
		sizes[i] = 1 + p.rand.IntN(4000)
	}
	of := o.folder.add(p.rand, sizes...)
	p.shelf.want("PUT-1", o.folder.files, of...)
	p.shelf.have(func() { p.shelf.failures = 2 })
	p.arrived(len(of), o.folder)
	p.shelf.have(func() {
		if p.shelf.most > 64 {
			t.Errorf("%d pieces in one call", p.shelf.most)
		}
	})
}

// Events go first: while any waits, no piece is sent, not even of a file that has begun.
func TestFilesWaitForEvents(t *testing.T) {
	p := newParcels(t)
	begun := make(chan struct{}, 1)
	var o *outpost
	o = p.post("PUT-1", p.broker.ClientURL(), func(c *send.Config) {
		c.Piece = 1000
		wait := c.EventsWait
		c.EventsWait = func() bool {
			p.shelf.mu.Lock()
			defer p.shelf.mu.Unlock()
			if p.shelf.bytes > 20_000 && p.shelf.bytes < 25_000 { // an event comes in the middle of a file
				o.events.Store(true)
				select {
				case begun <- struct{}{}:
				default:
				}
			}
			return wait()
		}
	})
	of := o.folder.add(p.rand, 100_000)
	o.events.Store(true)
	p.shelf.want("PUT-1", o.folder.files, of...)
	p.collector.Wake("PUT-1")
	time.Sleep(300 * time.Millisecond)
	p.shelf.have(func() {
		if p.shelf.bytes != 0 {
			t.Error("a file was sent while events waited")
		}
	})
	o.events.Store(false)
	<-begun
	time.Sleep(50 * time.Millisecond) // what was under way arrives
	var before int
	p.shelf.have(func() { before = p.shelf.bytes })
	time.Sleep(200 * time.Millisecond)
	p.shelf.have(func() {
		if p.shelf.bytes != before || before >= 100_000 {
			t.Errorf("%d bytes had come when the event did, and %d are there now", before, p.shelf.bytes)
		}
		p.shelf.bytes = 1 << 20 // no more of it
	})
	o.events.Store(false)
	p.arrived(1, o.folder)
}

// A cut in the middle of a file costs what was under way, not the file.
func TestFileGoesOnAfterACut(t *testing.T) {
	p := newParcels(t)
	x := newProxy(t, p.address())
	o := p.post("PUT-1", strings.Replace(x.url(), "nats://", "tls://", 1), func(c *send.Config) { c.Piece = 16 << 10 })
	const size = 3 << 20
	of := o.folder.add(p.rand, size)
	x.cutAfter(1 << 20)
	p.shelf.want("PUT-1", o.folder.files, of...)
	p.collector.Wake("PUT-1")
	eventually(t, "the cut", func() bool { return !x.willCut() })
	var held int
	eventually(t, "part of it is at the hub", func() bool {
		p.shelf.have(func() { held = len(p.shelf.held[of[0]]) })
		return held > 0
	})
	if held >= size {
		t.Fatal("the cut did not cut")
	}
	x.set(false, false)
	p.arrived(1, o.folder)
	p.shelf.have(func() {
		if p.shelf.bytes > size+512<<10 {
			t.Errorf("%d bytes were sent for a file of %d", p.shelf.bytes, size)
		}
	})
}

// Either end may be killed at any moment, and the broker too.
func TestFilesSurviveKilledEnds(t *testing.T) {
	p := newParcels(t)
	o := p.post("PUT-1", p.broker.ClientURL(), func(c *send.Config) { c.Piece = 8 << 10 })
	sizes := make([]int, 60)
	for i := range sizes {
		sizes[i] = 1 + p.rand.IntN(100_000)
	}
	of := o.folder.add(p.rand, sizes...)
	p.shelf.want("PUT-1", o.folder.files, of...)
	reached := func(n int) {
		t.Helper()
		eventually(t, "some have arrived", func() bool { return p.shelf.count() >= n })
	}
	reached(5)
	p.stop()
	p.collect()
	reached(15)
	o.stop()
	p.open(o, "PUT-1", p.broker.ClientURL(), func(c *send.Config) { c.Piece = 8 << 10 })
	reached(30)
	p.stop()
	p.stopBroker()
	p.startBroker()
	p.collect()
	p.arrived(len(of), o.folder)
}

// A file that the station has no more is said to be lost, and holds no other one up.
func TestLostFile(t *testing.T) {
	p := newParcels(t)
	o := p.post("PUT-1", p.broker.ClientURL())
	of := o.folder.add(p.rand, 10, 20, 30)
	p.shelf.want("PUT-1", o.folder.files, of...)
	gone := &folder{files: map[border.Digest][]byte{}}
	lost := gone.add(p.rand, 40)
	p.shelf.want("PUT-1", gone.files, lost...)
	o.folder.mu.Lock()
	short := of[0]
	o.folder.files[short] = o.folder.files[short][:5] // not of the length that its crossing names
	o.folder.mu.Unlock()
	p.collector.Wake("PUT-1")
	p.arrived(2, o.folder)
	eventually(t, "both are known to be lost", func() bool {
		n := 0
		p.shelf.have(func() { n = len(p.shelf.lost) })
		return n == 2
	})
}

// A station sends in its own name alone, and what cannot be read goes no further.
func TestHostilePieces(t *testing.T) {
	p := newParcels(t)
	victim := p.post("PUT-1", p.broker.ClientURL())
	of := victim.folder.add(p.rand, 500)
	victim.events.Store(true) // it sends nothing
	p.shelf.want("PUT-1", victim.folder.files, of...)
	nc := p.attacker("PUT-2")
	_, js := p.broken()
	piece := func(subject string, change func(*nats.Msg)) {
		m := wire.FileMessage(border.FilePiece{Station: "PUT-1", Hash: of[0], Data: victim.folder.files[of[0]]})
		m.Subject = subject
		if change != nil {
			change(m)
		}
		if err := nc.PublishMsg(m); err != nil {
			t.Fatal(err)
		}
	}
	for _, subject := range []string{wire.FileSubject("PUT-1"), "files.PUT-2.other", "files.PUT-2.piece.more", "files.piece"} {
		piece(subject, nil)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	if n := p.inStream(js); n != 0 {
		t.Errorf("%d pieces reached the stream under another's name", n)
	}
	own := wire.FileSubject("PUT-2")
	header := func(name, value string) func(*nats.Msg) {
		return func(m *nats.Msg) { m.Header[name] = []string{value} }
	}
	changes := []func(*nats.Msg){header(wire.HeaderFile, "no digest"), header(wire.HeaderFile, strings.Repeat("0", 62)), header(wire.HeaderOffset, "-1"),
		header(wire.HeaderOffset, "01"), header(wire.HeaderOffset, "99999999999999999999"), header(wire.HeaderVersion, "2"),
		func(m *nats.Msg) { m.Data = nil }, func(m *nats.Msg) { m.Header = nil }, func(m *nats.Msg) { m.Data = make([]byte, border.MaxFileChunk+1) }}
	for _, change := range changes {
		piece(own, change)
	}
	piece(own, nil) // well made, and of a file that is another's
	eventually(t, "all of it is off the stream", func() bool {
		p.mu.Lock()
		n := len(p.alarms)
		p.mu.Unlock()
		refused := 0
		p.shelf.have(func() { refused = p.shelf.refused })
		return n == len(changes) && refused == 1 && p.inStream(js) == 0
	})
	p.shelf.have(func() {
		if len(p.shelf.held) != 0 {
			t.Error("something of it was kept")
		}
	})
	if _, err := nc.Request(wire.RequestSubject("PUT-1", wire.KindFiles), []byte(`{"limit":1}`), 300*time.Millisecond); err == nil {
		t.Error("a station asked in another's name")
	}
	victim.events.Store(false)
	p.arrived(1, victim.folder)
}

// While nobody takes pieces off the stream, a station fills its own share of it and no other's.
func TestFullShare(t *testing.T) {
	p := newParcels(t)
	o := p.post("PUT-1", p.broker.ClientURL(), func(c *send.Config) { c.Piece = 1000 })
	of := o.folder.add(p.rand, 200_000)
	p.shelf.have(func() { p.shelf.failures = 1 << 20 })
	p.shelf.want("PUT-1", o.folder.files, of...)
	_, js := p.broken()
	eventually(t, "its share is full", func() bool { return p.inStream(js) == 64 })
	other := p.post("PUT-2", p.broker.ClientURL())
	more := other.folder.add(p.rand, 3000)
	p.shelf.want("PUT-2", other.folder.files, more...)
	eventually(t, "another station is let in", func() bool { return p.inStream(js) == 65 })
	p.shelf.have(func() { p.shelf.failures = 0 })
	p.arrived(2, o.folder, other.folder)
}

// No more goes over the line than the station's share of it.
func TestRateOfFiles(t *testing.T) {
	p := newParcels(t)
	o := p.post("PUT-1", p.broker.ClientURL(), func(c *send.Config) { c.Piece, c.Rate = 1000, 50_000 })
	of := o.folder.add(p.rand, 20_000)
	began := time.Now()
	p.shelf.want("PUT-1", o.folder.files, of...)
	p.arrived(1, o.folder)
	if took := time.Since(began); took < 19*20*time.Millisecond { // faster than allowed; slower it may always be
		t.Errorf("20 pieces of 1,000 bytes at 50,000 a second took %v", took)
	}
}

// What the broker, or somebody in its place, answers is not believed to be the hub's word.
func TestForgedWants(t *testing.T) {
	p := newParcels(t)
	p.stop()
	nc, js := p.broken()
	o := p.post("PUT-1", p.broker.ClientURL())
	of := o.folder.add(p.rand, 100)
	asked := make(chan struct{}, 16)
	sub, err := nc.Subscribe(wire.RequestSubjects(wire.KindFiles), func(m *nats.Msg) {
		body, err := wire.Encode(wire.FilesReply{Files: []border.WantedFile{{Hash: of[0], Bytes: 100}}, Pending: 1})
		if err == nil {
			_ = m.RespondMsg(&nats.Msg{Header: nats.Header{wire.HeaderVersion: {wire.Version}}, Data: body})
		}
		select {
		case asked <- struct{}{}:
		default:
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		select {
		case <-asked:
		case <-time.After(patience):
			t.Fatal("the station does not ask")
		}
	}
	if n := p.inStream(js); n != 0 || o.Pending() != 0 {
		t.Errorf("%d pieces were sent at a stranger's word", n)
	}
	if err := sub.Unsubscribe(); err != nil {
		t.Fatal(err)
	}
	p.collect()
	p.shelf.want("PUT-1", o.folder.files, of...)
	p.arrived(1, o.folder)
}
