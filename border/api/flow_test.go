package api

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"garita/border"
	"garita/border/counter"
	"garita/border/journal"
)

// flow is what happens at the counters of a station, step by step.
type flow struct {
	name  string
	steps []step
}

// step is one request with what must come back, or something else that happens.
//
// In calls and bodies {e} stands for the open encounter of the counter that the path names,
// {rev} for the revision of its verdict, {q} for the first that waits, {ref} for the first of
// the post's list, {m1} and {m1.rev} for a member of the group, {new} for an id made anew, and
// any other name for what a step before has kept under it.
type step struct {
	call    string // "POST /counters/1/scans"; "" if do says what happens
	body    string
	do      func(r *rig)
	status  int    // from 400 on nothing may have changed
	problem string // code of the problem document, required from 400 on
	must    []string
	mustNot []string
	keep    string // remember the encounter that is open afterwards under this name
}

var placeholder = regexp.MustCompile(`\{(\w+(?:\.rev)?)\}`)

// fill puts what placeholders stand for in their place.
func (r *rig) fill(text string, v *counter.View) string {
	r.t.Helper()
	return placeholder.ReplaceAllStringFunc(text, func(m string) string {
		r.t.Helper()
		name := m[1 : len(m)-1]
		member, revision := strings.CutSuffix(name, ".rev")
		var n int
		switch _, err := fmt.Sscanf(member, "m%d", &n); {
		case name == "e" && v.Encounter != nil:
			return v.Encounter.ID.String()
		case name == "rev" && v.Encounter != nil:
			return fmt.Sprint(v.Encounter.Verdict.Revision)
		case name == "q" && len(v.Queue) > 0:
			return v.Queue[0].ID.String()
		case name == "ref" && len(v.Referrals) > 0:
			return v.Referrals[0].ID.String()
		case name == "new":
			id, err := border.NewIDs(r.clock, nil).New()
			r.must(err)
			return id.String()
		case r.saved[name] != "":
			return r.saved[name]
		case err == nil && v.Group != nil && n >= 1 && n <= len(v.Group.Members):
			if revision {
				return fmt.Sprint(v.Group.Members[n-1].Revision)
			}
			return v.Group.Members[n-1].ID.String()
		}
		r.t.Fatalf("nothing stands for %s now", m)
		return ""
	})
}

var counterOf = regexp.MustCompile(`/counters/(\w+)`)

// run goes through the steps.
func (r *rig) run(steps []step) {
	t := r.t
	t.Helper()
	for i := range steps {
		s := &steps[i]
		if s.do != nil {
			s.do(r)
			continue
		}
		v := r.seen(at1(s.call))
		method, path, _ := strings.Cut(r.fill(s.call, v), " ")
		body := r.fill(s.body, v)
		before := r.state()
		a := r.send(method, "/api/v1"+path, body, "Content-Type", "application/json")
		if a.status != s.status {
			t.Fatalf("step %d, %s %s: status %d, want %d: %s", i+1, s.call, s.body, a.status, s.status, a.body)
		}
		for _, m := range s.must {
			if !strings.Contains(a.body, r.fill(m, v)) {
				t.Errorf("step %d, %s: the answer does not contain %s: %s", i+1, s.call, m, a.body)
			}
		}
		for _, m := range s.mustNot {
			if strings.Contains(a.body, r.fill(m, v)) {
				t.Errorf("step %d, %s: the answer contains %s: %s", i+1, s.call, m, a.body)
			}
		}
		if a.status >= 400 {
			r.checkRefused(i, s, a, before)
		}
		if strings.Contains(a.body, "ZPROTECT") {
			t.Errorf("step %d, %s: the answer holds a reason for protection: %s", i+1, s.call, a.body)
		}
		if s.keep != "" {
			v := r.seen(at1(s.call))
			if v.Encounter == nil {
				t.Fatalf("step %d, %s: no encounter is open to keep", i+1, s.call)
			}
			r.saved[s.keep] = v.Encounter.ID.String()
		}
	}
}

// checkRefused holds a refused request to a clear problem that repeats nothing of anybody,
// and to leaving no trace.
func (r *rig) checkRefused(i int, s *step, a answer, before string) {
	t := r.t
	t.Helper()
	checkProblem(t, a)
	var p Problem
	if err := json.Unmarshal([]byte(a.body), &p); err != nil {
		t.Fatal(err)
	}
	if p.Type != "urn:garita:problem:"+s.problem || p.Detail == "" {
		t.Errorf("step %d, %s: problem %s with the words %q, want %q", i+1, s.call, p.Type, p.Detail, s.problem)
	}
	for _, secret := range personal {
		if strings.Contains(a.body, secret) {
			t.Errorf("step %d, %s: the problem holds %q: %s", i+1, s.call, secret, a.body)
		}
	}
	if after := r.state(); after != before {
		t.Errorf("step %d, %s: what was refused left a trace\nbefore %s\nafter  %s", i+1, s.call, before, after)
	}
}

// seen is what a counter's screen shows.
func (r *rig) seen(c border.CounterID) *counter.View {
	r.t.Helper()
	v, err := r.service.View(c)
	r.must(err)
	return &v
}

// at1 is the counter that a call is about; 1 if it is about none.
func at1(call string) border.CounterID {
	if m := counterOf.FindStringSubmatch(call); m != nil && slices.Contains([]string{"1", "2", "3"}, m[1]) {
		return border.CounterID(m[1])
	}
	return "1"
}

// state is all that a request could leave a trace in: the journal's head, the drafts on the
// disk, and what the screens show, with their revisions.
func (r *rig) state() string {
	r.t.Helper()
	drafts, unreadable, err := r.journal.Drafts(r.t.Context())
	r.must(err)
	slices.SortFunc(drafts, func(a, b journal.Draft) int { return strings.Compare(a.Encounter.String(), b.Encounter.String()) })
	all := []any{r.journal.Head(), unreadable}
	for _, d := range drafts {
		all = append(all, d.Encounter, d.Counter, string(d.Content))
	}
	for _, c := range r.service.Counters() {
		all = append(all, r.seen(c))
	}
	b, err := json.Marshal(all)
	r.must(err)
	return string(b)
}

// personal are pieces of the invented travellers, and of what officers write about them,
// that no problem, no log and no path may hold.
var personal = []string{surname, given, "TALVE", "MINORA", "850312", "1985-03-12", "UA1", "UB7", "RB2", "ZNOTE", "ZPROTECT", "ZRECEIPT", "ZHOTEL"}

func TestFlows(t *testing.T) {
	names := map[string]bool{}
	for _, f := range slices.Concat(outcomeFlows, waysInFlows, referralFlows, protectionFlows, groupFlows, holderFlows, changeFlows, restartFlows, fingerFlows) {
		if names[f.name] {
			t.Errorf("two flows are called %q", f.name)
		}
		names[f.name] = true
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			r := newStation(t)
			r.run(f.steps)
			for _, secret := range personal {
				if strings.Contains(r.logged.String(), secret) {
					t.Errorf("the log holds %q", secret)
				}
			}
		})
	}
}

// The steps that flows are made of.

const visit = `"values":{"purpose":"holiday","intended_days":"5","address":"ZHOTEL"}`

func scanned(c string, lines []string) step {
	return step{call: "POST /counters/" + c + "/scans", body: scanBody(lines), status: 202}
}

func decided(c, outcome, more string) step {
	return step{call: "POST /counters/" + c + "/decisions", status: 201, must: []string{`"outcome":"` + outcome + `"`, `"replayed":false`},
		body: decision(outcome, more)}
}

func decision(outcome, more string) string {
	if more != "" {
		more = "," + more
	}
	return `{"encounter":"{e}","verdict_revision":{rev},"officer":"1001","outcome":"` + outcome + `"` + more + `}`
}

// denied is a decision that is refused.
func denied(c, outcome, more string, status int, problem string, words ...string) step {
	return step{call: "POST /counters/" + c + "/decisions", status: status, problem: problem, must: words, body: decision(outcome, more)}
}

func admitted(c string) step { return decided(c, "admitted", visit) }

// done is a request that succeeds; refused one that does not, and leaves no trace.
func done(call, body string, status int, must ...string) step {
	return step{call: call, body: body, status: status, must: must}
}

func refused(call, body string, status int, problem string, must ...string) step {
	return step{call: call, body: body, status: status, problem: problem, must: must}
}

// shows is what a counter's screen must hold.
func shows(c string, must ...string) step {
	return step{call: "GET /counters/" + c, status: 200, must: must}
}

// record is what the open header of a crossing must hold.
func record(of string, must ...string) step {
	return step{call: "GET /records/{" + of + "}", status: 200, must: must, mustNot: personal}
}

func keep(name string, s step) step { s.keep = name; return s }

func without(s step, mustNot ...string) step { s.mustNot = append(s.mustNot, mustNot...); return s }

var restarted = step{do: (*rig).restart}

func passes(d time.Duration) step { return step{do: func(r *rig) { r.clock.pass(d) }} }

const by1, by2 = `"officer":"1001"`, `"officer":"1002"`
