package operations

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
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"garita/border"
	"garita/border/access"
	"garita/border/bordertest"
	"garita/border/register"
	"garita/border/seal"
	"garita/ui"
	"garita/ui/gate/gatetest"
	"garita/ui/layout"
)

func TestMain(m *testing.M) {
	// fasthttp keeps one goroutine per process that tells its servers the time, and its
	// worker pools end within ten seconds of their server, by a sleep.
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"))
}

var now = time.Date(2026, 11, 22, 17, 4, 5, 0, time.UTC)

var update = flag.Bool("update-golden", false, "write the golden pages instead of comparing them; review the difference")

func states() map[string]view {
	seen := now.Add(-time.Hour)
	crossing := func(arrival int64, outcome border.Outcome, direction, verdict string) register.Crossing {
		return register.Crossing{Arrival: arrival, Key: border.Key{Station: "PCA-1", Seq: uint64(arrival)}, Post: "PCA", Counter: "2",
			OccurredAt: now.Add(-time.Minute), RecordedAt: now.Add(-time.Minute), ReceivedAt: now.Add(-30 * time.Second), Direction: direction,
			Outcome: string(outcome), Nationality: "UTO", Sex: "F", BirthYear: 1974, DocumentKind: "P", DocumentIssuer: "UTO", Verdict: verdict,
			ClockState: "synced", Part: "open"}
	}
	doubtful := crossing(2, border.Refused, "entry", "refer")
	doubtful.ClockState, doubtful.Part, doubtful.BirthYear, doubtful.Sex, doubtful.OccurredAt = "untrusted", "no_key", 0, "", now.Add(-9000*time.Hour)
	return map[string]view{
		"empty": {},
		"busy": {
			Counts: register.Counts{Crossings: 1234567, DuplicatesSuppressed: 12, Generation: 1}, Inside: register.Inside{Certain: 45000, Uncertain: 210},
			Overstays: []register.Stay{
				{Entry: &register.Movement{Post: "PCA", Day: "2026-10-01", Nationality: "QRU", Category: "visitor"}, Until: "2026-11-01", Overstayed: 21, Certain: true},
				{Entry: &register.Movement{Post: "PCA", Day: "2026-11-01", Nationality: "XXB", Category: "border_worker"}, Until: "2026-11-20", Overstayed: 2,
					Doubts: []string{register.DoubtProposal, register.DoubtLate, "doubt_of_tomorrow"}, StaleS: 7200}},
			Stations: []register.Station{{Station: "PCA-1", Post: "PCA", Zone: "America/Panama", Software: "1.0", LastSeen: now, GreetedAt: now,
				OffsetMS: -1500, Clock: border.ClockTrust{State: border.ClockSynced}, Held: 120045}},
			Crossings: []register.Crossing{crossing(4, border.Departed, "exit", "look"), crossing(3, border.Admitted, "entry", "proceed")},
		},
		"trouble": {
			Inside: register.Inside{Uncertain: 5, StaleS: 93600}, Counts: register.Counts{Crossings: 40, Alarms: 1, Quarantined: 4, Malformed: 1, Waiting: 7, ProjectionLag: 9, Generation: 2},
			Stations: []register.Station{
				{Station: "DAR-1", Post: "DAR", LastSeen: now.Add(-26 * time.Hour), GreetedAt: seen, Backlog: 12, Missing: 3, Clock: border.ClockTrust{State: border.ClockUntrusted}, OffsetMS: 400000},
				{Station: "NEW-1", Post: "NEW"},
				{Station: "PCA-1", Post: "PCA", LastSeen: now.Add(-40 * time.Second), GreetedAt: seen, Clock: border.ClockTrust{State: border.ClockHoldover}},
			},
			Alarms: []register.Alarm{
				{ID: 2, Kind: register.AlarmRolledBack, Station: "DAR-1", Detail: "The station’s journal ends before what the hub holds of it.", Count: 3, OpenedAt: seen, LastAt: now},
				{ID: 1, Kind: "kind_of_tomorrow", Detail: "Something.", Count: 1, OpenedAt: seen, LastAt: seen, Acknowledged: &now},
			},
			Crossings: []register.Crossing{doubtful},
		},
	}
}

func TestGoldenPages(t *testing.T) {
	assets, err := layout.Load(ui.Dist, "dist")
	if err != nil {
		t.Fatal(err)
	}
	l, err := layout.New(assets, templates)
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range states() {
		t.Run(name, func(t *testing.T) {
			got, err := l.Fragment("body", panel(v, now))
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", name+".html")
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatalf("%v (write it with -update-golden and review it)", err)
			}
			if d := cmp.Diff(string(want), string(got)); d != "" {
				t.Errorf("the page has changed (-want +got); if meant, run with -update-golden and review:\n%s", d)
			}
		})
	}
}

type clock struct{}

func (clock) Now() time.Time { return now }

// noKeys opens nothing: the screen shows open headers only.
type noKeys struct{}

func (noKeys) Add(context.Context, []border.KeyWrap) error             { return nil }
func (noKeys) IDs(context.Context, border.StationID) ([]string, error) { return nil, nil }
func (noKeys) Open(*border.Event, string) ([]byte, error)              { return nil, seal.ErrNoKey }
func (noKeys) Document(string, string) border.BlindIndex               { return border.BlindIndex{} }
func (noKeys) Person(string, string, string) (border.BlindIndex, bool) {
	return border.BlindIndex{}, false
}
func (noKeys) Officer(string) string                 { return "" }
func (noKeys) Born(string) (border.BlindIndex, bool) { return border.BlindIndex{}, false }

// serve puts the screen of a real register on a real socket.
func serve(t *testing.T) (*register.Register, string) {
	t.Helper()
	r, err := register.Open(context.Background(), register.Config{Dir: t.TempDir(), Clock: clock{}, Keys: noKeys{}, Blinder: noKeys{}})
	if err != nil {
		t.Fatal(err)
	}
	app := fiber.New(fiber.Config{Immutable: true, DisableStartupMessage: true})
	acts := new(gatetest.Acts)
	app.Use(gatetest.Always(gatetest.Token("3001", "", access.Operator)))
	app.Use(gatetest.New(t, access.HubRoutes(), acts))
	if err := Mount(app, Config{Register: r, Clock: clock{}, Audit: acts, Heartbeat: 50 * time.Millisecond}); err != nil {
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
		if err := errors.Join(app.ShutdownWithTimeout(5*time.Second), <-ended, r.Close()); err != nil {
			t.Error(err)
		}
	})
	return r, "http://" + ln.Addr().String()
}

func store(t *testing.T, r *register.Register, events ...border.Event) {
	t.Helper()
	for _, e := range events {
		if _, err := r.Store(context.Background(), []border.Received{{Claimed: e.Key, Event: e.Encode(), At: now}}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCrossingsArriveLive(t *testing.T) {
	r, url := serve(t)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", url+"/live/operations", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	in := bufio.NewReader(res.Body)
	next := func(until func(event) bool) event {
		t.Helper()
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				t.Fatalf("the stream ended: %v", err)
			}
			data, ok := strings.CutPrefix(line, "data: ")
			if !ok || data == "{}\n" {
				continue
			}
			var e event
			if err := json.Unmarshal([]byte(data), &e); err != nil {
				t.Fatal(err)
			}
			if until(e) {
				return e
			}
		}
	}
	if e := next(func(event) bool { return true }); !strings.Contains(e.HTML, "No station has called yet") {
		t.Errorf("an empty register shows %s", e.HTML)
	}
	epoch := bordertest.EpochNo(1)
	opened := bordertest.Opened("PCA-1", epoch, border.Parent{})
	crossing := bordertest.Event("PCA-1", epoch, 2, opened.Hash, border.TypeCrossingRecorded)
	store(t, r, opened, crossing)
	e := next(func(e event) bool { return len(e.View.Crossings) == 1 })
	if !strings.Contains(e.HTML, "PCA-1 / 1") || !strings.Contains(e.HTML, "Admitted") {
		t.Errorf("a crossing shows as %s", e.HTML)
	}
	// The same key with another content: an alarm, open until somebody has seen it.
	other := bordertest.Event("PCA-1", epoch, 2, border.Digest{1}, border.TypeCrossingRecorded)
	store(t, r, other)
	e = next(func(e event) bool { return len(e.View.Alarms) == 1 })
	if !strings.Contains(e.HTML, "Two events with one key") || !strings.Contains(e.HTML, "Acknowledge") {
		t.Errorf("an alarm shows as %s", e.HTML)
	}
	for path, want := range map[string]int{"/alarms/1/acknowledge": 200, "/alarms/99/acknowledge": 404, "/alarms/x/acknowledge": 404} {
		res, err := http.Post(url+path, "application/json", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil || res.StatusCode != want {
			t.Errorf("%s: %d %s %v", path, res.StatusCode, b, err)
		}
	}
	next(func(e event) bool { return len(e.View.Alarms) == 1 && e.View.Alarms[0].Acknowledged != nil })
}

func TestPage(t *testing.T) {
	r, url := serve(t)
	store(t, r, bordertest.Opened("PCA-1", bordertest.EpochNo(1), border.Parent{}))
	res, err := http.Get(url + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != 200 || !strings.Contains(string(b), "PCA-1") || res.Header.Get("Cache-Control") != "no-store" ||
		!strings.HasPrefix(res.Header.Get("Content-Security-Policy"), "default-src 'none';") {
		t.Errorf("%d %v %s", res.StatusCode, res.Header, b)
	}
}

func TestMountRefusesAnAppThatIsNotImmutable(t *testing.T) {
	if err := Mount(fiber.New(), Config{Register: new(register.Register), Clock: clock{}, Audit: new(gatetest.Acts)}); err == nil {
		t.Error("it is accepted")
	}
}
