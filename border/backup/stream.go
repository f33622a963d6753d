package backup

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"time"

	"garita/border"
)

// The file of a backup:
//
//	magic   "garita backup 1\n"
//	length  of the header, 4 bytes, big-endian
//	header  JSON, see [Header]
//	chunks  64 KiB of plaintext each, the last one 1 byte to 64 KiB, each followed by its tag
//
// Each chunk is sealed with AES-256-GCM under a key of this file alone, derived with HKDF-SHA-256 from
// the backup's key, with the SHA-256 of all that stands before the chunks as salt: a changed header opens
// nothing. The nonce is the chunk's number, 11 bytes, big-endian, and one byte that is 1 in the last
// chunk: chunks cannot be changed, moved, doubled or left out, nor can the end be cut off (the STREAM
// construction).
const (
	magic     = "garita backup 1\n"
	maxHeader = 64 << 10
	chunkSize = 64 << 10
	tagSize   = 16
	keySize   = 32
	streamKey = "garita backup chunks v1"
)

// Header says in the open what a backup is, and gives its key to who may have it.
type Header struct {
	ID       string    `json:"id"`       // random, 32 hexadecimal digits
	Kind     string    `json:"kind"`     // station or hub
	Name     string    `json:"name"`     // of the station or hub
	Sequence uint64    `json:"sequence"` // grows with each backup; clocks may not
	Made     time.Time `json:"made"`
	Software string    `json:"software"`
	Keys     []Wrap    `json:"keys"` // the backup's key, for each who may have it
}

// Wrap is a backup's key, sealed.
type Wrap struct {
	To     string `json:"to"` // root, hub or recovery
	Sealed []byte `json:"sealed"`
}

// The holders of wraps.
const (
	toRoot     = "root"     // the root key of the data folder
	toHub      = "hub"      // the hub of a station
	toRecovery = "recovery" // the recovery key on paper
)

// ErrDamaged says that a backup was changed, moved about, or cut short.
var ErrDamaged = errors.New("the backup is damaged")

// ErrKey says that none of the keys at hand opens a backup.
var ErrKey = errors.New("no key at hand opens the backup")

func damaged(why string) error {
	return &border.Error{Code: border.Invalid, Op: "read a backup", Message: "The backup is damaged. Take an older one, or another copy of it.",
		Err: errors.Join(ErrDamaged, errors.New(why))}
}

// writeHead writes all that stands before the chunks, and gives its digest.
func writeHead(w io.Writer, h *Header) (sum [sha256.Size]byte, err error) {
	b, err := json.Marshal(h)
	if err != nil {
		return sum, err
	}
	if len(b) > maxHeader {
		return sum, errors.New("the header is too long")
	}
	head := append([]byte(magic), binary.BigEndian.AppendUint32(nil, uint32(len(b)))...)
	head = append(head, b...)
	_, err = w.Write(head)
	return sha256.Sum256(head), err
}

// readHead reads it.
func readHead(r io.Reader) (h Header, sum [sha256.Size]byte, err error) {
	head := make([]byte, len(magic)+4)
	if _, err := io.ReadFull(r, head); err != nil || string(head[:len(magic)]) != magic {
		return h, sum, &border.Error{Code: border.Invalid, Op: "read a backup", Message: "This is no backup of Garita, or of a later version.", Err: ErrDamaged}
	}
	n := binary.BigEndian.Uint32(head[len(magic):])
	if n > maxHeader {
		return h, sum, damaged("a header too long")
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		return h, sum, damaged("cut off in the header")
	}
	if err := json.Unmarshal(b, &h); err != nil || h.Kind != Station && h.Kind != Hub || h.Name == "" {
		return h, sum, damaged("the header cannot be read")
	}
	return h, sha256.Sum256(append(head, b...)), nil
}

// chunks makes the cipher of a file.
func chunks(key []byte, sum [sha256.Size]byte) (cipher.AEAD, error) {
	k, err := hkdf.Key(sha256.New, key, sum[:], streamKey, keySize)
	if err != nil {
		return nil, err
	}
	defer clear(k)
	block, err := aes.NewCipher(k)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// nonce counts the chunks.
type nonce [12]byte

func (n *nonce) next(last bool) []byte {
	out := *n
	if last {
		out[11] = 1
	}
	for i := 10; i >= 0; i-- {
		if n[i]++; n[i] != 0 {
			break
		}
	}
	return out[:]
}

// sealer writes chunks. Close writes the last one.
type sealer struct {
	w    io.Writer
	aead cipher.AEAD
	n    nonce
	buf  []byte
	out  []byte
}

func newSealer(w io.Writer, aead cipher.AEAD) *sealer {
	return &sealer{w: w, aead: aead, buf: make([]byte, 0, chunkSize), out: make([]byte, 0, chunkSize+tagSize)}
}

// Write seals what fills a chunk and is not the end.
func (s *sealer) Write(p []byte) (n int, err error) {
	for len(p) > 0 {
		if len(s.buf) == chunkSize { // more comes: it is not the last
			if err := s.flush(false); err != nil {
				return n, err
			}
		}
		take := copy(s.buf[len(s.buf):chunkSize], p)
		s.buf = s.buf[:len(s.buf)+take]
		p, n = p[take:], n+take
	}
	return n, nil
}

func (s *sealer) flush(last bool) error {
	s.out = s.aead.Seal(s.out[:0], s.n.next(last), s.buf, nil)
	s.buf = s.buf[:0]
	_, err := s.w.Write(s.out)
	return err
}

func (s *sealer) Close() error { return s.flush(true) }

// opener reads chunks; nothing of a chunk is given before its tag was checked, and [io.EOF] only after
// the chunk that says that it is the last.
type opener struct {
	r    io.Reader
	aead cipher.AEAD
	n    nonce
	in   []byte // one chunk and the first byte of the next
	have int    // bytes in in
	out  []byte // opened, not yet given
	mem  []byte
	last bool
}

func newOpener(r io.Reader, aead cipher.AEAD) *opener {
	return &opener{r: r, aead: aead, in: make([]byte, chunkSize+tagSize+1), mem: make([]byte, 0, chunkSize)}
}

func (o *opener) Read(p []byte) (int, error) {
	for len(o.out) == 0 {
		if o.last {
			return 0, io.EOF
		}
		if err := o.chunk(); err != nil {
			return 0, err
		}
	}
	n := copy(p, o.out)
	o.out = o.out[n:]
	return n, nil
}

func (o *opener) chunk() error {
	n, err := io.ReadFull(o.r, o.in[o.have:])
	n += o.have
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		o.last = true // what follows this chunk is nothing, so it must say that it is the last
	case err != nil:
		return &border.Error{Code: border.Unavailable, Op: "read a backup", Message: "The backup cannot be read from its disk.", Err: err}
	default:
		n--
	}
	if n < tagSize {
		return damaged("cut off")
	}
	if o.out, err = o.aead.Open(o.mem[:0], o.n.next(o.last), o.in[:n], nil); err != nil {
		return damaged("a chunk does not open")
	}
	if len(o.out) == 0 && o.n != (nonce{10: 1}) {
		return damaged("an empty chunk")
	}
	if !o.last {
		o.in[0], o.have = o.in[n], 1
	}
	return nil
}

// end checks that nothing follows.
func (o *opener) end() error {
	var b [1]byte
	n, err := io.ReadFull(o, b[:])
	if n != 0 {
		return damaged("more than its list of contents says")
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// ReadHeader reads the open part of a backup.
func ReadHeader(r io.Reader) (Header, error) {
	h, _, err := readHead(r)
	return h, err
}

// readPrefixed reads bytes after their length.
func readPrefixed(r io.Reader, limit uint32) ([]byte, error) {
	var n [4]byte
	if _, err := io.ReadFull(r, n[:]); err != nil {
		return nil, orDamaged(err)
	}
	size := binary.BigEndian.Uint32(n[:])
	if size > limit {
		return nil, damaged("a list of contents too long")
	}
	var b bytes.Buffer // grows with what really comes
	if _, err := io.CopyN(&b, r, int64(size)); err != nil {
		return nil, orDamaged(err)
	}
	return b.Bytes(), nil
}

// orDamaged says of an end that came too soon that the backup is damaged.
func orDamaged(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return damaged("cut off")
	}
	return err
}
