package operations

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"garita/border"
	"garita/border/access"
	"garita/border/bordertest"
	"garita/border/cases"
	"garita/border/flows"
	"garita/border/form"
	"garita/border/register"
	"garita/border/seal"
	"garita/ui"
	"garita/ui/gate/gatetest"
	"garita/ui/i18n"
	"garita/ui/i18n/i18ntest"
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

func n(x int64) flows.Number { return flows.Number{N: x} }

func states() map[string]view {
	hidden := flows.Number{Hidden: true}
	seen := now.Add(-time.Hour)
	var pending = []Pending{{Station: "PCA-2", Count: 12, Lost: 1, Oldest: now.Add(-5 * time.Hour)}, {Station: "PCA-3", Count: 2, Oldest: now.Add(-50 * time.Hour)}, {Station: "PCA-1", Count: 1, Oldest: now}}
	inForce := &List{Position: border.ListPosition{List: "national", Version: 12}, Issued: now.Add(-3 * time.Hour), ValidUntil: now.Add(69 * time.Hour)}
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
		"calm": {
			Counts: register.Counts{Crossings: 12}, rows: true, stays: true, now: now, List: inForce,
			Stations: []register.Station{{Station: "PCA-1", Post: "PCA", LastSeen: now, GreetedAt: now, CompleteAt: now, Clock: border.ClockTrust{State: border.ClockSynced},
				Lists: []border.ListReport{{Position: inForce.Position}}, Health: &border.StationHealth{Storage: "ok", FreeBytes: 60 << 30, TotalBytes: 100 << 30,
					Scanners: []border.ScannerReport{{ID: "reader-1", Counter: "1", Kind: "mrz", State: "ready", Since: seen}}}}},
		},
		"busy": {
			rows: true, stays: true, now: now, List: inForce, Hits: &cases.Counts{Open: 3, Overdue: 1, SecondPerson: 1, AlertsLate: 1},
			Posts: []Passed{{Post: "PCA", Entries: n(812), Exits: n(1204), Refused: n(3), Sum: n(2020), LastHour: n(88), Usual: n(1900), Weeks: 8},
				{Post: "DAR", Entries: n(4), Sum: n(4)}},
			Entries: n(816), Exits: n(1204),
			Counts: register.Counts{Crossings: 1234567, DuplicatesSuppressed: 12, Generation: 1}, Inside: register.Inside{Certain: 45000, Uncertain: 210},
			Overstays: []register.Stay{
				{Entry: &register.Movement{Post: "PCA", Day: "2026-10-01", Nationality: "QRU", Category: "visitor"}, Until: "2026-11-01", Overstayed: 21, Certain: true},
				{Entry: &register.Movement{Post: "PCA", Day: "2026-11-01", Nationality: "XXB", Category: "border_worker"}, Until: "2026-11-20", Overstayed: 2,
					Doubts: []string{register.DoubtProposal, register.DoubtLate, "doubt_of_tomorrow"}, StaleS: 7200}},
			Stations: []register.Station{{Station: "PCA-1", Post: "PCA", Zone: "America/Panama", Software: "1.0", LastSeen: now, GreetedAt: now,
				OffsetMS: -1500, Clock: border.ClockTrust{State: border.ClockSynced}, Held: 120045}},
			Crossings: []register.Crossing{crossing(4, border.Departed, "exit", "look"), crossing(3, border.Admitted, "entry", "proceed")},
		},
		"aggregates": { // for an administrator
			now: now, List: inForce, small: 5, Inside: register.Inside{Certain: 40, Uncertain: 3}, Entries: n(816), Exits: n(1204),
			Posts: []Passed{{Post: "PCA", Entries: n(812), Exits: n(1204), Refused: hidden, Sum: n(2020), LastHour: hidden, Usual: hidden, Weeks: 8},
				{Post: "DAR", Entries: hidden, Sum: hidden, LastHour: hidden, Usual: hidden}},
			Counts: register.Counts{Crossings: 1234567},
			Stations: []register.Station{{Station: "PCA-1", Post: "PCA", Zone: "America/Panama", Software: "1.0", LastSeen: now, GreetedAt: now,
				Clock: border.ClockTrust{State: border.ClockSynced}, Held: 120045}},
		},
		"trouble": {
			rows: true, stays: true, now: now, List: &List{Position: inForce.Position, Issued: now.Add(-200 * time.Hour), ValidUntil: now.Add(-8 * time.Hour)}, Files: pending,
			Inside: register.Inside{Uncertain: 5, StaleS: 93600}, Counts: register.Counts{Crossings: 40, Alarms: 1, Quarantined: 4, Malformed: 1, Waiting: 7, ProjectionLag: 9, Generation: 2},
			Stations: []register.Station{
				{Station: "DAR-1", Post: "DAR", LastSeen: now.Add(-26 * time.Hour), GreetedAt: seen, Backlog: 12, Missing: 3, Clock: border.ClockTrust{State: border.ClockUntrusted}, OffsetMS: 400000},
				{Station: "NEW-1", Post: "NEW"},
				{Station: "PCA-1", Post: "PCA", LastSeen: now.Add(-40 * time.Second), GreetedAt: seen, Clock: border.ClockTrust{State: border.ClockHoldover}},
				{Station: "PCA-2", Post: "PCA", LastSeen: now, GreetedAt: now, Backlog: 40, CompleteAt: seen, Clock: border.ClockTrust{State: border.ClockUntrusted},
					Lists: []border.ListReport{{Position: border.ListPosition{List: "national", Version: 5}}}, Health: &border.StationHealth{Storage: "low", FreeBytes: 900 << 20, TotalBytes: 100 << 30,
						Scanners: []border.ScannerReport{{ID: "reader-1", Counter: "1", Kind: "mrz", State: "failed", Since: seen}, {ID: "reader-2", State: "absent", Since: seen}, {ID: "reader-3", Counter: "3", State: "degraded", Since: seen}}}},
				{Station: "PCA-3", Post: "PCA", LastSeen: now, GreetedAt: now, Health: &border.StationHealth{Storage: "full", TotalBytes: 100 << 30}},
			},
			Alarms: []register.Alarm{
				{ID: 2, Kind: register.AlarmRolledBack, Station: "DAR-1", Detail: "The station’s journal ends before what the hub holds of it.", Count: 3, OpenedAt: seen, LastAt: now},
				{ID: 1, Kind: "kind_of_tomorrow", Detail: "Something.", Count: 1, OpenedAt: seen, LastAt: seen, Acknowledged: &now},
			},
			Crossings: []register.Crossing{doubtful},
		},
	}
}

// places are where the invented posts are.
var places = []Place{{ID: "PCA", Name: "Paso Canoas", Lat: 8.53, Lon: -82.84}, {ID: "DAR", Name: "Darién", Lat: 8.1, Lon: -77.7}, {ID: "LAKE", Name: "The lake"}}

// drawn is a screen without a program around it.
func drawn(t *testing.T) *screen {
	t.Helper()
	assets, err := layout.Load(ui.Dist, "dist")
	if err != nil {
		t.Fatal(err)
	}
	s := &screen{cfg: Config{Clock: clock{}, Posts: places, Form: form.Default(), SmallCell: 5}}
	if s.layout, err = layout.New(assets, templates); err != nil {
		t.Fatal(err)
	}
	if s.ground, err = groundOf(places); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestGoldenPages(t *testing.T) {
	s := drawn(t)
	for name, v := range states() {
		t.Run(name, func(t *testing.T) {
			got, err := s.layout.Fragment("body", s.panel(i18n.In(i18n.English), &v, now))
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

// data is what of a page no printer writes: names, codes, programs, and what an alarm was opened with.
var data = regexp.MustCompile(`^(?:[:;,/() –-]|\b(?:PCA|DAR|NEW|LAKE|QRU|XXB|UTO|P|F|Nov)\b|PCA-\d|DAR-1|NEW-1|Paso Canoas|Darién|The lake|kind of tomorrow|doubt of tomorrow|Something\.|` +
	`The station’s journal ends before what the hub holds of it\.|Visitor|Border worker|UTC|\d|\.|%|s\b)*$`)

func TestEveryTextIsInTheCatalogue(t *testing.T) {
	s := drawn(t)
	marked, err := s.layout.Marked()
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range states() {
		got, err := marked.Fragment("body", s.panel(i18n.Pseudo(), &v, now))
		if err != nil {
			t.Fatal(err)
		}
		for _, bare := range i18ntest.Bare(string(got)) {
			if !data.MatchString(bare) {
				t.Errorf("%s: %q was written by no printer", name, bare)
			}
		}
	}
}

func TestUrgentThingsComeFirst(t *testing.T) {
	v := states()["trouble"]
	var got []string
	for _, a := range attention(i18n.In(i18n.English), &v, now) {
		got = append(got, a.Level+" "+a.What)
		if a.Do == "" {
			t.Errorf("%s: nobody says what to do", a.What)
		}
	}
	want := []string{
		"refer Station DAR-1 is silent",
		"refer The disk of station PCA-3 is full or fails",
		"refer DAR-1: Station copied back from an older state",
		"refer The clock of station PCA-2 cannot be trusted",
		"refer Station PCA-1 holds no list",
		"refer Station PCA-3 holds no list",
		"refer The list in force has run out",
		"warn Station NEW-1 has never called",
		"warn The disk of station PCA-2 fills up",
		"warn Station PCA-2 checks with an old list",
		"warn Station PCA-2 is behind",
		"warn Reader reader-1 of station PCA-2 has failed",
		"warn Reader reader-2 of station PCA-2 is not plugged in",
		"warn Reader reader-3 of station PCA-2 works with less than it can",
		"warn 2 files of station PCA-3 have not arrived",
		"warn 12 files of station PCA-2 have not arrived",
		"warn 5 messages are held aside, not understood",
		"warn 7 records wait for their keys",
		"none kind of tomorrow",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

// Fifty posts, all in trouble, are one readable page: what is streamed stays within a bound, because the
// ground of the map is sent once.
func TestFiftyPosts(t *testing.T) {
	s := drawn(t)
	v := states()["trouble"]
	var far []Place
	one := v.Stations[3]
	v.Stations = nil
	for i := range 50 {
		st := one
		st.Post = border.PostID(fmt.Sprintf("P%02d", i))
		st.Station = border.StationID(string(st.Post) + "-1")
		v.Stations = append(v.Stations, st)
		v.Posts = append(v.Posts, Passed{Post: st.Post, Entries: n(100), Exits: n(90), Sum: n(190), LastHour: n(12), Usual: n(200), Weeks: 8})
		far = append(far, Place{ID: st.Post, Name: "Post " + string(st.Post), Lat: 8 + float64(i)/20, Lon: -82 + float64(i)/10})
	}
	var err error
	s.cfg.Posts = far
	if s.ground, err = groundOf(far); err != nil {
		t.Fatal(err)
	}
	got, err := s.layout.Fragment("panel", s.panel(i18n.In(i18n.French), &v, now))
	if err != nil {
		t.Fatal(err)
	}
	for _, st := range v.Stations {
		for _, id := range []string{`id="post-` + string(st.Post), `id="map-` + string(st.Post), `data-station="` + string(st.Station)} {
			if !strings.Contains(string(got), id) {
				t.Errorf("%s is not there", id)
			}
		}
	}
	if len(got) > 300<<10 {
		t.Errorf("the panel has %d bytes", len(got))
	}
	if ground := len(s.ground.Land) + len(s.ground.Borders); ground > 100<<10 || ground < 1<<10 {
		t.Errorf("the ground has %d bytes", ground)
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
func (noKeys) Name(string) border.BlindIndex         { return border.BlindIndex{} }
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
	e := next(func(e event) bool { return strings.Contains(e.HTML, "PCA-1 / 1") })
	if !strings.Contains(e.HTML, "PCA-1 / 1") || !strings.Contains(e.HTML, "Admitted") {
		t.Errorf("a crossing shows as %s", e.HTML)
	}
	// The same key with another content: an alarm, open until somebody has seen it.
	other := bordertest.Event("PCA-1", epoch, 2, border.Digest{1}, border.TypeCrossingRecorded)
	store(t, r, other)
	e = next(func(e event) bool { return strings.Contains(e.HTML, "data-alarm") })
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
	next(func(e event) bool {
		return !strings.Contains(e.HTML, "data-alarm") && strings.Contains(e.HTML, "Two events with one key")
	})
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

// A station that calls but whose files are days behind is late; where nobody can say how far files have come, the
// rest of the screen is shown all the same.
func TestFilesOnTheirWay(t *testing.T) {
	p := i18n.In(i18n.English)
	v := states()["trouble"]
	s := drawn(t)
	rows := map[string]Station{}
	for _, x := range s.panel(p, &v, now).Stations {
		rows[x.Name] = x
	}
	for name, want := range map[string][3]string{
		"PCA-1": {"late", "ok", "1 to come"}, // by its calls
		"PCA-2": {"alive", "warn", "12 to come, for 5 h, 1 lost"},
		"PCA-3": {"late", "warn", "2 to come, for 2 days"}, // by its files
		"DAR-1": {"silent", "ok", "all here"},
	} {
		if x := rows[name]; (x.StateText != want[0]) || x.Files != (Cell{want[1], want[2]}) {
			t.Errorf("%s: %s, %+v, want %v", name, x.StateText, x.Files, want)
		}
	}
	// What the station has lost comes no more: nobody waits for it.
	v.Files = []Pending{{Station: "PCA-3", Lost: 2}}
	for _, x := range s.panel(p, &v, now).Stations {
		if x.Name == "PCA-3" && (x.StateText != "alive" || x.Files != (Cell{"ok", "2 lost"})) {
			t.Errorf("with lost files only: %s, %+v", x.StateText, x.Files)
		}
	}
	for _, x := range attention(p, &v, now) {
		if x.rank == rankFiles {
			t.Errorf("somebody is sent for files that are lost: %+v", x)
		}
	}
	r, err := register.Open(context.Background(), register.Config{Dir: t.TempDir(), Clock: clock{}, Keys: noKeys{}, Blinder: noKeys{}})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	s.cfg.Register, s.cfg.Log = r, slog.New(slog.DiscardHandler)
	s.cfg.Files = func(ctx context.Context) ([]Pending, error) {
		if _, bound := ctx.Deadline(); !bound {
			t.Error("nothing bounds how long the archive may take")
		}
		return nil, errors.New("the disk is away")
	}
	if v, err = s.view(context.Background(), []access.Role{access.Operator}); err != nil {
		t.Fatalf("nothing is shown: %v", err)
	}
	all := attention(p, &v, now)
	if len(all) != 1 || all[0].What != "Nobody can say which files have not arrived" {
		t.Errorf("%+v", all)
	}
}
