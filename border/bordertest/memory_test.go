package bordertest

import (
	"fmt"
	"testing"
	"time"

	"garita/border"
)

type fixedClock struct{}

func (fixedClock) Now() time.Time { return Start }

func TestMemorySource(t *testing.T) {
	RunSourceSuite(t, func(t *testing.T) SourceFixture {
		s := NewMemorySource("PUT-1")
		return SourceFixture{Source: s, Station: "PUT-1", Append: s.Append,
			Reopen: func() border.EventSource { s.Open(); return s }}
	})
}

func TestMemorySink(t *testing.T) {
	RunSinkSuite(t, func(t *testing.T) SinkFixture {
		s := NewMemorySink(fixedClock{})
		return SinkFixture{
			Sink:        s,
			Quarantined: func() int { return len(s.Quarantined()) },
			Malformed:   func() int { return len(s.Malformed()) },
			Copy: func() func() border.EventSink {
				putBack := s.Copy()
				return func() border.EventSink { putBack(); return s }
			},
		}
	})
}

func TestEventSize(t *testing.T) {
	e := Event("PUT-1", EpochNo(1), 80_000, border.Digest{}, border.TypeCrossingRecorded)
	if n := len(e.Encode()); n < 1500 || n > 1900 {
		t.Errorf("an event has %d bytes, want about 1.7 kB, as a station writes them", n)
	}
}

func TestMemoryAsker(t *testing.T) {
	RunAskerSuite(t, func(t *testing.T) AskerFixture {
		a := NewMemoryAsker(fixedClock{})
		return AskerFixture{Asker: a, Station: "PUT-1", Record: a.Record}
	})
}

func TestMemoryLists(t *testing.T) {
	RunListSourceSuite(t, func(t *testing.T) ListSourceFixture {
		s := NewMemoryLists("the hub's key")
		n := 0
		return ListSourceFixture{
			Source: s, List: "national",
			Release: func() {
				n++
				s.Release("national", n%3 == 1, Filled(fmt.Sprint("release ", n), 100*n))
			},
			Restore: func(releases int) border.ListSource { n = 0; s.Restore("national", uint64(releases)); return s },
			Reopen:  func() border.ListSource { return s },
		}
	})
}

func TestMemoryReplica(t *testing.T) {
	RunListSinkSuite(t, func(t *testing.T) ListSinkFixture {
		const key = "the hub's key"
		add := func(c *ReleaseChain, seed string, snapshot bool) MadeRelease {
			return c.Add(snapshot, Filled(seed, 90), Filled(seed+"!", 40))
		}
		chain := NewReleaseChain("national", EpochNo(1), border.ListPosition{}, key)
		foreign := NewReleaseChain("national", EpochNo(1), border.ListPosition{}, "another key")
		for i := range 6 {
			add(chain, fmt.Sprint(i), i%4 == 0)
			add(foreign, fmt.Sprint(i), i%4 == 0)
		}
		next := NewReleaseChain("national", EpochNo(2), chain.Releases()[3].Position, key)
		for i := range 3 {
			add(next, fmt.Sprint("next", i), i%2 == 0)
		}
		s := NewMemoryReplica(key)
		return ListSinkFixture{
			Sink: s, List: "national", Chain: chain.Releases(), Fork: add(chain.Fork(2), "fork", false),
			Foreign: foreign.Releases()[1], Next: next.Releases(), Reopen: func() border.ListSink { return s },
		}
	})
}

func TestMemoryCases(t *testing.T) {
	RunNoticeSourceSuite(t, func(t *testing.T) NoticeSourceFixture {
		s := NewMemoryCases()
		n := 0
		return NoticeSourceFixture{
			Source: s, Station: "PUT-1", Other: "PUT-2",
			Notice: func(both bool) border.ID {
				n++
				to := []border.StationID{"PUT-1", "PUT-2"}
				if !both {
					to = to[:1]
				}
				s.Notice(NoticeID(n), Filled("notice", 300), to...)
				return NoticeID(n)
			},
			Close:  s.Close,
			Reopen: func() border.NoticeSource { return s },
		}
	})
}

func TestMemoryNotices(t *testing.T) {
	RunNoticeSinkSuite(t, func(t *testing.T) NoticeSinkFixture {
		s := NewMemoryNotices("PUT-1")
		return NoticeSinkFixture{
			Sink: s, Station: "PUT-1", Acknowledge: s.Acknowledge,
			Open: func() []border.ID {
				var ids []border.ID
				for _, n := range s.Open() {
					ids = append(ids, n.ID)
				}
				return ids
			},
			Reopen: func() border.NoticeSink { return s },
		}
	})
}
