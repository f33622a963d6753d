package api

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"garita/border/access"
)

// answersOf lists what each operation answers with, from the document that is made of the
// operations themselves.
func answersOf(t *testing.T) map[string][]reflect.Type {
	t.Helper()
	_, doc, typeOf := describedTypes(t)
	out := make(map[string][]reflect.Type)
	for path, item := range doc.Paths {
		for method, op := range item {
			call := strings.ToUpper(method) + " " + access.Pattern(path)
			out[call] = nil
			for _, r := range op.Responses {
				for kind, content := range r.Content {
					s := &content.Schema
					for s.Items != nil {
						s = s.Items
					}
					if strings.Contains(kind, "json") && s.Ref != "" {
						out[call] = append(out[call], typeOf(s.Ref))
					}
				}
			}
		}
	}
	return out
}

// Every field of whatever an operation answers with has a class, and what the table of routes says
// that a route gives is what its answer can tell.
func TestEveryFieldHasAClass(t *testing.T) {
	calls := answersOf(t)
	routes := slices.Concat(access.PostRoutes().All(), access.HubRoutes().All())
	looked := 0
	for call, all := range calls {
		i := slices.IndexFunc(routes, func(r access.Route) bool { return r.Method+" "+r.Pattern == call })
		if i < 0 {
			t.Errorf("%s has no entry in border/access", call)
			continue
		}
		tells := map[access.Class]bool{}
		for _, x := range all {
			looked++
			for _, trouble := range access.Classless(x) {
				t.Errorf("%s: %s", call, trouble)
			}
			for _, c := range access.Tells(x) {
				tells[c] = true
			}
		}
		for c := range tells {
			if c == access.Open || c == access.Log { // logs are in a header that no counter's officer is given
				continue
			}
			if !slices.Contains(routes[i].Gives, c) {
				t.Errorf("%s can tell what is %s; its entry does not say so", call, c)
			}
		}
		for _, c := range routes[i].Gives {
			if len(all) > 0 && !tells[c] {
				t.Errorf("%s cannot tell what is %s, as its entry says", call, c)
			}
		}
	}
	if len(calls) < 50 || looked < 50 {
		t.Errorf("%d operations, %d types were looked at", len(calls), looked)
	}
}

// Each operation is refused where nobody is signed in, whatever stands before it.
func TestNobodyIsGivenAnything(t *testing.T) {
	r := newRig(t)
	b := &bench{}
	Workshop(New(r.app, "test"), WorkshopConfig{Workshop: b, Clock: r.clock, Seconds: badgesAsTokens{}, Audit: &r.acts, Log: r.log()})
	taught := &school{}
	Learning(New(r.app, "test"), LearningConfig{Learning: taught, Audit: &r.acts, Log: r.log()})
	for call := range answersOf(t) {
		method, path, _ := strings.Cut(call, " ")
		path = strings.NewReplacer(":counter", "1", ":encounter", "019352aa-bb01-7000-8000-000000000001", ":crossing", "019352aa-bb01-7000-8000-000000000001",
			":late_hit", "019352aa-bb01-7000-8000-000000000001", ":alarm", "1", ":scanner", "x", ":profile", "x").Replace(path)
		a := r.send(method, path, "", officerHeader, "nobody")
		if a.status == 200 && strings.Contains(call, "/lists/template") {
			continue // an empty list
		}
		if a.status != 401 && a.status != 400 && a.status != 422 {
			t.Errorf("%s: %d %s", call, a.status, a.body)
		}
	}
	if len(b.calls) > 0 || len(taught.calls) > 0 || len(r.acts.told()) > 0 {
		t.Error("something was done:", b.calls)
	}
}
