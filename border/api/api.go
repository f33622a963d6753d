// Package api is the JSON interface of station and hub over HTTP, described by OpenAPI 3.1
// (docs/openapi.yaml, generated from these operations). It maps the domain's errors to
// problem details (RFC 9457) in one place and holds no rules of its own.
package api

import (
	"context"
	"errors"
	"log/slog"
	"mime"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
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
		"Who acts is who is signed in: the session's cookie says so, and nothing in a body does. What the roles of a session may not see is left empty."
	c.DocsPath, c.SchemasPath, c.OpenAPIPath = "", "", "" // documents are in docs/; pages are ui's
	c.CreateHooks = nil                                   // no $schema links in answers
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

// guard bounds what a request's body may be. Whether the request may be here at all, and who
// sends it, was asked before (ui/gate).
func guard(c *fiber.Ctx) error {
	c.Set(fiber.HeaderCacheControl, "no-store") // views hold names: no browser keeps them on its disk
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
	kind, _, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType))
	if len(c.Body()) > 0 && (err != nil || kind != fiber.MIMEApplicationJSON) {
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

// output is a JSON answer.
type output[T any] struct {
	Body T
}

// audited tells of reads before anything is given.
type audited struct{ to border.Auditor }

// read tells that who is signed in reads about people; object is a crossing, or "" for a list.
func (a audited) read(ctx context.Context, action access.Action, object string) error {
	return access.Told(ctx, a.to, border.Act{Action: string(action), Object: object})
}

// did tells what came of an act, err, and returns err, or why it could not be told.
func (a audited) did(ctx context.Context, act border.Act, err error) error {
	switch {
	case err != nil:
		act.Result, act.Reason = border.ActFailed, string(border.CodeOf(err))
	case act.Text != "":
		act.Result = border.ActAwaiting
	}
	return errors.Join(err, access.Told(ctx, a.to, act))
}

// serve adapts a function to an operation: its value becomes the body, without what the roles of
// who is signed in may not see, its error a problem. Nobody signed in is given nothing.
func serve[I, T any](log *slog.Logger, f func(context.Context, *I) (T, error)) func(context.Context, *I) (*output[T], error) {
	return func(ctx context.Context, in *I) (*output[T], error) {
		p := access.From(ctx)
		if p == nil {
			return nil, problemOf(log, access.Nobody("serve a request"))
		}
		v, err := f(ctx, in)
		if err != nil {
			return nil, problemOf(log, err)
		}
		return &output[T]{Body: access.Redact(v, p.Roles)}, nil
	}
}
