package seal_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"garita/border"
	"garita/border/bordertest"
	"garita/border/seal"
)

func TestKeySourceSuite(t *testing.T) {
	bordertest.RunKeySourceSuite(t, func(t *testing.T) bordertest.KeySourceFixture {
		r := newRig(t)
		pub, _ := stationPair(t)
		return bordertest.KeySourceFixture{Station: "PUT-1", Other: "PUT-2",
			Source: seal.NewKeySource(r.hub, func(context.Context, border.StationID) ([]byte, error) { return pub, nil }),
			Make: func(station border.StationID, n int) {
				keys, err := seal.OpenStationKeys(t.Context(), filepath.Join(t.TempDir(), "keys.db"), station, seal.NewStationSecret(), r.prov)
				check(t, err)
				defer keys.Close()
				for month := 1; n > 0; month++ {
					_, err := keys.Ready(t.Context(), fmt.Sprintf("2026-%02d", month))
					check(t, err)
					wraps, err := keys.Wraps(t.Context())
					check(t, err)
					for _, w := range wraps {
						if w.Bucket == fmt.Sprintf("2026-%02d", month) && (w.Part == border.PartHub || n > 0) {
							check(t, r.hub.Add(t.Context(), []border.KeyWrap{w}))
							if w.Part != border.PartHub {
								n--
							}
						}
					}
				}
			}}
	})
}

func TestKeySinkSuite(t *testing.T) {
	bordertest.RunKeySinkSuite(t, func(t *testing.T) bordertest.KeySinkFixture {
		r := newRig(t)
		pub, opener := stationPair(t)
		var named []string
		sink := seal.NewKeySink(r.station, opener, func(context.Context) ([]string, error) { return named, nil })
		check(t, sink.Regain(t.Context(), nil)) // the new store has asked once
		return bordertest.KeySinkFixture{Sink: sink, Lose: func() []border.KeyWrap {
			lost, err := seal.OpenStationKeys(t.Context(), filepath.Join(t.TempDir(), "keys.db"), "PUT-1", seal.NewStationSecret(), r.prov)
			check(t, err)
			defer lost.Close()
			_, err = lost.Ready(t.Context(), bucket)
			check(t, err)
			wraps, err := lost.Wraps(t.Context())
			check(t, err)
			check(t, r.hub.Add(t.Context(), wraps))
			given, err := r.hub.Rewrapped(t.Context(), "PUT-1", pub, "")
			check(t, err)
			for _, w := range given {
				named = append(named, w.KeyID)
			}
			return given
		}}
	})
}
