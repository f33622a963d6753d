package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"garita/border"
	"garita/border/bordertest"
	"garita/border/clock"
	"garita/border/enrolment"
	"garita/border/register"
	"garita/border/seal"
	"garita/cmd/internal/founding"
	"garita/cmd/internal/station"
	"garita/sync/uplink"
)

// golden is a folder of events that a station of an earlier version wrote, and what they
// must become (border/register wrote it).
type golden struct {
	Hub       seal.HubPrivate `json:"hub_for_this_test_only"`
	Wraps     []border.KeyWrap
	Crossings []register.Crossing
	Alarms    map[register.AlarmKind]int64
}

// archive is a journal that holds given events and nothing else: an old station's.
type archive struct {
	order   []border.Epoch
	records map[border.Epoch][][]byte
	parents map[border.Epoch]border.Parent
	wraps   []border.KeyWrap
	commits chan struct{}
}

func (a *archive) Extents(context.Context) ([]border.Extent, error) {
	var out []border.Extent
	for _, e := range a.order {
		out = append(out, border.Extent{Epoch: e, Last: uint64(len(a.records[e])), Parent: a.parents[e]})
	}
	return out, nil
}

func (a *archive) Read(_ context.Context, e border.Epoch, after uint64, limit int) ([][]byte, error) {
	all := a.records[e]
	if after >= uint64(len(all)) {
		return nil, nil
	}
	return all[after:min(len(all), int(after)+limit)], nil
}

func (a *archive) Head() border.Position {
	last := a.order[len(a.order)-1]
	return border.Position{Epoch: last, Seq: uint64(len(a.records[last]))}
}

func (a *archive) Commits() <-chan struct{}                        { return a.commits }
func (a *archive) Restore(context.Context, [][]byte) error         { return nil }
func (a *archive) Wraps(context.Context) ([]border.KeyWrap, error) { return a.wraps, nil }
func (a *archive) add(e border.Epoch, p border.Parent, record []byte) { // in the order of the journal
	if a.records[e] == nil {
		a.order, a.parents[e] = append(a.order, e), p
	}
	a.records[e] = append(a.records[e], record)
}

var _ border.EventSource = (*archive)(nil)

func newArchive() *archive {
	return &archive{records: map[border.Epoch][][]byte{}, parents: map[border.Epoch]border.Parent{}, commits: make(chan struct{}, 1)}
}

// TestGoldenEventsThroughTheStream sends the events of every earlier version through
// uplink, broker, intake and register: old stations work with a new hub.
func TestGoldenEventsThroughTheStream(t *testing.T) {
	dirs, err := filepath.Glob(filepath.Join("..", "..", "..", "border", "register", "testdata", "golden-v*"))
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no golden events: %v", err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			raw, err := os.ReadFile(filepath.Join(dir, "expected.json"))
			if err != nil {
				t.Fatal(err)
			}
			var want golden
			if err := json.Unmarshal(raw, &want); err != nil {
				t.Fatal(err)
			}
			n := &nation{t: t, dir: t.TempDir(), clock: clock.System(time.Now())}
			n.start(&want.Hub)
			old, files := newArchive(), readEvents(t, dir)
			old.wraps = want.Wraps
			for _, b := range files {
				e, err := border.DecodeEvent(b)
				n.must(err)
				h, err := e.ReadHeader()
				n.must(err)
				var p border.Parent
				if h.Parent != nil {
					p = *h.Parent
				}
				old.add(e.Key.Epoch, p, b)
			}
			n.send("PUT-1", old)
			n.holds("PUT-1", old)
			rows, err := n.hub.Register.Crossings(t.Context(), 0, 1000)
			n.must(err)
			unlike := cmpopts.IgnoreFields(register.Crossing{}, "Arrival", "ReceivedAt")
			if d := cmp.Diff(want.Crossings, rows, unlike); d != "" {
				t.Errorf("(-golden +got):\n%s", d)
			}
			if d := cmp.Diff(want.Alarms, n.alarms()); d != "" {
				t.Errorf("alarms (-golden +got):\n%s", d)
			}
		})
	}
}

// TestEventsOfTheFuture: a newer station's events, and bytes that are none, through the
// whole stream. This hub is the old one: it keeps them, says so, and holds nothing up.
func TestEventsOfTheFuture(t *testing.T) {
	n := newNation(t)
	c := bordertest.NewChain("PUT-2", bordertest.EpochNo(1), border.Parent{})
	c.Add(3)
	c.AddType("crossing.recorded.v9")
	c.AddType("stay.imagined.v1")
	c.Add(2)
	records := c.Encoded()
	broken := slices.Clone(records)
	broken[6] = append([]byte("GEV9 of a version to come "), records[6]...)
	src := newArchive()
	for _, b := range broken {
		src.add(c.Epoch(), border.Parent{}, b)
	}
	n.send("PUT-2", src)
	n.await("everything counts towards the watermark", func() bool {
		h, err := n.hub.Register.Holdings(t.Context(), "PUT-2", 0, 10)
		n.must(err)
		return len(h) == 1 && h[0].Held == uint64(len(records))
	})
	n.projected()
	n.holds("PUT-2", src)
	crossings := func() []register.Crossing {
		rows, err := n.hub.Register.Crossings(t.Context(), 0, 1000)
		n.must(err)
		return rows
	}
	before := crossings()
	if len(before) != 4 { // 3 and 2, less the broken one
		t.Errorf("%d crossings are in the register, want 4", len(before))
	}
	alarms := n.alarms()
	if alarms[register.AlarmUnknownType] == 0 || alarms[register.AlarmMalformed] == 0 {
		t.Errorf("alarms %v name no unknown type or no malformed event", alarms)
	}
	n.must(n.hub.Register.Rebuild(t.Context()))
	if d := cmp.Diff(before, crossings()); d != "" {
		t.Errorf("rebuilt from raw events (-before +after):\n%s", d)
	}
}

// send runs a station's uplink until the test ends.
func (n *nation) send(name border.StationID, src border.EventSource) {
	n.t.Helper()
	cfg := n.config(name, 1, "")
	cfg.Post = "PUT"
	n.must(founding.Enrol(n.t.Context(), n.hub, cfg))
	root, err := station.OpenRoot(n.t.Context(), cfg)
	n.must(err)
	id, err := station.LoadIdentity(cfg, root)
	n.must(errors.Join(err, root.Close()))
	opener, err := seal.NewStationOpener(id.SealPrivate)
	n.must(err)
	keeper := clock.System(time.Now())
	reach, believed, err := station.Reach(func() *enrolment.Identity { return id }, keeper, opener)
	n.must(err)
	u, err := uplink.New(uplink.Config{URL: n.hub.NATSURL(), Access: reach, Trust: believed, Station: name, Post: "PUT", Zone: "UTC", Software: "golden",
		Clock: keeper, Source: src})
	n.must(err)
	n.t.Cleanup(n.run(u.Run))
}

// holds waits until the hub holds every event of a journal, byte for byte.
func (n *nation) holds(name border.StationID, a *archive) {
	n.t.Helper()
	for _, e := range a.order {
		var got [][]byte
		n.await("the hub holds an epoch", func() bool {
			var err error
			got, err = n.hub.Register.Events(n.t.Context(), name, e, 0, 1000)
			n.must(err)
			return len(got) == len(a.records[e])
		})
		if !slices.EqualFunc(got, a.records[e], bytes.Equal) {
			n.t.Errorf("epoch %s is not at the hub byte for byte", e)
		}
	}
	n.projected()
}

func (n *nation) projected() {
	n.t.Helper()
	n.await("the register is projected", func() bool {
		c, err := n.hub.Register.Counts(n.t.Context())
		n.must(err)
		return c.ProjectionLag == 0
	})
}

func (n *nation) alarms() map[register.AlarmKind]int64 {
	n.t.Helper()
	all, err := n.hub.Register.Alarms(n.t.Context(), 1000)
	n.must(err)
	out := map[register.AlarmKind]int64{}
	for _, a := range all {
		out[a.Kind] += a.Count
	}
	return out
}

// readEvents reads the golden files of a folder in order.
func readEvents(t *testing.T, dir string) [][]byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.gev"))
	if err != nil {
		t.Fatal(err)
	}
	var out [][]byte
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b)
	}
	return out
}
