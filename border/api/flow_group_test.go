package api

import (
	"encoding/json"
	"strings"
	"time"

	"garita/border"
)

const group = "POST /counters/1/group"

// child prints the passport of a minor of ten years.
func child(number string) []string { return printed(stranger, number, "TALVE", "MINORA", "160312") }

// csv is the body of an import.
func csv(list string) string {
	b, _ := json.Marshal(map[string]string{"officer": "1001", "csv": list}) // strings only: cannot fail
	return string(b)
}

const columns = "surname,given_names,birth_date,nationality,document_number,document_issuer,role\r\n"

var groupFlows = []flow{
	{"a family crosses together", []step{
		refused(group, `{`+by1+`,"kind":"ZNOTE"}`, 422, "invalid", "from the list"),
		refused(group+"/close", `{`+by1+`}`, 409, "conflict", "No group"),
		refused("PUT /counters/1/group/shared", `{`+by1+`,"values":{}}`, 409, "conflict", "No group"),
		refused(group+"/decisions", `{`+by1+`,"members":[{"encounter":"{new}","verdict_revision":1}]}`, 409, "conflict", "No group"),
		keep("a", scanned("1", passport(number1))),
		done(group, `{`+by1+`,"kind":"family"}`, 201, `"kind":"family"`, `"members":[{"id":"{a}"`),
		refused(group, `{`+by1+`,"kind":"bus"}`, 409, "conflict", "Close it first"),
		scanned("1", child(number2)),
		done("PUT /counters/1/group/shared", `{`+by1+`,"values":{"purpose":"holiday","intended_days":"5","address":"ZHOTEL","transport_mode":"road_car"}}`, 200, `"ready":["{a}"]`),
		refused("PUT /counters/1/group/shared", `{`+by1+`,"values":{"purpose":1}}`, 422, "invalid"),
		shows("1", `"minor":true`, `"age":10`),
		refused(group+"/close", `{`+by1+`}`, 409, "conflict", "no outcome yet"),
		refused("PUT /counters/1/group/responsible", `{`+by1+`,"minor":"{m2}","adult":"{m2}"}`, 422, "invalid", "another member"),
		refused("PUT /counters/1/group/responsible", `{`+by1+`,"minor":"{m1}","adult":"{m2}"}`, 422, "invalid", "shows an adult"),
		refused("PUT /counters/1/group/responsible", `{`+by1+`,"minor":"{m2}","adult":"{new}"}`, 422, "invalid", "another member"),
		refused("PUT /counters/1/group/responsible", `{`+by1+`,"minor":"{new}","adult":"{m1}"}`, 409, "conflict"),
		refused("PUT /counters/1/group/responsible", `{`+by1+`,"minor":"{m2}","adult":"ZNOTE"}`, 422, "invalid"),
		done("PUT /counters/1/group/responsible", `{`+by1+`,"minor":"{m2}","adult":"{m1}"}`, 200, `"responsible":"{a}"`, `"ready":["{a}","{m2}"]`),
		without(done("PUT /counters/1/group/responsible", `{`+by1+`,"minor":"{m2}"}`, 200, `"ready":["{a}"]`), `"responsible":"{a}"`),
		done("PUT /counters/1/group/responsible", `{`+by1+`,"minor":"{m2}","adult":"{m1}"}`, 200),
		refused(group+"/decisions", `{`+by1+`,"members":[]}`, 422, "invalid", "body.members"),
		refused(group+"/decisions", `{`+by1+`,"members":[{"encounter":"ZNOTE","verdict_revision":1}]}`, 422, "invalid"),
		{do: func(r *rig) { r.saved["b"] = r.fill("{m2}", r.seen("1")) }},
		done(group+"/decisions", `{`+by1+`,"members":[{"encounter":"{m1}","verdict_revision":{m1.rev}},{"encounter":"{m2}","verdict_revision":{m2.rev}}]}`, 200,
			`{"encounter":"{a}","outcome":"admitted","problem":""`, `{"encounter":"{b}","outcome":"admitted"`),
		shows("1", `"ready":[]`),
		done(group+"/close", `{`+by1+`}`, 201, `"group":null`),
		record("a", `"group":"`, `"transport_mode":"road_car"`, `"role":"passenger"`),
		record("b", `"group":"`, `"outcome":"admitted"`, `"birth_year":2016`),
		lastEvent(border.TypeGroupClosed, `{"type":"members","n":2}`, `"ground":"family"`),
		refused(group+"/close", `{`+by1+`}`, 409, "conflict", "No group"),
	}},
	{"a hit holds its person and nobody else", []step{
		done(group, `{`+by1+`,"kind":"bus"}`, 201),
		done("PUT /counters/1/group/shared", `{`+by1+`,"values":{"purpose":"holiday","intended_days":"5","address":"ZHOTEL"}}`, 200),
		scanned("1", passport(number1)),
		scanned("1", passport(listedNumber)),
		scanned("1", printed(stranger, number2, "TALVE", "MINORA", "900101")),
		shows("1", `"level":"refer"`),
		{do: func(r *rig) { r.saved["hit"] = r.fill("{m2}", r.seen("1")); r.saved["a"] = r.fill("{m1}", r.seen("1")) }},
		done(group+"/decisions", `{`+by1+`,"members":[{"encounter":"{m1}","verdict_revision":{m1.rev}},{"encounter":"{m2}","verdict_revision":{m2.rev}},{"encounter":"{m3}","verdict_revision":{m3.rev}},{"encounter":"{new}","verdict_revision":1}]}`, 200,
			`{"encounter":"{a}","outcome":"admitted"`, `{"encounter":"{hit}","outcome":"","problem":"conflict","message":"This person must be looked at alone.`, `not open at this counter`),
		refused(group+"/close", `{`+by1+`}`, 409, "conflict", "no outcome yet"),
		refused(group+"/select", `{`+by1+`,"encounter":"{a}"}`, 409, "conflict"), // through
		refused(group+"/select", `{`+by1+`,"encounter":"{new}"}`, 409, "conflict"),
		done(group+"/select", `{`+by1+`,"encounter":"{hit}"}`, 200, `"encounter":{"id":"{hit}"`),
		done("POST /counters/1/referrals", referBody("hit"), 201, `"encounter":null`, `"referrals":[{"id":"{hit}"`),
		done(group+"/close", `{`+by1+`}`, 201, `"group":null`),
		refused(group+"/select", `{`+by1+`,"encounter":"{hit}"}`, 409, "conflict", "No group"),
	}},
	{"members are decided one by one, and some are stale", []step{
		done(group, `{`+by1+`,"kind":"vehicle"}`, 201),
		scanned("1", passport(number1)),
		scanned("1", national(number2)),
		done(group+"/decisions", `{`+by1+`,"members":[{"encounter":"{m1}","verdict_revision":{m1.rev}}]}`, 200, `"problem":"invalid"`, "not complete"),
		done(group+"/decisions", `{`+by1+`,"members":[{"encounter":"{m2}","verdict_revision":99}]}`, 200, `"problem":"invalid"`, "verdict that was on the screen"),
		{call: "POST /counters/1/decisions", status: 422, problem: "invalid", must: []string{"At entry"}, body: `{"encounter":"{m1}","verdict_revision":{m1.rev},"officer":"1001","outcome":"departed"}`},
		{call: "POST /counters/1/decisions", status: 201, body: `{"encounter":"{m1}","verdict_revision":{m1.rev},"officer":"1001","outcome":"refused",` + noVisa + `,` + agreed + `}`},
		{call: "POST /counters/1/abandonments", status: 201, body: `{"encounter":"{m2}","officer":"1001","reason":"left"}`},
		done(group+"/close", `{`+by1+`}`, 201),
		lastEvent(border.TypeGroupClosed, `{"type":"members","n":1}`),
	}},
	{"who needs protection is not admitted with the group", []step{
		done(group, `{`+by1+`,"kind":"bus"}`, 201),
		scanned("1", national(number1)),
		without(done("POST /counters/1/encounters/{m1}/needs", asks, 202, `"protected":true`, `"ready":[]`), "asks_protection"),
		without(done(group+"/decisions", `{`+by1+`,"members":[{"encounter":"{m1}","verdict_revision":{m1.rev}}]}`, 200, `"problem":"conflict"`, "looked at alone"), "protect"),
		refused("POST /counters/1/abandonments", `{"encounter":"{m1}","officer":"1001","reason":"left"}`, 409, "conflict", "need for protection"),
	}},
	{"a passenger list", []step{
		refused("PUT /counters/1/group/list", csv(columns+"VELORIN,QUISA,,,,,\r\n"), 409, "conflict", "No group"),
		done("GET /lists/template?kind=bus", "", 200, "surname,given_names"),
		done("GET /lists/template?kind=crew", "", 200, "seafarer_identity"),
		done(group, `{`+by1+`,"kind":"bus"}`, 201),
		refused("PUT /counters/1/group/list", csv(""), 422, "invalid", "no header"),
		refused("PUT /counters/1/group/list", csv("ZNOTE,TALVE\r\nVELORIN,QUISA\r\n"), 422, "invalid", "no names"),
		refused("PUT /counters/1/group/list", csv(columns), 422, "invalid", "1 to 500 people"),
		refused("PUT /counters/1/group/list", csv(columns+"VELORIN,QUISA,85-03-12,,,,\r\nTALVE,MINORA\r\n"+`TALVE,"MINORA`+"\r\n"), 422, "invalid",
			"body.csv line 2 column 3", "body.csv line 3", "body.csv line 4", "birth_date"),
		refused("PUT /counters/1/group/list", csv(columns+strings.Repeat("TALVE,MINORA,,,,,\r\n", 501)), 422, "invalid", "1 to 500 people"),
		refused("PUT /counters/1/group/list", csv(strings.Repeat("x", 200_001)), 422, "invalid", "body.csv"),
		refused("PUT /counters/1/group/list", csv(columns+"TALVE,MINORA,,,,,ZNOTE!\r\n"), 422, "invalid", "line 2 column 7"),
		done("PUT /counters/1/group/list", csv(columns+"VELORIN,QUISA,1985-03-12,QRU,"+number1+",QRU,passenger\r\nTALVE,MINORA,1990-01-01,QRU,RB2000099,QRU,driver\r\n"), 200,
			`"row":1,"surname":"VELORIN"`, `"state":"expected"`),
		done("PUT /counters/1/group/shared", `{`+by1+`,"values":{"purpose":"holiday","intended_days":"5","address":"ZHOTEL"}}`, 200),
		scanned("1", passport(number1)),
		shows("1", `"state":"here"`, `"state":"expected"`),
		done(group+"/decisions", `{`+by1+`,"members":[{"encounter":"{m1}","verdict_revision":{m1.rev}}]}`, 200, `"outcome":"admitted"`),
		shows("1", `"state":"through"`),
		done(group+"/close", `{`+by1+`}`, 201),
		lastEvent(border.TypeGroupClosed, `{"type":"expected","n":2}`, `{"type":"appeared","n":1}`, `{"type":"no_show","n":1}`),
	}},
	{"a large list", []step{
		done(group, `{`+by1+`,"kind":"bus"}`, 201),
		refused("PUT /counters/1/group/list", csv(columns+strings.Repeat("TALVE"+strings.Repeat("X", 60)+",MINORA"+strings.Repeat("Y", 60)+",1990-01-01,QRU,RB2000099,QRU,passenger\r\n", 500)), 413, "too_large", "too long for one group"),
		done("PUT /counters/1/group/list", csv(columns+strings.Repeat("TALVE,MINORA,1990-01-01,QRU,RB2000099,QRU,passenger\r\n", 400)), 200, `"row":400`),
		done(group+"/close", `{`+by1+`}`, 201),
		lastEvent(border.TypeGroupClosed, `{"type":"no_show","n":400}`),
	}},
	{"a member is not selected over another open encounter", []step{
		done("POST /counters/1/encounters", `{`+by1+`,"identity":"declared","particulars":{"birth_date":"1980-XX-XX"},"paper":{"sheet":"S-1","crossed_at":"2026-11-01T05:30:00Z","direction":"exit"}}`, 202),
		done(group, `{`+by1+`,"kind":"family"}`, 201, `"members":[]`), // a sheet belongs to no group
		scanned("1", passport(number1)),
		refused(group+"/select", `{`+by1+`,"encounter":"{m1}"}`, 409, "conflict", "Finish the open encounter"),
		decided("1", "departed", ""),
		done(group+"/select", `{`+by1+`,"encounter":"{m1}"}`, 200),
	}},
	{"a group departs", []step{
		done("POST /counters/2/group", `{`+by1+`,"kind":"crew"}`, 201, `"direction":"exit"`),
		scanned("2", passport(number1)),
		done("POST /counters/2/group/decisions", `{`+by1+`,"members":[{"encounter":"{m1}","verdict_revision":{m1.rev}}]}`, 200, `"outcome":"departed"`),
		done("POST /counters/2/group/close", `{`+by1+`}`, 201),
	}},
}

// newest is the open header of the newest event of a type; "" if there is none.
func (r *rig) newest(typ string) (header string) {
	r.t.Helper()
	r.must(r.journal.Scan(r.t.Context(), border.Position{}, func(ev border.Event) error {
		if ev.Type == typ {
			header = string(ev.Header)
		}
		return nil
	}))
	return header
}

// lastEvent is the newest event of a type, of whose header something is expected.
func lastEvent(typ string, must ...string) step {
	return step{do: func(r *rig) {
		r.t.Helper()
		last := r.newest(typ)
		for _, m := range must {
			if !strings.Contains(last, m) {
				r.t.Errorf("the last %s does not say %s: %s", typ, m, last)
			}
		}
		for _, m := range personal {
			if strings.Contains(last, m) {
				r.t.Errorf("the open header of %s holds %q", typ, m)
			}
		}
	}}
}

var holderFlows = []flow{
	{"a counter is held by one officer", []step{
		refused("POST /counters/1/holder", `{"officer":"3001"}`, 403, "forbidden"),
		refused("POST /counters/1/holder", `{"officer":"ZNOTE"}`, 403, "forbidden"),
		refused("POST /counters/9/holder", `{"officer":"1001"}`, 404, "not_found"),
		done("POST /counters/1/holder", `{"officer":"1001"}`, 201, `"holder":{"badge":"1001"`, `"shift":{"id"`),
		keep("a", scanned("1", passport(number1))),
		refused("POST /counters/1/decisions", `{"encounter":"{e}","verdict_revision":{rev},"officer":"1002","outcome":"admitted",`+visit+`}`, 409, "conflict", "held by Inspector Quinta Varela"),
		refused("PATCH /counters/1/encounters/{e}/answers", `{`+by2+`,"values":{"purpose":"holiday"}}`, 409, "conflict", "held by"),
		refused(needs, `{"officer":"1002","kind":"needs_help"}`, 409, "conflict", "held by"),
		refused("POST /counters/1/referrals", `{"encounter":"{e}","officer":"1002","reason":"document"}`, 409, "conflict", "held by"),
		refused("POST /counters/1/abandonments", `{"encounter":"{e}","officer":"1002","reason":"left"}`, 409, "conflict", "held by"),
		refused("POST /counters/1/call-ups", `{`+by2+`}`, 409, "conflict", "held by"),
		refused("PUT /counters/1/direction", `{`+by2+`,"direction":"exit"}`, 409, "conflict", "held by"),
		refused("POST /counters/1/encounters", `{`+by2+`,"identity":"declared","particulars":{}}`, 409, "conflict", "held by"),
		refused("POST /counters/1/encounters/{e}/documents", `{`+by2+`,"particulars":{"kind":"border_card","document_number":"RB2"}}`, 409, "conflict", "held by"),
		refused(group, `{`+by2+`,"kind":"bus"}`, 409, "conflict", "held by"),
		refused("POST /counters/1/joins", `{`+by2+`,"encounter":"{e}","waiting":"{e}"}`, 409, "conflict", "held by"),
		done("POST /counters/1/holder", `{"officer":"1002"}`, 201, `"holder":{"badge":"1002"`, `"encounter":{"id":"{a}"`),
		lastEvent(border.TypeCounterTaken, `"from":"`),
		denied("1", "admitted", visit, 409, "conflict", "held by Inspector Orlan Desh"),
		done("POST /counters/1/holder", `{"officer":"1002"}`, 201), // already
		{call: "POST /counters/1/decisions", status: 201, body: `{"encounter":"{e}","verdict_revision":{rev},"officer":"1002","outcome":"admitted",` + visit + `}`},
		{do: func(r *rig) {
			if n := r.count(border.TypeCounterTaken); n != 2 {
				r.t.Errorf("the counter was taken %d times, want 2", n)
			}
		}},
	}},
	{"shifts", []step{
		refused("POST /shifts/close", `{`+by1+`}`, 409, "conflict", "No shift is open"),
		refused("GET /shifts/current", "", 404, "not_found", "No shift is open"),
		refused("POST /shifts", `{"officer":"3001"}`, 403, "forbidden"),
		done("POST /shifts", `{`+by1+`}`, 201, `"opened_by":"Inspector Quinta Varela"`, `"counts":[]`),
		refused("POST /shifts", `{`+by2+`}`, 409, "conflict", "open already"),
		refused("POST /shifts/close", `{"officer":"3001"}`, 403, "forbidden"),
		keep("a", scanned("1", passport(number1))),
		admitted("1"),
		scanned("1", passport(number2)),
		decided("1", "refused", noVisa+","+agreed),
		keep("b", scanned("2", passport(number1))),
		decided("2", "departed", ""),
		scanned("1", national("UA1000004")),
		{call: "POST /counters/1/abandonments", status: 201, body: `{"encounter":"{e}","officer":"1001","reason":"test"}`},
		keep("r", scanned("1", passport("RB2000005"))),
		done("POST /counters/1/referrals", referBody("document"), 201),
		done("POST /counters/1/corrections", `{"change":"{new}","crossing":"{a}","officer":"1001","reason":"typing","values":{"purpose":"business"}}`, 201),
		done("POST /counters/1/extensions", `{"change":"{new}","crossing":"{a}","officer":"1001","reason":"health","until":"2027-03-01"}`, 201),
		done("GET /shifts/current", "", 200, `"open":["{r}"]`, `"closed_at":"0001-01-01T00:00:00Z"`),
		{call: "GET /shifts/current", status: 200, must: []string{
			`{"type":"crossing.recorded.v1","counter":"1","direction":"entry","category":"visitor","outcome":"admitted","n":1}`,
			`{"type":"crossing.recorded.v1","counter":"1","direction":"entry","category":"visitor","outcome":"refused","n":1}`,
			`{"type":"crossing.recorded.v1","counter":"2","direction":"exit","category":"visitor","outcome":"departed","n":1}`,
			`{"type":"crossing.corrected.v1"`, `{"type":"stay.extended.v1"`, `{"type":"encounter.referred.v1"`, `{"type":"encounter.abandoned.v1"`}},
		{do: (*rig).reportEqualsJournal},
		done("POST /shifts/close", `{`+by2+`}`, 201, `"closed_by":"Inspector Orlan Desh"`, `"open":["{r}"]`, `"outcome":"refused","n":1`),
		refused("POST /shifts/close", `{`+by1+`}`, 409, "conflict", "No shift is open"),
		shows("1", `"shift":null`, `"holder":{"badge":"1001"`),
		passes(time.Hour),
		scanned("1", passport("RB2000006")),
		admitted("1"), // work never waits for a formality: it begins the next shift
		shows("1", `"shift":{"id"`),
		{do: (*rig).reportEqualsJournal},
		done("POST /shifts/close", `{`+by1+`}`, 201, `"outcome":"admitted","n":1`, `"open":["{r}"]`),
		done("POST /counters/1/corrections", `{"change":"{new}","crossing":"{a}","officer":"1001","second":"1002","reason":"typing","values":{"purpose":"holiday"}}`, 201),
		done("GET /shifts/current", "", 200, `{"type":"crossing.corrected.v1"`),
		done("POST /shifts/close", `{`+by1+`}`, 201),
		done("POST /counters/1/extensions", `{"change":"{new}","crossing":"{a}","officer":"1001","reason":"health","until":"2027-03-02"}`, 201),
		done("GET /shifts/current", "", 200, `{"type":"stay.extended.v1"`),
	}},
}

// count is how many events of a type the journal holds.
func (r *rig) count(typ string) (n int) {
	r.t.Helper()
	r.must(r.journal.Scan(r.t.Context(), border.Position{}, func(ev border.Event) error {
		if ev.Type == typ {
			n++
		}
		return nil
	}))
	return n
}

// reportEqualsJournal counts the open shift anew, from the beginning of the journal and by the
// headers' bytes alone, and compares.
func (r *rig) reportEqualsJournal() {
	r.t.Helper()
	report, err := r.service.Shift(r.t.Context())
	r.must(err)
	cells := map[border.Count]int64{}
	r.must(r.journal.Scan(r.t.Context(), border.Position{}, func(ev border.Event) error {
		var h map[string]any
		if err := json.Unmarshal(ev.Header, &h); err != nil {
			return err
		}
		word := func(name string) string { s, _ := h[name].(string); return s }
		switch t := word("type"); {
		case word("shift") != report.ID, strings.HasPrefix(t, "shift."), strings.HasPrefix(t, "counter."), strings.HasPrefix(t, "group."), strings.HasPrefix(t, "epoch."):
		default:
			cells[border.Count{Type: t, Counter: border.CounterID(word("counter")), Direction: word("direction"), Category: word("category"), Outcome: word("outcome")}]++
		}
		return nil
	}))
	if len(cells) == 0 || len(cells) != len(report.Counts) {
		r.t.Errorf("the report has %d lines, the journal %d", len(report.Counts), len(cells))
	}
	for _, c := range report.Counts {
		n := c.N
		if c.N = 0; cells[c] != n {
			r.t.Errorf("the report counts %d of %+v, the journal %d", n, c, cells[c])
		}
	}
}
