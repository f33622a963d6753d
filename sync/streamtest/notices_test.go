package streamtest

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"garita/border"
	"garita/border/bordertest"
	"garita/sync/downlink/follow"
	"garita/sync/uplink"
	"garita/sync/wire"
)

func body(n int) []byte { return bordertest.Filled("notice", n) }

// holds waits until exactly these notices are open at a post.
func (p *post) holds(t testing.TB, ids ...border.ID) {
	t.Helper()
	eventually(t, "the notices are there", func() bool {
		open := p.notices.Open()
		if len(open) != len(ids) {
			return false
		}
		for i, n := range open {
			if n.ID != ids[i] {
				return false
			}
		}
		return true
	})
}

func TestNoticesReachTheirStationsAndComeBackAcknowledged(t *testing.T) {
	c := newCountry(t)
	c.startPublisher()
	rare := func(f *follow.Config) { f.Notice = time.Hour } // they are woken
	one, two := c.post("PUT-1", c.url(), rare), c.post("PUT-2", c.url(), rare)
	eventually(t, "both have asked", func() bool { return c.cases.Asked() >= 2 })
	a, b := bordertest.NoticeID(1), bordertest.NoticeID(2)
	c.cases.Notice(a, body(border.MaxNotice), "PUT-1", "PUT-2")
	one.holds(t, a)
	two.holds(t, a)
	calls := two.notices.Calls()
	nc, _ := connect(t, c.url())
	woken, err := nc.SubscribeSync("down.PUT-2.notice")
	if err == nil {
		err = nc.Flush()
	}
	if err != nil {
		t.Fatal(err)
	}
	c.cases.Notice(b, body(10), "PUT-1")
	one.holds(t, a, b)
	one.notices.Acknowledge(a, "o-17")
	one.holds(t, b)
	two.holds(t) // one acknowledgement closes all
	if n, _, err := woken.Pending(); err != nil || n != 1 {
		t.Errorf("the other station was woken %d times, %v; want once", n, err)
	}
	if n := two.notices.Calls(); n != calls+1 {
		t.Errorf("the other station was told something %d times, want once", n-calls)
	}
	acks := c.cases.Acknowledged()
	if len(acks) != 1 || acks[0] != (border.NoticeAck{Station: "PUT-1", ID: a, Officer: "o-17", At: bordertest.Start}) {
		t.Errorf("the hub holds %+v", acks)
	}
	eventually(t, "it is confirmed", func() bool { left, err := one.notices.Acks(t.Context()); return err == nil && len(left) == 0 })
}

func TestManyNoticesComeByPages(t *testing.T) {
	c := newCountry(t)
	var ids []border.ID
	for i := range 3*wire.MaxNotices + 5 {
		ids = append(ids, bordertest.NoticeID(i+1))
		c.cases.Notice(ids[i], body(border.MaxNotice), "PUT-1")
	}
	c.startPublisher()
	p := c.post("PUT-1", c.url(), func(f *follow.Config) { f.Notice = time.Hour })
	p.holds(t, ids...)
	if n := p.notices.Calls(); n != 4 {
		t.Errorf("they came in %d pages", n)
	}
}

func TestNoticesWhileTheHubIsAway(t *testing.T) {
	c := newCountry(t)
	c.startPublisher()
	p := c.post("PUT-1", c.url())
	a, b, d := bordertest.NoticeID(1), bordertest.NoticeID(2), bordertest.NoticeID(3)
	c.cases.Notice(a, body(100), "PUT-1")
	p.holds(t, a)
	c.stopPublisher()
	p.notices.Acknowledge(a, "o-17")
	c.cases.Notice(b, body(100), "PUT-1")
	c.stopBroker()
	c.startBroker()
	if left, err := p.notices.Acks(t.Context()); err != nil || len(left) != 1 || len(c.cases.Acknowledged()) != 0 {
		t.Fatalf("%d acknowledgements are left, %v", len(left), err)
	}
	c.startPublisher()
	p.holds(t, b)
	if n := len(c.cases.Acknowledged()); n != 1 {
		t.Errorf("%d acknowledgements at the hub", n)
	}
	c.cases.Fail(&border.Error{Code: border.StorageFull, Op: "test"}) // it is there and cannot
	p.notices.Acknowledge(b, "o-18")
	c.cases.Notice(d, body(100), "PUT-1")
	p.looks(t, 5)
	p.holds(t, b)
	c.cases.Fail(nil)
	p.holds(t, d)
	p.notices.Fail(&border.Error{Code: border.NotDurable, Op: "test"}) // the station cannot store
	calls := p.notices.Calls()
	c.cases.Close(d)
	eventually(t, "it tries again and again", func() bool { return p.notices.Calls() > calls+1 })
	p.holds(t, d)
	p.notices.Fail(nil)
	p.holds(t)
}

// TestAnAcknowledgementThatTheHubDoesNotTake holds up no other, and is kept.
func TestAnAcknowledgementThatTheHubDoesNotTake(t *testing.T) {
	c := newCountry(t)
	c.startPublisher()
	p := c.post("PUT-1", c.url())
	unknown, known := bordertest.NoticeID(1), bordertest.NoticeID(2)
	p.notices.Acknowledge(unknown, "o-17")
	c.cases.Notice(known, body(100), "PUT-1")
	p.holds(t, known)
	p.notices.Acknowledge(known, "o-17")
	p.holds(t)
	if left, err := p.notices.Acks(t.Context()); err != nil || len(left) != 1 || left[0].ID != unknown {
		t.Errorf("%d acknowledgements are left, %v", len(left), err)
	}
	c.cases.Notice(unknown, body(100), "PUT-1") // the hub was restored, and knows it again
	eventually(t, "it is delivered at last", func() bool { return len(c.cases.Acknowledged()) == 2 })
	p.holds(t)
}

func TestHostileNotices(t *testing.T) {
	c := newCountry(t)
	c.startPublisher()
	p := c.post("PUT-1", c.url())
	a := bordertest.NoticeID(1)
	c.cases.Notice(a, body(100), "PUT-1")
	p.holds(t, a)
	nc, _ := connect(t, c.url())
	id := a.String()
	for _, q := range []struct{ subject, body string }{
		{"hub.PUT-1.notices", `{"after":0,"limit":21}`},
		{"hub.PUT-1.notices", `{"after":`},
		{"hub.put-1.notices", `{"after":0,"limit":1}`},
		{"hub.PUT-1.notice_ack", `{"station":"PUT-2","id":"` + id + `","officer":"o-17"}`},
		{"hub.PUT-2.notice_ack", `{"station":"PUT-1","id":"` + id + `","officer":"o-17"}`},
		{"hub.PUT-1.notice_ack", `{"station":"PUT-1","id":"` + id + `"}`},
	} {
		m, err := nc.Request(q.subject, []byte(q.body), patience)
		if err != nil {
			t.Fatalf("%s: %v", q.subject, err)
		}
		if _, err := wire.ReadReply(m); border.CodeOf(err) != border.Invalid {
			t.Errorf("%s %s: %v, want a refusal", q.subject, q.body, err)
		}
	}
	m, err := nc.Request("hub.PUT-2.notice_ack", []byte(`{"station":"PUT-2","id":"`+id+`","officer":"o-17"}`), patience)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := wire.ReadReply(m); border.CodeOf(err) != border.NotFound || len(c.cases.Acknowledged()) != 0 {
		t.Errorf("another station's notice was acknowledged: %v", err)
	}

	// A hub that says anything: nothing of it is taken.
	c.stopPublisher()
	replies := []string{`rubbish`, `{"notices":[{"id":"` + id + `","order":1}]}`, `{"notices":[{"order":9}]}`, ``}
	var n atomic.Int64
	if _, err := nc.Subscribe("hub.*.notices", func(m *nats.Msg) {
		_ = m.Respond([]byte(replies[n.Add(1)%4]))
	}); err != nil {
		t.Fatal(err)
	}
	calls := p.notices.Calls()
	for range 100 {
		if err := nc.Publish("down.PUT-1.notice", []byte("rubbish")); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "it has heard all of them", func() bool { return n.Load() > 4 })
	if got := p.notices.Calls(); got != calls {
		t.Errorf("the station took %d of such answers", got-calls)
	}
	p.holds(t, a)
}

func TestHelloTellsOfLists(t *testing.T) {
	r := newRig(t)
	r.start()
	at := border.ListPosition{List: national, Epoch: bordertest.EpochNo(3), Version: 42, Hash: border.Digest{7}}
	want := border.ListReport{Position: at, Since: bordertest.Start, Refused: "fork", RefusedAt: bordertest.Start}
	r.station("PUT-1", r.url(), func(c *uplink.Config) {
		c.Lists = func() []border.ListReport {
			return []border.ListReport{want, {Position: border.ListPosition{List: "no list's name"}}} // of which the hello is not lost
		}
	})
	eventually(t, "the hub knows", func() bool {
		h := r.sink.Hello("PUT-1")
		return len(h.Lists) == 1 && h.Lists[0] == want
	})
}
