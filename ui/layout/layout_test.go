package layout

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gofiber/fiber/v2"

	"garita/ui"
)

func assets(t *testing.T) *Assets {
	t.Helper()
	a, err := Load(fstest.MapFS{"d/a.js": {Data: []byte("let a")}, "d/b.css": {Data: []byte("b{}")}}, "d")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAssetAddressesFollowTheContent(t *testing.T) {
	a := assets(t)
	url, err := a.URL("a.js")
	if err != nil || !strings.HasPrefix(url, "/assets/") || !strings.HasSuffix(url, "/a.js") {
		t.Fatalf("%q, %v", url, err)
	}
	b, err := Load(fstest.MapFS{"d/a.js": {Data: []byte("let b")}}, "d")
	if err != nil {
		t.Fatal(err)
	}
	if other, _ := b.URL("a.js"); other == url {
		t.Error("another content has the same address")
	}
	if _, err := a.URL("none.js"); err == nil {
		t.Error("an asset that was never built has an address")
	}
}

func TestAssetsAreServed(t *testing.T) {
	a := assets(t)
	app := fiber.New(fiber.Config{Immutable: true})
	a.Mount(app)
	url, _ := a.URL("a.js")
	for _, zipped := range []bool{false, true} {
		req := httptest.NewRequest("GET", url, nil)
		if zipped {
			req.Header.Set("Accept-Encoding", "br, gzip")
		}
		r, err := app.Test(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		if zipped {
			z, err := gzip.NewReader(bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			if body, err = io.ReadAll(z); err != nil {
				t.Fatal(err)
			}
		}
		if string(body) != "let a" || r.Header.Get("Content-Type") != "text/javascript; charset=utf-8" || !strings.Contains(r.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%q %v", body, r.Header)
		}
	}
	for _, path := range []string{"/assets/0000000000000000/a.js", strings.Replace(url, "a.js", "b.css", 1)} {
		r, err := app.Test(httptest.NewRequest("GET", path, nil))
		if err != nil {
			t.Fatal(err)
		}
		if r.StatusCode != 404 {
			t.Errorf("%s answers %d", path, r.StatusCode)
		}
	}
}

// TestFirstLoadIsSmall adds up what a counter's screen loads, compressed.
func TestFirstLoadIsSmall(t *testing.T) {
	a, err := Load(ui.Dist, "dist")
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, f := range a.files {
		total += len(f.gzip)
	}
	if total < 1000 || total > 100_000 {
		t.Errorf("the assets have %d bytes compressed", total)
	}
}

// TestNothingOfAnotherDesign keeps fonts and marks out that may not be used elsewhere.
func TestNothingOfAnotherDesign(t *testing.T) {
	css, err := ui.Dist.ReadFile("dist/app.css")
	if err != nil {
		t.Fatal(err)
	}
	for _, not := range []string{"gds", "transport", "crown", "url(", "@import"} {
		if strings.Contains(strings.ToLower(string(css)), not) {
			t.Errorf("the styles contain %q", not)
		}
	}
}

func TestGuard(t *testing.T) {
	l, err := New(assets(t), fstest.MapFS{"x.html": {Data: []byte(`{{define "body"}}{{end}}`)}})
	if err == nil {
		_, err = l.Fragment("body", nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	app := fiber.New(fiber.Config{Immutable: true, ErrorHandler: func(c *fiber.Ctx, _ error) error { return c.SendStatus(403) }})
	app.Use(Guard("post.example"))
	app.All("/", func(c *fiber.Ctx) error { return c.SendStatus(204) })
	for _, c := range []struct {
		name, method, host string
		header             map[string]string
		status             int
	}{
		{"address", "GET", "127.0.0.1:8080", nil, 204},
		{"address of version 6", "GET", "[::1]:8080", nil, 204},
		{"localhost", "GET", "localhost", nil, 204},
		{"a name of ours", "GET", "POST.example:80", nil, 204},
		{"a name pointed here", "GET", "rebound.example", nil, 403},
		{"no host", "POST", "", nil, 403},
		{"a program", "POST", "127.0.0.1:8080", nil, 204},
		{"our page", "POST", "127.0.0.1:8080", map[string]string{"Origin": "http://127.0.0.1:8080", "Sec-Fetch-Site": "same-origin"}, 204},
		{"another port's page", "POST", "127.0.0.1:8080", map[string]string{"Origin": "http://127.0.0.1:9090"}, 403},
		{"a page without origin", "POST", "127.0.0.1:8080", map[string]string{"Origin": "null"}, 403},
		{"a form of our page", "POST", "127.0.0.1:8080", map[string]string{"Origin": "null", "Sec-Fetch-Site": "same-origin"}, 204},
		{"a form of another site", "POST", "127.0.0.1:8080", map[string]string{"Origin": "null", "Sec-Fetch-Site": "cross-site"}, 403},
		{"a form of a neighbour", "POST", "127.0.0.1:8080", map[string]string{"Origin": "null", "Sec-Fetch-Site": "same-site"}, 403},
		{"another site's page", "DELETE", "127.0.0.1:8080", map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			req := httptest.NewRequest(c.method, "/", nil)
			req.Host = c.host
			for k, v := range c.header {
				req.Header.Set(k, v)
			}
			r, err := app.Test(req)
			if err != nil {
				t.Fatal(err)
			}
			if r.StatusCode != c.status {
				t.Errorf("status %d, want %d", r.StatusCode, c.status)
			}
		})
	}
}
