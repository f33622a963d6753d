package profile

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"garita/border"
)

// Load reads a profile file. Errors are [border.NotFound] or [border.Unavailable] when
// the file cannot be read, else as for [Parse].
func Load(path string) (*Profile, error) {
	// Anything but a regular file (a pipe, say) might never end, or never begin.
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a regular file")
	}
	if err != nil {
		return nil, unreadable(path, err)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxFileBytes+1))
	if err != nil {
		return nil, unreadable(path, err)
	}
	return Parse(path, data)
}

func unreadable(path string, err error) error {
	code := border.Unavailable
	if errors.Is(err, os.ErrNotExist) {
		code = border.NotFound
	}
	return &border.Error{Code: code, Op: "read firmware profile", Message: path + ":1:1: this profile cannot be opened; check the path and the rights of the file", Err: err}
}

// Parse reads a profile; name stands in its error messages. The error has code
// [border.Invalid], or [border.TooLarge], and its message is one line per fault:
// name:line:column: what is wrong.
func Parse(name string, data []byte) (*Profile, error) {
	if len(data) > MaxFileBytes {
		return nil, &border.Error{Code: border.TooLarge, Op: "read firmware profile",
			Message: fmt.Sprintf("%s:1:1: the file is longer than %d bytes", name, MaxFileBytes)}
	}
	p, at, unread, faults := decode(data)
	if p != nil {
		faults = append(faults, check(p, at, unread)...)
	}
	if len(faults) > 0 {
		return nil, invalid(name, faults)
	}
	sum := sha256.Sum256(data)
	p.Hash, p.Source = hex.EncodeToString(sum[:]), name
	for i := range p.Match {
		p.Match[i].Line = at[join("match", itoa(i+1))].line
	}
	return p, nil
}

// maxFaults is how many faults of one file are reported.
const maxFaults = 20

// invalid makes one error of the faults of a file, in the order of the file.
func invalid(name string, faults []fault) error {
	slices.SortStableFunc(faults, func(a, b fault) int {
		return cmp.Or(cmp.Compare(a.at.line, b.at.line), cmp.Compare(a.at.column, b.at.column))
	})
	lines := make([]string, 0, maxFaults+1)
	for _, f := range faults[:min(len(faults), maxFaults)] {
		lines = append(lines, fmt.Sprintf("%s:%d:%d: %s", name, f.at.line, f.at.column, f.text))
	}
	if n := len(faults) - maxFaults; n > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", n))
	}
	return &border.Error{Code: border.Invalid, Op: "read firmware profile", Message: strings.Join(lines, "\n")}
}
