package counter

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
	"garita/border/counter"
	"garita/border/verdict"
	"garita/ui/gate/gatetest"
	"garita/ui/live"
)

// TestGallery serves every state of the screen to a browser until its standard input
// ends: for the browser test and for designers. It runs only when GARITA_UI_GALLERY names
// an address. A line of input changes a state, see [tell].
func TestGallery(t *testing.T) {
	addr := os.Getenv("GARITA_UI_GALLERY")
	if addr == "" {
		t.Skip("GARITA_UI_GALLERY names no address to serve the states of the screen on")
	}
	stop := make(chan struct{})
	app := fiber.New(fiber.Config{Immutable: true, DisableStartupMessage: true})
	fake := newFake()
	report := shiftReport()
	fake.shift = &report
	app.Use(gatetest.As(gatetest.Token("1041", "", access.Inspector)))
	streams := live.NewMux(live.Config{Stop: stop})
	streams.Mount(app)
	if err := Mount(app, Config{Service: fake, Clock: fixedClock{}, Seconds: gatetest.Seconds{}, Audit: new(gatetest.Acts), Presenter: &fakePresenter{}, Live: streams, Stop: stop}); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		fmt.Println("gallery on http://" + addr)
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
			tell(fake, in.Text())
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

// tell changes a state of the gallery: "verdict STATE LEVEL", "reason STATE CHECK", "entry STATE LIST/ENTRY"
// for a hit of another entry, "gone STATE" for nobody at the counter, "news STATE" for everything around
// the traveller at once, or "as STATE OTHER" for all that another state shows.
func tell(fake *fakeService, line string) {
	words := strings.Fields(line)
	if len(words) < 2 {
		return
	}
	fake.change(border.CounterID(words[1]), func(v *counter.View) {
		if words[0] == "news" {
			v.Status.Today.Entries++
			v.Status.Now = v.Status.Now.Add(time.Minute)
			v.Status.Hub.Connected = !v.Status.Hub.Connected
			v.Queue = append(slices.Clone(v.Queue), counter.QueueItem{ID: ref(byte(200 + len(v.Queue)%50)), Surname: "NEXT", GivenNames: strconv.Itoa(len(v.Queue)), Level: verdict.Proceed})
			return
		}
		if other, ok := states()[border.CounterID(words[len(words)-1])]; ok && words[0] == "as" {
			other.Counter, other.Revision = v.Counter, v.Revision
			*v = other
			return
		}
		if words[0] == "gone" {
			v.Encounter = nil
			return
		}
		if v.Encounter == nil || len(words) < 3 {
			return
		}
		e := *v.Encounter
		e.Verdict.Revision++
		switch words[0] {
		case "verdict":
			e.Verdict.Level = verdict.Level(words[2])
		case "reason":
			e.Verdict.Reasons = slices.Clone(e.Verdict.Reasons)
			for i, r := range e.Verdict.Reasons {
				if string(r.Check) == words[2] {
					e.Verdict.Reasons[i] = reason(r.Check, verdict.Wrong, verdict.ReasonDigits, e.Verdict.Level)
				}
			}
		case "entry":
			e.Verdict.Reasons = slices.Clone(e.Verdict.Reasons)
			for i, r := range e.Verdict.Reasons {
				if len(r.Hits) > 0 {
					e.Verdict.Reasons[i].Hits = words[2:3]
				}
			}
		}
		v.Encounter = &e
	})
}
