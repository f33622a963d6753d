package workshop

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"garita/border"
	"garita/border/access"
	"garita/ui/gate/gatetest"
)

func TestMain(m *testing.M) {
	// fasthttp keeps one goroutine per process that tells its servers the time, and its
	// worker pools end within ten seconds of their server, by a sleep.
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"))
}

var now = time.Date(2026, 11, 22, 17, 4, 5, 0, time.UTC)

type clock struct{}

func (clock) Now() time.Time { return now }

var update = flag.Bool("update-golden", false, "write the golden pages instead of comparing them; review the difference")

// shelf is a station's scanners in a test's hands.
type shelf struct {
	mu      sync.Mutex // guards list
	list    []border.ScannerDetail
	taught  border.LearningView
	changes chan struct{}
}

func (s *shelf) Scanners() []border.ScannerDetail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]border.ScannerDetail(nil), s.list...)
}

func (s *shelf) Learning() border.LearningView {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taught
}

func (s *shelf) Subscribe() (<-chan struct{}, func()) { return s.changes, func() {} }

func (s *shelf) set(list ...border.ScannerDetail) {
	s.mu.Lock()
	s.list = list
	s.mu.Unlock()
	select {
	case s.changes <- struct{}{}:
	default:
	}
}

func ready() border.ScannerDetail {
	return border.ScannerDetail{ScannerStatus: border.ScannerStatus{ID: "reader-1", Counter: "1", Profile: "generic-framed-mrz", Kind: "mrz", State: "ready", Since: now.Add(-time.Hour)},
		ProfileName: "Generic MRZ reader", Evidence: "emulated", Why: "The configuration names this profile.", Bus: "serial", Port: "/dev/serial/by-id/x",
		AssignedBy: "configuration", Counts: map[string]uint64{"delivered": 12, "garbage": 1, "bytes": 99}}
}

func shelves() map[string][]border.ScannerDetail {
	usb := border.ScannerDetail{ScannerStatus: border.ScannerStatus{ID: "usb-1-1.2", Profile: "digitalpersona-uareu-4000b", Kind: "fingerprint", State: "degraded",
		Reason: "Firmware 3.9 is known to be faulty. Ask for 4.0.", Since: now.Add(-48 * time.Hour)}, ProfileName: "DigitalPersona U.are.U 4000B, 4500",
		Evidence: "emulated", Why: "its USB id is 05BA:000A (firmware-profiles/x.toml:14)", Firmware: "3.9", Advice: "Firmware 3.9 is known to be faulty. Ask for 4.0.",
		Bus: "usb", Port: "1-1.2", VendorID: "05ba", ProductID: "000a", Serial: "<script>", Manufacturer: "DigitalPersona, Inc.", Product: "U.are.U"}
	state := func(id, state, reason string) border.ScannerDetail {
		d := usb
		d.ID, d.State, d.Reason, d.Advice = id, state, reason, "Replace its firmware."
		return d
	}
	return map[string][]border.ScannerDetail{
		"none": nil,
		"all": {ready(), usb, state("usb-1-2", "failed", "The scanner does not answer."), state("usb-1-3", "absent", "The scanner is not plugged in, or has no power."),
			state("usb-1-4", "initialising", ""), state("usb-1-5", "matched", ""), state("usb-1-6", "state_of_tomorrow", ""),
			{ScannerStatus: border.ScannerStatus{ID: "usb-1-7", State: "unknown", Reason: "No profile is for this device."}, Bus: "usb", Port: "1-7", VendorID: "1234", ProductID: "5678"}},
	}
}

// serve puts the screen on a real socket.
func serve(t *testing.T, s *shelf) (url string, stop chan struct{}) {
	t.Helper()
	app := fiber.New(fiber.Config{Immutable: true, DisableStartupMessage: true})
	stop = make(chan struct{})
	app.Use(gatetest.Always(gatetest.Token("4001", "", access.Technician)))
	app.Use(gatetest.New(t, access.PostRoutes(), new(gatetest.Acts)))
	if err := Mount(app, Config{Scanners: s, Learning: s, Station: "PUT-1", Counters: []border.CounterID{"1", "2"}, Clock: clock{}, Stop: stop, Heartbeat: 50 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- app.Listener(ln) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		if err := errors.Join(app.ShutdownWithTimeout(5*time.Second), <-ended); err != nil {
			t.Error(err)
		}
	})
	return "http://" + ln.Addr().String(), stop
}

func TestGoldenPages(t *testing.T) {
	for name, list := range shelves() {
		t.Run(name, func(t *testing.T) {
			s := &shelf{changes: make(chan struct{}, 1)}
			s.set(list...)
			url, _ := serve(t, s)
			res, err := http.Get(url + "/workshop")
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			b, err := io.ReadAll(res.Body)
			if err != nil || res.StatusCode != 200 || res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("Content-Security-Policy") == "" {
				t.Fatalf("%d %v %v", res.StatusCode, res.Header, err)
			}
			_, body, _ := strings.Cut(string(b), `<main`) // what is around it is layout's
			body, _, _ = strings.Cut(body, `</main>`)
			file := filepath.Join("testdata", name+".html")
			if *update {
				if err := os.WriteFile(file, []byte(body), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatalf("%v (write it with -update-golden and review it)", err)
			}
			if d := cmp.Diff(string(want), body); d != "" {
				t.Errorf("the page has changed (-want +got); if meant, run with -update-golden and review:\n%s", d)
			}
		})
	}
}

func TestChangesArriveLive(t *testing.T) {
	s := &shelf{changes: make(chan struct{}, 1)}
	url, stop := serve(t, s)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/live/workshop", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	in := bufio.NewReader(res.Body)
	next := func(holds func(event) bool) {
		t.Helper()
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				t.Fatal("the stream ended:", err)
			}
			data, ok := strings.CutPrefix(line, "data: ")
			var e event
			if !ok || data == "{}\n" {
				continue
			}
			if err := json.Unmarshal([]byte(data), &e); err != nil {
				t.Fatal(err)
			}
			if holds(e) {
				return
			}
		}
	}
	next(func(e event) bool {
		return len(e.View.Scanners) == 0 && strings.Contains(e.HTML, "The station sees no scanner.")
	})
	s.set(ready())
	next(func(e event) bool { return len(e.View.Scanners) == 1 && strings.Contains(e.HTML, "1 ready") })
	gone := ready()
	gone.State, gone.Reason = "absent", "The scanner is not plugged in, or has no power."
	s.set(gone)
	next(func(e event) bool {
		return e.View.Scanners[0].State == "absent" && strings.Contains(e.HTML, "has no power")
	})
	close(stop)
	if _, err := io.Copy(io.Discard, in); err != nil {
		t.Error("the stream did not end well:", err)
	}
}

// events follows a stream; each call waits for the next event's data.
func events(ctx context.Context, t *testing.T, url string) func() string {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	in := bufio.NewReader(res.Body)
	return func() string {
		t.Helper()
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				t.Fatal("the stream ended:", err)
			}
			if data, ok := strings.CutPrefix(line, "data: "); ok && data != "{}\n" {
				return data
			}
		}
	}
}

func TestMountRefuses(t *testing.T) {
	s := &shelf{}
	for name, try := range map[string]func() error{
		"an app that is not immutable": func() error { return Mount(fiber.New(), Config{Scanners: s, Learning: s, Clock: clock{}}) },
		"no scanners": func() error {
			return Mount(fiber.New(fiber.Config{Immutable: true}), Config{Learning: s, Clock: clock{}})
		},
		"no learning": func() error {
			return Mount(fiber.New(fiber.Config{Immutable: true}), Config{Scanners: s, Clock: clock{}})
		},
	} {
		if try() == nil {
			t.Error(name, "is accepted")
		}
	}
}
