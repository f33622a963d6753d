package signin

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"

	"garita/border"
)

// vault seals the rows of access.db, each to its place, and gives the names under which badges and
// addresses stand there. Its keys are made from one secret, which rests sealed by the root key.
type vault struct {
	name []byte
	aead cipher.AEAD
}

const secretName = "signin"

func openVault(ctx context.Context, s *store, root Sealer) (*vault, error) {
	const op = "open the sign-in's keys"
	var secret []byte
	err := s.Do(ctx, op, func(t *sql.Tx) error {
		var sealed []byte
		err := t.QueryRowContext(ctx, "SELECT sealed FROM secret").Scan(&sealed)
		if err == nil {
			secret, err = root.Open(secretName, sealed)
			return err
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		secret = make([]byte, 32)
		rand.Read(secret) // never fails: crypto/rand ends the program instead
		if sealed, err = root.Seal(secretName, secret); err != nil {
			return err
		}
		_, err = t.ExecContext(ctx, "INSERT INTO secret (one, sealed) VALUES (1, ?)", sealed)
		return err
	})
	if err != nil {
		return nil, err
	}
	var v vault
	row, err := hkdf.Key(sha256.New, secret, nil, "garita signin row", 32)
	if err == nil {
		v.name, err = hkdf.Key(sha256.New, secret, nil, "garita signin name", 32)
	}
	if err == nil {
		var block cipher.Block
		if block, err = aes.NewCipher(row); err == nil {
			v.aead, err = cipher.NewGCMWithRandomNonce(block)
		}
	}
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: op, Err: err}
	}
	return &v, nil
}

// seal seals a row of a table.
func (v *vault) seal(table string, key []byte, row any) ([]byte, error) {
	plain, err := json.Marshal(row)
	if err != nil {
		return nil, err
	}
	return v.aead.Seal(nil, nil, plain, append([]byte(table+"\n"), key...)), nil //nolint:gosec // the cipher makes the nonce
}

// open reports whether the row is as it was sealed.
func (v *vault) open(table string, key, sealed []byte, row any) bool {
	plain, err := v.aead.Open(nil, nil, sealed, append([]byte(table+"\n"), key...))
	return err == nil && json.Unmarshal(plain, row) == nil
}

// who is a keyed hash: what is typed as a badge may be a PIN.
type who [16]byte

func (v *vault) who(kind, what string) (w who) {
	h := hmac.New(sha256.New, v.name)
	h.Write([]byte(kind + "\n" + what))
	copy(w[:], h.Sum(nil))
	return w
}

// ticket is a token as it is kept: its SHA-256.
type ticket [32]byte

// newToken makes a token of 256 random bits.
func newToken() (string, ticket) {
	var b [32]byte
	rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	token := base64.RawURLEncoding.EncodeToString(b[:])
	return token, sha256.Sum256([]byte(token))
}

const tokenLen = 43

// ticketOf is the zero ticket for what cannot be a token.
func ticketOf(token string) ticket {
	if len(token) != tokenLen {
		return ticket{}
	}
	return sha256.Sum256([]byte(token))
}

// newName names a session, a ceremony.
func newName() string {
	var b [8]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
