package checkpoint

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"garita/border"
)

// State is what a checkpoint says: so many events has the log of this epoch, and this is the
// root over them.
type State struct {
	Station border.StationID
	Epoch   border.Epoch
	Size    uint64
	Root    border.Digest
}

const prefix = "garita/"

// Name is the name of a station's key in notes.
func Name(station border.StationID) string { return prefix + string(station) }

// Text is the signed text: origin, size and root, a line each (C2SP tlog-checkpoint).
func (s State) Text() string {
	return Name(s.Station) + "/" + s.Epoch.String() + "\n" + strconv.FormatUint(s.Size, 10) + "\n" +
		base64.StdEncoding.EncodeToString(s.Root[:]) + "\n"
}

// Parse reads the text of a checkpoint; there is one way to write each.
func Parse(text string) (State, error) {
	bad := &border.Error{Code: border.Invalid, Op: "read a checkpoint", Message: "This is no checkpoint of a journal."}
	lines := strings.Split(text, "\n")
	if len(text) > border.MaxCheckpoint || len(lines) != 4 {
		return State{}, bad
	}
	origin, ok := strings.CutPrefix(lines[0], prefix)
	station, epoch, cut := strings.Cut(origin, "/")
	s := State{Station: border.StationID(station)}
	size, err := strconv.ParseUint(lines[1], 10, MaxLevel)
	root, rootErr := base64.StdEncoding.DecodeString(lines[2])
	if !ok || !cut || s.Station.Validate() != nil || s.Epoch.UnmarshalText([]byte(epoch)) != nil ||
		err != nil || rootErr != nil || len(root) != len(s.Root) {
		return State{}, bad
	}
	s.Size = size
	copy(s.Root[:], root)
	if s.Epoch.IsZero() || s.Size == 0 || s.Text() != text {
		return State{}, bad
	}
	return s, nil
}

// Sign writes a checkpoint, signed by one or by several.
func Sign(s State, signers ...note.Signer) ([]byte, error) {
	b, err := note.Sign(&note.Note{Text: s.Text()}, signers...)
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "sign a checkpoint", Err: err}
	}
	return b, nil
}

// Open reads a checkpoint that at least one of the verifiers has signed; the others' signatures
// stay in the note unverified. [border.Invalid]: it is none, or signed by none of them.
func Open(msg []byte, verifiers ...note.Verifier) (State, *note.Note, error) {
	const op = "read a checkpoint"
	if len(msg) > border.MaxCheckpoint {
		return State{}, nil, &border.Error{Code: border.Invalid, Op: op, Message: "This is no checkpoint of a journal."}
	}
	n, err := note.Open(msg, note.VerifierList(verifiers...))
	if err != nil {
		return State{}, nil, &border.Error{Code: border.Invalid, Op: op, Message: "The checkpoint is not signed by whom it should be.",
			Err: errors.New("no signature that counts")}
	}
	s, err := Parse(n.Text)
	return s, n, err
}

// Signed reports whether a note carries a verified signature of a key.
func Signed(n *note.Note, v note.Verifier) bool {
	for _, s := range n.Sigs {
		if s.Name == v.Name() && s.Hash == v.KeyHash() {
			return true
		}
	}
	return false
}

// Cosign adds a signature to an opened note. The others stay.
func Cosign(n *note.Note, signer note.Signer) ([]byte, error) {
	b, err := note.Sign(n, signer)
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "cosign a checkpoint", Err: err}
	}
	return b, nil
}

// Claims reads the text of a checkpoint without looking at its signatures.
func Claims(msg []byte) (State, error) {
	text, _, ok := strings.Cut(string(msg[:min(len(msg), border.MaxCheckpoint)]), "\n\n")
	if !ok {
		return Parse("")
	}
	return Parse(text + "\n")
}

// NewVerifier verifies the notes of a key (Ed25519) by a name, such as [Name] gives.
func NewVerifier(name string, public ed25519.PublicKey) (note.Verifier, error) {
	vkey, err := VerifierKey(name, public)
	if err != nil {
		return nil, err
	}
	v, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, &border.Error{Code: border.Invalid, Op: "read a verifier key", Err: err}
	}
	return v, nil
}

// VerifierKey is the text form of a public key, "name+hash+key", as note writes it.
func VerifierKey(name string, public ed25519.PublicKey) (string, error) {
	if len(public) != ed25519.PublicKeySize {
		return "", &border.Error{Code: border.Invalid, Op: "write a verifier key", Err: errors.New("not an Ed25519 key")}
	}
	vkey, err := note.NewEd25519VerifierKey(name, public)
	if err != nil {
		return "", &border.Error{Code: border.Invalid, Op: "write a verifier key", Err: err}
	}
	return vkey, nil
}

// NewSigner signs notes under a name with a key that is held in memory.
func NewSigner(name string, private ed25519.PrivateKey) (note.Signer, error) {
	if len(private) != ed25519.PrivateKeySize {
		return nil, &border.Error{Code: border.Invalid, Op: "make a signer", Err: errors.New("not an Ed25519 key")}
	}
	public, _ := private.Public().(ed25519.PublicKey)
	if _, err := VerifierKey(name, public); err != nil {
		return nil, err
	}
	return &signer{name, keyHash(name, public), private}, nil
}

type signer struct {
	name string
	hash uint32
	key  ed25519.PrivateKey
}

func (s *signer) Name() string    { return s.name }
func (s *signer) KeyHash() uint32 { return s.hash }

func (s *signer) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(s.key, msg), nil }

// keyHash is how notes tell keys of one name apart: the first 4 bytes of SHA-256 over the name,
// a line feed, the algorithm's number (1: Ed25519) and the key.
func keyHash(name string, public ed25519.PublicKey) uint32 {
	h := sha256.Sum256(append([]byte(name+"\n\x01"), public...))
	return binary.BigEndian.Uint32(h[:])
}

// String gives the state in words, for reports.
func (s State) String() string { return fmt.Sprintf("%s/%s at %d", s.Station, s.Epoch, s.Size) }
