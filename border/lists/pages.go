package lists

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"garita/border"
	"garita/border/watch"
)

// SourceView is a source as pages show it.
type SourceView struct {
	Name     string
	Kind     string // of the file it was read from; "" if it is kept by hand
	Version  string
	Issued   time.Time
	MaxAge   time.Duration // 0: never stale
	Age      time.Duration // since Issued
	Stale    bool
	Imported time.Time // or changed by hand
	Entries  int       // in force, at posts or not; of a source of documents, these
	HubOnly  int       // of these, for the hub alone
	Silent   int       // of these, silent
	ByHand   int       // decided by hand, withdrawn ones too: imports leave them alone
}

// Sources lists the sources by name.
func (k *Keeper) Sources(ctx context.Context) ([]SourceView, error) {
	var out []SourceView
	now := k.clock.Now()
	err := k.store.read(ctx, "list sources", func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT s.name, s.kind, s.version, s.issued_at, s.max_age_s, s.at,
			coalesce(sum(e.gone = 0), 0) + coalesce((SELECT d.documents FROM document_store d WHERE d.source = s.name), 0), coalesce(sum(e.gone = 0 AND e.hub_only = 1), 0),
			coalesce(sum(e.gone = 0 AND r.handling = 'silent'), 0), coalesce(sum(r.hand), 0)
			FROM source s LEFT JOIN entry e ON e.source = s.name LEFT JOIN entry_revision r ON r.revision = e.revision
			GROUP BY s.name ORDER BY s.name`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var v SourceView
			var issued, age, at int64
			if err := rows.Scan(&v.Name, &v.Kind, &v.Version, &issued, &age, &at, &v.Entries, &v.HubOnly, &v.Silent, &v.ByHand); err != nil {
				return err
			}
			v.Issued, v.MaxAge, v.Imported = fromMicros(issued), time.Duration(age)*time.Second, fromMicros(at)
			v.Age = now.Sub(v.Issued)
			v.Stale = v.MaxAge > 0 && v.Age > v.MaxAge
			out = append(out, v)
		}
		return rows.Err()
	})
	return out, err
}

// Previews lists imports, the newest first, whatever became of them; nothing of the last 30
// days is missing up to limit.
func (k *Keeper) Previews(ctx context.Context, limit int) ([]Preview, error) {
	var out []Preview
	err := k.store.read(ctx, "list imports", func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT id FROM preview WHERE state <> 'reading' ORDER BY made_at DESC, id DESC LIMIT ?`, limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		var ids []string
		for rows.Next() {
			var id string
			if err := rows.Scan(&id); err != nil {
				return err
			}
			ids = append(ids, id)
		}
		if err := rows.Err(); err != nil {
			return err
		}
		for _, s := range ids {
			id, err := border.ParseID(s)
			if err != nil {
				return err
			}
			p, _, err := previewRowOf(ctx, tx, "list imports", id)
			if err != nil {
				return err
			}
			out = append(out, *p)
		}
		return nil
	})
	return out, err
}

// PreviewByID gives one import. NotFound.
func (k *Keeper) PreviewByID(ctx context.Context, id border.ID) (Preview, error) {
	var out Preview
	err := k.store.read(ctx, "read an import", func(tx *sql.Tx) error {
		p, _, err := previewRowOf(ctx, tx, "read an import", id)
		if err == nil {
			out = *p
		}
		return err
	})
	return out, err
}

// PreviewLine is one entry that an import would change, by its key and the names of fields.
type PreviewLine struct {
	N           int // to go on after it
	Key         watch.Key
	Op          string   // add, change, remove
	Fields      []string // that would change
	Identifying bool     // past travellers would be held against it again
	Handling    watch.Handling
	HubOnly     bool
	Urgent      bool
}

// PreviewLines lists what an open import would do, after line n (-1: from the start), at most
// limit; op "" means all of add, change and remove.
func (k *Keeper) PreviewLines(ctx context.Context, id border.ID, op string, n, limit int) ([]PreviewLine, error) {
	var out []PreviewLine
	err := k.store.read(ctx, "read an import", func(tx *sql.Tx) error {
		p, _, err := previewRowOf(ctx, tx, "read an import", id)
		if err != nil {
			return err
		}
		rows, err := tx.QueryContext(ctx, `SELECT n, id, op, fields, identifies, handling, hub_only, urgent FROM preview_change
			WHERE preview = ?1 AND n > ?2 AND (?3 = '' OR op = ?3) ORDER BY n LIMIT ?4`, id.String(), n, op, limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			l := PreviewLine{Key: watch.Key{Source: p.Source}}
			var fields string
			if err := rows.Scan(&l.N, &l.Key.ID, &l.Op, &fields, &l.Identifying, &l.Handling, &l.HubOnly, &l.Urgent); err != nil {
				return err
			}
			if fields != "" {
				l.Fields = strings.Split(fields, ",")
			}
			out = append(out, l)
		}
		return rows.Err()
	})
	return out, err
}

// PreviewEntry gives one entry of an open import in full, as it is and as it would be, for
// people who may see it; nil where there is none. NotFound: the import does not change it.
func (k *Keeper) PreviewEntry(ctx context.Context, id border.ID, entry string) (old, now *watch.Entry, err error) {
	const op = "read an import"
	err = k.store.read(ctx, op, func(tx *sql.Tx) error {
		p, _, err := previewRowOf(ctx, tx, op, id)
		if err != nil {
			return err
		}
		key := watch.Key{Source: p.Source, ID: entry}
		var sealed []byte
		err = tx.QueryRowContext(ctx, `SELECT sealed FROM preview_change WHERE preview = ? AND id = ?`, id.String(), entry).Scan(&sealed)
		if errors.Is(err, sql.ErrNoRows) {
			return &border.Error{Code: border.NotFound, Op: op, Message: "This import does not change that entry."}
		}
		if err != nil {
			return err
		}
		if sealed != nil {
			if now, err = k.vault.openEntry(key, sealed); err != nil {
				return err
			}
		}
		in, err := inForce(ctx, tx, key)
		if err != nil || in.revision == 0 || in.gone {
			return err
		}
		old, err = k.revisionIn(ctx, tx, key, in.revision)
		return err
	})
	return old, now, err
}

// Revision is one version of an entry: what it was, and who decided it.
type Revision struct {
	Version uint64 // of the release that carried it, within Epoch
	Epoch   border.Epoch
	At      time.Time
	Kind    string // of the change set: import, hand
	Op      string // add, change, remove, return
	ByHand  bool
	By      string // badges
	Second  string
	Reason  string
	Entry   *watch.Entry // nil: withdrawn
}

// History lists all versions of an entry in full, the newest first.
func (k *Keeper) History(ctx context.Context, key watch.Key) ([]Revision, error) {
	var out []Revision
	err := k.store.read(ctx, "read the history of an entry", func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT r.serial, p.epoch, c.at, c.kind, r.op, r.hand, c.sealed, r.sealed
			FROM entry_revision r JOIN change_set c ON c.serial = r.serial JOIN list_epoch p ON p.no = r.serial >> 40
			WHERE r.source = ? AND r.id = ? ORDER BY r.revision DESC`, key.Source, key.ID)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var v Revision
			var serial, at int64
			var epoch, who, sealed []byte
			if err := rows.Scan(&serial, &epoch, &at, &v.Kind, &v.Op, &v.ByHand, &who, &sealed); err != nil {
				return err
			}
			v.Version, v.Epoch, v.At = uint64(serial&(1<<40-1)), border.Epoch(epoch), fromMicros(at)
			var w words
			if err := k.vault.open(sealedSet, who, &w); err != nil {
				return err
			}
			v.By, v.Second, v.Reason = w.By, w.Second, w.Reason
			if sealed != nil {
				if v.Entry, err = k.vault.openEntry(key, sealed); err != nil {
					return err
				}
			}
			out = append(out, v)
		}
		return rows.Err()
	})
	return out, err
}

// Step is one release of the list, and what was decided with it.
type Step struct {
	Version                 uint64 // within Epoch
	Epoch                   border.Epoch
	At                      time.Time
	Kind                    string // import, hand, memory, refresh, restored, repaired
	Source                  string // whose entries changed; "" if of none
	Added, Changed, Removed int
	By, Second, Reason      string // badges; empty where nobody had to decide
}

// Steps lists what made the list what it is, the newest first, also of releases that have
// been pruned.
func (k *Keeper) Steps(ctx context.Context, limit int) ([]Step, error) {
	var out []Step
	err := k.store.read(ctx, "list what was decided", func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT c.serial, p.epoch, c.at, c.kind, c.source, c.added, c.changed, c.removed, c.sealed
			FROM change_set c JOIN list_epoch p ON p.no = c.serial >> 40 ORDER BY c.serial DESC LIMIT ?`, limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var v Step
			var serial, at int64
			var epoch, who []byte
			if err := rows.Scan(&serial, &epoch, &at, &v.Kind, &v.Source, &v.Added, &v.Changed, &v.Removed, &who); err != nil {
				return err
			}
			v.Version, v.Epoch, v.At = uint64(serial&(1<<40-1)), border.Epoch(epoch), fromMicros(at)
			var w words
			if err := k.vault.open(sealedSet, who, &w); err != nil {
				return err
			}
			v.By, v.Second, v.Reason = w.By, w.Second, w.Reason
			out = append(out, v)
		}
		return rows.Err()
	})
	return out, err
}
