package profile

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// maxPlaces is how many keys and tables a file may have: more than any profile needs. The
// TOML library's time grows with the square of their number.
const maxPlaces = 600

// decode reads a file as far as it can be read. The TOML library stops at the first value
// that it cannot use; here that value is taken out and the rest read, so that a technician
// hears of all faults at once. unread are the keys whose values were taken out. The profile
// is nil if the rest makes no sense without them.
func decode(data []byte) (p *Profile, at map[string]position, unread map[string]bool, faults []fault) {
	at, unread = make(map[string]position), make(map[string]bool)
	left := bytes.Clone(data)
	for range maxFaults {
		l := locate(left)
		if len(l.at) > maxPlaces {
			return nil, at, unread, append(faults, fault{position{1, 1}, fmt.Sprintf("the file has %d keys and tables; at most %d are allowed: remove what does not belong to a profile", len(l.at), maxPlaces)})
		}
		maps.Copy(at, l.at)
		p = new(Profile)
		err := toml.Unmarshal(left, p)
		if err == nil {
			return p, at, unread, append(faults, unknown(left)...)
		}
		f, e := valueFault(err, l)
		if e.key == "" {
			f, e = syntaxFault(f, left, l)
		}
		faults = append(faults, f)
		if e.key == "" {
			break
		}
		if _, ok := at[e.key]; !ok {
			at[e.key] = position{e.first, 1}
		}
		for k := range at {
			if k == e.key || strings.HasPrefix(k, e.key+".") {
				unread[k] = true
			}
		}
		blank(left, e.first, e.last)
	}
	return nil, at, unread, faults
}

// valueFault puts an error of the TOML library into our form, and finds the key whose value
// is at fault; none if that cannot be told.
func valueFault(err error, l places) (fault, expr) {
	text := strings.TrimPrefix(err.Error(), "toml: ")
	var bad *toml.DecodeError
	if !errors.As(err, &bad) {
		return fault{position{1, 1}, text + "; see docs/SCANNERS.md for how a profile is written"}, expr{}
	}
	row, col := bad.Position()
	at := position{row, col}
	// The library's wording names Go types; a technician knows only the file.
	wrongKind := strings.Contains(text, "Go ") || strings.Contains(text, "profile.") || strings.Contains(text, "cannot")
	for _, e := range l.exprs {
		if row < e.first || row > e.last {
			continue
		}
		switch {
		case strings.Contains(text, "already defined"):
			text = label(e.key) + " stands there twice; remove one"
		case wrongKind:
			text = label(e.key) + " has a value of the wrong kind" + like(e.key)
		default:
			text = label(e.key) + ": " + text + like(e.key)
		}
		return fault{at, text}, e
	}
	if wrongKind {
		text = "this is a table of the wrong kind; write [transport] for a table there is once, [[match]] for one there may be several of"
	}
	return fault{at, text}, expr{}
}

// simple is a line with one key and a value that should end on it.
var simple = regexp.MustCompile(`^\s*([A-Za-z0-9_]+)\s*=\s*([^\s\[{].*)?$`)

// syntaxFault looks at a line that is no TOML. If it is plainly meant to be one key and its
// value, the rest of the file can be read without it.
func syntaxFault(f fault, data []byte, l places) (fault, expr) {
	lines := strings.Split(string(data), "\n")
	if f.at.line > len(lines) {
		return f, expr{}
	}
	m := simple.FindStringSubmatch(lines[f.at.line-1])
	if m == nil || strings.Contains(m[2], `"""`) || strings.Contains(m[2], "'''") {
		f.text += "; this is no TOML: write [table], [[table]] or key = value"
		return f, expr{}
	}
	e := expr{join(l.table, m[1]), f.at.line, f.at.line}
	f.text = label(e.key) + " has a value that is no TOML" + like(e.key)
	return f, e
}

// like is the end of a sentence about a value that could not be read: how it is written.
func like(at string) string {
	if k, ok := keyAt(at); ok && k.example != "" {
		return "; write it like " + name(at) + " = " + k.example
	}
	for _, k := range keys {
		if k.path == at || strings.HasPrefix(k.path, at+".") {
			return fmt.Sprintf("; it is a table: write %s on a line of its own, and its keys below it", header(at))
		}
	}
	return "; texts stand in \"quotes\", numbers, true and false without"
}

// header is the line that opens a table.
func header(table string) string {
	if isList(table) {
		return "[[" + table + "]]"
	}
	return "[" + table + "]"
}

// unknown finds the keys that the format does not have.
func unknown(data []byte) []fault {
	d := toml.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	var strict *toml.StrictMissingError
	if !errors.As(d.Decode(new(Profile)), &strict) {
		return nil
	}
	faults := make([]fault, len(strict.Errors))
	for i := range strict.Errors {
		row, col := strict.Errors[i].Position()
		path := strings.Join(strict.Errors[i].Key(), ".")
		text := fmt.Sprintf("unknown key %q; ", path)
		if near := nearest(path); near != "" {
			text += fmt.Sprintf("write %s, or remove it", near)
		} else {
			text += "remove it: docs/SCANNERS.md lists the keys there are"
		}
		faults[i] = fault{position{row, col}, text}
	}
	return faults
}

// keyAt finds the entry of a key at a place: "match.2.vid" is "match.vid".
func keyAt(at string) (key, bool) {
	if parts := strings.Split(at, "."); len(parts) == 3 {
		at = parts[0] + "." + parts[2]
	}
	for _, k := range keys {
		if k.path == at {
			return k, true
		}
	}
	return key{}, false
}

func name(at string) string { return at[strings.LastIndex(at, ".")+1:] }

// nearest finds the key that somebody meant who wrote path; "" if none is near. The table
// is taken to be meant where it exists.
func nearest(path string) string {
	best, least := "", min(3, 1+len(name(path))/3)
	for _, k := range keys {
		for _, candidate := range []string{k.path, k.path[:max(strings.LastIndex(k.path, "."), 0)]} {
			if d := distance(path, candidate, least); candidate != "" && d < least {
				best, least = candidate, d
			}
		}
	}
	return best
}

// distance is how many letters must be put in, left out or changed to make b of a; limit if
// it is that or more.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return min(row[len(b)], limit)
}

// blank overwrites lines with spaces, so that the others keep their numbers.
func blank(data []byte, first, last int) {
	line := 1
	for i, c := range data {
		if c == '\n' {
			line++
		} else if line >= first && line <= last {
			data[i] = ' '
		}
	}
}
