package register

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/bordertest"
	"garita/border/seal"
)

// writeGolden makes the golden files of the present version. They are written once per
// version: a later version must read the files of all earlier ones unchanged.
var writeGolden = flag.String("golden", "", "write new golden files into this folder, which must not exist")

// golden is what a folder of golden events must become. The keys in it were made for it
// and open nothing else.
type golden struct {
	Hub       seal.HubPrivate `json:"hub_for_this_test_only"`
	Wraps     []border.KeyWrap
	Crossings []Crossing
	Stays     []string
	Alarms    map[AlarmKind]int64
}

// goldenEvents is a journal with everything version 1 knows, and fields it does not know.
func goldenEvents(w *world) []border.Event {
	a := w.book("PUT-1", 1, border.Parent{})
	in := enters("L898902C3", 1)
	in.extra = map[string]any{"lane_temperature": 31.5, "checks": map[string]any{"mrz": "clear", "a_check_of_tomorrow": "not_checked(not_available)"}}
	a.add(in)
	doubtful := enters("D231458907", 2)
	doubtful.clock = border.ClockUntrusted
	a.add(doubtful)
	a.addType("crossing.annulled.v1")
	b := w.book("PUT-1", 2, a.last())
	b.add(leaves("L898902C3", 30))
	refused := enters("", 31)
	refused.outcome = border.Refused
	b.add(refused)
	return append(a.events, b.events...)
}

func TestGoldenEvents(t *testing.T) {
	if *writeGolden != "" {
		w := newWorld(t)
		events := goldenEvents(w)
		w.must(os.MkdirAll(filepath.Dir(*writeGolden), 0o755))
		w.must(os.Mkdir(*writeGolden, 0o755))
		for i, e := range events {
			w.must(os.WriteFile(filepath.Join(*writeGolden, fmt.Sprintf("%02d.gev", i+1)), e.Encode(), 0o644))
		}
		g := golden{Hub: *w.private, Wraps: w.wraps("PUT-1")}
		w.must(w.reg.StoreWraps(t.Context(), g.Wraps))
		w.store(sent(events...)...)
		w.result(&g)
		out, err := json.MarshalIndent(g, "", "  ")
		w.must(err)
		w.must(os.WriteFile(filepath.Join(*writeGolden, "expected.json"), append(out, '\n'), 0o644))
	}
	dirs, err := filepath.Glob(filepath.Join("testdata", "golden-v*"))
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no golden events: %v", err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			w := newWorld(t)
			var want golden
			raw, err := os.ReadFile(filepath.Join(dir, "expected.json"))
			w.must(err)
			w.must(json.Unmarshal(raw, &want))
			w.close()
			w.private, w.dir = &want.Hub, t.TempDir()
			w.blinder, err = seal.NewBlinder(want.Hub.BlindKey)
			w.must(err)
			w.open()
			files, err := filepath.Glob(filepath.Join(dir, "*.gev"))
			w.must(err)
			var events [][]byte
			for _, f := range files {
				b, err := os.ReadFile(f)
				w.must(err)
				events = append(events, b)
			}
			w.must(w.reg.StoreWraps(t.Context(), want.Wraps))
			w.store(bordertest.Receive(events...)...)
			got := golden{Hub: want.Hub, Wraps: want.Wraps}
			w.result(&got)
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("(-golden +got):\n%s", d)
			}
			held, err := w.reg.Events(t.Context(), "PUT-1", bordertest.EpochNo(1), 0, 100)
			w.must(err)
			if d := cmp.Diff(events[:len(held)], held); d != "" || !strings.Contains(string(held[1]), "lane_temperature") {
				t.Errorf("events are not kept byte for byte:\n%s", d)
			}
		})
	}
}

func (w *world) result(g *golden) {
	w.t.Helper()
	var err error
	g.Crossings, err = w.reg.Crossings(w.t.Context(), 0, 100)
	w.must(err)
	g.Stays, g.Alarms = w.dump()["pairs"], w.alarms()
}
