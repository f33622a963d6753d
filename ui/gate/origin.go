package gate

import (
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// policy lets a page load and send nothing but what this server itself gave it: no inline
// code, no other site, no frame around it.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
	"font-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// headers sets what every answer carries. Only what never changes is kept by a browser, and says
// so itself.
func headers(c *fiber.Ctx, tls, camera bool) {
	c.Set(fiber.HeaderContentSecurityPolicy, policy)
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set(fiber.HeaderReferrerPolicy, "no-referrer")
	c.Set(fiber.HeaderXFrameOptions, "DENY")
	c.Set("Cross-Origin-Opener-Policy", "same-origin")
	c.Set("Cross-Origin-Resource-Policy", "same-origin")
	lens := "()"
	if camera {
		lens = "(self)"
	}
	c.Set("Permissions-Policy", "camera="+lens+", microphone=(), geolocation=(), usb=(), serial=(), publickey-credentials-get=(self), publickey-credentials-create=(self)")
	c.Set(fiber.HeaderCacheControl, "no-store")
	if tls {
		c.Set(fiber.HeaderStrictTransportSecurity, "max-age=31536000; includeSubDomains")
	}
}

// known reports whether this machine is known by the host of a request: an address, localhost or
// one of its names. A foreign name that was pointed at this machine (DNS rebinding) would else
// count as the same origin.
func known(c *fiber.Ctx, hosts []string) bool {
	if target := c.Request().Header.RequestURI(); len(target) == 0 || target[0] != '/' {
		return false // it names a host besides the header (RFC 9112 section 3.2.2), as for a proxy, which this is not
	}
	host := hostname(c.Get(fiber.HeaderHost))
	return host == "localhost" || net.ParseIP(host) != nil || slices.Contains(hosts, host)
}

// ours reports whether a request that changes something comes from a page of this very origin, or
// from a program that is no browser (neither Origin nor Sec-Fetch-Site). The session's cookie is
// SameSite=Strict besides.
func ours(c *fiber.Ctx) bool {
	origin := c.Get(fiber.HeaderOrigin)
	switch c.Get("Sec-Fetch-Site") {
	case "same-origin":
		// The browser itself says so, and no page can. It is also all it says of a form: our
		// pages give no referrer, and then its Origin is null.
		if origin == "null" {
			return true
		}
	case "":
	default:
		return false
	}
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, c.Get(fiber.HeaderHost))
}

func hostname(hostport string) string {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.Trim(hostport, "[]")
	}
	return strings.ToLower(host)
}
