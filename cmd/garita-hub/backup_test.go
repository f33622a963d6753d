package main

import (
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"garita/border"
	"garita/border/backup"
	"garita/border/clock"
	"garita/border/keystore"
	"garita/border/seal"
	"garita/cmd/internal/version"
)

// typed lets a command read a line as if somebody had typed it.
func typed(t *testing.T, line string) {
	t.Helper()
	read, write, err := os.Pipe()
	must(t, err)
	_, err = write.WriteString(line + "\n")
	must(t, err)
	must(t, write.Close())
	stdin := os.Stdin
	os.Stdin = read
	t.Cleanup(func() { os.Stdin = stdin; read.Close() })
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A hub is backed up, its machine is lost, and it comes back on another with the sheet of paper; and it
// gives the key of a station's backup.
func TestBackupCommands(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	config := at("hub.toml")
	must(t, os.WriteFile(config, []byte("name = \"test\"\ndata = \""+at("hub")+"\"\nbackups = \""+at("backups")+"\"\n[keys]\nkind = \"credential\"\n"), 0o600))
	machine := func(name string) {
		must(t, os.MkdirAll(at(name), 0o700))
		must(t, os.WriteFile(filepath.Join(at(name), "garita"), []byte(strings.Repeat(name, 40)), 0o600))
		t.Setenv("CREDENTIALS_DIRECTORY", at(name))
	}
	machine("one")
	must(t, os.Mkdir(at("hub"), 0o700))
	root, err := keystore.Open(t.Context(), keystore.Config{Kind: keystore.Credential, Dir: at("hub"), Credentials: at("one")})
	must(t, err)
	private, err := seal.LoadHub(root, at("hub"), "test")
	must(t, err)
	must(t, root.Close())

	sheet, err := run(t, "recovery-key", "-c", config)
	must(t, err)
	key := strings.TrimSpace(strings.Split(sheet, "\n")[2])
	if _, err := run(t, "recovery-key", "-c", config); border.CodeOf(err) != border.Conflict {
		t.Errorf("a second sheet: %v", err)
	}
	out, err := run(t, "backup", "-c", config)
	must(t, err)
	var made backup.Report
	must(t, json.Unmarshal([]byte(out), &made))
	if len(made.Holders) != 2 || made.Files != 2 {
		t.Errorf("%+v", made)
	}
	typed(t, key)
	if _, err := run(t, "restore", "-c", config, made.Path); border.CodeOf(err) != border.Conflict {
		t.Errorf("over a hub that is there: %v", err)
	}
	must(t, os.RemoveAll(at("hub")))
	machine("two")
	typed(t, key)
	_, err = run(t, "restore", "-c", config, made.Path)
	must(t, err)
	root, err = keystore.Open(t.Context(), keystore.Config{Kind: keystore.Credential, Dir: at("hub"), Credentials: at("two")})
	must(t, err)
	again, err := seal.LoadHub(root, at("hub"), "test")
	must(t, err)
	must(t, root.Close())
	if string(again.PrivateKey) != string(private.PrivateKey) {
		t.Error("another hub came back")
	}
	machine("three") // the guard is lost, the disk is whole
	typed(t, key)
	_, err = run(t, "recover", "-c", config)
	must(t, err)

	must(t, os.Mkdir(at("post"), 0o700))
	own, err := keystore.Open(t.Context(), keystore.Config{Kind: keystore.Software, Dir: at("post"), Demo: true})
	must(t, err)
	prov, err := private.Provisioning()
	must(t, err)
	must(t, os.WriteFile(filepath.Join(at("post"), "scanners.json"), []byte("{}"), 0o600))
	keeper, err := backup.New(backup.Config{Kind: backup.Station, Name: "PUT-1", Dir: at("post"), Contents: backup.StationContents(), To: at("backups"), Root: own,
		Provisioning: prov, Clock: clock.System(version.Built()), Log: slog.New(slog.DiscardHandler)})
	must(t, err)
	made, err = keeper.Make(t.Context())
	must(t, err)
	must(t, own.Close())
	out, err = run(t, "backup-key", "-c", config, made.Path)
	must(t, err)
	open, err := backup.WithKey(strings.Split(out, "\n")[0])
	must(t, err)
	if _, err := backup.Restore(t.Context(), made.Path, open, at("new"), backup.Options{}); err != nil {
		t.Errorf("the key that the hub gave: %v", err)
	}
}
