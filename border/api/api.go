// Package api is the JSON interface of station and hub over HTTP, described by OpenAPI 3.1
// (docs/openapi.yaml, generated from these operations). It maps the domain's errors to
// problem details (RFC 9457) in one place and holds no rules of its own.
package api

import (
	"context"
	"log/slog"
	"net/url"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"
)

// maxBody bounds the body of every request in bytes.
const maxBody = 64 << 10

// prefix of every path.
const prefix = "/api/v1"

// New makes an API on an app and guards its paths. version is the program's.
func New(app *fiber.App, version string) huma.API {
	app.Use(prefix, guard)
	c := huma.DefaultConfig("Garita", version)
	c.Info.Description = "Stations register travellers at border posts; the hub keeps the national register. " +
		"Until the access room exists, both listen on loopback only."
	c.DocsPath, c.SchemasPath = "", "" // documents are in docs/; pages are ui's
	c.CreateHooks = nil                // no $schema links in answers
	return humafiber.New(app, c)
}

// guard refuses what another site's page could send from a browser here: a request that
// changes something must come from this origin, or from no page at all.
func guard(c *fiber.Ctx) error {
	if c.Method() == fiber.MethodGet || c.Method() == fiber.MethodHead {
		return c.Next()
	}
	if len(c.Body()) > maxBody {
		return c.Status(fiber.StatusRequestEntityTooLarge).JSON(plain(fiber.StatusRequestEntityTooLarge, "too_large"), problemType)
	}
	site, origin := c.Get("Sec-Fetch-Site"), c.Get(fiber.HeaderOrigin)
	ok := site == "" || site == "same-origin" || site == "none"
	if origin != "" {
		u, err := url.Parse(origin)
		ok = ok && err == nil && u.Host == c.Hostname()
	}
	if !ok {
		return c.Status(fiber.StatusForbidden).JSON(plain(fiber.StatusForbidden, "forbidden"), problemType)
	}
	if ct := c.Get(fiber.HeaderContentType); !strings.HasPrefix(ct, fiber.MIMEApplicationJSON) {
		return c.Status(fiber.StatusUnsupportedMediaType).JSON(plain(fiber.StatusUnsupportedMediaType, "invalid"), problemType)
	}
	return c.Next()
}

// output is a JSON answer.
type output[T any] struct {
	Body T
}

// serve adapts a function to an operation: its value becomes the body, its error a problem.
func serve[I, T any](log *slog.Logger, f func(context.Context, *I) (T, error)) func(context.Context, *I) (*output[T], error) {
	return func(ctx context.Context, in *I) (*output[T], error) {
		v, err := f(ctx, in)
		if err != nil {
			return nil, problemOf(log, err)
		}
		return &output[T]{Body: v}, nil
	}
}
