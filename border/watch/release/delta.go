package release

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"

	"garita/border"
	"garita/border/watch"
)

// A delta is "GLD1", "z" for zlib or "-" for none, the number of changes (4, big endian), and
// the changes as JSON, one to a line.
const (
	deltaMagic = "GLD1"
	deltaHead  = len(deltaMagic) + 1 + 4
)

// Limits of a delta.
const (
	MaxChanges = 1 << 20   // changes in one delta
	MaxChange  = 256 << 10 // bytes of one change
	maxPlain   = 512 << 20 // bytes of all changes of one delta
)

// smallDelta is what zlib does not make smaller.
const smallDelta = 256

// EncodeDelta writes the changes of one version. The same changes give the same bytes.
// [border.Invalid]: a change is none, or more than one. [border.TooLarge]: beyond a limit.
func EncodeDelta(changes []watch.Change) ([]byte, error) {
	const op = "write a delta"
	tooLarge := &border.Error{Code: border.TooLarge, Op: op, Message: "These are too many changes for one release: make a snapshot."}
	if len(changes) > MaxChanges {
		return nil, tooLarge
	}
	var plain bytes.Buffer
	lines := json.NewEncoder(&plain) // one value, one line
	lines.SetEscapeHTML(false)
	for i := range changes {
		if !single(&changes[i]) {
			return nil, notOne(op, i+1)
		}
		before := plain.Len()
		if err := lines.Encode(&changes[i]); err != nil {
			return nil, &border.Error{Code: border.Invalid, Op: op, Message: "Change {0} cannot be written.", Args: []any{i + 1}}
		}
		if plain.Len()-before > MaxChange || plain.Len() > maxPlain {
			return nil, tooLarge
		}
	}
	var out bytes.Buffer
	out.WriteString(deltaMagic)
	if plain.Len() < smallDelta {
		out.Write(binary.BigEndian.AppendUint32([]byte{'-'}, uint32(len(changes))))
		out.Write(plain.Bytes())
	} else {
		out.Write(binary.BigEndian.AppendUint32([]byte{'z'}, uint32(len(changes))))
		z := zlib.NewWriter(&out)
		_, err := z.Write(plain.Bytes())
		if err = errors.Join(err, z.Close()); err != nil {
			return nil, &border.Error{Code: border.Internal, Op: op, Err: err}
		}
	}
	if SealedSize(int64(out.Len())) > MaxDelta {
		return nil, tooLarge
	}
	return out.Bytes(), nil
}

// DecodeDelta reads a delta to its end. Fields of an entry that this program does not know are
// passed over; a kind of change that it does not know is an error, for the list would become
// another one than the hub's. [border.Invalid], with [ErrTruncated] where the end is missing;
// [border.TooLarge]. An error of r comes back as it is.
func DecodeDelta(r io.Reader) ([]watch.Change, error) {
	const op = "read a delta"
	in := &faults{r: r}
	var head [deltaHead]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return nil, in.or(noDelta(err))
	}
	n := binary.BigEndian.Uint32(head[deltaHead-4:])
	kind := head[len(deltaMagic)]
	if string(head[:len(deltaMagic)]) != deltaMagic || kind != 'z' && kind != '-' {
		return nil, noDelta(nil)
	}
	if n > MaxChanges {
		return nil, &border.Error{Code: border.TooLarge, Op: op, Message: "The delta has too many changes."}
	}
	raw := bufio.NewReader(in)
	var plain io.Reader = raw
	if kind == 'z' {
		z, err := zlib.NewReader(raw)
		if err != nil {
			return nil, in.or(noDelta(err))
		}
		defer z.Close()
		plain = z
	}
	changes, err := readChanges(bufio.NewReaderSize(io.LimitReader(plain, maxPlain+1), 64<<10), n)
	if err != nil {
		return nil, in.or(err)
	}
	if kind == 'z' { // what follows the compressed bytes
		if _, err := raw.ReadByte(); !errors.Is(err, io.EOF) {
			return nil, in.or(noDelta(nil))
		}
	}
	return changes, nil
}

func readChanges(lines *bufio.Reader, n uint32) ([]watch.Change, error) {
	const op = "read a delta"
	changes := make([]watch.Change, 0, min(n, 4096)) // what it says of itself takes no memory
	var line []byte
	for i := range int(n) {
		var err error
		if line, err = readLine(lines, line[:0]); err != nil {
			if border.CodeOf(err) == border.TooLarge {
				return nil, err
			}
			return nil, noDelta(err)
		}
		var c watch.Change
		if err := json.Unmarshal(line, &c); err != nil { // its text would repeat names
			return nil, &border.Error{Code: border.Invalid, Op: op, Message: "Change {0} of the delta cannot be read.", Args: []any{i + 1}}
		}
		if !single(&c) {
			return nil, notOne(op, i+1)
		}
		changes = append(changes, c)
	}
	if _, err := lines.ReadByte(); !errors.Is(err, io.EOF) {
		return nil, noDelta(err) // more than it says, a checksum that does not fit, or half of it
	}
	return changes, nil
}

// readLine reads up to a line feed, which it takes away.
func readLine(r *bufio.Reader, line []byte) ([]byte, error) {
	for {
		part, err := r.ReadSlice('\n')
		if len(line)+len(part) > MaxChange {
			return nil, &border.Error{Code: border.TooLarge, Op: "read a delta", Message: "A change of the delta is too large."}
		}
		line = append(line, part...)
		switch {
		case err == nil:
			return line[:len(line)-1], nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}

// single reports whether exactly one field of a change is set.
func single(c *watch.Change) bool {
	n := 0
	for _, set := range [...]bool{c.Put != nil, c.Remove != nil, c.Remember != nil, c.Forget != nil, c.Describe != nil} {
		if set {
			n++
		}
	}
	return n == 1
}

func notOne(op string, i int) error {
	return &border.Error{Code: border.Invalid, Op: op,
		Message: "Change {0} is of no kind that this program knows, or of several.", Args: []any{i}}
}

func noDelta(err error) error {
	e := &border.Error{Code: border.Invalid, Op: "read a delta", Message: "This is no delta that this program knows."}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		e.Message, e.Err = "The delta's end is missing.", ErrTruncated
	}
	return e
}

// faults remembers an error of the reader below, so that it is not taken for a fault of what is read.
type faults struct {
	r   io.Reader
	err error
}

func (f *faults) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		f.err = err
	}
	return n, err
}

func (f *faults) or(err error) error {
	if f.err != nil {
		return f.err
	}
	return err
}
