package settings_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"garita/border"
	"garita/cmd/internal/settings"
)

type config struct {
	Data  string `toml:"data" env:"TEST_DATA"`
	Inner struct {
		Size int `toml:"size"`
	} `toml:"inner"`
}

func load(t *testing.T, text string, env map[string]string) (config, string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "c.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := config{Data: "default"}
	err := settings.Load(path, &c, func(k string) string { return env[k] })
	return c, path, err
}

func TestLoad(t *testing.T) {
	c, _, err := load(t, "data = \"from file\"\n[inner]\nsize = 3\n", nil)
	if err != nil || c.Data != "from file" || c.Inner.Size != 3 {
		t.Errorf("read %+v, %v", c, err)
	}
	if c, _, err = load(t, "data = \"from file\"\n", map[string]string{"TEST_DATA": "from environment"}); err != nil || c.Data != "from environment" {
		t.Errorf("the environment did not override: %+v, %v", c, err)
	}
	if c, _, err = load(t, "", nil); err != nil || c.Data != "default" {
		t.Errorf("the default did not stay: %+v, %v", c, err)
	}
}

// Mistakes are named with file, line and column.
func TestMistakes(t *testing.T) {
	for text, where := range map[string]string{
		"data = \"x\"\ndatta = \"y\"\n":           ":2:1: unknown key \"datta\"",
		"[inner]\nsize = 3\nsizes = 4\n":          ":3:1: unknown key \"inner.sizes\"",
		"data = \"x\"\n[inner]\nsize = \"big\"\n": ":3:",
		"data = \n": ":1:",
	} {
		_, path, err := load(t, text, nil)
		if border.CodeOf(err) != border.Invalid || !strings.Contains(err.Error(), path+where) {
			t.Errorf("%q: error %v, want %s%s", text, err, path, where)
		}
	}
	err := settings.Load(filepath.Join(t.TempDir(), "none.toml"), &config{}, os.Getenv)
	if border.CodeOf(err) != border.NotFound {
		t.Errorf("no file: error %v", err)
	}
}
