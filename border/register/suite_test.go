package register

import (
	"encoding/hex"
	"encoding/json"
	"testing"

	"garita/border"
	"garita/border/bordertest"
	"garita/border/seal"
)

func TestSinkSuite(t *testing.T) {
	bordertest.RunSinkSuite(t, func(t *testing.T) bordertest.SinkFixture {
		w := newWorld(t)
		return bordertest.SinkFixture{
			Sink:        w.reg,
			Quarantined: func() int { return int(w.counts().Quarantined) },
			Malformed:   func() int { return int(w.counts().Malformed + w.counts().Quarantined) },
			Copy: func() func() border.EventSink {
				putBack := w.copyFiles()
				return func() border.EventSink {
					putBack()
					return w.reg
				}
			},
		}
	})
}

// plainKeys holds every key and opens parts that were never sealed.
type plainKeys struct{ Keys }

func (plainKeys) Open(e *border.Event, part string) ([]byte, error) {
	for _, p := range e.Parts {
		if p.Name == part {
			return p.Ciphertext, nil
		}
	}
	return nil, seal.ErrNoKey
}

// hexBlinder takes the number itself for the blind index.
type hexBlinder struct{}

func (hexBlinder) Person(_, _, _ string) (border.BlindIndex, bool) { return border.BlindIndex{}, false }
func (hexBlinder) Name(string) border.BlindIndex                   { return border.BlindIndex{} }
func (hexBlinder) Officer(badge string) string                     { return badge }
func (hexBlinder) Born(string) (border.BlindIndex, bool)           { return border.BlindIndex{}, false }

func (hexBlinder) Document(_, number string) (b border.BlindIndex) {
	_, _ = hex.Decode(b[:], []byte(number))
	return b
}

func TestAskerSuite(t *testing.T) {
	bordertest.RunAskerSuite(t, func(t *testing.T) bordertest.AskerFixture {
		w := newWorld(t, func(c *Config) { c.Keys, c.Blinder = plainKeys{c.Keys}, hexBlinder{} })
		books := map[border.StationID]*book{}
		return bordertest.AskerFixture{
			Asker: w.reg, Station: "PUT-1",
			Record: func(blind border.BlindIndex, crossings ...border.PastCrossing) {
				for _, c := range crossings {
					b := books[c.Station]
					if b == nil {
						b = w.book(c.Station, 1, border.Parent{})
						books[c.Station] = b
					}
					h := b.header(border.TypeCrossingRecorded)
					h.Post, h.Crossing, h.Direction, h.Outcome = c.Post, &c.Crossing, c.Direction, c.Outcome
					h.OccurredAt, h.RecordedAt, h.Clock.State = c.OccurredAt, c.OccurredAt, border.TrustState(c.ClockState)
					header, err := json.Marshal(h)
					w.must(err)
					plain, err := json.Marshal(border.Personal{DocumentNumber: hex.EncodeToString(blind[:])})
					w.must(err)
					e := b.push(header, border.Key{Station: h.Station, Epoch: h.Epoch, Seq: h.Seq}, h.Type,
						border.Part{Name: border.PartPersonal, Alg: seal.Alg, KeyID: "k", Ciphertext: plain})
					w.store(sent(e)...)
				}
			},
		}
	})
}
