package backup_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"garita/border"
	"garita/border/backup"
	"garita/border/keystore"
	"garita/border/seal"
)

// What is backed up comes back whole, and nothing that must not be in a backup is.
func TestRoundTrip(t *testing.T) {
	for _, kind := range []string{backup.Station, backup.Hub} {
		t.Run(kind, func(t *testing.T) {
			r := newRig(t, kind)
			recovery, err := keystore.NewRecovery(r.root)
			check(t, err)
			rep := r.make()
			raw, err := os.ReadFile(rep.Path)
			check(t, err)
			for _, s := range []string{"record 7 ", "file ", "NEVER", "event"} {
				if bytes.Contains(raw, []byte(s)) {
					t.Errorf("%q lies in the backup in the clear", s)
				}
			}
			if info, err := os.Stat(rep.Path); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("mode %v, %v", info.Mode(), err)
			}
			h, key, err := backup.KeyOf(rep.Path, backup.WithRoot(r.root))
			check(t, err)
			carried, err := backup.WithKey(backup.KeyText(key))
			check(t, err)
			opens := map[string]backup.Unwrap{"root": backup.WithRoot(r.root), "recovery": backup.WithRecovery(recovery), "key": carried}
			if kind == backup.Station {
				opens["hub"] = backup.WithHub(r.hub)
			}
			for holder, open := range opens {
				dir, got, err := r.restore(rep.Path, open)
				if err != nil {
					t.Errorf("%s: %v", holder, err)
					continue
				}
				if got.Header.ID != h.ID || got.Header.Kind != kind || got.Header.Sequence != 1 || got.Files != rep.Files || got.Beside != rep.Beside {
					t.Errorf("%s: %+v of %+v", holder, got, rep)
				}
				for _, name := range r.cfg.Contents.Databases {
					if n := rows(t, filepath.Join(dir, name)); n != 200 {
						t.Errorf("%s: %d rows in %s", holder, n, name)
					}
				}
				want := []string{backup.MarkFile}
				for _, name := range tree(t, r.dir) {
					base := filepath.Base(name)
					switch {
					case strings.HasSuffix(name, "-wal"), strings.HasSuffix(name, "-shm"), base == "lock", base == "station.key", base == "self.key",
						base == "identity.json", strings.HasPrefix(base, "keys.db"), strings.HasPrefix(base, "access.db"), kind == backup.Station && base == "root.json":
					default:
						want = append(want, name)
					}
				}
				slices.Sort(want)
				if have := tree(t, dir); !slices.Equal(have, want) {
					t.Errorf("%s: restored %v, want %v", holder, have, want)
				}
				if !backup.Unsettled(dir) || backup.Unsettled(r.dir) {
					t.Errorf("%s: the restored folder is not marked as one", holder)
				}
				if check(t, errors.Join(backup.Settled(dir), backup.Settled(dir))); backup.Unsettled(dir) {
					t.Errorf("%s: the mark stays", holder)
				}
			}
		})
	}
}

// A hub whose machine is gone comes back on another from a backup and the sheet of paper.
func TestHubOnAnotherMachine(t *testing.T) {
	r := newRig(t, backup.Hub)
	check(t, os.Remove(filepath.Join(r.dir, "hub.key")))
	check(t, os.Remove(filepath.Join(r.dir, "keys.db")))
	private, err := seal.LoadHub(r.root, r.dir, "HUB")
	check(t, err)
	if rep := r.make(); slices.Contains(rep.Holders, "recovery") {
		t.Fatal("sealed for a recovery key that was never printed")
	}
	recovery, err := keystore.NewRecovery(r.root)
	check(t, err)
	rep := r.make()
	check(t, os.RemoveAll(r.dir))
	typed, err := keystore.ParseRecoveryKey(recovery.Text())
	check(t, err)
	dir, _, err := r.restore(rep.Path, backup.WithRecovery(typed))
	check(t, err)
	there := keystore.Config{Kind: keystore.Software, Dir: dir, Demo: true}
	check(t, keystore.Recover(t.Context(), there, typed))
	root, err := keystore.Open(t.Context(), there)
	check(t, err)
	defer root.Close()
	got, err := seal.LoadHub(root, dir, "HUB")
	check(t, err)
	if !bytes.Equal(got.PrivateKey, private.PrivateKey) {
		t.Error("another hub came back")
	}
}

// The wrong key opens nothing, and says so.
func TestWrongKey(t *testing.T) {
	r := newRig(t, backup.Station)
	rep := r.make()
	other := newRig(t, backup.Station)
	recovery, err := keystore.NewRecovery(other.root)
	check(t, err)
	_, key, err := backup.KeyOf(other.make().Path, backup.WithRoot(other.root))
	check(t, err)
	carried, err := backup.WithKey(backup.KeyText(key))
	check(t, err)
	for name, c := range map[string]struct {
		open backup.Unwrap
		code border.Code
	}{"root": {backup.WithRoot(other.root), border.Forbidden}, "hub": {backup.WithHub(other.hub), border.Forbidden},
		"recovery": {backup.WithRecovery(recovery), border.Forbidden}, "key": {carried, border.Invalid}} {
		if _, _, err := r.restore(rep.Path, c.open); border.CodeOf(err) != c.code || !errors.Is(err, backup.ErrKey) || border.MessageOf(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, text := range []string{"", "xyz", backup.KeyText(key)[1:]} {
		if _, err := backup.WithKey(text); border.CodeOf(err) != border.Invalid {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// Nothing that was done to a backup goes unseen: every bit counts, and no chunk can be moved, doubled,
// left out or cut off. Whatever fails leaves nothing behind.
func TestDamaged(t *testing.T) {
	r := newRig(t, backup.Station)
	rep := r.make()
	good, err := os.ReadFile(rep.Path)
	check(t, err)
	const chunk = 64<<10 + 16
	first := len("garita backup 1\n") + 4 + int(binary.BigEndian.Uint32(good[len("garita backup 1\n"):]))
	if len(good) < first+2*chunk+100 {
		t.Fatalf("only %d bytes", len(good))
	}
	at := func(n int) []byte { return good[first+n*chunk : first+(n+1)*chunk] }
	cases := map[string][]byte{
		"nothing":        {},
		"swapped":        slices.Concat(good[:first], at(1), at(0), good[first+2*chunk:]),
		"doubled":        slices.Concat(good[:first+chunk], at(0), good[first+chunk:]),
		"one left out":   slices.Concat(good[:first+chunk], good[first+2*chunk:]),
		"last left out":  good[:first+(len(good)-first)/chunk*chunk],
		"first alone":    good[:first+chunk],
		"more behind":    append(slices.Clone(good), 0),
		"itself behind":  append(slices.Clone(good), good[first:]...),
		"header alone":   good[:first],
		"another magic":  append([]byte("garita backup 2\n"), good[16:]...),
		"endless header": append([]byte("garita backup 1\n\xff\xff\xff\xff"), good[20:]...),
	}
	path := filepath.Join(filepath.Dir(rep.Path), "damaged.backup")
	try := func(name string, b []byte) {
		t.Helper()
		check(t, os.WriteFile(path, b, 0o600))
		_, _, err := r.restore(path, backup.WithRoot(r.root))
		if !errors.Is(err, backup.ErrDamaged) && !errors.Is(err, backup.ErrKey) || border.MessageOf(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, b := range cases {
		try(name, b)
	}
	step := 9973
	if os.Getenv("GARITA_SOAK") != "" {
		step = 97
	}
	for i := 0; i < len(good); i += step {
		try(fmt.Sprint("cut off at ", i), good[:i])
		b := slices.Clone(good)
		b[i] ^= 1 << (i % 8)
		try(fmt.Sprint("flipped at ", i), b)
	}
	check(t, os.WriteFile(path, good, 0o600))
	_, _, err = r.restore(path, backup.WithRoot(r.root))
	check(t, err)
}

// A sealed file beside the backups that is gone or damaged is missed; who has no other copy may go on
// without it.
func TestBesideDamaged(t *testing.T) {
	r := newRig(t, backup.Station)
	rep := r.make()
	files, err := filepath.Glob(filepath.Join(filepath.Dir(rep.Path), "files", "*"))
	if check(t, err); len(files) != 6 {
		t.Fatalf("%d files", len(files))
	}
	check(t, os.WriteFile(files[0], []byte("something else"), 0o600))
	check(t, os.Remove(files[1]))
	if _, _, err := r.restore(rep.Path, backup.WithRoot(r.root)); !errors.Is(err, backup.ErrDamaged) {
		t.Errorf("%v", err)
	}
	dir := filepath.Join(t.TempDir(), "new")
	got, err := backup.Restore(t.Context(), rep.Path, backup.WithRoot(r.root), dir, backup.Options{Incomplete: true})
	if err != nil || got.Missing != 2 || got.Beside != 4 {
		t.Errorf("%+v, %v", got, err)
	}
	again := r.make() // the next backup brings them anew
	if again.Added != 2 {
		t.Errorf("%d files added", again.Added)
	}
	if _, _, err := r.restore(again.Path, backup.WithRoot(r.root)); err != nil {
		t.Error(err)
	}
	r.write(filepath.Join("attachments", strings.Repeat("ab", 32)), []byte("not what its name says"))
	if rep := r.make(); rep.Damaged != 1 || rep.Added != 0 {
		t.Errorf("%+v", rep)
	}
}

func TestNotEmpty(t *testing.T) {
	r := newRig(t, backup.Station)
	rep := r.make()
	if _, err := backup.Restore(t.Context(), rep.Path, backup.WithRoot(r.root), r.dir, backup.Options{}); border.CodeOf(err) != border.Conflict {
		t.Errorf("%v", err)
	}
	empty := t.TempDir()
	refused := errors.New("the journal's chain is broken")
	if _, err := backup.Restore(t.Context(), rep.Path, backup.WithRoot(r.root), empty, backup.Options{Check: func(context.Context, string) error { return refused }}); !errors.Is(err, refused) {
		t.Errorf("%v", err)
	}
	if left := tree(t, empty); len(left) > 0 {
		t.Errorf("left %v", left)
	}
	if _, err := backup.Restore(t.Context(), rep.Path, backup.WithRoot(r.root), empty, backup.Options{}); err != nil {
		t.Errorf("into an empty folder: %v", err)
	}
	if _, err := backup.Restore(t.Context(), rep.Path+"x", backup.WithRoot(r.root), empty+"x", backup.Options{}); border.CodeOf(err) != border.NotFound {
		t.Errorf("%v", err)
	}
}

// A backup that does not read back does not count, and earlier ones stay.
func TestReadsBack(t *testing.T) {
	r := newRig(t, backup.Station)
	first := r.make()
	var seen []string
	r.cfg.Check = func(_ context.Context, dir string) error {
		seen = tree(t, dir)
		return &border.Error{Code: border.Invalid, Op: "verify the journal", Message: "broken"}
	}
	k := r.keeper()
	if _, err := k.Make(t.Context()); border.CodeOf(err) != border.Invalid {
		t.Errorf("%v", err)
	}
	if len(seen) != 4 {
		t.Errorf("looked at %v", seen)
	}
	if _, err := k.State(); err == nil {
		t.Error("the state says that all is well")
	}
	if left := backups(t, r); len(left) != 1 || left[0] != filepath.Base(first.Path) {
		t.Errorf("%v", left)
	}
	r.cfg.Check = nil
	damage(t, filepath.Join(r.dir, "journal.db"))
	if _, err := r.keeper().Make(t.Context()); err == nil {
		t.Error("a damaged database was backed up")
	}
	for _, name := range append(tree(t, r.dir), tree(t, r.to)...) {
		if strings.Contains(name, ".writing") {
			t.Errorf("left %s", name)
		}
	}
}

// damage spoils pages in the middle of a database.
func damage(t *testing.T, path string) {
	t.Helper()
	db := openDB(t, path)
	_, err := db.Exec(`PRAGMA wal_checkpoint(TRUNCATE)`)
	check(t, errors.Join(err, db.Close()))
	b, err := os.ReadFile(path)
	check(t, err)
	for i := 3 * 4096; i < 6*4096; i++ {
		b[i] = 0xa5
	}
	check(t, os.WriteFile(path, b, 0o600))
}

func backups(t *testing.T, r *rig) (out []string) {
	t.Helper()
	for _, name := range tree(t, filepath.Join(r.to, r.cfg.Kind+"-"+r.cfg.Name)) {
		if strings.HasSuffix(name, ".backup") {
			out = append(out, name)
		}
	}
	return out
}

// While it is copied the record goes on, and what a backup has of it is what one moment saw.
func TestWhileWriting(t *testing.T) {
	r := newRig(t, backup.Station)
	db := openDB(t, filepath.Join(r.dir, "journal.db"))
	defer db.Close()
	ctx, stop := context.WithCancel(t.Context())
	var writer sync.WaitGroup
	var failed error
	writer.Go(func() {
		for i := 0; ctx.Err() == nil; i++ { // two rows in one transaction: a copy has both or none
			tx, err := db.Begin()
			if err == nil {
				_, err = tx.Exec(`INSERT INTO event (record) VALUES (?), (?)`, i, i)
				err = errors.Join(err, tx.Commit())
			}
			if err != nil {
				failed = err
				return
			}
		}
	})
	last := 200
	for range 5 {
		rep := r.make()
		dir, _, err := r.restore(rep.Path, backup.WithRoot(r.root))
		check(t, err)
		n := rows(t, filepath.Join(dir, "journal.db"))
		if n < last || n%2 != 0 {
			t.Errorf("%d rows after %d", n, last)
		}
		last = n
	}
	stop()
	writer.Wait()
	if check(t, failed); last == 200 {
		t.Error("nothing was written meanwhile")
	}
}

// A program that is killed in the middle leaves no backup that looks like one, and what it left goes at
// the next start.
func TestKilled(t *testing.T) {
	r := newRig(t, backup.Station)
	r.make()
	for range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		r.cfg.Check = func(context.Context, string) error { cancel(); return ctx.Err() }
		if _, err := r.keeper().Make(ctx); border.CodeOf(err) == "" {
			t.Fatal("it was not stopped")
		}
		cancel()
	}
	r.cfg.Check = nil
	for _, p := range []string{filepath.Join(r.dir, ".writing-1", "journal.db"), filepath.Join(r.to, "station-PUT-1", ".writing-2"), filepath.Join(r.to, "station-PUT-1", "files", ".writing-3")} {
		check(t, os.MkdirAll(filepath.Dir(p), 0o700))
		check(t, os.WriteFile(p, []byte("half"), 0o600))
	}
	r.make()
	for _, name := range append(tree(t, r.dir), tree(t, r.to)...) {
		if strings.Contains(name, ".writing") {
			t.Errorf("left %s", name)
		}
	}
	if b := backups(t, r); len(b) != 2 {
		t.Errorf("%v", b)
	}
}

// Two programs do not make one backup at the same time.
func TestOneAtATime(t *testing.T) {
	r := newRig(t, backup.Station)
	other := r.keeper()
	r.cfg.Check = func(ctx context.Context, _ string) error {
		if _, err := other.Make(ctx); border.CodeOf(err) != border.Conflict {
			t.Errorf("another was made meanwhile: %v", err)
		}
		return nil
	}
	r.make()
}

// A full disk, on either side, is said, and nothing half stays.
func TestDiskFull(t *testing.T) {
	r := newRig(t, backup.Station)
	small := func(size string) string {
		dir := t.TempDir()
		if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
			t.Skipf("a small file system cannot be mounted here (it takes root): %v", err)
		}
		t.Cleanup(func() { check(t, unix.Unmount(dir, unix.MNT_DETACH)) })
		return dir
	}
	rep := r.make()
	r.cfg.To = small("100k")
	if _, err := r.keeper().Make(t.Context()); border.CodeOf(err) != border.StorageFull {
		t.Errorf("the disk of the backups is full: %v", err)
	}
	if left := tree(t, r.cfg.To); slices.ContainsFunc(left, func(n string) bool {
		return n != "station-PUT-1/lock" && !strings.Contains(n, "files/") || strings.Contains(n, ".writing")
	}) {
		t.Errorf("left %v", left)
	}
	to := small("100k")
	if _, err := backup.Restore(t.Context(), rep.Path, backup.WithRoot(r.root), filepath.Join(to, "data"), backup.Options{}); border.CodeOf(err) != border.StorageFull {
		t.Errorf("the disk is full: %v", err)
	}
	if left := tree(t, to); len(left) > 0 {
		t.Errorf("left %v", left)
	}
	data := small("17m") // hardly more than what the record keeps for itself
	check(t, os.CopyFS(filepath.Join(data, "data"), os.DirFS(r.dir)))
	fill, err := os.Create(filepath.Join(data, "fill"))
	check(t, err)
	check(t, errors.Join(fill.Truncate(0), unix.Fallocate(int(fill.Fd()), 0, 0, 1<<20), fill.Close()))
	r.cfg.Dir, r.cfg.To = filepath.Join(data, "data"), t.TempDir()
	if _, err := r.keeper().Make(t.Context()); border.CodeOf(err) != border.StorageFull {
		t.Errorf("the data's disk is nearly full: %v", err)
	}
}
