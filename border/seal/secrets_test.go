package seal_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"garita/border"
	"garita/border/keystore"
	"garita/border/seal"
)

func newRoot(t *testing.T, dir string, clear ...string) keystore.Root {
	t.Helper()
	r, err := keystore.Open(t.Context(), keystore.Config{Kind: keystore.Software, Dir: dir, Demo: true, Clear: clear})
	check(t, err)
	t.Cleanup(func() { check(t, r.Close()) })
	return r
}

// The secrets of station and hub lie sealed; with another root key nothing opens.
func TestSealedSecrets(t *testing.T) {
	at, dir := t.TempDir(), t.TempDir()
	hubRoot, root := newRoot(t, at), newRoot(t, dir)
	private, err := seal.LoadHub(hubRoot, at, "HUB")
	check(t, err)
	prov, err := private.Provisioning()
	check(t, err)
	keys, err := seal.OpenStation(t.Context(), root, dir, "PUT-1", prov)
	check(t, err)
	id, local, err := keys.SealLocal(t.Context(), bucket, "a", []byte("plain"))
	check(t, err)
	check(t, keys.Close())
	hub, err := seal.OpenHub(t.Context(), hubRoot, at, private)
	check(t, err)
	check(t, hub.Close())
	for _, f := range []string{filepath.Join(at, seal.HubFile), filepath.Join(dir, seal.StationFile)} {
		b, err := os.ReadFile(f)
		check(t, err)
		if bytes.Contains(b, []byte("_key")) || !bytes.Contains(b, []byte(`"kind": "software"`)) {
			t.Errorf("%s: %s", f, b)
		}
	}
	again, err := seal.LoadHub(hubRoot, at, "OTHER")
	check(t, err)
	if !bytes.Equal(again.PrivateKey, private.PrivateKey) || again.Hub != "HUB" {
		t.Error("another hub came back")
	}
	keys, err = seal.OpenStation(t.Context(), root, dir, "PUT-1", prov)
	check(t, err)
	if got, err := keys.OpenLocal(id, "a", local); err != nil || string(got) != "plain" {
		t.Errorf("%q, %v", got, err)
	}
	check(t, keys.Close())
	stolen := newRoot(t, t.TempDir())
	if _, err := seal.OpenStation(t.Context(), stolen, dir, "PUT-1", prov); border.CodeOf(err) != border.Invalid {
		t.Errorf("with another root key: %v", err)
	}
	if _, err := seal.LoadHub(stolen, at, "HUB"); border.CodeOf(err) != border.Invalid {
		t.Errorf("with another root key: %v", err)
	}
	check(t, os.Remove(filepath.Join(dir, seal.StationFile)))
	if _, err := seal.OpenStation(t.Context(), root, dir, "PUT-1", prov); border.CodeOf(err) != border.NotFound || border.MessageOf(err) == "" {
		t.Errorf("the secret is gone: %v", err)
	}
	check(t, os.Remove(filepath.Join(at, seal.HubFile)))
	if _, err := seal.LoadHub(hubRoot, at, "HUB"); border.CodeOf(err) != border.NotFound {
		t.Errorf("the secret is gone: %v", err)
	}
}

// A folder from before there were root keys is taken over: its secrets are sealed, its rows get MACs,
// and from then on neither a clear file nor a bare row is believed.
func TestFolderFromBefore(t *testing.T) {
	r := newRig(t)
	e := r.event(1, all...)
	r.deliver()
	check(t, errors.Join(r.station.Close(), r.hub.Close()))
	dir, at := t.TempDir(), t.TempDir()
	check(t, os.Rename(filepath.Join(r.dir, "keys.db"), filepath.Join(dir, seal.KeysFile)))
	check(t, os.Rename(filepath.Join(r.dir, "hub.db"), filepath.Join(at, seal.KeysFile)))
	old, oldHub := *r.secret, *r.private
	old.Rows, oldHub.Rows = 0, 0
	oldHub.ListKey, oldHub.ListSeed = nil, nil // from before there were lists
	check(t, seal.Save(filepath.Join(dir, seal.StationFile), old))
	check(t, seal.Save(filepath.Join(at, seal.HubFile), oldHub))
	for _, d := range []string{dir, at} {
		edit(t, filepath.Join(d, seal.KeysFile), `UPDATE data_key SET mac = NULL`)
	}
	root := newRoot(t, dir, filepath.Join(dir, seal.StationFile))
	hubRoot := newRoot(t, at, filepath.Join(at, seal.HubFile))
	for range 2 {
		keys, err := seal.OpenStation(t.Context(), root, dir, "PUT-1", r.prov)
		check(t, err)
		if got, err := keys.Open(e, border.PartPersonal); err != nil || string(got) != "plain personal" {
			t.Errorf("%q, %v", got, err)
		}
		private, err := seal.LoadHub(hubRoot, at, "HUB")
		check(t, err)
		hub, err := seal.OpenHub(t.Context(), hubRoot, at, private)
		check(t, err)
		if got, err := hub.Open(e, border.PartPersonal); err != nil || string(got) != "plain personal" || len(private.ListKey) != 32 {
			t.Errorf("%q, %v", got, err)
		}
		check(t, errors.Join(keys.Close(), hub.Close()))
	}
	edit(t, filepath.Join(dir, seal.KeysFile), `UPDATE data_key SET mac = NULL WHERE id = ?`, e.Parts[0].KeyID)
	keys, err := seal.OpenStation(t.Context(), root, dir, "PUT-1", r.prov)
	check(t, err)
	if _, err := keys.Open(e, border.PartPersonal); !errors.Is(err, seal.ErrKeyChanged) {
		t.Errorf("a bare row: %v", err)
	}
	check(t, keys.Close())
	check(t, seal.Save(filepath.Join(dir, seal.StationFile), old))
	if _, err := seal.OpenStation(t.Context(), root, dir, "PUT-1", r.prov); border.CodeOf(err) != border.Forbidden {
		t.Errorf("the file from before, put back, by which a bare row would pass: %v", err)
	}
	check(t, seal.Save(filepath.Join(dir, seal.StationFile), seal.NewStationSecret()))
	if _, err := seal.OpenStation(t.Context(), root, dir, "PUT-1", r.prov); border.CodeOf(err) != border.Forbidden {
		t.Errorf("a clear file: %v", err)
	}
	r.open() // for the rig's end
	r.openHub()
}
