package access

import (
	"slices"
	"strings"
	"testing"
)

func programs() map[string]*Routes {
	return map[string]*Routes{"post": PostRoutes(), "hub": HubRoutes()}
}

// sample fills a pattern's parameters in.
func sample(pattern string) string {
	e := elements(pattern)
	for i := range e {
		if strings.HasPrefix(e[i], ":") {
			e[i] = "X-1"
		}
	}
	return "/" + strings.Join(e, "/")
}

// Every route is found by its own path and by nothing that only looks like it, and is something
// that somebody may do.
func TestRoutesFindThemselves(t *testing.T) {
	for name, routes := range programs() {
		seen := map[string]bool{}
		for _, r := range routes.All() {
			if call := r.Method + " " + r.Pattern; seen[call] {
				t.Errorf("%s: %s has two entries", name, call)
			} else {
				seen[call] = true
			}
			path := sample(r.Pattern)
			got, ok := routes.Match(r.Method, path)
			if !ok || got.Pattern != r.Pattern || got.Method != r.Method || got.Action != r.Action {
				t.Errorf("%s: %s %s is found as %+v", name, r.Method, path, got)
			}
			if strings.Contains(r.Pattern, ":counter") != (got.Counter == "X-1") {
				t.Errorf("%s: %s is about counter %q", name, path, got.Counter)
			}
			for _, odd := range []string{path + "/", "/" + path, path + "/..", path + "/.", strings.ToUpper(path[:len(path)-1]) + "x", path + "%2e", path + "%00", path + "?x",
				path + "#x", path + ";x=1", path + "\\", path + " ", path + "\x00", path + "é", strings.Replace(path, "/", "//", 1), strings.Replace(path, "/", "/./", 1)} {
				if got, ok := routes.Match(r.Method, odd); ok && (odd != path) {
					t.Errorf("%s: %q is taken for %s", name, odd, got.Pattern)
				}
			}
			if r.Action != Public && len(allowed[r.Action]) == 0 {
				t.Errorf("%s: nobody may do %s %s (%s)", name, r.Method, r.Pattern, r.Action)
			}
			if _, ok := routes.Match("TRACE", path); ok {
				t.Errorf("%s: any method reaches %s", name, path)
			}
		}
		if _, ok := routes.Match("HEAD", "/signin"); !ok {
			t.Errorf("%s: HEAD is not covered by GET", name)
		}
	}
}

func TestOddPathsAreNone(t *testing.T) {
	routes := HubRoutes()
	for _, path := range []string{"", "*", "signin", "//", "/.", "/..", "/../signin", "/signin/../lists", "/lists/./import", "/%6cists", "/lists%2fimport", "/LISTS",
		"/lists/", "/cases/..", "/cases/.", "/cases/" + strings.Repeat("a", maxElement+1), strings.Repeat("/a", maxDepth+1), "/" + strings.Repeat("a", maxPath),
		"http://elsewhere.example/lists", "/cases/\r\nX: y", "/cases/a b"} {
		if got, ok := routes.Match("GET", path); ok {
			t.Errorf("%q is taken for %s", path, got.Pattern)
		}
	}
}

// A program that serves what the table does not name, or the reverse, is found out, and so is a
// server that would take another route than the table.
func TestMissing(t *testing.T) {
	table := build([]Route{{Method: get, Pattern: "/a", Action: Public}, {Method: get, Pattern: "/b/:x", Action: Start}, {Method: get, Pattern: "/b/new", Action: Start}})
	for name, c := range map[string]struct {
		served []Served
		want   string
	}{
		"all":          {[]Served{{"GET", "/a"}, {"HEAD", "/a"}, {"GET", "/b/new"}, {"GET", "/b/{x}"}}, ""},
		"one is new":   {[]Served{{"GET", "/a"}, {"GET", "/b/new"}, {"GET", "/b/:x"}, {"POST", "/a"}}, "POST /a is served and has no entry"},
		"one is gone":  {[]Served{{"GET", "/b/new"}, {"GET", "/b/:x"}}, "GET /a has an entry"},
		"shadowed":     {[]Served{{"GET", "/a"}, {"GET", "/b/:x"}, {"GET", "/b/new"}}, "would be answered by the first"},
		"served twice": {[]Served{{"GET", "/a"}, {"GET", "/a"}, {"GET", "/b/new"}, {"GET", "/b/:x"}}, "served twice"},
	} {
		got := strings.Join(Missing(c.served, table), "\n")
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// What a page gives must be for everybody who may do its action: of pages nothing is cleared, as it
// is of the answers of operations and streams.
func TestWhatRoutesGiveIsForThoseWhoMayAsk(t *testing.T) {
	for name, routes := range programs() {
		for _, r := range routes.All() {
			if r.Action == Public && len(r.Gives) > 0 {
				t.Errorf("%s: %s %s gives %v to anybody", name, r.Method, r.Pattern, r.Gives)
			}
			for _, role := range allowed[r.Action] {
				if strings.HasPrefix(r.Pattern, "/api/") || strings.HasPrefix(r.Pattern, "/live/") {
					continue
				}
				for _, c := range r.Gives {
					if !Sees([]Role{role}, c) {
						t.Errorf("%s: %s %s gives %s to the role %s, which may not see it", name, r.Method, r.Pattern, c, role)
					}
				}
			}
		}
	}
}

// The rules that hold whatever the tables say.
func TestRolesAndClasses(t *testing.T) {
	for _, role := range Roles() {
		for _, c := range sees[role] {
			if c == Secret {
				t.Errorf("%s sees what is nobody's", role)
			}
			if c == Protecting && role != Protection {
				t.Errorf("%s sees protection data", role)
			}
			if (c == Personal || c == Hit) && (role == Technician || role == Administrator || role == Auditor) {
				t.Errorf("%s sees travellers", role)
			}
			if c == Log && role != Auditor {
				t.Errorf("%s sees logs", role)
			}
		}
	}
	if slices.Contains(sees[Auditor], Operational) {
		t.Error("auditors see more than logs")
	}
	for action, roles := range allowed {
		if slices.Contains(roles, Auditor) && action != AuditRead && action != SignOut && action != OwnPIN && action != OwnKeys && action != AskSecond && action != Start {
			t.Errorf("auditors may %s", action)
		}
	}
	for action := range second {
		if len(allowed[action]) == 0 {
			t.Errorf("%s takes a second person and nobody may do it", action)
		}
	}
	if MayAwait(RecordsExport) || MayAwait(ListsDecide) || !MayAwait(RefuseEntry) || MayAwait(CounterWork) {
		t.Error("what may await its second person")
	}
	if (&Principal{Roles: Roles(), MustChange: true}).May(CounterRead) || !(&Principal{MustChange: true, Roles: []Role{Inspector}}).May(OwnPIN) || (*Principal)(nil).May(Start) || !(*Principal)(nil).May(Public) {
		t.Error("who may do nothing but change their PIN, and nobody")
	}
}

// Whatever is asked for, the matcher answers in bounds and only with a route of its table whose
// pattern fits the path element by element.
func FuzzMatch(f *testing.F) {
	for _, s := range []string{"/", "/counters/1", "/counters/../signin", "//", "/%2e%2e", "/api/v1/counters/1/encounters/x/needs/lift", "/a/b/c/d/e/f/g/h/i/j/k/l/m/n", "\x00", "/lists/"} {
		f.Add("GET", s)
		f.Add("POST", s)
	}
	all := programs()
	f.Fuzz(func(t *testing.T, method, path string) {
		for _, routes := range all {
			got, ok := routes.Match(method, path)
			if !ok {
				continue
			}
			want, is := elements(got.Pattern), strings.Split(path[1:], "/")
			if path == "/" {
				is = nil
			}
			if len(want) != len(is) || got.Method != method && (method != "HEAD" || got.Method != "GET") {
				t.Fatalf("%s %q is taken for %s %s", method, path, got.Method, got.Pattern)
			}
			for i := range want {
				if is[i] == "" || strings.Trim(is[i], ".") == "" || strings.ContainsAny(is[i], "%\\\x00?#;") || !strings.HasPrefix(want[i], ":") && want[i] != is[i] {
					t.Fatalf("%q is taken for %s", path, got.Pattern)
				}
			}
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	routes := PostRoutes()
	for b.Loop() {
		if _, ok := routes.Match("POST", "/api/v1/counters/1/decisions"); !ok {
			b.Fatal("not found")
		}
	}
}
