package station

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"garita/border"
	"garita/border/counter"
	"garita/border/replica"
	"garita/border/seal"
	"garita/border/watch"
	"garita/border/watch/release"
)

type noon struct{}

func (noon) Now() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

// copyOf is a station's copy that has taken one release of a hub.
func copyOf(t *testing.T, dir string) *replica.Replica {
	t.Helper()
	signer := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{2}, 32))
	prov := &seal.Provisioning{ListKey: bytes.Repeat([]byte{1}, 32), ListSigner: signer.Public().(ed25519.PublicKey)}
	keys, err := release.NewKeys(prov.ListKey)
	must(t, err)
	r, err := replica.Open(t.Context(), replica.Config{Dir: dir, Station: "PUT-1", Clock: noon{}, Prov: prov, Log: slog.New(slog.DiscardHandler)})
	must(t, err)
	if len(r.State()) > 0 {
		return r
	}
	base, err := watch.Compile(watch.Description{Name: nationalList}, nil)
	must(t, err)
	var plain, sealed bytes.Buffer
	_, err = base.WriteTo(&plain)
	must(t, err)
	m := &release.Manifest{List: nationalList, Epoch: border.Epoch{1}, Version: 1, Issued: noon{}.Now(), ValidUntil: noon{}.Now().Add(time.Hour), Key: keys.ID()}
	m.Base.Version = 1
	m.Base.File, err = keys.SealFile(&sealed, m.SnapshotLabel(), &plain)
	must(t, err)
	signed, err := release.Sign(m, signer)
	must(t, err)
	wanted, err := r.Offer(t.Context(), signed)
	must(t, err)
	for _, w := range wanted {
		must(t, r.Receive(t.Context(), w.Digest, 0, sealed.Bytes()))
	}
	must(t, r.Apply(t.Context(), signed))
	return r
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Before the hub has released a list none is missing; one that was there and does not open is.
func TestDamagedListIsMissing(t *testing.T) {
	own := []counter.List{{Name: "own"}}
	empty, err := replica.Open(t.Context(), replica.Config{Dir: t.TempDir(), Station: "PUT-1", Clock: noon{}, Prov: &seal.Provisioning{}, Log: slog.New(slog.DiscardHandler)})
	must(t, err)
	defer empty.Close()
	if got := (&lists{own: own, replica: empty}).current(); len(got) != 1 || got[0].Missing {
		t.Errorf("of a new station: %+v", got)
	}
	dir := t.TempDir()
	r := copyOf(t, dir)
	l := &lists{own: own, replica: r}
	if got := l.current(); len(got) != 2 || got[1].Missing || got[1].Watch == nil {
		t.Errorf("in force: %+v", got)
	}
	if a, b := l.current(), l.current(); &a[0] != &b[0] {
		t.Error("nothing has changed, but the lists are others")
	}
	must(t, r.Close())
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Dir(path) == dir {
			return err
		}
		return os.WriteFile(path, []byte("damaged"), 0o600)
	}))
	r = copyOf(t, dir)
	defer r.Close()
	if got := (&lists{own: own, replica: r}).current(); len(got) != 2 || !got[1].Missing || got[1].Name != nationalList {
		t.Errorf("damaged: %+v, %+v", got, r.State())
	}
}

// A notice that does not open is shown as one of which nothing is known.
func TestNoticeThatDoesNotOpen(t *testing.T) {
	r := copyOf(t, t.TempDir())
	defer r.Close()
	must(t, r.Notify(context.Background(), []border.Notice{{ID: border.ID{7}, Order: 1, Body: []byte("none")}}))
	got := lateHits{r}.Open()
	if len(got) != 1 || got[0].ID != (border.ID{7}) || !got[0].Crossing.IsZero() || got[0].Handling != watch.Refer {
		t.Errorf("%+v", got)
	}
}
