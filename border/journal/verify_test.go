package journal_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	_ "github.com/mattn/go-sqlite3"

	"garita/border"
	"garita/border/bordertest"
	"garita/border/journal"
)

// run executes SQL on a database file from outside, as somebody with the disk could.
func run(t testing.TB, path, query string, args ...any) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path+"?_busy_timeout=5000")
	check(t, err)
	defer db.Close()
	_, err = db.Exec(query, args...)
	check(t, err)
}

// cursor reads one number from outside.
func cursor(t testing.TB, path, query string) (n int64) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path+"?mode=ro&_busy_timeout=5000")
	check(t, err)
	defer db.Close()
	check(t, db.QueryRow(query).Scan(&n))
	return n
}

// written makes a journal of three epochs whose counts are projected, and closes it.
func written(t testing.TB, each int) *rig {
	r := newRig(t)
	for range 3 {
		j := r.open()
		rc := r.append(j, each-2)
		r.put(j, r.change(border.TypeCrossingCorrected, *rc[0].Header.Crossing, r.id(), 1))
		r.put(j, r.about(border.Header{Type: border.TypeShiftOpened}))
		check(t, j.Rebuild(context.Background())) // so that the counts are there to be verified
		check(t, j.Close())
	}
	return r
}

func TestVerifySound(t *testing.T) {
	r := written(t, 300) // more than a page of the verifier
	want := journal.Report{OK: true, Events: 903, Epochs: 3, Projections: map[string]string{"crossing": "ok", "document": "ok", "crossing_count": "ok", "state": "ok", "change": "ok"}}
	got := r.sound()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if cursor(t, r.path(), "SELECT sum(n) FROM crossing_count") != 894 {
		t.Error("nothing was projected: this test verifies no counts")
	}
	_, err := journal.Verify(t.Context(), filepath.Join(r.dir, "none.db"))
	wantCode(t, err, border.NotFound)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := journal.Verify(ctx, r.path()); err == nil {
		t.Error("a cancelled verification returned a report")
	}
}

// A verification beside a busy station finds no fault and does not get in its way.
func TestVerifyWhileRecording(t *testing.T) {
	r := newRig(t)
	j := r.open()
	r.append(j, 300)
	lost := bordertest.NewChain(station, bordertest.EpochNo(7), border.Parent{})
	lost.Add(20)
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range 600 {
			if _, err := j.Append(context.Background(), r.crossing(r.id(), 1)); err != nil {
				t.Errorf("append: %v", err)
			}
			if i%40 == 0 {
				if err := j.Restore(context.Background(), lost.Encoded()[:i/40+1]); err != nil {
					t.Errorf("restore: %v", err)
				}
			}
		}
	})
	for range 12 {
		r.sound()
	}
	wg.Wait()
	if rep := r.sound(); rep.Events != 901+15 {
		t.Errorf("%d events", rep.Events)
	}
}

func TestVerifyFindsEdits(t *testing.T) {
	for name, c := range map[string]struct {
		query string
		find  func(journal.Report) bool
	}{
		"event deleted":          {`DELETE FROM event WHERE pos = (1 << 40) + 3`, func(r journal.Report) bool { return r.Gaps == 1 }},
		"events deleted":         {`DELETE FROM event WHERE pos BETWEEN (2 << 40) + 3 AND (2 << 40) + 5`, func(r journal.Report) bool { return r.Gaps == 1 }},
		"first deleted":          {`DELETE FROM event WHERE pos = (2 << 40) + 1`, func(r journal.Report) bool { return r.Gaps == 1 }},
		"last deleted":           {`DELETE FROM event WHERE pos = (SELECT max(pos) FROM event)`, func(r journal.Report) bool { return r.Projections["state"] != "ok" }},
		"last of epoch deleted":  {`DELETE FROM event WHERE pos = (SELECT max(pos) FROM event WHERE pos < 2 << 40)`, func(r journal.Report) bool { return r.Broken > 0 }},
		"epoch's events deleted": {`DELETE FROM event WHERE pos > 2 << 40 AND pos < 3 << 40`, func(r journal.Report) bool { return r.Broken > 0 }},
		"epoch deleted":          {`DELETE FROM epoch WHERE ordinal = 2`, func(r journal.Report) bool { return r.Broken > 1 }},
		"whole epoch deleted":    {`DELETE FROM event WHERE pos > 2 << 40 AND pos < 3 << 40; DELETE FROM epoch WHERE ordinal = 2`, func(r journal.Report) bool { return r.Broken > 0 }},
		"epoch renamed":          {`UPDATE epoch SET id = randomblob(16) WHERE ordinal = 2`, func(r journal.Report) bool { return r.Broken > 0 }},
		"parent edited":          {`UPDATE epoch SET parent_seq = parent_seq - 1 WHERE ordinal = 2`, func(r journal.Report) bool { return r.Broken > 0 }},
		"events reordered":       {`UPDATE event SET pos = -pos WHERE pos BETWEEN (1 << 40) + 3 AND (1 << 40) + 4; UPDATE event SET pos = (2 << 40) + 7 + pos WHERE pos < 0`, func(r journal.Report) bool { return r.Broken >= 2 }},
		"event copied":           {`INSERT INTO event SELECT pos + 100, record, tree FROM event WHERE pos = (3 << 40) + 3`, func(r journal.Report) bool { return r.Broken > 0 && r.Gaps > 0 }},
		"event replaced":         {`UPDATE event SET record = (SELECT record FROM event WHERE pos = (1 << 40) + 3) WHERE pos = (1 << 40) + 4`, func(r journal.Report) bool { return r.Broken > 0 }},
		"record edited":          {`UPDATE event SET record = CAST(replace(CAST(record AS TEXT), 'admitted', 'refused!') AS BLOB) WHERE pos = (1 << 40) + 4`, func(r journal.Report) bool { return r.Broken > 0 }},
		"record cut":             {`UPDATE event SET record = substr(record, 1, 400) WHERE pos = (1 << 40) + 4`, func(r journal.Report) bool { return r.Broken > 0 }},
		"node edited":            {`UPDATE event SET tree = zeroblob(32) WHERE pos = (1 << 40) + 2`, func(r journal.Report) bool { return r.Broken == 1 }},
		"node gone":              {`UPDATE event SET tree = NULL WHERE pos = (1 << 40) + 3`, func(r journal.Report) bool { return r.Broken == 1 }},
		"station renamed":        {`UPDATE station SET id = 'PUT-2'`, func(r journal.Report) bool { return r.Broken > 0 }},
		"crossing deleted":       {`DELETE FROM crossing WHERE pos = (1 << 40) + 3`, func(r journal.Report) bool { return r.Projections["crossing"] == "1 wrong" }},
		"crossing moved":         {`UPDATE crossing SET pos = pos + 1 WHERE pos = (1 << 40) + 3`, func(r journal.Report) bool { return r.Projections["crossing"] == "1 wrong" }},
		"crossing invented":      {`INSERT INTO crossing VALUES (randomblob(16), (1 << 40) + 3)`, func(r journal.Report) bool { return r.Projections["crossing"] == "1 wrong" }},
		"document moved":         {`UPDATE document SET pos = (1 << 40) + 1 WHERE pos = (1 << 40) + 3`, func(r journal.Report) bool { return r.Projections["document"] == "2 wrong" }},
		"document changed":       {`UPDATE document SET blind = randomblob(16) WHERE pos = (1 << 40) + 3`, func(r journal.Report) bool { return r.Projections["document"] == "1 wrong" }},
		"document's sum gone":    {`DELETE FROM checksum`, func(r journal.Report) bool { return r.Projections["document"] == "1 wrong" }},
		"document dangling":      {`INSERT INTO document VALUES (zeroblob(16), 17)`, func(r journal.Report) bool { return r.Projections["document"] == "3 wrong" }},
		"change deleted":         {`DELETE FROM change WHERE pos < 2 << 40`, func(r journal.Report) bool { return r.Projections["change"] == "1 wrong" }},
		"change moved":           {`UPDATE change SET pos = pos + 1 WHERE pos < 2 << 40`, func(r journal.Report) bool { return r.Projections["change"] == "2 wrong" }},
		"change given away":      {`UPDATE change SET crossing = zeroblob(16) WHERE pos < 2 << 40`, func(r journal.Report) bool { return r.Projections["change"] == "2 wrong" }},
		"change's id deleted":    {`DELETE FROM crossing WHERE pos IN (SELECT pos FROM change) AND pos < 2 << 40`, func(r journal.Report) bool { return r.Projections["crossing"] == "1 wrong" }},
		"change for a crossing":  {`UPDATE crossing SET pos = (SELECT min(pos) FROM change) WHERE pos = (1 << 40) + 3`, func(r journal.Report) bool { return r.Projections["crossing"] == "1 wrong" }},
		"state deleted":          {`DELETE FROM state`, func(r journal.Report) bool { return r.Projections["state"] == "1 wrong" }},
		"state of old":           {`UPDATE state SET pos = pos - (1 << 40)`, func(r journal.Report) bool { return r.Projections["state"] == "1 wrong" }},
		"state invented":         {`INSERT INTO state VALUES ('holder/1', (1 << 40) + 3)`, func(r journal.Report) bool { return r.Projections["state"] == "1 wrong" }},
		"states gone":            {`DROP TABLE state`, func(r journal.Report) bool { return r.Broken > 0 }},
		"changes gone":           {`DROP TABLE change`, func(r journal.Report) bool { return r.Broken > 0 }},
		"index's cursor behind":  {`UPDATE cursor SET seq = 2 WHERE ordinal = 1 AND projection = 'document.v1'`, func(r journal.Report) bool { return r.Projections["document"] == "1 wrong" }},
		"index's cursor ahead":   {`UPDATE cursor SET seq = 5000 WHERE ordinal = 3 AND projection = 'document.v1'`, func(r journal.Report) bool { return r.Projections["document"] == "1 wrong" }},
		"index's cursor gone":    {`DELETE FROM cursor WHERE projection = 'document.v1'`, func(r journal.Report) bool { return r.Projections["document"] == "3 wrong" }},
		"cursor of no epoch":     {`INSERT INTO cursor VALUES ('document.v1', 9, 1)`, func(r journal.Report) bool { return r.Projections["document"] == "1 wrong" }},
		"count edited":           {`UPDATE crossing_count SET n = n + 1`, func(r journal.Report) bool { return r.Projections["crossing_count"] == "1 wrong" }},
		"count deleted":          {`DELETE FROM crossing_count`, func(r journal.Report) bool { return r.Projections["crossing_count"] == "1 wrong" }},
		"cursor behind":          {`UPDATE cursor SET seq = 5 WHERE ordinal = 1 AND projection <> 'document.v1'`, func(r journal.Report) bool { return r.Projections["crossing_count"] == "1 wrong" }},
		"cursor ahead":           {`UPDATE cursor SET seq = 5000 WHERE ordinal = 3 AND projection <> 'document.v1'`, func(r journal.Report) bool { return r.Projections["crossing_count"] == "1 wrong" }},
		"trigger planted":        {`CREATE TRIGGER quiet AFTER INSERT ON event BEGIN DELETE FROM event WHERE pos = new.pos; END`, func(r journal.Report) bool { return r.Broken == 1 }},
		"table gone":             {`DROP TABLE crossing`, func(r journal.Report) bool { return r.Broken > 0 }},
	} {
		t.Run(name, func(t *testing.T) {
			r := written(t, 8)
			r.sound()
			run(t, r.path(), c.query)
			rep, err := journal.Verify(t.Context(), r.path())
			check(t, err)
			if rep.OK || !c.find(rep) || len(rep.Faults) == 0 {
				t.Errorf("report %+v", rep)
			}
		})
	}
}

func TestVerifyIsNoDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	check(t, os.WriteFile(path, []byte("this is a text of more than a hundred bytes, and no database of any kind, whatever anybody calls it or says"), 0o600))
	rep, err := journal.Verify(t.Context(), path)
	if err == nil && rep.OK {
		t.Errorf("a text verifies: %+v", rep)
	}
}

// A journal of the program that had no states and no changes verifies as it is, and what it
// holds is found when this program has opened it.
func TestOlderSchema(t *testing.T) {
	r := newRig(t)
	j := r.open()
	acked := r.append(j, 300)
	check(t, j.Rebuild(t.Context()))
	check(t, j.Close())
	for _, q := range []string{"DROP TABLE checkpoint", "DROP TABLE checksum", "ALTER TABLE event DROP COLUMN tree", "DROP TABLE state", "DROP TABLE change", "DELETE FROM cursor WHERE projection = 'document.v1'", "DELETE FROM goose_db_version WHERE version_id >= 2"} {
		run(t, r.path(), q)
	}
	rep := r.sound()
	if _, ok := rep.Projections["state"]; ok || len(rep.Projections) != 3 {
		t.Errorf("projections %v", rep.Projections)
	}
	opened := 0
	j = r.open(func(c *journal.Config) {
		find := c.Index
		c.Index = func(e *border.Event) []border.BlindIndex { opened++; return find(e) }
	})
	foundOnce(t, j, acked)
	check(t, j.Close())
	if rep := r.sound(); len(rep.Projections) != 5 || opened > 1 {
		t.Errorf("projections %v; %d events were opened, though their rows were there", rep.Projections, opened)
	}
}
