package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"garita/border"
	"garita/border/counter"
)

// scenario is one request with what must and must not come back.
type scenario struct {
	name    string
	before  func(r *rig) (method, path, body string) // prepares and gives the request
	headers []string                                 // pairs
	status  int
	must    []string
	mustNot []string
}

func request(method, path, body string) func(*rig) (string, string, string) {
	return func(*rig) (string, string, string) { return method, path, body }
}

// decideOn opens an encounter and decides on it.
func decideOn(number string, body func(e *counter.EncounterView) string) func(*rig) (string, string, string) {
	return func(r *rig) (string, string, string) {
		return "POST", "/api/v1/counters/1/decisions", body(r.scan(number))
	}
}

var secret = strings.Repeat("SECRETNAME", 30) // what an answer must never repeat

var scenarios = []scenario{
	{name: "counters", before: request("GET", "/api/v1/counters", ""), status: 200, must: []string{`["1","2","3"]`}},
	{name: "officers", before: request("GET", "/api/v1/officers", ""), status: 200, must: []string{`"badge":"1001"`}},
	{name: "an empty counter", before: request("GET", "/api/v1/counters/1", ""), status: 200,
		must: []string{`"encounter":null`, `"direction":"entry"`, `"soft_keys":true`}},
	{name: "a counter that is none", before: request("GET", "/api/v1/counters/99", ""), status: 404,
		must: []string{"urn:garita:problem:not_found"}, mustNot: []string{"99"}},
	{name: "a counter whose name is too long", before: request("GET", "/api/v1/counters/"+secret, ""), status: 422,
		must: []string{"path.counter"}, mustNot: []string{"SECRET"}},
	{name: "a counter whose name is escaped badly", before: func(r *rig) (string, string, string) {
		return "GET", "/api/v1/counters/%2e%2e%2f", ""
	}, status: 404, must: []string{"urn:garita:problem:not_found"}},
	{name: "a path that is none", before: request("GET", "/api/v1/travellers/"+plainNumber, ""), status: 404,
		must: []string{"urn:garita:problem:not_found"}, mustNot: []string{plainNumber}},
	{name: "a method that is none", before: request("PATCH", "/api/v1/counters", `{}`), status: 405, must: []string{`"status":405`}},

	{name: "a scan", before: request("POST", "/api/v1/counters/1/scans", scanBody(passport(plainNumber))), status: 202,
		must: []string{`"surname":"` + surname + `"`, `"level":"proceed"`, `"reason":"not_available"`, `"reason":"hub"`}},
	{name: "a scan of a listed document", before: request("POST", "/api/v1/counters/1/scans", scanBody(passport(listedNumber))), status: 202,
		must: []string{`"level":"refer"`, `"handling":"refer"`, `"reason":"listed"`}, mustNot: []string{"sample/S1"}},
	{name: "a scan at a counter that is none", before: request("POST", "/api/v1/counters/99/scans", scanBody(passport(plainNumber))), status: 404,
		mustNot: []string{surname, plainNumber}},
	{name: "a scan that is no document", before: request("POST", "/api/v1/counters/1/scans", scanBody([]string{"SECRETNAME"})), status: 422,
		must: []string{"urn:garita:problem:invalid", `"detail"`}, mustNot: []string{"SECRET"}},
	{name: "a scan without lines", before: request("POST", "/api/v1/counters/1/scans", `{"lines":[],"source":"keyed"}`), status: 422,
		must: []string{"body.lines"}},
	{name: "a scan that claims a reader", before: request("POST", "/api/v1/counters/1/scans",
		strings.Replace(scanBody(passport(plainNumber)), "keyed", "serial", 1)), status: 422, must: []string{"body.source"}, mustNot: []string{surname}},
	{name: "a scan with a line without end", before: request("POST", "/api/v1/counters/1/scans", scanBody([]string{secret})), status: 413,
		must: []string{"urn:garita:problem:too_large"}, mustNot: []string{"SECRET"}},
	{name: "a scan with a property nobody knows", before: request("POST", "/api/v1/counters/1/scans", `{"lines":["A"],"source":"keyed","SECRETNAME":1}`),
		status: 422, must: []string{"does not know"}, mustNot: []string{"SECRET"}},
	{name: "a body that is no JSON", before: request("POST", "/api/v1/counters/1/scans", `ZECRET`), status: 400,
		must: []string{"cannot be read", "urn:garita:problem:invalid"}, mustNot: []string{"Z", "ECRET"}},
	{name: "a number for a line", before: request("POST", "/api/v1/counters/1/scans", `{"lines":[730451],"source":"keyed"}`), status: 422,
		mustNot: []string{"730451"}},
	{name: "no body", before: request("POST", "/api/v1/counters/1/scans", ""), headers: []string{"Content-Type", "application/json"}, status: 400},
	{name: "a form instead of JSON", before: request("POST", "/api/v1/counters/1/scans", "lines=SECRETNAME"),
		headers: []string{"Content-Type", "application/x-www-form-urlencoded"}, status: 415, mustNot: []string{"SECRET"}},
	{name: "plain text instead of JSON", before: request("POST", "/api/v1/counters/1/scans", scanBody(passport(plainNumber))),
		headers: []string{"Content-Type", "text/plain"}, status: 415, mustNot: []string{surname}},
	{name: "a type that only begins like JSON", before: request("POST", "/api/v1/counters/1/scans", scanBody(passport(plainNumber))),
		headers: []string{"Content-Type", "application/jsonp"}, status: 415},
	{name: "JSON with a character set", before: request("POST", "/api/v1/counters/1/scans", scanBody(passport(plainNumber))),
		headers: []string{"Content-Type", "application/json; charset=utf-8"}, status: 202},
	{name: "a body over the limit", before: request("POST", "/api/v1/counters/1/scans",
		`{"lines":["`+strings.Repeat("A", maxBody)+`"],"source":"keyed"}`), status: 413, must: []string{"urn:garita:problem:too_large"}},

	{name: "a decision", before: decideOn(plainNumber, func(e *counter.EncounterView) string { return decideBody(e, "admitted", "") }), status: 201,
		must: []string{`"replayed":false`, `"outcome":"admitted"`, `"seq":4`}, mustNot: []string{surname, plainNumber}},
	{name: "a refusal", before: decideOn(listedNumber, func(e *counter.EncounterView) string { return decideBody(e, "refused", "listed") }), status: 201,
		must: []string{`"outcome":"refused"`}},
	{name: "a refusal without a ground", before: decideOn(plainNumber, func(e *counter.EncounterView) string { return decideBody(e, "refused", "") }), status: 422,
		must: []string{"coded grounds"}},
	{name: "a ground that is none", before: decideOn(plainNumber, func(e *counter.EncounterView) string { return decideBody(e, "refused", "SECRETNAME") }), status: 422,
		mustNot: []string{"SECRET"}},
	{name: "an outcome of the other direction", before: decideOn(plainNumber, func(e *counter.EncounterView) string { return decideBody(e, "departed", "") }), status: 422,
		must: []string{"At entry"}},
	{name: "an outcome that is none", before: decideOn(plainNumber, func(e *counter.EncounterView) string { return decideBody(e, "SECRETNAME", "") }), status: 422,
		must: []string{"body.outcome"}, mustNot: []string{"SECRET"}},
	{name: "a verdict that was never painted", before: decideOn(plainNumber, func(e *counter.EncounterView) string {
		e.Verdict.Revision = 1000
		return decideBody(e, "admitted", "")
	}), status: 422, must: []string{"verdict that was on the screen"}},
	{name: "a verdict below zero", before: decideOn(plainNumber, func(e *counter.EncounterView) string {
		return strings.Replace(decideBody(e, "admitted", ""), `"verdict_revision":`, `"verdict_revision":-`, 1)
	}), status: 422, must: []string{"body.verdict_revision"}},
	{name: "an officer who is none", before: decideOn(plainNumber, func(e *counter.EncounterView) string {
		return strings.Replace(decideBody(e, "admitted", ""), `"1001"`, `"SECRETNAME"`, 1)
	}), status: 403, must: []string{"urn:garita:problem:forbidden"}, mustNot: []string{"SECRET"}},
	{name: "an officer who may not decide", before: decideOn(plainNumber, func(e *counter.EncounterView) string {
		return strings.Replace(decideBody(e, "admitted", ""), `"1001"`, `"3001"`, 1)
	}), status: 403},
	{name: "an encounter that is none", before: decideOn(plainNumber, func(e *counter.EncounterView) string {
		e.ID[15]++
		return decideBody(e, "admitted", "")
	}), status: 409, must: []string{"urn:garita:problem:conflict"}},
	{name: "an encounter that has no id", before: decideOn(plainNumber, func(e *counter.EncounterView) string {
		return strings.Replace(decideBody(e, "admitted", ""), e.ID.String(), "urn-SECRETNAME", 1)
	}), status: 422, must: []string{"body.encounter"}, mustNot: []string{"SECRET"}},
	{name: "an encounter whose id is written otherwise", before: decideOn(plainNumber, func(e *counter.EncounterView) string {
		return strings.Replace(decideBody(e, "admitted", ""), e.ID.String(), "SECRETNAME"+strings.Repeat("a", 35), 1)
	}), status: 422, mustNot: []string{"SECRET"}},
	{name: "an encounter that still waits", before: func(r *rig) (string, string, string) {
		r.scan(plainNumber)
		r.scan(listedNumber)
		v, err := r.service.View("1")
		if err != nil || len(v.Queue) != 1 {
			r.t.Fatalf("the second document does not wait: %v", err)
		}
		return "POST", "/api/v1/counters/1/decisions", decideBody(&counter.EncounterView{ID: v.Queue[0].ID}, "admitted", "")
	}, status: 409, must: []string{"Call the traveller up"}},
	{name: "a decision at another counter", before: func(r *rig) (string, string, string) {
		return "POST", "/api/v1/counters/2/decisions", decideBody(r.scan(plainNumber), "departed", "")
	}, status: 409},

	{name: "nobody to call up", before: request("POST", "/api/v1/counters/1/call-ups", `{"officer":"1001"}`), status: 404},
	{name: "call up while another is open", before: func(r *rig) (string, string, string) {
		r.scan(plainNumber)
		r.scan(listedNumber)
		return "POST", "/api/v1/counters/1/call-ups", `{"officer":"1001"}`
	}, status: 409, must: []string{"Finish the open encounter"}},
	{name: "call up the next", before: func(r *rig) (string, string, string) {
		e := r.scan(plainNumber)
		r.scan(listedNumber)
		if a := r.send("POST", "/api/v1/counters/1/decisions", decideBody(e, "withdrawn", "")); a.status != 201 {
			r.t.Fatalf("status %d: %s", a.status, a.body)
		}
		return "POST", "/api/v1/counters/1/call-ups", `{"officer":"1001"}`
	}, status: 202, must: []string{listedNumber}},
	{name: "turn the counter round", before: request("PUT", "/api/v1/counters/1/direction", `{"direction":"exit","officer":"1001"}`), status: 200,
		must: []string{`"direction":"exit"`}},
	{name: "turn the counter nowhere", before: request("PUT", "/api/v1/counters/1/direction", `{"direction":"SECRETNAME","officer":"1001"}`), status: 422,
		mustNot: []string{"SECRET"}},

	{name: "a record", before: func(r *rig) (string, string, string) { return "GET", "/api/v1/records/" + r.record().String(), "" }, status: 200,
		must: []string{`"outcome":"admitted"`, `"birth_year":1985`}, mustNot: []string{surname, plainNumber, "1001"}},
	{name: "a record that is none", before: request("GET", "/api/v1/records/0193b2c0-0000-7000-8000-000000000000", ""), status: 404},
	{name: "a record without an id", before: request("GET", "/api/v1/records/SECRETNAME", ""), status: 422, mustNot: []string{"SECRET"}},

	{name: "the register's crossings", before: func(r *rig) (string, string, string) { r.record(); return "GET", "/api/v1/register/crossings", "" }, status: 200,
		must: []string{`"outcome":"admitted"`, `"station":"PUT-1"`}, mustNot: []string{surname, plainNumber, "1001"}},
	{name: "a crossing of the register", before: func(r *rig) (string, string, string) {
		return "GET", "/api/v1/register/crossings/" + r.record().String(), ""
	}, status: 200, must: []string{`"birth_year":1985`}, mustNot: []string{surname, plainNumber}},
	{name: "a crossing that the register does not hold", before: request("GET", "/api/v1/register/crossings/0193b2c0-0000-7000-8000-000000000000", ""), status: 404},
	{name: "stays", before: func(r *rig) (string, string, string) {
		r.record()
		return "GET", "/api/v1/register/stays?state=inside&post=PUT", ""
	}, status: 200,
		must: []string{`"state":"inside"`, `"permitted_until":"2027-01-30"`, `"stale_s":`, `"doubts":`}, mustNot: []string{surname, plainNumber, "1001"}},
	{name: "stays of another post", before: func(r *rig) (string, string, string) {
		r.record()
		return "GET", "/api/v1/register/stays?post=PUB", ""
	}, status: 200, must: []string{`[]`}},
	{name: "stays of a state that is none", before: request("GET", "/api/v1/register/stays?state=SECRETNAME", ""), status: 422, must: []string{"query.state"}, mustNot: []string{"SECRET"}},
	{name: "no overstays yet", before: func(r *rig) (string, string, string) { r.record(); return "GET", "/api/v1/register/overstays", "" }, status: 200, must: []string{`[]`}},
	{name: "overstays of a day to come", before: func(r *rig) (string, string, string) {
		r.record()
		return "GET", "/api/v1/register/overstays?on=2027-02-02", ""
	}, status: 200, must: []string{`"overstayed":3`, `"certain":`}, mustNot: []string{surname, plainNumber}},
	{name: "overstays of no day", before: request("GET", "/api/v1/register/overstays?on=SECRETNAM", ""), status: 422, must: []string{"year-month-day"}, mustNot: []string{"SECRET"}},
	{name: "people inside", before: func(r *rig) (string, string, string) { r.record(); return "GET", "/api/v1/register/inside", "" }, status: 200,
		must: []string{`"certain":`, `"uncertain":`, `"stale_s":`}},
	{name: "proposals", before: func(r *rig) (string, string, string) { r.record(); return "GET", "/api/v1/register/proposals", "" }, status: 200, must: []string{`[]`}},
	{name: "a page beyond the limit", before: request("GET", "/api/v1/register/crossings?limit=1001", ""), status: 422, must: []string{"query.limit"}},
	{name: "a page that is no number", before: request("GET", "/api/v1/register/crossings?after=SECRETNAME", ""), status: 422, mustNot: []string{"SECRET"}},
	{name: "the register's stations", before: func(r *rig) (string, string, string) { r.record(); return "GET", "/api/v1/register/stations", "" }, status: 200,
		must: []string{`"station":"PUT-1"`}},
	{name: "the register's counts", before: func(r *rig) (string, string, string) { r.record(); return "GET", "/api/v1/register/counts", "" }, status: 200,
		must: []string{`"crossings":1`, `"duplicates_suppressed":0`}},
	{name: "alarms", before: func(r *rig) (string, string, string) { r.alarm(); return "GET", "/api/v1/register/alarms", "" }, status: 200,
		must: []string{`"acknowledged_at":null`, "PUT-1"}},
	{name: "acknowledge an alarm", before: func(r *rig) (string, string, string) {
		r.alarm()
		return "POST", "/api/v1/register/alarms/1/acknowledge", ""
	}, headers: []string{"Content-Type", "application/json"}, status: 200},
	{name: "acknowledge an alarm that is none", before: request("POST", "/api/v1/register/alarms/77/acknowledge", ""),
		headers: []string{"Content-Type", "application/json"}, status: 404, mustNot: []string{"77"}},
	{name: "acknowledge with a body over the limit", before: request("POST", "/api/v1/register/alarms/1/acknowledge", strings.Repeat(" ", maxBody+1)), status: 413},
	{name: "acknowledge what is no number", before: request("POST", "/api/v1/register/alarms/SECRETNAME/acknowledge", ""),
		headers: []string{"Content-Type", "application/json"}, status: 422, mustNot: []string{"SECRET"}},
}

func TestScenarios(t *testing.T) {
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			method, path, body := s.before(r)
			a := r.send(method, path, body, s.headers...)
			if a.status != s.status {
				t.Errorf("status %d, want %d: %s", a.status, s.status, a.body)
			}
			for _, m := range s.must {
				if !strings.Contains(a.body, m) {
					t.Errorf("the answer does not contain %q: %s", m, a.body)
				}
			}
			for _, m := range s.mustNot {
				if strings.Contains(a.body, m) {
					t.Errorf("the answer contains %q: %s", m, a.body)
				}
			}
			if got := a.header.Get("Cache-Control"); got != "no-store" {
				t.Errorf("Cache-Control is %q: a browser may keep this on its disk", got)
			}
			if a.status >= 400 {
				checkProblem(t, a)
			}
			for _, m := range []string{surname, plainNumber, listedNumber, "SECRET"} {
				if strings.Contains(r.logged.String(), m) {
					t.Errorf("the log contains %q", m)
				}
			}
		})
	}
}

// checkProblem holds an error answer to RFC 9457.
func checkProblem(t testing.TB, a answer) {
	t.Helper()
	if got := a.header.Get("Content-Type"); got != problemType {
		t.Errorf("Content-Type is %q, want %q", got, problemType)
	}
	var p Problem
	if err := json.Unmarshal([]byte(a.body), &p); err != nil {
		t.Fatalf("the problem cannot be read: %v", err)
	}
	if p.Status != a.status || p.Title != http.StatusText(a.status) || !strings.HasPrefix(p.Type, "urn:garita:problem:") {
		t.Errorf("the problem does not fit the answer with status %d: %+v", a.status, p)
	}
}

// TestReplay: a decision may be retried without limit and is recorded once; another
// outcome for the same traveller is refused.
func TestReplay(t *testing.T) {
	r := newRig(t)
	e := r.scan(plainNumber)
	first := r.send("POST", "/api/v1/counters/1/decisions", decideBody(e, "admitted", ""))
	if first.status != http.StatusCreated {
		t.Fatalf("status %d: %s", first.status, first.body)
	}
	again := r.send("POST", "/api/v1/counters/1/decisions", decideBody(e, "admitted", ""))
	if want := strings.Replace(first.body, `"replayed":false`, `"replayed":true`, 1); again.status != http.StatusCreated || again.body != want {
		t.Errorf("the retry: status %d, %s\nwant 201, %s", again.status, again.body, want)
	}
	other := r.send("POST", "/api/v1/counters/1/decisions", decideBody(e, "refused", "listed"))
	if other.status != http.StatusConflict {
		t.Errorf("another outcome: status %d, want 409: %s", other.status, other.body)
	}
	if head := r.journal.Head(); head.Seq != 4 { // epoch.opened, shift.opened, counter.taken, the crossing
		t.Errorf("the journal holds %d events, want 4", head.Seq)
	}
}

// TestStaleVerdict: a decision on a verdict that the hub's answer has made worse is
// refused, and accepted once the new one was painted.
func TestStaleVerdict(t *testing.T) {
	r := newRig(t)
	painted := r.scan(plainNumber)
	id := painted.ID
	id[15]++
	r.hub.mu.Lock()
	r.hub.answer = &border.DocumentAnswer{Crossings: []border.PastCrossing{{Crossing: id, Station: "PUB-1", Post: "PUB",
		OccurredAt: r.clock.Now().Add(-time.Hour), Direction: border.Entry, Outcome: string(border.Refused), ClockState: string(border.ClockSynced)}}}
	r.hub.mu.Unlock()
	r.service.Refresh() // the hub is back: it is asked
	worse := painted
	for start := time.Now(); worse.Verdict.Level != "refer"; time.Sleep(time.Millisecond) {
		v, err := r.service.View("1")
		if err != nil || v.Encounter == nil || time.Since(start) > 20*time.Second {
			t.Fatalf("the hub's answer never reached the verdict: %v", err)
		}
		worse = v.Encounter
	}
	stale := r.send("POST", "/api/v1/counters/1/decisions", decideBody(painted, "admitted", ""))
	if stale.status != http.StatusConflict || !strings.Contains(stale.body, "urn:garita:problem:stale") {
		t.Errorf("status %d, want 409 stale: %s", stale.status, stale.body)
	}
	if r.journal.Head().Seq != 1 {
		t.Error("the refused decision is in the journal")
	}
	if a := r.send("POST", "/api/v1/counters/1/decisions", decideBody(worse, "admitted", "")); a.status != http.StatusCreated {
		t.Errorf("status %d, want 201: %s", a.status, a.body)
	}
}

// TestCreatedIsDurable: 201 is not sent before the journal can be read to hold the event,
// and a journal that is closed says 503, not 201.
func TestCreatedIsDurable(t *testing.T) {
	r := newRig(t)
	e := r.scan(plainNumber)
	if a := r.send("POST", "/api/v1/counters/1/decisions", decideBody(e, "admitted", "")); a.status != http.StatusCreated {
		t.Fatalf("status %d: %s", a.status, a.body)
	}
	if _, err := r.journal.Crossing(t.Context(), e.ID); err != nil {
		t.Errorf("201 was sent, but the journal does not hold the crossing: %v", err)
	}
	next := r.scan(listedNumber)
	if err := r.journal.Close(); err != nil {
		t.Fatal(err)
	}
	a := r.send("POST", "/api/v1/counters/1/decisions", decideBody(next, "refused", "listed"))
	if a.status != http.StatusServiceUnavailable {
		t.Errorf("a closed journal: status %d, want 503: %s", a.status, a.body)
	}
	if v, err := r.service.View("1"); err != nil || v.Encounter == nil {
		t.Error("the traveller whose crossing was not recorded is gone from the screen")
	}
}
