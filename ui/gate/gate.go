// Package gate stands before every route of a program: it finds who is signed in, asks
// border/access whether they may do what the route is, and refuses everything else. What no table
// names is not there.
package gate

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
	"garita/ui/i18n"
	"garita/ui/layout"
	"garita/ui/problem"
)

// Config says what a gate works with. Sessions, Audit, Routes, Cookie and Mono are required.
type Config struct {
	Sessions access.Sessions
	Audit    border.Auditor
	Routes   *access.Routes // of this program
	Cookie   Cookie
	TLS      bool                 // the program is served over TLS
	Camera   bool                 // its pages may ask for the camera
	Hosts    []string             // names, besides addresses and localhost, under which browsers reach it
	Mono     func() time.Duration // monotonic
	Log      *slog.Logger         // nil: no log
	Limits   Limits
}

// Limits bound how often may be asked. Zero ones take the defaults.
type Limits struct {
	Client  Limit // of one address, without a session
	SignIn  Limit // of one address: to sign in, and to agree as a second person
	Session Limit // of one session
	Refused Limit // refusals of one address without a session that are audited
}

// The defaults. A page with its assets is about ten requests; a program that records travellers
// makes some hundreds a second.
var defaults = Limits{Client: Limit{200, 20}, SignIn: Limit{30, 1}, Session: Limit{4000, 1000}, Refused: Limit{10, 0.1}}

// auditTimeout bounds how long a refusal waits to be written down.
const auditTimeout = 3 * time.Second

type gate struct {
	cfg                               Config
	assets                            *layout.Assets
	clients, attempts, sessions, told *limiter
}

// New makes the gate of a program. It must be the app's first handler; the app must be made with
// Immutable: true.
func New(cfg Config) (fiber.Handler, error) {
	if cfg.Sessions == nil || cfg.Audit == nil || cfg.Routes == nil || cfg.Cookie.name == "" || cfg.Mono == nil {
		return nil, errors.New("make the gate: incomplete configuration")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	assets, err := layout.Built()
	if err != nil {
		return nil, err
	}
	limit := func(own, other Limit) *limiter {
		if own == (Limit{}) {
			own = other
		}
		return newLimiter(own, cfg.Mono)
	}
	l := cfg.Limits
	g := &gate{cfg: cfg, assets: assets, clients: limit(l.Client, defaults.Client), attempts: limit(l.SignIn, defaults.SignIn),
		sessions: limit(l.Session, defaults.Session), told: limit(l.Refused, defaults.Refused)}
	return g.handle, nil
}

// refusal is why a request goes no further.
type refusal struct {
	code   border.Code
	reason string // as the audit names it
	text   string // for people; "": the code's own words
}

func (g *gate) handle(c *fiber.Ctx) error {
	headers(c, g.cfg.TLS, g.cfg.Camera)
	route, ok := g.cfg.Routes.Match(c.Method(), string(c.Context().URI().PathOriginal()))
	address := client(c.Context().RemoteIP().String())
	token := g.cfg.Cookie.Token(c)
	ctx := access.WithClient(c.UserContext(), access.Client{Agent: sha256.Sum256([]byte(c.Get(fiber.HeaderUserAgent))), Address: address, Counter: border.CounterID(route.Counter)})

	var p *access.Principal
	var failed error
	if token != "" && ok {
		if p, failed = g.cfg.Sessions.Session(ctx, token); failed != nil {
			p = nil
		}
	}
	if no := g.limited(p, address, route, ok); no != nil {
		return g.refuse(c, p, address, route, no)
	}
	if no := g.check(c, p, route, ok); no != nil {
		if p == nil && failed != nil && no.code == border.Unauthenticated && border.CodeOf(failed) != border.Unauthenticated {
			return g.answer(c, failed) // not a matter of who asks: the session could not be read
		}
		return g.refuse(c, p, address, route, no)
	}
	if p != nil {
		ctx = access.With(ctx, p)
		ctx = access.WithStill(ctx, func() bool { return g.cfg.Sessions.Still(ctx, token) })
		ctx = access.WithPass(ctx, func(path string) error { return g.pass(ctx, p, path) })
	}
	c.SetUserContext(ctx)
	return c.Next()
}

// limited applies the limits of whoever asks.
func (g *gate) limited(p *access.Principal, address string, route access.Found, ok bool) *refusal {
	no := &refusal{code: border.TooMany, reason: "too_many"}
	if p != nil && !g.sessions.take(p.Session) || p == nil && !g.clients.take(address) {
		return no
	}
	if ok && route.Method != fiber.MethodGet && signsIn(route.Pattern) && !g.attempts.take(address) {
		return no
	}
	return nil
}

// signsIn reports whether a route takes somebody's PIN or key.
func signsIn(pattern string) bool {
	for _, at := range []string{"/signin", "/session", "/seconds", "/account"} {
		if pattern == at || strings.HasPrefix(pattern, at+"/") {
			return true
		}
	}
	return false
}

// check says why a request may not go on; nil if it may.
func (g *gate) check(c *fiber.Ctx, p *access.Principal, route access.Found, ok bool) *refusal {
	reading := c.Method() == fiber.MethodGet || c.Method() == fiber.MethodHead
	switch {
	case !known(c, g.cfg.Hosts):
		return &refusal{border.Forbidden, "host", "This machine is not known by that name. Use its address."}
	case !reading && !ours(c):
		return &refusal{border.Forbidden, "origin", "The request came from another site's page."}
	case !ok:
		return &refusal{border.NotFound, "no_route", ""}
	case !route.Large && len(c.Request().Body()) > access.MaxBody:
		return &refusal{border.TooLarge, "too_large", ""}
	}
	return allowed(p, route)
}

// allowed says why somebody may not take a route; nil if they may.
func allowed(p *access.Principal, route access.Found) *refusal {
	switch {
	case route.Action == access.Public:
		return nil
	case p == nil:
		return &refusal{border.Unauthenticated, "unauthenticated", ""}
	case p.MustChange && !p.May(route.Action):
		return &refusal{border.Forbidden, "must_change", "Choose a PIN of your own first: yours was given by somebody else."}
	case !p.May(route.Action):
		return &refusal{border.Forbidden, "role", ""}
	}
	return atCounter(p, route)
}

// atCounter refuses what is another counter's: whoever works at one works there alone, and whoever trains
// reaches nothing else. A supervisor who is at none may look at each.
func atCounter(p *access.Principal, route access.Found) *refusal {
	if p.Counter.IsTraining() && route.Counter == "" && !access.InTraining(route.Action) {
		return &refusal{border.Forbidden, "training", string(i18n.Msg("You are in training here. Sign out, then sign in where the work is in earnest."))}
	}
	own := route.Counter == "" || string(p.Counter) == route.Counter
	if own || p.Counter == "" && route.Method == fiber.MethodGet && slices.Contains(p.Roles, access.Supervisor) {
		return nil
	}
	return &refusal{border.Forbidden, "counter", "You are not signed in at this counter. Sign in there."}
}

// pass asks for a path whether p may read it. What is not there is refused without a word to the audit: the
// request itself was one that may be made.
func (g *gate) pass(ctx context.Context, p *access.Principal, path string) error {
	route, ok := g.cfg.Routes.Match(fiber.MethodGet, path)
	if !ok {
		return &border.Error{Code: border.NotFound, Op: "pass the gate"}
	}
	no := allowed(p, route)
	if no == nil {
		return nil
	}
	g.tell(ctx, p, route, no)
	return &border.Error{Code: no.code, Op: "pass the gate", Message: no.text}
}

// tell writes a refusal down.
func (g *gate) tell(ctx context.Context, p *access.Principal, route access.Found, no *refusal) {
	act := border.Act{Action: "no_route", Result: border.ActRefused, Reason: no.reason}
	if route.Route != nil { // what else a path says is not ours to write down
		act.Action, act.Object = string(route.Action), route.Route.Method+" "+route.Pattern
	}
	if p != nil {
		act.Officer, act.Session, act.Counter = p.Badge, p.Session, p.Counter
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), auditTimeout)
	defer cancel()
	if err := g.cfg.Audit.Audit(ctx, act); err != nil {
		g.cfg.Log.Error("gate: a refusal could not be audited", "route", act.Object, "reason", act.Reason, "error", err)
	}
}

// refuse writes a refusal down and answers.
func (g *gate) refuse(c *fiber.Ctx, p *access.Principal, address string, route access.Found, no *refusal) error {
	if g.worthTelling(c, p, address, no) {
		g.tell(c.UserContext(), p, route, no)
	}
	if page(c) {
		switch no.reason {
		case "unauthenticated":
			return c.Redirect("/signin?to="+url.QueryEscape(string(c.Context().URI().PathOriginal())), fiber.StatusSeeOther)
		case "must_change":
			return c.Redirect(g.ownPIN(), fiber.StatusSeeOther)
		}
	}
	return g.answer(c, &border.Error{Code: no.code, Op: "pass the gate", Message: no.text})
}

// worthTelling says whether a refusal is written down. Whoever is signed in is told of always,
// unless they only look for what is not there; what others can write is bounded. A page that was
// asked for without signing in is how people arrive.
func (g *gate) worthTelling(c *fiber.Ctx, p *access.Principal, address string, no *refusal) bool {
	switch {
	case no.reason == "too_many", p == nil && no.reason == "unauthenticated" && page(c):
		return false
	case p != nil && no.reason != "no_route":
		return true
	case p != nil:
		return g.told.take(p.Session)
	}
	return g.told.take(address)
}

// ownPIN is where a PIN is changed.
func (g *gate) ownPIN() string {
	if _, ok := g.cfg.Routes.Match(fiber.MethodGet, "/account"); ok {
		return "/account"
	}
	return "/signin"
}

// page reports whether a person opened an address in a browser.
func page(c *fiber.Ctx) bool { return c.Method() == fiber.MethodGet && person(c) }

// person reports whether a browser shows the answer to a person, that of a form, too.
func person(c *fiber.Ctx) bool {
	return strings.Contains(c.Get(fiber.HeaderAccept), fiber.MIMETextHTML)
}

// answer says what went wrong in the way that whoever asks reads. Faults of ours are logged once,
// with a reference that a person can read out.
func (g *gate) answer(c *fiber.Ctx, err error) error {
	said := layout.Printer(c)
	if strings.HasPrefix(c.Path(), "/api/") {
		said = i18n.In(i18n.English) // machines are told in one language
	}
	p := problem.Of(said, err)
	ref := reference()
	if p.Status >= fiber.StatusInternalServerError {
		g.cfg.Log.Error("gate: a request failed", "ref", ref, "error", err)
	}
	p.Next = strings.TrimSpace(said.T("{0} (Reference {1})", p.Next, ref))
	c.Status(p.Status)
	if p.Status == fiber.StatusTooManyRequests {
		c.Set(fiber.HeaderRetryAfter, "60")
	}
	switch {
	case strings.HasPrefix(c.Path(), "/api/"):
		return c.JSON(struct {
			Type     string `json:"type"`
			Title    string `json:"title"`
			Status   int    `json:"status"`
			Detail   string `json:"detail,omitempty"`
			Instance string `json:"instance"`
		}{"urn:garita:problem:" + string(p.Code), p.Title, p.Status, p.Next, "urn:garita:reference:" + ref}, "application/problem+json")
	case person(c):
		return g.assets.SendProblem(c, p)
	}
	return c.JSON(p)
}

// reference names one answer in the log and on the screen.
func reference() string {
	b := make([]byte, 6)
	if _, err := rand.Read(b); err != nil {
		return "none"
	}
	return hex.EncodeToString(b)
}
