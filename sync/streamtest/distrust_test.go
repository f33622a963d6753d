package streamtest

import (
	"context"
	"crypto/ed25519"
	"slices"
	"strings"
	"sync/atomic"
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

func jetStream(t testing.TB, nc *nats.Conn) jetstream.JetStream {
	t.Helper()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return js
}

func (n *nation) sign(station border.StationID) func([]byte) []byte {
	return func(message []byte) []byte { return ed25519.Sign(n.member(station).sign, message) }
}

// asked sends a request as it is and returns the code of the answer.
func asked(t testing.TB, nc *nats.Conn, m *nats.Msg) border.Code {
	t.Helper()
	c := nats.NewMsg(m.Subject) // the library keeps the answer's place in the message
	c.Data = m.Data
	for k, v := range m.Header {
		c.Header[k] = v
	}
	reply, err := nc.RequestMsg(c, patience)
	if err != nil {
		t.Fatalf("%s: %v", m.Subject, err)
	}
	_, err = wire.ReadReply(reply)
	return border.CodeOf(err)
}

// TestForgedRequests sends what a broker could that is not believed: it may put any request on any
// subject, and repeat those it has seen.
func TestForgedRequests(t *testing.T) {
	n := newNation(t)
	n.begin()
	n.enrol("PUT-1", time.Hour)
	n.enrol("PUT-2", time.Hour)
	nc := n.attacker("PUT-1")
	wraps := func(id string) []byte {
		b, err := wire.Encode(wire.WrapsRequest{Wraps: []border.KeyWrap{{Station: "PUT-1", KeyID: id, Part: border.PartPersonal, Bucket: "2026-11", Wrapped: []byte(id)}}})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	signed := func(kind string, body []byte, at time.Time, by border.StationID) *nats.Msg {
		m := wire.Request("PUT-1", kind, body, time.Second)
		if err := wire.SignRequest(m, at, n.sign(by)); err != nil {
			t.Fatal(err)
		}
		return m
	}
	refused := func(what string, m *nats.Msg, want border.Code) {
		t.Helper()
		if got := asked(t, nc, m); got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	now := n.clock.Now()
	good := signed(wire.KindWraps, wraps("k-1"), now, "PUT-1")
	refused("a good one", good, "")
	refused("a copy", good, border.Stale)
	refused("an old one", signed(wire.KindWraps, wraps("k-2"), now.Add(-11*time.Minute), "PUT-1"), border.Stale)
	refused("one of the future", signed(wire.KindWraps, wraps("k-2"), now.Add(11*time.Minute), "PUT-1"), border.Stale)
	refused("one of before the hub began", signed(wire.KindWraps, wraps("k-2"), now.Add(-5*time.Minute), "PUT-1"), border.Stale)
	for _, kind := range []string{wire.KindHello, wire.KindHoldings, wire.KindEvents, wire.KindWraps, wire.KindAsk, wire.KindLookUp, wire.KindCheckpoint, wire.KindRoster, wire.KindKeys} {
		refused("unsigned "+kind, wire.Request("PUT-1", kind, []byte("{}"), time.Second), border.Unauthenticated)
		refused("signed by another station: "+kind, signed(kind, []byte("{}"), now, "PUT-2"), border.Unauthenticated)
	}
	for what, change := range map[string]func(m *nats.Msg){
		"body":      func(m *nats.Msg) { m.Data = wraps("k-3") },
		"time":      func(m *nats.Msg) { m.Header.Set(wire.HeaderTime, now.Add(time.Second).UTC().Format(time.RFC3339Nano)) },
		"nonce":     func(m *nats.Msg) { m.Header.Set(wire.HeaderNonce, strings.Repeat("0", 32)) },
		"kind":      func(m *nats.Msg) { m.Subject = wire.RequestSubject("PUT-1", wire.KindEvents) },
		"signature": func(m *nats.Msg) { m.Header.Set(wire.HeaderSignature, "AAAA") },
	} {
		m := signed(wire.KindWraps, wraps("k-2"), now, "PUT-1")
		change(m)
		refused("changed "+what, m, border.Unauthenticated)
	}
	n.mu.Lock()
	n.members["PUT-1"].revoked = true
	n.mu.Unlock()
	refused("a revoked station's", signed(wire.KindWraps, wraps("k-2"), n.clock.Now(), "PUT-1"), border.Unauthenticated)
	n.mu.Lock()
	n.members["PUT-1"].revoked = false
	n.mu.Unlock()
	// Erased at the hub, restarted, repeated: the key must not come back.
	n.stopJustIntake()
	n.startIntake()
	eventually(t, "the hub answers again", func() bool {
		_, err := nc.RequestMsg(wire.Request("PUT-1", wire.KindHello, nil, time.Second), time.Second)
		return err == nil
	})
	refused("a copy, after a restart", good, border.Stale)
	n.clock.move(9 * time.Minute)
	refused("a copy, much later", good, border.Stale)
	w, err := n.rig.sink.Greet(t.Context(), border.Hello{Station: "PUT-1", Post: "PUT", Now: now})
	if err != nil || !slices.Equal(w.Keys, []string{"k-1"}) {
		t.Errorf("the hub holds the keys %v, %v", w.Keys, err)
	}
}

// TestStationWithAWrongClock: it signs in the hub's time.
func TestStationWithAWrongClock(t *testing.T) {
	for _, by := range []time.Duration{-20 * 365 * 24 * time.Hour, 20 * 365 * 24 * time.Hour, 11 * time.Minute} {
		n := newNation(t)
		n.begin()
		wrong := &movableClock{by: by}
		s := n.citizen("PUT-1", n.url(), func(c *uplink.Config) { c.Clock = wrong })
		s.src.Append(10)
		n.settled(s, "PUT-1")
		s.stop()
		n.stop()
	}
}

// impostor answers in the hub's place, as a broker could.
func impostor(t testing.TB, n *nation, kind string, answer func(m *nats.Msg) *nats.Msg) {
	t.Helper()
	nc, _ := n.broken()
	if _, err := nc.Subscribe(wire.RequestSubjects(kind), func(m *nats.Msg) {
		if reply := answer(m); reply != nil {
			_ = m.RespondMsg(reply)
		}
	}); err != nil {
		t.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
}

// TestForgedAnswers: what a station is told in the hub's name it believes only if the hub signed it
// as the answer to this request.
func TestForgedAnswers(t *testing.T) {
	n := newNation(t)
	n.startBroker() // the broker alone: nobody answers for the hub
	hub := n.hubTrust()
	welcome, err := wire.Encode(border.Welcome{Generation: 1, Now: time.Now(), Epochs: 0})
	if err != nil {
		t.Fatal(err)
	}
	var first *nats.Msg
	var answers atomic.Int64
	cases := make(chan string, 1)
	impostor(t, n, wire.KindHello, func(m *nats.Msg) *nats.Msg {
		reply := &nats.Msg{Header: nats.Header{wire.HeaderVersion: {wire.Version}}, Data: welcome}
		how := <-cases
		cases <- how
		answers.Add(1)
		switch how {
		case "unsigned":
		case "signed by the station itself":
			wire.SignReply(wire.RequestMessage(m), reply, n.sign("PUT-1"))
		case "signed for another request":
			if first == nil {
				first = reply
				wire.SignReply([]byte("another request"), first, hub.SignReply)
			}
			return first
		case "changed after it was signed":
			wire.SignReply(wire.RequestMessage(m), reply, hub.SignReply)
			reply.Data = append(reply.Data, ' ')
		case "a refusal that nobody signed":
			reply = wire.Refusal(&border.Error{Code: border.Forbidden})
		default:
			wire.SignReply(wire.RequestMessage(m), reply, hub.SignReply)
		}
		return reply
	})
	impostor(t, n, wire.KindHoldings, func(*nats.Msg) *nats.Msg { return nil })
	cases <- "unsigned"
	s := n.citizen("PUT-1", n.url())
	for _, how := range []string{"unsigned", "signed by the station itself", "signed for another request", "changed after it was signed", "a refusal that nobody signed"} {
		<-cases
		cases <- how
		given := answers.Load()
		// When the third comes, the station has judged at least one of this kind.
		eventually(t, how+": the station asks again", func() bool { return answers.Load() >= given+3 })
		eventually(t, how+": the station says that it does not believe it", func() bool {
			return strings.Contains(s.Status().Problem, "not believed to be the hub")
		})
		if !s.Status().LastHeard.IsZero() {
			t.Fatalf("%s: taken for an answer", how)
		}
	}
	<-cases
	cases <- "honest"
	eventually(t, "what the hub signed is believed", func() bool { return !s.Status().LastHeard.IsZero() })
	s.stop()
}

// TestUnsealedAnswersAreRefused: a broker could ask in its own way and pass on what is not sealed.
func TestUnsealedAnswersAreRefused(t *testing.T) {
	n := newNation(t)
	tune := n.tune
	n.tune = func(c *intake.Config) { tune(c); c.SealReply = nil }
	n.begin()
	s := n.citizen("PUT-1", n.url())
	s.src.Append(1)
	n.settled(s, "PUT-1")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := s.AskDocument(ctx, border.DocumentQuestion{Blind: border.BlindIndex{1}, Limit: 1}); border.CodeOf(err) != border.Unauthenticated {
		t.Errorf("AskDocument = %v, want the answer refused", err)
	}
	n.stopJustIntake()
	n.tune = func(c *intake.Config) {
		tune(c)
		c.SealReply = func(_ context.Context, _ border.StationID, plain []byte) ([]byte, error) { return plain, nil } // not what the station opens
	}
	n.startIntake()
	var last error
	eventually(t, "the hub answers again", func() bool {
		ctx, cancel := context.WithTimeout(ctx, 200*time.Millisecond) // it may have come to the one that is gone
		defer cancel()
		_, last = s.AskDocument(ctx, border.DocumentQuestion{Blind: border.BlindIndex{1}, Limit: 1})
		return border.CodeOf(last) != border.Unavailable
	})
	if border.CodeOf(last) != border.Unauthenticated {
		t.Errorf("AskDocument = %v, want the answer refused", last)
	}
}

// TestForgedMessagesDown: a broker cannot make a station believe that the hub holds what it does
// not, nor make it send again and again.
func TestForgedMessagesDown(t *testing.T) {
	n := newNation(t)
	n.begin()
	roster := bordertest.NewMemoryRoster("PUT-1", "hub")
	s := n.citizen("PUT-1", n.url(), func(c *uplink.Config) { c.Roster, c.Officers = roster, time.Hour })
	s.src.Append(10)
	n.settled(s, "PUT-1")
	eventually(t, "it has a roster", func() bool { return roster.RosterVersion() == 1 })
	n.rig.sink.Fail(&border.Error{Code: border.StorageFull, Op: "test"})
	s.src.Append(10)
	nc, js := n.broken()
	down := func(kind string, body any, sign func([]byte) []byte) {
		t.Helper()
		b, err := wire.Encode(body)
		if err != nil {
			t.Fatal(err)
		}
		m := nats.NewMsg(wire.DownSubject("PUT-1", kind))
		m.Header[wire.HeaderVersion] = []string{wire.Version}
		m.Data = b
		if sign != nil {
			wire.SignDown(m, sign)
		}
		if err := nc.PublishMsg(m); err != nil {
			t.Fatal(err)
		}
	}
	held := wire.Watermark{Generation: 1, Holdings: []border.Holding{{Epoch: s.src.Head().Epoch, Held: 21, Highest: 21, Announced: 21}}}
	asked := n.officers.Asked("PUT-1")
	for _, sign := range []func([]byte) []byte{nil, n.sign("PUT-1")} {
		down(wire.KindWatermark, held, sign)
		down(wire.KindRoster, struct{}{}, sign)
		down(wire.KindResend, wire.Resend{Epoch: s.src.Head().Epoch}, sign)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the events are on their way", func() bool {
		st, err := js.Stream(t.Context(), wire.Stream)
		return err == nil && st.CachedInfo().State.Msgs >= 10
	})
	time.Sleep(200 * time.Millisecond)
	if b := s.Status().Backlog; b != 10 || n.officers.Asked("PUT-1") != asked {
		t.Errorf("the backlog is %d of 10, the roster was asked for %d times more", b, n.officers.Asked("PUT-1")-asked)
	}
	down(wire.KindWatermark, held, n.hubTrust().SignReply) // the control
	eventually(t, "what the hub signed is believed", func() bool { return s.Status().Backlog == 0 })
	n.rig.sink.Fail(nil)
}
