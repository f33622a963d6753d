package stations

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"maps"
	"slices"

	"garita/border"
)

// Sealer is the data folder's root key, as border/keystore opens it.
type Sealer interface {
	Seal(name string, plain []byte) ([]byte, error)
	Open(name string, sealed []byte) ([]byte, error)
}

// vault seals rows under a key of this database's own, which lies in it sealed by the root key.
type vault struct{ aead cipher.AEAD }

// rootName binds the database's key to its use.
const rootName = "stations.db"

// newKey makes the key of a new database, sealed.
func newKey(root Sealer) ([]byte, error) {
	key := make([]byte, 32)
	rand.Read(key) // never fails: crypto/rand ends the program instead
	defer clear(key)
	return root.Seal(rootName, key)
}

func openVault(root Sealer, sealed []byte) (*vault, error) {
	key, err := root.Open(rootName, sealed)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block) // a random nonce is safe for 2^32 rows
	return &vault{aead}, err
}

// Tables, as names of rows begin.
const (
	tableStation = "station"
	tableCode    = "code"
	tableAct     = "act"
	tableMeta    = "meta"
)

func (v *vault) seal(table, name string, what any) ([]byte, error) {
	plain, err := json.Marshal(what)
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "seal a row of the stations", Err: err}
	}
	return v.aead.Seal(make([]byte, 0, len(plain)+v.aead.Overhead()), nil, plain, []byte(table+"\x00"+name)), nil //nolint:gosec // a false alarm: no nonce is passed, the cipher makes a random one
}

func (v *vault) open(table, name string, sealed []byte, into any) error {
	plain, err := v.aead.Open(nil, nil, sealed, []byte(table+"\x00"+name))
	if err == nil {
		err = json.Unmarshal(plain, into)
	}
	if err != nil {
		return tampered("a row does not open")
	}
	return nil
}

// tampered says that the database is not what this hub wrote.
func tampered(what string) error {
	return &border.Error{Code: border.Internal, Op: "read the stations' database: " + what,
		Message: "The stations' database was changed by something other than the hub, or is damaged. Who belonged before still does until the hub stops. Restore a copy, then compare it with the audit."}
}

// digest covers all rows of the state, by table and name.
func digest(stations, codes map[string][]byte) []byte {
	h := sha256.New()
	for table, rows := range []map[string][]byte{stations, codes} {
		for _, name := range slices.Sorted(maps.Keys(rows)) {
			var head [12]byte
			binary.BigEndian.PutUint32(head[:], uint32(table))
			binary.BigEndian.PutUint32(head[4:], uint32(len(name)))
			binary.BigEndian.PutUint32(head[8:], uint32(len(rows[name])))
			h.Write(head[:])
			h.Write([]byte(name))
			h.Write(rows[name])
		}
	}
	return h.Sum(nil)
}

// stamp is meta.state.
type stamp struct {
	Version uint64 `json:"version"` // counts changes
	Digest  []byte `json:"digest"`
}

func (s stamp) covers(d []byte) bool { return bytes.Equal(s.Digest, d) }
