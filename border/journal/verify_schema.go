package journal

import (
	"context"
	"database/sql"
	"io/fs"
	"strings"

	"github.com/pressly/goose/v3"

	"garita/migrations"
)

// schemaFits compares the tables with those that the migrations of the journal's version make. A bit that
// turned there changes no row, and yet what may be written or found.
func (v *verifier) schemaFits(ctx context.Context) error {
	want, err := schemaOf(ctx, v.schema)
	if err != nil || want == nil { // of a newer program: nothing is known of it
		return err
	}
	got, err := readSchema(ctx, v.db)
	if err != nil {
		return err
	}
	for name, text := range want {
		if got[name] != text {
			v.broken("schema: %s is not as this version makes it", strings.ToValidUTF8(name, "?"))
		}
	}
	for name := range got {
		if _, known := want[name]; !known {
			v.broken("schema: %.64q is not of this version", name)
		}
	}
	return nil
}

// schemaOf makes an empty journal of a version in memory and reads its schema; nil if the version is
// newer than this program.
func schemaOf(ctx context.Context, version int64) (map[string]string, error) {
	db, err := sql.Open("sqlite3", ":memory:")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	files, err := fs.Sub(migrations.Post, "post")
	if err != nil {
		return nil, err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files)
	if err != nil {
		return nil, err
	}
	newest := int64(0)
	for _, s := range p.ListSources() {
		newest = max(newest, s.Version)
	}
	if version > newest || version < 1 {
		return nil, nil
	}
	if _, err := p.UpTo(ctx, version); err != nil {
		return nil, err
	}
	return readSchema(ctx, db)
}

// readSchema reads the text of every table and index by type and name, blanks apart. How each value is
// kept is part of it: a name as bytes is a changed row that still works.
func readSchema(ctx context.Context, db *sql.DB) (map[string]string, error) {
	rows, err := db.QueryContext(ctx, `SELECT type || ' ' || name || ' of ' || tbl_name || ' as ' || typeof(type) || ' ' || typeof(name) || ' ' || typeof(tbl_name) || ' ' || typeof(rootpage),
		typeof(sql) || coalesce(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%'`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]string{}
	for rows.Next() {
		var name, text string
		if err := rows.Scan(&name, &text); err != nil {
			return nil, err
		}
		out[name] = strings.Join(strings.FieldsFunc(text, blank), " ")
	}
	return out, rows.Err()
}

// blank is what migrations indent with. Other white space is a changed byte.
func blank(c rune) bool { return c == ' ' || c == '\t' || c == '\n' }
