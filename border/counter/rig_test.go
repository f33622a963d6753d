package counter_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"garita/border"
	"garita/border/bordertest"
	"garita/border/clock"
	"garita/border/counter"
	"garita/border/form"
	"garita/border/journal"
	"garita/border/seal"
	"garita/border/verdict"
	"garita/border/watch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// wall is the machine's clocks, both in the test's hand.
type wall struct {
	mu   sync.Mutex
	now  time.Time
	mono time.Duration
}

func (w *wall) Now() time.Time      { w.mu.Lock(); defer w.mu.Unlock(); return w.now }
func (w *wall) Mono() time.Duration { w.mu.Lock(); defer w.mu.Unlock(); return w.mono }

// pass lets time pass on both clocks.
func (w *wall) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now, w.mono = w.now.Add(d), w.mono+d
}

// set moves the wall clock alone.
func (w *wall) set(now time.Time) { w.mu.Lock(); defer w.mu.Unlock(); w.now = now }

// hub is a national register in the test's hand.
type hub struct {
	mu        sync.Mutex
	connected bool
	asked     int
	answer    func(ctx context.Context, q border.DocumentQuestion) (border.DocumentAnswer, error)
}

func (h *hub) AskDocument(ctx context.Context, q border.DocumentQuestion) (border.DocumentAnswer, error) {
	h.mu.Lock()
	h.asked++
	f := h.answer
	h.mu.Unlock()
	if f == nil {
		return border.DocumentAnswer{}, nil
	}
	return f(ctx, q)
}

func (h *hub) state() border.HubStatus {
	h.mu.Lock()
	defer h.mu.Unlock()
	return border.HubStatus{Connected: h.connected}
}

func (h *hub) connect(yes bool) { h.mu.Lock(); defer h.mu.Unlock(); h.connected = yes }
func (h *hub) questions() int   { h.mu.Lock(); defer h.mu.Unlock(); return h.asked }

// held makes the hub answer only when the test says so.
func (h *hub) held() chan<- border.DocumentAnswer {
	c := make(chan border.DocumentAnswer)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.answer = func(ctx context.Context, _ border.DocumentQuestion) (border.DocumentAnswer, error) {
		select {
		case a := <-c:
			return a, nil
		case <-ctx.Done():
			return border.DocumentAnswer{}, &border.Error{Code: border.Unavailable, Op: "ask"}
		}
	}
	return c
}

// rig is a station without its devices and screens.
type rig struct {
	t      testing.TB
	dir    string
	log    *bytes.Buffer
	logMu  sync.Mutex
	wall   *wall
	clock  *clock.Keeper
	keys   *seal.StationKeys
	j      *journal.Journal
	hub    *hub
	sensor *sensor
	secret *seal.StationSecret
	lists  []counter.List
	rand   *zeros
	s      *counter.Service
	cfg    counter.Config // of s
	index  func(*border.Event) []border.BlindIndex
}

// zeros is a source of ids that is the same in every run.
type zeros struct{ n byte }

func (z *zeros) Read(b []byte) (int, error) {
	for i := range b {
		z.n++
		b[i] = z.n
	}
	return len(b), nil
}

var built = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)

func newRig(t testing.TB, change ...func(*rig)) *rig {
	t.Helper()
	r := &rig{t: t, dir: t.TempDir(), log: &bytes.Buffer{}, hub: &hub{}, sensor: newSensor(), secret: seal.NewStationSecret(), rand: &zeros{}, wall: &wall{now: bordertest.Start}}
	for _, f := range change {
		f(r)
	}
	h, err := seal.NewHubPrivate("HUB")
	check(t, err)
	prov, err := h.Provisioning()
	check(t, err)
	prov.BlindKey = bytes.Repeat([]byte{7}, 32)
	r.keys, err = seal.OpenStationKeys(t.Context(), filepath.Join(r.dir, "keys.db"), "PUT-1", r.secret, prov)
	check(t, err)
	r.start()
	t.Cleanup(func() {
		r.stop()
		check(t, r.keys.Close())
		r.logMu.Lock()
		defer r.logMu.Unlock()
		for _, secret := range secrets {
			if strings.Contains(r.log.String(), secret) {
				t.Errorf("the log holds %q of a traveller", secret)
			}
		}
	})
	return r
}

// Write takes the log.
func (r *rig) Write(b []byte) (int, error) {
	r.logMu.Lock()
	defer r.logMu.Unlock()
	return r.log.Write(b)
}

func (r *rig) start() {
	r.t.Helper()
	log := slog.New(slog.NewTextHandler(r, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey { // logs of two runs are compared
			return slog.Attr{}
		}
		return a
	}}))
	r.clock = clock.New(r.wall.Now, r.wall.Mono, built)
	blinder, err := seal.NewBlinder(bytes.Repeat([]byte{7}, 32))
	check(r.t, err)
	r.j, err = journal.Open(r.t.Context(), journal.Config{Dir: r.dir, Station: "PUT-1", Post: "PUT", Clock: r.clock, Keys: r.keys,
		LastTrusted: r.clock.LastTrusted, Reserve: -1, Log: log, Index: r.index})
	check(r.t, err)
	files, err := seal.OpenAttachments(r.dir, r.keys)
	check(r.t, err)
	r.cfg = counter.Config{
		Places: []counter.Place{{ID: "1", Direction: border.Entry}, {ID: "2", Direction: border.Entry}, {ID: "3", Direction: border.Exit}},
		Zone:   time.UTC, Journal: r.j, Keys: r.keys, Blinder: blinder, Policy: verdict.DefaultPolicy(), Lists: func() []counter.List { return r.lists }, Clock: r.clock, Mono: r.clock.Mono,
		IDs: border.NewIDs(r.clock, r.rand), Log: log, Hub: r.hub, HubState: r.hub.state, Station: "PUT-1",
		Post: "PUT", Form: form.Default(),
		Officers: func() []counter.Officer {
			return []counter.Officer{{Badge: "17", Name: "Officer Seventeen", Roles: []string{"inspector"}},
				{Badge: "18", Name: "Officer Eighteen", Roles: []string{"inspector"}},
				{Badge: "50", Name: "Supervisor Fifty", Roles: []string{"supervisor"}}, {Badge: "99", Roles: []string{"technician"}}}
		},
		Scanners: r.sensor.status, Fingers: r.sensor, Attachments: files,
	}
	r.s, err = counter.New(r.t.Context(), r.cfg)
	check(r.t, err)
}

// with starts the service anew over a changed configuration.
func (r *rig) with(change func(*counter.Config)) {
	r.t.Helper()
	r.s.Close()
	change(&r.cfg)
	s, err := counter.New(r.t.Context(), r.cfg)
	check(r.t, err)
	r.s = s
}

func (r *rig) stop() {
	r.t.Helper()
	r.s.Close()
	check(r.t, r.j.Close())
}

func (r *rig) restart() { r.t.Helper(); r.stop(); r.start() }

func (r *rig) view(c border.CounterID) counter.View {
	r.t.Helper()
	v, err := r.s.View(c)
	check(r.t, err)
	return v
}

func (r *rig) scan(c border.CounterID, lines []string) {
	r.t.Helper()
	check(r.t, r.s.Scan(context.Background(), border.Scan{Counter: c, Source: border.SourceReader, Scanner: "r" + string(c), Lines: lines, ReceivedAt: r.wall.Now()}))
}

// decision is about what the counter shows now.
func (r *rig) decision(c border.CounterID, o border.Outcome) counter.Decision {
	r.t.Helper()
	v := r.view(c)
	if v.Encounter == nil {
		r.t.Fatalf("counter %s shows no encounter", c)
	}
	d := counter.Decision{Counter: c, Encounter: v.Encounter.ID, Revision: v.Encounter.Verdict.Revision, Outcome: o, Officer: "17"}
	if o == border.Refused || v.Encounter.Verdict.Level == verdict.Refer {
		d.Second = "50"
	}
	return d
}

func (r *rig) decide(d counter.Decision) counter.Recorded {
	r.t.Helper()
	rec, err := r.s.Decide(context.Background(), d)
	check(r.t, err)
	return rec
}

// check of the view's encounter.
func (r *rig) result(c border.CounterID, k verdict.Check) verdict.Reason {
	r.t.Helper()
	v := r.view(c)
	if v.Encounter == nil {
		r.t.Fatalf("counter %s shows no encounter", c)
	}
	for _, x := range v.Encounter.Verdict.Reasons {
		if x.Check == k {
			return x
		}
	}
	r.t.Fatalf("no check %s", k)
	return verdict.Reason{}
}

func (r *rig) wait(what string, ok func() bool) {
	r.t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			r.t.Fatalf("in vain waited for: %s", what)
		}
	}
}

// event returns a recorded event and its header.
func (r *rig) event(id border.ID) (border.Event, border.Header) {
	r.t.Helper()
	ev, err := r.j.Crossing(context.Background(), id)
	check(r.t, err)
	h, err := ev.ReadHeader()
	check(r.t, err)
	return ev, h
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t testing.TB, err error, code border.Code) {
	t.Helper()
	if border.CodeOf(err) != code {
		t.Fatalf("got error %v, want code %q", err, code)
	}
}

// secrets are pieces of the invented travellers that no log may hold.
var secrets = []string{"UTOPIAN", "FRANKOWA", "U0000", "740812", "1974-08-12"}

// passport prints the TD3 of an invented traveller of Utopia.
func passport(n int) []string { return passportOf(n, "UTOPIAN", "FRANKOWA", "320415") }

func passportOf(n int, surname, given, expiry string) []string {
	number := fmt.Sprintf("U%08d", n)
	data := number + digit(number) + "UTO" + "740812" + digit("740812") + "F" + expiry + digit(expiry) + strings.Repeat("<", 15)
	return []string{fill("P<UTO"+surname+"<<"+given, 44), data + digit(data[0:10]+data[13:20]+data[21:43])}
}

// foreign prints the passport of an invented traveller of Ruritania.
func foreign(n int) []string {
	lines := passportOf(n, "UTOPIAN", "FRANKOWA", "320415")
	for i := range lines {
		lines[i] = strings.ReplaceAll(lines[i], "UTO"+map[int]string{0: "UTOPIAN", 1: "7408"}[i], "QRU"+map[int]string{0: "UTOPIAN", 1: "7408"}[i])
	}
	return lines
}

// visitor holds what the form asks of a foreign visitor.
var visitor = map[string]string{"purpose": "holiday", "residence": "FRA", "intended_days": "7", "address": "Hotel Utopia"}

func fill(s string, n int) string { return (s + strings.Repeat("<", n))[:n] }

// digit is a check digit by Doc 9303-3 section 4.9.
func digit(s string) string {
	sum := 0
	for i, c := range []byte(s) {
		v := 0
		switch {
		case c >= '0' && c <= '9':
			v = int(c - '0')
		case c >= 'A':
			v = int(c-'A') + 10
		}
		sum += v * [3]int{7, 3, 1}[i%3]
	}
	return fmt.Sprint(sum % 10)
}

// list makes a list of rows: entry, surname, given names, birth date, nationality, document
// number, its issuer, handling.
func list(t testing.TB, title string, rows ...string) counter.List {
	t.Helper()
	var entries []*watch.Entry
	for _, row := range rows {
		f := strings.Split(row, ",")
		e := &watch.Entry{Source: title, ID: f[0], Handling: watch.Handling(f[7])}
		if f[1] != "" {
			e.Names = []watch.Name{{Surname: f[1], GivenNames: f[2], Quality: watch.Primary}}
		}
		if f[3] != "" {
			e.BirthDates = []string{f[3]}
		}
		if f[4] != "" {
			e.Nationalities = []string{f[4]}
		}
		if f[5] != "" {
			e.Documents = []watch.Document{{Issuer: f[6], Number: f[5]}}
		}
		entries = append(entries, e)
	}
	issued := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	base, err := watch.Compile(watch.Description{Name: title, Sources: []watch.Source{{Name: title, Version: "1", Issued: issued,
		MaxAge: 720 * time.Hour, Entries: len(entries)}}}, entries)
	check(t, err)
	return counter.List{Name: title, Version: "1", Issued: issued, Watch: watch.New(base)}
}

func toJSON(t testing.TB, v any) string {
	t.Helper()
	b, err := json.MarshalIndent(v, "", " ")
	check(t, err)
	return string(b)
}

// seconded is the word of a second person.
func seconded(badge string) counter.Agreement { return counter.Agreement{Second: badge} }

func lifting(at counter.At, id border.ID, second, reason string) counter.Lifting {
	return counter.Lifting{At: at, Encounter: id, Reason: reason, Agreement: seconded(second)}
}
