package seal

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hpke"
	"crypto/rand"
	"errors"
	"sync"
	"time"

	"garita/border"
)

// wrapInfo binds a wrapped data key to its purpose (HPKE info) together with its key id.
const wrapInfo = "garita data key v1 "

// StationKeys keeps a station's data keys. Safe for concurrent use.
type StationKeys struct {
	station border.StationID
	store   *store
	hub     hpke.PublicKey
	wrap    cipher.AEAD
	signer  []byte // Ed25519 public key of the hub, which signs the keys it gives back; nil: it gives none

	mu     sync.Mutex // guards what follows; held while keys.db is written
	sets   map[string]*Set
	opened map[string]*dataKey
}

// OpenStationKeys opens (or makes) keys.db at path for a station. Keys for the hub part
// are new at each opening and can be unwrapped by the hub alone.
func OpenStationKeys(ctx context.Context, path string, station border.StationID, secret *StationSecret, prov *Provisioning) (*StationKeys, error) {
	hub, err := prov.key()
	if err != nil {
		return nil, &border.Error{Code: border.Invalid, Op: "open the station's keys", Message: "The provisioning file is damaged.", Err: err}
	}
	block, err := aes.NewCipher(secret.WrapKey)
	if err != nil {
		return nil, &border.Error{Code: border.Invalid, Op: "open the station's keys", Message: "The station's key file is damaged."}
	}
	wrap, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "open the station's keys", Err: err}
	}
	g, err := stationGuard(secret, wrap)
	if err != nil {
		return nil, err
	}
	s, err := openStore(ctx, path, g)
	if err != nil {
		return nil, err
	}
	k := &StationKeys{station: station, store: s, hub: hub, wrap: wrap, signer: prov.ListSigner,
		sets: make(map[string]*Set), opened: make(map[string]*dataKey)}
	if err := s.expectKeys(ctx); err != nil {
		return nil, errors.Join(notStored("open the station's keys", err), s.close())
	}
	return k, nil
}

// stationGuard checks a station's rows.
func stationGuard(secret *StationSecret, wrap cipher.AEAD) (guard, error) {
	key, err := macKey(secret.WrapKey)
	return guard{key: key, strict: secret.Rows >= rowsWithMACs, opens: func(r row) bool {
		_, err := wrap.Open(nil, nil, r.stationWrap, []byte(wrapInfo+r.id))
		return err == nil
	}}, err
}

// Close closes keys.db.
func (k *StationKeys) Close() error { return k.store.close() }

// Set holds the data keys of one retention bucket, ready for use without I/O.
type Set struct {
	personal, protection, hub *dataKey
}

// Seal seals one part of the event with that key.
func (s *Set) Seal(key border.Key, part string, plain []byte) (border.Part, error) {
	switch part {
	case border.PartPersonal:
		return s.personal.seal(key, part, plain), nil
	case border.PartProtection:
		return s.protection.seal(key, part, plain), nil
	case border.PartHub:
		return s.hub.seal(key, part, plain), nil
	}
	return border.Part{}, &border.Error{Code: border.Internal, Op: "seal part " + part}
}

// Ready returns the keys of a bucket and makes those that are missing. New keys are on
// the disk before they are returned: an event sealed with a lost key would be lost too.
func (k *StationKeys) Ready(ctx context.Context, bucket string) (*Set, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if s := k.sets[bucket]; s != nil {
		return s, nil
	}
	if k.store.foreign {
		return nil, errForeign
	}
	var s Set
	var fresh []row
	for _, p := range []struct {
		part string
		key  **dataKey
	}{{border.PartPersonal, &s.personal}, {border.PartProtection, &s.protection}, {border.PartHub, &s.hub}} {
		r, err := k.store.latest(ctx, k.station, p.part, bucket)
		switch {
		case err == nil:
			if *p.key, err = k.unwrap(r); err != nil {
				return nil, err
			}
			continue
		case !errors.Is(err, ErrNoKey):
			return nil, &border.Error{Code: border.Internal, Op: "find a data key", Err: err}
		}
		made, r, err := k.make(p.part, bucket)
		if err != nil {
			return nil, err
		}
		*p.key = made
		fresh = append(fresh, r)
	}
	if len(fresh) > 0 {
		if err := k.store.add(ctx, fresh); err != nil {
			clear(k.opened) // the new ones are not held
			return nil, notStored("store new data keys", err)
		}
	}
	k.sets[bucket] = &s
	return &s, nil
}

// make makes a data key. The hub part's key gets no wrap for the station.
func (k *StationKeys) make(part, bucket string) (*dataKey, row, error) {
	secret := make([]byte, 32)
	rand.Read(secret)
	id := randomHex(8)
	d, err := newDataKey(id, secret)
	if err != nil {
		return nil, row{}, err
	}
	defer clear(secret)
	r := row{id: id, station: string(k.station), part: part, bucket: bucket}
	r.hubWrap, err = hpke.Seal(k.hub, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(wrapInfo+id), secret)
	if err != nil {
		return nil, row{}, &border.Error{Code: border.Internal, Op: "wrap a data key for the hub", Err: err}
	}
	if part != border.PartHub {
		r.stationWrap = k.wrap.Seal(nil, nil, secret, []byte(wrapInfo+id))
		k.opened[id] = d
	}
	return d, r, nil
}

var errForeign = &border.Error{Code: border.Forbidden, Op: "unwrap a data key",
	Message: "The station's key file does not belong to this data folder."}

func (k *StationKeys) unwrap(r row) (*dataKey, error) {
	if k.store.foreign {
		return nil, errForeign
	}
	if d := k.opened[r.id]; d != nil {
		return d, nil
	}
	if r.stationWrap == nil {
		return nil, ErrNoKey
	}
	secret, err := k.wrap.Open(nil, nil, r.stationWrap, []byte(wrapInfo+r.id))
	if err != nil {
		return nil, errors.Join(errForeign, err)
	}
	defer clear(secret)
	d, err := newDataKey(r.id, secret)
	if err != nil {
		return nil, err
	}
	k.opened[r.id] = d
	return d, nil
}

// Open returns the plaintext of a part that the station may read: ErrNoKey for the hub
// part and for destroyed keys, [border.NotFound] if the event has no such part.
func (k *StationKeys) Open(e *border.Event, part string) ([]byte, error) {
	p, err := findPart(e, part)
	if err != nil {
		return nil, err
	}
	d, err := k.find(p.KeyID)
	if err != nil {
		return nil, err
	}
	return d.open(e.Key, p)
}

func (k *StationKeys) find(id string) (*dataKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if d := k.opened[id]; d != nil {
		return d, nil
	}
	r, err := k.store.find(context.Background(), k.station, id)
	if err := notFound(err); err != nil {
		return nil, err
	}
	return k.unwrap(r)
}

// notFound says why a key's row was not given.
func notFound(err error) error {
	if err == nil || errors.Is(err, ErrNoKey) || errors.Is(err, ErrKeyChanged) {
		return err
	}
	return &border.Error{Code: border.Internal, Op: "find a data key", Err: err}
}

// LastGone returns the latest month up to now's of which no personal key is held: a key that is gone
// was of that month at the latest.
func (k *StationKeys) LastGone(ctx context.Context, now time.Time) (bucket string, err error) {
	now = now.UTC()
	for month := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC); ; month = month.AddDate(0, -1, 0) {
		_, err := k.store.latest(ctx, k.station, border.PartPersonal, Bucket(month))
		if errors.Is(err, ErrNoKey) {
			return Bucket(month), nil
		}
		if err != nil {
			return "", &border.Error{Code: border.Internal, Op: "find a data key", Err: err}
		}
	}
}

// Bucket returns the retention bucket of a key by its name. [ErrNoKey]: it is not held.
func (k *StationKeys) Bucket(id string) (string, error) {
	r, err := k.store.find(context.Background(), k.station, id)
	if err != nil {
		return "", err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	_, err = k.unwrap(r)
	return r.bucket, err
}

// SealLocal seals bytes that never leave the station, such as a draft, under the bucket's
// personal key. The name is bound to the ciphertext.
func (k *StationKeys) SealLocal(ctx context.Context, bucket, name string, plain []byte) (keyID string, sealed []byte, err error) {
	s, err := k.Ready(ctx, bucket)
	if err != nil {
		return "", nil, err
	}
	return s.personal.id, s.personal.aead.Seal(nil, nil, plain, []byte("local/"+name)), nil
}

// SealApart seals local bytes as SealLocal does, but under the bucket's protection key: what
// is to go into a protection part must not lie under the key of the personal parts meanwhile.
func (k *StationKeys) SealApart(ctx context.Context, bucket, name string, plain []byte) (keyID string, sealed []byte, err error) {
	s, err := k.Ready(ctx, bucket)
	if err != nil {
		return "", nil, err
	}
	return s.protection.id, s.protection.aead.Seal(nil, nil, plain, []byte("local/"+name)), nil
}

// OpenLocal opens what SealLocal or SealApart sealed.
func (k *StationKeys) OpenLocal(keyID, name string, sealed []byte) ([]byte, error) {
	d, err := k.find(keyID)
	if err != nil {
		return nil, err
	}
	plain, err := d.aead.Open(nil, nil, sealed, []byte("local/"+name))
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "open sealed local data", Err: err}
	}
	return plain, nil
}

// Wraps lists all keys wrapped for the hub, oldest bucket first.
func (k *StationKeys) Wraps(ctx context.Context) ([]border.KeyWrap, error) {
	rows, err := k.store.good(ctx, k.station)
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "list data keys", Err: err}
	}
	out := make([]border.KeyWrap, len(rows))
	for i, r := range rows {
		out[i] = border.KeyWrap{Station: k.station, KeyID: r.id, Part: r.part, Bucket: r.bucket, Wrapped: r.hubWrap}
	}
	return out, nil
}

// Destroy destroys all of this station's keys of a retention bucket and returns how many
// there were. What they sealed can never be read here again.
func (k *StationKeys) Destroy(ctx context.Context, bucket string) (int64, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	n, err := k.store.destroy(ctx, k.station, "", bucket)
	clear(k.opened) // whatever came of it: nothing is sealed any more with a key that may be gone
	clear(k.sets)
	if err != nil {
		return 0, notStored("destroy data keys", err)
	}
	return n, nil
}
