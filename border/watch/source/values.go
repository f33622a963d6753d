package source

import (
	"bytes"
	"errors"
	"io"
)

// Limits of a JSON value.
const (
	maxNesting = 32
	maxValue   = 1 << 20 // bytes
)

// values cuts a file into its JSON values without understanding them: values that follow
// one another, or the elements of one array. Each lies in memory alone, bounded.
type values struct {
	in    *input
	line  int // of the value last read
	next  int
	array bool // within the outer array
	began bool // the first value, or the array's bracket, was seen
	ended bool // the array's closing bracket was seen
	value []byte
}

func newValues(in *input) *values { return &values{in: in, next: 1} }

// read gives the next value, valid until the one after it; io.EOF after the last.
func (v *values) read() (value []byte, code Code, err error) {
	c, err := v.skip()
	if err != nil {
		return nil, "", err
	}
	if c == '[' && !v.began {
		v.began, v.array = true, true
		if c, err = v.skip(); err != nil {
			return nil, "", err
		}
	} else if v.array && c == ',' {
		if c, err = v.skip(); err != nil {
			return nil, "", err
		}
	}
	switch {
	case c == ']' && v.array:
		v.array, v.ended = false, true
		if _, err := v.skip(); !errors.Is(err, io.EOF) {
			return nil, "", fail(ErrFormat, v.in.name, v.next, "something follows the array")
		}
		return nil, "", io.EOF
	case c != '{' || v.ended:
		return nil, "", fail(ErrFormat, v.in.name, v.next, "it is not a JSON object")
	}
	v.began = true
	return v.object()
}

// skip goes to the next byte that is no space. The end of the file within the array is
// the end of a file that is cut off.
func (v *values) skip() (byte, error) {
	for {
		c, err := v.in.ReadByte()
		switch {
		case errors.Is(err, io.EOF) && (v.array || !v.began):
			return 0, fail(ErrTruncated, v.in.name, v.next, "the array is open at the end")
		case errors.Is(err, io.EOF):
			return 0, io.EOF
		case err != nil:
			return 0, v.in.run.broken(v.in, v.next, err)
		case c == '\n':
			v.next++
		case c != ' ' && c != '\t' && c != '\r':
			return c, nil
		}
	}
}

// object reads to the end of the object whose brace has just been read.
func (v *values) object() ([]byte, Code, error) {
	v.line = v.next
	v.value = append(v.value[:0], '{')
	var code Code
	for depth, quoted, escaped := 1, false, false; depth > 0; {
		c, err := v.in.ReadByte()
		switch {
		case errors.Is(err, io.EOF):
			return nil, "", fail(ErrTruncated, v.in.name, v.next, "an object is open at the end")
		case err != nil:
			return nil, "", v.in.run.broken(v.in, v.next, err)
		case c == '\n':
			v.next++
		}
		switch {
		case escaped:
			escaped = false
		case quoted:
			escaped = c == '\\'
			quoted = c != '"'
		case c == '"':
			quoted = true
		case c == '{' || c == '[':
			if depth++; depth > maxNesting {
				return nil, "", fail(ErrForbidden, v.in.name, v.next, "nested too deeply")
			}
		case c == '}' || c == ']':
			depth--
		}
		if len(v.value) < maxValue {
			v.value = append(v.value, c)
		} else {
			code = TooLong
		}
	}
	return v.value, code, nil
}

// deep tells whether a JSON text is nested deeper than it may be.
func deep(b []byte) bool {
	depth := 0
	for len(b) > 0 {
		i := bytes.IndexAny(b, `{}[]"`)
		if i < 0 {
			return false
		}
		c := b[i]
		b = b[i+1:]
		switch c {
		case '{', '[':
			if depth++; depth > maxNesting {
				return true
			}
		case '}', ']':
			depth--
		case '"':
			for {
				j := bytes.IndexAny(b, `"\`)
				if j < 0 {
					return false
				}
				if b[j] == '"' {
					b = b[j+1:]
					break
				}
				b = b[min(j+2, len(b)):]
			}
		}
	}
	return false
}
