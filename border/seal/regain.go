package seal

import (
	"context"
	"crypto/aes"
	"crypto/ed25519"
	"crypto/hpke"
	"encoding/json"
	"errors"

	"garita/border"
)

// Data keys are in no backup: what retention has destroyed must not come back with one. A station that
// was put back gets the keys that are still alive from the hub, one by one, sealed to its enrolled key
// and signed by the hub: whoever stands between could otherwise give it a key that he knows.

// rewrapLimit is how many keys Rewrapped gives at a time.
const rewrapLimit = 1000

// rewrapped is what a given-back key is sealed as: it says itself what it is of.
type rewrapped struct {
	Station border.StationID `json:"station"`
	KeyID   string           `json:"key_id"`
	Part    string           `json:"part"`
	Bucket  string           `json:"bucket"`
	Key     []byte           `json:"key"`
}

// rewrapMessage is what the hub signs of a given-back key.
func rewrapMessage(station border.StationID, sealed []byte) []byte {
	return append([]byte("garita data key given back v1\n"+string(station)+"\n"), sealed...)
}

// Rewrapped lists live data keys of a station, sealed to its enrolled public key pub and signed by the
// hub; never those of the hub part. At most 1000 after a key id, ascending. A key that this hub cannot
// open, or whose row was changed, is left out.
func (h *HubKeys) Rewrapped(ctx context.Context, station border.StationID, pub []byte, after string) ([]border.KeyWrap, error) {
	const op = "give a station its keys"
	if len(h.seed) != ed25519.SeedSize {
		return nil, &border.Error{Code: border.Unavailable, Op: op, Err: errors.New("this hub has no key to sign with")}
	}
	sign := ed25519.NewKeyFromSeed(h.seed)
	rows, err := h.store.list(ctx, `WHERE station = ? AND id > ? AND part <> ? ORDER BY id LIMIT ?`,
		string(station), after, border.PartHub, rewrapLimit)
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: op, Err: err}
	}
	out := make([]border.KeyWrap, 0, len(rows))
	for i := range rows {
		r := &rows[i]
		if r.changed {
			continue
		}
		secret, err := openHubWrap(h.key, r)
		if err != nil {
			continue // the station sent nonsense once; its own events say the same
		}
		plain, err := json.Marshal(rewrapped{Station: station, KeyID: r.id, Part: r.part, Bucket: r.bucket, Key: secret})
		clear(secret)
		if err != nil {
			return nil, &border.Error{Code: border.Internal, Op: op, Err: err}
		}
		sealed, err := SealToStation(pub, ForKeys, plain)
		clear(plain)
		if err != nil {
			return nil, err
		}
		out = append(out, border.KeyWrap{Station: station, KeyID: r.id, Part: r.part, Bucket: r.bucket,
			Wrapped: append(ed25519.Sign(sign, rewrapMessage(station, sealed)), sealed...)})
	}
	return out, nil
}

// Regain keeps keys that the hub gave back, wrapped for this station anew, and durably. Keys that are
// held stay as they are, and those that were destroyed here stay destroyed. One that is not the hub's or
// not this station's is [border.Invalid], and then none is kept.
func (k *StationKeys) Regain(ctx context.Context, opener *StationOpener, wraps []border.KeyWrap) error {
	const op = "take back keys from the hub"
	if k.store.foreign {
		return errForeign
	}
	rows := make([]row, 0, len(wraps))
	for i := range wraps {
		r, err := k.regained(opener, &wraps[i])
		if err != nil {
			return &border.Error{Code: border.Invalid, Op: op, Message: "What should be keys from the hub is not from the hub, or not for this station.", Err: err}
		}
		rows = append(rows, r)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.store.add(ctx, rows); err != nil {
		return notStored(op, err)
	}
	return nil
}

func (k *StationKeys) regained(opener *StationOpener, w *border.KeyWrap) (row, error) {
	if len(k.signer) != ed25519.PublicKeySize {
		return row{}, errors.New("this station does not know what its hub signs with")
	}
	if len(w.Wrapped) < ed25519.SignatureSize {
		return row{}, errors.New("too short")
	}
	sig, sealed := w.Wrapped[:ed25519.SignatureSize], w.Wrapped[ed25519.SignatureSize:]
	if !ed25519.Verify(k.signer, rewrapMessage(k.station, sealed), sig) {
		return row{}, errors.New("not signed by the hub for this station")
	}
	plain, err := opener.Open(ForKeys, sealed)
	if err != nil {
		return row{}, err
	}
	defer clear(plain)
	var v rewrapped
	if json.Unmarshal(plain, &v) != nil { // the cause could repeat content
		return row{}, errors.New("unreadable")
	}
	defer clear(v.Key)
	if v.Station != k.station || w.Station != k.station || v.KeyID != w.KeyID || v.Part != w.Part || v.Bucket != w.Bucket ||
		v.Part == border.PartHub || len(v.Key) != 32 {
		return row{}, errors.New("it is not what it says")
	}
	if _, err := aes.NewCipher(v.Key); err != nil {
		return row{}, err
	}
	r := row{id: v.KeyID, station: string(k.station), part: v.Part, bucket: v.Bucket,
		stationWrap: k.wrap.Seal(nil, nil, v.Key, []byte(wrapInfo+v.KeyID))}
	r.hubWrap, err = hpke.Seal(k.hub, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(wrapInfo+v.KeyID), v.Key)
	return r, err
}

// Changed lists the keys whose rows are not as they were written.
func (k *StationKeys) Changed(ctx context.Context) ([]string, error) {
	return k.store.changedIDs(ctx, k.station)
}

// Changed lists the keys of all stations whose rows are not as they were written: their stations send
// them again.
func (h *HubKeys) Changed(ctx context.Context) ([]string, error) { return h.store.changedIDs(ctx, "") }

func (s *store) changedIDs(ctx context.Context, station border.StationID) (ids []string, err error) {
	rows, err := s.all(ctx, station)
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "check the data keys", Err: err}
	}
	for _, r := range rows {
		if r.changed {
			ids = append(ids, r.id)
		}
	}
	return ids, nil
}

// expectKeys notes in a store that was made anew that the hub may have keys for it.
func (s *store) expectKeys(ctx context.Context) error {
	_, err := s.db.ExecContext(ctx, `INSERT INTO state (name, value) SELECT 'regain', 'open'
		WHERE NOT EXISTS (SELECT 1 FROM data_key) AND NOT EXISTS (SELECT 1 FROM destroyed) ON CONFLICT DO NOTHING`)
	return err
}

func (s *store) expectsKeys(ctx context.Context) (bool, error) {
	var n int
	err := s.db.QueryRowContext(ctx, `SELECT count(*) FROM state WHERE name = 'regain' AND value = 'open'`).Scan(&n)
	return n > 0, err
}

func (s *store) hasKeys(ctx context.Context) error {
	_, err := s.db.ExecContext(ctx, `UPDATE state SET value = 'done' WHERE name = 'regain'`)
	return err
}

// unheld lists those of the key ids that are neither held nor were destroyed here.
func (s *store) unheld(ctx context.Context, station border.StationID, ids []string) (out []string, err error) {
	for _, id := range ids {
		var n int
		if err := s.db.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM data_key WHERE station = ?1 AND id = ?2)
			+ (SELECT count(*) FROM destroyed WHERE station = ?1 AND id = ?2)`, string(station), id).Scan(&n); err != nil {
			return nil, err
		}
		if n == 0 {
			out = append(out, id)
		}
	}
	return out, nil
}
