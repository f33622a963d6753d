package counter

import (
	"bytes"
	"encoding/json"
	"html/template"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"garita/border"
	"garita/border/counter"
	"garita/border/form"
	"garita/ui"
	"garita/ui/layout"
)

func paintingScreen(tb testing.TB) *screen {
	tb.Helper()
	assets, err := layout.Load(ui.Dist, "dist")
	if err != nil {
		tb.Fatal(err)
	}
	l, err := layout.New(assets, templates)
	if err != nil {
		tb.Fatal(err)
	}
	return &screen{layout: l, cfg: Config{Service: newFake()}}
}

func whole(looks []*look) string {
	var b strings.Builder
	for _, l := range looks {
		b.WriteString(string(l.html))
	}
	return b.String()
}

// TestPainterForgetsNothing: whatever comes after whatever, a stream shows what a screen that
// has only just been opened shows.
func TestPainterForgetsNothing(t *testing.T) {
	s := paintingScreen(t)
	all := states()
	names := rapid.SampledFrom(slices.Sorted(maps.Keys(all)))
	rapid.Check(t, func(t *rapid.T) {
		painter, before := s.painter(english), ""
		v := all[names.Draw(t, "first")]
		views := rapid.IntRange(1, 6).Draw(t, "views")
		for i := range views {
			change(t, &v, all[names.Draw(t, "other")])
			panel := s.panel(v, english)
			fresh, _, err := s.painter(english).paint(&panel)
			if err != nil {
				t.Fatal(err)
			}
			panel = s.panel(v, english)
			looks, changed, err := painter.paint(&panel)
			if err != nil {
				t.Fatal(err)
			}
			now := whole(looks)
			if d := cmp.Diff(whole(fresh), now); d != "" {
				t.Fatalf("the stream shows something else than a new screen (-new +stream):\n%s", d)
			}
			if changed != (now != before) {
				t.Fatalf("changed: %v, though the panel is as before: %v", changed, now == before)
			}
			before = now
			if i == views-1 {
				carried(t, v, looks)
			}
		}
	})
}

// change takes a part of another view, or changes a word somewhere.
func change(t *rapid.T, v *counter.View, other counter.View) {
	word := rapid.StringOf(rapid.RuneFrom([]rune("AZaz09é山</>&\"'\u2028\n"))).Draw(t, "word")
	if v.Encounter != nil {
		e := *v.Encounter
		e.Record.Values, e.Record.Origins = maps.Clone(e.Record.Values), maps.Clone(e.Record.Origins)
		v.Encounter = &e
	}
	rapid.SampledFrom([]func(){
		func() { v.Encounter = other.Encounter },
		func() { v.Encounter = nil },
		func() { v.Queue = other.Queue },
		func() { v.Group = other.Group },
		func() { v.Referrals = other.Referrals },
		func() { v.Holder, v.Shift = other.Holder, other.Shift },
		func() { v.Last = other.Last },
		func() { v.Status = other.Status },
		func() { v.Status.Hub.Backlog++ },
		func() { v.Direction = other.Direction },
		func() { v.Notice = word },
		func() { v.Status.Degraded = other.Status.Degraded },
		func() {
			if v.Encounter != nil && other.Encounter != nil {
				v.Encounter.Fingers = other.Encounter.Fingers
			}
		},
		func() { v.Revision++ },
		func() {
			if e := v.Encounter; e != nil {
				e.Document.Surname = word
			}
		},
		func() {
			if e := v.Encounter; e != nil && len(e.Record.Fields) > 0 {
				e.Record.Values[rapid.SampledFrom(e.Record.Fields).Draw(t, "field").Name] = word
			}
		},
		func() {
			if e := v.Encounter; e != nil && len(e.Record.Fields) > 0 {
				name := rapid.SampledFrom(e.Record.Fields).Draw(t, "field").Name
				e.Record.Origins[name] = rapid.SampledFrom([]string{"entered", "shared", "known", "default"}).Draw(t, "origin")
				e.Record.Problems = []form.Problem{{Field: name, Message: word}}
			}
		},
		func() {
			if e := v.Encounter; e != nil {
				e.Verdict.Revision, e.Protected = e.Verdict.Revision+1, !e.Protected
			}
		},
	}).Draw(t, "change")()
}

// carried holds an event to what a program and the page read in it.
func carried(t *rapid.T, v counter.View, looks []*look) {
	var data bytes.Buffer
	if err := encode(&data, "/assets/1/counter.js", v, looks); err != nil {
		t.Fatal(err)
	}
	var got event
	if err := json.Unmarshal(data.Bytes(), &got); err != nil {
		t.Fatalf("%v in %s", err, &data)
	}
	if strings.ContainsAny(data.String(), "\n\r") {
		t.Fatal("an event is more than one line")
	}
	painted := map[string]string{}
	for _, l := range looks {
		painted[l.name] = string(l.html)
	}
	if d := cmp.Diff(painted, got.Regions); got.Revision != v.Revision || len(painted) != len(looks) || d != "" {
		t.Fatalf("the page gets something else than was painted:\n%s", d)
	}
	again, err := json.Marshal(got.View)
	if err != nil {
		t.Fatal(err)
	}
	want, err := json.Marshal(withoutCodes(v))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(again)); d != "" {
		t.Fatalf("a program gets another view:\n%s", d)
	}
}

// TestCodesStayAtHome: the choices of the form are not sent with every change, and the view
// that they are taken from keeps them.
func TestCodesStayAtHome(t *testing.T) {
	for _, name := range []border.CounterID{"VISITOR", "GROUP"} {
		v := states()[name]
		before, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var sent bytes.Buffer
		if err := encode(&sent, "", v, nil); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(sent.String(), `"codes"`) || !strings.Contains(string(before), `"codes"`) {
			t.Errorf("%s: codes in the event: %s", name, &sent)
		}
		if after, _ := json.Marshal(v); string(after) != string(before) {
			t.Errorf("%s: the view itself has lost something", name)
		}
	}
}

// TestPaintedOnce: a region whose data has not changed is not painted again, nor one that
// looks as it did a moment ago.
func TestPaintedOnce(t *testing.T) {
	s := paintingScreen(t)
	painter := s.painter(english)
	paint := func(v counter.View) map[string]template.HTML {
		t.Helper()
		panel := s.panel(v, english)
		looks, _, err := painter.paint(&panel)
		if err != nil {
			t.Fatal(err)
		}
		// Marked, a look shows whether it is used again.
		seen := make(map[string]template.HTML, len(looks))
		for _, l := range looks {
			seen[l.name] = l.html
			l.html = "kept"
		}
		return seen
	}
	waiting, open := states()["WAITING"], states()["PROCEED"]
	paint(waiting)
	for name, html := range paint(waiting) {
		if html != "kept" {
			t.Errorf("%s is painted again for the same view", name)
		}
	}
	busy := waiting
	busy.Status.Hub.Backlog = 1
	for name, html := range paint(busy) {
		if (html == "kept") == (name == "r-banner") {
			t.Errorf("a record waits for the hub: %s kept: %v", name, html == "kept")
		}
	}
	paint(open)
	for name, html := range paint(waiting) {
		if html != "kept" {
			t.Errorf("%s is painted again when the counter waits again", name)
		}
	}
}

// BenchmarkTraveller is what a counter's stream does for one traveller: somebody comes, the
// hub answers, the crossing is recorded, the hub has it.
func BenchmarkTraveller(b *testing.B) {
	s := paintingScreen(b)
	painter := s.painter(english)
	var data bytes.Buffer
	b.ReportAllocs()
	var n uint64
	waiting, open := states()["WAITING"], *states()["VISITOR"].Encounter
	for b.Loop() {
		n++
		here, answered, recorded := waiting, waiting, waiting
		now, later, last := open, open, *waiting.Last
		now.ID[0], now.ID[1], now.ID[2] = byte(n), byte(n>>8), byte(n>>16)
		later.ID, later.Verdict.Revision, last.Crossing = now.ID, now.Verdict.Revision+1, now.ID
		here.Encounter, answered.Encounter, recorded.Last, recorded.Status.Hub.Backlog = &now, &later, &last, 1
		known := recorded
		known.Status.Hub.Backlog = 0
		for _, v := range []counter.View{here, answered, recorded, known} {
			panel := s.panel(v, english)
			looks, _, err := painter.paint(&panel)
			if err != nil {
				b.Fatal(err)
			}
			data.Reset()
			if err := encode(&data, "/assets/1/counter.js", v, looks); err != nil {
				b.Fatal(err)
			}
		}
		waiting = known
	}
}
