package layout

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"path"
	"strings"
	"sync"

	"github.com/gofiber/fiber/v2"

	"garita/ui"
)

// Assets are the built files with addresses that contain a hash of their content, so that
// a browser may keep them for ever and never mixes two builds. Immutable after [Load].
type Assets struct {
	urls  map[string]string // by name
	files map[string]asset  // by the address's last two elements
}

type asset struct {
	kind        string
	plain, gzip []byte
}

// prefix is where assets live.
const prefix = "/assets/"

// Built gives the assets that are part of this program. Compressing them takes a moment, so it is
// done once for all screens.
var Built = sync.OnceValues(func() (*Assets, error) { return Load(ui.Dist, "dist") })

// Load reads all files of a folder of fsys.
func Load(fsys fs.FS, dir string) (*Assets, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, fmt.Errorf("read the built assets: %w", err)
	}
	a := &Assets{urls: map[string]string{}, files: map[string]asset{}}
	for _, e := range entries {
		b, err := fs.ReadFile(fsys, path.Join(dir, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("read the built assets: %w", err)
		}
		z, err := compressed(b)
		if err != nil {
			return nil, fmt.Errorf("compress the built assets: %w", err)
		}
		sum := sha256.Sum256(b)
		id := hex.EncodeToString(sum[:8]) + "/" + e.Name()
		a.urls[e.Name()] = prefix + id
		a.files[id] = asset{kind: kindOf(e.Name()), plain: b, gzip: z}
	}
	return a, nil
}

func kindOf(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8" // not left to the machine's own table
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	case ".txt":
		return "text/plain; charset=utf-8"
	}
	if k := mime.TypeByExtension(path.Ext(name)); k != "" {
		return k
	}
	return "application/octet-stream"
}

func compressed(b []byte) ([]byte, error) {
	var z bytes.Buffer
	w, err := gzip.NewWriterLevel(&z, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(b); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return z.Bytes(), nil
}

// URL returns the address of an asset; an error for a name that was never built.
func (a *Assets) URL(name string) (string, error) {
	u, ok := a.urls[name]
	if !ok {
		return "", fmt.Errorf("there is no asset %q", name)
	}
	return u, nil
}

// built returns the address of an asset; "" for one that was never built, which a page can do without.
func (a *Assets) built(name string) string { return a.urls[name] }

// Serve answers GET /assets/HASH/NAME.
func (a *Assets) Serve(c *fiber.Ctx) error {
	f, ok := a.files[c.Params("hash")+"/"+c.Params("name")]
	if !ok {
		return fiber.ErrNotFound
	}
	c.Set(fiber.HeaderContentType, f.kind)
	c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
	c.Set(fiber.HeaderVary, fiber.HeaderAcceptEncoding)
	if len(f.gzip) < len(f.plain) && strings.Contains(c.Get(fiber.HeaderAcceptEncoding), "gzip") {
		c.Set(fiber.HeaderContentEncoding, "gzip")
		return c.Send(f.gzip)
	}
	return c.Send(f.plain)
}

// Mount serves the assets of an app.
func (a *Assets) Mount(app fiber.Router) {
	app.Add(fiber.MethodGet, prefix+":hash/:name", a.Serve)
}
