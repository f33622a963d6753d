package api

import "time"

func referBody(reason string) string {
	return `{"encounter":"{e}","officer":"1001","reason":"` + reason + `","note":"ZNOTE"}`
}

var referralFlows = []flow{
	{"a referral is taken by another officer and ends", []step{
		keep("a", scanned("1", passport(number1))),
		refused("POST /counters/1/referrals", referBody("ZNOTE"), 422, "invalid", "reason from the list"),
		refused("POST /counters/1/referrals", `{"encounter":"{new}","officer":"1001","reason":"document"}`, 409, "conflict"),
		refused("POST /counters/1/referrals", `{"encounter":"{e}","officer":"3001","reason":"document"}`, 403, "forbidden"),
		done("POST /counters/1/referrals", referBody("document"), 201, `"encounter":null`, `"referrals":[{"id":"{e}"`, `"by":"Inspector Quinta Varela"`),
		refused("POST /counters/1/referrals", `{"encounter":"{a}","officer":"1001","reason":"document"}`, 409, "conflict", "not open at this counter"),
		refused("POST /counters/1/decisions", `{"encounter":"{a}","verdict_revision":1,"officer":"1001","outcome":"admitted"}`, 409, "conflict", "not open at this counter"),
		refused("POST /counters/1/abandonments", `{"encounter":"{a}","officer":"1001","reason":"left"}`, 409, "conflict"),
		refused("PATCH /counters/1/encounters/{a}/answers", `{`+by1+`,"values":{}}`, 409, "conflict"),
		shows("3", `"referrals":[{"id":"{a}"`),
		refused("POST /counters/3/referrals/{new}/take", `{`+by2+`}`, 404, "not_found", "post's list"),
		refused("POST /counters/3/referrals/ZNOTE/take", `{`+by2+`}`, 422, "invalid"),
		refused("POST /counters/3/referrals/{a}/take", `{"officer":"3001"}`, 403, "forbidden"),
		passes(time.Hour),
		done("POST /counters/3/referrals/{ref}/take", `{`+by2+`}`, 201, `"encounter":{"id":"{a}"`, `"from":"Inspector Quinta Varela"`, `"referrals":[]`),
		refused("POST /counters/1/referrals/{a}/take", `{`+by1+`}`, 404, "not_found", "Another officer may have taken"),
		refused("POST /counters/3/referrals/{a}/take", `{`+by2+`}`, 409, "conflict", "Finish the open encounter"),
		{call: "POST /counters/3/decisions", body: `{"encounter":"{e}","verdict_revision":{rev},"officer":"1002","outcome":"admitted",` + visit + `}`, status: 201},
		record("a", `"outcome":"admitted"`, `"counter":"3"`),
		refused("POST /counters/3/referrals/{a}/take", `{`+by2+`}`, 404, "not_found"),
	}},
	{"a referral is not taken at a busy counter", []step{
		keep("a", scanned("1", passport(number1))),
		done("POST /counters/1/referrals", referBody("identity"), 201),
		keep("b", scanned("1", passport(number2))),
		refused("POST /counters/1/referrals/{a}/take", `{`+by1+`}`, 409, "conflict", "Finish the open encounter"),
		done("POST /counters/1/referrals", referBody("identity"), 201, `"id":"{a}"`, `"id":"{b}"`),
		done("POST /counters/1/referrals/{b}/take", `{`+by1+`}`, 201, `"encounter":{"id":"{b}"`, `"referrals":[{"id":"{a}"`),
	}},
	{"a referral of an exit goes out wherever it is taken", []step{
		keep("a", scanned("2", passport(number1))),
		done("POST /counters/2/referrals", referBody("hit"), 201, `"direction":"exit"`),
		done("POST /counters/3/referrals/{a}/take", `{`+by2+`}`, 201, `"direction":"exit"`),
		{call: "POST /counters/3/decisions", body: `{"encounter":"{e}","verdict_revision":{rev},"officer":"1002","outcome":"admitted"}`, status: 422, problem: "invalid", must: []string{"At exit"}},
		{call: "POST /counters/3/decisions", body: `{"encounter":"{e}","verdict_revision":{rev},"officer":"1002","outcome":"departed"}`, status: 201},
	}},
	{"who is on the list and comes again is known", []step{
		keep("a", scanned("1", passport(number1))),
		done("POST /counters/1/referrals", referBody("document"), 201),
		scanned("3", passport(number1)),
		shows("3", `"open_referral":"{a}"`),
	}},
	{"who waits is not referred", []step{
		scanned("1", passport(number1)),
		scanned("1", passport(number2)),
		refused("POST /counters/1/referrals", `{"encounter":"{q}","officer":"1001","reason":"document"}`, 409, "conflict", "Call the traveller up"),
		refused("POST /counters/1/encounters/{q}/needs", `{"officer":"1001","kind":"needs_help"}`, 409, "conflict", "Call the traveller up"),
		refused("PATCH /counters/1/encounters/{q}/answers", `{`+by1+`,"values":{}}`, 409, "conflict", "Call the traveller up"),
		refused("POST /counters/1/encounters/{q}/documents", keyed("border_card", "RB2"), 409, "conflict", "Call the traveller up"),
	}},
	{"encounters are abandoned", []step{
		keep("a", scanned("1", passport(number1))),
		scanned("1", passport(number2)),
		refused("POST /counters/1/abandonments", `{"encounter":"{e}","officer":"1001","reason":"ZNOTE"}`, 422, "invalid", "reason from the list"),
		refused("POST /counters/1/abandonments", `{"encounter":"{new}","officer":"1001","reason":"left"}`, 409, "conflict"),
		done("POST /counters/1/abandonments", `{"encounter":"{q}","officer":"1001","reason":"twice","note":"ZNOTE"}`, 201, `"queue":[]`),
		done("POST /counters/1/abandonments", `{"encounter":"{e}","officer":"1001","reason":"left"}`, 201, `"encounter":null`),
		refused("POST /counters/1/abandonments", `{"encounter":"{a}","officer":"1001","reason":"left"}`, 409, "conflict"),
		refused("POST /counters/1/decisions", `{"encounter":"{a}","verdict_revision":1,"officer":"1001","outcome":"admitted"}`, 409, "conflict"),
		refused("GET /records/{a}", "", 404, "not_found"), // a trace, no crossing
	}},
}

const (
	asks  = `{"officer":"1001","kind":"asks_protection","reason":"ZPROTECT told us why"}`
	needs = "POST /counters/1/encounters/{e}/needs"
	lifts = "POST /counters/1/encounters/{e}/needs/lift"
)

var protectionFlows = []flow{
	{"a need for protection blocks refusal until it is lifted", []step{
		keep("a", scanned("1", passport(number1))),
		refused(lifts, `{"officer":"1001","second":"2001","reason":"ZPROTECT"}`, 409, "conflict", "Nothing is noted"),
		refused(needs, `{"officer":"1001","kind":"ZNOTE"}`, 422, "invalid"),
		refused(needs, `{"officer":"3001","kind":"needs_help"}`, 403, "forbidden"),
		without(done(needs, asks, 202, `"protected":true`), "asks_protection"),
		denied("1", "refused", noVisa+","+agreed, 409, "conflict", "need for protection"),
		denied("1", "withdrawn", "", 409, "conflict", "need for protection"),
		refused("POST /counters/1/abandonments", `{"encounter":"{e}","officer":"1001","reason":"left"}`, 409, "conflict", "need for protection"),
		refused(lifts, `{"officer":"1001","second":"1001","reason":"ZPROTECT"}`, 403, "second_needed", "two different people"),
		refused(lifts, `{"officer":"1001","second":"3001","reason":"ZPROTECT"}`, 403, "forbidden", "supervisor"),
		refused(lifts, `{"officer":"1001","second":"2001","reason":""}`, 422, "invalid"),
		without(done(lifts, `{"officer":"1001","second":"2001","reason":"ZPROTECT was a mistake"}`, 202, `"protected":false`), "asks_protection"),
		refused(lifts, `{"officer":"1001","second":"2001","reason":"ZPROTECT"}`, 409, "conflict", "Nothing is noted"),
		decided("1", "refused", noVisa+","+agreed),
		without(record("a", `"outcome":"refused"`), "protect"),
	}},
	{"somebody who needs protection is handed over", []step{
		keep("a", scanned("1", passport(number1))),
		done(needs, asks, 202),
		done(needs, `{"officer":"1001","kind":"child_alone","reason":"ZPROTECT"}`, 202, `"protected":true`),
		decided("1", "handed_over", `"handed_to":"asylum","receipt":"ZRECEIPT 9"`),
		without(record("a", `"outcome":"handed_over"`), "asylum", "child_alone"),
		without(shows("1", `"outcome":"handed_over"`), "asylum", "child_alone"),
	}},
	{"somebody who needs protection is admitted", []step{
		keep("a", scanned("1", passport(number1))),
		done(needs, asks, 202),
		admitted("1"),
		without(record("a", `"outcome":"admitted"`), "asks_protection"),
	}},
	{"a need follows a referral to another counter", []step{
		keep("a", scanned("1", passport(number1))),
		done(needs, asks, 202),
		done("POST /counters/1/referrals", referBody("interpreter"), 201),
		without(done("POST /counters/3/referrals/{a}/take", `{`+by2+`}`, 201, `"protected":true`), "asks_protection"),
		{call: "POST /counters/3/decisions", status: 409, problem: "conflict", must: []string{"need for protection"},
			body: `{"encounter":"{e}","verdict_revision":{rev},"officer":"1002","outcome":"refused",` + noVisa + `,` + agreed + `}`},
	}},
	{"a correction does not refuse somebody who needs protection", []step{
		keep("a", scanned("1", passport(number1))),
		done(needs, asks, 202),
		admitted("1"),
		refused("POST /counters/1/corrections", `{"change":"{new}","crossing":"{a}","officer":"1001","reason":"outcome","outcome":"refused","ground":"no_visa","second":"2001"}`, 409, "conflict", "need for protection"),
		refused("POST /counters/1/corrections", `{"change":"{new}","crossing":"{a}","officer":"1001","reason":"outcome","outcome":"withdrawn"}`, 409, "conflict", "need for protection"),
	}},
}
