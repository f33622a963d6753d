package cases

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
	"garita/border/cases"
	"garita/border/lists"
	"garita/border/watch"
	"garita/border/watch/source"
	"garita/ui/gate/gatetest"
	"garita/ui/layout"
	"garita/ui/live"
	"garita/ui/operations"
	"garita/ui/watchlists"
)

// TestGallery serves the hub's pages about lists and cases, with something of everything on
// them, to a browser (ui/e2e) until its standard input ends. A line on it is a traveller who
// passes. It runs only when GARITA_UI_LISTS names an address.
func TestGallery(t *testing.T) {
	addr := os.Getenv("GARITA_UI_LISTS")
	if addr == "" {
		t.Skip("GARITA_UI_LISTS names no address to serve the pages on")
	}
	h := newHub(t)
	imports := t.TempDir()
	furnish(h, imports)
	stop := make(chan struct{})
	app := fiber.New(fiber.Config{Immutable: true, DisableStartupMessage: true, BodyLimit: 256 << 10})
	app.Use(layout.Use(layout.Site{Hub: true}), gatetest.As(gatetest.Token("3001", "", access.Operator)))
	h.must(operations.Mount(app, operations.Config{Register: h.reg, Clock: h.clock, Audit: &h.acts, Stop: stop}))
	h.must(watchlists.Mount(app, watchlists.Config{Lists: h.lists, Register: h.reg, Clock: h.clock, Seconds: gatetest.Seconds{}, Audit: &h.acts, Imports: imports}))
	streams := live.NewMux(live.Config{Stop: stop})
	h.must(Mount(app, Config{Cases: h.cases, Clock: h.clock, Audit: &h.acts, Live: streams, Stop: stop}))
	streams.Mount(app)
	ended := make(chan error, 1)
	go func() {
		fmt.Println("pages on http://" + addr)
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
			h.pass(edith, nil)
		}
		close(stop)
		ended <- app.ShutdownWithTimeout(5 * time.Second)
	}()
	if err := app.Listen(addr); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// furnish puts something of everything on the pages.
func furnish(h *hub, imports string) {
	ctx := context.Background()
	file := func(name, version string, entries []*watch.Entry) string {
		path := filepath.Join(imports, name)
		f, err := os.Create(path)
		h.must(err)
		h.must(source.Export(f, source.Head{List: "national", Version: version, Issued: h.clock.Now().Add(-96 * time.Hour), MaxAge: 72 * time.Hour}, slices.Values(entries)))
		h.must(f.Close())
		return path
	}
	many := make([]*watch.Entry, 60)
	for i := range many {
		many[i] = entry(fmt.Sprintf("N-%d", i), soul{fmt.Sprintf("V%07d", i), "INVENTED" + string(rune('A'+i%26)), "PERSON " + string(rune('A'+i/26)), "1970-02-03", "M"}, watch.Refer)
		many[i].Source = "courts"
	}
	confirm := func(path string) {
		p, err := h.lists.Preview(ctx, "courts", source.CSV, path, lists.ImportOptions{By: "3002"})
		h.must(err)
		_, err = h.lists.Confirm(ctx, p.ID, "B-1", "B-2")
		h.must(err)
	}
	confirm(file("courts-1.csv", "2026-10-29", many))
	h.clock.add(time.Hour)
	held, _ := h.lists.Held()
	first := held.Position

	risky := entry("1", clara, watch.Refer)
	risky.HighRisk, risky.Urgent = true, true
	h.put(risky)
	h.put(entry("2", bruno, watch.Silent))
	h.put(entry("3", dario, watch.Open))
	h.put(entry("4", edith, watch.Refer))
	held, _ = h.lists.Held()
	for station, report := range map[border.StationID][]border.ListReport{
		stationID: {{Position: held.Position, Since: h.clock.Now()}},
		"PCA-2":   {{Position: first, Since: h.clock.Now().Add(-time.Hour), Refused: "signature", RefusedAt: h.clock.Now()}}, "DAR-1": nil,
	} {
		post := border.PostID("PCA")
		if station == "DAR-1" {
			post = "DAR"
		}
		_, err := h.reg.Greet(ctx, border.Hello{Station: station, Post: post, Zone: "UTC", Now: h.clock.Now(), Lists: report})
		h.must(err)
	}
	group := border.ID{6: 0x70, 8: 0x80, 15: 9}
	h.pass(clara, &group)
	h.pass(soul{"U1000009", "HARROWGATE", "PETRA", "1992-04-05", "F"}, &group)
	h.pass(bruno, nil)
	h.pass(soul{dario.number, dario.surname, "DARIO", "1979-10-19", "M"}, nil)
	act := func(name string, do cases.Do, by, note string) {
		_, err := h.cases.Act(ctx, cases.Action{Case: h.find(name).ID, Version: h.find(name).Version, Do: do, By: by, Note: note})
		h.must(err)
	}
	act("court/1", cases.Take, "B-3", "")
	act("court/1", cases.Note, "B-3", "The photograph shows a scar that the traveller does not have.\nThe court has been written to.")
	act("court/1", cases.Dismiss, "B-3", "another mother’s name")
	act("court/3", cases.Take, "B-4", "")
	act("court/3", cases.AskOwner, "B-4", "")
	h.clock.add(90 * time.Minute)
	h.step()
	_, err := h.reg.Greet(ctx, border.Hello{Station: stationID, Post: "PCA", Zone: "UTC", Now: h.clock.Now(), Lists: []border.ListReport{{Position: held.Position, Since: h.clock.Now()}}})
	h.must(err)

	// An import that waits, with something wrong in its file, and a proposal that waits.
	next := slices.Clone(many[8:])
	changed := *next[0]
	changed.BirthDates, changed.Owner = []string{"1970-03-02"}, "Court of appeal"
	next[0] = &changed
	odd := *next[1]
	odd.ID, odd.BirthDates = "N-90", []string{"in spring"}
	next = append(next, &odd)
	_, err = h.lists.Preview(ctx, "courts", source.CSV, file("courts-2.csv", "2026-11-03", next), lists.ImportOptions{By: "3002"})
	h.must(err)
	moved := entry("3", dario, watch.Open)
	moved.BirthDates, moved.Purpose = []string{"1979-01-19", "1979-10-19"}, "A court order, as extended"
	_, err = h.lists.Propose(ctx, lists.Proposal{Op: lists.Change, Entry: moved, By: "B-5", Reason: "the court corrected the date"})
	h.must(err)
}
