package layout

import (
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"garita/border/access"
	"garita/ui/i18n"
)

// Site is what all pages of one program have in common.
type Site struct {
	Hub          bool   // the hub's pages; else a station's
	Name         string // of the station, "" at the hub
	Demo         bool   // invented people: every page says so
	SoftwareKeys bool   // keys lie in files of the data folder: every page says so
	// Idle is after how long without input a page covers itself; 0: the default of the program.
	Idle time.Duration
	// Passkeys says that the country has a relying party, so that security keys can be used.
	Passkeys bool
}

// The defaults of [Site.Idle]: a counter is left in the middle of a crowd, an office is not.
const (
	IdleCounter = 2 * time.Minute
	IdleHub     = 15 * time.Minute
)

// siteKey names the site among a request's locals.
type siteKey struct{}

// Use tells the pages behind it which site they are of. It comes before all screens.
func Use(s Site) fiber.Handler {
	if s.Idle == 0 {
		s.Idle = IdleCounter
		if s.Hub {
			s.Idle = IdleHub
		}
	}
	return func(c *fiber.Ctx) error {
		c.Locals(siteKey{}, s)
		return c.Next()
	}
}

// SiteOf returns the site of a request; zero without [Use].
func SiteOf(c *fiber.Ctx) Site {
	s, _ := c.Locals(siteKey{}).(Site)
	return s
}

// Who is who is signed in, as the head of a page shows it.
type Who struct {
	Badge, Name, Roles string
	Overdue            bool
	Works              bool // at counters: officers can be switched
}

// Link leads to a screen.
type Link struct {
	Text i18n.Msg
	Path string
	Here bool
}

// places are the screens that a head can lead to, in its order: those that the roles allow.
var places = [...]struct {
	hub        bool
	kind, path string
	text       i18n.Msg
	action     access.Action
}{
	{true, "operations", "/", i18n.Msg("Operations"), access.FlowsRead},
	{true, "flows", "/flows", i18n.Msg("Flows"), access.FlowsRead},
	{true, "watchlists", "/lists", i18n.Msg("Lists"), access.ListsRead},
	{true, "search", "/search", i18n.Msg("Search"), access.PersonSearch},
	{true, "cases", "/cases", i18n.Msg("Cases"), access.CasesRead},
	{true, "reports", "/reports", i18n.Msg("Reports"), access.ReportsRead},
	{true, "review", "/review", i18n.Msg("Reviews"), access.ReviewRead},
	{true, "stations", "/stations", i18n.Msg("Stations"), access.StationsRead},
	{true, "officers", "/officers", i18n.Msg("Officers"), access.OfficersRead},
	{true, "auditlog", "/audit", i18n.Msg("Audit"), access.AuditRead},
	{true, "account", "/account", i18n.Msg("My account"), access.OwnPIN},
	{false, "counter", "/", i18n.Msg("Counters"), access.CounterRead},
	{false, "workshop", "/workshop", i18n.Msg("Workshop"), access.WorkshopRead},
}

// Links lists where a principal may go from a page of that kind.
func (s Site) Links(p *access.Principal, kind string) []Link {
	var out []Link
	for _, at := range places {
		if p != nil && at.hub == s.Hub && p.May(at.action) {
			out = append(out, Link{at.text, at.path, at.kind == kind})
		}
	}
	return out
}

// Start is where a principal's work begins; "" where there is none for the roles on this site.
func (s Site) Start(p *access.Principal) string {
	if l := s.Links(p, ""); len(l) > 0 {
		return l[0].Path
	}
	return ""
}

// RoleWords are the roles in words.
var RoleWords = map[access.Role]i18n.Msg{
	access.Inspector: "Inspector", access.Supervisor: "Supervisor", access.Operator: "Hub operator", access.Technician: "Technician",
	access.Protection: "Protection officer", access.Auditor: "Auditor", access.Administrator: "Administrator",
}

// Roles puts roles into words, in the order of [access.Roles].
func Roles(to *i18n.Printer, roles []access.Role) string {
	var words []string
	for _, r := range access.Roles() {
		if slices.Contains(roles, r) {
			words = append(words, to.T(RoleWords[r]))
		}
	}
	return strings.Join(words, ", ")
}

// frame fills in what a page says around its screen.
func (p *Page) frame(c *fiber.Ctx, to *i18n.Printer) {
	p.Site, p.Cards = SiteOf(c), Cards()
	if c.Method() == fiber.MethodGet {
		p.At = c.Path()
	}
	who := access.From(c.UserContext())
	if who == nil {
		return
	}
	p.Who = &Who{Badge: who.Badge, Name: who.Name, Roles: Roles(to, who.Roles), Overdue: who.Overdue, Works: !p.Site.Hub && who.May(access.SwitchUser)}
	p.Links = p.Site.Links(who, p.Kind)
}

// Card is a role's quick card (ui/help).
type Card struct {
	Role access.Role
	Word i18n.Msg
}

// Cards lists the roles that have one.
func Cards() []Card {
	var out []Card
	for _, r := range []access.Role{access.Inspector, access.Supervisor, access.Operator, access.Technician} {
		out = append(out, Card{r, RoleWords[r]})
	}
	return out
}

// Languages are those that the page can be shown in.
func (p Page) Languages() []i18n.Lang { return i18n.Langs() }

// LangName is the page's language in its own words.
func (p Page) LangName() string { return i18n.Lang(p.Lang).Name() }

// IdleSeconds is [Site.Idle] for the page's script.
func (p Page) IdleSeconds() int { return int(p.Site.Idle.Seconds()) }

// ScriptName names the page's script.
func (p Page) ScriptName() string {
	if p.Script == "" {
		return p.Kind
	}
	return p.Script
}
