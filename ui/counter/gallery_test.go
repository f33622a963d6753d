package counter

import (
	"bufio"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"garita/border/access"
	"garita/ui/gate/gatetest"
)

// TestGallery serves every state of the screen to a browser until its standard input
// ends: for the browser test and for designers. It runs only when GARITA_UI_GALLERY names
// an address.
func TestGallery(t *testing.T) {
	addr := os.Getenv("GARITA_UI_GALLERY")
	if addr == "" {
		t.Skip("GARITA_UI_GALLERY names no address to serve the states of the screen on")
	}
	stop := make(chan struct{})
	app := fiber.New(fiber.Config{Immutable: true, DisableStartupMessage: true})
	fake := newFake()
	report := shiftReport()
	fake.shift = &report
	app.Use(gatetest.As(gatetest.Token("1041", "", access.Inspector)))
	if err := Mount(app, Config{Service: fake, Clock: fixedClock{}, Seconds: gatetest.Seconds{}, Audit: new(gatetest.Acts), Presenter: &fakePresenter{}, Stop: stop}); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		fmt.Println("gallery on http://" + addr)
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		}
		close(stop)
		ended <- app.ShutdownWithTimeout(5 * time.Second)
	}()
	if err := app.Listen(addr); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
