package seal

import (
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/hpke"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"garita/border"
)

// Software keys in files serve until a TPM or a system credential takes their place.
// Whoever reads the file reads the people: every program that uses one says so.

// Provisioning is what a station needs from its hub to seal and to index. The hub writes
// it (garita-hub provision), a person carries it to the station. It holds a secret.
type Provisioning struct {
	Hub       string `json:"hub"`        // name of the hub, for people
	PublicKey []byte `json:"public_key"` // X25519, to which stations wrap their data keys
	BlindKey  []byte `json:"blind_key"`  // 32 bytes, national; SECRET

	// Of the lists that the hub releases; absent in files of older hubs, whose stations take
	// none from it.
	ListKey    []byte `json:"list_key,omitempty"`    // 32 bytes, seals lists, keys document hashes; SECRET
	ListSigner []byte `json:"list_signer,omitempty"` // Ed25519 public key that releases are signed with
}

// HubPrivate is the hub's secret file: the private half of the sealing key and the
// national blind-index key.
type HubPrivate struct {
	Hub        string `json:"hub"`
	PrivateKey []byte `json:"private_key"`    // X25519
	BlindKey   []byte `json:"blind_key"`      // 32 bytes
	ListKey    []byte `json:"list_key"`       // 32 bytes, seals what stations are sent of lists
	ListSeed   []byte `json:"list_seed"`      // 32 bytes, Ed25519 seed that signs them, and what else stations take from the hub alone
	Rows       int    `json:"rows,omitempty"` // as in [StationSecret]
}

// StationSecret is the station's secret file: the key that wraps its data keys.
type StationSecret struct {
	WrapKey []byte `json:"wrap_key"` // 32 bytes, AES-256-GCM
	// Rows is the version of keys.db's rows that is asked for: 0 lets rows without a MAC pass, once.
	Rows int `json:"rows,omitempty"`
}

// NewHubPrivate makes the secrets of a new hub.
func NewHubPrivate(name string) (*HubPrivate, error) {
	k, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make the hub's sealing key: %w", err)
	}
	h := &HubPrivate{Hub: name, PrivateKey: k.Bytes(), BlindKey: secret(), Rows: rowsWithMACs}
	h.Complete()
	return h, nil
}

// Complete makes the secrets of lists for a hub that was founded before it had any, and
// reports whether it did. The file must then be saved.
func (h *HubPrivate) Complete() bool {
	if len(h.ListKey) == 32 && len(h.ListSeed) == ed25519.SeedSize {
		return false
	}
	h.ListKey, h.ListSeed = secret(), secret()
	return true
}

func secret() []byte {
	b := make([]byte, 32)
	rand.Read(b) // never fails: crypto/rand ends the program instead
	return b
}

// NewStationSecret makes the secret of a new station.
func NewStationSecret() *StationSecret {
	return &StationSecret{WrapKey: secret(), Rows: rowsWithMACs}
}

// Provisioning returns what the hub hands to a station.
func (h *HubPrivate) Provisioning() (*Provisioning, error) {
	k, err := ecdh.X25519().NewPrivateKey(h.PrivateKey)
	if err != nil {
		return nil, fmt.Errorf("read the hub's sealing key: %w", err)
	}
	p := &Provisioning{Hub: h.Hub, PublicKey: k.PublicKey().Bytes(), BlindKey: h.BlindKey}
	if len(h.ListSeed) == ed25519.SeedSize {
		p.ListKey = h.ListKey
		p.ListSigner = ed25519.NewKeyFromSeed(h.ListSeed).Public().(ed25519.PublicKey)
	}
	return p, nil
}

func (h *HubPrivate) key() (hpke.PrivateKey, error) {
	k, err := ecdh.X25519().NewPrivateKey(h.PrivateKey)
	if err != nil {
		return nil, fmt.Errorf("read the hub's sealing key: %w", err)
	}
	return hpke.NewDHKEMPrivateKey(k)
}

func (p *Provisioning) key() (hpke.PublicKey, error) {
	k, err := ecdh.X25519().NewPublicKey(p.PublicKey)
	if err != nil {
		return nil, fmt.Errorf("read the hub's public key: %w", err)
	}
	return hpke.NewDHKEMPublicKey(k)
}

// Load reads a key file into v (*Provisioning, *HubPrivate or *StationSecret). A missing
// file is [border.NotFound]; a file that others may read is refused.
func Load(path string, v any) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &border.Error{Code: border.NotFound, Op: "read key file " + path, Err: err}
	}
	if err != nil {
		return &border.Error{Code: border.Internal, Op: "read key file", Err: err}
	}
	if info.Mode().Perm()&0o077 != 0 {
		return &border.Error{Code: border.Forbidden, Op: "read key file " + path,
			Message: "The key file can be read by others than its owner. Run: chmod 600 " + path}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return &border.Error{Code: border.Internal, Op: "read key file", Err: err}
	}
	if err := json.Unmarshal(b, v); err != nil {
		// The cause could repeat the content, and the content is secret.
		return &border.Error{Code: border.Invalid, Op: "read key file " + path, Message: "The key file is damaged."}
	}
	return nil
}

// Save writes a key file for its owner alone: temporary file in the same folder, sync,
// rename, sync of the folder.
func Save(path string, v any) error {
	wrap := func(err error) error {
		return &border.Error{Code: border.Internal, Op: "write key file " + path, Err: err}
	}
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return wrap(err)
	}
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".key-*") // created with mode 0600
	if err != nil {
		return wrap(err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(append(b, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return wrap(err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return wrap(err)
	}
	d, err := os.Open(dir)
	if err != nil {
		return wrap(err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return wrap(err)
	}
	return nil
}

// Fingerprint gives a short name of the hub's public key for people to compare.
func (p *Provisioning) Fingerprint() string {
	s := base64.RawURLEncoding.EncodeToString(p.PublicKey)
	if len(s) > 12 {
		s = s[:12]
	}
	return s
}
