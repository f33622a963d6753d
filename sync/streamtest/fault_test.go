package streamtest

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"garita/border"
	"garita/border/bordertest"
	"garita/sync/intake"
	"garita/sync/uplink"
	"garita/sync/wire"
)

func TestFullStreamRefusesAndNothingIsLost(t *testing.T) {
	r := newRig(t)
	r.tune = func(c *intake.Config) { c.StreamBytes = 1 << 20 }
	r.start()
	s := r.station("PUT-1", r.url())
	s.src.Append(3)
	r.settled(s, "PUT-1")
	r.sink.Fail(&border.Error{Code: border.StorageFull, Op: "test"})
	s.src.Append(1500) // 3.7 MB
	eventually(t, "the stream is full and the station says so", func() bool {
		st := streamState(t, r.url())
		return st != nil && st.Msgs > 100 && s.Status().Problem != ""
	})
	if st := s.Status(); st.Backlog != 1500 {
		t.Errorf("status = %+v", st)
	}
	r.sink.Fail(nil)
	r.settled(s, "PUT-1")
}

func TestCutNetwork(t *testing.T) {
	r := newRig(t)
	r.start()
	p := newProxy(t, "127.0.0.1:"+r.url()[len("nats://127.0.0.1:"):])
	p.set(true, false) // the first connection fails, too
	s := r.station("PUT-1", p.url())
	s.src.Append(600)
	time.Sleep(50 * time.Millisecond)
	if s.Status().Connected || r.sink.Count("PUT-1") != 0 {
		t.Fatal("the cut did not cut")
	}
	p.set(false, false)
	r.settled(s, "PUT-1")
	for i := range 5 {
		s.src.Append(400)
		time.Sleep(time.Duration(i*7) * time.Millisecond) // at another place of the conversation each time
		p.set(true, false)
		s.src.Append(100)
		eventually(t, "the station sees the cut", func() bool { return !s.Status().Connected })
		p.set(false, false)
		r.settled(s, "PUT-1")
	}
	if n := p.connections(); n < 6 {
		t.Errorf("%d connections; the cuts did not happen", n)
	}
}

// TestHalfOpenNetwork stalls the connection: no error comes, and no byte.
func TestHalfOpenNetwork(t *testing.T) {
	r := newRig(t)
	r.start()
	p := newProxy(t, "127.0.0.1:"+r.url()[len("nats://127.0.0.1:"):])
	s := r.station("PUT-1", p.url())
	s.src.Append(100)
	r.settled(s, "PUT-1")
	p.set(false, true)
	s.src.Append(700)
	eventually(t, "the station finds out by its pings", func() bool { return !s.Status().Connected })
	if n := r.sink.Count("PUT-1"); n != 101 {
		t.Errorf("%d events came through a stalled connection", n)
	}
	p.set(true, false)
	p.set(false, false)
	r.settled(s, "PUT-1")
}

// blackHole is a hub whose broker takes everything and whose register gets nothing: it
// answers requests, and nobody reads the stream.
// Before each answer to a hello it notes how many messages the stream holds.
func blackHole(t *testing.T, r *rig) (hellos func() []uint64) {
	nc, js := connect(t, r.url())
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := js.CreateStream(ctx, jetstream.StreamConfig{
		Name: wire.Stream, Subjects: []string{wire.StreamSubjects}, AllowAtomicPublish: true,
	}); err != nil {
		t.Fatal(err)
	}
	sink := bordertest.NewMemorySink(wallClock{})
	counts := make(chan []uint64, 1)
	counts <- nil
	reply := func(m *nats.Msg, v any, err error) {
		b, encErr := wire.Encode(v)
		if err != nil || encErr != nil {
			t.Errorf("black hole: %v, %v", err, encErr)
		}
		_ = m.Respond(b)
	}
	for kind, h := range map[string]nats.MsgHandler{
		wire.KindHello: func(m *nats.Msg) {
			counts <- append(<-counts, streamMessages(t, r.url()))
			hello, err := wire.DecodeHello(m.Data, "PUT-1")
			if err != nil {
				t.Errorf("hello: %v", err)
			}
			w, err := sink.Greet(context.Background(), hello)
			reply(m, w, err)
		},
		wire.KindHoldings: func(m *nats.Msg) { reply(m, wire.HoldingsReply{}, nil) },
		wire.KindWraps:    func(m *nats.Msg) { reply(m, struct{}{}, nil) },
	} {
		if _, err := nc.Subscribe(wire.RequestSubjects(kind), h); err != nil {
			t.Fatal(err)
		}
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	return func() []uint64 { n := <-counts; counts <- n; return n }
}

// TestWatermarkThatStandsStill: a broker's acknowledgement is not delivery. Everything
// above the watermark is sent again, but only a little at a time.
func TestWatermarkThatStandsStill(t *testing.T) {
	r := newRig(t)
	r.startBroker()
	hellos := blackHole(t, r)
	src := bordertest.NewMemorySource("PUT-1")
	src.Append(1999)
	s := r.uplink(src, "PUT-1", r.url(), func(c *uplink.Config) {
		c.WatermarkTimeout, c.Window, c.Heartbeat = 500*time.Millisecond, 1000, time.Hour
	})
	eventually(t, "three stand-stills", func() bool { return len(hellos()) >= 4 })
	h := hellos()
	// The first comparison, at most the window, and then one batch more for each stand-still.
	if h[0] != 0 || h[1] == 0 || h[1] > 1000 || h[2] <= h[1] || h[2] > h[1]+500 || h[3] <= h[2] || h[3] > h[2]+500 {
		t.Errorf("messages at each hello: %v", h)
	}
	if b := s.Status().Backlog; b != 2000 {
		t.Errorf("backlog = %d, want all 2000", b)
	}
	r.startIntake() // beside the black hole, whose answers may be taken instead
	eventually(t, "the register holds all", func() bool { return r.sink.Count("PUT-1") == 2000 })
	s.stop()
}
