package station_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"image"
	"image/jpeg"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/access"
	"garita/border/clock"
	"garita/border/form"
	"garita/cmd/internal/founding"
	"garita/cmd/internal/hub"
	"garita/cmd/internal/station"
)

// trainee is one browser at a station.
type trainee struct {
	t    *testing.T
	base string
	at   string // the counter's path
	http *http.Client
}

func newTrainee(t *testing.T, s *station.Station, counter, badge string) *trainee {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &trainee{t, s.URL(), "/counters/" + counter, &http.Client{Jar: jar, Transport: &http.Transport{}, Timeout: 30 * time.Second}}
	t.Cleanup(b.http.CloseIdleConnections)
	b.must("POST", "/session", map[string]any{"badge": badge, "pin": founding.PIN, "counter": counter})
	return b
}

// ask sends a request and returns what came of it.
func (b *trainee) ask(method, path string, in any) (int, string) {
	b.t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		b.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.base+path, bytes.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := b.http.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	out, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return res.StatusCode, string(out)
}

func (b *trainee) must(method, path string, in any) string {
	b.t.Helper()
	code, out := b.ask(method, path, in)
	if code >= 300 {
		b.t.Fatalf("%s %s: status %d, %s", method, path, code, out)
	}
	return out
}

// state reads one attribute of the page's state.
func (b *trainee) state(name string) string {
	b.t.Helper()
	m := regexp.MustCompile(` data-` + name + `="([^"]*)"`).FindStringSubmatch(strings.SplitN(b.must("GET", b.at, nil), `id="state"`, 2)[1])
	if m == nil {
		b.t.Fatalf("the page has no state %q", name)
	}
	return m[1]
}

// members are the encounters of the open group.
func (b *trainee) members() (out []string) {
	b.t.Helper()
	_, page, _ := strings.Cut(b.must("GET", b.at, nil), `data-region="members"`)
	page, _, _ = strings.Cut(page, "</table>")
	for _, m := range regexp.MustCompile(`data-encounter="([0-9a-f-]{36})"`).FindAllStringSubmatch(page, -1) {
		if !slices.Contains(out, m[1]) {
			out = append(out, m[1])
		}
	}
	return out
}

// does sends what an officer does about the open encounter.
func (b *trainee) does(path string, in map[string]any) string {
	b.t.Helper()
	if in["encounter"] == nil {
		in["encounter"] = b.state("encounter")
	}
	return b.must("POST", b.at+path, in)
}

// meets puts a specimen on the reader.
func (b *trainee) meets(index int) {
	b.t.Helper()
	b.must("POST", b.at+"/present", map[string]any{"index": index})
	if b.state("encounter") == "" {
		b.t.Fatalf("specimen %d opens nothing", index)
	}
}

// decides on the verdict as it is, and reads it again if it has become worse meanwhile: what is looked up may come late.
func (b *trainee) decides(outcome, ground string, values map[string]string) {
	b.t.Helper()
	in := map[string]any{"encounter": b.state("encounter"), "outcome": outcome, "ground": ground, "values": values}
	if outcome == "handed_over" {
		in["handed_to"], in["receipt"] = form.Default().Codes("recipients")[0].Code, "R-1"
	}
	for range 10 {
		if ground != "" {
			var token struct {
				Token string `json:"token"`
			}
			if err := json.Unmarshal([]byte(b.must("POST", "/seconds", map[string]any{"action": access.RefuseEntry, "badge": "2001", "pin": founding.PIN})), &token); err != nil {
				b.t.Fatal(err)
			}
			in["second"] = token.Token
		}
		var revision uint64
		if err := json.Unmarshal([]byte(b.state("revision")), &revision); err != nil {
			b.t.Fatal(err)
		}
		in["revision"] = revision
		code, out := b.ask("POST", b.at+"/decisions", in)
		if code < 300 {
			return
		}
		if code != http.StatusConflict || !strings.Contains(out, `"stale"`) {
			b.t.Fatalf("%s: status %d, %s", outcome, code, out)
		}
	}
	b.t.Fatalf("%s: the verdict becomes worse again and again", outcome)
}

// practise does a bit of everything.
func (b *trainee) practise() {
	b.t.Helper()
	f := form.Default()
	reason := func(list string) string { return f.Codes(list)[0].Code }
	visit := map[string]string{"purpose": "holiday", "intended_days": "7", "address": "Hotel Amaurot"}
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, image.NewGray(image.Rect(0, 0, 320, 400)), nil); err != nil {
		b.t.Fatal(err)
	}

	b.meets(0) // first visit
	b.does("/portrait", map[string]any{"picture": photo.Bytes()})
	b.decides("admitted", "", visit)
	b.must("GET", b.at+"/crossings/"+b.state("last"), nil)
	id, err := border.NewIDs(clock.System(time.Now()), nil).New()
	if err != nil {
		b.t.Fatal(err)
	}
	b.must("POST", b.at+"/corrections", map[string]any{"change": id.String(), "crossing": b.state("last"), "reason": reason("correction_reasons"), "values": map[string]string{"address": "Posada 3"}})
	b.meets(1) // has been here
	b.decides("admitted", "", visit)
	b.meets(4) // expired
	b.decides("refused", "document_invalid", nil)
	b.must("GET", b.at+"/notices/"+b.state("last"), nil)
	b.meets(6) // damaged
	b.decides("withdrawn", "", nil)
	b.meets(7) // listed
	b.does("/referrals", map[string]any{"reason": reason("referral_reasons")})
	b.meets(8) // listed, openly
	b.decides("refused", "listed", nil)
	b.meets(9) // crew
	b.does("/needs", map[string]any{"kind": "needs_help", "reason": ""})
	b.decides("handed_over", "", nil)
	b.must("POST", b.at+"/direction", map[string]any{"direction": "exit"})
	b.meets(5) // overstayed
	b.decides("departed", "", nil)
	b.must("POST", b.at+"/direction", map[string]any{"direction": "entry"})
	b.must("POST", b.at+"/group", map[string]any{"kind": f.Codes("group_kinds")[0].Code})
	b.must("POST", b.at+"/present", map[string]any{"index": 2}) // a mother
	b.must("POST", b.at+"/present", map[string]any{"index": 3}) // and her child
	members := b.members()
	if len(members) != 2 {
		b.t.Fatalf("a group of %d", len(members))
	}
	for _, id := range members {
		b.must("POST", b.at+"/abandoned", map[string]any{"encounter": id, "reason": reason("abandon_reasons")})
	}
	b.must("POST", b.at+"/group/closed", map[string]any{})
	b.must("POST", b.at+"/encounters", map[string]any{"identity": "keyed", "kind": "birth_certificate", "document_number": "B-4711", "issuing_state": "UTO", "surname": "DELMAR",
		"given_names": "LUZ", "nationality": "UTO", "birth_date": "2019-03-04", "sex": "F"})
	b.does("/abandoned", map[string]any{"reason": reason("abandon_reasons")})
	if code, out := b.ask("POST", b.at+"/scans", map[string]any{"source": "wedge", "text": "P<FRADUPONT<<MARIE<CLAIRE<<<<<<<<<<<<<<<<<<<\n12AB345672FRA8503155F3004127<<<<<<<<<<<<<<00"}); code != http.StatusUnprocessableEntity || strings.Contains(out, "DUPONT") {
		b.t.Errorf("a real passport: status %d, %s", code, out)
	}
	b.must("POST", b.at+"/shift-closed", map[string]any{})
	b.must("GET", b.at+"/shift-report", nil)
	b.meets(10) // stays open
}

// contents are the digests of all files of a folder but those that are named.
func contents(t *testing.T, dir string, but ...string) map[string][32]byte {
	t.Helper()
	out := make(map[string][32]byte)
	if err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() || slices.ContainsFunc(but, func(b string) bool { return strings.HasPrefix(e.Name(), b) }) {
			return err
		}
		b, err := os.ReadFile(path)
		out[strings.TrimPrefix(path, dir)] = sha256.Sum256(b)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// settled are the contents once nothing has changed them for a while: what the journal writes behind an event.
func settled(t *testing.T, dir string, but ...string) map[string][32]byte {
	t.Helper()
	for was, end := contents(t, dir, but...), time.Now().Add(30*time.Second); ; {
		time.Sleep(time.Second)
		now := contents(t, dir, but...)
		if maps.Equal(was, now) {
			return now
		}
		if was = now; time.Now().After(end) {
			t.Fatal("the station's folder does not come to rest")
		}
	}
}

// recorded are the events of a journal after a position, by type, or by action where they are acts.
func recorded(t *testing.T, s *station.Station, after border.Position) (out []string) {
	t.Helper()
	if err := s.Journal.Scan(t.Context(), after, func(ev border.Event) error {
		h, err := ev.ReadHeader()
		if err != nil || ev.Key.Epoch == after.Epoch && ev.Key.Seq <= after.Seq {
			return err
		}
		if h.Act != nil {
			out = append(out, h.Act.Action+" "+string(h.Counter))
		} else {
			out = append(out, ev.Type)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

func trainees() []access.Officer {
	return []access.Officer{{Badge: "1234", Name: "Officer One", Roles: []access.Role{access.Inspector}},
		{Badge: "2001", Name: "Supervisor Two", Roles: []access.Role{access.Inspector, access.Supervisor}}}
}

func gone(t *testing.T, folder string) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		left, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		if len(left) == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("of the training are left: %v", left)
		}
	}
}

// While somebody trains no byte of the station's folder changes; afterwards its journal has two acts more.
// What signing in keeps of sessions (access.db) is left out: that is not in training.
func TestTrainingWritesNothing(t *testing.T) {
	dir, folder := t.TempDir(), t.TempDir()
	s, err := founding.Alone(t.Context(), dir, station.Config{Data: filepath.Join(dir, "post"), Listen: "127.0.0.1:0", Post: "PUT", Station: "PUT-1", Zone: "UTC", Training: folder,
		Counters: []station.Counter{{ID: "1", Direction: border.Entry}}}, clock.System(time.Now()), slog.New(slog.DiscardHandler), trainees()...)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	// Somebody works in earnest first, and is still open: training must not come near.
	real := newTrainee(t, s, "1", "2001")
	real.must("POST", real.at+"/encounters", map[string]any{"identity": "declared", "surname": "OPEN", "nationality": "UTO"})
	before, open := s.Journal.Head(), real.state("encounter")

	b := newTrainee(t, s, "T1", "1234")
	b.must("GET", b.at, nil)
	during := settled(t, filepath.Join(dir, "post"), "access.db")
	b.practise()
	if len(during) < 5 {
		t.Fatalf("only %d files were compared", len(during))
	}
	if d := cmp.Diff(during, contents(t, filepath.Join(dir, "post"), "access.db")); d != "" {
		t.Errorf("training has changed files of the station:\n%s", d)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 1 {
		t.Errorf("the training's own folder: %v, %v", left, err)
	}
	b.must("DELETE", "/session", nil)
	gone(t, folder)
	if d := cmp.Diff([]string{"training.entered T1", "training.left T1"}, recorded(t, s, before)); d != "" {
		t.Errorf("the journal (-want +got):\n%s", d)
	}
	if real.state("encounter") != open {
		t.Error("the real counter shows something else")
	}
}

// The hub is told those two acts and nothing else.
func TestTrainingTellsTheHubNothing(t *testing.T) {
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	dir, folder, log := t.TempDir(), t.TempDir(), slog.New(slog.DiscardHandler)
	run := func(f func(context.Context) error) {
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- f(ctx) }()
		t.Cleanup(func() {
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
	h, err := hub.Open(t.Context(), hub.Config{Name: "hub", Data: filepath.Join(dir, "hub"), Listen: "127.0.0.1:0", NATS: "127.0.0.1:0", Enrol: "127.0.0.1:0", Demo: true}, clock.System(time.Now()), log)
	must(err)
	run(h.Run)
	must(founding.Officers(t.Context(), h, trainees()...))
	cfg := station.Config{Data: filepath.Join(dir, "post"), Listen: "127.0.0.1:0", Post: "PUT", Station: "PUT-1", Zone: "UTC", Hub: h.NATSURL(), Training: folder,
		Counters: []station.Counter{{ID: "1", Direction: border.Entry}}, Demo: station.Demo{On: true}}
	must(founding.Enrol(t.Context(), h, cfg))
	s, err := founding.Open(t.Context(), h, cfg, clock.System(time.Now()), log)
	must(err)
	run(s.Run)
	sent := func() border.Position {
		t.Helper()
		for end := time.Now().Add(60 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			v, err := s.Counters.View("1")
			must(err)
			if v.Status.Hub.Connected && v.Status.Hub.Backlog == 0 {
				return s.Journal.Head()
			}
			if time.Now().After(end) {
				t.Fatalf("the hub: %+v", v.Status.Hub)
			}
		}
	}
	before := sent()
	counted, err := h.Register.Counts(t.Context())
	must(err)
	b := newTrainee(t, s, "T1", "1234")
	b.practise()
	b.must("DELETE", "/session", nil)
	gone(t, folder)
	sent()
	if d := cmp.Diff([]string{"training.entered T1", "training.left T1"}, recorded(t, s, before)); d != "" {
		t.Errorf("the journal (-want +got):\n%s", d)
	}
	after, err := h.Register.Counts(t.Context())
	must(err)
	counted.ProjectionLag, after.ProjectionLag = 0, 0
	if d := cmp.Diff(counted, after); d != "" {
		t.Errorf("the register has changed (-before +after):\n%s", d)
	}
	if files, err := filepath.Glob(filepath.Join(dir, "hub", "attachments", "*")); err != nil || len(files) != 0 {
		t.Errorf("files at the hub: %v, %v", files, err)
	}
}

// No counter of the configuration has the name of a training counter.
func TestTrainingCountersHaveTheirNames(t *testing.T) {
	for _, id := range []border.CounterID{"T1", "T", "TAXI", border.CounterID(strings.Repeat("A", 32))} {
		file := filepath.Join(t.TempDir(), "post.toml")
		if err := os.WriteFile(file, []byte("[[counter]]\nid = \""+string(id)+"\"\ndirection = \"entry\"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := station.ReadConfig(file, func(string) string { return "" }); border.CodeOf(err) != border.Invalid {
			t.Errorf("%s: %v", id, err)
		}
	}
}
