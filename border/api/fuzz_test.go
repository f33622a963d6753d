package api

import (
	"encoding/json"
	"strings"
	"testing"

	"garita/border/counter"
)

// FuzzScanBody sends arbitrary bytes where a scan is expected: the answer is a view or a
// problem of the sender's, never ours.
func FuzzScanBody(f *testing.F) {
	for _, s := range []string{scanBody(passport(plainNumber)), scanBody([]string{"", "<"}), `{"lines":null,"source":"wedge"}`, `{}`, `[`, `null`,
		`{"lines":["\u0000\ud800"],"source":"keyed"}`, strings.Repeat(`{"lines":`, 2000), `{"LINES":["A"],"Source":"keyed"}`, ""} {
		f.Add([]byte(s))
	}
	r := newRig(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		r.t = t
		checkFuzzed(t, r.send("POST", "/api/v1/counters/1/scans", string(body), "Content-Type", "application/json"))
	})
}

// FuzzDecideBody does the same where a decision is expected, with an encounter open.
func FuzzDecideBody(f *testing.F) {
	e := &counter.EncounterView{}
	for _, s := range []string{decideBody(e, "admitted", ""), decideBody(e, "refused", "listed"), `{"verdict_revision":1e30}`, `{}`, `null`, `"`,
		strings.Replace(decideBody(e, "withdrawn", ""), `"verdict_revision":0`, `"verdict_revision":18446744073709551615`, 1),
		`{"encounter":"00000000-0000-0000-0000-000000000000","verdict_revision":1.5,"outcome":"handed_over","officer":"1001"}`} {
		f.Add([]byte(s))
	}
	r := newRig(f)
	r.scan(plainNumber)
	f.Fuzz(func(t *testing.T, body []byte) {
		r.t = t
		checkFuzzed(t, r.send("POST", "/api/v1/counters/1/decisions", string(body), "Content-Type", "application/json"))
	})
}

func checkFuzzed(t *testing.T, a answer) {
	t.Helper()
	if a.status >= 500 {
		t.Errorf("status %d: %s", a.status, a.body)
	}
	if !json.Valid([]byte(a.body)) {
		t.Errorf("the answer is no JSON: %q", a.body)
	}
}

// FuzzBodies does the same with every other operation that has a body, with a group and an
// encounter at the counter.
func FuzzBodies(f *testing.F) {
	r := newStation(f)
	r.run([]step{done(group, `{`+by1+`,"kind":"family"}`, 201), scanned("1", passport(number1))})
	id := r.seen("1").Group.Members[0].ID.String()
	here := "/api/v1/counters/1"
	calls := []string{"POST " + here + "/encounters", "PUT " + here + "/encounters/" + id + "/particulars", "POST " + here + "/encounters/" + id + "/documents",
		"POST " + here + "/joins", "PATCH " + here + "/encounters/" + id + "/answers", "POST " + here + "/encounters/" + id + "/needs",
		"POST " + here + "/encounters/" + id + "/needs/lift", "POST " + here + "/referrals", "POST " + here + "/referrals/" + id + "/take",
		"POST " + here + "/abandonments", "POST " + here + "/holder", "POST " + here + "/group", "PUT " + here + "/group/shared", "PUT " + here + "/group/list",
		"PUT " + here + "/group/responsible", "POST " + here + "/group/select", "POST " + here + "/group/decisions", "POST " + here + "/group/close",
		"POST " + here + "/corrections", "POST " + here + "/extensions", "POST /api/v1/shifts", "POST /api/v1/shifts/close"}
	for i := range calls {
		for _, s := range []string{`{` + by1 + `,"values":{"purpose":"holiday"},"encounter":"` + id + `","identity":"declared","particulars":{"surname":"A"},"kind":"needs_help"}`,
			`{` + by1 + `}`, `{` + by1 + `,"members":[{"encounter":"` + id + `","verdict_revision":1}]}`, csv(columns + "A,B,,,,,\n"), `{` + by1 + `,"identity":"declared","particulars":{}}`, `null`, `[`, ""} {
			f.Add(uint8(i), []byte(s))
		}
	}
	f.Fuzz(func(t *testing.T, call uint8, body []byte) {
		r.t = t
		method, path, _ := strings.Cut(calls[int(call)%len(calls)], " ")
		a := r.send(method, path, string(body), "Content-Type", "application/json")
		checkFuzzed(t, a)
		if a.status >= 400 {
			checkProblem(t, a)
		}
	})
}
