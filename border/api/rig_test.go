package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
	"garita/border/bordertest"
	"garita/border/counter"
	"garita/border/form"
	"garita/border/journal"
	"garita/border/register"
	"garita/border/seal"
	"garita/border/verdict"
	"garita/border/watch"
)

// testClock is a synced clock that stands still unless the test lets time pass.
type testClock struct {
	mu  sync.Mutex // guards now
	now time.Time
}

func (c *testClock) Now() time.Time           { c.mu.Lock(); defer c.mu.Unlock(); return c.now }
func (c *testClock) pass(d time.Duration)     { c.mu.Lock(); defer c.mu.Unlock(); c.now = c.now.Add(d) }
func (c *testClock) Today() time.Time         { return c.Now() }
func (c *testClock) Trust() border.ClockTrust { return border.ClockTrust{State: border.ClockSynced} }

// askedHub is a hub that knows what the test lets it know.
type askedHub struct {
	private *seal.HubPrivate

	mu     sync.Mutex // guards what follows
	answer *border.DocumentAnswer
}

func (h *askedHub) AskDocument(context.Context, border.DocumentQuestion) (border.DocumentAnswer, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.answer == nil {
		return border.DocumentAnswer{}, &border.Error{Code: border.Unavailable, Op: "ask the hub"}
	}
	return *h.answer, nil
}

// tells lets the hub answer from now on.
func (h *askedHub) tells(a *border.DocumentAnswer) { h.mu.Lock(); defer h.mu.Unlock(); h.answer = a }

func (h *askedHub) knows() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.answer != nil
}

// rig is a whole station, and if wanted a whole hub, behind one app, on real files.
type rig struct {
	t       testing.TB
	dir     string
	app     *fiber.App
	clock   *testClock
	keys    *seal.StationKeys
	blinder *seal.Blinder
	journal *journal.Journal
	service *counter.Service
	reg     *register.Register // nil: no hub
	hub     *askedHub
	sensor  *sensor
	logged  *lockedWriter
	acts    acts
	saved   map[string]string // what a scenario's steps remember
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// newRig makes a station and a hub.
func newRig(t testing.TB) *rig {
	t.Helper()
	r := prepared(t)
	hubKeys, err := seal.OpenHubKeys(t.Context(), filepath.Join(r.dir, "hub-keys.db"), r.hub.private)
	r.must(err)
	t.Cleanup(func() { r.must(hubKeys.Close()) })
	r.reg, err = register.Open(t.Context(), register.Config{Dir: r.dir, Clock: r.clock, Keys: hubKeys, Blinder: r.blinder, Log: r.log()})
	r.must(err)
	t.Cleanup(func() { r.must(r.reg.Close()) })
	r.start()
	return r
}

// newStation makes a station that has never met its hub.
func newStation(t testing.TB) *rig {
	t.Helper()
	r := prepared(t)
	r.start()
	return r
}

func prepared(t testing.TB) *rig {
	t.Helper()
	r := &rig{t: t, dir: t.TempDir(), clock: &testClock{now: bordertest.Start}, hub: &askedHub{}, logged: &lockedWriter{}, sensor: &sensor{pressed: make(chan border.FingerImage)}, saved: map[string]string{}}
	private, err := seal.NewHubPrivate("utopia")
	r.must(err)
	r.hub.private = private
	prov, err := private.Provisioning()
	r.must(err)
	r.blinder, err = seal.NewBlinder(prov.BlindKey)
	r.must(err)
	r.keys, err = seal.OpenStationKeys(t.Context(), filepath.Join(r.dir, "station-keys.db"), "PUT-1", seal.NewStationSecret(), prov)
	r.must(err)
	t.Cleanup(func() { r.must(r.keys.Close()) })
	t.Cleanup(r.stop)
	return r
}

func (r *rig) log() *slog.Logger { return slog.New(slog.NewJSONHandler(r.logged, nil)) }

// start starts the station's program on what is in its folder.
func (r *rig) start() {
	r.t.Helper()
	ctx := r.t.Context()
	var err error
	r.journal, err = journal.Open(ctx, journal.Config{Dir: r.dir, Station: "PUT-1", Post: "PUT", Software: "test", Clock: r.clock,
		Keys: r.keys, Log: r.log(), LastTrusted: func(time.Time) {}, Reserve: -1,
		Index: func(*border.Event) []border.BlindIndex { return nil }})
	r.must(err)
	base, err := watch.Compile(watch.Description{Name: "sample"}, []*watch.Entry{{Source: "sample", ID: "S1", Handling: watch.Refer,
		Documents: []watch.Document{{Issuer: stranger, Number: listedNumber}}}})
	r.must(err)
	lists := []counter.List{{Name: "sample", Version: "1", Issued: r.clock.Now(), Watch: watch.New(base)}}
	files, err := seal.OpenAttachments(r.dir, r.keys)
	r.must(err)
	r.service, err = counter.New(ctx, counter.Config{Journal: r.journal, Keys: r.keys, Blinder: r.blinder, Policy: verdict.DefaultPolicy(),
		Places: []counter.Place{{ID: "1", Direction: border.Entry}, {ID: "2", Direction: border.Exit}, {ID: "3", Direction: border.Entry}},
		Zone:   time.UTC, Lists: func() []counter.List { return lists }, Clock: r.clock, IDs: border.NewIDs(r.clock, nil), Log: r.log(), Station: "PUT-1", Post: "PUT",
		SoftKeys: true, Form: form.Default(),
		Officers: func() []counter.Officer {
			return []counter.Officer{{Badge: "1001", Name: "Inspector Quinta Varela", Roles: []string{"inspector"}},
				{Badge: "1002", Name: "Inspector Orlan Desh", Roles: []string{"inspector"}},
				{Badge: "2001", Name: "Supervisor Maud Ekker", Roles: []string{"supervisor"}},
				{Badge: "3001", Name: "Technician Ulf Tamsin", Roles: []string{"technician"}}}
		},
		Hub:      r.hub,
		HubState: func() border.HubStatus { return border.HubStatus{Connected: r.hub.knows()} },
		Scanners: r.sensor.status, Fingers: r.sensor, Attachments: files})
	r.must(err)
	// As cmd makes it; the body limit is above the operations' own.
	r.app = fiber.New(fiber.Config{Immutable: true, DisableStartupMessage: true, BodyLimit: 256 << 10})
	r.app.Use(asOfficer)
	a := New(r.app, "test")
	Station(a, StationConfig{Counters: r.service, Crossings: r.journal, Clock: r.clock, Seconds: badgesAsTokens{}, Audit: &r.acts, Log: r.log()})
	Hub(a, HubConfig{Register: r.reg, Audit: &r.acts, Log: r.log()})
}

func (r *rig) stop() {
	if r.service != nil {
		r.service.Close()
		r.must(r.journal.Close())
	}
}

// restart ends the station and starts it on the same folder.
func (r *rig) restart() { r.t.Helper(); r.stop(); r.start() }

// acts is an auditor in a test's hands.
type acts struct {
	mu  sync.Mutex // guards all
	all []border.Act
	err error // of the next ones
}

func (a *acts) Audit(_ context.Context, act border.Act) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.err == nil {
		a.all = append(a.all, act)
	}
	return a.err
}

// told takes what was audited since it was asked last.
func (a *acts) told() []border.Act {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := a.all
	a.all = nil
	return all
}

// badgesAsTokens redeems each token to the badge that it is: whose word it was border/signin knows.
type badgesAsTokens struct{}

func (badgesAsTokens) Redeem(_ context.Context, _ *access.Principal, _ access.Action, token string) (string, error) {
	return token, nil
}

// officerHeader says who is signed in, as the gate finds it by a session's cookie.
const officerHeader = "Test-Officer"

func asOfficer(c *fiber.Ctx) error {
	badge := c.Get(officerHeader)
	if badge == "nobody" {
		return c.Next()
	}
	p := access.Principal{Badge: badge, Session: "session of " + badge, Roles: []access.Role{access.Inspector, access.Operator}}
	if badge == "3001" {
		p.Roles = []access.Role{access.Technician}
	}
	c.SetUserContext(access.With(c.UserContext(), &p))
	return c.Next()
}

// byOfficer takes who acts out of a step's body. There they stand beside what they do; in a
// request it is the session that says so.
func byOfficer(body string) (badge, rest string) {
	m := officerIn.FindStringSubmatchIndex(body)
	if m == nil {
		return "1001", body
	}
	i := 2 // of the group that matched
	if m[i] < 0 {
		i = 4
	}
	return body[m[i]:m[i+1]], body[:m[0]] + body[m[1]:]
}

var officerIn = regexp.MustCompile(`"officer":"([^"]*)",|,?"officer":"([^"]*)"`)

// lockedWriter lets several goroutines log.
type lockedWriter struct {
	mu sync.Mutex // guards w
	w  bytes.Buffer
}

// String is all that was logged.
func (l *lockedWriter) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.String()
}

func (l *lockedWriter) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

// send sends a request as a program would; headers come in pairs.
func (r *rig) send(method, path, body string, headers ...string) answer {
	r.t.Helper()
	officer, body := byOfficer(body)
	req, err := http.NewRequestWithContext(r.t.Context(), method, "http://127.0.0.1:8080"+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set(officerHeader, officer)
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			req.Host = headers[i+1]
			continue
		}
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := r.app.Test(req, -1)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(b)}
}

// scan presents a passport at counter 1 and returns its open encounter.
func (r *rig) scan(number string) *counter.EncounterView {
	r.t.Helper()
	if a := r.send("POST", "/api/v1/counters/1/scans", scanBody(passport(number))); a.status != http.StatusAccepted {
		r.t.Fatalf("scan: status %d: %s", a.status, a.body)
	}
	v, err := r.service.View("1")
	if err != nil || v.Encounter == nil {
		r.t.Fatalf("no encounter is open: %v", err)
	}
	return v.Encounter
}

// record takes one traveller to the journal and from there to the register.
func (r *rig) record() border.ID {
	r.t.Helper()
	e := r.scan(plainNumber)
	if a := r.send("POST", "/api/v1/counters/1/decisions", decideBody(e, "admitted", "")); a.status != http.StatusCreated {
		r.t.Fatalf("decide: status %d: %s", a.status, a.body)
	}
	ctx := r.t.Context()
	wraps, err := r.journal.Wraps(ctx)
	r.must(err)
	r.must(r.reg.StoreWraps(ctx, wraps))
	extents, err := r.journal.Extents(ctx)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, x := range extents {
		events, err := r.journal.Read(ctx, x.Epoch, 0, 100)
		if err != nil {
			r.t.Fatal(err)
		}
		var got []border.Received
		for _, b := range events {
			ev, err := border.DecodeEvent(b)
			if err != nil {
				r.t.Fatal(err)
			}
			got = append(got, border.Received{Claimed: ev.Key, Event: b, Head: r.journal.Head(), At: r.clock.Now()})
		}
		if _, err := r.reg.Store(ctx, got); err != nil {
			r.t.Fatal(err)
		}
	}
	for start := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		if ok, err := r.reg.Has(ctx, e.ID); err != nil || time.Since(start) > 20*time.Second {
			r.t.Fatalf("the crossing never reached the register: %v", err)
		} else if ok {
			return e.ID
		}
	}
}

// alarm makes the register raise one, by an event that is none.
func (r *rig) alarm() {
	r.t.Helper()
	_, err := r.reg.Store(r.t.Context(), []border.Received{{Claimed: border.Key{Station: "PUT-1", Epoch: bordertest.EpochNo(1), Seq: 1},
		Event: []byte("no event"), At: r.clock.Now()}})
	if err != nil {
		r.t.Fatal(err)
	}
}

// Invented people of Utopia and of its neighbour only.
const (
	plainNumber  = "UA1234567"
	listedNumber = "UB7654321"
	surname      = "VELORIN"
	given        = "QUISA"
	stranger     = "QRU" // a foreign issuer
)

// passport prints the TD3 (Doc 9303-4) of a visitor, in order; that of the own country's is
// national.
func passport(number string) []string { return printed(stranger, number, surname, given, "850312") }

func national(number string) []string { return printed("UTO", number, surname, given, "850312") }

func printed(issuer, number, surname, given, birth string) []string {
	second := number + digit(number) + issuer + birth + digit(birth) + "F" + "340101" + digit("340101") + "<<<<<<<<<<<<<<<"
	return []string{filled("P<" + issuer + surname + "<<" + given), second + digit(second[0:10]+second[13:20]+second[21:43])}
}

func filled(s string) string { return s + strings.Repeat("<", 44-len(s)) }

// digit is the 7-3-1 check digit (Doc 9303-3 section 4.9).
func digit(s string) string {
	sum := 0
	for i, c := range s {
		v := 0
		switch {
		case c >= '0' && c <= '9':
			v = int(c - '0')
		case c >= 'A' && c <= 'Z':
			v = int(c-'A') + 10
		}
		sum += v * [3]int{7, 3, 1}[i%3]
	}
	return strconv.Itoa(sum % 10)
}

func scanBody(lines []string) string {
	b, _ := json.Marshal(map[string]any{"lines": lines, "source": "keyed"}) // strings only: cannot fail
	return string(b)
}

func decideBody(e *counter.EncounterView, outcome, ground string) string {
	b, _ := json.Marshal(map[string]any{"encounter": e.ID, "verdict_revision": e.Verdict.Revision, "outcome": outcome,
		"ground": ground, "officer": "1001", "second": map[string]string{"refused": "2001"}[outcome],
		"values": map[string]string{"purpose": "holiday", "intended_days": "5", "address": "Hotel"}}) // no value of it can fail
	return string(b)
}
