package verdict_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"garita/border"
	"garita/border/verdict"
)

var outcomes = []verdict.Outcome{verdict.Clear, verdict.Hit, verdict.Wrong, verdict.NotChecked, verdict.Stale}

func allClear() []verdict.Result {
	var rs []verdict.Result
	for _, c := range verdict.All {
		rs = append(rs, verdict.Result{Check: c, Outcome: verdict.Clear})
	}
	return rs
}

// What the table that ships with the program advises, one check at a time.
func TestDefaultPolicy(t *testing.T) {
	p := verdict.DefaultPolicy()
	if v := verdict.Judge(p, allClear()); v.Level != verdict.Proceed || len(v.Reasons) != len(verdict.All) {
		t.Errorf("all clear: %+v", v)
	}
	for _, c := range []struct {
		r    verdict.Result
		want verdict.Level
	}{
		{verdict.Result{Check: verdict.MRZ, Outcome: verdict.Wrong, Reason: verdict.ReasonDigits}, verdict.Refer},
		{verdict.Result{Check: verdict.MRZ, Outcome: verdict.NotChecked, Reason: verdict.ReasonNoMRZ}, verdict.Look},
		{verdict.Result{Check: verdict.Expiry, Outcome: verdict.Wrong, Reason: verdict.ReasonExpired}, verdict.Refer},
		{verdict.Result{Check: verdict.Expiry, Outcome: verdict.NotChecked, Reason: verdict.ReasonClock}, verdict.Look},
		{verdict.Result{Check: verdict.DocumentList, Outcome: verdict.Hit, Reason: verdict.ReasonListed}, verdict.Refer},
		{verdict.Result{Check: verdict.NameList, Outcome: verdict.Stale}, verdict.Look},
		{verdict.Result{Check: verdict.NameList, Outcome: verdict.NotChecked, Reason: verdict.ReasonNoList}, verdict.Look},
		{verdict.Result{Check: verdict.HistoryHere, Outcome: verdict.Hit, Reason: verdict.ReasonInside}, verdict.Look},
		{verdict.Result{Check: verdict.HistoryHere, Outcome: verdict.Hit, Reason: verdict.ReasonRefused}, verdict.Refer},
		{verdict.Result{Check: verdict.HistoryElsewhere, Outcome: verdict.NotChecked, Reason: verdict.ReasonHub}, verdict.Proceed},
		{verdict.Result{Check: verdict.HistoryElsewhere, Outcome: verdict.NotChecked, Reason: verdict.ReasonPending}, verdict.Proceed},
		{verdict.Result{Check: verdict.HistoryElsewhere, Outcome: verdict.Hit, Reason: verdict.ReasonRefused}, verdict.Refer},
		{verdict.Result{Check: verdict.Chip, Outcome: verdict.NotChecked, Reason: verdict.ReasonNotAvailable}, verdict.Proceed},
		{verdict.Result{Check: verdict.Interpol, Outcome: verdict.NotChecked, Reason: verdict.ReasonFailed}, verdict.Look},
		{verdict.Result{Check: verdict.Visa, Outcome: "unheard of"}, verdict.Refer},
		{verdict.Result{Check: verdict.Visa}, verdict.Refer},
	} {
		rs := allClear()
		rs[slices.Index(verdict.All, c.r.Check)] = c.r
		if v := verdict.Judge(p, rs); v.Level != c.want {
			t.Errorf("%s %s(%s): %s, want %s", c.r.Check, c.r.Outcome, c.r.Reason, v.Level, c.want)
		}
	}
	// A check without a result is never silently absent.
	v := verdict.Judge(p, allClear()[1:])
	if r := v.Reasons[0]; r.Check != verdict.MRZ || r.Outcome != verdict.NotChecked || r.Reason != verdict.ReasonFailed || v.Level != verdict.Look {
		t.Errorf("absent: %+v", v)
	}
}

// Every check has a level for every outcome with every reason, the worst counts, and the
// order of the screen is kept.
func TestJudge(t *testing.T) {
	p := verdict.DefaultPolicy()
	rapid.Check(t, func(t *rapid.T) {
		rs := allClear()
		for i := range rs {
			rs[i].Outcome = rapid.SampledFrom(outcomes).Draw(t, "outcome")
			rs[i].Reason = rapid.SampledFrom(append([]string{""}, verdict.Reasons...)).Draw(t, "reason")
		}
		v := verdict.Judge(p, rapid.Permutation(rs).Draw(t, "order"))
		worst := verdict.Proceed
		for i, r := range v.Reasons {
			if r.Check != verdict.All[i] || r.Outcome != rs[i].Outcome {
				t.Fatalf("place %d: %+v", i, r)
			}
			if r.Level != verdict.Proceed && r.Level != verdict.Look && r.Level != verdict.Refer {
				t.Fatalf("level %q", r.Level)
			}
			if r.Level.WorseThan(worst) {
				worst = r.Level
			}
			if (r.Outcome == verdict.Hit || r.Outcome == verdict.Wrong) && r.Level == verdict.Proceed {
				t.Fatalf("%s %s advises to proceed", r.Check, r.Outcome)
			}
		}
		if v.Level != worst {
			t.Fatalf("level %s, want %s", v.Level, worst)
		}
	})
}

// Reasons is kept in step with the constants by reading the source.
func TestReasonsAreComplete(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "verdict.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	ast.Inspect(f, func(node ast.Node) bool {
		v, ok := node.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(v.Names[0].Name, "Reason") || v.Names[0].Name == "Reasons" {
			return true
		}
		s, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
		if n++; err != nil || !slices.Contains(verdict.Reasons, s) {
			t.Errorf("%s is not in Reasons", v.Names[0].Name)
		}
		return true
	})
	if n != len(verdict.Reasons) {
		t.Errorf("%d constants, %d in Reasons", n, len(verdict.Reasons))
	}
}

// table writes a complete policy with one line changed or added.
func table(check, line string) string {
	var b strings.Builder
	for _, c := range verdict.All {
		b.WriteString("[" + string(c) + "]\n")
		for _, o := range outcomes {
			if string(c) != check || !strings.HasPrefix(line, string(o)) {
				b.WriteString(string(o) + ` = "look"` + "\n")
			}
		}
		if string(c) == check {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

func TestParsePolicy(t *testing.T) {
	for name, c := range map[string]struct{ text, says string }{
		"no TOML":         {"[mrz", "line 1"},
		"unknown check":   {table("", "") + "[shoe_size]\nclear = \"look\"\n", `unknown check "shoe_size"`},
		"unknown outcome": {table("mrz", `perhaps = "look"`), `unknown outcome "perhaps"`},
		"unknown level":   {table("mrz", `clear = "arrest"`), `unknown level "arrest"`},
		"unknown reason":  {table("expiry", `not_checked = { clok = "look", else = "look" }`), `unknown reason "clok"`},
		"missing outcome": {table("mrz", `clear.digits = "look"`), `no level for "clear"`},
		"missing check":   {strings.Replace(table("", ""), "[visa]", "[visa.stale]", 1), ""},
		"a number":        {table("mrz", `clear = 3`), "a level is a word"},
		"deep":            {table("mrz", `clear = { else = { else = "look" } }`), "a level is a word"},
		"empty":           {"", "no level"},
		"twice":           {table("mrz", "clear = \"look\"\nclear = \"look\""), "line"},
	} {
		_, err := verdict.ParsePolicy([]byte(c.text))
		if border.CodeOf(err) != border.Invalid || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
	p, err := verdict.ParsePolicy([]byte(table("expiry", `not_checked = { clock = "refer", else = "proceed" }`)))
	if err != nil {
		t.Fatal(err)
	}
	for reason, want := range map[string]verdict.Level{verdict.ReasonClock: verdict.Refer, verdict.ReasonUnreadable: verdict.Proceed, "": verdict.Proceed} {
		v := verdict.Judge(p, []verdict.Result{{Check: verdict.Expiry, Outcome: verdict.NotChecked, Reason: reason}})
		if got := v.Reasons[1].Level; got != want {
			t.Errorf("not_checked(%s): %s, want %s", reason, got, want)
		}
	}
}

func FuzzParsePolicy(f *testing.F) {
	f.Add(table("", ""))
	f.Add(table("expiry", `not_checked = { clock = "refer", else = "proceed" }`))
	f.Add("[mrz]\nclear = 1979-05-27T07:32:00Z")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := verdict.ParsePolicy([]byte(text))
		if err != nil {
			if border.CodeOf(err) != border.Invalid {
				t.Fatalf("code %s", border.CodeOf(err))
			}
			return
		}
		for _, c := range verdict.All {
			for _, o := range outcomes {
				verdict.Judge(p, []verdict.Result{{Check: c, Outcome: o, Reason: verdict.ReasonClock}})
			}
		}
	})
}
