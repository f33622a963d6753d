// Package web makes the HTTP server that both services share: a Fiber app that keeps
// nothing of one request for the next, bounded, on loopback, that ends in time.
package web

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"log/slog"
	"net"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/recover"

	"garita/border"
)

// stopTimeout bounds how long open requests may take once the server stops. Live streams
// end by themselves: they watch the server's stop channel.
const stopTimeout = 3 * time.Second

// NewApp makes an app. Immutable is not a matter of taste: without it a string kept past
// its handler becomes another request's, that is another traveller's.
func NewApp(log *slog.Logger) *fiber.App {
	app := fiber.New(fiber.Config{
		AppName: "garita", Immutable: true, DisableStartupMessage: true,
		BodyLimit: 256 << 10, ReadTimeout: 15 * time.Second, IdleTimeout: 2 * time.Minute, // no WriteTimeout: it would cut live streams
		Concurrency: 4096, ReadBufferSize: 16 << 10,
		ErrorHandler: func(c *fiber.Ctx, err error) error { return failed(c, err, log) },
	})
	app.Use(recover.New()) // a fault in one page must not end the record
	return app
}

// failed answers what no screen and no operation has answered.
func failed(c *fiber.Ctx, err error, log *slog.Logger) error {
	var fe *fiber.Error
	if errors.As(err, &fe) && fe.Code < fiber.StatusInternalServerError {
		return c.Status(fe.Code).SendString("There is nothing here.\n")
	}
	b := make([]byte, 6)
	rand.Read(b)
	ref := hex.EncodeToString(b)
	log.Error("web: a request failed", "reference", ref, "error", err)
	return c.Status(fiber.StatusInternalServerError).SendString("Something went wrong. Reference: " + ref + "\n")
}

// Listen opens an address, host:port; port 0 picks a free one. Without TLS it must be a loopback
// address: what leaves the machine is encrypted.
func Listen(address string, secure *tls.Config) (net.Listener, error) {
	if host, _, err := net.SplitHostPort(address); err != nil || secure == nil && !Loopback(host) {
		return nil, &border.Error{Code: border.Invalid, Op: "listen on " + address,
			Message: "Without TLS a program listens on loopback only (127.0.0.1:PORT). Set tls to serve other machines."}
	}
	ln, err := net.Listen("tcp", address)
	if err != nil {
		return nil, &border.Error{Code: border.Unavailable, Op: "listen on " + address, Err: err}
	}
	if secure != nil {
		ln = tls.NewListener(ln, secure)
	}
	return ln, nil
}

// Loopback reports whether a host is this machine and no other can reach it.
func Loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Serve serves until ctx ends, then lets open requests finish.
func Serve(ctx context.Context, app *fiber.App, ln net.Listener) error {
	ended := make(chan error, 1)
	go func() { ended <- app.Listener(ln) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	err := app.ShutdownWithTimeout(stopTimeout)
	_ = ln.Close() // a server that had not begun when it was stopped would begin now, and never end
	if e := <-ended; !errors.Is(e, net.ErrClosed) {
		err = errors.Join(err, e)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return nil // a client that would not end its request does not keep the program
	}
	return err
}
