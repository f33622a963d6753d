package officers

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"maps"
	"strconv"
	"time"

	"garita/border"
	"garita/border/access"
	"garita/border/sqlite"
)

// keys are made from one secret, which rests sealed by the root key: a stolen disk tells neither
// names nor verifiers, and nobody without it can write a row that is believed.
type keys struct {
	mac  []byte
	aead cipher.AEAD
	sign ed25519.PrivateKey
}

const secretName = "officers"

func openKeys(ctx context.Context, s *sqlite.DB, root Sealer) (*keys, error) {
	var secret []byte
	err := s.Do(ctx, "open the officers' keys", func(t *sql.Tx) error {
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
	var k keys
	derive := func(purpose string) []byte {
		b, e := hkdf.Key(sha256.New, secret, nil, "garita officers "+purpose, 32)
		err = errors.Join(err, e)
		return b
	}
	k.mac = derive("mac")
	row, seed := derive("row"), derive("signer")
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, &border.Error{Code: border.Internal, Op: "open the officers' keys", Err: err}
	}
	k.sign = ed25519.NewKeyFromSeed(seed)
	block, err := aes.NewCipher(row)
	if err == nil {
		k.aead, err = cipher.NewGCMWithRandomNonce(block)
	}
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "open the officers' keys", Err: err}
	}
	return &k, nil
}

// changeRow is one row of the history.
type changeRow struct {
	version                 uint64 // 0: the next
	at                      time.Time
	who, did, badge, reason string
	sealed                  []byte
	before, mac             []byte
}

// sum is the row's MAC.
func (k *keys) sum(r *changeRow) []byte {
	h := hmac.New(sha256.New, k.mac)
	var n [8]byte
	put := func(b []byte) {
		binary.BigEndian.PutUint64(n[:], uint64(len(b)))
		h.Write(n[:])
		h.Write(b)
	}
	binary.BigEndian.PutUint64(n[:], r.version)
	h.Write(n[:])
	binary.BigEndian.PutUint64(n[:], uint64(r.at.UnixMicro()))
	h.Write(n[:])
	for _, s := range []string{r.who, r.did, r.badge, r.reason} {
		put([]byte(s))
	}
	put(r.sealed)
	put(r.before)
	return h.Sum(nil)
}

func aad(version uint64, badge string) []byte {
	return []byte("officer " + strconv.FormatUint(version, 10) + " " + badge)
}

// open reads the account out of a row.
func (k *keys) open(r *changeRow) (access.Officer, bool) {
	var o access.Officer
	plain, err := k.aead.Open(nil, nil, r.sealed, aad(r.version, r.badge))
	if err != nil || json.Unmarshal(plain, &o) != nil || o.Badge != r.badge {
		return access.Officer{}, false
	}
	return o, true
}

const columns = "version, at, who, did, badge, reason, sealed, before, mac"

func scan(rows interface{ Scan(...any) error }) (r changeRow, err error) {
	var at int64
	err = rows.Scan(&r.version, &at, &r.who, &r.did, &r.badge, &r.reason, &r.sealed, &r.before, &r.mac)
	r.at = time.UnixMicro(at).UTC()
	return r, err
}

// read takes in the rows that the state does not have yet. k.mu is held.
func (k *Keeper) read(ctx context.Context, t *sql.Tx) error {
	st := k.state.Load()
	var newest uint64
	if err := t.QueryRowContext(ctx, "SELECT coalesce(max(version), 0) FROM change").Scan(&newest); err != nil {
		return err
	}
	if newest == st.version {
		return nil
	}
	if newest < st.version { // under the running program
		k.cfg.Alarm(ctx, "officers_rolled_back", "The officers' database has lost its newest changes while the hub was running. Look through the accounts.")
		st = &state{accounts: map[string]account{}}
	}
	rows, err := t.QueryContext(ctx, "SELECT "+columns+" FROM change WHERE version > ? ORDER BY version", st.version)
	if err != nil {
		return err
	}
	defer rows.Close()
	next := &state{version: st.version, issuedAt: st.issuedAt, mac: st.mac, accounts: maps.Clone(st.accounts)}
	for rows.Next() {
		r, err := scan(rows)
		if err != nil {
			return err
		}
		k.apply(ctx, next, &r)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if err := k.checkHead(ctx, t, next); err != nil {
		return err
	}
	k.put(next)
	return nil
}

// headOf is the MAC of how far the history goes.
func (k *keys) headOf(version uint64, last []byte) []byte {
	h := hmac.New(sha256.New, k.mac)
	h.Write([]byte("head\n"))
	h.Write(binary.BigEndian.AppendUint64(nil, version))
	h.Write(last)
	return h.Sum(nil)
}

// checkHead raises the alarm if the history does not go as far as it did.
func (k *Keeper) checkHead(ctx context.Context, t *sql.Tx, st *state) error {
	var version uint64
	var mac []byte
	err := t.QueryRowContext(ctx, "SELECT version, mac FROM head").Scan(&version, &mac)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if err != nil || !hmac.Equal(mac, k.keys.headOf(st.version, st.mac)) {
		if said := max(version, st.version) + 1<<32; !k.alarmed[said] {
			k.alarmed[said] = true
			k.cfg.Alarm(ctx, "officers_rolled_back", "The newest changes of the officers' database were removed or edited. Look through the accounts.")
		}
	}
	return nil
}

// apply adds a row to a state that nobody sees yet.
func (k *Keeper) apply(ctx context.Context, st *state, r *changeRow) {
	whole := hmac.Equal(k.keys.sum(r), r.mac)
	var o access.Officer
	if whole && r.badge != "" {
		o, whole = k.keys.open(r)
	}
	switch {
	case !whole:
		k.alarm(ctx, r.version, "A row of the officers' database was edited: version "+strconv.FormatUint(r.version, 10)+". The account is refused.")
	case !bytes.Equal(r.before, st.mac):
		k.alarm(ctx, r.version, "Rows before version "+strconv.FormatUint(r.version, 10)+" of the officers' database were edited or removed. Look through the accounts.")
	}
	if r.badge != "" {
		st.accounts[r.badge] = account{officer: o, version: r.version, damaged: !whole}
	}
	st.version, st.issuedAt, st.mac = r.version, r.at, r.mac
}

// alarm raises the alarm of a row once.
func (k *Keeper) alarm(ctx context.Context, version uint64, text string) {
	if k.alarmed[version] {
		return
	}
	k.alarmed[version] = true
	k.cfg.Alarm(ctx, "officer_damaged", text)
}

// put shows a state.
func (k *Keeper) put(st *state) {
	st.roster = access.Roster{Version: st.version, IssuedAt: st.issuedAt, ExpiresAt: st.issuedAt.Add(k.cfg.Expiry)}
	for _, a := range st.accounts {
		if !a.damaged && (k.cfg.Demo || !a.officer.Demo) {
			st.roster.Officers = append(st.roster.Officers, a.officer)
		}
	}
	k.state.Store(st)
	k.signal()
}

// change writes one row in a transaction of its own: alter, if there is one, is given the accounts
// as they then are and says how the account of row.badge is to be. k.mu is held.
func (k *Keeper) change(ctx context.Context, row changeRow, alter func(st *state) (access.Officer, error)) error {
	const op = "change an account"
	var next *state
	err := k.store.Do(ctx, op, func(t *sql.Tx) error {
		if err := k.read(ctx, t); err != nil {
			return err
		}
		st := k.state.Load()
		row.version = max(row.version, st.version+1)
		row.at = k.cfg.Clock.Now().UTC().Truncate(time.Microsecond)
		row.before = st.mac
		if row.before == nil {
			row.before = []byte{}
		}
		if alter != nil {
			o, err := alter(st)
			if err != nil {
				return err
			}
			plain, err := json.Marshal(&o)
			if err != nil {
				return err
			}
			row.badge = o.Badge
			row.sealed = k.keys.aead.Seal(nil, nil, plain, aad(row.version, row.badge)) //nolint:gosec // the cipher makes the nonce
		}
		row.mac = k.keys.sum(&row)
		if _, err := t.ExecContext(ctx, "INSERT INTO change ("+columns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
			row.version, row.at.UnixMicro(), row.who, row.did, row.badge, row.reason, row.sealed, row.before, row.mac); err != nil {
			return err
		}
		if _, err := t.ExecContext(ctx, "INSERT INTO head (one, version, mac) VALUES (1, ?, ?) ON CONFLICT (one) DO UPDATE SET version = excluded.version, mac = excluded.mac",
			row.version, k.keys.headOf(row.version, row.mac)); err != nil {
			return err
		}
		next = &state{version: st.version, mac: st.mac, accounts: maps.Clone(st.accounts)}
		k.apply(ctx, next, &row)
		return nil
	})
	if err != nil {
		return err
	}
	k.put(next)
	return nil
}

// tellAudit tells the audit of every change that it does not know. k.mu is held.
func (k *Keeper) tellAudit(ctx context.Context) error {
	if k.cfg.Audit == nil {
		return nil
	}
	const op = "audit changes of accounts"
	var rows []changeRow
	err := k.store.Do(ctx, op, func(t *sql.Tx) error {
		found, err := t.QueryContext(ctx, "SELECT "+columns+" FROM change WHERE version > (SELECT version FROM audited) ORDER BY version LIMIT 500")
		if err != nil {
			return err
		}
		defer found.Close()
		for found.Next() {
			r, err := scan(found)
			if err != nil {
				return err
			}
			rows = append(rows, r)
		}
		return found.Err()
	})
	if err != nil || len(rows) == 0 {
		return err
	}
	for _, r := range rows {
		if r.badge != "" {
			act := border.Act{Action: string(access.OfficersWork), Officer: r.who, Object: r.did + " " + strconv.FormatUint(r.version, 10), Text: "badge " + r.badge}
			if r.who == console {
				act.Officer, act.Reason = "", console
			}
			if r.reason != "" {
				act.Text += ": " + r.reason
			}
			if err := k.cfg.Audit.Audit(ctx, act); err != nil {
				return err
			}
		}
	}
	return k.store.Do(ctx, op, func(t *sql.Tx) error {
		_, err := t.ExecContext(ctx, "UPDATE audited SET version = ?", rows[len(rows)-1].version)
		return err
	})
}
