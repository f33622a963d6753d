package lookup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"garita/border"
	"garita/border/lookup/simulator"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// wall is a clock that stands until it is moved.
type wall struct {
	mu  sync.Mutex
	now time.Time
}

func (w *wall) Now() time.Time       { w.mu.Lock(); defer w.mu.Unlock(); return w.now }
func (w *wall) pass(d time.Duration) { w.mu.Lock(); defer w.mu.Unlock(); w.now = w.now.Add(d) }

var (
	people = []simulator.Person{{Reference: "2026/1", Surname: "VELORIN", Forenames: "QUISA", BirthDate: "1985-03-12"},
		{Reference: "2026/2", Surname: "VELORIN"}, {Reference: "2026/3", Surname: "VELORIN", Forenames: "TADEO", BirthDate: "1990-01-01"}}
	papers = []simulator.Document{{Reference: "D-1", Country: "UTO", Type: "P", Number: "U00000001"},
		{Reference: "D-2", Country: "UTO", Type: "P", Number: "U00000002", Withdrawn: true}}
	quisa   = border.Inquiry{Station: "PUT-1", Purpose: border.Entry, Surname: "VELORIN", GivenNames: "QUISA", BirthDate: "1985-03-12", Issuer: "UTO", Type: "P", Number: "X1"}
	nobody  = border.Inquiry{Station: "PUT-1", Purpose: border.Entry, Surname: "ERIKSSON", GivenNames: "ANNA", BirthDate: "1974-08-12", Issuer: "UTO", Type: "P", Number: "X2"}
	unknown = border.Inquiry{Station: "PUT-1", Purpose: border.Entry}
)

type rig struct {
	t     *testing.T
	clock *wall
	sim   *simulator.Simulator
	url   string
	waits []time.Duration
}

func newRig(t *testing.T) *rig {
	t.Helper()
	const seed = 77
	t.Logf("seed %d", seed)
	r := &rig{t: t, clock: &wall{now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}, sim: simulator.New(seed, people, papers)}
	server := httptest.NewServer(r.sim)
	t.Cleanup(server.Close)
	r.url = server.URL
	return r
}

// service connects an adapter whose waits end at once and are written down.
func (r *rig) service(kind string, change ...func(*ServiceConfig)) Service {
	r.t.Helper()
	c := ServiceConfig{Name: kind, Kind: kind, URL: r.url, TimeoutS: 5, PerS: 1000}
	for _, f := range change {
		f(&c)
	}
	s, err := Connect(c, r.clock)
	if err != nil {
		r.t.Fatal(err)
	}
	client := clientOf(s)
	client.wait = func(ctx context.Context, d time.Duration) error { r.waits = append(r.waits, d); return ctx.Err() }
	r.t.Cleanup(client.close)
	return s
}

func clientOf(s Service) *client {
	switch s := s.(type) {
	case *find:
		return s.client
	case *notices:
		return s.client
	case *matching:
		return s.client
	}
	return nil
}

var kinds = []string{"find", "notices", "matching"}

// Every adapter against every way in which a service can be: an outcome is what was answered,
// and whatever was not answered in full was not checked.
func TestConformance(t *testing.T) {
	for _, kind := range kinds {
		for name, c := range map[string]struct {
			mode  simulator.Mode
			q     border.Inquiry
			want  string // outcome, or the reason of not_checked
			limit float64
		}{
			"clear":          {q: nobody, want: Clear},
			"hit":            {q: quisa, want: Hit},
			"nothing known":  {q: unknown, want: NotAsked},
			"no right":       {mode: simulator.Mode{Status: 403}, q: quisa, want: Refused},
			"redirect":       {mode: simulator.Mode{Status: 302}, q: quisa, want: Refused},
			"fault":          {mode: simulator.Mode{Status: 500}, q: quisa, want: Unavailable},
			"away":           {mode: simulator.Mode{Status: 503}, q: quisa, want: Unavailable},
			"away, then not": {mode: simulator.Mode{Fail: 2}, q: quisa, want: Hit},
			"too many":       {mode: simulator.Mode{Status: 429, After: 1}, q: quisa, want: Limited},
			"malformed":      {mode: simulator.Mode{Malformed: true}, q: nobody, want: Malformed},
			"another shape":  {mode: simulator.Mode{Wrong: true}, q: nobody, want: Malformed},
			"breaks off":     {mode: simulator.Mode{Truncated: true}, q: nobody, want: Incomplete},
			"never ends":     {mode: simulator.Mode{Endless: true}, q: nobody, want: Malformed},
		} {
			t.Run(kind+"/"+name, func(t *testing.T) {
				r := newRig(t)
				s := r.service(kind)
				r.sim.Behave(c.mode)
				a := s.Ask(t.Context(), "q1", &c.q)
				got := a.Outcome
				if got == NotChecked {
					got = a.Reason
				}
				if got != c.want {
					t.Errorf("%+v, want %s", a, c.want)
				}
				if a.Outcome == Hit && !strings.Contains(strings.Join(a.Hits, " "), "2026/1") {
					t.Errorf("hits %v", a.Hits)
				}
			})
		}
		t.Run(kind+"/hangs", func(t *testing.T) {
			r := newRig(t)
			s := r.service(kind, func(c *ServiceConfig) { c.TimeoutS = 0.05 })
			r.sim.Behave(simulator.Mode{Hang: true})
			if a := s.Ask(t.Context(), "q1", &quisa); a.Outcome != NotChecked || a.Reason != Timeout {
				t.Errorf("%+v", a)
			}
		})
		t.Run(kind+"/nobody listens", func(t *testing.T) {
			r := newRig(t)
			s := r.service(kind, func(c *ServiceConfig) { c.URL = "http://127.0.0.1:1" })
			if a := s.Ask(t.Context(), "q1", &quisa); a.Outcome != NotChecked || a.Reason != Unavailable {
				t.Errorf("%+v", a)
			}
		})
	}
}

// A hit of the document search is verified; one that was withdrawn is none, one that cannot be
// verified says so.
func TestVerification(t *testing.T) {
	r := newRig(t)
	s := r.service("find")
	ask := func(number string) border.LookupAnswer {
		q := nobody
		q.Number = number
		return s.Ask(t.Context(), "q1", &q)
	}
	if a := ask("U00000001"); a.Outcome != Hit || !slices.Equal(a.Hits, []string{"D-1"}) {
		t.Errorf("confirmed: %+v", a)
	}
	if a := ask("U00000002"); a.Outcome != Clear {
		t.Errorf("withdrawn: %+v", a)
	}
	r.sim.Behave(simulator.Mode{NoVerify: true})
	if a := ask("U00000001"); a.Outcome != Hit || !slices.Equal(a.Hits, []string{"D-1 (unverified)"}) {
		t.Errorf("not to be verified: %+v", a)
	}
	r.sim.Behave(simulator.Mode{Partial: true})
	if a := ask("U7"); a.Outcome != NotChecked || a.Reason != Incomplete {
		t.Errorf("not all sources, and nothing found: %+v", a)
	}
	if a := ask("U00000001"); a.Outcome != Hit {
		t.Errorf("not all sources, and a hit: %+v", a)
	}
}

// All pages are looked at, or the check was not made.
func TestPaging(t *testing.T) {
	r := newRig(t)
	s := r.service("notices")
	r.sim.Behave(simulator.Mode{PageSize: 1})
	q := quisa
	q.GivenNames, q.BirthDate = "TADEO", "1990-01-01" // on the third page
	if a := s.Ask(t.Context(), "q1", &q); a.Outcome != Hit || !slices.Equal(a.Hits, []string{"red 2026/3"}) {
		t.Errorf("%+v", a)
	}
	var many []simulator.Person
	for i := range maxNoticePages + 2 {
		many = append(many, simulator.Person{Reference: fmt.Sprint(i), Surname: "ERIKSSON", Forenames: "ZOE"})
	}
	r.sim = simulator.New(1, many, nil)
	r.sim.Behave(simulator.Mode{PageSize: 1})
	server := httptest.NewServer(r.sim)
	defer server.Close()
	s = r.service("notices", func(c *ServiceConfig) { c.URL = server.URL })
	if a := s.Ask(t.Context(), "q1", &nobody); a.Outcome != NotChecked || a.Reason != Incomplete {
		t.Errorf("more pages than are looked at: %+v", a)
	}
}

// What is a notice of the traveller and what is not.
func TestNoticeFits(t *testing.T) {
	s := func(v string) *string { return &v }
	for _, c := range []struct {
		name, forename, born *string
		want                 bool
	}{
		{s("Velorin"), s("Quisa"), s("1985/03/12"), true},
		{s("Quisa"), s("Velorin"), s("1985/03"), true}, // crossed, without a day
		{s("Velorin"), s("Quisa Maria"), nil, true},
		{s("Velorin"), s("Quisa"), s("1985/03/13"), false},
		{s("Velorin"), nil, s("1985/03/12"), false}, // one word fits half the world
		{nil, nil, s("1985/03/12"), false},
		{s("Velorin"), s("Tadeo"), s("1985/03/12"), false},
	} {
		h := noticeHead{Name: c.name, Forename: c.forename, BirthDate: c.born}
		if got := h.fits(&quisa); got != c.want {
			t.Errorf("%v %v %v: %v", text(c.name), text(c.forename), text(c.born), got)
		}
	}
}

// Retries wait as long as the service says, are few, and have a budget for all questions.
func TestRetries(t *testing.T) {
	r := newRig(t)
	s := r.service("find")
	r.sim.Behave(simulator.Mode{Status: 503, After: 7})
	s.Ask(t.Context(), "q1", &nobody)
	if r.sim.Asked() != tries || !slices.Equal(r.waits, []time.Duration{7 * time.Second, 7 * time.Second}) {
		t.Errorf("%d tries, waits %v", r.sim.Asked(), r.waits)
	}
	c := clientOf(s)
	c.breaker.after = 1 << 30
	r.sim.Behave(simulator.Mode{Status: 503})
	for range 100 {
		s.Ask(t.Context(), "q1", &nobody)
	}
	if n := r.sim.Asked(); n > 100+20 {
		t.Errorf("100 questions became %d", n)
	}
}

// A service that fails again and again is left alone, and tried with one question after a while.
func TestBreaker(t *testing.T) {
	r := newRig(t)
	s := r.service("matching")
	r.sim.Behave(simulator.Mode{Status: 500})
	for range 20 {
		s.Ask(t.Context(), "q1", &nobody)
	}
	if n := r.sim.Asked(); n != breakAfter {
		t.Errorf("asked %d times, want %d", n, breakAfter)
	}
	r.clock.pass(breakFor)
	s.Ask(t.Context(), "q1", &nobody)
	s.Ask(t.Context(), "q1", &nobody)
	if n := r.sim.Asked(); n != breakAfter+1 {
		t.Errorf("after a while asked %d times more, want 1", n-breakAfter)
	}
	r.sim.Behave(simulator.Mode{})
	r.clock.pass(breakFor)
	for range 3 {
		if a := s.Ask(t.Context(), "q1", &nobody); a.Outcome != Clear {
			t.Errorf("after it came back: %+v", a)
		}
	}
}

func TestRateLimit(t *testing.T) {
	r := newRig(t)
	s := r.service("matching", func(c *ServiceConfig) { c.PerS = 2 })
	limited := 0
	for range 5 {
		if s.Ask(t.Context(), "q1", &nobody).Reason == Limited {
			limited++
		}
	}
	if limited != 3 || r.sim.Asked() != 2 {
		t.Errorf("%d of 5 limited, %d asked", limited, r.sim.Asked())
	}
	r.clock.pass(time.Second)
	if a := s.Ask(t.Context(), "q1", &nobody); a.Outcome != Clear {
		t.Errorf("a second later: %+v", a)
	}
}

// The desk asks all at once, keeps an audit that names nobody, and answers only what it kept.
func TestDesk(t *testing.T) {
	r := newRig(t)
	path := filepath.Join(t.TempDir(), "lookups.jsonl")
	audit, err := OpenAudit(path)
	if err != nil {
		t.Fatal(err)
	}
	defer audit.Close()
	var services []Service
	for _, k := range kinds {
		services = append(services, r.service(k))
	}
	d, err := New(Config{Services: services, Clock: r.clock, Audit: audit.Write})
	if err != nil {
		t.Fatal(err)
	}
	answers, err := d.LookUp(t.Context(), &quisa)
	if err != nil || len(answers) != 3 {
		t.Fatalf("%v, %v", answers, err)
	}
	for i, a := range answers {
		if a.Service != kinds[i] || a.Outcome != Hit || a.AsOf.IsZero() {
			t.Errorf("%+v", a)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Count(b, []byte("\n")) != 3 || bytes.Contains(b, []byte("VELORIN")) || bytes.Contains(b, []byte("1985")) {
		t.Errorf("the audit:\n%s", b)
	}
	var rec Record
	if err := json.Unmarshal(b[:bytes.IndexByte(b, '\n')], &rec); err != nil || rec.Outcome != Hit || rec.QueryID == "" || rec.Purpose != border.Entry {
		t.Errorf("%+v, %v", rec, err)
	}
	d.cfg.Audit = func([]Record) error { return errors.New("disk") }
	if a, err := d.LookUp(t.Context(), &quisa); err == nil || a != nil {
		t.Errorf("without an audit: %v, %v", a, err)
	}
}

// Errors and answers name nobody, whatever a service says.
func TestConnect(t *testing.T) {
	clock := &wall{}
	for name, c := range map[string]ServiceConfig{
		"no name":   {Kind: "find", URL: "https://service.example"},
		"no kind":   {Name: "a", URL: "https://service.example"},
		"no url":    {Name: "a", Kind: "find", URL: "service.example"},
		"no tls":    {Name: "a", Kind: "find", URL: "http://service.example"},
		"no ca":     {Name: "a", Kind: "find", URL: "https://service.example", CA: "/nowhere"},
		"no key":    {Name: "a", Kind: "find", URL: "https://service.example", Certificate: "/nowhere"},
		"with user": {Name: "a", Kind: "find", URL: "https://u@service.example"},
	} {
		if _, err := Connect(c, clock); border.CodeOf(err) != border.Invalid || border.MessageOf(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"query_id":"q","status":"ok","hits":[{"reference":"1"}]}`))
	f.Add([]byte(`{"total":1,"_embedded":{"notices":[{"entity_id":"1","name":null}]}}`))
	f.Add([]byte(`{"responses":{"q":{"status":200,"results":[{"id":"1","score":0.9}]}}}`))
	f.Add(bytes.Repeat([]byte("["), 100))
	f.Fuzz(func(_ *testing.T, b []byte) {
		for _, into := range []any{&findAnswer{}, &noticePage{}, &matchAnswer{}} {
			_ = decode(b, into)
		}
	})
}
