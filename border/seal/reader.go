package seal

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"database/sql"
	"net/url"

	"garita/border"
)

// KeyReader opens sealed parts with the keys of a station's folder, and changes nothing there: for
// programs that look at a station's files while it runs, or at a copy of them.
type KeyReader struct{ keys *StationKeys }

// ReadStationKeys opens keys.db at path for reading only.
func ReadStationKeys(ctx context.Context, path string, station border.StationID, secret *StationSecret) (*KeyReader, error) {
	const op = "read the station's keys"
	block, err := aes.NewCipher(secret.WrapKey)
	if err != nil {
		return nil, &border.Error{Code: border.Invalid, Op: op, Message: "The station's key file is damaged."}
	}
	wrap, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: op, Err: err}
	}
	g, err := stationGuard(secret, wrap)
	if err != nil {
		return nil, err
	}
	q := url.Values{"mode": {"ro"}, "_busy_timeout": {"5000"}, "_query_only": {"1"}}
	db, err := sql.Open("sqlite3", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
	if err == nil {
		db.SetMaxOpenConns(1)
	}
	s := &store{db: db, guard: g}
	if err == nil {
		if err = s.survey(ctx, false); err != nil {
			_ = db.Close() // nothing was written
		}
	}
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: op, Err: err}
	}
	return &KeyReader{&StationKeys{station: station, store: s, wrap: wrap, opened: make(map[string]*dataKey)}}, nil
}

// Open returns the plaintext of a part, as [StationKeys.Open] does.
func (r *KeyReader) Open(e *border.Event, part string) ([]byte, error) { return r.keys.Open(e, part) }

// Close closes keys.db.
func (r *KeyReader) Close() error { return r.keys.Close() }
