package access

import (
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// Redact gives v without what the roles may not see: such fields are empty in what it returns, and
// v stays as it is. What is to be cleared in a type is found out once; a value of which nothing is
// to be cleared is returned as it is, without being copied.
func Redact[T any](v T, roles []Role) T {
	p := planOf(reflect.TypeFor[T](), maskOf(roles))
	if p == nil {
		return v
	}
	var out T
	p.copy(reflect.ValueOf(&out).Elem(), reflect.ValueOf(&v).Elem())
	return out
}

// mask is a set of classes.
type mask uint16

// allClasses are those that a field can have, in the order of their bits.
var allClasses = []Class{Open, Operational, Personal, Hit, Protecting, Log, Secret}

// masks are what each role sees.
var masks = func() map[Role]mask {
	out := make(map[Role]mask, len(sees))
	for r, all := range sees {
		for _, c := range all {
			out[r] |= 1 << slices.Index(allClasses, c)
		}
	}
	return out
}()

func maskOf(roles []Role) (m mask) {
	for _, r := range roles {
		m |= masks[r]
	}
	return m
}

func (m mask) has(c Class) bool {
	i := slices.Index(allClasses, c)
	return i >= 0 && m&(1<<i) != 0
}

// plan says what of a type is cleared for somebody; nil: nothing.
type plan struct {
	clear  bool    // all of it
	fields []*plan // of a structure, by index
	elem   *plan   // of what a pointer, slice, array or map holds
}

type planKey struct {
	t reflect.Type
	m mask
}

// plans keeps what was found out. It holds no more than the types of answers times the sets of
// roles that there are.
var plans sync.Map // of planKey: *plan

func planOf(t reflect.Type, m mask) *plan {
	key := planKey{t, m}
	if p, ok := plans.Load(key); ok {
		return p.(*plan) //nolint:forcetypeassert // nothing else is kept there
	}
	p := makePlan(t, m, nil)
	plans.Store(key, p)
	return p
}

// cleared is the plan of what is given to nobody.
var cleared = &plan{clear: true}

// makePlan finds out what of a type is cleared. A type within itself is cleared there: none of
// ours is.
func makePlan(t reflect.Type, m mask, within []reflect.Type) *plan {
	switch {
	case whole(t):
		return nil
	case slices.Contains(within, t):
		return cleared
	}
	within = append(within, t)
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		if p := makePlan(t.Elem(), m, within); p != nil {
			return &plan{elem: p}
		}
		return nil
	case reflect.Struct:
		table := fields[TypeName(t)].classes()
		p, any := &plan{fields: make([]*plan, t.NumField())}, false
		for i := range t.NumField() {
			f := t.Field(i)
			if !given(f) {
				continue
			}
			switch c := table[f.Name]; {
			case c == "" || c != Within && !m.has(c):
				p.fields[i] = cleared
			default:
				p.fields[i] = makePlan(f.Type, m, within)
			}
			any = any || p.fields[i] != nil
		}
		if any {
			return p
		}
		return nil
	case reflect.Interface, reflect.Func, reflect.Chan, reflect.UnsafePointer:
		return cleared // nobody can say what is in it
	default:
		return nil
	}
}

var (
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
	jsonMarshaler = reflect.TypeFor[json.Marshaler]()
)

// whole reports whether values of a type are one thing, such as a time or an id.
func whole(t reflect.Type) bool {
	if t.Implements(textMarshaler) || t.Implements(jsonMarshaler) {
		return true
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map, reflect.Struct,
		reflect.Interface, reflect.Func, reflect.Chan, reflect.UnsafePointer:
		return false
	default:
		return true
	}
}

// given reports whether a field is part of an answer.
func given(f reflect.StructField) bool {
	tag := f.Tag.Get("json")
	return f.IsExported() && tag != "-" || f.Anonymous && tag == ""
}

// TypeName names a type as the table of fields does: "border/counter.View".
func TypeName(t reflect.Type) string {
	return strings.TrimPrefix(t.PkgPath()+"."+t.Name(), "garita/")
}

// copy makes dst what src is, without what the plan clears. dst is zero.
func (p *plan) copy(dst, src reflect.Value) {
	switch {
	case p == nil:
		dst.Set(src)
	case p.clear:
	case p.fields != nil:
		dst.Set(src)
		for i, f := range p.fields {
			if f != nil {
				dst.Field(i).SetZero()
				f.copy(dst.Field(i), src.Field(i))
			}
		}
	case src.Kind() == reflect.Array:
		for i := range src.Len() {
			p.elem.copy(dst.Index(i), src.Index(i))
		}
	case src.IsNil():
	case src.Kind() == reflect.Pointer:
		dst.Set(reflect.New(src.Type().Elem()))
		p.elem.copy(dst.Elem(), src.Elem())
	case src.Kind() == reflect.Slice:
		dst.Set(reflect.MakeSlice(src.Type(), src.Len(), src.Len()))
		for i := range src.Len() {
			p.elem.copy(dst.Index(i), src.Index(i))
		}
	case src.Kind() == reflect.Map:
		dst.Set(reflect.MakeMapWithSize(src.Type(), src.Len()))
		for it := src.MapRange(); it.Next(); {
			v := reflect.New(src.Type().Elem()).Elem()
			p.elem.copy(v, it.Value())
			dst.SetMapIndex(it.Key(), v)
		}
	}
}

// Classless lists the fields of a type, and of what it holds, that the table does not know, and
// those that the table knows and the type has not.
func Classless(t reflect.Type) []string {
	var out []string
	seen := map[reflect.Type]bool{}
	var walk func(t reflect.Type)
	walk = func(t reflect.Type) {
		if whole(t) || seen[t] {
			return
		}
		seen[t] = true
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
			walk(t.Elem())
		case reflect.Struct:
			out = append(out, unknown(t)...)
			for i := range t.NumField() {
				if given(t.Field(i)) {
					walk(t.Field(i).Type)
				}
			}
		default:
			out = append(out, t.String()+" can hold anything")
		}
	}
	walk(t)
	slices.Sort(out)
	return out
}

func unknown(t reflect.Type) (out []string) {
	name, row := TypeName(t), fields[TypeName(t)]
	table, count := row.classes(), 0
	for _, names := range []string{row.Within, row.Open, row.Operational, row.Personal, row.Hit, row.Protecting, row.Log, row.Secret} {
		count += len(strings.Fields(names))
	}
	if count != len(table) {
		out = append(out, name+": a field is named twice")
	}
	for i := range t.NumField() {
		f := t.Field(i)
		c := table[f.Name]
		delete(table, f.Name)
		holds := f.Type
		for !whole(holds) && holds.Kind() != reflect.Struct && holds.Kind() != reflect.Interface {
			holds = holds.Elem()
		}
		switch {
		case !given(f):
		case c == "":
			out = append(out, name+"."+f.Name+" has no class")
		case c == Within && whole(holds):
			out = append(out, name+"."+f.Name+" holds no structure: say what it tells")
		}
	}
	for f := range table {
		out = append(out, name+"."+f+" is no field")
	}
	return out
}

// Tells lists the classes that a value of a type can tell.
func Tells(t reflect.Type) []Class {
	found := map[Class]bool{}
	seen := map[reflect.Type]bool{}
	var walk func(t reflect.Type)
	walk = func(t reflect.Type) {
		if whole(t) || seen[t] {
			return
		}
		seen[t] = true
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
			walk(t.Elem())
		case reflect.Struct:
			table := fields[TypeName(t)].classes()
			for i := range t.NumField() {
				if f := t.Field(i); given(f) {
					switch c := table[f.Name]; c {
					case Within:
					case "":
						found[Secret] = true // it is given to nobody
					default:
						found[c] = true
					}
					walk(f.Type)
				}
			}
		default:
			found[Secret] = true
		}
	}
	walk(t)
	var out []Class
	for _, c := range allClasses {
		if found[c] {
			out = append(out, c)
		}
	}
	return out
}

// ClassOf says what a field of a type tells; "" if the table does not know it.
func ClassOf(t reflect.Type, field string) Class { return fields[TypeName(t)].classes()[field] }
