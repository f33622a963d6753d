package search

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
	"garita/border/archive"
	"garita/border/bordertest"
	"garita/border/cases"
	"garita/border/form"
	"garita/border/register"
	"garita/border/seal"
	"garita/ui/gate/gatetest"
	"garita/ui/i18n"
	"garita/ui/layout/layouttest"
)

var update = flag.Bool("update-golden", false, "write the golden pages instead of comparing them; review the difference")

var now = time.Date(2026, 11, 22, 17, 4, 5, 0, time.UTC)

type clock struct{}

func (clock) Now() time.Time { return now }

// plainKeys opens parts that were never sealed.
type plainKeys struct{}

func (plainKeys) Add(context.Context, []border.KeyWrap) error             { return nil }
func (plainKeys) IDs(context.Context, border.StationID) ([]string, error) { return nil, nil }
func (plainKeys) Open(e *border.Event, part string) ([]byte, error) {
	for _, p := range e.Parts {
		if p.Name == part {
			return p.Ciphertext, nil
		}
	}
	return nil, seal.ErrNoKey
}

// crossed is an event about an invented traveller.
func crossed(t *testing.T, seq uint64, prev border.Digest, who border.Personal) border.Event {
	t.Helper()
	e := bordertest.Event("PCA-1", bordertest.EpochNo(1), seq, prev, border.TypeCrossingRecorded)
	plain, err := json.Marshal(who)
	if err != nil {
		t.Fatal(err)
	}
	e.Parts = []border.Part{{Name: border.PartPersonal, Alg: "A256GCM", KeyID: "k", Ciphertext: plain}}
	e.Hash = e.ComputeHash()
	return e
}

type site struct {
	app  *fiber.App
	acts *gatetest.Acts
	t    *testing.T
}

func serve(t *testing.T) *site {
	t.Helper()
	blinder, err := seal.NewBlinder(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	r, err := register.Open(context.Background(), register.Config{Dir: t.TempDir(), Clock: clock{}, Keys: plainKeys{}, Blinder: blinder})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	epoch := bordertest.EpochNo(1)
	opened := bordertest.Opened("PCA-1", epoch, border.Parent{})
	events := []border.Event{opened}
	for i, who := range []border.Personal{
		{Surname: "ERIKSSON", GivenNames: "ANNA MARIA", BirthDate: "1974-08-12", DocumentNumber: "L898902C3", IssuingState: "UTO", Nationality: "UTO", Sex: "F"},
		{Surname: "<b>HENTZAU", GivenNames: "RUPERT", BirthDate: "1980-01-02", DocumentNumber: "X1", IssuingState: "QRU", Nationality: "QRU", Sex: "M"},
	} {
		events = append(events, crossed(t, uint64(i)+2, events[len(events)-1].Hash, who))
	}
	for _, e := range events {
		if _, err := r.Store(context.Background(), []border.Received{{Claimed: e.Key, Event: e.Encode(), At: now}}); err != nil {
			t.Fatal(err)
		}
	}
	s := &site{app: fiber.New(fiber.Config{Immutable: true, DisableStartupMessage: true}), acts: new(gatetest.Acts), t: t}
	s.app.Use(gatetest.New(t, access.HubRoutes(), s.acts))
	if err := Mount(s.app, Config{Register: r, Cases: new(cases.Service), Clock: clock{}, Audit: s.acts}); err != nil {
		t.Fatal(err)
	}
	return s
}

// ask posts a form as somebody with roles.
func (s *site) ask(path string, fields url.Values, roles ...access.Role) (int, string) {
	s.t.Helper()
	req := httptest.NewRequest(http.MethodPost, path, strings.NewReader(fields.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Host = "127.0.0.1"
	req.Header.Set("Accept", "text/html")
	req.Header.Set("Cookie", gatetest.Header(gatetest.Token("3001", "", roles...)))
	res, err := s.app.Test(req, -1)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

func TestWhoSearchesSaysWhy(t *testing.T) {
	s := serve(t)
	why := url.Values{"purpose": {access.Purposes()[0].Code}, "reason": {"file 12/26"}}
	with := func(pairs ...string) url.Values {
		v := url.Values{}
		for k, x := range why {
			v[k] = x
		}
		for i := 0; i < len(pairs); i += 2 {
			v.Set(pairs[i], pairs[i+1])
		}
		return v
	}
	for name, c := range map[string]struct {
		fields url.Values
		roles  []access.Role
		status int
		has    string
		told   bool
	}{
		"by document":      {with("number", "l898902c3", "issuer", "uto"), []access.Role{access.Operator}, 200, "ERIKSSON, ANNA MARIA", true},
		"by name":          {with("name", "anna eriksson"), []access.Role{access.Operator}, 200, "ERIKSSON, ANNA MARIA", true},
		"a name as markup": {with("name", "rupert"), []access.Role{access.Operator}, 200, "&lt;b&gt;HENTZAU", true},
		"a beginning":      {with("name", "eriks"), []access.Role{access.Operator}, 200, "Similar name", true},
		"another spelling": {with("name", "Ericsson"), []access.Role{access.Operator}, 200, "Similar name", true},
		"nobody":           {with("name", "nobody"), []access.Role{access.Operator}, 200, "knows nobody like that", true},
		"no purpose":       {with("name", "anna", "purpose", ""), []access.Role{access.Operator}, 422, "choose a purpose", false},
		"another purpose":  {with("name", "anna", "purpose", "curiosity"), []access.Role{access.Operator}, 422, "choose a purpose", false},
		"no reason":        {with("name", "anna", "reason", " "), []access.Role{access.Operator}, 422, "in a few words why", false},
		"no name":          {with(), []access.Role{access.Operator}, 422, "at least one word", true},
		"no such year":     {with("name", "anna", "born", "74"), []access.Role{access.Operator}, 422, "four digits", true},
		"too long":         {with("name", strings.Repeat("x", 201)), []access.Role{access.Operator}, 413, "200 characters", false},
		"a technician":     {with("name", "anna"), []access.Role{access.Technician}, 403, "", false},
		"an administrator": {with("name", "anna"), []access.Role{access.Administrator}, 403, "", false},
	} {
		s.searches()
		status, body := s.ask("/search", c.fields, c.roles...)
		if status != c.status || !strings.Contains(body, c.has) {
			t.Errorf("%s: %d %s", name, status, body)
		}
		if c.status != 200 && strings.Contains(body, "ERIKSSON") {
			t.Errorf("%s: somebody is shown", name)
		}
		told := s.searches()
		if got := len(told) > 0; got != c.told {
			t.Errorf("%s: told in the audit: %v", name, got)
			continue
		}
		if c.told {
			a := told[len(told)-1]
			if a.Purpose == "" || a.Object != "register" || !strings.HasPrefix(a.Text, "file 12/26|") {
				t.Errorf("%s: the act is %+v", name, a)
			}
		}
	}
}

// searches are the acts of searching that were told.
func (s *site) searches() (out []border.Act) {
	for _, a := range s.acts.Told() {
		if a.Action == string(access.PersonSearch) && a.Result != border.ActRefused {
			out = append(out, a)
		}
	}
	return out
}

// texts are states in a printer's words.
func texts(p *i18n.Printer) map[string]any {
	s := &screen{cfg: Config{Form: form.Default()}}
	who := &border.Personal{Surname: "ERIKSSON", GivenNames: "ANNA MARIA", BirthDate: "1974-08-12", DocumentNumber: "L898902C3", IssuingState: "UTO", Nationality: "UTO", Sex: "F", ExpiryDate: "2030-01-01"}
	c := register.Crossing{Post: "PCA", OccurredAt: now, Direction: border.Entry, Outcome: string(border.Admitted), Category: "visitor", Nationality: "UTO", BirthYear: 1974, DocumentKind: "P",
		DocumentIssuer: "UTO", Verdict: "proceed", Part: "open"}
	kept := c
	kept.Part = register.PartRestricted
	q := query{Purpose: access.Purposes()[0].Code, Reason: "file 12/26", Name: "ERIKSSON"}
	operator := []access.Role{access.Operator}
	stays := []register.Stay{{State: "inside", Entry: &register.Movement{Post: "PCA", Day: "2026-10-01"}, Until: "2026-11-01", Days: 53, Overstayed: 21, StaleS: 7200},
		{State: "closed", Entry: &register.Movement{Post: "PCA", Day: "2025-10-01"}, Exit: &register.Movement{Post: "DAR", Day: "2025-10-09"}, Days: 9, Certain: true}}
	return map[string]any{
		"empty":   s.show(p, &page{}, operator),
		"trouble": s.show(p, &page{Query: q, Trouble: "⟦x⟧"}, operator),
		"nobody":  s.show(p, &page{Query: q, Asked: true}, operator),
		"found":   s.show(p, &page{Query: q, Asked: true, More: true, Found: []register.Traveller{{Last: c, Person: who, Crossings: 3}, {Last: kept, Crossings: 1}, {Last: c, Crossings: 2}, {Last: c, Person: who, Crossings: 1, Near: true}}}, operator),
		"document": s.show(p, &page{Query: query{Purpose: q.Purpose, Reason: q.Reason, Issuer: "UTO", Number: "L898902C3"}, Asked: true, More: true,
			Found: []register.Traveller{{Last: c, Person: who, Crossings: 200}}}, operator),
		"unseen": s.show(p, &page{Query: q, Asked: true, Found: []register.Traveller{{Last: c, Person: who, Crossings: 3}}}, []access.Role{access.Technician}),
		"person": s.show(p, &page{Query: q, Opened: &opened{More: true, Stays: stays, Cases: []cases.Summary{{Entry: "courts/C-1", State: cases.Possible, OpenedAt: now}},
			Travels: []register.Travel{{Crossing: c, Person: who}, {Crossing: kept}},
			Face:    portrait{URL: "/crossings/1/files/2", At: now.Add(-time.Hour), Waiting: now}}}, operator),
		"waiting":    s.show(p, &page{Query: q, Opened: &opened{Travels: []register.Travel{{Crossing: c, Person: who}}, Face: portrait{Waiting: now}}}, operator),
		"lost":       s.show(p, &page{Query: q, Opened: &opened{Travels: []register.Travel{{Crossing: c, Person: who}}, Face: portrait{Lost: true}}}, operator),
		"failed":     s.show(p, &page{Query: q, Opened: &opened{Travels: []register.Travel{{Crossing: c, Person: who}}, Face: portrait{Failed: true}}}, operator),
		"face":       s.show(p, &page{Query: q, Opened: &opened{Travels: []register.Travel{{Crossing: c, Person: who}}, Face: portrait{URL: "/crossings/1/files/2", At: now}}}, operator),
		"restricted": s.show(p, &page{Query: q, Opened: &opened{Travels: []register.Travel{{Crossing: kept}}}}, operator),
	}
}

var pages = layouttest.Pages{Templates: templates, States: texts, Everywhere: []string{"found", "person"},
	Data: regexp.MustCompile(`^(?:[;:,/()+ –-]|\b(?:PCA|DAR|UTO|P|F|M|C|L898902C3|courts|Nov)\b|\d|x|file 12/26|ERIKSSON|ANNA|MARIA|Visitor|C-1)*$`)}

func TestGoldenPages(t *testing.T) { layouttest.Golden(t, pages, *update) }

func TestEveryTextIsOfTheCatalogue(t *testing.T) { layouttest.Translated(t, pages) }

// shelf is an archive: what it holds of each crossing, in the order of asking.
type shelf struct {
	files [][]archive.Filed
	err   error
	asked int
}

func (s *shelf) Files(context.Context, border.ID) ([]archive.Filed, error) {
	if s.asked++; s.asked > len(s.files) {
		return nil, s.err
	}
	return s.files[s.asked-1], s.err
}

// The newest portrait that has arrived is shown to whoever may open it, and what has not is said; whose particulars
// must not be used has none, and is not asked for.
func TestPortraits(t *testing.T) {
	file := func(kind string, state archive.State) []archive.Filed {
		return []archive.Filed{{Attachment: border.Attachment{Kind: kind, Media: "image/jpeg", Hash: border.Digest{9}}, State: state}}
	}
	someone := &border.Personal{Surname: "ERIKSSON"}
	travel := func(hoursAgo int, part string, who *border.Personal) register.Travel {
		return register.Travel{Crossing: register.Crossing{ID: border.ID{byte(hoursAgo)}, OccurredAt: now.Add(-time.Duration(hoursAgo) * time.Hour), Part: part}, Person: who}
	}
	three := []register.Travel{travel(1, "open", someone), travel(2, "open", someone), travel(3, "open", someone)}
	operator := []access.Role{access.Operator}
	for name, c := range map[string]struct {
		travels []register.Travel
		shelf   shelf
		roles   []access.Role
		url     bool
		note    string
		asked   int
	}{
		"none":                    {travels: three, roles: operator, asked: 3},
		"the newest":              {travels: three, shelf: shelf{files: [][]archive.Filed{file(border.KindPortrait, archive.Here)}}, roles: operator, url: true, note: "Taken 22 Nov 2026 16:04.", asked: 1},
		"an older one":            {travels: three, shelf: shelf{files: [][]archive.Filed{file(border.KindPortrait, archive.Waiting), nil, file(border.KindPortrait, archive.Here)}}, roles: operator, url: true, note: "has not arrived yet", asked: 3},
		"not yet":                 {travels: three[:1], shelf: shelf{files: [][]archive.Filed{file(border.KindPortrait, archive.Waiting)}}, roles: operator, note: "The portrait of 22 Nov 2026 16:04 has not arrived yet.", asked: 1},
		"lost":                    {travels: three[:1], shelf: shelf{files: [][]archive.Filed{file(border.KindPortrait, archive.Lost)}}, roles: operator, note: "lost", asked: 1},
		"only a paper":            {travels: three[:1], shelf: shelf{files: [][]archive.Filed{file(border.KindPaper, archive.Here)}}, roles: operator, asked: 1},
		"a finger is no portrait": {travels: three[:1], shelf: shelf{files: [][]archive.Filed{file(border.KindFinger, archive.Here)}}, roles: operator, asked: 1},
		"an archive that fails":   {travels: three, shelf: shelf{err: errors.New("the disk is away")}, roles: operator, note: "does not answer", asked: 1},
		"restricted":              {travels: []register.Travel{travel(1, register.PartRestricted, nil), travel(2, register.PartRestricted, someone)}, shelf: shelf{files: [][]archive.Filed{file(border.KindPortrait, archive.Here)}}, roles: operator},
		"not for everybody":       {travels: three, shelf: shelf{files: [][]archive.Filed{file(border.KindPortrait, archive.Here)}}, roles: []access.Role{access.Technician}},
	} {
		s := &screen{cfg: Config{Files: &c.shelf, Log: slog.New(slog.DiscardHandler)}}
		p := s.portraitOf(context.Background(), c.travels, c.roles)
		note := p.words(i18n.In(i18n.English))
		if (p.URL != "") != c.url || !strings.Contains(note, c.note) || c.note == "" && note != "" || c.shelf.asked != c.asked {
			t.Errorf("%s: %+v, %q, asked %d times", name, p, note, c.shelf.asked)
		}
	}
}
