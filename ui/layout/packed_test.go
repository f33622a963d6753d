package layout

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"
)

// TestPacked: a large page is compressed for who takes it, and is the same page; others get it as it is.
func TestPacked(t *testing.T) {
	page := []byte(strings.Repeat("<option>Utopia</option>", 1000))
	for name, c := range map[string]struct {
		page    []byte
		accepts string
		zipped  bool
	}{
		"large":       {page, "br, gzip", true},
		"not taken":   {page, "", false},
		"other kinds": {page, "br", false},
		"small":       {page[:100], "gzip", false},
	} {
		t.Run(name, func(t *testing.T) {
			app := fiber.New(fiber.Config{Immutable: true})
			app.Get("/", func(f *fiber.Ctx) error { return packed(f, c.page) })
			r := httptest.NewRequest(fiber.MethodGet, "/", nil)
			if c.accepts != "" {
				r.Header.Set(fiber.HeaderAcceptEncoding, c.accepts)
			}
			got, err := app.Test(r)
			if err != nil {
				t.Fatal(err)
			}
			defer got.Body.Close()
			var body io.Reader = got.Body
			if zipped := got.Header.Get(fiber.HeaderContentEncoding) == "gzip"; zipped != c.zipped {
				t.Fatalf("compressed: %v", zipped)
			} else if zipped {
				if body, err = gzip.NewReader(got.Body); err != nil {
					t.Fatal(err)
				}
			}
			b, err := io.ReadAll(body)
			if err != nil || !bytes.Equal(b, c.page) {
				t.Errorf("another page: %d bytes, %v", len(b), err)
			}
			if got.Header.Get(fiber.HeaderVary) != fiber.HeaderAcceptEncoding {
				t.Error("a cache could mix them up")
			}
		})
	}
}
