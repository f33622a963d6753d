package form_test

import (
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"garita/border"
	"garita/border/form"
	"garita/border/icao"
)

// TestMistakes makes one mistake at a time in the default file; the error says where it is
// and what is allowed.
func TestMistakes(t *testing.T) {
	b, err := os.ReadFile("form.toml")
	if err != nil {
		t.Fatal(err)
	}
	whole := string(b)
	for _, m := range []struct{ old, new, want string }{
		{"version = 3\n", "version = 3\ncolour = 2\n", `unknown key "colour"; allowed: version, country`},
		{"version = 3\n", "version = \"1\"\n", "column 11"},
		{"version = 3\n", "", "version: a number"},
		{"version = 3\n", "version = 0\n", "version: a number"},
		{"country = \"UTO\"\n", "country = \"uto\"\n", "country: the own country's code"},
		{"countries = \"UTO ", "countries = \"", "country: \"UTO\" is no code"},
		{"countries = \"UTO ", "countries = \"UTOPIA ", "countries: \"UTOPIA\""},
		{"minor_age = 18", "minor_age = 0", "minor_age: "},
		{"supervisor_refuses = true\n", "", "supervisor_refuses: "},
		{"\"national returnee\" # besides", "\"natoinal\" # besides", `never_refused: unknown category "natoinal"; allowed: national,`},
		{`"resident border_resident border_worker`, `"residnet`, `lasting: unknown category "residnet"; allowed: national,`},
		{"stateless = \"XXA\"", "stateless = \"XYZ\"", `stateless: unknown country "XYZ"`},
		{"stateless = \"XXA\"", "own = \"XXA\"", `"own" is no name`},
		{"DEU = \"D\"", "FRA = \"D\"", "[country_aliases]: FRA"},
		{"DEU = \"D\"", "DEU = \"XYZ\"", "[country_aliases]: DEU"},
		{"recipients = [", "receivers = [", "[lists]: recipients is missing"},
		{`{ code = "asks_protection"`, `{ code = "asylum"`, "needs must have the codes asks_protection, child_alone, needs_help"},
		{`{ code = "shopping"`, `{ code = "transit"`, `[lists]: purposes: code "transit" is there twice`},
		{`{ code = "shopping"`, `{ code = "none"`, `[lists]: purposes: code "none"`},
		{`label = "Shopping", key = "6"`, `label = "Shopping", key = "5"`, `key "5" is there twice`},
		{`label = "Shopping", key = "6"`, `label = "Shopping", key = "ü"`, "allowed: one of a to z and 0 to 9"},
		{`label = "Shopping", key = "6"`, `label = "", key = "6"`, "label is missing"},
		{`label = "Shopping", key = "6"`, `lable = "Shopping", key = "6"`, `unknown key "lists.lable"; allowed: code, label, key`},
		{"[fingers]\nreasons", "[fingers]\nwhy", `unknown key "fingers.why"; allowed: reasons, not_taken, degraded, code, label, key`},
		{`{ code = "enrolment", label`, `{ code = "enrolment", lable`, `unknown key "fingers.lable"; allowed: reasons, not_taken, degraded, code, label, key`},
		{`{ code = "enrolment"`, `{ code = "policy"`, `[fingers]: reasons: code "policy" is there twice`},
		{`{ code = "degraded"`, `{ code = "without"`, "[fingers]: not_taken must have the code degraded"},
		{"group_kinds = [", "finger_reasons = []\ngroup_kinds = [", "finger_reasons is the program's; put it under [fingers] as reasons"},
		{`code = "birth_certificate"`, `code = "passport"`, `[[document]]: code "passport" is there twice`},
		{"mrz = false\nidentity = \"declared\"", "mrz = false\nidentity = \"read\"", `unknown identity "read"; allowed: keyed, declared`},
		{"when = { nationality = \"own\" }\nis = \"national\"", "when = { nationality = \"own\" }\nis = \"local\"", `[[guess]] number 1: is: unknown category "local"`},
		{"when = { nationality = \"own\" }\nis", "when = { category = \"national\" }\nis", "cannot depend on the category"},
		{"[[guess]]\nis = \"visitor\"\n", "", "[[guess]]: the last one must have no condition"},
		{"when = { direction = \"exit\" }\n[[days]]", "when = { direction = \"out\" }\n[[days]]", `[[days]] number 1: direction: unknown word "out"; allowed: entry, exit, none`},
		{"basis = \"accreditation\"", "basis = \"accredited\"", `unknown legal basis "accredited"`},
		{"days = 10\n", "days = 4000\n", "[[days]] number 5: days: a number from 0 to 3660"},
		{"purpose = \"education\"", "address = \"none\"", `a condition on "address"; allowed: direction, category`},
		{"name = \"category\"", "name = \"categroy\"", "the first field must be category"},
		{"name = \"employer\"", "name = \"address\"", `field "address": it is there twice`},
		{"name = \"employer\"", "name = \"nationality\"", `field "nationality": this is no name for a field`},
		{"name = \"employer\"", "name = \"not_employer\"", "not beginning with not_"},
		{"name = \"residence\"\nlabel = \"Country of residence\"\nhint = \"Where the person lives most of the year\"\nkind = \"country\"",
			"name = \"residence\"\nlabel = \"R\"\nkind = \"text\"\nmax = 50", `field "residence": kind: it stands in the open header and must be "country"`},
		{"kind = \"text\"\nmax = 10\n", "kind = \"text\"\n", `field "flight": max: `},
		{"kind = \"text\"\nmax = 10\n", "kind = \"test\"\nmax = 10\n", `unknown kind "test"; allowed: code, country, text`},
		{"kind = \"text\"\nmax = 10\n", "kind = \"date\"\nmax = 10\n", `field "flight": max: only a number or text field has one`},
		{"kind = \"text\"\nmax = 10\n", "kind = \"text\"\nmax = 4900\n", "the texts have more than 5000 characters together"},
		{"min = 1\nmax = 9999", "min = 9\nmax = 1", `field "intended_days": min, max`},
		{"list = \"visa_types\"", "list = \"visas\"", `field "visa_type": list: unknown list "visas"; allowed: abandon_reasons`},
		{"list = \"purposes\"", "list = \"relations\"", `field "purpose": list: it must be "purposes"`},
		{"transport_mode = \"air\" }]\nrequired", "transport_mode = \"plane\" }]\nrequired", `field "flight": when: transport_mode: unknown word "plane"; allowed: air`},
		{"transport_mode = \"air\" }]\nrequired", "operator = \"none\" }]\nrequired", `field "flight": when: a condition on "operator"`},
		{"transport_mode = \"air\" }]\nrequired", "transport_mode = \" \" }]\nrequired", "transport_mode has no words"},
		{"age = \"minor\", direction", "age = \"young\", direction", `field "permission_paper": required: age: "young" is no age; allowed: minor, adult, unknown`},
		{"age = \"minor\", direction", "age = \"11-3\", direction", `age: "11-3"`},
		{"age = \"minor\", direction", "post = \"north gate\", direction", `post: "north" is no name of a post`},
		{"not_nationality = \"no_country\"", "not_nationality = \"nobody\"", `field "residence": default: nationality: unknown country "nobody"`},
		{"from = \"basis\"", "from = \"base\"", `field "legal_basis": default: from: unknown "base"`},
		{"{ is = \"passenger\" }", "{ is = \"rider\" }", `field "role": default: is: "rider" is not accepted`},
		{"{ is = \"passenger\" }", "{ }", "either is or from"},
		{"[words.es]", "[words.Es]", "no language"},
		{"\"Visitor\" = \"Visitante\"", "\"Visitor\" = \"\"", `[words.es]: "Visitor": its word is missing`},
	} {
		if strings.Count(whole, m.old) == 0 {
			t.Errorf("the file has no %q", m.old)
			continue
		}
		_, err := form.Parse([]byte(strings.Replace(whole, m.old, m.new, 1)))
		if border.CodeOf(err) != border.Invalid || !strings.Contains(err.Error(), m.want) {
			t.Errorf("%q: error %v, want %s", m.new, err, m.want)
		}
	}
}

// TestLimits: a file too large is told from one that is wrong, and many mistakes or depth do
// no harm.
func TestLimits(t *testing.T) {
	for _, c := range []struct {
		text string
		want border.Code
	}{
		{strings.Repeat("# x\n", 2000), border.Invalid},
		{strings.Repeat("# x\n", 2001), border.TooLarge},
		{"#" + strings.Repeat("x", 998) + "\n", border.Invalid},
		{"#" + strings.Repeat("x", 999) + "\n", border.TooLarge},
		{strings.Repeat("#"+strings.Repeat("x", 900)+"\n", 146), border.TooLarge},
		{strings.Repeat("[[a]]\n", 2000), border.Invalid},
		{"[lists]\na=[\n" + strings.Repeat(strings.Repeat("{b=1},", 150)+"\n", 30) + "]", border.Invalid},
		{"a=" + strings.Repeat(strings.Repeat("[", 990)+"\n", 60), border.Invalid},
		{"a=" + strings.Repeat("{a=", 300), border.Invalid},
		{strings.Repeat("a.", 400) + "a=1", border.Invalid},
	} {
		if _, err := form.Parse([]byte(c.text)); border.CodeOf(err) != c.want {
			t.Errorf("%.20q...: error %v, want %s", c.text, err, c.want)
		}
	}
}

func TestVersion(t *testing.T) {
	v := form.Default().Version()
	if f := strings.Fields(v); len(f) != 3 || f[0] != "UTO" || len(f[2]) != 8 || len(v) > 40 {
		t.Errorf("version %q", v)
	}
	b, err := os.ReadFile("form.toml")
	if err != nil {
		t.Fatal(err)
	}
	other, err := form.Parse(append(b, "# another word\n"...))
	if err != nil || other.Version() == v {
		t.Errorf("another file has the version %q too, %v", v, err)
	}
}

// TestAdapted: another country's file changes who is a national, a minor and what is asked.
func TestAdapted(t *testing.T) {
	b, err := os.ReadFile("form.toml")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("country = \"UTO\"\n", "country = \"D\"\n", "minor_age = 18", "minor_age = 16",
		"supervisor_refuses = true", "supervisor_refuses = false").Replace(string(b))
	if _, err = form.Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), "three capitals") {
		t.Errorf("a country of one letter: %v", err)
	}
	text = strings.Replace(text, "country = \"D\"\n", "country = \"GTM\"\n", 1)
	text += "[[field]]\nname = \"arrived_first\"\nlabel = \"First arrival\"\nkind = \"edtf\"\nwhen = [{ post = \"NORTH-1\", age = \"0-11 60-99\" }]\n" +
		"[[field]]\nname = \"insured\"\nlabel = \"Insured\"\nkind = \"yesno\"\nrequired = [{ not_arrived_first = \"none\" }]\n"
	f, err := form.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if f.Country() != "GTM" || f.Category(form.Facts{Nationality: "GTM"}) != "national" || f.Category(form.Facts{Nationality: "UTO"}) != "visitor" {
		t.Error("the own country did not change")
	}
	if f.Minor(16) || !f.Minor(15) || !f.Minor(0) || f.Minor(-1) || f.SupervisorRefuses() {
		t.Error("the age of minors or the supervisor did not change")
	}
	facts := form.Facts{Direction: border.Exit, Nationality: "GTM", Age: 61, Post: "NORTH-1"}
	r, problems := f.Check(facts, map[string]string{"arrived_first": "1974-02"})
	if want := []form.Problem{{Field: "insured", Message: "Insured is missing.", Why: form.Missing, Args: []string{"Insured"}}}; !cmp.Equal(want, problems) || r.Answers["arrived_first"] != "1974-02-XX" {
		t.Errorf("%+v, %v", r, problems)
	}
	facts.Age = 59
	if _, problems = f.Check(facts, map[string]string{"arrived_first": "1974-02"}); len(problems) != 1 || problems[0].Field != "arrived_first" {
		t.Errorf("at 59: %v", problems)
	}
}

// TestProposals: a default counts until the field is left empty on purpose, and is only what
// the field would accept.
func TestProposals(t *testing.T) {
	b, err := os.ReadFile("form.toml")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(b), "min = 1\nmax = 3660", "min = 0\nmax = 3660", 1)
	text += "[[field]]\nname = \"guessed_age\"\nlabel = \"Age as it looks\"\nkind = \"number\"\nmax = 120\nwhen = [{ age = \"unknown\" }]\n"
	f, err := form.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	asked := func(facts form.Facts, values map[string]string, name string) (form.Field, bool) {
		facts.Direction = border.Entry
		fields := f.Fields(facts, values)
		i := slices.IndexFunc(fields, func(d form.Field) bool { return d.Name == name })
		if i < 0 {
			return form.Field{}, false
		}
		return fields[i], true
	}
	work := map[string]string{"purpose": "seasonal_work"}
	if _, ok := asked(form.Facts{Nationality: "FRA", Age: 30}, work, "visa_number"); !ok {
		t.Error("the proposed basis, a permit, does not ask for its number")
	}
	work["legal_basis"] = ""
	if _, ok := asked(form.Facts{Nationality: "FRA", Age: 30}, work, "visa_number"); ok {
		t.Error("the basis was left empty, and a permit's number is asked")
	}
	if d, ok := asked(form.Facts{Category: "diplomat", Nationality: "FRA", Age: 30}, nil, "days_granted"); !ok || d.Default != "" {
		t.Errorf("no days are proposed, not %q", d.Default)
	}
	if d, ok := asked(form.Facts{Nationality: "ZZZ", Age: 30}, nil, "residence"); !ok || d.Default != "" {
		t.Errorf("an unknown country is proposed: %q", d.Default)
	}
	if d, _ := asked(form.Facts{Nationality: "DEU", Age: 30}, nil, "residence"); d.Default != "D" {
		t.Errorf("of DEU %q is proposed", d.Default)
	}
	for age, want := range map[int]bool{-1: true, 0: false, 17: false, 18: false} {
		if _, ok := asked(form.Facts{Age: age}, nil, "guessed_age"); ok != want {
			t.Errorf("at %d: an unknown age is %v", age, ok)
		}
	}
}

// TestTables asks the lists and tables that the program relies on.
func TestTables(t *testing.T) {
	f := form.Default()
	for _, list := range []string{"recipients", "referral_reasons", "abandon_reasons", "correction_reasons", "extension_reasons",
		"group_kinds", "relations", "permission_papers", "needs"} {
		if len(f.Codes(list)) == 0 {
			t.Errorf("no list %s", list)
		}
	}
	if f.Codes("nothing") != nil || f.Grounds(border.Admitted) != nil || f.Grounds(border.HandedOver) != nil {
		t.Error("a list that is not there has codes")
	}
	has := func(o border.Outcome, code string) bool {
		return slices.ContainsFunc(f.Grounds(o), func(c form.Code) bool { return c.Code == code })
	}
	for _, code := range []string{"document_invalid", "document_false", "no_visa", "listed", "entry_ban", "purpose", "means", "other"} {
		if !has(border.Refused, code) {
			t.Errorf("no ground %s: records have it", code)
		}
	}
	if !has(border.DeparturePrevented, "court_order") || has(border.Refused, "court_order") {
		t.Error("the grounds of the two outcomes are not told apart")
	}
	if k, ok := f.Kind("birth_certificate"); !ok || k.MRZ || k.Identity != border.IdentityKeyed {
		t.Errorf("birth certificate: %+v", k)
	}
	if k, ok := f.Kind("lost_document_report"); !ok || k.Identity != border.IdentityDeclared {
		t.Errorf("report of a lost document: %+v", k)
	}
	if _, ok := f.Kind(""); ok || len(f.DocumentKinds()) != 15 {
		t.Error("the kinds of documents are not the fifteen")
	}
	entry := func(category, nationality string) form.Facts {
		return form.Facts{Direction: border.Entry, Category: category, Nationality: nationality, Age: -1}
	}
	for _, r := range []struct {
		facts     form.Facts
		purpose   string
		days      int
		basis     string
		refusable bool
	}{
		{entry("", "UTO"), "", 0, "", false},
		{entry("visitor", "UTO"), "", 90, "visa_free", false}, // whatever was chosen
		{entry("returnee", "XXX"), "", 0, "", false},
		{entry("", "FRA"), "holiday", 90, "visa_free", true},
		{entry("", "FRA"), "", 90, "visa_free", true},
		{entry("", "FRA"), "education", 365, "permit", true},
		{entry("border_worker", "FRA"), "education", 7, "border_permit", true},
		{entry("no such category", "FRA"), "business", 30, "visa_free", true},
		{entry("diplomat", "FRA"), "", 0, "accreditation", true},
		{form.Facts{Direction: border.Exit, Nationality: "FRA"}, "holiday", 0, "", true},
	} {
		days, basis := f.Days(r.facts, r.purpose)
		if days != r.days || basis != r.basis || f.Refusable(r.facts) != r.refusable {
			t.Errorf("%+v, %s: %d days, %s, refusable %v", r.facts, r.purpose, days, basis, f.Refusable(r.facts))
		}
	}
}

// TestValues reads one value of each kind, right and wrong.
func TestValues(t *testing.T) {
	f := form.Default()
	facts := form.Facts{Direction: border.Entry, Nationality: "FRA", Age: 30}
	for _, v := range []struct {
		field, value, want string // "" for a problem
	}{
		{"previous_country", " fra ", "FRA"}, {"previous_country", "uto", "UTO"}, {"previous_country", "DEU", "D"}, {"previous_country", "d", "D"},
		{"previous_country", "XXA", "XXA"}, {"previous_country", "UNO", "UNO"}, {"previous_country", "EUE", "EUE"},
		{"previous_country", "FR", ""}, {"previous_country", "ſra", ""}, {"previous_country", "FRA FRA", ""}, {"previous_country", "\xff\xff\xff", ""},
		{"address", "  Calle 1  ", "Calle 1"}, {"address", strings.Repeat("ñ", 200), strings.Repeat("ñ", 200)},
		{"address", strings.Repeat("n", 201), ""}, {"address", "a\nb", ""}, {"address", "a\x00b", ""}, {"address", "a\u202eb", ""},
		{"address", "a\u2028b", ""}, {"address", "a\xffb", ""}, {"address", "a\u200db", "a\u200db"}, {"address", " \t\n", ""},
		{"days_granted", "1", "1"}, {"days_granted", "0090", "90"}, {"days_granted", "3660", "3660"},
		{"days_granted", "0", ""}, {"days_granted", "3661", ""}, {"days_granted", "-1", ""}, {"days_granted", "+1", ""},
		{"days_granted", "1.0", ""}, {"days_granted", "99999999999999999999", ""}, {"days_granted", "٣", ""},
		{"purpose", "holiday", "holiday"}, {"purpose", "Holiday", ""}, {"purpose", "1", ""},
	} {
		r, problems := f.Check(facts, map[string]string{v.field: v.value})
		got := map[string]string{"previous_country": r.PreviousCountry, "address": r.Answers["address"], "purpose": r.Purpose,
			"days_granted": strings.TrimPrefix(strconv.Itoa(r.DaysGranted), "0")}[v.field]
		bad := slices.ContainsFunc(problems, func(p form.Problem) bool { return p.Field == v.field })
		if got != v.want || bad != (v.want == "") {
			t.Errorf("%s %q: %q, %v", v.field, v.value, got, problems)
		}
	}
}

// TestDates reads days and partial days, of a form that has such fields.
func TestDates(t *testing.T) {
	b, err := os.ReadFile("form.toml")
	if err != nil {
		t.Fatal(err)
	}
	f, err := form.Parse(append(b, "[[field]]\nname = \"day\"\nlabel = \"Day\"\nkind = \"date\"\n[[field]]\nname = \"about\"\nlabel = \"About\"\nkind = \"edtf\"\n"...))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []struct{ field, value, want string }{
		{"day", "2026-11-22", "2026-11-22"}, {"day", "2024-02-29", "2024-02-29"}, {"day", "2026-02-29", ""}, {"day", "2026-11-XX", ""}, {"day", "22.11.2026", ""},
		{"about", "1974-08-12", "1974-08-12"}, {"about", "1974", "1974-XX-XX"}, {"about", "1974-08", "1974-08-XX"}, {"about", "197x-xx-xx", "197X-XX-XX"},
		{"about", "XXXX-02-29", "XXXX-02-29"}, {"about", "1973-02-29", ""}, {"about", "1974-13-XX", ""}, {"about", "1974-1X-3X", "1974-1X-3X"},
		{"about", "1974-0X-32", ""}, {"about", "1974-00-XX", ""}, {"about", "1974-8-12", ""}, {"about", "-974-08-12", ""}, {"about", "1974-08-1é", ""},
	} {
		r, problems := f.Check(form.Facts{Direction: border.Exit, Age: 30}, map[string]string{v.field: v.value})
		if r.Answers[v.field] != v.want || (len(problems) > 0) != (v.want == "") {
			t.Errorf("%s %q: %q, %v", v.field, v.value, r.Answers[v.field], problems)
		}
	}
}

func codes(f *form.Form, list string) []string {
	out := []string{""}
	for _, c := range f.Codes(list) {
		out = append(out, c.Code)
	}
	return out
}

func drawFacts(t *rapid.T, f *form.Form) form.Facts {
	pick := func(label string, of ...string) string { return rapid.SampledFrom(of).Draw(t, label) }
	return form.Facts{Direction: pick("direction", border.Entry, border.Exit), Category: pick("category", codes(f, "categories")...),
		Nationality: pick("nationality", "UTO", "FRA", "D", "DEU", "XXA", "XXB", "UNO", "ZZZ", ""), Age: rapid.IntRange(-1, 90).Draw(t, "age"),
		Post: border.PostID(pick("post", "PCA", "")), Identity: pick("identity", border.IdentityRead, border.IdentityKeyed, border.IdentityDeclared),
		Role: pick("role", codes(f, "roles")...), Group: pick("group", codes(f, "group_kinds")...), Responsible: rapid.Bool().Draw(t, "responsible")}
}

// fill gives a field a value that it must accept.
func fill(t *rapid.T, d form.Field) string {
	switch d.Kind {
	case form.KindCode:
		return rapid.SampledFrom(d.Codes).Draw(t, d.Name).Code
	case form.KindCountry:
		return rapid.SampledFrom(append(icao.Codes(), "UTO")).Draw(t, d.Name)
	case form.KindNumber:
		return strconv.Itoa(rapid.IntRange(d.Min, d.Max).Draw(t, d.Name))
	case form.KindText:
		return strings.Repeat(rapid.SampledFrom([]string{"a", "Ñ", "中", "<", "\""}).Draw(t, d.Name), rapid.IntRange(1, d.Max).Draw(t, "length"))
	}
	t.Fatalf("no value for the kind %q", d.Kind)
	return ""
}

// TestEveryFieldCanBeFilled walks the screen from above, fills every field that applies or
// leaves it empty if it may be, and Check accepts the result and records all of it. In the
// end every field of the form was filled.
func TestEveryFieldCanBeFilled(t *testing.T) {
	f := form.Default()
	filled := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		facts, values := drawFacts(t, f), map[string]string{}
		for i := 0; ; i++ {
			fields := f.Fields(facts, values)
			if i == len(fields) {
				break
			}
			d := fields[i]
			values[d.Name] = ""
			if d.Required || rapid.IntRange(0, 3).Draw(t, "fill") > 0 {
				values[d.Name] = fill(t, d)
				filled[d.Name]++
			}
		}
		r, problems := f.Check(facts, values)
		if len(problems) > 0 {
			t.Fatalf("%+v\n%v\n%v", facts, values, problems)
		}
		var h border.Header
		r.Apply(&h)
		if r.Category == "" || h.Category != r.Category || h.IntendedDays != r.IntendedDays || h.Role != r.Role {
			t.Fatalf("the header does not say what the record says: %+v", r)
		}
		kept := len(r.Answers)
		for _, v := range []string{r.Purpose, r.Residence, r.BirthCountry, r.PreviousCountry, r.NextCountry, r.Destination,
			r.LegalBasis, r.VisaType, r.VisaIssuer, r.TransportMode} {
			if v != "" {
				kept++
			}
		}
		for _, n := range []int{r.IntendedDays, r.DaysGranted} {
			if n != 0 {
				kept++
			}
		}
		sent := 0
		for name, v := range values {
			if v != "" && name != "category" && name != "role" {
				sent++
			}
		}
		if kept != sent {
			t.Fatalf("%d values were sent and %d recorded\n%v\n%+v", sent, kept, values, r)
		}
	})
	b, err := os.ReadFile("form.toml")
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.Count(string(b), "[[field]]\n"); len(filled) != want {
		t.Errorf("%d of %d fields were ever filled: %v", len(filled), want, slices.Sorted(maps.Keys(filled)))
	}
}

// TestDefaultsAreAccepted: what the form proposes it accepts, and an own national who enters
// need not say anything. Only fields without a default are then missing.
func TestDefaultsAreAccepted(t *testing.T) {
	f := form.Default()
	rapid.Check(t, func(t *rapid.T) {
		facts := drawFacts(t, f)
		defaults(t, f, facts)
		if facts.Age >= 18 && facts.Direction == border.Entry && f.Category(facts) == "national" {
			if _, problems := f.Check(facts, nil); len(problems) > 0 {
				t.Fatalf("an own national is asked: %v", problems)
			}
		}
	})
}

func defaults(t interface{ Fatalf(string, ...any) }, f *form.Form, facts form.Facts) {
	values, missing := map[string]string{}, map[string]bool{}
	for _, d := range f.Fields(facts, nil) {
		values[d.Name] = d.Default
		missing[d.Name] = d.Required && d.Default == ""
	}
	_, problems := f.Check(facts, values)
	for _, p := range problems {
		if !missing[p.Field] {
			t.Fatalf("%+v\n%v\n%v", facts, values, problems)
		}
	}
}

// TestKeystrokes: a first-time visitor needs one key for the purpose, the days of the stay, and the address.
func TestKeystrokes(t *testing.T) {
	f := form.Default()
	var typed []string
	for _, d := range f.Fields(form.Facts{Direction: border.Entry, Nationality: "FRA", Age: 30}, nil) {
		if d.Required && d.Default == "" {
			typed = append(typed, d.Name)
		}
	}
	if diff := cmp.Diff([]string{"purpose", "intended_days", "address"}, typed); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, list := range []string{"categories", "purposes", "legal_bases", "visa_types", "transport_modes", "roles", "refused",
		"departure_prevented", "recipients", "referral_reasons", "needs", "relations", "permission_papers", "group_kinds"} {
		for _, c := range f.Codes(list) {
			if c.Key == "" {
				t.Errorf("%s: %s has no key", list, c.Code)
			}
		}
	}
}

// A country that takes no fingerprints has no table of them; one that does has all of it.
func TestFingerprintsAreOptional(t *testing.T) {
	b, err := os.ReadFile("form.toml")
	if err != nil {
		t.Fatal(err)
	}
	if f := form.Default(); !f.Fingerprints() || len(f.Codes(form.FingerNotTaken)) == 0 || len(f.Codes(form.Degraded)) == 0 {
		t.Error("the form that ships asks for none")
	}
	before, rest, _ := strings.Cut(string(b), "[fingers]\n")
	_, after, _ := strings.Cut(rest, "# The category when")
	f, err := form.Parse([]byte(before + "#" + after))
	if err != nil || f.Fingerprints() || f.Codes(form.FingerReasons) != nil {
		t.Errorf("without the table: %v", err)
	}
	if _, err := form.Parse([]byte(before + "[fingers]\n#" + after)); err == nil || !strings.Contains(err.Error(), "[fingers]: reasons is missing or empty") {
		t.Errorf("with an empty one: %v", err)
	}
}
