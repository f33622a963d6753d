package signin

import (
	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
	"garita/border/signin"
	"garita/ui/i18n"
	"garita/ui/layout"
)

// Session is what the other pages' scripts and programs learn of a session.
type Session struct {
	Name       string           `json:"name"`
	Badge      string           `json:"badge"`
	Roles      []access.Role    `json:"roles"`
	RoleWords  string           `json:"role_words"`
	Counter    border.CounterID `json:"counter,omitempty"`
	Language   i18n.Lang        `json:"language"` // of the pages that are shown to them
	MustChange bool             `json:"must_change"`
	Overdue    bool             `json:"overdue"`
	Start      string           `json:"start"` // where the work begins
}

func (s *screen) told(c *fiber.Ctx, p *access.Principal) Session {
	to := printer(c, p)
	return Session{Name: p.Name, Badge: p.Badge, Roles: p.Roles, RoleWords: layout.Roles(to, p.Roles), Counter: p.Counter, Language: to.Lang(),
		MustChange: p.MustChange, Overdue: p.Overdue, Start: s.start(c, p)}
}

// start is where a principal's work begins.
func (s *screen) start(c *fiber.Ctx, p *access.Principal) string {
	site := layout.SiteOf(c)
	site.Hub = len(s.cfg.Counters) == 0
	if !site.Hub && p.Counter != "" && p.May(access.CounterRead) {
		return "/counters/" + string(p.Counter)
	}
	if at := site.Start(p); at != "" {
		return at
	}
	return "/signin"
}

// credentials is what somebody signs in or agrees with.
type credentials struct {
	Badge string `json:"badge" form:"badge"`
	PIN   string `json:"pin" form:"pin"`
}

// entry is what a session begins with.
type entry struct {
	credentials
	Counter  string `json:"counter" form:"counter"`
	Approval string `json:"approval" form:"-"`
	// Who approves signing in on an expired roster, in the same step, or why nobody can.
	ApproverBadge string `json:"approver_badge" form:"approver_badge"`
	ApproverPIN   string `json:"approver_pin" form:"approver_pin"`
	Awaiting      string `json:"awaiting" form:"awaiting"`
}

// signIn begins a session and gives the browser its token.
func (s *screen) signIn(c *fiber.Ctx, e entry) (*access.Principal, error) {
	ctx, cancel := limited(c)
	defer cancel()
	in, err := s.in(c, e.Counter)
	if err != nil {
		return nil, err
	}
	in.Badge, in.PIN, in.Approval, in.Awaiting = e.Badge, e.PIN, e.Approval, e.Awaiting
	if in.Approval == "" && e.ApproverBadge != "" {
		if in.Approval, err = s.cfg.Service.Approve(ctx, nil, access.SignIn, signin.In{Badge: e.ApproverBadge, PIN: e.ApproverPIN, Counter: in.Counter}); err != nil {
			return nil, err
		}
	}
	signed, err := s.cfg.Service.SignIn(ctx, in)
	if err != nil {
		return nil, err
	}
	s.cfg.Cookie.Set(c, signed.Token)
	return signed.Principal, nil
}

// in is what is known of a sign-in before its credential.
func (s *screen) in(c *fiber.Ctx, counter string) (signin.In, error) {
	in := signin.In{Counter: border.CounterID(counter), Replaces: s.cfg.Cookie.Token(c)}
	if in.Counter != "" && !s.offered(in.Counter) {
		return in, &border.Error{Code: border.Invalid, Op: "sign in", Message: "This station has no such counter."}
	}
	return in, nil
}

// begin signs somebody in.
func (s *screen) begin(c *fiber.Ctx) error {
	var e entry
	if err := body(c, &e); err != nil {
		return err
	}
	p, err := s.signIn(c, e)
	if err != nil {
		return err
	}
	return s.answer(c, s.told(c, p))
}

// session says who is signed in.
func (s *screen) session(c *fiber.Ctx) error {
	ctx, cancel := limited(c)
	defer cancel()
	p, err := s.principal(ctx, c)
	if err != nil {
		return err
	}
	return s.answer(c, s.told(c, p))
}

// end signs out.
func (s *screen) end(c *fiber.Ctx) error {
	if err := s.signOut(c); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}

// lock locks the session: what was begun at its counter stays, and badge and PIN go on.
func (s *screen) lock(c *fiber.Ctx) error {
	ctx, cancel := limited(c)
	defer cancel()
	if token := s.cfg.Cookie.Token(c); token != "" {
		if err := s.cfg.Service.Lock(ctx, token); err != nil {
			return err
		}
	}
	return c.SendStatus(fiber.StatusNoContent)
}

// leave signs out by a form.
func (s *screen) leave(c *fiber.Ctx) error {
	if err := s.signOut(c); err != nil {
		return err
	}
	return c.Redirect("/signin", fiber.StatusSeeOther)
}

func (s *screen) signOut(c *fiber.Ctx) error {
	ctx, cancel := limited(c)
	defer cancel()
	if token := s.cfg.Cookie.Token(c); token != "" {
		if err := s.cfg.Service.SignOut(ctx, token); err != nil {
			return err
		}
	}
	s.cfg.Cookie.Clear(c)
	return nil
}

// changePIN changes the PIN of who is signed in.
func (s *screen) changePIN(c *fiber.Ctx) error {
	var in struct {
		Old string `json:"old"`
		New string `json:"new"`
	}
	if err := body(c, &in); err != nil {
		return err
	}
	ctx, cancel := limited(c)
	defer cancel()
	p, err := s.principal(ctx, c)
	if err != nil {
		return err
	}
	signed, err := s.cfg.Service.ChangePIN(ctx, p, in.Old, in.New)
	if err != nil {
		return err
	}
	s.cfg.Cookie.Set(c, signed.Token)
	return s.answer(c, struct {
		Text string `json:"text"`
	}{printer(c, p).T("The PIN is changed.")})
}

func (s *screen) answer(c *fiber.Ctx, v any) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.JSON(v)
}
