package profile

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"garita/border"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// Load reads a profile file. Errors are [border.NotFound] or [border.Unavailable] when
// the file cannot be read, else as for [Parse].
func Load(path string) (*Profile, error) {
	f, err := os.Open(path)
	if err != nil {
		code := border.Unavailable
		if errors.Is(err, os.ErrNotExist) {
			code = border.NotFound
		}
		return nil, &border.Error{Code: code, Op: "read firmware profile", Message: "The profile " + path + " cannot be opened.", Err: err}
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxFileBytes+1))
	if err != nil {
		return nil, &border.Error{Code: border.Unavailable, Op: "read firmware profile", Message: "The profile " + path + " cannot be read.", Err: err}
	}
	return Parse(path, data)
}

// Parse reads a profile; name stands in its error messages. The error has code
// [border.Invalid], or [border.TooLarge], and its message is one line per fault:
// name:line:column: what is wrong.
func Parse(name string, data []byte) (*Profile, error) {
	if len(data) > MaxFileBytes {
		return nil, &border.Error{Code: border.TooLarge, Op: "read firmware profile",
			Message: fmt.Sprintf("%s:1:1: the file is longer than %d bytes", name, MaxFileBytes)}
	}
	p := new(Profile)
	d := toml.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(p); err != nil {
		return nil, invalid(decodeFaults(name, err))
	}
	if f := check(p, locate(data)); len(f) > 0 {
		lines := make([]string, len(f))
		for i, f := range f {
			lines[i] = fmt.Sprintf("%s:%d:%d: %s", name, f.at.line, f.at.column, f.text)
		}
		return nil, invalid(lines)
	}
	sum := sha256.Sum256(data)
	p.Hash = hex.EncodeToString(sum[:])
	return p, nil
}

// maxFaults is how many faults of one file are reported.
const maxFaults = 20

func invalid(lines []string) error {
	if n := len(lines) - maxFaults; n > 0 {
		lines = append(lines[:maxFaults:maxFaults], fmt.Sprintf("and %d more", n))
	}
	return &border.Error{Code: border.Invalid, Op: "read firmware profile", Message: strings.Join(lines, "\n")}
}

// decodeFaults puts the errors of the TOML library into our form.
func decodeFaults(name string, err error) []string {
	var strict *toml.StrictMissingError
	if errors.As(err, &strict) {
		lines := make([]string, len(strict.Errors))
		for i := range strict.Errors {
			row, col := strict.Errors[i].Position()
			lines[i] = fmt.Sprintf("%s:%d:%d: unknown key %q; see docs/SCANNERS.md for the keys there are",
				name, row, col, strings.Join(strict.Errors[i].Key(), "."))
		}
		return lines
	}
	var bad *toml.DecodeError
	if errors.As(err, &bad) {
		row, col := bad.Position()
		text := strings.TrimPrefix(bad.Error(), "toml: ")
		// The library's wording names Go types; a technician knows only the file.
		if strings.Contains(text, "Go ") || strings.Contains(text, "profile.") {
			text = fmt.Sprintf("the value of %q is of the wrong kind", strings.Join(bad.Key(), "."))
		}
		return []string{fmt.Sprintf("%s:%d:%d: %s", name, row, col, text)}
	}
	return []string{name + ":1:1: " + strings.TrimPrefix(err.Error(), "toml: ")}
}

// position is a place in a file, both counted from 1.
type position struct{ line, column int }

// locate finds where each key ("framing.kind") and each table ("framing") stands. The
// decoder does not tell, and a fault in a value should still name its line.
func locate(data []byte) map[string]position {
	at := make(map[string]position)
	var p unstable.Parser
	p.Reset(data)
	table := ""
	for p.NextExpression() {
		e := p.Expression()
		var parts []string
		var first unstable.Range
		for it := e.Key(); it.Next(); {
			if len(parts) == 0 {
				first = p.Range(it.Node().Data)
			}
			parts = append(parts, string(it.Node().Data))
		}
		if len(parts) == 0 {
			continue
		}
		start := p.Shape(first).Start
		key := strings.Join(parts, ".")
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			table = key
		case unstable.KeyValue:
			if table != "" {
				key = table + "." + key
			}
		default:
		}
		at[key] = position{start.Line, start.Column}
	}
	return at
}
