package streamtest

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"garita/border"
	"garita/border/bordertest"
	"garita/sync/intake"
	"garita/sync/wire"
)

// sender publishes to the stream what no uplink would.
type sender struct {
	t   *testing.T
	nc  *nats.Conn
	pub func(*nats.Msg)
}

func newSender(t *testing.T, url string) *sender {
	nc, js := connect(t, url)
	return &sender{t: t, nc: nc, pub: func(m *nats.Msg) {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		if _, err := js.PublishMsg(ctx, m); err != nil {
			t.Fatalf("publish: %v", err)
		}
	}}
}

func (s *sender) event(e border.Event) {
	m, _ := wire.EventMessage(e.Key, border.Position{Epoch: e.Key.Epoch, Seq: e.Key.Seq}, e.Encode(), nil)
	s.pub(m)
}

func TestHostileMessages(t *testing.T) {
	r := newRig(t)
	r.start()
	s := newSender(t, r.url())
	c := bordertest.NewChain("PUT-1", bordertest.EpochNo(1), border.Parent{})
	c.Add(2)
	c.AddType("crossing.annulled.v7") // unknown
	c.Add(4)
	ev := c.Events()

	for _, i := range []int{3, 0, 2, 1, 0, 0, 5, 4, 6, 7, 3} { // reordered and replayed
		s.event(ev[i])
	}
	s.event(bordertest.Conflicting(ev[2]))
	raw := nats.NewMsg("in.PUT-1.event") // nothing readable at all
	raw.Data = bytes.Repeat([]byte{0xff}, 1000)
	s.pub(raw)
	empty := nats.NewMsg("in.not a station.x.y")
	empty.Subject = "in.x"
	s.pub(empty)
	malformed, _ := wire.EventMessage(border.Key{Station: "PUT-1", Epoch: c.Epoch(), Seq: 9}, border.Position{}, []byte("GEV1 and no more"), nil)
	s.pub(malformed)
	// PUT-2's connection carries an event that says it is of PUT-1.
	forged, _ := wire.EventMessage(border.Key{Station: "PUT-2", Epoch: c.Epoch(), Seq: 1}, border.Position{}, ev[0].Encode(), nil)
	s.pub(forged)
	source, _ := wire.EventMessage(border.Key{Station: "PUT-3", Epoch: c.Epoch(), Seq: 1}, border.Position{}, ev[0].Encode(), nil)
	source.Header[wire.HeaderSource] = []string{"/stations/PUT-1"}
	s.pub(source)

	eventually(t, "all of it is held or in quarantine", func() bool {
		return r.sink.Count("PUT-1") == 8 && len(r.sink.Quarantined()) == 1 && len(r.sink.Malformed()) == 5
	})
	all := r.sink.All("PUT-1")
	for _, e := range ev {
		if !bytes.Equal(all[e.Key], e.Encode()) {
			t.Errorf("%s is not byte for byte at the hub", e.Key)
		}
	}
	if q := r.sink.Quarantined()[0]; q.Claimed != ev[2].Key {
		t.Errorf("quarantine holds %s", q.Claimed)
	}
	if n := r.sink.Count("PUT-2") + r.sink.Count("PUT-3"); n != 0 {
		t.Errorf("%d events taken in another station's name", n)
	}
	var kept bool
	for _, m := range r.sink.Malformed() {
		kept = kept || bytes.Equal(m.Event, raw.Data)
	}
	if !kept {
		t.Error("an unreadable message was not kept byte for byte")
	}
	hs, err := r.sink.Holdings(t.Context(), "PUT-1", 0, 9)
	if err != nil || len(hs) != 1 || hs[0].Held != 9 {
		t.Errorf("holdings = %+v, %v; malformed events count", hs, err)
	}
	eventually(t, "the stream is purged behind what is stored", func() bool { return streamMessages(t, r.url()) == 0 })
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.alarms) != 3 {
		t.Errorf("alarms = %q, want three about envelopes", r.alarms)
	}
}

func TestGapIsAskedForAndThenAlarmed(t *testing.T) {
	r := newRig(t)
	r.tune = func(c *intake.Config) { c.ResendAfter = time.Millisecond }
	r.start()
	s := newSender(t, r.url())
	sub, err := s.nc.SubscribeSync("down.PUT-1.resend")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.nc.Flush(); err != nil {
		t.Fatal(err)
	}
	c := bordertest.NewChain("PUT-1", bordertest.EpochNo(1), border.Parent{})
	c.Add(9)
	for _, i := range []int{0, 1, 2, 6, 7} {
		s.event(c.Events()[i])
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for range 2 { // it is asked for more than once
		m, err := sub.NextMsgWithContext(ctx)
		if err != nil {
			t.Fatalf("no demand to send again: %v", err)
		}
		if got, err := wire.DecodeResend(m.Data); err != nil || got != (wire.Resend{Epoch: c.Epoch(), After: 3}) {
			t.Errorf("demand = %+v, %v", got, err)
		}
	}
	for _, i := range []int{3, 4, 5} {
		s.event(c.Events()[i])
	}
	eventually(t, "the gap is filled", func() bool { return r.sink.Count("PUT-1") == 8 })
}

// TestNothingIsAcknowledgedBeforeItIsStored has no uplink that would make up for it.
func TestNothingIsAcknowledgedBeforeItIsStored(t *testing.T) {
	r := newRig(t)
	r.sink.Fail(&border.Error{Code: border.NotDurable, Op: "test"})
	r.start()
	s := newSender(t, r.url())
	c := bordertest.NewChain("PUT-1", bordertest.EpochNo(1), border.Parent{})
	c.Add(4)
	for _, e := range c.Events() {
		s.event(e)
	}
	eventually(t, "the intake tries again and again", func() bool { return r.sink.Calls() > 3 })
	if n := streamMessages(t, r.url()); n != 5 {
		t.Errorf("the stream holds %d of 5 messages that nobody has stored", n)
	}
	r.stopJustIntake() // and the next one begins with the same messages
	r.sink.Fail(nil)
	r.startIntake()
	eventually(t, "all is stored", func() bool { return r.sink.Count("PUT-1") == 5 })
	eventually(t, "and purged", func() bool { return streamMessages(t, r.url()) == 0 })
}

func TestResendIsObeyed(t *testing.T) {
	r := newRig(t)
	r.start()
	s := r.station("PUT-1", r.url())
	s.src.Append(30)
	r.settled(s, "PUT-1")
	before := streamState(t, r.url()).LastSeq
	nc, _ := connect(t, r.url())
	body, err := wire.Encode(wire.Resend{Epoch: s.src.Head().Epoch, After: 11})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range [][]byte{[]byte("rubbish"), body, []byte(`{"epoch":"` + bordertest.EpochNo(-5).String() + `"}`)} {
		if err := nc.Publish("down.PUT-1.resend", b); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "20 events are sent again", func() bool { return streamState(t, r.url()).LastSeq == before+20 })
	r.settled(s, "PUT-1")
}

func TestHostileRequests(t *testing.T) {
	r := newRig(t)
	r.start()
	nc, _ := connect(t, r.url())
	for _, c := range []struct{ subject, body string }{
		{"hub.PUT-1.hello", `{"station":"PUT-2","post":"PUT"}`},
		{"hub.PUT-1.hello", `{"station":`},
		{"hub.put-1.hello", `{"station":"put-1","post":"PUT"}`},
		{"hub.PUT-1.holdings", `{"offset":0,"limit":100000}`},
		{"hub.PUT-1.events", `{"epoch":"00000000000000000000000000000000","limit":1}`},
		{"hub.PUT-1.wraps", `{"wraps":[{"station":"PUT-2","key_id":"k","wrapped":"AQ=="}]}`},
		{"hub.PUT-1.ask", `{"station":"PUT-1","blind":"x","limit":1}`},
	} {
		m, err := nc.Request(c.subject, []byte(c.body), patience)
		if err != nil {
			t.Fatalf("%s: %v", c.subject, err)
		}
		if _, err := wire.ReadReply(m); border.CodeOf(err) != border.Invalid {
			t.Errorf("%s %s: %v, want a refusal", c.subject, c.body, err)
		}
	}
	m := wire.Request("PUT-1", wire.KindHello, []byte(`{"station":"PUT-1","post":"PUT"}`), time.Second)
	m.Header[wire.HeaderVersion] = []string{"2"}
	reply, err := nc.RequestMsg(m, patience)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := wire.ReadReply(reply); border.CodeOf(err) != border.Invalid {
		t.Errorf("version 2: %v", err)
	}
	if n := r.sink.Hello("PUT-1"); n.Station != "" {
		t.Error("a refused hello was taken")
	}
}
