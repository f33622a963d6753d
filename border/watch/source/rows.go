package source

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// maxColumns bounds the columns of a row.
const maxColumns = 64

// rows reads CSV (RFC 4180): one row at a time, bounded, and after a bad row on with the
// next line. The standard library's reader looks for the end of an open quotation through
// the whole file and cannot go on after it.
type rows struct {
	in     *input
	line   int      // of the row last read, from 1
	next   int      // of what comes
	fields [][]byte // valid until the next row
	quoted []byte   // unescaped quotations
	comma  byte     // between columns
	ended  bool     // the last row had its line end
	mark   bool     // 0x1A was the last byte of the file, as OFAC writes it
}

func newRows(in *input) *rows { return &rows{in: in, next: 1, ended: true, comma: ','} }

// read reads one row. code says what is wrong with it; the reader has then gone past it.
// At the end of the file it returns io.EOF.
func (r *rows) read() (fields [][]byte, code Code, err error) {
	for {
		ahead, err := r.in.Peek(min(window, r.in.Size()))
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, "", r.in.run.broken(r.in, r.next, err)
		}
		if len(ahead) == 0 {
			return nil, "", io.EOF
		}
		r.line = r.next
		n, lines, code := r.split(ahead)
		if code == "" && n == len(ahead) && err == nil && ahead[n-1] != '\n' { // the row does not end in the window
			code = TooLong
		}
		if code != "" {
			return nil, code, r.drop()
		}
		_, _ = r.in.Discard(n)
		r.next += lines
		r.ended = ahead[n-1] == '\n'
		if len(r.fields) == 1 {
			switch f := r.fields[0]; {
			case len(f) == 0: // an empty line
				continue
			case len(f) == 1 && f[0] == 0x1a && n == len(ahead):
				r.mark, r.ended = true, true
				continue
			}
		}
		return r.fields, "", nil
	}
}

// drop goes past the line at which a bad row begins, however long it is.
func (r *rows) drop() error {
	r.next++
	for {
		_, err := r.in.ReadSlice('\n')
		switch {
		case err == nil:
			r.ended = true
			return nil
		case errors.Is(err, io.EOF):
			r.ended = false
			return nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return r.in.run.broken(r.in, r.next, err)
		}
	}
}

// split splits the row at the head of b. It returns how many bytes and line ends it has.
func (r *rows) split(b []byte) (n, lines int, code Code) {
	r.fields, r.quoted = r.fields[:0], r.quoted[:0]
	for {
		if len(r.fields) == maxColumns {
			return 0, 0, BadColumns
		}
		if n < len(b) && b[n] == '"' {
			start := len(r.quoted)
			n++
			for {
				i := bytes.IndexByte(b[n:], '"')
				if i < 0 {
					return 0, 0, BadQuotes
				}
				r.quoted = append(r.quoted, b[n:n+i]...)
				lines += bytes.Count(b[n:n+i], []byte{'\n'})
				n += i + 1
				if n == len(b) || b[n] != '"' {
					break
				}
				r.quoted = append(r.quoted, '"')
				n++
			}
			r.fields = append(r.fields, r.quoted[start:len(r.quoted):len(r.quoted)])
		} else {
			start := n
			for n < len(b) && b[n] != r.comma && b[n] != '\n' && b[n] != '"' {
				n++
			}
			f := b[start:n]
			if n < len(b) && b[n] == '"' {
				return 0, 0, BadQuotes
			}
			if (n == len(b) || b[n] == '\n') && len(f) > 0 && f[len(f)-1] == '\r' {
				f = f[:len(f)-1]
			}
			r.fields = append(r.fields, f)
		}
		switch {
		case n == len(b):
			return n, lines, ""
		case b[n] == r.comma:
			n++
		case b[n] == '\n':
			return n + 1, lines + 1, ""
		case b[n] == '\r' && n+1 < len(b) && b[n+1] == '\n':
			return n + 2, lines + 1, ""
		default:
			return 0, 0, BadQuotes
		}
	}
}
