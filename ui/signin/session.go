package signin

import (
	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
	"garita/ui/layout"
)

// Session is what the other pages' scripts and programs learn of a session.
type Session struct {
	Name       string           `json:"name"`
	Badge      string           `json:"badge"`
	Roles      []access.Role    `json:"roles"`
	RoleWords  string           `json:"role_words"`
	Counter    border.CounterID `json:"counter,omitempty"`
	Language   string           `json:"language,omitempty"`
	MustChange bool             `json:"must_change"`
	Overdue    bool             `json:"overdue"`
	Start      string           `json:"start"` // where the work begins
}

func (s *screen) told(c *fiber.Ctx, p *access.Principal) Session {
	return Session{Name: p.Name, Badge: p.Badge, Roles: p.Roles, RoleWords: layout.Roles(p.Roles), Counter: p.Counter, Language: p.Language,
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
	// Who approves signing in on an expired roster, in the same step.
	ApproverBadge string `json:"approver_badge" form:"approver_badge"`
	ApproverPIN   string `json:"approver_pin" form:"approver_pin"`
}

// signIn begins a session and gives the browser its token.
func (s *screen) signIn(c *fiber.Ctx, e entry) (*access.Principal, error) {
	ctx, cancel := limited(c)
	defer cancel()
	in := In{Badge: e.Badge, PIN: e.PIN, Counter: border.CounterID(e.Counter), Approval: e.Approval}
	if in.Counter != "" && !s.offered(in.Counter) {
		return nil, &border.Error{Code: border.Invalid, Op: "sign in", Message: "This station has no such counter."}
	}
	if in.Approval == "" && e.ApproverBadge != "" {
		token, err := s.cfg.Service.Approve(ctx, &access.Principal{Badge: e.Badge, Counter: in.Counter}, access.SignIn, In{Badge: e.ApproverBadge, PIN: e.ApproverPIN})
		if err != nil {
			return nil, err
		}
		in.Approval = token
	}
	before := s.cfg.Cookie.Token(c)
	signed, err := s.cfg.Service.SignIn(ctx, in)
	if err != nil {
		return nil, err
	}
	s.begun(c, before, signed)
	return signed.Principal, nil
}

// begun gives the browser its new token and ends the session that it had.
func (s *screen) begun(c *fiber.Ctx, before string, signed Signed) {
	if before != "" && before != signed.Token {
		ctx, cancel := limited(c)
		defer cancel()
		if err := s.cfg.Service.SignOut(ctx, before); err != nil && border.CodeOf(err) != border.Unauthenticated {
			s.cfg.Log.Warn("a session that another one follows could not be ended", "code", string(border.CodeOf(err)))
		}
	}
	s.cfg.Cookie.Set(c, signed.Token)
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
		if err := s.cfg.Service.SignOut(ctx, token); err != nil && border.CodeOf(err) != border.Unauthenticated {
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
	if err := s.cfg.Service.ChangePIN(ctx, p, in.Old, in.New); err != nil {
		return err
	}
	return s.answer(c, struct {
		Text string `json:"text"`
	}{"The PIN is changed."})
}

func (s *screen) answer(c *fiber.Ctx, v any) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.JSON(v)
}
