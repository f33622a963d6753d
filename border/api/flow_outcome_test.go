package api

import (
	"time"

	"garita/border"
	"garita/border/form"
)

const (
	number1 = "UA1000001"
	number2 = "RB2000002"
	agreed  = `"second":"2001"`
	noVisa  = `"ground":"no_visa"`
)

var outcomeFlows = []flow{
	{"an own national is admitted and asked nothing", []step{
		keep("a", scanned("1", national(number1))),
		without(shows("1", `"category":"national"`, `"refusable":false`, `"problems":[]`), `"days_granted":"`),
		decided("1", "admitted", ""),
		without(record("a", `"outcome":"admitted"`, `"category":"national"`, `"direction":"entry"`, `"nationality":"UTO"`), `"days_granted"`, `"purpose"`),
	}},
	{"an own national is not refused", []step{
		scanned("1", national(number1)),
		denied("1", "refused", noVisa+","+agreed, 409, "conflict", "not refused entry"),
		denied("1", "refused", noVisa+","+agreed+`,"values":{"category":"returnee"}`, 409, "conflict", "not refused entry"),
		decided("1", "withdrawn", ""),
	}},
	{"a visitor's first time", []step{
		keep("a", scanned("1", passport(number1))),
		shows("1", `"category":"visitor"`, `"refusable":true`, `"days_granted":"90"`, `"residence":"QRU"`, `is missing.`),
		denied("1", "admitted", "", 422, "invalid", "not complete", "purpose", "address"),
		denied("1", "admitted", `"values":{"purpose":"ZNOTE","intended_days":"5","address":"ZHOTEL"}`, 422, "invalid", "purpose"),
		denied("1", "admitted", `"values":{"purpose":"holiday","intended_days":"5","address":"ZHOTEL","ZNOTE":"x"}`, 422, "invalid"),
		denied("1", "admitted", `"values":{"purpose":"holiday","intended_days":"5","address":"ZHOTEL","days_granted":"-1"}`, 422, "invalid", "days_granted"),
		admitted("1"),
		record("a", `"purpose":"holiday"`, `"days_granted":90`, `"permitted_until":"2027-01-30"`, `"legal_basis":"visa_free"`, `"residence":"QRU"`,
			`"local_date":"2026-11-02"`, `"document_issuer":"QRU"`, `"form":"UTO `),
	}},
	{"answers are entered bit by bit", []step{
		keep("a", scanned("1", passport(number1))),
		done("PATCH /counters/1/encounters/{e}/answers", `{`+by1+`,"values":{"purpose":"business"}}`, 200, `"purpose":"business"`, `"purpose":"entered"`),
		done("PATCH /counters/1/encounters/{e}/answers", `{`+by1+`,"values":{"address":"ZHOTEL","intended_days":"5"}}`, 200, `"problems":[]`),
		done("PATCH /counters/1/encounters/{e}/answers", `{`+by1+`,"values":{"purpose":""}}`, 200, `Main purpose is missing`),
		refused("PATCH /counters/1/encounters/{e}/answers", `{`+by1+`,"values":{"purpose":7}}`, 422, "invalid"),
		refused("PATCH /counters/1/encounters/{new}/answers", `{`+by1+`,"values":{}}`, 409, "conflict", "not open at this counter"),
		refused("PATCH /counters/1/encounters/ZNOTE/answers", `{`+by1+`,"values":{}}`, 422, "invalid", "path.encounter"),
		refused("PATCH /counters/2/encounters/{a}/answers", `{`+by1+`,"values":{}}`, 409, "conflict"),
		decided("1", "admitted", `"values":{"purpose":"business"}`),
		record("a", `"purpose":"business"`),
		refused("PATCH /counters/1/encounters/{a}/answers", `{`+by1+`,"values":{"purpose":"holiday"}}`, 409, "conflict"),
	}},
	{"a departure", []step{
		keep("a", scanned("2", passport(number1))),
		denied("2", "admitted", "", 422, "invalid", "At exit"),
		denied("2", "refused", noVisa+","+agreed, 422, "invalid", "At exit"),
		denied("2", "departed", `"ground":"other"`, 422, "invalid", "coded grounds"),
		decided("2", "departed", ""),
		record("a", `"outcome":"departed"`, `"direction":"exit"`),
	}},
	{"a refusal needs a ground and a supervisor, and is linked to the admission that follows", []step{
		keep("a", scanned("1", passport(number1))),
		denied("1", "refused", agreed, 422, "invalid", "coded grounds"),
		denied("1", "refused", agreed+`,"ground":"ZNOTE"`, 422, "invalid", "coded grounds"),
		denied("1", "refused", agreed+`,"ground":"court_order"`, 422, "invalid", "coded grounds"),
		denied("1", "refused", noVisa, 403, "second_needed", "second person"),
		denied("1", "refused", noVisa+`,"second":"1001"`, 403, "second_needed", "two different people"),
		denied("1", "refused", noVisa+`,"second":"1002"`, 403, "forbidden", "supervisor"),
		denied("1", "refused", noVisa+`,"second":"3001"`, 403, "forbidden", "supervisor"),
		denied("1", "refused", noVisa+`,"second":"ZNOTE"`, 403, "forbidden", "supervisor"),
		denied("1", "admitted", visit+`,`+noVisa, 422, "invalid", "coded grounds"),
		denied("1", "departed", "", 422, "invalid", "At entry"),
		denied("1", "departure_prevented", `"ground":"warrant"`, 422, "invalid", "At entry"),
		decided("1", "refused", noVisa+","+agreed+`,"note":"ZNOTE"`),
		record("a", `"outcome":"refused"`, `"ground":"no_visa"`, `"second":"`),
		done("GET /records/{a}/notice", "", 200, `"ground_label":"No valid visa or permit"`, surname, number1, `"supervisor":"2001"`, `"country":"UTO"`),
		passes(time.Hour),
		keep("b", scanned("1", passport(number1))),
		shows("1", `"previous":"{a}"`, `"last_refusal":{"crossing":"{a}"`),
		admitted("1"),
		record("b", `"previous":"{a}"`),
		refused("GET /records/{b}/notice", "", 409, "conflict", "Only a refusal"),
		refused("GET /records/{new}/notice", "", 404, "not_found"),
	}},
	{"a departure is prevented", []step{
		keep("a", scanned("2", passport(number1))),
		denied("2", "departure_prevented", "", 422, "invalid", "coded grounds"),
		denied("2", "departure_prevented", noVisa, 422, "invalid", "coded grounds"),
		decided("2", "departure_prevented", `"ground":"warrant"`),
		record("a", `"outcome":"departure_prevented"`, `"ground":"warrant"`),
		done("GET /records/{a}/notice", "", 200, `"ground_label":"Warrant of arrest"`),
	}},
	{"a traveller withdraws", []step{
		keep("a", scanned("1", passport(number1))),
		denied("1", "withdrawn", `"ground":"other"`, 422, "invalid", "coded grounds"),
		decided("1", "withdrawn", ""),
		record("a", `"outcome":"withdrawn"`),
	}},
	{"a traveller is handed over", []step{
		keep("a", scanned("1", passport(number1))),
		denied("1", "handed_over", "", 422, "invalid", "to whom"),
		denied("1", "handed_over", `"receipt":"ZRECEIPT 7"`, 422, "invalid", "to whom"),
		denied("1", "handed_over", `"handed_to":"police"`, 422, "invalid", "to whom"),
		denied("1", "handed_over", `"handed_to":"police","receipt":"  "`, 422, "invalid", "to whom"),
		denied("1", "handed_over", `"handed_to":"ZNOTE","receipt":"ZRECEIPT 7"`, 422, "invalid", "to whom"),
		denied("1", "admitted", visit+`,"handed_to":"police"`, 422, "invalid", "Only a traveller who is handed over"),
		denied("1", "withdrawn", `"receipt":"ZRECEIPT"`, 422, "invalid", "Only a traveller who is handed over"),
		decided("1", "handed_over", `"handed_to":"police","receipt":"ZRECEIPT 7"`),
		without(record("a", `"outcome":"handed_over"`), "police"),
	}},
	{"a decision is made once", []step{
		keep("a", scanned("1", passport(number1))),
		admitted("1"),
		done("POST /counters/1/decisions", `{"encounter":"{a}","verdict_revision":1,"officer":"1001","outcome":"admitted"}`, 201, `"replayed":true`),
		refused("POST /counters/1/decisions", `{"encounter":"{a}","verdict_revision":1,"officer":"1001","outcome":"withdrawn"}`, 409, "conflict", "has ended already"),
		refused("POST /counters/3/decisions", `{"encounter":"{a}","verdict_revision":1,"officer":"1001","outcome":"admitted"}`, 409, "conflict"),
		refused("POST /counters/1/abandonments", `{"encounter":"{a}","officer":"1001","reason":"left"}`, 409, "conflict"),
		refused("POST /counters/1/referrals", `{"encounter":"{a}","officer":"1001","reason":"document"}`, 409, "conflict"),
		refused("POST /counters/1/encounters/{a}/needs", `{"officer":"1001","kind":"needs_help"}`, 409, "conflict"),
	}},
	{"a verdict that worsened must be read", []step{
		scanned("1", passport(number1)),
		{do: func(r *rig) { r.saved["then"] = r.fill("{rev}", r.seen("1")) }},
		{do: hubTellsOfRefusal},
		refused("POST /counters/1/decisions", `{"encounter":"{e}","verdict_revision":{then},"officer":"1001","outcome":"admitted",`+visit+`}`, 409, "stale", "changed for the worse"),
		denied("1", "withdrawn", `"verdict_revision":0`, 422, "invalid"),
		admitted("1"),
	}},
	{"an exit continues only a stay that is shown as the same person's", []step{
		keep("a", scanned("1", passport(number1))),
		admitted("1"),
		passes(24 * time.Hour),
		keep("other", scanned("1", printed(stranger, "RB2000009", "TALVE", "MINORA", "900101"))),
		admitted("1"),
		passes(24 * time.Hour),
		keep("b", scanned("2", passport(number2))), // the same name and birth date, another document
		shows("2", `"same_person":[{"crossing":"{a}"`),
		denied("2", "departed", `"continues":"{new}"`, 422, "invalid", "same person's"),
		denied("2", "departed", `"continues":"{other}"`, 422, "invalid", "same person's"),
		denied("2", "departed", `"continues":"{b}"`, 422, "invalid", "same person's"),
		denied("2", "departed", `"continues":"ZNOTE"`, 422, "invalid"),
		denied("2", "withdrawn", `"continues":"{a}"`, 422, "invalid", "same person's"),
		decided("2", "departed", `"continues":"{a}"`),
		record("b", `"continues":"{a}"`),
		passes(time.Hour),
		scanned("2", passport(number1)), // its own document: nothing is to be confirmed
		denied("2", "departed", `"continues":"{a}"`, 422, "invalid", "same person's"),
	}},
}

// hubTellsOfRefusal lets the hub come back and tell of a refusal at another post.
func hubTellsOfRefusal(r *rig) {
	r.hub.tells(&border.DocumentAnswer{Crossings: []border.PastCrossing{{Crossing: border.ID{6: 0x70, 8: 0x80, 15: 9}, Station: "PUB-1", Post: "PUB",
		OccurredAt: r.clock.Now().Add(-time.Hour), Direction: border.Entry, Outcome: string(border.Refused), ClockState: string(border.ClockSynced)}}})
	r.service.Refresh()
	for start := time.Now(); r.seen("1").Encounter.Verdict.Level != "refer"; time.Sleep(time.Millisecond) {
		if time.Since(start) > 20*time.Second {
			r.t.Fatal("the hub's answer never reached the verdict")
		}
	}
}

var waysInFlows = append([]flow{
	{"a person without any paper and without a name", []step{
		keep("a", done("POST /counters/1/encounters", `{`+by1+`,"identity":"declared","particulars":{}}`, 202,
			`"identity":"declared"`, `"check":"mrz","outcome":"not_checked","reason":"no_mrz"`, `"reason":"no_document"`, `"age":-1`)),
		denied("1", "admitted", `"values":{"purpose":"holiday","intended_days":"5","address":"ZHOTEL","residence":"QSY"}`, 422, "invalid", "year of birth"),
		done("PUT /counters/1/encounters/{e}/particulars", `{`+by1+`,"particulars":{"birth_date":"1974-XX-XX"}}`, 200),
		denied("1", "admitted", visit, 422, "invalid", "residence"),
		decided("1", "admitted", `"values":{"purpose":"holiday","intended_days":"5","address":"ZHOTEL","residence":"QSY"}`),
		without(record("a", `"identity":"declared"`, `"birth_year":1974`, `"mrz":"not_checked(no_mrz)"`, `"document_list":"not_checked(no_document)"`), `"document_kind"`),
	}},
	{"a person's own word gives a name", []step{
		keep("a", done("POST /counters/1/encounters", `{`+by1+`,"identity":"declared","particulars":{"surname":"TALVE","given_names":"MINORA","birth_date":"1990-XX-XX","sex":"X","nationality":"XXB"}}`, 202,
			`"category":"refugee"`, `"birth_date":"1990-XX-XX"`)),
		done("PUT /counters/1/encounters/{e}/particulars", `{`+by1+`,"particulars":{"surname":"TALVE","birth_date":"1991-05-XX","sex":"X","nationality":"XXB"}}`, 200, `"birth_date":"1991-05-XX"`),
		refused("PUT /counters/1/encounters/{e}/particulars", `{`+by1+`,"particulars":{"surname":"TALVE","document_number":"RB2"}}`, 422, "invalid", "Without a document"),
		decided("1", "admitted", `"values":{"destination":"QSY"}`),
		record("a", `"birth_year":1991`, `"sex":"X"`, `"nationality":"XXB"`, `"identity":"declared"`),
	}},
	{"a report of a lost document stays when a passport is found", []step{
		done("POST /counters/1/encounters", `{`+by1+`,"identity":"keyed","particulars":{"kind":"lost_document_report","document_number":"RB2000001","surname":"TALVE","nationality":"QRU"}}`, 202,
			`"identity":"declared"`),
		keep("a", done("POST /counters/1/encounters/{e}/documents", keyed("passport", "RB2000002"), 202, `"identity":"keyed"`, `"kind":"passport"`,
			`"documents":[{"format":"","kind":"lost_document_report"`)),
		done("PUT /counters/1/encounters/{e}/particulars", keyed("lost_document_report", "RB2000003"), 200, `"identity":"declared"`),
		done("PUT /counters/1/encounters/{e}/particulars", keyed("passport", "RB2000002"), 200, `"identity":"keyed"`),
		admitted("1"),
		record("a", `"identity":"keyed"`, `"document_kind":"passport"`),
	}},
	{"what is keyed must be possible", []step{
		refusedOpening(`"identity":"keyed","particulars":{"document_number":"RB2","surname":"TALVE"}`, "kind of document"),
		refusedOpening(`"identity":"keyed","particulars":{"kind":"ZNOTE","surname":"TALVE"}`, "kind of document"),
		refusedOpening(`"identity":"declared","particulars":{"document_number":"RB2"}`, "Without a document"),
		refusedOpening(`"identity":"declared","particulars":{"kind":"passport"}`, "Without a document"),
		refusedOpening(`"identity":"read","particulars":{}`, "body.identity"),
		refusedOpening(`"identity":"declared","particulars":{"nationality":"ZZZ"}`, "nationality"),
		refusedOpening(`"identity":"keyed","particulars":{"kind":"passport","issuing_state":"ZZZ"}`, "issuer"),
		refusedOpening(`"identity":"declared","particulars":{"sex":"Q"}`, "sex"),
		refusedOpening(`"identity":"declared","particulars":{"birth_date":"12/08/1974"}`, "date"),
		refusedOpening(`"identity":"declared","particulars":{"birth_date":"1974-02-30"}`, "date"),
		refusedOpening(`"identity":"declared","particulars":{"birth_date":"1974-XX-12"}`, "date"),
		refusedOpening(`"identity":"declared","particulars":{"surname":"TALVE\nMINORA"}`, "one line"),
		refusedOpening(`"identity":"declared","particulars":{"surname":"`+secret+`"}`, "body.particulars.surname"),
		refusedOpening(`"identity":"declared","particulars":{"TALVE":"MINORA"}`, "does not know"),
		refused("POST /counters/1/encounters", `{"officer":"3001","identity":"declared","particulars":{}}`, 403, "forbidden"),
		refused("POST /counters/9/encounters", `{"officer":"1001","identity":"declared","particulars":{}}`, 404, "not_found"),
		done("GET /form", "", 200, `"country":"UTO"`, `"code":"laissez_passer"`, `"referral_reasons"`, `"supervisor_refuses":true`, `"no_visa"`),
	}},
	{"two documents of one person are joined", []step{
		scanned("1", passport(number1)),
		scanned("1", passport(number2)),
		shows("1", `"queue":[{`, number1),
		refused("POST /counters/1/joins", `{`+by1+`,"encounter":"{e}","waiting":"{new}"}`, 409, "conflict", "must wait at this counter"),
		refused("POST /counters/1/joins", `{`+by1+`,"encounter":"{e}","waiting":"{e}"}`, 409, "conflict", "must wait at this counter"),
		refused("POST /counters/1/joins", `{`+by2+`,"encounter":"{e}","waiting":"ZNOTE"}`, 422, "invalid"),
		refused("POST /counters/1/joins", `{`+by1+`,"encounter":"{new}","waiting":"{q}"}`, 409, "conflict", "not open at this counter"),
		keep("a", done("POST /counters/1/joins", `{`+by1+`,"encounter":"{e}","waiting":"{q}"}`, 202, `"queue":[]`, `"documents":[{`, number2)),
		refused("POST /counters/1/joins", `{`+by1+`,"encounter":"{e}","waiting":"{a}"}`, 409, "conflict"),
		refused("POST /counters/1/encounters/{e}/documents", keyed("passport", number2), 409, "conflict", "among those"),
		refused("PUT /counters/1/encounters/{e}/particulars", keyed("passport", number2), 409, "conflict", "read from a document"),
		admitted("1"),
		passes(time.Hour),
		scanned("2", passport(number2)), // either document finds the crossing
		shows("2", `"stays":[{"entry":{"crossing":"{a}"`),
	}},
	{"a person has at most five documents", []step{
		done("POST /counters/1/encounters", `{`+by1+`,"identity":"declared","particulars":{"surname":"TALVE"}}`, 202),
		done("POST /counters/1/encounters/{e}/documents", keyed("birth_certificate", "RB21"), 202, `"identity":"keyed"`, `"kind":"birth_certificate"`),
		done("POST /counters/1/encounters/{e}/documents", keyed("border_card", "RB22"), 202),
		done("POST /counters/1/encounters/{e}/documents", keyed("identity_card", "RB23"), 202),
		done("POST /counters/1/encounters/{e}/documents", keyed("seafarer_identity", "RB24"), 202),
		done("POST /counters/1/encounters/{e}/documents", keyed("laissez_passer", "RB25"), 202),
		refused("POST /counters/1/encounters/{e}/documents", keyed("crew_certificate", "RB26"), 409, "conflict", "at most five"),
		refused("POST /counters/1/encounters/{e}/documents", keyed("ZNOTE", "RB27"), 422, "invalid", "kind of document"),
	}},
	{"a crossing is entered from paper", []step{
		refusedPaper(`"sheet":"S-12","crossed_at":"2026-11-02T06:00:01Z","direction":"entry"`, "in the future"),
		refusedPaper(`"sheet":"S-12","crossed_at":"2026-09-20T06:00:00Z","direction":"entry"`, "more than 31 days"),
		refusedPaper(`"sheet":"","crossed_at":"2026-11-01T06:00:00Z","direction":"entry"`, "body.paper.sheet"),
		refusedPaper(`"sheet":" ","crossed_at":"2026-11-01T06:00:00Z","direction":"entry"`, "paper sheet has a number"),
		refusedPaper(`"sheet":"ZNOTE!","crossed_at":"2026-11-01T06:00:00Z","direction":"entry"`, "paper sheet has a number"),
		refusedPaper(`"sheet":"S-12","crossed_at":"2026-11-01T06:00:00Z","direction":"ZNOTE"`, "body.paper.direction"),
		refusedPaper(`"sheet":"S-12","crossed_at":"ZNOTE","direction":"entry"`, "body.paper.crossed_at"),
		refusedPaper(`"sheet":"S-12","direction":"entry"`, "body.paper"),
		scanned("1", passport(number2)), // somebody is at the counter: the sheet waits
		done("POST /counters/1/encounters", `{`+by1+`,"identity":"keyed","particulars":{"kind":"passport","document_number":"UA1","issuing_state":"QRU","surname":"TALVE","nationality":"QRU"},`+
			`"paper":{"sheet":"S-12","crossed_at":"2026-11-01T05:30:00Z","direction":"exit"}}`, 202, `"queue":[{`),
		decided("1", "withdrawn", ""),
		keep("a", done("POST /counters/1/call-ups", `{`+by1+`}`, 202, `"paper":{"sheet":"S-12"`, `"direction":"exit"`)),
		denied("1", "admitted", visit, 422, "invalid", "At exit"),
		decided("1", "departed", ""),
		record("a", `"sheet":"S-12"`, `"late":true`, `"occurred_at":"2026-11-01T05:30:00Z"`, `"local_date":"2026-11-01"`, `"direction":"exit"`),
		without(shows("1", `"entries":0,"exits":0`), `"exits":1`), // yesterday's
	}},
}, keyedFlows()...)

func refusedOpening(rest, word string) step {
	return refused("POST /counters/1/encounters", `{`+by1+`,`+rest+`}`, 422, "invalid", word)
}

func refusedPaper(paper, word string) step {
	return refused("POST /counters/1/encounters", `{`+by1+`,"identity":"declared","particulars":{},"paper":{`+paper+`}}`, 422, "invalid", word)
}

func keyed(kind, number string) string {
	return `{` + by1 + `,"particulars":{"kind":"` + kind + `","document_number":"` + number + `","issuing_state":"QRU","surname":"TALVE","nationality":"QRU"}}`
}

// keyedFlows admit somebody on each kind of document that the form knows.
func keyedFlows() (out []flow) {
	for _, d := range form.Default().DocumentKinds() {
		out = append(out, flow{"a keyed " + d.Code, []step{
			keep("a", done("POST /counters/1/encounters", `{`+by1+`,"identity":"keyed","particulars":{"kind":"`+d.Code+
				`","document_number":"RB2000123","issuing_state":"QRU","surname":"TALVE","given_names":"MINORA","nationality":"QRU","birth_date":"1990-01-01","sex":"F"}}`,
				202, `"kind":"`+d.Code+`"`, `"identity":"`+d.Identity+`"`, `"reason":"no_mrz"`)),
			admitted("1"),
			record("a", `"identity":"`+d.Identity+`"`, `"document_kind":"`+d.Code+`"`, `"document_issuer":"QRU"`, `"mrz":"not_checked(no_mrz)"`),
			passes(time.Hour),
			scanned("2", printed(stranger, "RB2000123", "TALVE", "MINORA", "900101")), // read at exit, it is the same document
			shows("2", `"stays":[{"entry":{"crossing":"{a}"`),
		}})
	}
	return out
}
