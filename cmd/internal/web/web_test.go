package web_test

import (
	"bytes"
	"context"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/cmd/internal/program"
	"garita/cmd/internal/web"
)

func TestPanicEndsOneRequestOnly(t *testing.T) {
	var log bytes.Buffer
	app := web.NewApp(program.Log(&log))
	app.Get("/broken", func(*fiber.Ctx) error { panic("a fault") })
	app.Get("/sound", func(c *fiber.Ctx) error { return c.SendString("sound") })
	for path, want := range map[string]int{"/broken": 500, "/sound": 200, "/nowhere": 404} {
		res, err := app.Test(httptest.NewRequest("GET", path, nil))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != want || strings.Contains(string(body), "a fault") {
			t.Errorf("%s: status %d, body %q; want %d without the fault's text", path, res.StatusCode, body, want)
		}
		if err := res.Body.Close(); err != nil {
			t.Error(err)
		}
	}
	if !strings.Contains(log.String(), "a fault") {
		t.Error("the fault is not in the log")
	}
}

func TestListenOnLoopbackOnly(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", "[::]:0", "192.0.2.1:0", ":0", "nonsense"} {
		if ln, err := web.Listen(address, nil); border.CodeOf(err) != border.Invalid {
			t.Errorf("%s: error %v, want invalid", address, err)
			if ln != nil {
				ln.Close()
			}
		}
	}
	for _, address := range []string{"127.0.0.1:0", "localhost:0"} {
		ln, err := web.Listen(address, nil)
		if err != nil {
			t.Fatalf("%s: %v", address, err)
		}
		if err := ln.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Who is stopped before it has begun ends, too.
func TestStoppedBeforeItBegins(t *testing.T) {
	for range 50 {
		ln, err := web.Listen("127.0.0.1:0", nil)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := web.Serve(ctx, web.NewApp(program.Log(io.Discard)), ln); err != nil {
			t.Fatal(err)
		}
	}
}
