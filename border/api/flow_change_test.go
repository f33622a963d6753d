package api

import (
	"strings"
	"time"
)

const (
	corrections = "POST /counters/1/corrections"
	extensions  = "POST /counters/1/extensions"
)

// change is the body of a correction or an extension of crossing {a} under an id of its own.
func change(officer, rest string) string {
	return `{"change":"{new}","crossing":"{a}","officer":"` + officer + `",` + rest + `}`
}

var entered = []step{keep("a", scanned("1", passport(number1))), admitted("1"), {do: func(r *rig) {
	r.saved["c1"], r.saved["c2"] = r.fill("{new}", r.seen("1")), r.fill("{new}", r.seen("1"))
}}}

func after(more ...step) []step { return append(append([]step{}, entered...), more...) }

var changeFlows = []flow{
	{"an own mistake within ten minutes", after(
		passes(9*time.Minute+59*time.Second),
		done(corrections, change("1001", `"reason":"typing","note":"ZNOTE","values":{"purpose":"business"}`), 201, `"crossing":"{a}"`, `"replayed":false`),
		lastEvent("crossing.corrected.v1", `"purpose":"business"`, `"outcome":"admitted"`, `"change":"`),
		record("a", `"purpose":"holiday"`), // what was recorded first stays
		passes(time.Minute),
		refused(corrections, change("1001", `"reason":"typing","values":{"purpose":"health"}`), 403, "second_needed", "second officer"),
		refused(corrections, change("1001", `"reason":"typing","second":"1001","values":{"purpose":"health"}`), 403, "second_needed", "two different people"),
		refused(corrections, change("1001", `"reason":"typing","second":"3001","values":{"purpose":"health"}`), 403, "forbidden"),
		refused(corrections, change("1001", `"reason":"typing","second":"ZNOTE","values":{"purpose":"health"}`), 403, "forbidden"),
		done(corrections, change("1001", `"reason":"typing","second":"1002","values":{"purpose":"health"}`), 201),
		lastEvent("crossing.corrected.v1", `"purpose":"health"`, `"second":"`),
	)},
	{"somebody else's mistake", after(
		refused(corrections, change("1002", `"reason":"typing","values":{"purpose":"health"}`), 403, "second_needed", "second officer"),
		refused(corrections, change("1002", `"reason":"typing","second":"1002","values":{"purpose":"health"}`), 403, "second_needed", "two different people"),
		refused(corrections, change("3001", `"reason":"typing","second":"1002","values":{"purpose":"health"}`), 403, "forbidden"),
		done(corrections, change("1002", `"reason":"typing","second":"1001","values":{"purpose":"health"}`), 201),
	)},
	{"a correction must say what and of what", after(
		refused(corrections, change("1001", `"reason":"typing"`), 422, "invalid", "what is to be corrected"),
		refused(corrections, change("1001", `"reason":"ZNOTE","values":{"purpose":"health"}`), 422, "invalid", "reason from the list"),
		refused(corrections, change("1001", `"reason":"typing","values":{"purpose":"ZNOTE"}`), 422, "invalid", "purpose"),
		refused(corrections, change("1001", `"reason":"typing","values":{"purpose":""}`), 422, "invalid", "purpose"),
		refused(corrections, `{"change":"{new}","crossing":"{new}","officer":"1001","reason":"typing","values":{"purpose":"health"}}`, 404, "not_found"),
		refused(corrections, `{"change":"{a}","crossing":"{a}","officer":"1001","reason":"typing","values":{"purpose":"health"}}`, 422, "invalid", "id of its own"),
		refused(corrections, `{"change":"ZNOTE","crossing":"{a}","officer":"1001","reason":"typing","values":{"purpose":"health"}}`, 422, "invalid", "body.change"),
		refused(corrections, change("1001", `"reason":"outcome","outcome":"departed"`), 422, "invalid", "does not go with this direction"),
		refused(corrections, change("1001", `"reason":"direction","direction":"exit"`), 422, "invalid", "does not go with this direction"),
		refused(corrections, change("1001", `"reason":"outcome","outcome":"refused","second":"2001"`), 422, "invalid", "coded grounds"),
		refused(corrections, change("1001", `"reason":"outcome","ground":"no_visa"`), 422, "invalid", "coded grounds"),
		refused(corrections, change("1001", `"reason":"outcome","outcome":"handed_over"`), 422, "invalid", "recorded when it happens"),
		refused(corrections, change("1001", `"reason":"document","particulars":{"kind":"ZNOTE","surname":"TALVE"}`), 422, "invalid", "kind of document"),
		refused(corrections, change("1001", `"reason":"document","particulars":{"kind":"passport","nationality":"ZZZ"}`), 422, "invalid", "nationality"),
		refused("POST /counters/9/corrections", change("1001", `"reason":"typing","values":{"purpose":"health"}`), 404, "not_found"),
	)},
	{"a correction sent again is recorded once", after(
		done(corrections, `{"change":"{c1}","crossing":"{a}","officer":"1001","reason":"typing","values":{"purpose":"health"}}`, 201, `"replayed":false`),
		done(corrections, `{"change":"{c1}","crossing":"{a}","officer":"1001","reason":"typing","values":{"purpose":"health"}}`, 201, `"replayed":true`),
		keep("b", scanned("1", passport(number2))),
		admitted("1"),
		refused(corrections, `{"change":"{c1}","crossing":"{b}","officer":"1001","reason":"typing","values":{"purpose":"health"}}`, 409, "conflict", "that of another record"),
		refused(corrections, `{"change":"{b}","crossing":"{a}","officer":"1001","reason":"typing","values":{"purpose":"health"}}`, 409, "conflict", "that of another record"),
		passes(time.Hour), // the browser tries again much later: it is the first answer still
		done(corrections, `{"change":"{c1}","crossing":"{a}","officer":"1001","reason":"typing","values":{"purpose":"health"}}`, 201, `"replayed":true`),
		refused(corrections, `{"change":"{new}","crossing":"{a}","officer":"1001","reason":"typing","values":{"purpose":"health"}}`, 403, "second_needed"),
	)},
	{"a crossing that was none is voided", after(
		done(corrections, change("1001", `"reason":"outcome","outcome":"withdrawn"`), 201, `"outcome":"withdrawn"`),
		passes(time.Hour),
		scanned("1", passport(number1)),
		without(shows("1", `"outcome":"withdrawn"`), `"reason":"inside"`),
	)},
	{"an entry was an exit", after(
		done(corrections, change("1001", `"reason":"direction","direction":"exit","outcome":"departed"`), 201),
		lastEvent("crossing.corrected.v1", `"direction":"exit"`, `"outcome":"departed"`),
		step{do: func(r *rig) {
			if h := r.newest("crossing.corrected.v1"); strings.Contains(h, "days_granted") || strings.Contains(h, "permitted_until") {
				r.t.Errorf("an exit grants days: %s", h)
			}
		}},
	)},
	{"an admission was a refusal", after(
		refused(corrections, change("1001", `"reason":"outcome","outcome":"refused","ground":"no_visa"`), 403, "second_needed", "second person"),
		refused(corrections, change("1001", `"reason":"outcome","outcome":"refused","ground":"no_visa","second":"1002"`), 403, "forbidden", "supervisor"),
		refused(corrections, change("1001", `"reason":"outcome","outcome":"refused","ground":"court_order","second":"2001"`), 422, "invalid", "coded grounds"),
		done(corrections, change("1001", `"reason":"outcome","outcome":"refused","ground":"no_visa","second":"2001"`), 201),
		done("GET /records/{a}/notice", "", 200, `"ground":"no_visa"`, `"supervisor":"2001"`),
		passes(time.Minute),
		done(corrections, change("1001", `"reason":"typing","particulars":{"kind":"passport","document_number":"RB2","issuing_state":"QRU","surname":"TALVE","nationality":"QRU","birth_date":"1985-03-12","sex":"F"}`), 201),
		done("GET /records/{a}/notice", "", 200, `"surname":"TALVE"`, `"supervisor":"2001"`), // who agreed to the refusal stays
	)},
	{"an own national is not refused by a correction", []step{
		keep("a", scanned("1", national(number1))),
		decided("1", "admitted", ""),
		refused(corrections, change("1001", `"reason":"outcome","outcome":"refused","ground":"no_visa","second":"2001"`), 409, "conflict", "not refused entry"),
		refused(corrections, change("1001", `"reason":"document","particulars":{"kind":"passport","nationality":"UTO"},"outcome":"refused","ground":"no_visa","second":"2001"`), 409, "conflict", "not refused entry"),
	}},
	{"a stay is extended", after(
		refused(extensions, change("1001", `"reason":"health","until":"2027-01-29"`), 409, "conflict", "before the one"),
		refused(extensions, change("1001", `"reason":"health","until":"2026-10-01"`), 409, "conflict", "before the one"),
		refused(extensions, change("1001", `"reason":"health","until":"31.12.2027"`), 422, "invalid", "year-month-day"),
		refused(extensions, change("1001", `"reason":"ZNOTE","until":"2027-03-01"`), 422, "invalid", "reason from the list"),
		refused(extensions, change("3001", `"reason":"health","until":"2027-03-01"`), 403, "forbidden"),
		refused(extensions, `{"change":"{a}","crossing":"{a}","officer":"1001","reason":"health","until":"2027-03-01"}`, 422, "invalid", "id of its own"),
		done(extensions, `{"change":"{c1}","crossing":"{a}","officer":"1002","reason":"health","note":"ZNOTE","until":"2027-03-01"}`, 201, `"replayed":false`),
		lastEvent("stay.extended.v1", `"days_granted":120`, `"permitted_until":"2027-03-01"`),
		done(extensions, `{"change":"{c1}","crossing":"{a}","officer":"1002","reason":"health","until":"2027-03-01"}`, 201, `"replayed":true`),
		refused(extensions, change("1002", `"reason":"health","until":"2027-02-28"`), 409, "conflict", "before the one"),
		done(extensions, change("1002", `"reason":"health","until":"2027-03-02"`), 201),
		done(extensions, `{"change":"{c1}","crossing":"{a}","officer":"1002","reason":"health","until":"2027-03-01"}`, 201, `"replayed":true`),
		keep("b", scanned("1", passport(number2))),
		decided("1", "withdrawn", ""),
		refused(extensions, `{"change":"{new}","crossing":"{b}","officer":"1001","reason":"health","until":"2027-03-01"}`, 409, "conflict", "Only the stay of an admitted entry"),
		refused(extensions, `{"change":"{c1}","crossing":"{new}","officer":"1001","reason":"health","until":"2027-03-01"}`, 409, "conflict", "that of another record"),
		done(extensions, `{"change":"{c2}","crossing":"{new}","officer":"1001","reason":"health","until":"2027-03-01"}`, 201), // entered at another post
		passes(24*time.Hour),
		scanned("2", passport(number1)),
		shows("2", `"days_granted":121`, `"permitted_until":"2027-03-02"`, `"days_used":2`),
	)},
}

var restartFlows = []flow{
	{"the queue survives a restart", []step{
		keep("a", scanned("1", passport(number1))),
		scanned("1", passport(number2)),
		restarted,
		shows("1", `"encounter":null`, `"queue":[{"id":"{a}"`, `"restored":true`),
		refused("POST /counters/1/decisions", `{"encounter":"{q}","verdict_revision":1,"officer":"1001","outcome":"admitted"}`, 409, "conflict", "Call the traveller up"),
		done("POST /counters/1/call-ups", `{`+by1+`,"encounter":"{q}"}`, 202, `"encounter":{"id":"{a}"`, surname),
		admitted("1"),
		restarted,
		shows("1", `"last":{"crossing":"{a}"`, `"after_restart":true`, surname),
	}},
	{"a referral survives restarts and shifts", []step{
		keep("a", scanned("1", passport(number1))),
		done("POST /counters/1/referrals", referBody("document"), 201),
		restarted,
		shows("3", `"referrals":[{"id":"{a}"`, `"by":"Inspector Quinta Varela"`, `"shift":{"id"`),
		done("POST /shifts/close", `{`+by1+`}`, 201, `"open":["{a}"]`),
		restarted,
		shows("1", `"shift":null`),
		done("POST /shifts", `{`+by2+`}`, 201, `"open":["{a}"]`),
		done("POST /counters/3/referrals/{a}/take", `{`+by2+`}`, 201, `"from":"Inspector Quinta Varela"`),
		restarted,
		shows("3", `"referrals":[]`, `"queue":[{"id":"{a}"`, `"holder":{"badge":"1002"`),
		done("POST /counters/3/call-ups", `{`+by2+`}`, 202, `"encounter":{"id":"{a}"`),
		{call: "POST /counters/3/decisions", status: 201, body: `{"encounter":"{e}","verdict_revision":{rev},"officer":"1002","outcome":"withdrawn"}`},
		restarted,
		shows("3", `"referrals":[]`, `"queue":[]`),
	}},
	{"answers, needs and keyed papers survive a restart", []step{
		keep("a", done("POST /counters/1/encounters", `{`+by1+`,"identity":"keyed","particulars":{"kind":"laissez_passer","document_number":"RB2000321","issuing_state":"UNO","surname":"TALVE","given_names":"MINORA","nationality":"QSY","birth_date":"1990-XX-XX"}}`, 202)),
		done("POST /counters/1/encounters/{e}/documents", keyed("border_card", "RB27"), 202),
		done("PATCH /counters/1/encounters/{e}/answers", `{`+by1+`,"values":{"purpose":"business","intended_days":"5","address":"ZHOTEL"}}`, 200),
		done(needs, asks, 202),
		restarted,
		without(done("POST /counters/1/call-ups", `{`+by1+`}`, 202, `"encounter":{"id":"{a}"`, `"purpose":"business"`, `"protected":true`, `"kind":"laissez_passer"`,
			`"kind":"border_card"`, `"birth_date":"1990-XX-XX"`, `"identity":"keyed"`), "asks_protection"),
		denied("1", "refused", noVisa+","+agreed, 409, "conflict", "need for protection"),
		done(lifts, `{"officer":"1001","second":"2001","reason":"ZPROTECT no longer"}`, 202, `"protected":false`),
		restarted,
		done("POST /counters/1/call-ups", `{`+by1+`}`, 202, `"protected":false`),
		decided("1", "admitted", ""),
		record("a", `"purpose":"business"`, `"identity":"keyed"`),
	}},
	{"a sheet and a person's word survive a restart", []step{
		done("POST /counters/1/encounters", `{`+by1+`,"identity":"declared","particulars":{"surname":"TALVE","birth_date":"1980-XX-XX"},"paper":{"sheet":"S-9","crossed_at":"2026-11-01T05:30:00Z","direction":"exit"}}`, 202),
		restarted,
		keep("a", done("POST /counters/1/call-ups", `{`+by1+`}`, 202, `"sheet":"S-9"`, `"direction":"exit"`, `"identity":"declared"`)),
		decided("1", "departed", ""),
		record("a", `"sheet":"S-9"`, `"occurred_at":"2026-11-01T05:30:00Z"`),
	}},
	{"a group survives restarts", []step{
		keep("a", scanned("1", passport(number1))),
		done(group, `{`+by1+`,"kind":"family"}`, 201),
		done("PUT /counters/1/group/list", csv(columns+"VELORIN,QUISA,1985-03-12,QRU,"+number1+",QRU,passenger\r\nVELORIN,TALVE,,,,,\r\n"), 200),
		done("PUT /counters/1/group/shared", `{`+by1+`,"values":{"purpose":"holiday","intended_days":"5","address":"ZHOTEL"}}`, 200),
		scanned("1", child(number2)),
		done("PUT /counters/1/group/responsible", `{`+by1+`,"minor":"{m2}","adult":"{m1}"}`, 200),
		restarted,
		shows("1", `"encounter":null`, `"queue":[]`, `"kind":"family"`, `"members":[{"id":"{m1}"`, `"responsible":"`, `"ready":[]`, `"row":1`, `"purpose":"holiday"`),
		{do: func(r *rig) { r.saved["b"] = r.otherMember("a") }},
		done(group+"/decisions", `{`+by1+`,"members":[{"encounter":"{a}","verdict_revision":1}]}`, 200, `"problem":"conflict"`, "Call the traveller up"),
		{call: "POST /counters/1/decisions", status: 409, problem: "conflict", must: []string{"Call the traveller up"}, body: `{"encounter":"{a}","verdict_revision":1,"officer":"1001","outcome":"admitted"}`},
		done(group+"/select", `{`+by1+`,"encounter":"{a}"}`, 200, `"ready":["{a}"]`),
		admitted("1"),
		restarted,
		shows("1", `"outcome":"admitted"`, `"state":"through"`),
		done(group+"/select", `{`+by1+`,"encounter":"{b}"}`, 200, `"responsible":"{a}"`),
		admitted("1"),
		restarted,
		done(group+"/close", `{`+by1+`}`, 201, `"group":null`),
		lastEvent("group.closed.v1", `{"type":"members","n":2}`, `{"type":"appeared","n":1}`, `{"type":"no_show","n":1}`),
		restarted,
		shows("1", `"group":null`, `"queue":[]`),
	}},
	{"holder and shift survive a restart", []step{
		done("POST /counters/1/holder", `{"officer":"1002"}`, 201),
		keep("a", scanned("1", passport(number1))),
		{call: "POST /counters/1/decisions", status: 201, body: `{"encounter":"{e}","verdict_revision":{rev},"officer":"1002","outcome":"admitted",` + visit + `}`},
		restarted,
		shows("1", `"holder":{"badge":"1002"`, `"opened_by":"Inspector Orlan Desh"`),
		refused("POST /counters/1/encounters", `{`+by1+`,"identity":"declared","particulars":{}}`, 409, "conflict", "held by"),
		{do: (*rig).reportEqualsJournal},
		done("POST /shifts/close", `{`+by2+`}`, 201, `"outcome":"admitted","n":1`),
		restarted,
		shows("1", `"shift":null`, `"holder":{"badge":"1002"`),
	}},
	{"an abandoned encounter stays gone", []step{
		scanned("1", passport(number1)),
		{call: "POST /counters/1/abandonments", status: 201, body: `{"encounter":"{e}","officer":"1001","reason":"left"}`},
		restarted,
		shows("1", `"encounter":null`, `"queue":[]`, `"last":null`),
	}},
	{"a joined document stays joined", []step{
		keep("a", scanned("1", passport(number1))),
		scanned("1", passport(number2)),
		done("POST /counters/1/joins", `{`+by1+`,"encounter":"{e}","waiting":"{q}"}`, 202),
		restarted,
		without(shows("1", `"queue":[{"id":"{a}"`), `},{"id"`),
		done("POST /counters/1/call-ups", `{`+by1+`}`, 202, number2),
	}},
}

// otherMember is the member of the group at counter 1 who is not the one kept under a name.
func (r *rig) otherMember(name string) string {
	r.t.Helper()
	for _, m := range r.seen("1").Group.Members {
		if id := m.ID.String(); id != r.saved[name] {
			return id
		}
	}
	r.t.Fatal("the group has nobody else")
	return ""
}
