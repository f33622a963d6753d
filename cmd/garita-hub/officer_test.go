package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"garita/border"
	"garita/border/clock"
	"garita/border/officers"
	"garita/cmd/internal/hub"
	"garita/cmd/internal/version"
)

// run runs a command as from the shell and returns what it printed.
func run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout := os.Stdout
	os.Stdout = write
	defer func() { os.Stdout = stdout }()
	k, err := kong.New(&cli{}, kong.BindTo(t.Context(), (*context.Context)(nil)))
	if err != nil {
		t.Fatal(err)
	}
	c, err := k.Parse(args)
	if err != nil {
		t.Fatal(err)
	}
	err = c.Run()
	write.Close()
	out, _ := io.ReadAll(read)
	return string(out), err
}

// The commands work beside a hub that has the accounts open, and leave no PIN behind.
func TestOfficers(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "hub.toml")
	write := func(demo string) {
		if err := os.WriteFile(config, []byte("data = \""+dir+"/hub\"\ndemo = "+demo+"\n[keys]\nkind = \"credential\"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("false")
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	if err := os.WriteFile(filepath.Join(dir, "garita"), []byte(strings.Repeat("k", 40)), 0o600); err != nil {
		t.Fatal(err)
	}
	do := func(args ...string) string {
		t.Helper()
		out, err := run(t, append([]string{"officer", args[0], "-c", config}, args[1:]...)...)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	refused := func(code border.Code, args ...string) {
		t.Helper()
		if out, err := run(t, append([]string{"officer", args[0], "-c", config}, args[1:]...)...); border.CodeOf(err) != code {
			t.Errorf("%v: %q, %v", args, out, err)
		}
	}
	if out := do("add", "--role", "admin", "--badge", "90-01", "--name", "Ada Utopia"); !strings.Contains(out, "9001") {
		t.Errorf("it said %q", out)
	}
	cfg, err := hub.ReadConfig(config, os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	root, err := hub.OpenRoot(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	running, err := officers.Open(t.Context(), officers.Config{Dir: cfg.Data, Root: root, Clock: clock.System(version.Built())})
	if err != nil {
		t.Fatal(err)
	}
	defer running.Close()

	file := filepath.Join(dir, "pin")
	if err := os.WriteFile(file, []byte("294817\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	do("add", "--badge", "1001", "--name", "Ben Utopia", "--role", "inspector", "--post", "PCA", "--pin-file", file, "--by", "9001")
	do("role", "1001", "--role", "inspector", "--role", "supervisor")
	if err := running.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	found := false
	for _, o := range running.Known().Officers {
		if o.Badge == "1001" {
			found = len(o.Roles) == 2 && len(o.Posts) == 1 && !o.MustChange
		}
	}
	if !found {
		t.Errorf("the hub knows %+v", running.Known().Officers)
	}
	refused(border.Conflict, "add", "--badge", "1001", "--name", "X", "--role", "inspector")
	refused(border.Conflict, "revoke", "9001", "--reason", "x")
	refused(border.NotFound, "reset-pin", "7777")
	refused(border.Invalid, "role", "1001", "--role", "king")
	refused(border.Forbidden, "add", "--badge", "7", "--name", "X", "--role", "inspector", "--demo")
	do("role", "1001", "--role", "inspector", "--everywhere")
	do("revoke", "1001", "--reason", "left")
	list := do("list")
	if !strings.Contains(list, "Ben Utopia  inspector      everywhere") || !strings.Contains(list, "closed") {
		t.Errorf("the list is\n%s", list)
	}
	h, err := running.History(t.Context(), "1001")
	if err != nil || len(h) != 4 || h[3].Who != "9001" || h[0].Who != "console" {
		t.Errorf("the history is %+v, %v", h, err)
	}
	write("true")
	do("add", "--badge", "8", "--name", "X", "--role", "inspector", "--demo", "--pin-file", file)
	if err := running.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, o := range running.Known().Officers {
		if o.Demo {
			t.Error("a demo account counts at a hub that is none")
		}
	}
}
