package counter

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/access"
	"garita/border/counter"
	"garita/border/manifest"
	"garita/ui/gate/gatetest"
	"garita/ui/i18n"
)

// TestWork sends what officers do besides deciding and looks at what reaches the service.
func TestWork(t *testing.T) {
	at := counter.At{Counter: "PROCEED", Officer: "1041"}
	one, two := ref(1).String(), ref(2).String()
	who := `"encounter":"` + one + `"`
	anna := counter.Particulars{Kind: "birth_certificate", DocumentNumber: "B-1", IssuingState: "QRU", Surname: "ELPHBERG", GivenNames: "OSRA",
		Nationality: "QRU", BirthDate: "2017-03-XX", Sex: "F", ExpiryDate: "2031-05-30"}
	keyed := `"kind":"birth_certificate","document_number":"B-1","issuing_state":"QRU","surname":"ELPHBERG","given_names":"OSRA","nationality":"QRU","birth_date":"2017-03","sex":"F","expiry_date":"20310530"`
	list := "surname,given_names,birth_date\r\nELPHBERG,OSRA,2017-03-04\r\n"
	for _, c := range []struct {
		name, method, path, body string
		want                     asked
		has                      string
	}{
		{"answers", "PUT", "answers", `{` + who + `,"values":{"purpose":"holiday"}}`, asked{"answers", at, []any{ref(1), map[string]string{"purpose": "holiday"}}}, ""},
		{"a keyed document", "POST", "encounters", `{"identity":"keyed",` + keyed + `}`, asked{"open", at, []any{counter.Opening{At: at, Identity: "keyed", Particulars: anna}}}, ""},
		{"from paper, by the post's time", "POST", "encounters", `{"identity":"declared","surname":"ELPHBERG","sheet":"A-17","day":"20261121","time":"1405","direction":"exit"}`,
			asked{"open", at, []any{counter.Opening{At: at, Identity: "declared", Particulars: counter.Particulars{Surname: "ELPHBERG"}, Direction: "exit",
				Paper: &counter.Paper{Sheet: "A-17", CrossedAt: time.Date(2026, 11, 21, 19, 5, 0, 0, time.UTC)}}}}, ""},
		{"keyed again", "PUT", "particulars", `{` + who + `,` + keyed + `}`, asked{"rekey", at, []any{ref(1), anna}}, ""},
		{"a further document", "POST", "documents", `{` + who + `,` + keyed + `}`, asked{"attach", at, []any{ref(1), anna}}, "The document is added."},
		{"joined", "POST", "joined", `{` + who + `,"waiting":"` + ref(2).String() + `"}`, asked{"join", at, []any{ref(1), ref(2)}}, ""},
		{"referred", "POST", "referrals", `{` + who + `,"reason":"hit","note":"n"}`, asked{"refer", at, []any{counter.Referral{At: at, Encounter: ref(1), Reason: "hit", Note: "n"}}}, "on the post’s list"},
		{"taken", "POST", "taken", `{` + who + `}`, asked{"take referral", at, []any{ref(1)}}, ""},
		{"a need", "POST", "needs", `{` + who + `,"kind":"child_alone","reason":"r"}`, asked{"need", at, []any{ref(1), "child_alone", "r"}}, "Noted. Refusal is blocked until handed over or lifted."},
		{"lifted", "POST", "needs-lifted", `{` + who + `,"second":"2007","reason":"r"}`, asked{"lift", at, []any{ref(1), "2007", "r"}}, ""},
		{"abandoned", "POST", "abandoned", `{` + who + `,"reason":"left","note":"n"}`, asked{"abandon", at, []any{ref(1), "left", "n"}}, "no crossing"},
		{"a finger", "POST", "fingers", `{` + who + `,"position":"2","reason":"doubt"}`, asked{"ask finger", at, []any{ref(1), border.FingerPosition(2), "doubt"}}, ""},
		{"a finger is not taken after all", "POST", "fingers-cancelled", `{` + who + `}`, asked{"cancel finger", at, []any{ref(1)}}, ""},
		{"a finger cannot be taken", "POST", "fingers-not-taken", `{` + who + `,"position":"7","reason":"enrolment","code":"missing"}`,
			asked{"finger not taken", at, []any{ref(1), border.FingerPosition(7), "enrolment", "missing"}}, "speaks against nobody"},
		{"without fingerprints", "POST", "biometrics-degraded", `{"second":"2007","reason":"device","hours":"8"}`,
			asked{"degrade", at, []any{counter.Degradation{At: at, Agreement: counter.Agreement{Second: "2007"}, Reason: "device", For: 8 * time.Hour}}}, "ends by itself"},
		{"with fingerprints again", "POST", "biometrics-restored", `{}`, asked{"restore biometrics", at, nil}, "taken again"},
		{"the counter is taken", "POST", "holder", `{}`, asked{"take", at, nil}, ""},
		{"a shift opens", "POST", "shift", `{}`, asked{"open shift", counter.At{Officer: "1041"}, nil}, ""},
		{"a shift closes", "POST", "shift-closed", `{}`, asked{"close shift", counter.At{Officer: "1041"}, nil}, "Closed 22 Nov 2026"},
		{"a group", "POST", "group", `{"kind":"bus"}`, asked{"open group", at, []any{"bus"}}, ""},
		{"shared answers", "PUT", "group/shared", `{"values":{"plate":"Q-1"}}`, asked{"share", at, []any{map[string]string{"plate": "Q-1"}}}, ""},
		{"a list", "POST", "group/list", `{"text":"` + strings.ReplaceAll(list, "\r\n", `\r\n`) + `"}`,
			asked{"list", at, []any{manifest.List{People: []manifest.Person{{Surname: "ELPHBERG", GivenNames: "OSRA", BirthDate: "2017-03-04"}}}}}, "1 person is expected"},
		{"selected", "POST", "group/selected", `{` + who + `}`, asked{"select", at, []any{ref(1)}}, ""},
		{"an adult", "POST", "group/responsible", `{` + who + `,"adult":"` + two + `"}`, asked{"responsible", at, []any{ref(1), ref(2)}}, ""},
		{"no adult any more", "POST", "group/responsible", `{` + who + `}`, asked{"responsible", at, []any{ref(1), border.ID{}}}, ""},
		{"the group is closed", "POST", "group/closed", `{}`, asked{"close group", at, nil}, ""},
		{"all that are ready", "POST", "group/decisions", `{"members":[{"encounter":"` + one + `","revision":3},{"encounter":"` + two + `","revision":4}]}`,
			asked{"decide group", at, []any{[]counter.Member{{Encounter: ref(1), Revision: 3}, {Encounter: ref(2), Revision: 4}}}},
			"Recorded: 1 person. Not recorded: 1 person. This person must be looked at alone."},
		{"a crossing to correct", "GET", "crossings/" + one, "", asked{"standing", counter.At{Officer: "1041"}, []any{ref(1)}}, "Hotel Amaurot"},
		{"a correction", "POST", "corrections", `{"change":"` + one + `","crossing":"` + two + `","reason":"typing","second":"2007","outcome":"refused","ground":"means","direction":"entry","note":"n","values":{"purpose":"health"},"particulars":{` + keyed + `}}`,
			asked{"correct", at, []any{counter.Correction{At: at, Change: ref(1), Crossing: ref(2), Reason: "typing", Agreement: counter.Agreement{Second: "2007"}, Outcome: "refused", Ground: "means", Direction: "entry", Note: "n",
				Values: map[string]string{"purpose": "health"}, Particulars: &anna}}}, "the correction"},
		{"an extension", "POST", "extensions", `{"change":"` + one + `","crossing":"` + two + `","until":"20261231","reason":"health"}`,
			asked{"extend", at, []any{counter.Extension{At: at, Change: ref(1), Crossing: ref(2), Until: "2026-12-31", Reason: "health"}}}, ""},
		{"a notice", "GET", "notices/" + one, "", asked{"notice", counter.At{}, []any{ref(1)}}, "Notice of refusal of entry"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, nil)
			got := s.do(c.method, "/counters/PROCEED/"+c.path, c.body, nil)
			if got.status != http.StatusOK || !strings.Contains(got.body, c.has) {
				t.Fatalf("%d %s\nwant 200 with %q", got.status, got.body, c.has)
			}
			if c.method == "GET" && got.header.Get("Cache-Control") != "no-store" {
				t.Error("an answer that shows a person may be stored")
			}
			if d := cmp.Diff([]asked{c.want}, s.fake.did); d != "" {
				t.Errorf("asked of the service (-want +got):\n%s", d)
			}
			// What the service refuses is told, and what a stranger's page sends never arrives.
			s.fake.err = &border.Error{Code: border.Conflict, Op: "test", Message: "Not like this."}
			if refused := s.do(c.method, "/counters/PROCEED/"+c.path, c.body, nil); refused.status != http.StatusConflict || !strings.Contains(refused.body, "Not like this.") {
				t.Errorf("refused: %d %s", refused.status, refused.body)
			}
			s.fake.did = nil
			if c.method != "GET" {
				if foreign := s.do(c.method, "/counters/PROCEED/"+c.path, c.body, map[string]string{"Origin": "http://example.org"}); foreign.status != http.StatusForbidden || s.fake.did != nil {
					t.Errorf("another site's page: %d, %v", foreign.status, s.fake.did)
				}
				if c.body == "{}" { // it says nothing but what is in its address
					return
				}
				if broken := s.do(c.method, "/counters/PROCEED/"+c.path, `{"encounter":`, nil); broken.status != http.StatusUnprocessableEntity || s.fake.did != nil {
					t.Errorf("a broken body: %d, %v", broken.status, s.fake.did)
				}
			}
		})
	}
}

// TestDecisionCarriesTheRecord sends all that a decision may have.
func TestDecisionCarriesTheRecord(t *testing.T) {
	s := serve(t, nil)
	got := s.do("POST", "/counters/PROCEED/decisions", `{"encounter":"`+ref(1).String()+`","revision":2,"outcome":"handed_over",
		"second":"2007","handed_to":"police","receipt":"No. 7","continues":"`+ref(9).String()+`","values":{"purpose":"holiday"}}`, nil)
	if got.status != 200 {
		t.Fatalf("%d %s", got.status, got.body)
	}
	nine := ref(9)
	want := counter.Decision{Counter: "PROCEED", Encounter: ref(1), Revision: 2, Outcome: "handed_over", Officer: "1041", Agreement: counter.Agreement{Second: "2007"},
		HandedTo: "police", Receipt: "No. 7", Continues: &nine, Values: map[string]string{"purpose": "holiday"}}
	if d := cmp.Diff([]counter.Decision{want}, s.fake.decisions); d != "" {
		t.Errorf("decisions (-want +got):\n%s", d)
	}
}

// TestListWithProblems takes nothing until the officer has seen the lines that are wrong.
func TestListWithProblems(t *testing.T) {
	s := serve(t, nil)
	text := `surname,birth_date\nELPHBERG,2017-03-04\nSAPT,yesterday\n`
	got := s.do("POST", "/counters/PROCEED/group/list", `{"text":"`+text+`"}`, nil)
	if got.status != 200 || !strings.Contains(got.body, `"taken":false`) || !strings.Contains(got.body, `"line":3`) || s.fake.did != nil {
		t.Errorf("first: %d %s, asked %v", got.status, got.body, s.fake.did)
	}
	got = s.do("POST", "/counters/PROCEED/group/list", `{"partial":true,"text":"`+text+`"}`, nil)
	if got.status != 200 || !strings.Contains(got.body, `"taken":true`) || len(s.fake.did) != 1 {
		t.Errorf("then: %d %s, asked %v", got.status, got.body, s.fake.did)
	}
	if got = s.do("POST", "/counters/PROCEED/group/list", `{"text":"no header"}`, nil); got.status != 422 {
		t.Errorf("no list: %d %s", got.status, got.body)
	}
}

func TestTemplates(t *testing.T) {
	s := serve(t, nil)
	for _, kind := range []string{"crew", "passengers"} {
		got := s.do("GET", "/counters/PROCEED/group/template/"+kind, "", nil)
		if got.status != 200 || got.body != string(manifest.Template(kind)) || !strings.Contains(got.header.Get("Content-Disposition"), kind+".csv") {
			t.Errorf("%s: %d %q %v", kind, got.status, got.body, got.header)
		}
	}
	if got := s.do("GET", "/counters/PROCEED/group/template/x", "", nil); got.status != 404 {
		t.Errorf("no such template: %d", got.status)
	}
}

// TestShiftReport shows the report of the open shift with the names of who is referred.
func TestShiftReport(t *testing.T) {
	s := serve(t, nil)
	if got := s.do("GET", "/counters/REFERRALS/shift", "", nil); got.status != 200 || !strings.Contains(got.body, "No shift is open") {
		t.Errorf("none: %d %s", got.status, got.body)
	}
	r := shiftReport()
	s.fake.shift = &r
	got := s.do("GET", "/counters/REFERRALS/shift", "", nil)
	for _, has := range []string{"RASSENDYLL, RUDOLF", "(name no longer readable)", "Visitor", "Refused entry", "Corrections"} {
		if !strings.Contains(got.body, has) {
			t.Errorf("%q is missing in %s", has, got.body)
		}
	}
}

// TestReadsAreTold: who reads out a crossing or prints a notice stands in the audit before anything
// is given; if that cannot be written, nothing is.
func TestReadsAreTold(t *testing.T) {
	s := serve(t, nil)
	for _, path := range []string{"crossings/", "notices/"} {
		path = "/counters/PROCEED/" + path + ref(1).String()
		if got := s.do("GET", path, "", nil); got.status != http.StatusOK {
			t.Fatalf("%d %s", got.status, got.body)
		}
		want := []border.Act{{Action: "record.read", Officer: "1041", Counter: "PROCEED", Session: "session of 1041", Object: ref(1).String()}}
		if d := cmp.Diff(want, s.acts.Told()); d != "" {
			t.Errorf("%s (-want +got):\n%s", path, d)
		}
		s.fake.did = nil
		s.acts.Fail(&border.Error{Code: border.NotDurable, Op: "audit"})
		if got := s.do("GET", path, "", nil); got.status != http.StatusServiceUnavailable || s.fake.did != nil {
			t.Errorf("unaudited: %d %s", got.status, got.body)
		}
		s.acts.Fail(nil)
	}
}

// TestStreamEndsWithItsSession: what a counter shows ends at the heartbeat after its session.
func TestStreamEndsWithItsSession(t *testing.T) {
	s := serve(t, nil)
	live := s.stream("PROCEED")
	live.next()
	s.sessions.End(gatetest.Token("1041", "PROCEED", access.Inspector))
	for live.next()["event"] != "ended" {
	}
	if got := s.do("GET", "/live/counters/PROCEED", "", nil); got.status != http.StatusUnauthorized {
		t.Errorf("it begins again: %d %s", got.status, got.body)
	}
}

// TestTheNeedIsNowhere: whatever is noted, the screen says no more than that something is.
func TestTheNeedIsNowhere(t *testing.T) {
	s := serve(t, nil)
	for _, kind := range []string{border.AsksProtection, border.ChildAlone, border.NeedsHelp} {
		got := s.do("POST", "/counters/PROCEED/needs", `{"encounter":"`+ref(1).String()+`","kind":"`+kind+`","reason":"fled"}`, nil)
		if got.body != `{"text":"`+"Noted. Refusal is blocked until handed over or lifted."+`"}` {
			t.Errorf("%s: %s", kind, got.body)
		}
	}
	noted := states()["KEYED-CHILD"]
	sc := &screen{cfg: Config{Service: s.fake}}
	before := sc.panel(noted, english)
	noted.Encounter.Protected = false
	after := sc.panel(noted, english)
	after.Protected = true
	if d := cmp.Diff(before, after); d != "" {
		t.Errorf("a note shows in more than its one mark:\n%s", d)
	}
}

func TestDashed(t *testing.T) {
	for in, want := range map[string]string{"19740812": "1974-08-12", " 1974xx12 ": "1974-XX-12", "1974": "1974-XX-XX", "1974-08": "1974-08-XX",
		"1974-08-12": "1974-08-12", "": "", "12.8.1974": "12.8.1974", "yesterday": "YESTERDAY"} {
		if got := dashed(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestCountriesOfTheForm(t *testing.T) {
	codes := strings.Join(countries(newFake().Form()), " ")
	for _, has := range []string{"D", "FRA", "UTO", "XXA"} {
		if !strings.Contains(" "+codes+" ", " "+has+" ") {
			t.Errorf("%s is missing in %s", has, codes)
		}
	}
}

// TestStatesOfTheForm: the parser knows Doc 9303 only; a state that the form adds is no oddity.
func TestStatesOfTheForm(t *testing.T) {
	s := &screen{cfg: Config{Service: newFake()}}
	v := states()["VISITOR"]
	e := *v.Encounter
	e.Document.Warnings = []string{"unknown_state nationality", "unknown_state issuing_state", "ocr_corrected birth_date"}
	v.Encounter = &e
	if got := s.panel(v, english).Doc.Warnings; len(got) != 1 {
		t.Errorf("of a state of the form: %q", got)
	}
	e.Document.Nationality, e.Document.IssuingState = "QQQ", "QQQ"
	if got := s.panel(v, english).Doc.Warnings; len(got) != 3 {
		t.Errorf("of no known state: %q", got)
	}
}

// The picture of days is a bar of its whole: never longer, nothing of it negative, and what is over is seen.
func TestPictureOfDays(t *testing.T) {
	w := words{Printer: i18n.In(i18n.English)}
	at := &border.PastCrossing{}
	for name, c := range map[string]struct {
		stay counter.PastStay
		want *DaysPicture
	}{
		"inside":           {counter.PastStay{Entry: at, Days: 9, DaysGranted: 90}, &DaysPicture{100, 0, "Days used: 9 of 90 granted. Days left: 81."}},
		"over":             {counter.PastStay{Entry: at, Days: 100, DaysGranted: 80, Overstayed: 20}, &DaysPicture{800, 200, "Days used: 100 of 80 granted. Days over: 20."}},
		"ended":            {counter.PastStay{Entry: at, Exit: at, Days: 45, DaysGranted: 90}, &DaysPicture{500, 0, "Days used: 45 of 90 granted."}},
		"over by the day":  {counter.PastStay{Entry: at, Exit: at, Days: 10, DaysGranted: 90, Overstayed: 50}, &DaysPicture{0, 1000, "Days used: 10 of 90 granted. Days over: 50."}},
		"more, not over":   {counter.PastStay{Entry: at, Days: 31, DaysGranted: 30}, &DaysPicture{1000, 0, "Days used: 31 of 30 granted."}},
		"days not known":   {counter.PastStay{Entry: at, DaysGranted: 90}, nil},
		"nothing granted":  {counter.PastStay{Entry: at, Days: 5}, nil},
		"before its entry": {counter.PastStay{Entry: at, Days: -3, DaysGranted: 90}, nil},
	} {
		if diff := cmp.Diff(c.want, w.picture(c.stay)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
