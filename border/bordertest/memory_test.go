package bordertest

import (
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
