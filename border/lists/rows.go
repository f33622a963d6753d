package lists

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"database/sql"
	"maps"
	"slices"
	"strings"
	"time"

	"garita/border"
	"garita/border/watch"
	"garita/border/watch/release"
)

func micros(t time.Time) int64     { return t.UnixMicro() }
func fromMicros(n int64) time.Time { return time.UnixMicro(n).UTC() }

func compareText(a, b string) int { return strings.Compare(a, b) }

func compareKeys(a, b watch.Key) int {
	return cmp.Or(strings.Compare(a.Source, b.Source), strings.Compare(a.ID, b.ID))
}

func sortedKeys[V any](m map[watch.Key]V) []watch.Key {
	return slices.SortedFunc(maps.Keys(m), compareKeys)
}

func randomEpoch() (e border.Epoch) {
	rand.Read(e[:]) // never fails: crypto/rand ends the program instead
	return e
}

func (k *Keeper) publicKey() ed25519.PublicKey { return k.sign.Public().(ed25519.PublicKey) }

// newest gives the serial of the newest release, 0 if there is none.
func (k *Keeper) newest(ctx context.Context) (serial int64, err error) {
	err = k.store.read(ctx, "find the newest release", func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `SELECT coalesce(max(serial), 0) FROM release`).Scan(&serial)
	})
	return serial, err
}

// eachEntry opens the entries in force that a condition on entry e and its revision r picks.
func (k *Keeper) eachEntry(ctx context.Context, tx *sql.Tx, where string, each func(*watch.Entry) error, args ...any) error {
	const from = `SELECT e.source, e.id, r.sealed FROM entry e JOIN entry_revision r ON r.revision = e.revision WHERE e.gone = 0 AND `
	rows, err := tx.QueryContext(ctx, from+where+` ORDER BY e.source, e.id`, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var key watch.Key
		var sealed sql.RawBytes
		if err := rows.Scan(&key.Source, &key.ID, &sealed); err != nil {
			return err
		}
		e, err := k.vault.openEntry(key, sealed)
		if err != nil {
			return err
		}
		if err := each(e); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (k *Keeper) eachMemory(ctx context.Context, each func(*watch.NonMatch)) error {
	return k.store.read(ctx, "read what is remembered", func(tx *sql.Tx) error { return eachMemoryIn(ctx, tx, each) })
}

func eachMemoryIn(ctx context.Context, tx *sql.Tx, each func(*watch.NonMatch)) error {
	rows, err := tx.QueryContext(ctx, `SELECT document, source, id, fields FROM non_match ORDER BY document, source, id`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var m watch.NonMatch
		var document, fields []byte
		if err := rows.Scan(&document, &m.Source, &m.ID, &fields); err != nil {
			return err
		}
		m.Document, m.Fields = border.BlindIndex(document), watch.Fingerprint(fields)
		each(&m)
	}
	return rows.Err()
}

// remembered gives what is remembered, by entry.
func (k *Keeper) remembered(ctx context.Context) (map[watch.Key][]watch.NonMatch, error) {
	by := make(map[watch.Key][]watch.NonMatch)
	err := k.eachMemory(ctx, func(m *watch.NonMatch) {
		key := watch.Key{Source: m.Source, ID: m.ID}
		by[key] = append(by[key], *m)
	})
	return by, err
}

// sourcesOf describes the sources that a condition picks.
func sourcesOf(ctx context.Context, tx *sql.Tx, where string, counts map[string]int) ([]watch.Source, error) {
	rows, err := tx.QueryContext(ctx, `SELECT name, version, issued_at, max_age_s FROM source WHERE `+where+` ORDER BY name`) //nolint:gosec // conditions are this package's own
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []watch.Source
	for rows.Next() {
		var d watch.Source
		var issued, age int64
		if err := rows.Scan(&d.Name, &d.Version, &issued, &age); err != nil {
			return nil, err
		}
		d.Issued, d.MaxAge, d.Entries = fromMicros(issued), time.Duration(age)*time.Second, counts[d.Name]
		out = append(out, d)
	}
	return out, rows.Err()
}

// writeSet writes a change set's rows, but for the release it makes.
func (k *Keeper) writeSet(ctx context.Context, tx *sql.Tx, n *state, set *changeSet, p *plan) error {
	if set.epoch != nil {
		if err := writeEpoch(ctx, tx, n, set.epoch); err != nil {
			return err
		}
	}
	sealed, err := k.vault.seal(sealedSet, set.words)
	if err != nil {
		return err
	}
	counts := map[string]int{}
	for _, st := range set.steps {
		counts[st.op]++
	}
	if d := set.documents; d != nil {
		counts[opAdd], counts[opRemove] = int(d.added), int(d.removed)
		if err := d.rows(ctx, tx, n.serial); err != nil {
			return err
		}
	}
	now := k.clock.Now()
	if _, err := tx.ExecContext(ctx, `INSERT INTO change_set (serial, kind, source, at, added, changed, removed, sealed) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		n.serial, set.kind, set.source, micros(now), counts[opAdd], counts[opChange]+counts[opReturn], counts[opRemove], sealed); err != nil {
		return err
	}
	var first int64
	if err := tx.QueryRowContext(ctx, `SELECT 1 + max(?, coalesce(max(revision), 0)) FROM entry_revision`, serialOf(epochOf(n.serial), 0)).Scan(&first); err != nil {
		return err
	}
	if err := writeSteps(ctx, tx, n.serial, first, set.steps); err != nil {
		return err
	}
	if err := writeMemories(ctx, tx, n.serial, set.memories, p.forget); err != nil {
		return err
	}
	if err := k.writeSource(ctx, tx, n, set, now); err != nil {
		return err
	}
	if err := writeUrgent(ctx, tx, n.serial, set.steps, p.urgent, now); err != nil {
		return err
	}
	if set.rows != nil {
		return set.rows(tx, n.serial, first)
	}
	return nil
}

func writeEpoch(ctx context.Context, tx *sql.Tx, n *state, e *newEpoch) error {
	var parentEpoch, parentHash []byte
	var parentVersion any
	if ps := n.manifest.Parents; len(ps) > 0 {
		parentEpoch, parentVersion, parentHash = ps[0].Epoch[:], ps[0].Version, ps[0].Hash[:]
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO list_epoch (no, epoch, parent_epoch, parent_version, parent_hash, begun_at) VALUES (?, ?, ?, ?, ?, ?)`,
		e.no, e.epoch[:], parentEpoch, parentVersion, parentHash, micros(n.Issued))
	return err
}

// writeSteps writes the revisions of entries that were decided by hand. An import's rows are
// copied from its preview.
func writeSteps(ctx context.Context, tx *sql.Tx, serial, first int64, steps []step) error {
	for i, st := range steps {
		r := st.row
		if r == nil {
			continue
		}
		revision := first + int64(i)
		if _, err := tx.ExecContext(ctx, `INSERT INTO entry_revision
			(revision, serial, source, id, op, identifies, hand, fingerprint, handling, hub_only, digest, sealed)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, revision, serial, st.key.Source, st.key.ID, st.op, r.identifies, r.hand,
			r.fingerprint[:], string(r.handling), r.hubOnly, r.digest[:], r.sealed); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO entry (source, id, revision, gone, hub_only) VALUES (?1, ?2, ?3, ?4, ?5)
			ON CONFLICT (source, id) DO UPDATE SET revision = ?3, gone = ?4, hub_only = ?5`,
			st.key.Source, st.key.ID, revision, r.sealed == nil, r.hubOnly); err != nil {
			return err
		}
	}
	return nil
}

func writeMemories(ctx context.Context, tx *sql.Tx, serial int64, memories []watch.Change, forget []watch.NonMatch) error {
	drop := func(m *watch.NonMatch) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM non_match WHERE document = ? AND source = ? AND id = ?`, m.Document[:], m.Source, m.ID)
		return err
	}
	for i := range forget {
		if err := drop(&forget[i]); err != nil {
			return err
		}
	}
	for _, c := range memories {
		if c.Forget != nil {
			if err := drop(c.Forget); err != nil {
				return err
			}
			continue
		}
		m := c.Remember
		if _, err := tx.ExecContext(ctx, `INSERT INTO non_match (document, source, id, fields, serial) VALUES (?1, ?2, ?3, ?4, ?5)
			ON CONFLICT (document, source, id) DO UPDATE SET fields = ?4, serial = ?5`, m.Document[:], m.Source, m.ID, m.Fields[:], serial); err != nil {
			return err
		}
	}
	return nil
}

func (k *Keeper) writeSource(ctx context.Context, tx *sql.Tx, n *state, set *changeSet, now time.Time) error {
	if set.source == "" || set.kind == kindMemory {
		return nil
	}
	described := slices.ContainsFunc(n.Posts.Sources(), func(d watch.Source) bool { return d.Name == set.source })
	a := set.about
	if a == nil {
		_, err := tx.ExecContext(ctx, `UPDATE source SET serial = ?, at = ?, described = ? WHERE name = ?`, n.serial, micros(now), described, set.source)
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO source (name, kind, version, issued_at, max_age_s, serial, at, described)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
		ON CONFLICT (name) DO UPDATE SET kind = ?2, version = ?3, issued_at = ?4, max_age_s = ?5, serial = ?6, at = ?7, described = ?8`,
		set.source, a.kind, a.version, micros(a.issued.Truncate(time.Millisecond)), int64(a.maxAge/time.Second), n.serial, micros(now), described)
	return err
}

// writeUrgent begins the chase for urgent entries, and ends it for those that were replaced.
func writeUrgent(ctx context.Context, tx *sql.Tx, serial int64, steps []step, urgent []watch.Key, now time.Time) error {
	var open int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT 1 FROM urgent WHERE closed_at IS NULL LIMIT 1)`).Scan(&open); err != nil {
		return err
	}
	if open > 0 {
		for _, st := range steps {
			if st.op == opReturn {
				continue
			}
			if _, err := tx.ExecContext(ctx, `UPDATE urgent SET closed_at = ? WHERE source = ? AND id = ? AND closed_at IS NULL`,
				micros(now), st.key.Source, st.key.ID); err != nil {
				return err
			}
		}
	}
	for _, key := range urgent {
		if _, err := tx.ExecContext(ctx, `INSERT INTO urgent (serial, source, id, at) VALUES (?, ?, ?, ?)`, serial, key.Source, key.ID, micros(now)); err != nil {
			return err
		}
	}
	return nil
}

// writeRelease writes the row of a release and those of its files: the new ones, and those of
// the documents, which it needs too.
func (k *Keeper) writeRelease(ctx context.Context, tx *sql.Tx, n *state, signed []byte, files []file) error {
	if _, err := tx.ExecContext(ctx, `INSERT INTO release (serial, epoch_no, version, hash, manifest, base, changes, issued_at, valid_until)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, n.serial, epochOf(n.serial), int64(n.manifest.Version), n.Position.Hash[:], signed,
		n.base, n.changes, micros(n.Issued), micros(n.ValidUntil)); err != nil {
		return err
	}
	for role, f := range map[release.Role]*release.File{release.Filter: n.manifest.Filter, release.FilterSet: n.manifest.FilterSet} {
		if f != nil {
			files = append(files[:len(files):len(files)], file{role, *f})
		}
	}
	for _, f := range files {
		if _, err := tx.ExecContext(ctx, `INSERT INTO release_file (serial, role, digest, size) VALUES (?, ?, ?, ?)`,
			n.serial, string(f.role), f.Digest[:], f.Size); err != nil {
			return err
		}
	}
	return nil
}
