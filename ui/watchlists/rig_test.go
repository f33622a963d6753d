package watchlists

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"go.uber.org/goleak"

	"garita/border"
	"garita/border/access"
	"garita/border/lists"
	"garita/border/register"
	"garita/border/seal"
	"garita/border/watch"
	"garita/border/watch/source"
	"garita/ui/gate/gatetest"
)

func TestMain(m *testing.M) {
	// fasthttp keeps one goroutine per process that tells its servers the time, and its
	// worker pools end within ten seconds of their server, by a sleep.
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"))
}

type testClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *testClock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }

func (c *testClock) add(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.now = c.now.Add(d) }

// noKeys opens nothing: the pages of lists show no crossings.
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

// rig is the pages of real lists and a real register on a real socket.
type rig struct {
	t       *testing.T
	clock   *testClock
	lists   *lists.Keeper
	reg     *register.Register
	imports string
	url     string
	acts    gatetest.Acts
	badge   string // of who is signed in, an operator
}

// as signs another operator in.
func (r *rig) as(badge string) *rig { r.badge = badge; return r }

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, clock: &testClock{now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}, imports: t.TempDir(), badge: "B-1"}
	keys, err := seal.NewHubPrivate("Utopia")
	r.must(err)
	dir := t.TempDir()
	r.lists, err = lists.Open(t.Context(), lists.Config{Dir: dir, Clock: r.clock, ListKey: keys.ListKey, ListSeed: keys.ListSeed})
	r.must(err)
	r.reg, err = register.Open(t.Context(), register.Config{Dir: dir, Clock: r.clock, Keys: noKeys{}, Blinder: noKeys{}})
	r.must(err)
	app := fiber.New(fiber.Config{Immutable: true, DisableStartupMessage: true, BodyLimit: 256 << 10})
	app.Use(gatetest.New(t, access.HubRoutes(), &r.acts))
	r.must(Mount(app, Config{Lists: r.lists, Register: r.reg, Clock: r.clock, Seconds: gatetest.Seconds{}, Audit: &r.acts, Imports: r.imports}))
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	r.must(err)
	ended := make(chan error, 1)
	go func() { ended <- app.Listener(ln) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		if err := errors.Join(app.ShutdownWithTimeout(5*time.Second), <-ended, r.lists.Close(), r.reg.Close()); err != nil {
			t.Error(err)
		}
	})
	r.url = "http://" + ln.Addr().String()
	return r
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// answer is what came back; where is the address that a form led to.
type answer struct {
	status int
	where  string
	body   string
}

func (r *rig) take(req *http.Request) answer {
	r.t.Helper()
	req.Header.Set("Accept", "text/html")
	req.Header.Set("Cookie", gatetest.Header(gatetest.Token(r.badge, "", access.Operator)))
	res, err := http.DefaultClient.Do(req)
	r.must(err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	r.must(err)
	if res.StatusCode < 400 && (res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("Content-Security-Policy") == "") {
		r.t.Errorf("%s may be stored, or has no policy: %v", req.URL.Path, res.Header)
	}
	return answer{res.StatusCode, res.Request.URL.RequestURI(), string(b)}
}

func (r *rig) get(path string) answer {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, r.url+path, nil)
	r.must(err)
	return r.take(req)
}

// post sends a form: names and values in turn.
func (r *rig) post(path string, fields ...string) answer {
	r.t.Helper()
	v := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		v.Set(fields[i], fields[i+1])
	}
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.url+path, strings.NewReader(v.Encode()))
	r.must(err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r.take(req)
}

func (r *rig) piece(path string, b []byte) (status int, body string) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.url+path, bytes.NewReader(b))
	r.must(err)
	req.Header.Set("Content-Type", "application/octet-stream")
	req.Header.Set("Cookie", gatetest.Header(gatetest.Token(r.badge, "", access.Operator)))
	res, err := http.DefaultClient.Do(req)
	r.must(err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	r.must(err)
	return res.StatusCode, string(text)
}

func (a answer) has(t *testing.T, status int, texts ...string) {
	t.Helper()
	if a.status != status {
		t.Errorf("%s: status %d, want %d", a.where, a.status, status)
	}
	for _, text := range texts {
		if !strings.Contains(a.body, text) {
			t.Errorf("%s does not say %q", a.where, text)
		}
	}
	if t.Failed() {
		t.Log(a.body)
		t.FailNow()
	}
}

// person is an invented one of Utopia.
func person(id, surname, given, born string) *watch.Entry {
	return &watch.Entry{Source: "courts", ID: id, Names: []watch.Name{{Surname: surname, GivenNames: given, Quality: watch.Primary}}, BirthDates: []string{born}, Sex: "F",
		Nationalities: []string{"UTO"}, Documents: []watch.Document{{Issuer: "UTO", Type: "P", Number: "U100000" + id}}, Handling: watch.Refer, LegalBasis: "Order 7"}
}

func people() []*watch.Entry {
	return []*watch.Entry{person("1", "QUIRINDONGO", "CLARA ISMENE", "1988-11-30"), person("2", "VOLKHOVAR", "BRUNA TIBALT", "1961-03-04"),
		person("3", "ZABRISTAN", "DARIA OLEANDER", "1979-01-19")}
}

// csv is a file of entries.
func csv(t *testing.T, version string, entries []*watch.Entry) []byte {
	t.Helper()
	var b bytes.Buffer
	err := source.Export(&b, source.Head{List: "national", Version: version, Issued: time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC), MaxAge: 72 * time.Hour}, slices.Values(entries))
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// load imports a file and confirms it, by the pages.
func (r *rig) load(version string, entries []*watch.Entry) {
	r.t.Helper()
	r.must(os.WriteFile(filepath.Join(r.imports, "courts.csv"), csv(r.t, version, entries), 0o600))
	a := r.post("/lists/import", "file", "courts.csv", "kind", "csv", "source", "courts", "handling", "refer")
	a.has(r.t, 200, "waits to be confirmed")
	r.as("B-2").post(a.where+"/confirm").has(r.t, 200, "The import is in force.")
	r.as("B-1")
}

func (r *rig) greet(station string, reports ...border.ListReport) {
	r.t.Helper()
	_, err := r.reg.Greet(r.t.Context(), border.Hello{Station: border.StationID(station), Post: "PCA", Zone: "UTC", Now: r.clock.Now(), Lists: reports})
	r.must(err)
}

func uploadPath(id, name string, offset int) string {
	return fmt.Sprintf("/lists/uploads/%s/%s?offset=%d", id, name, offset)
}
