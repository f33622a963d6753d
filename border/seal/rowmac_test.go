package seal_test

import (
	"database/sql"
	"errors"
	"path/filepath"
	"testing"

	_ "github.com/mattn/go-sqlite3" // a row is edited behind the store's back

	"garita/border"
	"garita/border/seal"
)

// edit changes keys.db as somebody with root would, while its program is stopped.
func edit(t *testing.T, path, statement string, args ...any) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path)
	check(t, err)
	res, err := db.Exec(statement, args...)
	check(t, errors.Join(err, db.Close()))
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		t.Fatalf("%s changed nothing, %v", statement, err)
	}
}

// Whatever is edited in a row of keys.db is found: the key is not used, the border goes on with a new
// one, and the hub's copy mends the old.
func TestEditedRow(t *testing.T) {
	for name, statement := range map[string]string{
		"bucket":     `UPDATE data_key SET bucket = '2031-01' WHERE id = ?`,
		"part":       `UPDATE data_key SET part = 'protection' WHERE id = ?`,
		"hub's wrap": `UPDATE data_key SET hub_wrap = zeroblob(80) WHERE id = ?`,
		"wrap":       `UPDATE data_key SET station_wrap = zeroblob(60) WHERE id = ?`,
		"no wrap":    `UPDATE data_key SET station_wrap = NULL WHERE id = ?`,
		"no MAC":     `UPDATE data_key SET mac = NULL WHERE id = ?`,
		"MAC":        `UPDATE data_key SET mac = zeroblob(32) WHERE id = ?`,
		"another's":  `UPDATE data_key SET mac = (SELECT mac FROM data_key AS o WHERE o.id <> data_key.id LIMIT 1) WHERE id = ?`,
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			e := r.event(1, all...)
			wraps := r.deliver()
			id := e.Parts[0].KeyID
			check(t, r.station.Close())
			edit(t, filepath.Join(r.dir, "keys.db"), statement, id)
			r.open()
			if _, err := r.station.Open(e, border.PartPersonal); !errors.Is(err, seal.ErrKeyChanged) {
				t.Errorf("it is used: %v", err)
			}
			if ids, err := r.station.Changed(t.Context()); err != nil || len(ids) != 1 || ids[0] != id {
				t.Errorf("changed %v, %v", ids, err)
			}
			for _, w := range wrapsOf(t, r) {
				if w.KeyID == id {
					t.Error("its wrap would go to the hub")
				}
			}
			if got, err := r.station.Open(e, border.PartProtection); err != nil || string(got) != "plain protection" {
				t.Errorf("the others do not open: %q, %v", got, err)
			}
			if next := r.event(2, border.PartPersonal); next.Parts[0].KeyID == id {
				t.Error("something new was sealed with it")
			}
			pub, opener := stationPair(t)
			given, err := r.hub.Rewrapped(t.Context(), "PUT-1", pub, "")
			check(t, err)
			check(t, r.station.Regain(t.Context(), opener, given))
			if got, err := r.station.Open(e, border.PartPersonal); err != nil || string(got) != "plain personal" {
				t.Errorf("not mended: %q, %v", got, err)
			}
			if ids, err := r.station.Changed(t.Context()); err != nil || len(ids) != 0 {
				t.Errorf("changed %v, %v", ids, err)
			}

			check(t, r.hub.Close())
			path := filepath.Join(r.dir, "hub.db")
			if name == "wrap" || name == "no wrap" {
				statement = `UPDATE data_key SET station_wrap = x'00' WHERE id = ?` // the hub has none
			}
			edit(t, path, statement, id)
			r.openHub()
			if _, err := r.hub.Open(e, border.PartPersonal); !errors.Is(err, seal.ErrKeyChanged) {
				t.Errorf("the hub uses it: %v", err)
			}
			ids, err := r.hub.IDs(t.Context(), "PUT-1")
			if err != nil || len(ids) != 2 {
				t.Errorf("the hub says that it holds %v, %v", ids, err)
			}
			check(t, r.hub.Add(t.Context(), wraps)) // so the station sends it again
			if got, err := r.hub.Open(e, border.PartPersonal); err != nil || string(got) != "plain personal" {
				t.Errorf("not mended at the hub: %q, %v", got, err)
			}
		})
	}
}

func wrapsOf(t *testing.T, r *rig) []border.KeyWrap {
	t.Helper()
	w, err := r.station.Wraps(t.Context())
	check(t, err)
	return w
}

// A wrap that was given another month's name does not outlive its own.
func TestEditedRowIsDestroyed(t *testing.T) {
	r := newRig(t)
	e := r.event(1, border.PartPersonal)
	id := e.Parts[0].KeyID
	check(t, r.station.Close())
	edit(t, filepath.Join(r.dir, "keys.db"), `UPDATE data_key SET bucket = '2031-01' WHERE id = ?`, id)
	r.open()
	_, err := r.station.Destroy(t.Context(), bucket)
	check(t, err)
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(r.dir, "keys.db"))
	check(t, err)
	defer db.Close()
	var n int
	check(t, db.QueryRow(`SELECT count(*) FROM data_key WHERE id = ?`, id).Scan(&n))
	if n != 0 {
		t.Error("the wrap is still there")
	}
}

// Rows from before there were MACs get them once, with a secret from before; with one that knows of MACs a
// row without one was edited.
func TestRowsFromBefore(t *testing.T) {
	r := newRig(t)
	e := r.event(1, all...)
	r.deliver()
	check(t, errors.Join(r.station.Close(), r.hub.Close()))
	for _, f := range []string{"keys.db", "hub.db"} {
		edit(t, filepath.Join(r.dir, f), `UPDATE data_key SET mac = NULL`)
	}
	old, oldHub := *r.secret, *r.private
	old.Rows, oldHub.Rows = 0, 0
	strict, strictHub := r.secret, r.private
	r.secret = seal.NewStationSecret() // not theirs
	r.secret.Rows = 0
	r.open()
	if _, err := r.station.Open(e, border.PartPersonal); border.CodeOf(err) != border.Forbidden {
		t.Errorf("with another secret: %v", err)
	}
	check(t, r.station.Close())
	r.secret, r.private = &old, &oldHub
	r.open()
	r.openHub()
	for range 2 {
		for _, p := range []string{border.PartPersonal, border.PartProtection} {
			if got, err := r.station.Open(e, p); err != nil || string(got) != "plain "+p {
				t.Errorf("%q, %v", got, err)
			}
			if got, err := r.hub.Open(e, p); err != nil || string(got) != "plain "+p {
				t.Errorf("%q, %v", got, err)
			}
		}
		check(t, errors.Join(r.station.Close(), r.hub.Close()))
		r.secret, r.private = strict, strictHub
		r.open()
		r.openHub()
	}
}
