package streamtest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"garita/border"
	"garita/border/bordertest"
	"garita/sync/broker"
	"garita/sync/downlink/follow"
	"garita/sync/downlink/publish"
	"garita/sync/wire"
)

const (
	listKey  = "the hub's key"
	national = "national"
)

// country is a hub that publishes lists and notices, on a real broker.
type country struct {
	*rig
	lists *bordertest.MemoryLists
	cases *bordertest.MemoryCases
	halt  func() // ends the publisher
	via   string // the publisher's way to the broker; "": straight
	conf  func(*publish.Config)
}

func newCountry(t *testing.T) *country {
	c := &country{rig: newRig(t), lists: bordertest.NewMemoryLists(listKey), cases: bordertest.NewMemoryCases()}
	c.conf = func(*publish.Config) {}
	c.startBroker()
	t.Cleanup(func() { c.stopPublisher() })
	return c
}

func (c *country) startPublisher() {
	c.t.Helper()
	conf := publish.Config{
		URL: c.url(), Lists: c.lists, Notices: c.cases, Clock: wallClock{}, Log: c.log,
		RequestTimeout: 5 * time.Second, RetryMax: 300 * time.Millisecond,
		Alarm: func(text string) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.alarms = append(c.alarms, text)
		},
	}
	if c.via != "" {
		conf.URL = c.via
	}
	c.conf(&conf)
	p, err := publish.New(conf)
	if err != nil {
		c.t.Fatalf("publisher: %v", err)
	}
	c.halt = run(c.t, p.Run)
	if conf.StreamBytes <= broker.DefaultMaxStore { // a server stopped in the middle of making a stream leaves goroutines behind
		c.shelf()
	}
}

func (c *country) stopPublisher() {
	if c.halt != nil {
		c.halt()
		c.halt = nil
	}
}

// release publishes a release of some bytes.
func (c *country) release(snapshot bool, size int) border.ListPosition {
	return c.lists.Release(national, snapshot, c.file(size))
}

// file gives the bytes that release would publish next, for the size.
func (c *country) file(size int) []byte { return bordertest.Filled(fmt.Sprint("file of ", size), size) }

func (c *country) alarmed() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.alarms...)
}

// shelf opens the stream of lists as no publisher would.
func (c *country) shelf() jetstream.Stream {
	c.t.Helper()
	_, js := connect(c.t, c.url())
	var st jetstream.Stream
	eventually(c.t, "the stream of lists is there", func() bool {
		ctx, cancel := context.WithTimeout(c.t.Context(), time.Second)
		defer cancel()
		var err error
		st, err = js.Stream(ctx, wire.ListStream)
		return err == nil
	})
	return st
}

// published waits until the head of the list in the stream is p.
func (c *country) published(p border.ListPosition) {
	c.t.Helper()
	st := c.shelf()
	eventually(c.t, fmt.Sprintf("version %d is published", p.Version), func() bool {
		m, err := st.GetLastMsgForSubject(c.t.Context(), wire.HeadSubject(p.List))
		if err != nil {
			return false
		}
		h, err := wire.DecodeHead(m.Data, p.List)
		return err == nil && h.Position == p
	})
}

// forge puts something into the stream that no publisher would.
func (c *country) forge(subject string, b []byte) {
	c.t.Helper()
	_, js := connect(c.t, c.url())
	if _, err := js.Publish(c.t.Context(), subject, b); err != nil {
		c.t.Fatalf("forge: %v", err)
	}
}

// post is a station with its copy of the lists.
type post struct {
	*follow.Follower
	replica *bordertest.MemoryReplica
	notices *bordertest.MemoryNotices
	stop    func()
}

func (c *country) post(id border.StationID, url string, tune ...func(*follow.Config)) *post {
	c.t.Helper()
	p := &post{replica: bordertest.NewMemoryReplica(listKey), notices: bordertest.NewMemoryNotices(id)}
	c.follow(p, id, url, tune...)
	return p
}

func (c *country) follow(p *post, id border.StationID, url string, tune ...func(*follow.Config)) {
	c.t.Helper()
	conf := follow.Config{
		URL: url, Station: id, Names: []string{national}, Lists: p.replica, Notices: p.notices, Clock: wallClock{}, Log: c.log,
		Check: 50 * time.Millisecond, Notice: 50 * time.Millisecond, Jitter: time.Millisecond, RequestTimeout: 2 * time.Second,
		ChunkTimeout: 2 * time.Second, RetryMax: 300 * time.Millisecond, Ping: 300 * time.Millisecond,
	}
	for _, f := range tune {
		f(&conf)
	}
	var err error
	if p.Follower, err = follow.New(conf); err != nil {
		c.t.Fatalf("follower: %v", err)
	}
	p.stop = run(c.t, p.Run)
	c.t.Cleanup(p.stop)
}

func (p *post) at(t testing.TB) border.ListPosition {
	at, err := p.replica.Position(context.Background(), national)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// reaches waits until a release is in force at the post.
func (p *post) reaches(t testing.TB, want border.ListPosition) {
	t.Helper()
	eventually(t, fmt.Sprintf("version %d of %s is in force", want.Version, want.Epoch), func() bool { return p.at(t) == want })
}

// looks waits until the follower has looked at the head some more times.
func (p *post) looks(t testing.TB, times int) {
	t.Helper()
	for range times {
		seen := p.Lists()[0].Seen
		eventually(t, "the head is looked at", func() bool { return p.Lists()[0].Seen.After(seen) })
	}
}

// refuses waits until the follower has refused something so often since it began.
func (p *post) refuses(t testing.TB, more uint64) {
	t.Helper()
	eventually(t, "a release is refused", func() bool { return p.Lists()[0].Refused >= more })
}
