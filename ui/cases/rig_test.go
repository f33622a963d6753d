package cases

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"go.uber.org/goleak"

	"garita/border"
	"garita/border/access"
	"garita/border/bordertest"
	"garita/border/cases"
	"garita/border/lists"
	"garita/border/register"
	"garita/border/seal"
	"garita/border/watch"
	"garita/border/watch/release"
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

// hub is a real hub's register, list and cases, and one station with real keys.
type hub struct {
	t       testing.TB
	clock   *testClock
	reg     *register.Register
	lists   *lists.Keeper
	cases   *cases.Service
	station *seal.StationKeys
	epoch   border.Epoch
	events  []border.Event
	acts    gatetest.Acts
}

const stationID = border.StationID("PCA-1")

func newHub(t testing.TB) *hub {
	t.Helper()
	h := &hub{t: t, clock: &testClock{now: bordertest.Start.Add(48 * time.Hour)}, epoch: bordertest.EpochNo(1)}
	dir, ctx := t.TempDir(), context.Background()
	private, err := seal.NewHubPrivate("utopia")
	h.must(err)
	provisioning, err := private.Provisioning()
	h.must(err)
	blinder, err := seal.NewBlinder(provisioning.BlindKey)
	h.must(err)
	sealer, err := release.NewKeys(private.ListKey)
	h.must(err)
	keys, err := seal.OpenHubKeys(ctx, filepath.Join(dir, "keys.db"), private)
	h.must(err)
	h.reg, err = register.Open(ctx, register.Config{Dir: dir, Clock: h.clock, Keys: keys, Blinder: blinder})
	h.must(err)
	h.lists, err = lists.Open(ctx, lists.Config{Dir: dir, Clock: h.clock, ListKey: private.ListKey, ListSeed: private.ListSeed})
	h.must(err)
	h.cases, err = cases.Open(ctx, cases.Config{Dir: dir, Clock: h.clock, Private: private, Blinder: blinder, Register: h.reg, List: h.lists.List, Entry: h.lists.Entry,
		Grown: h.lists.Added, Remember: h.lists.Remember, Forget: h.lists.Forget, Notices: sealer})
	h.must(err)
	h.station, err = seal.OpenStationKeys(ctx, filepath.Join(t.TempDir(), "keys.db"), stationID, seal.NewStationSecret(), provisioning)
	h.must(err)
	t.Cleanup(func() {
		if err := errors.Join(h.cases.Close(), h.lists.Close(), h.reg.Close(), keys.Close(), h.station.Close()); err != nil {
			t.Error(err)
		}
	})
	h.events = append(h.events, bordertest.Opened(stationID, h.epoch, border.Parent{}))
	h.store(h.events[0])
	_, err = h.reg.Greet(ctx, border.Hello{Station: stationID, Post: "PCA", Zone: "UTC", Now: h.clock.Now()})
	h.must(err)
	return h
}

func (h *hub) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *hub) store(e border.Event) {
	h.t.Helper()
	received := bordertest.Receive(bordertest.Encoded([]border.Event{e})...)
	received[0].At = h.clock.Now()
	_, err := h.reg.Store(context.Background(), received)
	h.must(err)
}

// put lists an entry by hand.
func (h *hub) put(e *watch.Entry) {
	h.t.Helper()
	id, err := h.lists.Propose(context.Background(), lists.Proposal{Op: lists.Add, Entry: e, By: "B-1", Reason: "as the court ordered", Urgent: e.Urgent})
	h.must(err)
	_, err = h.lists.Approve(context.Background(), id, "B-2", "seen")
	h.must(err)
}

// soul is an invented person of Utopia with a passport.
type soul struct{ number, surname, given, born, sex string }

var (
	bruno = soul{"U1000002", "VOLKHOVAR", "BRUNO TIBALT", "1961-03-04", "M"}
	clara = soul{"U1000003", "QUIRINDONGO", "CLARA ISMENE", "1988-11-30", "F"}
	dario = soul{"U1000004", "ZABRISTAN", "DARIO OLEANDER", "1979-01-19", "M"}
	edith = soul{"U1000005", "OXLEYWICK", "EDITH", "1990-06-15", "F"}
)

func entry(id string, s soul, handling watch.Handling) *watch.Entry {
	return &watch.Entry{Source: "court", ID: id, Names: []watch.Name{{Surname: s.surname, GivenNames: s.given, Quality: watch.Primary}},
		BirthDates: []string{s.born}, Sex: s.sex, Nationalities: []string{"UTO"}, Documents: []watch.Document{{Issuer: "UTO", Type: "P", Number: s.number}},
		Handling: handling, Action: "refer", Instruction: map[string]string{"en": "Ask the person to wait."}, LegalBasis: "Order 7 of 2026", Purpose: "A court order",
		Owner: "Court of Utopia, telephone 7"}
}

// ids are of crossings and groups.
func (h *hub) id() border.ID {
	id := border.ID{6: 0x70, 8: 0x80}
	id[5] = byte(len(h.events)) + 1
	return id
}

// pass records a crossing that arrives at once; a group crosses together.
func (h *hub) pass(who soul, group *border.ID, hits ...string) {
	h.t.Helper()
	id, at := h.id(), h.clock.Now()
	head := border.Header{Station: stationID, Epoch: h.epoch, Seq: uint64(len(h.events)) + 1, Type: border.TypeCrossingRecorded, Post: "PCA", Counter: "1",
		OccurredAt: at, RecordedAt: at.Add(time.Second), LocalDate: at.Format(time.DateOnly), Crossing: &id, Direction: border.Entry,
		Outcome: string(border.Admitted), Nationality: "UTO", Sex: who.sex, DocumentKind: "P", DocumentIssuer: "UTO", Group: group,
		PreviousCountry: "QRU", NextCountry: "QSY", TransportMode: "land", Checks: map[string]string{"name_list": "clear", "document_list": "clear"}}
	head.Clock.State = border.ClockSynced
	set, err := h.station.Ready(context.Background(), seal.Bucket(at))
	h.must(err)
	key := border.Key{Station: head.Station, Epoch: head.Epoch, Seq: head.Seq}
	plain, err := json.Marshal(border.Personal{DocumentCode: "P", DocumentNumber: who.number, IssuingState: "UTO", Surname: who.surname, GivenNames: who.given,
		Nationality: "UTO", BirthDate: who.born, Sex: who.sex, Hits: hits})
	h.must(err)
	personal, err := set.Seal(key, border.PartPersonal, plain)
	h.must(err)
	hidden, err := seal.HubOnly(nil)
	h.must(err)
	sealed, err := set.Seal(key, border.PartHub, hidden)
	h.must(err)
	header, err := json.Marshal(head)
	h.must(err)
	e := border.Event{Key: key, Type: head.Type, Header: header, Parts: []border.Part{personal, sealed}, Prev: h.events[len(h.events)-1].Hash}
	e.Hash = e.ComputeHash()
	h.events = append(h.events, e)
	wraps, err := h.station.Wraps(context.Background())
	h.must(err)
	h.must(h.reg.StoreWraps(context.Background(), wraps))
	h.store(e)
	h.step()
}

// step does all that is due.
func (h *hub) step() {
	h.t.Helper()
	for more := true; more; {
		var err error
		more, err = h.cases.Step(context.Background())
		h.must(err)
	}
}

// find gives the one case of an entry.
func (h *hub) find(name string) cases.Summary {
	h.t.Helper()
	for _, closed := range []bool{false, true} {
		list, _, err := h.cases.Inbox(context.Background(), cases.Filter{Closed: closed}, 0, 100)
		h.must(err)
		for _, s := range list {
			if s.Entry == name {
				return s
			}
		}
	}
	h.t.Fatalf("there is no case of %s", name)
	return cases.Summary{}
}

// site is the pages of a hub on a real socket.
type site struct {
	*hub
	t     *testing.T
	url   string
	badge string // of who is signed in, an operator
}

// as signs another operator in.
func (s *site) as(badge string) *site { s.badge = badge; return s }

func newSite(t *testing.T) *site { t.Helper(); return newSiteWith(t, func(*Config) {}) }

func newSiteWith(t *testing.T, change func(*Config)) *site {
	t.Helper()
	h := newHub(t)
	app := fiber.New(fiber.Config{Immutable: true, DisableStartupMessage: true})
	app.Use(gatetest.New(h.t, access.HubRoutes(), &h.acts))
	cfg := Config{Cases: h.cases, Clock: h.clock, Audit: &h.acts}
	change(&cfg)
	h.must(Mount(app, cfg))
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	h.must(err)
	ended := make(chan error, 1)
	go func() { ended <- app.Listener(ln) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		if err := errors.Join(app.ShutdownWithTimeout(5*time.Second), <-ended); err != nil {
			t.Error(err)
		}
	})
	return &site{hub: h, t: t, url: "http://" + ln.Addr().String(), badge: "B-1"}
}

// reply is what came back; where is the address that a form led to.
type reply struct {
	status int
	where  string
	body   string
}

func (s *site) take(req *http.Request) reply {
	s.t.Helper()
	req.Header.Set("Accept", "text/html")
	req.Header.Set("Cookie", gatetest.Header(gatetest.Token(s.badge, "", access.Operator)))
	res, err := http.DefaultClient.Do(req)
	s.must(err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	s.must(err)
	if res.StatusCode < 400 && (res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("Content-Security-Policy") == "") {
		s.t.Errorf("%s may be stored, or has no policy: %v", req.URL.Path, res.Header)
	}
	return reply{res.StatusCode, res.Request.URL.RequestURI(), string(b)}
}

func (s *site) get(path string) reply {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+path, nil)
	s.must(err)
	return s.take(req)
}

// post sends a form: names and values in turn.
func (s *site) post(path string, fields ...string) reply {
	s.t.Helper()
	v := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		v.Set(fields[i], fields[i+1])
	}
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+path, strings.NewReader(v.Encode()))
	s.must(err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return s.take(req)
}

func (a reply) has(t *testing.T, status int, texts ...string) {
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
