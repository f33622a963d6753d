package streamtest

import (
	"context"
	"testing"
	"time"

	"garita/border"
	"garita/border/bordertest"
	"garita/sync/downlink/follow"
	"garita/sync/downlink/publish"
	"garita/sync/wire"
)

// TestListsAndNoticesOfWhoBelongs is the downlink with everything on.
func TestListsAndNoticesOfWhoBelongs(t *testing.T) {
	c := &country{rig: newRig(t), lists: bordertest.NewMemoryLists(listKey), cases: bordertest.NewMemoryCases()}
	n := makeNation(t, c.rig)
	c.startBroker()
	t.Cleanup(func() { c.stopPublisher() })
	c.conf = func(p *publish.Config) { p.Access, p.Trust = n.hubAccess(), n.hubTrust() }
	n.enrol("PUT-1", time.Hour)
	p, err := publish.New(func() publish.Config {
		conf := publish.Config{URL: c.url(), Lists: c.lists, Notices: c.cases, Clock: wallClock{}, Log: c.rig.log, RetryMax: 300 * time.Millisecond}
		c.conf(&conf)
		return conf
	}())
	if err != nil {
		t.Fatal(err)
	}
	c.halt = run(t, p.Run)
	at := c.release(true, 300_000)
	post := c.post("PUT-1", c.url(), func(f *follow.Config) { f.Access, f.Trust = n.access("PUT-1"), n.trust("PUT-1") })
	post.reaches(t, at)
	for range 3 {
		at = c.release(false, 10_000)
	}
	post.reaches(t, at)

	c.cases.Notice(bordertest.NoticeID(1), []byte("sealed with the lists' key"), "PUT-1")
	eventually(t, "the notice is at the post", func() bool { return len(post.notices.Open()) == 1 })
	nc := n.attacker("PUT-1")
	body, err := wire.Encode(wire.NoticesRequest{Limit: 20})
	if err != nil {
		t.Fatal(err)
	}
	m := wire.Request("PUT-1", wire.KindNotices, body, time.Second)
	if err := wire.SignRequest(m, time.Now(), n.sign("PUT-1")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	reply, err := nc.RequestMsgWithContext(ctx, m)
	if err != nil || !wire.Sealed(reply.Header) || len(reply.Data) < 512 {
		t.Errorf("notices travel unsealed: %v", err)
	}
	// A broker cannot acknowledge in a station's name, and so close an alert everywhere.
	ack, err := wire.Encode(border.NoticeAck{Station: "PUT-1", ID: bordertest.NoticeID(1), Officer: "o-17", At: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	if code := asked(t, nc, wire.Request("PUT-1", wire.KindNoticeAck, ack, time.Second)); code != border.Unauthenticated {
		t.Errorf("an acknowledgement that no station signed: %q", code)
	}
	if acks := c.cases.Acknowledged(); len(acks) != 0 {
		t.Errorf("%d acknowledgements were taken", len(acks))
	}
	post.notices.Acknowledge(bordertest.NoticeID(1), "o-17")
	eventually(t, "the station's own is taken", func() bool { return len(c.cases.Acknowledged()) == 1 })
}
