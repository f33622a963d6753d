package replica_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"garita/border"
	"garita/border/bordertest"
	"garita/border/replica"
	"garita/border/seal"
	"garita/border/watch"
)

// journey is what the tests of cuts put in force: every kind of file, and a snapshot in the
// middle. A large one has snapshots that are synced while they are received.
func journey(t testing.TB, large bool) (*hub, []bordertest.MadeRelease) {
	h := newHub(t, 1)
	first := puts(0, 40)
	if large {
		fatten(first)
	}
	all := []bordertest.MadeRelease{h.snapshot(t, first...), h.delta(t, puts(100, 110)...)}
	documents(t, h, []string{"L898902C3"}, "X1")
	gone := person(1).Key()
	all = append(all, h.delta(t, watch.Change{Remove: &gone}), h.snapshot(t, puts(110, 120)...), h.delta(t, puts(120, 130)...))
	return h, all
}

// fatten gives entries a legal basis of 240,000 characters that hardly compress.
func fatten(changes []watch.Change) {
	for i, c := range changes {
		c.Put.LegalBasis = hex.EncodeToString(bordertest.Filled(fmt.Sprint(i), 120_000))
	}
}

// sound checks that a copy holds the release that it says it holds, whole.
func (r *rig) sound(all []bordertest.MadeRelease) (version uint64) {
	r.t.Helper()
	p, err := r.Position(context.Background(), "national")
	check(r.t, err)
	if p.Version == 0 {
		return 0
	}
	if p != all[p.Version-1].Position {
		r.t.Fatalf("position %+v is none of the hub's", p)
	}
	in := r.holds(p)
	for i, want := range map[int]bool{3: true, 1: p.Version < 3, 105: p.Version > 1, 115: p.Version > 3, 125: p.Version > 4} {
		if r.finds(i) != want {
			r.t.Fatalf("version %d: person %d is found: %t", p.Version, i, !want)
		}
	}
	if has := in.Documents != nil && in.Documents.Has("UTO", "P", "X1"); has != (p.Version > 2) || in.DocumentsDamaged {
		r.t.Fatalf("version %d: documents are in force: %t", p.Version, has)
	}
	if s := r.State(); s[0].Problem != "" {
		r.t.Fatalf("version %d: %s", p.Version, s[0].Problem)
	}
	return p.Version
}

// finish takes the rest of the journey.
func (r *rig) finish(all []bordertest.MadeRelease) {
	r.t.Helper()
	p, err := r.Position(context.Background(), "national")
	check(r.t, err)
	r.take(all[p.Version:]...)
	if r.sound(all) != uint64(len(all)) {
		r.t.Fatal("the journey does not end")
	}
}

var errFault = errors.New("a fault of the test")

// A fault at any step leaves the last good list in force, now and after a restart, and the next
// attempt succeeds.
func TestFaultAtEveryStep(t *testing.T) {
	h, all := journey(t, false)
	seen := map[string]int{}
	for n := 0; ; n++ {
		r := &rig{t: t, dir: t.TempDir(), hub: h, clock: &fixedClock{at: start}, log: new(strings.Builder)}
		left, where := n, ""
		r.step = func(name string) error {
			if left--; left >= 0 || where != "" {
				return nil
			}
			where = name
			return errFault
		}
		r.open()
		var err error
		for i, m := range all {
			if err = apply(t.Context(), r, m); err == nil {
				continue
			}
			if border.CodeOf(err) != border.NotDurable || !errors.Is(err, errFault) {
				t.Fatalf("step %d, %s: %v", n, where, err)
			}
			if v := r.sound(all); v != uint64(i) {
				t.Fatalf("step %d, %s: after a fault in version %d version %d is in force", n, where, i+1, v)
			}
			if n%2 == 0 { // half of them after a restart
				r.reopen()
				want := uint64(i)
				if where == "committed" {
					want++
				}
				if v := r.sound(all); v != want {
					t.Fatalf("step %d, %s: reopened, version %d is in force, want %d", n, where, v, want)
				}
			}
			r.finish(all)
			break
		}
		check(t, r.Close())
		if where == "" {
			break
		}
		seen[where]++
	}
	for _, step := range []string{"received", "checked", "built", "synced", "renamed", "settled", "committed"} {
		if seen[step] == 0 {
			t.Errorf("there was never a fault at %q", step)
		}
	}
}

// The folder as it was at any step opens to a release that was in force, the old or the new, and
// goes on from there.
func TestCopiedAtEveryStep(t *testing.T) {
	h, all := journey(t, os.Getenv("GARITA_SOAK") != "")
	copies := t.TempDir()
	type copied struct {
		dir, step string
		version   int
	}
	var made []copied
	r := newRig(t, h)
	version := 0
	r.step = func(name string) error {
		c := copied{filepath.Join(copies, fmt.Sprint(len(made))), name, version}
		copyDir(t, r.dir, c.dir)
		made = append(made, c)
		return nil
	}
	for version = range all {
		check(t, apply(t.Context(), r, all[version]))
	}
	before, after := 0, 0
	for _, c := range made {
		k := &rig{t: t, dir: c.dir, hub: h, clock: &fixedClock{at: start}, log: new(strings.Builder)}
		k.open()
		switch v := k.sound(all); {
		case int(v) == c.version && c.step != "committed":
			before++
		case int(v) == c.version+1 && c.step == "committed":
			after++
		default:
			t.Errorf("copied at %q of version %d: version %d is in force", c.step, c.version+1, v)
		}
		k.finish(all)
		check(t, k.Close())
		check(t, os.RemoveAll(c.dir))
	}
	if before < 15 || after != len(all) {
		t.Errorf("%d copies with the old and %d with the new release", before, after)
	}
}

// A program killed at any step leaves a folder that opens, and what it had said to be in force is.
func TestKilledAtEveryStep(t *testing.T) {
	h, all := journey(t, os.Getenv("GARITA_SOAK") != "")
	dir := t.TempDir()
	check(t, os.Mkdir(filepath.Join(dir, "hub"), 0o700))
	check(t, seal.Save(filepath.Join(dir, "hub", "prov"), h.prov))
	for i, m := range all {
		check(t, os.WriteFile(filepath.Join(dir, "hub", fmt.Sprint(i)), m.Manifest, 0o600))
		for d, b := range m.Files {
			check(t, os.WriteFile(filepath.Join(dir, "hub", d.String()), b, 0o600))
		}
	}
	kills := 0
	stride := 3
	if os.Getenv("GARITA_SOAK") != "" {
		stride = 1
	}
	data := ""
	for n := 0; ; {
		fresh := kills%2 == 0
		if fresh { // every other folder is killed over again
			data = t.TempDir()
		}
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "GARITA_REPLICA_CHILD="+fmt.Sprint(n), "GARITA_REPLICA_HUB="+filepath.Join(dir, "hub"), "GARITA_REPLICA_DIR="+data)
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		said := strings.Fields(string(out))
		r := &rig{t: t, dir: data, hub: h, clock: &fixedClock{at: start}, log: new(strings.Builder)}
		r.open()
		v := r.sound(all)
		check(t, r.Close())
		if len(said) > 0 && fmt.Sprint(v) < said[len(said)-1] {
			t.Fatalf("killed at step %d: version %d is in force, the program had said %s", n, v, said[len(said)-1])
		}
		var ended *exec.ExitError
		if !errors.As(err, &ended) {
			check(t, err)
			if v != uint64(len(all)) {
				t.Fatalf("it was never killed, and holds version %d", v)
			}
			if fresh {
				break
			}
			kills++
			continue
		}
		n += stride
		if s, ok := ended.Sys().(syscall.WaitStatus); !ok || s.Signal() != syscall.SIGKILL {
			t.Fatalf("killed at step %d: %v", n, err)
		}
		kills++
	}
	if kills < 12 {
		t.Errorf("only %d kills", kills)
	}
	t.Logf("%d kills", kills)
}

// child takes the journey and kills itself at the step with that number.
func child(step string) int {
	hub, dir := os.Getenv("GARITA_REPLICA_HUB"), os.Getenv("GARITA_REPLICA_DIR")
	if err := travel(step, hub, dir); err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		return 3
	}
	return 0
}

func travel(step, hub, dir string) error {
	var left int
	if _, err := fmt.Sscan(step, &left); err != nil {
		return err
	}
	var prov seal.Provisioning
	if err := seal.Load(filepath.Join(hub, "prov"), &prov); err != nil {
		return err
	}
	c := replica.Config{Dir: dir, Station: station, Clock: &fixedClock{at: start}, Prov: &prov, Log: slog.New(slog.DiscardHandler)}
	c.OnStep(func(name string) error {
		if left--; left < 0 {
			return syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
		return nil
	})
	r, err := replica.Open(context.Background(), c)
	if err != nil {
		return err
	}
	p, err := r.Position(context.Background(), "national")
	for i := int(p.Version); err == nil; i++ {
		var m bordertest.MadeRelease
		if m.Manifest, err = os.ReadFile(filepath.Join(hub, fmt.Sprint(i))); errors.Is(err, os.ErrNotExist) {
			return r.Close()
		}
		if err != nil {
			return err
		}
		m.Files = map[border.Digest][]byte{}
		wanted, failed := r.Offer(context.Background(), m.Manifest)
		if failed != nil {
			return failed
		}
		for _, w := range wanted {
			if m.Files[w.Digest], err = os.ReadFile(filepath.Join(hub, w.Digest.String())); err != nil {
				return err
			}
		}
		if err = apply(context.Background(), r, m); err == nil {
			fmt.Println(i + 1)
		}
	}
	return err
}
