package demo

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"garita/border"
	"garita/border/register"
)

// Quantiles of a series in milliseconds.
type Quantiles struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
}

// Result is what a run of travellers showed.
type Result struct {
	Presented  int `json:"presented"`  // documents put on a reader
	Recorded   int `json:"recorded"`   // acknowledged by the station as durable
	Registered int `json:"registered"` // of those, held by the national register
	Lost       int `json:"lost"`       // presented but not recorded, or recorded but not registered
	Duplicated int `json:"duplicated"` // registered more often than recorded
	// ScanToVerdict runs from the last byte written to the reader's tty to the verdict's
	// arrival on the live stream.
	ScanToVerdict Quantiles `json:"scan_to_verdict_ms"`
	// Record runs from the decision's request to its 201.
	Record   Quantiles      `json:"record_ms"`
	Verdicts map[string]int `json:"verdicts"`
}

// Failed reports whether anything was lost or doubled.
func (r *Result) Failed() bool { return r.Lost != 0 || r.Duplicated != 0 }

// quiet is how long the register may bring nothing new before the run gives up waiting.
const quiet = 60 * time.Second

// Run puts every traveller on a reader in turn, decides as an inspector would, and waits
// until the national register holds them all. With rate 0 each counter presents the next
// document when the last one is recorded; else documents come at that rate per second.
func (d *Demo) Run(ctx context.Context, travellers []Specimen, rate float64) (*Result, error) {
	hub, err := d.operator(ctx)
	if err != nil {
		return nil, err
	}
	before, err := newestArrival(ctx, hub)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	lanes := make([]*lane, len(d.readers))
	for i := range lanes {
		lanes[i] = newLane(d.browsers[i], counterName(i), d.readers[i])
		if err := lanes[i].api.as(ctx, badges[i%len(badges)]); err != nil {
			return nil, err
		}
	}
	for i, t := range travellers {
		l := lanes[i%len(lanes)]
		l.turn = append(l.turn, &traveller{Specimen: t, done: make(chan struct{})})
	}
	var group sync.WaitGroup
	for _, l := range lanes {
		group.Go(func() { l.run(ctx, rate/float64(len(lanes))) })
	}
	ended := make(chan struct{})
	go func() { group.Wait(); close(ended) }()
	select {
	case <-ended:
	case err := <-d.failed:
		cancel()
		<-ended
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return d.judge(ctx, hub, before, lanes)
}

// judge compares what was recorded with what the register holds.
func (d *Demo) judge(ctx context.Context, hub *client, before int64, lanes []*lane) (*Result, error) {
	r := &Result{Verdicts: map[string]int{}}
	var toVerdict, record []time.Duration
	recorded := make(map[border.ID]bool)
	for _, l := range lanes {
		for _, t := range l.turn {
			r.Presented++
			if t.crossing.IsZero() {
				r.Lost++
				continue
			}
			if recorded[t.crossing] {
				return nil, errors.New("two travellers ended in one crossing")
			}
			recorded[t.crossing] = true
			r.Verdicts[string(t.level)]++
			toVerdict = append(toVerdict, t.seenAt.Sub(t.lastByte))
			record = append(record, t.took)
		}
	}
	r.ScanToVerdict, r.Record = quantiles(toVerdict), quantiles(record)
	rows, err := await(ctx, hub, before, recorded)
	if err != nil {
		return nil, err
	}
	r.settle(recorded, rows)
	return r, nil
}

// settle compares the crossings that the station acknowledged with the register's rows.
// Every row beyond one for each of them counts as doubled.
func (r *Result) settle(recorded map[border.ID]bool, rows []border.ID) {
	found := make(map[border.ID]bool)
	for _, id := range rows {
		if recorded[id] {
			found[id] = true
		}
	}
	r.Recorded, r.Registered = len(recorded), len(found)
	r.Lost += r.Recorded - r.Registered
	r.Duplicated = len(rows) - r.Registered
}

// newestArrival returns the arrival number of the last crossing that the register holds.
func newestArrival(ctx context.Context, hub *client) (int64, error) {
	var after int64
	for {
		page, err := crossings(ctx, hub, after)
		if err != nil || len(page) == 0 {
			return after, err
		}
		after = page[len(page)-1].Arrival
	}
}

func crossings(ctx context.Context, hub *client, after int64) (page []register.Crossing, err error) {
	return page, hub.call(ctx, http.MethodGet, fmt.Sprintf("/api/v1/register/crossings?after=%d&limit=1000", after), nil, &page)
}

// await reads the register until it holds all that was recorded, or brings nothing new
// for a while. It returns every row that came.
func await(ctx context.Context, hub *client, after int64, recorded map[border.ID]bool) ([]border.ID, error) {
	var rows []border.ID
	missing := maps.Clone(recorded)
	last := time.Now()
	for {
		page, err := crossings(ctx, hub, after)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for _, c := range page {
			rows = append(rows, c.ID)
			delete(missing, c.ID)
			after, last = c.Arrival, time.Now()
		}
		switch {
		case err == nil && len(page) == 0 && len(missing) == 0: // nothing came too much either
			return rows, nil
		case time.Since(last) > quiet:
			return rows, err
		case len(page) == 0: // the hub may be away for a while
			pause(ctx, 50*time.Millisecond)
		}
	}
}

func quantiles(d []time.Duration) Quantiles {
	if len(d) == 0 {
		return Quantiles{}
	}
	slices.Sort(d)
	at := func(q float64) float64 {
		i := min(len(d)-1, int(q*float64(len(d))))
		return float64(d[i].Microseconds()) / 1000
	}
	return Quantiles{P50: at(0.50), P99: at(0.99)}
}
