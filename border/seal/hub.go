package seal

import (
	"context"
	"crypto/hpke"
	"errors"
	"sync"

	"garita/border"
)

// HubKeys keeps the data keys that stations wrapped for the hub. Safe for concurrent use.
type HubKeys struct {
	store *store
	key   hpke.PrivateKey
	seed  []byte // Ed25519, signs what is given back to stations

	mu     sync.Mutex // guards opened
	opened map[hubKey]*dataKey
}

// hubKey: a key counts only for the station that delivered its wrap.
type hubKey struct {
	station border.StationID
	id      string
}

// OpenHubKeys opens (or makes) the hub's keys.db at path.
func OpenHubKeys(ctx context.Context, path string, private *HubPrivate) (*HubKeys, error) {
	key, err := private.key()
	if err != nil {
		return nil, &border.Error{Code: border.Invalid, Op: "open the hub's keys", Message: "The hub's key file is damaged."}
	}
	mac, err := macKey(private.PrivateKey)
	if err != nil {
		return nil, err
	}
	s, err := openStore(ctx, path, guard{key: mac, strict: private.Rows >= rowsWithMACs, opens: func(r row) bool {
		_, err := openHubWrap(key, &r)
		return err == nil
	}})
	if err != nil {
		return nil, err
	}
	return &HubKeys{store: s, key: key, seed: private.ListSeed, opened: make(map[hubKey]*dataKey)}, nil
}

// Close closes keys.db.
func (h *HubKeys) Close() error { return h.store.close() }

// Add keeps wraps durably before it returns nil. Wraps held already are left as they are.
func (h *HubKeys) Add(ctx context.Context, wraps []border.KeyWrap) error {
	rows := make([]row, len(wraps))
	for i, w := range wraps {
		rows[i] = row{id: w.KeyID, station: string(w.Station), part: w.Part, bucket: w.Bucket, hubWrap: w.Wrapped}
	}
	if err := h.store.add(ctx, rows); err != nil {
		return notStored("store data keys", err)
	}
	return nil
}

// IDs lists the key ids held for a station, and those that were destroyed: it need not send them.
func (h *HubKeys) IDs(ctx context.Context, station border.StationID) ([]string, error) {
	rows, err := h.store.good(ctx, station)
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "list data keys", Err: err}
	}
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.id
	}
	gone, err := h.store.destroyed(ctx, station)
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "list data keys", Err: err}
	}
	return append(ids, gone...), nil
}

// Open returns the plaintext of an event's part. [ErrNoKey]: the wrap is not held;
// [border.NotFound]: the event has no such part; anything else: damaged.
func (h *HubKeys) Open(e *border.Event, part string) ([]byte, error) {
	p, err := findPart(e, part)
	if err != nil {
		return nil, err
	}
	d, err := h.find(e.Key.Station, p.KeyID)
	if err != nil {
		return nil, err
	}
	return d.open(e.Key, p)
}

func (h *HubKeys) find(station border.StationID, id string) (*dataKey, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if d := h.opened[hubKey{station, id}]; d != nil {
		return d, nil
	}
	r, err := h.store.find(context.Background(), station, id)
	if err := notFound(err); err != nil {
		return nil, err
	}
	secret, err := openHubWrap(h.key, &r)
	if err != nil {
		return nil, err
	}
	defer clear(secret)
	d, err := newDataKey(id, secret)
	if err != nil {
		return nil, err
	}
	h.opened[hubKey{station, id}] = d
	return d, nil
}

func openHubWrap(key hpke.PrivateKey, r *row) ([]byte, error) {
	secret, err := hpke.Open(key, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(wrapInfo+r.id), r.hubWrap)
	if err != nil {
		return nil, &border.Error{Code: border.Invalid, Op: "unwrap a data key", Err: errors.New("the wrap was not made for this hub")}
	}
	return secret, nil
}

// Destroy destroys all keys of a station's retention bucket and returns how many there were.
func (h *HubKeys) Destroy(ctx context.Context, station border.StationID, bucket string) (int64, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	n, err := h.store.destroy(ctx, station, "", bucket)
	clear(h.opened)
	if err != nil {
		return 0, notStored("destroy data keys", err)
	}
	return n, nil
}
