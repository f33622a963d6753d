package officers

import (
	"context"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
	"garita/ui/i18n"
	"garita/ui/layout"
	"garita/ui/wording"
)

// listPage is all accounts, and the form to add one.
type listPage struct {
	Rows         []row
	Open, Closed int
	New          form
	Work         bool // who looks may change something
}

// row is one account.
type row struct {
	form
	State, Tag, RoleWords, PostWords string
	Keys                             []key
	Changeable, Damaged              bool
}

type key struct{ ID, Name, Added string }

// form is an account as it is written in a form.
type form struct {
	ID              string // of the form's fields
	Badge, Name     string
	Posts, Language string
	Roles           []choice
	Languages       []choice
}

type choice struct {
	Value, Text string
	Chosen      bool
}

func (s *screen) list(c *fiber.Ctx) error {
	p, err := s.listPage(c, nil)
	if err != nil {
		return err
	}
	return s.send(c, page{List: p})
}

// listPage reads the accounts; written is the form that was not accepted.
func (s *screen) listPage(c *fiber.Ctx, written *access.Officer) (*listPage, error) {
	ctx, cancel := limited(c)
	defer cancel()
	all, err := s.cfg.Keeper.Officers(ctx)
	if err != nil {
		return nil, err
	}
	p := s.listOf(layout.Printer(c), all, written)
	p.Work = access.From(c.UserContext()).May(access.OfficersWork)
	return p, nil
}

func (s *screen) listOf(w *i18n.Printer, all []access.Officer, written *access.Officer) *listPage {
	p := &listPage{New: formOf(w, "new", &access.Officer{})}
	if written != nil {
		p.New = formOf(w, "new", written)
	}
	for i := range all {
		r := s.rowOf(w, &all[i])
		if r.Changeable {
			p.Open++
		} else {
			p.Closed++
		}
		p.Rows = append(p.Rows, r)
	}
	return p
}

func (s *screen) rowOf(w *i18n.Printer, o *access.Officer) row {
	r := row{form: formOf(w, "o-"+o.Badge, o), RoleWords: layout.Roles(w, o.Roles), PostWords: w.T("everywhere"), State: w.T("account::Open"), Tag: "ok", Changeable: true}
	if len(o.Posts) > 0 {
		r.PostWords = r.Posts
	}
	switch {
	case len(o.Roles) == 0:
		r.State, r.Tag, r.Damaged, r.Changeable = w.T("Row edited"), "refer", true, false
	case !o.Revoked.IsZero():
		r.State, r.Tag, r.Changeable = w.T("Closed {0}", wording.At(w, o.Revoked, s.cfg.Clock.Now())), "none", false
	case o.MustChange:
		r.State, r.Tag = w.T("First PIN"), "warn"
	}
	for _, k := range o.Passkeys {
		r.Keys = append(r.Keys, keyOf(w, &k))
	}
	return r
}

func formOf(w *i18n.Printer, id string, o *access.Officer) form {
	f := form{ID: id, Badge: o.Badge, Name: o.Name, Language: o.Language}
	var posts []string
	for _, p := range o.Posts {
		posts = append(posts, string(p))
	}
	f.Posts = strings.Join(posts, " ")
	for _, r := range access.Roles() {
		f.Roles = append(f.Roles, choice{string(r), w.T(layout.RoleWords[r]), slices.Contains(o.Roles, r)})
	}
	f.Languages = []choice{{"", w.T("The station’s"), o.Language == ""}}
	for _, l := range i18n.Langs() {
		f.Languages = append(f.Languages, choice{string(l), l.Name(), o.Language == string(l)})
	}
	return f
}

// read reads an account from a form.
func read(c *fiber.Ctx) access.Officer {
	o := access.Officer{Badge: strings.TrimSpace(c.FormValue("badge")), Name: strings.TrimSpace(c.FormValue("name")), Language: c.FormValue("language")}
	for _, role := range c.Request().PostArgs().PeekMulti("role") {
		o.Roles = append(o.Roles, access.Role(role))
	}
	for _, p := range strings.FieldsFunc(c.FormValue("posts"), func(r rune) bool { return r == ',' || r == ';' || r == ' ' || r == '\n' || r == '\r' || r == '\t' }) {
		o.Posts = append(o.Posts, border.PostID(p))
	}
	return o
}

// add opens an account and shows its first PIN.
func (s *screen) add(c *fiber.Ctx) error {
	o := read(c)
	ctx, cancel := limited(c)
	defer cancel()
	pin, err := s.cfg.Keeper.Add(ctx, o)
	if err != nil {
		p, broken := s.listPage(c, &o)
		if broken != nil {
			return broken
		}
		return s.failed(c, page{List: p}, err)
	}
	return s.shown(c, &secret{o.Badge, o.Name, pin}, i18n.Msg("The account is open."))
}

// change writes name, roles, posts and language.
func (s *screen) change(c *fiber.Ctx) error {
	o := read(c)
	return s.do(c, i18n.Msg("The account is changed."), func(ctx context.Context) error { return s.cfg.Keeper.Change(ctx, o) })
}

// revoke closes an account.
func (s *screen) revoke(c *fiber.Ctx) error {
	reason := strings.TrimSpace(c.FormValue("reason"))
	return s.do(c, i18n.Msg("The account is closed. Whoever was signed in with it is not any more."), func(ctx context.Context) error {
		if reason == "" {
			return &border.Error{Code: border.Invalid, Op: "close an account", Message: "Say why, in a few words."}
		}
		return s.cfg.Keeper.Revoke(ctx, c.FormValue("badge"), reason)
	})
}

// resetPIN shows an account's new PIN.
func (s *screen) resetPIN(c *fiber.Ctx) error {
	badge := c.FormValue("badge")
	ctx, cancel := limited(c)
	defer cancel()
	pin, err := s.cfg.Keeper.ResetPIN(ctx, badge)
	if err != nil {
		p, broken := s.listPage(c, nil)
		if broken != nil {
			return broken
		}
		return s.failed(c, page{List: p}, err)
	}
	return s.shown(c, &secret{Badge: badge, PIN: pin}, i18n.Msg("The old PIN holds no more."))
}

// removePasskey takes a passkey from an account.
func (s *screen) removePasskey(c *fiber.Ctx) error {
	id, err := keyID(c)
	if err != nil {
		return err
	}
	return s.do(c, i18n.Msg("The passkey is removed."), func(ctx context.Context) error { return s.cfg.Keeper.RemovePasskey(ctx, c.FormValue("badge"), id) })
}

// do does something to an account and shows the list.
func (s *screen) do(c *fiber.Ctx, said i18n.Msg, what func(ctx context.Context) error) error {
	ctx, cancel := limited(c)
	defer cancel()
	err := what(ctx)
	p, broken := s.listPage(c, nil)
	if broken != nil {
		return broken
	}
	if err != nil {
		return s.failed(c, page{List: p}, err)
	}
	return s.send(c, page{List: p, Done: layout.Printer(c).T(said)})
}

// shown shows the list with a PIN that is shown once.
func (s *screen) shown(c *fiber.Ctx, pin *secret, said i18n.Msg) error {
	p, err := s.listPage(c, nil)
	if err != nil {
		return err
	}
	return s.send(c, page{List: p, Done: layout.Printer(c).T(said), Secret: pin})
}
