package profile

import (
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// position is a place in a file, both counted from 1.
type position struct{ line, column int }

// expr is one "key = value" of a file with the lines it takes, comments after it
// included.
type expr struct {
	key         string
	first, last int
}

// places is where everything stands in a file: the decoder does not tell, and a fault in a
// value should still name its line.
type places struct {
	at    map[string]position // "framing", "framing.kind", "match.2", "match.2.vid"
	exprs []expr              // in order
	table string              // the last table, to which what follows belongs
}

// locate finds the places of a file. After a fault of syntax it knows no more than what
// stands before it.
func locate(data []byte) places {
	l := places{at: make(map[string]position)}
	var p unstable.Parser
	p.Reset(data)
	lists := make(map[string]int)
	for p.NextExpression() {
		e := p.Expression()
		key, at, ok := l.key(&p, e)
		if !ok {
			continue
		}
		if n := len(l.exprs); n > 0 && l.exprs[n-1].last == 0 {
			l.exprs[n-1].last = at.line - 1
		}
		switch e.Kind {
		case unstable.ArrayTable:
			lists[key]++
			if lists[key] == 1 {
				l.at[key] = at
			}
			l.table = join(key, itoa(lists[key]))
			l.at[l.table] = at
		case unstable.Table:
			l.table = key
			l.at[l.table] = at
		case unstable.KeyValue:
			key = join(l.table, key)
			l.at[key] = at
			l.exprs = append(l.exprs, expr{key: key, first: at.line})
			l.value(&p, key, e.Value())
		default:
		}
	}
	if n := len(l.exprs); n > 0 && l.exprs[n-1].last == 0 {
		l.exprs[n-1].last = strings.Count(string(data), "\n") + 1
		if p.Error() != nil {
			l.exprs[n-1].last = l.exprs[n-1].first // what follows it is not part of it
		}
	}
	return l
}

// key reads the key of an expression and where it begins.
func (places) key(p *unstable.Parser, e *unstable.Node) (string, position, bool) {
	var parts []string
	var at position
	for it := e.Key(); it.Next(); {
		if len(parts) == 0 {
			start := p.Shape(it.Node().Raw).Start
			at = position{start.Line, start.Column}
		}
		parts = append(parts, string(it.Node().Data))
	}
	return strings.Join(parts, "."), at, len(parts) > 0
}

// value finds the keys inside a value: of { … } and of [{ … }, …].
func (l places) value(p *unstable.Parser, key string, v *unstable.Node) {
	switch v.Kind {
	case unstable.InlineTable:
		for it := v.Children(); it.Next(); {
			if n := it.Node(); n.Kind == unstable.KeyValue {
				if name, at, ok := l.key(p, n); ok {
					l.at[join(key, name)] = at
					l.value(p, join(key, name), n.Value())
				}
			}
		}
	case unstable.Array:
		n := 0
		for it := v.Children(); it.Next(); {
			if it.Node().Kind == unstable.InlineTable {
				n++
				l.at[join(key, itoa(n))] = l.at[key]
				l.value(p, join(key, itoa(n)), it.Node())
			}
		}
	default:
	}
}

func itoa(n int) string { return strconv.Itoa(n) }
