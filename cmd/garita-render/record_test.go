package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"garita/border"
	"garita/border/journal"
	"garita/border/papers"
	"garita/border/seal"
)

// believed is the machine's clock, believed.
type believed struct{}

func (believed) Now() time.Time           { return time.Now() }
func (believed) Trust() border.ClockTrust { return border.ClockTrust{State: border.ClockSynced} }

// TestRecordMeanwhileSoak measures how long a crossing takes to be on the disk while papers are
// drawn without a pause, some of them hostile ones that compute until they are killed, and while
// none is: in turns, so that whatever else the machine does meets both. GARITA_BENCH_DIR names a
// folder on a real disk.
func TestRecordMeanwhileSoak(t *testing.T) {
	if os.Getenv("GARITA_SOAK") == "" {
		t.Skip("GARITA_SOAK is not set")
	}
	dir, err := os.MkdirTemp(os.Getenv("GARITA_BENCH_DIR"), "record")
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
	hub, err := seal.NewHubPrivate("HUB")
	must(t, err)
	provisioning, err := hub.Provisioning()
	must(t, err)
	keys, err := seal.OpenStationKeys(t.Context(), filepath.Join(dir, "keys.db"), "UTP-1", &seal.StationSecret{WrapKey: make([]byte, 32)}, provisioning)
	must(t, err)
	t.Cleanup(func() { must(t, keys.Close()) })
	set, err := keys.Ready(t.Context(), seal.Bucket(time.Now()))
	must(t, err)
	j, err := journal.Open(t.Context(), journal.Config{Dir: dir, Station: "UTP-1", Post: "UTP", Software: "test", Clock: believed{}, Keys: keys})
	must(t, err)
	t.Cleanup(func() { must(t, j.Close()) })
	hubOnly, err := seal.HubOnly(nil)
	must(t, err)
	ids := border.NewIDs(believed{}, nil)
	record := func() time.Duration {
		id, err := ids.New()
		must(t, err)
		e := &journal.Entry{Header: border.Header{Type: border.TypeCrossingRecorded, Crossing: &id, Counter: "1", Direction: border.Entry,
			Outcome: string(border.Admitted), Nationality: "UTO", Sex: "F", BirthYear: 1974, DocumentKind: "passport", DocumentIssuer: "UTO", Officer: "9c3c1f3ab2"},
			Personal: bytes.Repeat([]byte("p"), 420), HubOnly: hubOnly, Keys: set, Blinds: []border.BlindIndex{border.BlindIndex(id)}}
		began := time.Now()
		_, err = j.Append(t.Context(), e)
		must(t, err)
		return time.Since(began)
	}
	r := renderer(t, papers.Config{})
	var quiet, meanwhile []time.Duration
	drawn := 0
	for range 8 {
		for range 250 {
			quiet = append(quiet, record())
			time.Sleep(4 * time.Millisecond) // a busy counter is far slower
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for i := 0; ctx.Err() == nil; i++ {
				document := pdf(true, letter)
				if i%16 == 15 {
					document = order("never-end", "")
				}
				if _, err := r.Draw(ctx, document, 0, 1600, 1600); err == nil {
					drawn++
				}
			}
		}()
		for range 250 {
			meanwhile = append(meanwhile, record())
			time.Sleep(4 * time.Millisecond)
		}
		stop()
		<-ended
	}
	at := func(d []time.Duration, q float64) time.Duration {
		slices.Sort(d)
		return d[int(q*float64(len(d)-1))]
	}
	ratio := func(q float64) float64 { return float64(at(meanwhile, q)) / float64(at(quiet, q)) }
	t.Logf("append: p50 %v, p99 %v; while papers are drawn p50 %v (%.2f×), p99 %v (%.2f×); %d drawn",
		at(quiet, 0.5), at(quiet, 0.99), at(meanwhile, 0.5), ratio(0.5), at(meanwhile, 0.99), ratio(0.99), drawn)
	if drawn < 8 {
		t.Errorf("only %d papers were drawn: nothing was measured", drawn)
	}
	if ratio(0.99) > 3 {
		t.Errorf("the record's p99 is %.1f times as long while papers are drawn", ratio(0.99))
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
