package profile

import (
	"fmt"
	"reflect"
	"strings"
)

// Word is one key of a profile as a person reads it.
type Word struct {
	Key   string // "transport.baud", "vid of [[match]] number 2"
	Value string // as it would stand in a file
	Means string // what the key does, in plain words
}

// Explain lists the keys that a profile gives, in the order of docs/SCANNERS.md; of a list
// of tables one after the other.
func (p *Profile) Explain() []Word {
	var words []Word
	found := instances(p)
	explain := func(k key, i instance) {
		need, _, _ := k.presence.need(p, nil)
		v := reflect.ValueOf(i.value)
		if empty := v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0; need == forbidden || empty && need == optional {
			return
		}
		words = append(words, Word{label(i.key), written(k, i.value), k.means})
	}
	for n, k := range keys {
		switch table, _, _ := strings.Cut(k.path, "."); {
		case k.list():
			for element := range reflect.ValueOf(found[k.path][0].value).Len() {
				for _, sub := range keys[n+1:] {
					if strings.HasPrefix(sub.path, k.path+".") {
						explain(sub, found[sub.path][element])
					}
				}
			}
		case !isList(table):
			explain(k, found[k.path][0])
		}
	}
	return words
}

// written gives a value as it would stand in a file.
func written(k key, v any) string {
	switch v := v.(type) {
	case Hex:
		return fmt.Sprintf("\"% X\"", []byte(v))
	case Range:
		return fmt.Sprintf("%q", v)
	case []Range:
		return "[" + strings.Join(quoted(v), ", ") + "]"
	case []string:
		return "[" + strings.Join(quoted(v), ", ") + "]"
	}
	r := reflect.ValueOf(v)
	if r.Kind() == reflect.Pointer { // a nil one was left out
		r = r.Elem()
	}
	switch {
	case r.Kind() == reflect.String && strings.Contains(r.String(), `\`) && !strings.Contains(r.String(), "'"):
		return "'" + r.String() + "'" // as it is written to keep its backslashes
	case r.Kind() == reflect.String:
		return fmt.Sprintf("%q", r.String())
	case r.Kind() == reflect.Int && strings.HasPrefix(k.example, "0x"):
		return fmt.Sprintf("0x%0*X", len(k.example)-2, r.Int())
	default:
		return fmt.Sprint(r.Interface())
	}
}

func quoted[T any](list []T) []string {
	words := make([]string, len(list))
	for i, v := range list {
		words[i] = fmt.Sprintf("%q", fmt.Sprint(v))
	}
	return words
}
