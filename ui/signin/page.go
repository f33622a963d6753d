package signin

import (
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/ui/i18n"
	"garita/ui/layout"
	"garita/ui/problem"
)

// view is the page.
type view struct {
	Lang        i18n.Lang
	Languages   []i18n.Lang
	Where, Now  string
	Site        layout.Site
	To          string
	As          string // badge, as it was written
	Counters    []border.CounterID
	Training    []border.CounterID
	Chosen      border.CounterID
	Approve     bool // ask for a supervisor
	ApproverAs  string
	Why         string // nobody can approve
	Trouble     string
	Again       string // where somebody who is signed in already goes on
	WhoIs       string
	RosterWords string
	RosterBad   bool
	ClockWords  string
	ClockBad    bool
}

// page asks who is there.
func (s *screen) page(c *fiber.Ctx) error {
	v, in := s.view(c)
	if asked := i18n.Of(c.Query("lang")); asked != "" {
		remember(c, asked)
	}
	ctx, cancel := limited(c)
	defer cancel()
	if p, err := s.principal(ctx, c); err == nil {
		v.WhoIs, v.Again = p.Name, s.start(c, p)
		if p.MustChange {
			v.Trouble = in.T("Your PIN was given to you by somebody else. Choose your own on the hub’s pages first.")
		}
	}
	return s.send(c, v)
}

// badgeMost is how long a badge is that the page shows again.
const badgeMost = 20

// again is a badge as the page shows it after a failure: not what a reader of documents typed.
func again(badge string) string {
	if strings.Contains(badge, "<") || len(badge) > badgeMost {
		return ""
	}
	return badge
}

// form signs somebody in without any script.
func (s *screen) form(c *fiber.Ctx) error {
	var e entry
	if err := body(c, &e); err != nil {
		return err
	}
	v, in := s.view(c)
	p, err := s.signIn(c, e)
	if err != nil {
		code := border.CodeOf(err)
		v.Trouble, v.As, v.ApproverAs = trouble(in, code), again(e.Badge), again(e.ApproverBadge)
		v.Approve, v.Why = code == border.SecondNeeded || e.ApproverBadge != "" || e.Awaiting != "", e.Awaiting
		if s.offered(border.CounterID(e.Counter)) {
			v.Chosen = border.CounterID(e.Counter)
		}
		status := problem.Of(i18n.In(i18n.English), err).Status
		if status >= fiber.StatusInternalServerError {
			return err
		}
		c.Status(status)
		return s.send(c, v)
	}
	at := s.start(c, p)
	if v.To != "" && !p.MustChange && !p.Counter.IsTraining() { // what was asked for is not in training
		at = v.To
	}
	return c.Redirect(at, fiber.StatusSeeOther)
}

func (s *screen) view(c *fiber.Ctx) (view, *i18n.Printer) {
	p := layout.Printer(c)
	if asked := i18n.Of(s.asked(c, "lang")); asked != "" {
		p = i18n.In(asked)
	}
	v := view{Lang: p.Lang(), Languages: i18n.Langs(), Site: layout.SiteOf(c), To: ownPath(s.asked(c, "to")),
		Counters: s.cfg.Counters, Training: s.cfg.Training}
	hub := len(s.cfg.Counters) == 0
	v.Where = p.T("National hub")
	if !hub {
		v.Where = strings.TrimSpace(p.T("Station {0}", v.Site.Name))
	}
	v.Now = s.cfg.Clock.Now().UTC().Format("2006-01-02 15:04") + " UTC"
	v.RosterWords, v.RosterBad = roster(p, s.cfg.Service.RosterState(), hub)
	if s.cfg.Trust == nil {
		v.ClockWords, v.ClockBad = clock(p, nil)
	} else {
		trust := s.cfg.Trust()
		v.ClockWords, v.ClockBad = clock(p, &trust)
	}
	if at, ok := strings.CutPrefix(v.To, "/counters/"); ok && s.offered(border.CounterID(at)) {
		v.Chosen = border.CounterID(at)
	} else if len(v.Counters) == 1 {
		v.Chosen = v.Counters[0]
	}
	return v, p
}

// asked reads a value of the form, or of the address.
func (s *screen) asked(c *fiber.Ctx, name string) string {
	if v := c.FormValue(name); v != "" {
		return v
	}
	return c.Query(name)
}

func (s *screen) send(c *fiber.Ctx, v view) error {
	return s.layout.Send(c, layout.Page{Lang: string(v.Lang), Title: i18n.In(v.Lang).T("Sign in") + " – Garita", Kind: "signin", Screen: v})
}

// maxPath bounds a path that somebody is led to, in bytes.
const maxPath = 512

// ownPath returns a path if it is one of this program's own, and "" if it could lead elsewhere.
func ownPath(to string) string {
	if len(to) == 0 || len(to) > maxPath || to[0] != '/' || len(to) > 1 && (to[1] == '/' || to[1] == '\\') {
		return ""
	}
	for i := range len(to) {
		if to[i] <= ' ' || to[i] >= 0x7f || to[i] == '\\' {
			return ""
		}
	}
	u, err := url.Parse(to)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || u.Opaque != "" || strings.HasPrefix(u.Path, "//") {
		return ""
	}
	for _, not := range [...]string{"/signin", "/signout", "/session", "/seconds", "/live", "/api", "/assets"} {
		if u.Path == not || strings.HasPrefix(u.Path, not+"/") {
			return ""
		}
	}
	return u.EscapedPath()
}
