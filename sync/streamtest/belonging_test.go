package streamtest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"garita/border"
	"garita/border/bordertest"
	"garita/sync/uplink"
	"garita/sync/wire"
)

// TestWhoBelongsIsServed is the stream with everything on, through cuts and a broker that goes.
func TestWhoBelongsIsServed(t *testing.T) {
	t.Parallel() // it waits more than it works
	n := newNation(t)
	n.begin()
	p := newProxy(t, n.address())
	a, b := n.citizen("PUT-1", p.url()), n.citizen("PUT-2", n.url())
	a.src.Append(700)
	b.src.Append(30)
	n.settled(a, "PUT-1")
	n.settled(b, "PUT-2")
	p.set(true, false)
	a.src.Append(300)
	eventually(t, "the station sees the cut", func() bool { return !a.Status().Connected })
	p.set(false, false)
	n.settled(a, "PUT-1")
	n.stop()
	b.src.Append(20)
	a.src.Append(900)
	n.begin()
	n.settled(a, "PUT-1")
	n.settled(b, "PUT-2")
	for _, m := range n.sink.received() {
		e, err := border.DecodeEvent(m.Event)
		if err != nil {
			t.Fatal(err)
		}
		key := n.member(m.Claimed.Station).sign.Public().(ed25519.PublicKey)
		if !ed25519.Verify(key, border.HeadMessage(e.Key, e.Hash), m.Signature) {
			t.Fatalf("%s came without its station's signature", e.Key)
		}
	}
	if len(n.alarms) != 0 || len(n.refusals) != 0 {
		t.Errorf("alarms %q, refusals %q", n.alarms, n.refusals)
	}
}

// TestSignaturesAreCarried looks at what the register is given of messages that a station's key
// does not vouch for: it judges, the stream carries.
func TestSignaturesAreCarried(t *testing.T) {
	n := newNation(t)
	n.begin()
	s := n.citizen("PUT-1", n.url())
	s.src.Append(5)
	n.settled(s, "PUT-1")
	s.stop()
	key := n.member("PUT-1").sign
	sign := func(message []byte) []byte { return ed25519.Sign(key, message) }
	nc := n.attacker("PUT-1")
	js := jetStream(t, nc)
	c := bordertest.NewChain("PUT-1", bordertest.EpochNo(99), border.Parent{})
	c.Add(5)
	ev := c.Events()
	send := func(e border.Event, change func(m *nats.Msg)) {
		t.Helper()
		m, _ := wire.EventMessage(e.Key, border.Position{Epoch: e.Key.Epoch, Seq: e.Key.Seq}, e.Encode(), sign)
		change(m)
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		if _, err := js.PublishMsg(ctx, m); err != nil {
			t.Fatalf("publish: %v", err)
		}
	}
	before := len(n.sink.received())
	send(ev[0], func(*nats.Msg) {})
	send(ev[1], func(m *nats.Msg) { m.Header.Del(wire.HeaderSignature) })
	send(ev[2], func(m *nats.Msg) { m.Header.Set(wire.HeaderSignature, "rubbish") })
	altered := bordertest.Conflicting(ev[3])
	send(ev[3], func(m *nats.Msg) { m.Data = altered.Encode() })
	send(ev[4], func(m *nats.Msg) {
		m.Header.Set(wire.HeaderSignature, base64.StdEncoding.EncodeToString(sign([]byte("another head"))))
	})
	send(ev[0], func(*nats.Msg) {}) // replayed
	eventually(t, "the register is given all", func() bool { return len(n.sink.received()) == before+6 })
	for i, want := range []struct{ there, good bool }{{true, true}, {false, false}, {false, false}, {true, false}, {true, false}, {true, true}} {
		m := n.sink.received()[before+i]
		e, err := border.DecodeEvent(m.Event)
		if err != nil {
			t.Fatal(err)
		}
		good := ed25519.Verify(key.Public().(ed25519.PublicKey), border.HeadMessage(e.Key, e.Hash), m.Signature)
		if (m.Signature != nil) != want.there || good != want.good {
			t.Errorf("message %d: a signature of %d bytes, good: %v", i, len(m.Signature), good)
		}
	}
	eventually(t, "somebody is told of a signature that cannot be read", func() bool {
		n.rig.mu.Lock()
		defer n.rig.mu.Unlock()
		return len(n.alarms) == 1 && strings.Contains(n.alarms[0], "signature")
	})
}

func TestRevokedStation(t *testing.T) {
	t.Parallel() // it waits more than it works
	n := newNation(t)
	n.begin()
	a, b := n.citizen("PUT-1", n.url()), n.citizen("PUT-2", n.url())
	a.src.Append(20)
	b.src.Append(20)
	n.settled(a, "PUT-1")
	n.settled(b, "PUT-2")
	old := n.member("PUT-1")
	if err := n.broker.Revoke(old.user); err != nil {
		t.Fatalf("Revoke: %v", err)
	}
	eventually(t, "the station is cut off and says why", func() bool {
		st := a.Status()
		return !st.Connected && strings.Contains(st.Problem, "revoked")
	})
	a.src.Append(5)
	b.src.Append(5)
	n.settled(b, "PUT-2")
	eventually(t, "it goes on trying", func() bool {
		n.mu.Lock()
		defer n.mu.Unlock()
		return len(n.refusals) >= 2 && strings.HasPrefix(n.refusals[0], "credentials: ")
	})
	if n.rig.sink.Count("PUT-1") != 21 {
		t.Errorf("%d events of a revoked station", n.rig.sink.Count("PUT-1"))
	}
	n.enrol("PUT-1", time.Hour) // the station has new keys; nothing is lost
	n.settled(a, "PUT-1")
}

// TestExpiredCredentials renews them under way: the station connects again by itself.
func TestExpiredCredentials(t *testing.T) {
	t.Parallel() // it waits more than it works
	n := newNation(t)
	n.enrol("PUT-1", -time.Hour)
	n.begin()
	s := n.citizen("PUT-1", n.url())
	s.src.Append(20)
	eventually(t, "the station says what is wrong", func() bool {
		return strings.Contains(s.Status().Problem, "does not accept this station's credentials")
	})
	n.enrol("PUT-1", time.Hour)
	n.settled(s, "PUT-1")
}

// TestCredentialsAreRenewed: the broker cuts a connection whose credentials end; what was renewed
// meanwhile takes its place, and nobody needs to look after it.
func TestCredentialsAreRenewed(t *testing.T) {
	t.Parallel() // it waits more than it works
	n := newNation(t)
	n.enrol("PUT-1", 2*time.Second)
	n.begin()
	p := newProxy(t, n.address())
	s := n.citizen("PUT-1", p.url())
	last := time.Now()
	eventually(t, "it is connected with credentials that end soon", func() bool {
		if time.Since(last) > 2*time.Second { // a slow machine: they ended before
			n.enrol("PUT-1", 2*time.Second)
			last = time.Now()
		}
		return s.Status().Connected
	})
	before := p.connections()
	n.enrol("PUT-1", time.Hour)
	eventually(t, "it has connected again", func() bool { return p.connections() > before })
	s.src.Append(20)
	n.settled(s, "PUT-1")
}

func TestCertificates(t *testing.T) {
	t.Parallel() // it waits more than it works
	n := newNation(t)
	n.begin()
	other := newCA(t)
	n.enrol("PUT-1", time.Hour)
	n.enrol("PUT-2", time.Hour)
	foreign := n.citizen("PUT-1", n.url(), func(c *uplink.Config) {
		c.Access.TLS.RootCAs = other.pool // the station is of another hub
	})
	n.mu.Lock()
	n.members["PUT-2"].cert = other.issue(t, "PUT-2", 2) // clientAuth, by somebody else
	n.mu.Unlock()
	forged := n.citizen("PUT-2", n.url())
	plain := n.citizen("PUT-3", n.url(), func(c *uplink.Config) { c.Access.TLS = nil })
	eventually(t, "a station does not believe another's hub", func() bool {
		return strings.Contains(foreign.Status().Problem, "is not the hub")
	})
	eventually(t, "the hub does not believe another's station", func() bool {
		return strings.Contains(forged.Status().Problem, "does not accept this station's certificate")
	})
	eventually(t, "somebody is told", func() bool {
		n.mu.Lock()
		defer n.mu.Unlock()
		for _, r := range n.refusals {
			if strings.HasPrefix(r, "certificate: ") {
				return true
			}
		}
		return false
	})
	if plain.Status().Connected || foreign.Status().Connected || forged.Status().Connected {
		t.Error("a station without the right certificate is connected")
	}
	n.mu.Lock()
	n.members["PUT-2"].cert = n.ca.issue(t, "PUT-2", 2)
	n.mu.Unlock()
	forged.src.Append(3)
	n.settled(forged, "PUT-2")
}

func TestCheckpoints(t *testing.T) {
	n := newNation(t)
	n.begin()
	log := bordertest.NewMemoryLog("PUT-1", "station", "hub")
	log.Append(10)
	s := n.citizen("PUT-1", n.url(), func(c *uplink.Config) { c.Checkpoints = log })
	eventually(t, "the hub is asked, and has not the events", func() bool { return n.logs.Calls() >= 2 })
	if c, size := log.Last(); size != 0 {
		t.Fatalf("a checkpoint of %d events was cosigned before they were held: %q", size, c.Note)
	}
	n.logs.Hold("PUT-1", 10)
	cosigned := func(size uint64) func() bool {
		return func() bool { c, at := log.Last(); return at == size && len(c.Hub) > 0 }
	}
	eventually(t, "the checkpoint is cosigned", cosigned(10))
	// The next one is due a minute from now, or when the hub holds 100 events more.
	log.Append(150)
	n.logs.Hold("PUT-1", 1000)
	s.src.Append(150)
	n.settled(s, "PUT-1")
	eventually(t, "150 events bring the next one", cosigned(160))
	calls := n.logs.Calls()
	n.logs.Fail(&border.Error{Code: border.Conflict, Op: "test"})
	log.Append(150)
	s.src.Append(150)
	n.settled(s, "PUT-1")
	eventually(t, "the hub refuses", func() bool { return n.logs.Calls() > calls })
	s.src.Append(40)
	n.settled(s, "PUT-1")
	if c := n.logs.Calls(); c > calls+2 {
		t.Errorf("a checkpoint that contradicts was sent %d times", c-calls)
	}
	n.logs.Fail(nil)
	s.src.Append(150)
	n.settled(s, "PUT-1")
	eventually(t, "and cosigns again", cosigned(310))
}

func TestCheckpointByTime(t *testing.T) {
	n := newNation(t)
	n.begin()
	log := bordertest.NewMemoryLog("PUT-1", "station", "hub")
	n.citizen("PUT-1", n.url(), func(c *uplink.Config) { c.Checkpoints, c.Checkpoint = log, 50*time.Millisecond })
	n.logs.Hold("PUT-1", 1000)
	for _, size := range []uint64{1, 2, 3} {
		log.Append(1)
		eventually(t, "one event is cosigned", func() bool { _, at := log.Last(); return at == size })
	}
}

// TestOfficerIsRevoked: a changed roster reaches a connected station because the hub wakes it, and
// one that was not woken because it asks.
func TestOfficerIsRevoked(t *testing.T) {
	n := newNation(t)
	n.begin()
	woken, asks := bordertest.NewMemoryRoster("PUT-1", "hub"), bordertest.NewMemoryRoster("PUT-2", "hub")
	n.citizen("PUT-1", n.url(), func(c *uplink.Config) { c.Roster, c.Officers = woken, time.Hour })
	n.citizen("PUT-2", n.url(), func(c *uplink.Config) { c.Roster, c.Officers = asks, 50*time.Millisecond })
	eventually(t, "both have a roster", func() bool { return woken.RosterVersion() == 1 && asks.RosterVersion() == 1 })
	for v := uint64(2); v < 5; v++ {
		began := time.Now()
		n.officers.Change()
		eventually(t, "the one that is woken has the next", func() bool { return woken.RosterVersion() == v })
		t.Logf("a change was in force after %v", time.Since(began))
		eventually(t, "both have", func() bool { return asks.RosterVersion() == v })
	}
	if asked := n.officers.Asked("PUT-1"); asked > 8 {
		t.Errorf("a station that is woken asked %d times", asked)
	}
	n.stopJustIntake() // while the hub is away
	n.officers.Change()
	n.startIntake()
	eventually(t, "it is fetched afterwards", func() bool { return woken.RosterVersion() == 5 && asks.RosterVersion() == 5 })
}

func TestKeysAreRegained(t *testing.T) {
	n := newNation(t)
	n.begin()
	n.keys.Add("PUT-1", 2500)
	n.keys.Add("PUT-2", 3)
	all, err := n.keys.Rewrapped(t.Context(), "PUT-1", "PUT-1-key-002499")
	if err != nil || len(all) != 1 {
		t.Fatalf("the last key: %d, %v", len(all), err)
	}
	ring := bordertest.NewMemoryKeyring()
	ring.Need("PUT-1-key-000001", "PUT-1-key-001000", "PUT-1-key-001001", all[0].KeyID)
	n.citizen("PUT-1", n.url(), func(c *uplink.Config) { c.Keys = ring })
	eventually(t, "nothing is lacking", func() bool {
		lacking, err := ring.Lacking(t.Context())
		return err == nil && !lacking
	})
}

// TestAnswersSayNothingByTheirLength compares the answer about a document that nobody knows with
// one about a document of twenty crossings less than fill a step.
func TestAnswersSayNothingByTheirLength(t *testing.T) {
	n := newNation(t)
	n.begin()
	s := n.citizen("PUT-1", n.url())
	s.src.Append(1)
	n.settled(s, "PUT-1")
	known, unknown := border.BlindIndex{1}, border.BlindIndex{2}
	n.asker.Record(known, border.PastCrossing{Station: "PUT-8", Post: "PUT", OccurredAt: bordertest.Start, Direction: border.Entry, Outcome: "admitted"})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	a, err := s.AskDocument(ctx, border.DocumentQuestion{Blind: known, Limit: 20})
	if err != nil || len(a.Crossings) != 1 {
		t.Fatalf("AskDocument = %d crossings, %v", len(a.Crossings), err)
	}
	nc := n.attacker("PUT-1") // the same question by hand, to see the bytes
	sizes := map[int]bool{}
	for _, blind := range []border.BlindIndex{known, unknown} {
		body, err := wire.Encode(border.DocumentQuestion{Station: "PUT-1", Blind: blind, Limit: 20})
		if err != nil {
			t.Fatal(err)
		}
		m := wire.Request("PUT-1", wire.KindAsk, body, time.Second)
		if err := wire.SignRequest(m, time.Now(), n.trust("PUT-1").Sign); err != nil {
			t.Fatal(err)
		}
		reply, err := nc.RequestMsgWithContext(ctx, m)
		if err != nil || !wire.Sealed(reply.Header) || bytes.Contains(reply.Data, []byte("crossings")) {
			t.Fatalf("the answer is not sealed: %v", err)
		}
		sizes[len(reply.Data)] = true
	}
	if len(sizes) != 1 {
		t.Errorf("answers of %v bytes", sizes)
	}
}
