// Package api is the JSON interface of station and hub over HTTP, described by OpenAPI 3.1
// (docs/openapi.yaml, generated from these operations). It maps the domain's errors to
// problem details (RFC 9457) in one place and holds no rules of its own.
package api

import (
	"context"
	"errors"
	"log/slog"
	"mime"
	"net"
	"net/url"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/form"
	"garita/border/register"
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
	c.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	return humafiber.New(app, c)
}

// schemaName names a type in the document. The words of the form get its name in front: a
// problem of a field is not a problem document. Nor is the proposal to pair an entry with an
// exit one to repair a misread field.
func schemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	name := huma.DefaultSchemaNamer(t, hint)
	switch {
	case t.PkgPath() == reflect.TypeFor[form.Form]().PkgPath():
		return "Form" + name
	case t == reflect.TypeFor[register.Proposal]():
		return "Stay" + name
	}
	return name
}

// guard refuses what another site's page could send from a browser here, or read: until
// officers sign in, this is all that stands between such a page and the data.
//   - The Host must be an address or localhost, else a foreign name that was pointed at
//     this machine (DNS rebinding) would count as the same origin.
//   - A request that changes something must come from this origin, or from no page at all.
func guard(c *fiber.Ctx) error {
	c.Set(fiber.HeaderCacheControl, "no-store") // views hold names: no browser keeps them on its disk
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	host := c.Get(fiber.HeaderHost)
	if name := hostname(host); name != "localhost" && net.ParseIP(name) == nil {
		return refuse(c, fiber.StatusForbidden, border.Forbidden)
	}
	if c.Method() == fiber.MethodGet || c.Method() == fiber.MethodHead {
		return next(c)
	}
	limit := maxBody
	if strings.HasSuffix(c.Path(), "/group/list") {
		limit = maxList
	}
	if len(c.Body()) > limit {
		return refuse(c, fiber.StatusRequestEntityTooLarge, border.TooLarge)
	}
	site, origin := c.Get("Sec-Fetch-Site"), c.Get(fiber.HeaderOrigin)
	ok := site == "" || site == "same-origin" || site == "none"
	if origin != "" {
		u, err := url.Parse(origin)
		ok = ok && err == nil && strings.EqualFold(u.Host, host)
	}
	if !ok {
		return refuse(c, fiber.StatusForbidden, border.Forbidden)
	}
	if kind, _, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType)); err != nil || kind != fiber.MIMEApplicationJSON {
		return refuse(c, fiber.StatusUnsupportedMediaType, border.Invalid)
	}
	return next(c)
}

// next goes on to the operation. A path or method that is none is answered as a problem.
func next(c *fiber.Ctx) error {
	err := c.Next()
	var fe *fiber.Error
	if errors.As(err, &fe) && fe.Code < fiber.StatusInternalServerError {
		return refuse(c, fe.Code, border.NotFound)
	}
	return err
}

func refuse(c *fiber.Ctx, status int, code border.Code) error {
	return c.Status(status).JSON(plain(status, string(code)), problemType)
}

func hostname(hostport string) string {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.Trim(hostport, "[]")
	}
	return strings.ToLower(host)
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
