package reports

import (
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"garita/border/access"
	"garita/border/form"
	"garita/ui/gate/gatetest"
	"garita/ui/layout"
)

// TestGallery serves the reports of an invented country to a browser (ui/e2e) until its standard input
// ends. It runs only when GARITA_UI_REPORTS names an address.
func TestGallery(t *testing.T) {
	addr := os.Getenv("GARITA_UI_REPORTS")
	if addr == "" {
		t.Skip("GARITA_UI_REPORTS names no address to serve the pages on")
	}
	app := fiber.New(fiber.Config{Immutable: true, DisableStartupMessage: true})
	app.Use(layout.Use(layout.Site{Hub: true}), gatetest.As(gatetest.Token("3001", "", access.Operator)))
	assets, err := layout.Built()
	if err != nil {
		t.Fatal(err)
	}
	assets.Mount(app)
	if err := Mount(app, Config{Register: utopia(), Clock: fixedClock{}, Audit: new(gatetest.Acts), Form: form.Default()}); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		fmt.Println("pages on http://" + addr)
		_, _ = io.Copy(io.Discard, os.Stdin)
		ended <- app.ShutdownWithTimeout(5 * time.Second)
	}()
	if err := app.Listen(addr); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
