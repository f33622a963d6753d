package layout

import (
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
)

// policy lets a page load and send nothing but what this server itself gave it: no inline
// code, no other site, no frame around it.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
	"font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// Headers sets the headers that every answer to a browser carries.
func Headers(c *fiber.Ctx) error {
	c.Set(fiber.HeaderContentSecurityPolicy, policy)
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set(fiber.HeaderReferrerPolicy, "no-referrer")
	c.Set("Cross-Origin-Opener-Policy", "same-origin")
	c.Set("Cross-Origin-Resource-Policy", "same-origin")
	return c.Next()
}

// Guard refuses requests that another site's page could have made. Until officers sign in
// this is all that stands between such a page and the screens:
//   - the Host must be an address, localhost or one of hosts, else a foreign name that
//     was pointed at this machine (DNS rebinding) would count as the same origin;
//   - a request that changes something must come from a page of this very origin, or from
//     a program that is no browser (neither Origin nor Sec-Fetch-Site).
func Guard(hosts ...string) fiber.Handler {
	return func(c *fiber.Ctx) error {
		host := hostname(c.Get(fiber.HeaderHost))
		if host != "localhost" && net.ParseIP(host) == nil && !slices.Contains(hosts, host) {
			return forbidden("This machine is not known by that name. Use its address.")
		}
		if c.Method() == fiber.MethodGet || c.Method() == fiber.MethodHead {
			return c.Next()
		}
		switch c.Get("Sec-Fetch-Site") {
		case "same-origin":
			// The browser itself says so, and no page can. It is also all it says of a form: our
			// pages give no referrer, and then its Origin is null.
			if c.Get(fiber.HeaderOrigin) == "null" {
				return c.Next()
			}
		case "":
		default:
			return forbidden("")
		}
		if origin := c.Get(fiber.HeaderOrigin); origin != "" {
			u, err := url.Parse(origin)
			if err != nil || !strings.EqualFold(u.Host, c.Get(fiber.HeaderHost)) {
				return forbidden("")
			}
		}
		return c.Next()
	}
}

// SignedIn refuses requests of nobody. The gate (ui/gate) has asked before who it is and whether
// they may; what no gate stands before is nobody's.
func SignedIn(c *fiber.Ctx) error {
	if access.From(c.UserContext()) == nil {
		return access.Nobody("open a page")
	}
	return c.Next()
}

func hostname(hostport string) string {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.Trim(hostport, "[]")
	}
	return strings.ToLower(host)
}

func forbidden(message string) error {
	if message == "" {
		message = "The request came from another site's page."
	}
	return &border.Error{Code: border.Forbidden, Op: "check where a request came from", Message: message}
}
