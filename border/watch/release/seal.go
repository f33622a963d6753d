package release

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"

	"garita/border"
)

// A sealed file is "GLS1", the id of the list key (8), a salt (32), and chunks of 64 KiB of
// plaintext, the last shorter or as long, each under AES-256-GCM (STREAM: Hoang, Reyhanitabar,
// Rogaway, Vizár 2015). The nonce is the chunk's number (11 bytes) and 1 for the last chunk, so
// chunks cannot be left out, doubled, swapped or cut off. The key comes by HKDF-SHA-256 from
// the list key, the salt and the label: no two files share one, even if the hub makes one again.
const (
	sealMagic = "GLS1"
	saltSize  = 32
	sealHead  = len(sealMagic) + len(KeyID{}) + saltSize
	chunk     = 64 << 10
	tag       = 16
)

// Keys are the list keys that somebody holds: the one in use and, after a rotation, older ones
// whose files are still about.
type Keys struct {
	current KeyID
	ring    map[KeyID][]byte
}

// NewKeys takes the list key in use (32 bytes, seal.HubPrivate.ListKey or
// seal.Provisioning.ListKey) and those before it. [border.Invalid]: one has another length.
func NewKeys(current []byte, older ...[]byte) (*Keys, error) {
	k := &Keys{current: ListKeyID(current), ring: make(map[KeyID][]byte, 1+len(older))}
	for _, key := range append([][]byte{current}, older...) {
		if len(key) != 32 {
			return nil, &border.Error{Code: border.Invalid, Op: "read a list key", Message: "A list key has 32 bytes."}
		}
		k.ring[ListKeyID(key)] = key
	}
	return k, nil
}

// ListKeyID names a list key.
func ListKeyID(key []byte) KeyID { return keyID("garita list key id v1\n", key) }

// ID is the id of the key in use.
func (k *Keys) ID() KeyID { return k.current }

// Holds reports whether the key with that id is held.
func (k *Keys) Holds(id KeyID) bool { return k.ring[id] != nil }

func (k *Keys) aead(id KeyID, salt []byte, info string) (cipher.AEAD, error) {
	secret, ok := k.ring[id]
	if !ok {
		return nil, &border.Error{Code: border.Forbidden, Op: "find a list key", Err: ErrKey,
			Message: "This was sealed with a list key that is not held here. The provisioning file is older than the hub's keys: bring a new one."}
	}
	key, err := hkdf.Key(sha256.New, secret, salt, info, 32)
	if err != nil {
		return nil, fmt.Errorf("derive a list key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("use a list key: %w", err)
	}
	return cipher.NewGCM(block)
}

// info binds a file's key to what the file is. No part can run into the next: the list's name
// has a small alphabet, and the others have one length.
func (l Label) info() string {
	return fmt.Sprintf("garita list file v1\n%s\n%s\n%s\n%d", l.Role, l.List, l.Epoch, l.Version)
}

// SealedSize is the size of the sealed file of so many bytes.
func SealedSize(plain int64) int64 {
	chunks := max(1, (plain+chunk-1)/chunk)
	return int64(sealHead) + plain + chunks*tag
}

// PlainSize is the size of what a sealed file of so many bytes holds, or false if no sealed
// file has that size.
func PlainSize(sealed int64) (int64, bool) {
	body := sealed - int64(sealHead)
	if body < tag {
		return 0, false
	}
	chunks := (body + chunk + tag - 1) / (chunk + tag)
	plain := body - chunks*tag
	return plain, plain >= 0 && SealedSize(plain) == sealed
}

// SealFile seals all of r into w and says which file it made. Memory is bounded whatever the size.
func (k *Keys) SealFile(w io.Writer, l Label, r io.Reader) (File, error) {
	s, err := k.Seal(w, l)
	if err != nil {
		return File{}, err
	}
	if _, err := io.Copy(s, r); err != nil {
		return File{}, err
	}
	if err := s.Close(); err != nil {
		return File{}, err
	}
	return s.File(), nil
}

// Sealer seals what is written to it. Without Close the file has no end and does not open.
type Sealer struct {
	w     io.Writer
	aead  cipher.AEAD
	plain []byte // of the present chunk
	out   []byte
	n     uint64 // number of the present chunk
	sum   hash.Hash
	size  int64
	err   error
}

// Seal begins a sealed file with the key in use.
func (k *Keys) Seal(w io.Writer, l Label) (*Sealer, error) {
	head := make([]byte, 0, sealHead)
	head = append(head, sealMagic...)
	head = append(head, k.current[:]...)
	head = head[:sealHead]
	salt := head[sealHead-saltSize:]
	rand.Read(salt) // never fails
	aead, err := k.aead(k.current, salt, l.info())
	if err != nil {
		return nil, err
	}
	s := &Sealer{w: w, aead: aead, plain: make([]byte, 0, chunk), out: make([]byte, 0, chunk+tag), sum: sha256.New()}
	return s, s.put(head)
}

// Write seals p.
func (s *Sealer) Write(p []byte) (n int, err error) {
	for len(p) > 0 && s.err == nil {
		if len(s.plain) == chunk { // more comes: it is not the last
			s.flush(false)
		}
		m := min(len(p), chunk-len(s.plain))
		s.plain = append(s.plain, p[:m]...)
		p, n = p[m:], n+m
	}
	return n, s.err
}

// Close seals the last chunk. It does not close what is written to.
func (s *Sealer) Close() error {
	if s.err == nil {
		s.flush(true)
		if s.err == nil {
			s.err = errSealed
			return nil
		}
	}
	if errors.Is(s.err, errSealed) {
		return nil
	}
	return s.err
}

var errSealed = &border.Error{Code: border.Internal, Op: "seal a file", Message: "The file has been sealed already."}

// File names the sealed file; call it after Close.
func (s *Sealer) File() File {
	return File{Digest: border.Digest(s.sum.Sum(nil)), Size: s.size}
}

func (s *Sealer) flush(last bool) {
	nonce := chunkNonce(s.n, last)
	s.out = s.aead.Seal(s.out[:0], nonce[:], s.plain, nil)
	s.plain = s.plain[:0]
	s.n++
	s.err = s.put(s.out)
}

func (s *Sealer) put(b []byte) error {
	if _, err := s.w.Write(b); err != nil {
		return &border.Error{Code: border.NotDurable, Op: "seal a file", Err: err}
	}
	s.sum.Write(b)
	s.size += int64(len(b))
	return nil
}

func chunkNonce(n uint64, last bool) (nonce [12]byte) {
	binary.BigEndian.PutUint64(nonce[3:], n)
	if last {
		nonce[11] = 1
	}
	return nonce
}

// Opener reads a sealed file. It gives out nothing that has not been verified, and io.EOF only
// where the file was sealed to end.
type Opener struct {
	r     io.Reader
	aead  cipher.AEAD
	in    []byte // a sealed chunk and one byte more, which tells whether it is the last
	ahead int    // bytes of the next chunk that have been read: 0 or 1
	first byte   // that byte
	plain []byte // verified, not yet given out
	n     uint64
	err   error
}

// Open begins to read a sealed file. [border.Invalid] with [ErrTruncated] or [ErrDamaged], from
// here or from Read: the file is cut off, or is not the one with that label.
// [border.Forbidden] with [ErrKey]: its key is not held.
func (k *Keys) Open(r io.Reader, l Label) (*Opener, error) {
	var head [sealHead]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, unreadable(err)
	}
	if string(head[:len(sealMagic)]) != sealMagic {
		return nil, damaged()
	}
	id := KeyID(head[len(sealMagic):])
	aead, err := k.aead(id, head[sealHead-saltSize:], l.info())
	if err != nil {
		return nil, err
	}
	return &Opener{r: r, aead: aead, in: make([]byte, chunk+tag+1)}, nil
}

// Read gives verified plaintext.
func (o *Opener) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for len(o.plain) == 0 {
		if o.err != nil {
			return 0, o.err
		}
		if len(p) >= chunk { // a whole one fits: no copy of a large file is made on the way
			if n := o.next(p[:0]); n > 0 {
				return n, nil
			}
			continue
		}
		n := o.next(o.in[:0])
		o.plain = o.in[:n]
	}
	n := copy(p, o.plain)
	o.plain = o.plain[n:]
	return n, nil
}

// next opens the next chunk into dst, which has room for one, and says how many bytes it held.
func (o *Opener) next(dst []byte) int {
	o.in[0] = o.first
	n, err := io.ReadFull(o.r, o.in[o.ahead:])
	n += o.ahead
	last := false
	switch {
	case err == nil: // a chunk, and at least a byte of another
		n--
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		last = true
	default:
		o.err = unreadable(err)
		return 0
	}
	if n < tag || n == tag && o.n > 0 { // nothing is a chunk only in an empty file
		o.err = unreadable(io.ErrUnexpectedEOF)
		return 0
	}
	nonce := chunkNonce(o.n, last)
	o.first, o.ahead = o.in[n], 1
	plain, err := o.aead.Open(dst, nonce[:], o.in[:n], nil)
	if err != nil {
		o.err = o.failure(n, last)
		return 0
	}
	o.n++
	if last {
		o.err = io.EOF
	}
	return len(plain)
}

// failure tells a file that was cut at the end of a chunk from one that was changed.
func (o *Opener) failure(n int, last bool) error {
	if last && n == chunk+tag {
		return unreadable(io.ErrUnexpectedEOF)
	}
	return damaged()
}

func unreadable(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &border.Error{Code: border.Invalid, Op: "open a sealed file", Message: "The file's end is missing.", Err: ErrTruncated}
	}
	return &border.Error{Code: border.Internal, Op: "open a sealed file", Err: err}
}

func damaged() error {
	return &border.Error{Code: border.Invalid, Op: "open a sealed file", Message: "The file is damaged, or is another one than its name says.", Err: ErrDamaged}
}
