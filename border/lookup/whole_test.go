package lookup

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"garita/border"
)

// serve gives a service whose answers are written by a function.
func (r *rig) serve(kind string, f http.HandlerFunc) Service {
	r.t.Helper()
	server := httptest.NewServer(f)
	r.t.Cleanup(server.Close)
	return r.service(kind, func(c *ServiceConfig) { c.URL = server.URL })
}

// An answer that leaves out what was asked for is none: only an empty list says that there is nothing.
func TestAnswerWithoutAList(t *testing.T) {
	r := newRig(t)
	for kind, answer := range map[string]string{
		"find": `{"query_id":"q1","status":"ok"}`, "matching": `{"responses":{"q1":{"status":200}}}`, "notices": `{"total":2}`,
	} {
		s := r.serve(kind, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(answer)) })
		if a := s.Ask(t.Context(), "q1", &nobody); a.Outcome != NotChecked {
			t.Errorf("%s: %+v", kind, a)
		}
	}
}

// More hits than are looked at are no reason to say that there are none.
func TestMoreHitsThanAreLookedAt(t *testing.T) {
	r := newRig(t)
	state := "confirmed"
	s := r.serve("find", func(w http.ResponseWriter, q *http.Request) {
		if strings.HasSuffix(q.URL.Path, "verify") {
			b := make([]byte, 200)
			n, _ := q.Body.Read(b)
			_, _ = w.Write([]byte(strings.Replace(string(b[:n]), `"state":""`, `"state":"`+state+`"`, 1)))
			return
		}
		var hits []string
		for i := range maxHits + 1 {
			hits = append(hits, fmt.Sprintf(`{"reference":"R%d","kind":"nominal"}`, i))
		}
		_, _ = w.Write([]byte(`{"query_id":"q1","status":"ok","hits":[` + strings.Join(hits, ",") + `]}`))
	})
	if a := s.Ask(t.Context(), "q1", &quisa); a.Outcome != Hit || !slices.Contains(a.Hits, "R0") {
		t.Errorf("%+v", a)
	}
	state = "withdrawn"
	if a := s.Ask(t.Context(), "q1", &quisa); a.Outcome != NotChecked || a.Reason != Incomplete {
		t.Errorf("those that were looked at are withdrawn: %+v", a)
	}
}

// A number without an issuer is not searched, and so not clear.
func TestNumberWithoutIssuer(t *testing.T) {
	r := newRig(t)
	q := nobody
	q.Issuer = ""
	if a := r.service("find").Ask(t.Context(), "q1", &q); a.Outcome != NotChecked || a.Reason != Incomplete {
		t.Errorf("%+v", a)
	}
}

// A notice that was found stays found when a later page or kind fails, and pages that repeat
// notices have left out others.
func TestPagesThatFail(t *testing.T) {
	r := newRig(t)
	notice := `{"entity_id":"1","name":"VELORIN","forename":"QUISA","date_of_birth":"1985/03/12"}`
	s := r.serve("notices", func(w http.ResponseWriter, q *http.Request) {
		if q.URL.Query().Get("page") != "1" {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		_, _ = w.Write([]byte(`{"total":2,"_embedded":{"notices":[` + notice + `]}}`))
	})
	if a := s.Ask(t.Context(), "q1", &quisa); a.Outcome != Hit || !slices.Contains(a.Hits, "red 1") {
		t.Errorf("%+v", a)
	}
	other := strings.Replace(notice, "QUISA", "TADEO", 1)
	s = r.serve("notices", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"total":2,"_embedded":{"notices":[` + other + `]}}`))
	})
	if a := s.Ask(t.Context(), "q1", &quisa); a.Outcome != NotChecked || a.Reason != Incomplete {
		t.Errorf("the same notice on all pages: %+v", a)
	}
}

// Who asks too late for a traveller is not waited for: the answers of other services are there.
func TestRetryAfterTheDeadline(t *testing.T) {
	r := newRig(t)
	s := r.serve("find", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if a := s.Ask(ctx, "q1", &nobody); a.Reason != Limited || len(r.waits) != 0 {
		t.Errorf("%+v after waits of %v", a, r.waits)
	}
}

// While a service is tried, an answer from before lets nobody else through and does not open or
// close anything; a clock that is set back does not keep it closed.
func TestBreakerWithLateAnswers(t *testing.T) {
	clock := &wall{now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	b := &breaker{clock: clock, after: 1, pause: breakFor}
	allowed := func() bool { ok, _ := b.allow(); return ok }
	b.allow()
	b.allow()
	b.done(false, false, false)
	clock.pass(breakFor)
	if ok, trial := b.allow(); !ok || !trial {
		t.Fatal("after a while it is tried")
	}
	b.done(false, false, false) // the second question, from before
	if allowed() {
		t.Error("two are tried")
	}
	b.done(false, false, true)
	if allowed() {
		t.Error("the trial has failed")
	}
	clock.pass(-time.Hour)
	if !allowed() {
		t.Error("the clock was set back")
	}
}

func TestNoPlainConnectionToAnotherMachine(t *testing.T) {
	for _, u := range []string{"http://127.0.0.1.service.example", "http://127.service.example"} {
		if _, err := Connect(ServiceConfig{Name: "a", Kind: "find", URL: u}, &wall{}); border.CodeOf(err) != border.Invalid {
			t.Errorf("%s: %v", u, err)
		}
	}
	for _, u := range []string{"http://127.0.0.1:1", "http://[::1]:1", "http://localhost:1"} {
		if _, err := Connect(ServiceConfig{Name: "a", Kind: "find", URL: u}, &wall{}); err != nil {
			t.Errorf("%s: %v", u, err)
		}
	}
}
