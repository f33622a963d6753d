package source_test

import (
	"reflect"
	"slices"
	"testing"

	"garita/border/watch"
	"garita/border/watch/source"
)

func TestCompare(t *testing.T) {
	a, b := *example, *example
	b.BirthDates = []string{"1974-XX-XX", "1974-08-12"} // another order is no difference
	c := *example
	c.ID, c.Expires, c.Names = "E2", "", slices.Clone(example.Names)
	d := c
	d.Expires = "2028-01-01"
	d.Names = []watch.Name{c.Names[1], c.Names[0], c.Names[2]} // another first name is one
	gone, come := c, c
	gone.ID, come.ID = "E3", "E4"
	got := source.Compare([]*watch.Entry{&gone, &c, &a}, []*watch.Entry{&b, &d, &come})
	want := source.Difference{Before: 3, After: 3, Added: []*watch.Entry{&come}, Removed: []*watch.Entry{&gone},
		Changed: []source.Changed{{Before: &c, After: &d, Fields: []string{"names", "expires"}}}}
	same(t, got, want)
	k := gone.Key()
	same(t, got.Changes(), []watch.Change{{Remove: &k}, {Put: &d}, {Put: &come}})
	if got.Empty() || !source.Compare(nil, nil).Empty() {
		t.Error("empty")
	}
}

// Every field of an entry is compared.
func TestCompareEveryField(t *testing.T) {
	typ := reflect.TypeFor[watch.Entry]()
	for i := range typ.NumField() {
		f := typ.Field(i)
		if f.Name == "Source" || f.Name == "ID" {
			continue
		}
		var other watch.Entry
		v := reflect.ValueOf(&other).Elem().Field(i)
		switch v.Kind() {
		case reflect.String:
			v.SetString("x")
		case reflect.Bool:
			v.SetBool(true)
		case reflect.Slice:
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		case reflect.Map:
			v.Set(reflect.ValueOf(map[string]string{"es": "x"}))
		default:
			t.Fatalf("%s is of a kind this test does not know", f.Name)
		}
		d := source.Compare([]*watch.Entry{{}}, []*watch.Entry{&other})
		if len(d.Changed) != 1 || len(d.Changed[0].Fields) != 1 {
			t.Errorf("%s: %+v", f.Name, d)
		}
	}
}

func TestSuspicious(t *testing.T) {
	list := func(from, to int) (l []*watch.Entry) {
		for i := from; i < to; i++ {
			l = append(l, &watch.Entry{ID: string(rune('a' + i))})
		}
		return l
	}
	for _, c := range []struct {
		before, after []*watch.Entry
		want          bool
	}{
		{nil, list(0, 9), false},
		{list(0, 10), list(0, 10), false},
		{list(0, 10), list(0, 9), false},
		{list(0, 10), list(0, 8), true},
		{list(0, 10), list(0, 12), false},
		{list(0, 10), list(0, 13), true},
		{list(0, 10), list(2, 12), true}, // as many, but others
		{list(0, 1), nil, true},
	} {
		if got := source.Compare(c.before, c.after).Suspicious(0.1, 0.2); got != c.want {
			t.Errorf("%d to %d: %v", len(c.before), len(c.after), got)
		}
	}
	if !source.Compare(list(0, 1), nil).Suspicious(1, 1) {
		t.Error("a list that became empty")
	}
}
