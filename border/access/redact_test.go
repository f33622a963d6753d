package access_test

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/access"
	"garita/border/counter"
	"garita/border/register"
)

// fill puts something into every place of a value: in texts the class of their field, so that what
// comes through says of which class it is.
func fill(v reflect.Value, says string, depth int) {
	if depth > 12 {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), says, depth+1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fill(v.Index(i), says, depth+1)
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), says, depth+1)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		k, e := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(k, says, depth+1)
		fill(e, says, depth+1)
		v.SetMapIndex(k, e)
	case reflect.Struct:
		if _, ok := v.Interface().(time.Time); ok {
			v.Set(reflect.ValueOf(time.Unix(1e9, 0).UTC()))
			return
		}
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if !f.IsExported() {
				continue
			}
			// What stands in a field that is cleared as a whole is of that class, too.
			own := says
			if c := access.ClassOf(v.Type(), f.Name); c != access.Within && c != "" {
				own += " class:" + string(c)
			}
			fill(v.Field(i), own, depth+1)
		}
	case reflect.String:
		v.SetString("X" + says)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(7)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(7)
	case reflect.Float64:
		v.SetFloat(7)
	}
}

func filled[T any]() T {
	var v T
	fill(reflect.ValueOf(&v).Elem(), "", 0)
	return v
}

// check redacts a value for every role and looks at which classes come through.
func check[T any](t *testing.T) {
	t.Helper()
	v := filled[T]()
	before, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range append(access.Roles(), "nobody") {
		roles := []access.Role{role}
		got, err := json.Marshal(access.Redact(v, roles))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []access.Class{access.Open, access.Operational, access.Personal, access.Hit, access.Protecting, access.Log, access.Secret} {
			word := "class:" + string(c)
			if !access.Sees(roles, c) && strings.Contains(string(got), word) {
				t.Errorf("%T: the role %s is given what is %s: %s", v, role, c, got)
			}
		}
		all := true
		for _, c := range access.Tells(reflect.TypeFor[T]()) {
			all = all && access.Sees(roles, c)
		}
		if all && string(got) != string(before) {
			t.Errorf("%T: the role %s may see all of it and is not given all", v, role)
		}
	}
	if after, _ := json.Marshal(v); string(after) != string(before) {
		t.Errorf("%T was changed", v)
	}
}

func TestRedact(t *testing.T) {
	check[counter.View](t)
	check[*counter.View](t)
	check[[]counter.QueueItem](t)
	check[counter.Notice](t)
	check[border.Header](t)
	check[map[string]counter.LateHit](t)
	check[[2]counter.Holder](t)
	check[register.Stay](t)
	check[[]register.Crossing](t)
	check[[]border.ScannerDetail](t)
	check[struct{ A string }](t)
	if got := access.Redact(struct{ A string }{"x"}, access.Roles()); got.A != "" {
		t.Error("what has no class is given to those who have all roles")
	}
	check[any](t)
}

// What the roles of a technician, a protection officer and a supervisor who is a technician, too,
// see of a counter.
func TestRedactByRoles(t *testing.T) {
	v := counter.View{Counter: "1", Queue: []counter.QueueItem{{Surname: "VELORIN", GivenNames: "QUISA", Level: "refer"}},
		Encounter: &counter.EncounterView{Document: counter.DocumentView{Format: "TD3", Surname: "VELORIN"}, Hits: []counter.HitView{{Entry: "S1"}}}}
	want := counter.View{Counter: "1", Queue: []counter.QueueItem{{Level: "refer"}},
		Encounter: &counter.EncounterView{Document: counter.DocumentView{Format: "TD3"}}}
	if d := cmp.Diff(want, access.Redact(v, []access.Role{access.Technician})); d != "" {
		t.Errorf("a technician (-want +got):\n%s", d)
	}
	if d := cmp.Diff(v, access.Redact(v, []access.Role{access.Technician, access.Supervisor})); d != "" {
		t.Errorf("both (-want +got):\n%s", d)
	}
	if v.Queue[0].Surname == "" || v.Encounter.Hits == nil {
		t.Error("what was given is changed")
	}
	if got := access.Redact(v, nil); !reflect.DeepEqual(got, counter.View{Encounter: &counter.EncounterView{}, Queue: []counter.QueueItem{{}}}) {
		t.Errorf("nobody is given %+v", got)
	}
}

// What may be seen in full is given without copying, and costs next to nothing.
func BenchmarkRedact(b *testing.B) {
	v := filled[counter.View]()
	for _, role := range []access.Role{access.Inspector, access.Technician} {
		b.Run(string(role), func(b *testing.B) {
			b.ReportAllocs()
			roles := []access.Role{role}
			for b.Loop() {
				_ = access.Redact(&v, roles)
			}
		})
	}
}

// stoppedClock stands still unless it is moved.
type stoppedClock struct{ now time.Time }

func (c *stoppedClock) Now() time.Time { return c.now }

// words are tokens of second people; each counts once.
type words map[string]string

func (w words) Redeem(_ context.Context, p *access.Principal, _ access.Action, token string) (string, error) {
	badge := w[token]
	delete(w, token)
	if badge == "" || badge == p.Badge {
		return "", &border.Error{Code: border.SecondNeeded, Op: "redeem"}
	}
	return badge, nil
}

func TestAgreements(t *testing.T) {
	clock := &stoppedClock{now: time.Unix(1e9, 0)}
	w := words{"one": "2001", "two": "2002"}
	g := access.NewAgreements(w, clock)
	ctx := access.With(t.Context(), &access.Principal{Badge: "1001", Session: "a"})
	other := access.With(t.Context(), &access.Principal{Badge: "1002", Session: "b"})
	for i, c := range []struct {
		ctx                     context.Context
		action                  access.Action
		object, token, awaiting string
		want                    string
	}{
		{ctx, access.RefuseEntry, "x", "", "", "  ok"},
		{ctx, access.RefuseEntry, "x", "", "nobody is here", " nobody is here ok"},
		{ctx, access.RecordsExport, "x", "", "nobody is here", "  second_needed"},
		{ctx, access.CounterWork, "x", "", "nobody is here", "  second_needed"},
		{ctx, access.RefuseEntry, "x", "", strings.Repeat("a", 501), "  too_large"},
		{ctx, access.RefuseEntry, "x", "one", "", "2001  ok"},
		{ctx, access.RefuseEntry, "x", "one", "", "2001  ok"}, // sent again
		{ctx, access.RefuseEntry, "y", "one", "", "  second_needed"},
		{ctx, access.LiftNeed, "x", "one", "", "  second_needed"},
		{other, access.RefuseEntry, "x", "one", "", "  second_needed"},
		{t.Context(), access.RefuseEntry, "x", "two", "", "  unauthenticated"},
		{ctx, access.RefuseEntry, "x", strings.Repeat("t", 257), "", "  second_needed"},
		{ctx, access.RefuseEntry, "z", "two", "and a reason", "2002  ok"},
	} {
		badge, reason, err := g.Second(c.ctx, c.action, c.object, c.token, c.awaiting)
		code := string(border.CodeOf(err))
		if err == nil {
			code = "ok"
		}
		if got := fmt.Sprintf("%s %s %s", badge, reason, code); got != c.want {
			t.Errorf("%d: %q, want %q", i, got, c.want)
		}
	}
	clock.now = clock.now.Add(121 * time.Second)
	if _, _, err := g.Second(ctx, access.RefuseEntry, "x", "one", ""); err == nil {
		t.Error("a word is kept for longer than it holds")
	}
}
