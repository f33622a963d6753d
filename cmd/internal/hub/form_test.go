package hub_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"garita/border"
	"garita/border/clock"
	"garita/cmd/internal/hub"
)

// TestForm: the hub's pages have their words from the country's form, and no file says that it is of the country of
// the form that ships.
func TestForm(t *testing.T) {
	shipped, err := os.ReadFile("../../../border/form/form.toml")
	if err != nil {
		t.Fatal(err)
	}
	own := filepath.Join(t.TempDir(), "form.toml")
	if err := os.WriteFile(own, []byte(strings.Replace(string(shipped), `country = "UTO"`, `country = "HTI"`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		form          string
		demo          bool
		country, area string
	}{{"", false, "UTO", ""}, {"", true, "UTO", "UTO"}, {own, false, "HTI", "HTI"}} {
		f, area, err := hub.ReadForm(&hub.Config{Form: c.form, Demo: c.demo})
		if err != nil || f.Country() != c.country || area != c.area {
			t.Errorf("%+v: %v, files of %q, %v", c, f.Country(), area, err)
		}
	}
	_, err = hub.Open(t.Context(), hub.Config{Name: "test hub", Data: t.TempDir(), Listen: "127.0.0.1:0", NATS: "127.0.0.1:0", Enrol: "127.0.0.1:0", Demo: true, Form: own + ".not"},
		clock.System(time.Now()), slog.New(slog.DiscardHandler))
	if border.CodeOf(err) != border.NotFound {
		t.Errorf("a form that is not there: %v", err)
	}
}
