package streamtest

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"garita/border"
	"garita/border/bordertest"
	"garita/sync/downlink/follow"
	"garita/sync/downlink/publish"
	"garita/sync/wire"
)

func digest(b []byte) border.Digest { return sha256.Sum256(b) }

// order notes which releases a post puts in force.
func order(p *post) func() []uint64 {
	var mu sync.Mutex
	var seen []uint64
	p.replica.OnApplied(func(at border.ListPosition) {
		mu.Lock()
		defer mu.Unlock()
		if at.List == national {
			seen = append(seen, at.Version)
		}
	})
	return func() []uint64 {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(seen)
	}
}

func TestListsReachEveryPost(t *testing.T) {
	c := newCountry(t)
	c.startPublisher()
	names := []string{national, "documents"}
	both := func(f *follow.Config) { f.Names = names }
	posts := []*post{c.post("PUT-1", c.url(), both), c.post("PUT-2", c.url(), both)}
	applied := order(posts[0])
	file := bordertest.Filled("documents", 300_000)
	other := c.lists.Release("documents", true, file)
	for i := range 6 {
		p := c.release(i == 0, 1000+i)
		for _, post := range posts {
			post.reaches(t, p)
		}
	}
	last := c.lists.Release(national, false, []byte("a"), nil, []byte("b")) // a file may be empty
	for _, post := range posts {
		post.reaches(t, last)
		eventually(t, "the other list is in force", func() bool {
			at, err := post.replica.Position(t.Context(), "documents")
			return err == nil && at == other
		})
		if got := post.replica.InForce("documents"); len(got) != 1 || !bytes.Equal(got[0], file) {
			t.Error("the file arrived otherwise than it was sent")
		}
		eventually(t, "it says that all is well", func() bool {
			for _, s := range post.Lists() {
				if s.Problem != "" || s.Held != s.Head || s.Refused != 0 || s.Seen.IsZero() {
					return false
				}
			}
			return true
		})
	}
	if got := applied(); !slices.IsSorted(got) {
		t.Errorf("in force came %v", got)
	}
	late := c.post("PUT-3", c.url(), both) // has nothing, and takes the snapshot and what follows
	late.reaches(t, last)
}

// messages counts what the stream of lists holds.
func (c *country) messages() uint64 {
	c.t.Helper()
	info, err := c.shelf().Info(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	return info.State.Msgs
}

func TestOnlyWhatIsNamedStaysInTheStream(t *testing.T) {
	c := newCountry(t)
	c.conf = func(p *publish.Config) { p.Compare = 50 * time.Millisecond }
	c.startPublisher()
	var last border.ListPosition
	for i := range 9 {
		last = c.release(i == 0 || i == 6, 200_000+i) // two chunks each
	}
	c.published(last)
	eventually(t, "all is there", func() bool { return c.messages() == 9*3+1 })
	c.forge("lists.old.head", []byte("of a list that is no more"))
	c.forge("lists.file.0000.7", []byte("of a file that is no more"))
	c.lists.Prune(national, 7)
	eventually(t, "what is not named is gone", func() bool { return c.messages() == 3*3+1 })
	p := c.post("PUT-1", c.url())
	p.reaches(t, last)
}

func TestFullStreamIsPrunedAndThenRefuses(t *testing.T) {
	c := newCountry(t)
	c.conf = func(p *publish.Config) { p.StreamBytes = 1 << 20 }
	c.startPublisher()
	first := c.release(true, 600_000)
	p := c.post("PUT-1", c.url())
	p.reaches(t, first)
	c.lists.Prune(national, 2)
	second := c.release(true, 600_001) // fits once the first is gone
	p.reaches(t, second)
	if a := c.alarmed(); len(a) != 0 && len(a) != 1 {
		t.Errorf("alarms %q", a)
	}
	before := len(c.alarmed())
	c.release(false, 800_000)
	eventually(t, "an alarm is raised", func() bool { return len(c.alarmed()) > before })
	if p.at(t) != second {
		t.Error("a release that is not whole is in force")
	}
	c.lists.Prune(national, 4)
	p.reaches(t, c.release(true, 500_000)) // and it goes on
}

func TestUploadGoesOnWhereItWasCut(t *testing.T) {
	c := newCountry(t)
	pr := newProxy(t, "127.0.0.1:"+c.url()[len("nats://127.0.0.1:"):])
	c.via = pr.url()
	const size = 8 << 20
	chunks := wire.Chunks(size)
	pr.cutAfter(size / 2)
	p := c.release(true, size)
	c.startPublisher()
	eventually(t, "the upload is cut", func() bool { return !pr.willCut() })
	pr.set(false, false)
	c.published(p)
	info, err := c.shelf().Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// Every chunk once, manifest and head; and perhaps the one whose acknowledgement was lost.
	if n := int64(info.State.LastSeq); n < chunks+2 || n > chunks+3 {
		t.Errorf("%d messages were published, %d are enough", n, chunks+2)
	}
	if pr.connections() < 2 {
		t.Error("the cut did not happen")
	}
	post := c.post("PUT-1", c.url())
	post.reaches(t, p)
}

// TestManifestComesAfterItsFiles has a source whose file breaks off.
func TestManifestComesAfterItsFiles(t *testing.T) {
	c := newCountry(t)
	first := c.release(true, 1000)
	c.startPublisher()
	c.published(first)
	c.lists.Spoil(digest(c.file(300_000)))
	c.release(false, 300_000)
	eventually(t, "an alarm is raised", func() bool { return len(c.alarmed()) > 0 })
	c.published(first)
	info, err := c.shelf().Info(t.Context(), jetstream.WithSubjectFilter("lists.>"))
	if err != nil || len(info.State.Subjects) != 3 {
		t.Errorf("the stream holds %v, %v; want head, manifest and file of the first release", info.State.Subjects, err)
	}
}

func TestCutInTheMiddleOfALargeFile(t *testing.T) {
	c := newCountry(t)
	c.startPublisher()
	first := c.release(true, 1000)
	pr := newProxy(t, "127.0.0.1:"+c.url()[len("nats://127.0.0.1:"):])
	p := c.post("PUT-1", pr.url())
	p.reaches(t, first)
	const size = 20 << 20
	file := c.file(size)
	pr.cutAfter(8 << 20)
	second := c.release(false, size)
	eventually(t, "the connection is cut", func() bool { return !pr.willCut() })
	got := p.replica.Fetched(digest(file))
	if got < 6<<20 || got > 8<<20 {
		t.Errorf("%d bytes had come before the cut", got)
	}
	pr.set(false, false)
	p.reaches(t, second)
	if n := p.replica.Fetched(digest(file)); n != size {
		t.Errorf("%d bytes were received of a file of %d", n, size)
	}
	if n := pr.bytes(); n > size+2*wire.ChunkSize+1<<20 {
		t.Errorf("%d bytes went over the line for a file of %d", n, size)
	}
}

func TestStationRestartedInTheMiddleOfAFile(t *testing.T) {
	c := newCountry(t)
	c.startPublisher()
	const size = 4 << 20
	pr := newProxy(t, "127.0.0.1:"+c.url()[len("nats://127.0.0.1:"):])
	pr.cutAfter(1 << 20)
	want := c.release(true, size)
	p := c.post("PUT-1", pr.url())
	eventually(t, "the connection is cut", func() bool { return !pr.willCut() })
	p.stop()
	if p.at(t).Version != 0 {
		t.Fatal("half a file is in force")
	}
	pr.set(false, false)
	c.follow(p, "PUT-1", c.url())
	p.reaches(t, want)
	if n := p.replica.Fetched(digest(c.file(size))); n != size {
		t.Errorf("%d bytes were received of a file of %d", n, size)
	}
}

// TestPostCutOffForThreeDays: with a release every quarter of an hour, some of them
// snapshots, the hub keeping a day's, or all.
func TestPostCutOffForThreeDays(t *testing.T) {
	const releases = 3 * 24 * 4
	for name, keep := range map[string]int{"all is kept": releases, "a day is kept": 96} {
		t.Run(name, func(t *testing.T) {
			c := newCountry(t)
			c.startPublisher()
			pr := newProxy(t, "127.0.0.1:"+c.url()[len("nats://127.0.0.1:"):])
			p := c.post("PUT-1", pr.url())
			p.reaches(t, c.release(true, 1000))
			pr.set(true, false)
			var last border.ListPosition
			for i := range releases {
				last = c.release(i%80 == 79, 1001+i)
			}
			if keep < releases {
				c.lists.Prune(national, uint64(releases-keep))
				c.stopPublisher() // the next one compares, and prunes
				c.startPublisher()
			}
			c.published(last)
			if keep < releases { // else a post may be given one that goes a moment later; a manifest and a chunk of each, and the head
				eventually(t, "the others are pruned", func() bool { return c.messages() == uint64(2*(keep+2)+1) })
			}
			if p.at(t).Version != 1 {
				t.Fatal("the cut did not cut")
			}
			applied := order(p)
			pr.set(false, false)
			p.reaches(t, last)
			switch got := applied(); {
			case !slices.IsSorted(got):
				t.Errorf("in force came %v", got)
			case keep == releases && (len(got) != releases || got[0] != 2):
				t.Errorf("%d releases were taken one after another, from %d on; want all %d", len(got), got[0], releases)
			case keep < releases && (got[0] != 241 || len(got) != releases-240+1): // the last snapshot, and what follows
				t.Errorf("%d releases were taken, from %d on", len(got), got[0])
			}
			if s := p.Lists()[0]; s.Refused != 0 {
				t.Errorf("%d releases were refused", s.Refused)
			}
		})
	}
}

func TestTooFarBehindTakesTheSnapshot(t *testing.T) {
	c := newCountry(t)
	c.startPublisher()
	p := c.post("PUT-1", c.url(), func(f *follow.Config) { f.Far = 5 })
	p.reaches(t, c.release(true, 1000))
	p.stop()
	for i := range 20 {
		c.release(i == 15, 1001+i)
	}
	last := c.release(false, 2000)
	c.published(last)
	applied := order(p)
	c.follow(p, "PUT-1", c.url(), func(f *follow.Config) { f.Far = 5 })
	p.reaches(t, last)
	if got := applied(); len(got) != 6 || got[0] != 17 {
		t.Errorf("in force came %v", got)
	}
}

func TestBrokerStoppedAndStartedUnderLists(t *testing.T) {
	c := newCountry(t)
	c.startPublisher()
	p := c.post("PUT-1", c.url())
	p.reaches(t, c.release(true, 400_000))
	for i := range 3 {
		c.stopBroker()
		if i == 1 {
			c.dir = t.TempDir() // and lost its files
		}
		want := c.release(false, 1000+i)
		c.startBroker()
		p.reaches(t, want)
	}
	c.post("PUT-2", c.url()).reaches(t, c.release(false, 5000))
}

func TestHubRestoredBeginsAnEpoch(t *testing.T) {
	c := newCountry(t)
	c.startPublisher()
	here := c.post("PUT-1", c.url())
	pr := newProxy(t, "127.0.0.1:"+c.url()[len("nats://127.0.0.1:"):])
	away := c.post("PUT-2", pr.url())
	exact := c.post("PUT-3", c.url())
	for i := range 3 {
		p := c.release(i == 0, 1000+i)
		here.reaches(t, p)
		away.reaches(t, p)
		exact.reaches(t, p)
	}
	pr.set(true, false)
	exact.stop()
	for i := range 4 {
		here.reaches(t, c.release(false, 2000+i))
	}
	c.lists.Restore(national, 5)
	next := c.release(true, 3000)
	here.reaches(t, next)
	for i := range 3 {
		next = c.release(i == 1, 3001+i)
		here.reaches(t, next)
	}
	c.published(next)
	pr.set(false, false)
	away.reaches(t, next) // was at version 3, and never saw the parent
	c.follow(exact, "PUT-3", c.url())
	exact.reaches(t, next)
	for _, p := range []*post{here, away, exact} {
		if s := p.Lists()[0]; s.Refused != 0 {
			t.Errorf("%d releases were refused", s.Refused)
		}
	}
}

// TestEpochWithoutASnapshot goes on from the last release of the one before.
func TestEpochWithoutASnapshot(t *testing.T) {
	c := newCountry(t)
	c.startPublisher()
	exact := c.post("PUT-1", c.url())
	var parent border.ListPosition
	for i := range 3 {
		parent = c.release(i == 0, 1000+i)
	}
	exact.reaches(t, parent)
	c.lists.Restore(national, 3)
	c.release(false, 2000)
	last := c.release(false, 2001)
	exact.reaches(t, last)
	late := c.post("PUT-2", c.url()) // has the whole way to go
	applied := order(late)
	late.reaches(t, last)
	if got := applied(); !slices.Equal(got, []uint64{1, 2, 3, 1, 2}) {
		t.Errorf("in force came %v", got)
	}
}

func TestReplicaCannotStoreForAWhile(t *testing.T) {
	c := newCountry(t)
	c.startPublisher()
	p := c.post("PUT-1", c.url())
	first := c.release(true, 300_000)
	p.reaches(t, first)
	p.replica.Fail(&border.Error{Code: border.StorageFull, Op: "test", Message: "The disk is full."})
	second := c.release(false, 1000)
	eventually(t, "the station says so", func() bool { return p.Lists()[0].Problem == "The disk is full." })
	p.replica.Fail(nil)
	p.reaches(t, second)
	eventually(t, "and that it is over", func() bool { return p.Lists()[0].Problem == "" })
}

func TestBrokerWithoutRoomForLists(t *testing.T) {
	c := newCountry(t)
	c.conf = func(p *publish.Config) { p.StreamBytes = 1 << 50 }
	c.startPublisher()
	eventually(t, "an alarm is raised", func() bool { return len(c.alarmed()) > 0 })
	c.stopPublisher()
	if n := len(c.alarmed()); n != 1 {
		t.Errorf("%d alarms, want one", n)
	}
	c.conf = func(*publish.Config) {}
	c.startPublisher()
	c.post("PUT-1", c.url()).reaches(t, c.release(true, 1000))
}
