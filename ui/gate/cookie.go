package gate

import (
	"time"

	"github.com/gofiber/fiber/v2"
)

// Cookie carries a session's token. Each program of a host has a name of its own.
type Cookie struct {
	name   string
	secure bool
}

// NewCookie makes the cookie of a program, for example "garita_hub". Under TLS its name says so
// to the browser, which then takes it from this very host over TLS only.
func NewCookie(name string, tls bool) Cookie {
	if tls {
		name = "__Host-" + name
	}
	return Cookie{name: name, secure: tls}
}

// Name is the cookie's name as browsers send it.
func (k Cookie) Name() string { return k.name }

// Token reads the token of a request; "" if it carries none that could be one.
func (k Cookie) Token(c *fiber.Ctx) string {
	if t := c.Cookies(k.name); len(t) <= maxToken {
		return t
	}
	return ""
}

// maxToken bounds a token in bytes.
const maxToken = 256

// Set gives a browser its token. It ends with the browser, or earlier with the session.
func (k Cookie) Set(c *fiber.Ctx, token string) {
	c.Cookie(&fiber.Cookie{Name: k.name, Value: token, Path: "/", HTTPOnly: true, Secure: k.secure, SameSite: fiber.CookieSameSiteStrictMode, SessionOnly: true})
}

// Clear takes it away.
func (k Cookie) Clear(c *fiber.Ctx) {
	c.Cookie(&fiber.Cookie{Name: k.name, Path: "/", HTTPOnly: true, Secure: k.secure, SameSite: fiber.CookieSameSiteStrictMode, Expires: time.Unix(1, 0)})
}
