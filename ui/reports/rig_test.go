package reports

import (
	"cmp"
	"context"
	"io"
	"math/rand/v2"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"go.uber.org/goleak"

	"garita/border"
	"garita/border/access"
	"garita/border/flows"
	"garita/border/form"
	"garita/ui/gate/gatetest"
	"garita/ui/layout"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"))
}

// now is a Thursday: the week runs.
var now = time.Date(2026, 11, 26, 10, 30, 0, 0, time.UTC)

type fixedClock struct{}

func (fixedClock) Now() time.Time { return now }

// crossing is one of an invented country's.
type crossing struct {
	post, day string
	group     flows.Group
	codes     map[flows.Dimension]string
}

// country answers questions from a list of crossings.
type country struct {
	posts []string
	all   []crossing
	day   string // that runs; "": that of now
}

// utopia has four posts, one of them nearly empty, and seven weeks of crossings.
func utopia() *country {
	r := rand.New(rand.NewPCG(3, 7))
	c := &country{posts: []string{"AIR", "BRG", "JGL", "SEA"}}
	of := func(skew float64, all ...string) string {
		i := int(float64(len(all)) * pow(r.Float64(), skew))
		return all[min(i, len(all)-1)]
	}
	for range 6000 {
		x := crossing{post: of(2.2, "AIR", "AIR", "BRG", "SEA", "SEA"), day: now.AddDate(0, 0, -r.IntN(50)).Format(time.DateOnly), codes: map[flows.Dimension]string{}}
		if r.IntN(160) == 0 {
			x.post = "JGL"
		}
		x.group = []flows.Group{flows.Arrivals(), flows.Departures(), flows.Arrivals(), flows.Departures(), {Direction: border.Entry, Outcome: string(border.Withdrawn)}}[min(4, r.IntN(30)/7)]
		if r.IntN(60) == 0 {
			x.group = flows.Refusals()
			x.codes[flows.Ground] = of(2, "document_invalid", "no_visa", "overstay", "means", "purpose")
		}
		x.codes[flows.Nationality] = of(4, "UTO", "QRU", "QSY", "HTI", "DOM", "USA", "FRA", "CAN", "QZE", "MEX", "GTM", "XXA", "XXB", "ESP", "JPN", "")
		x.codes[flows.Residence] = of(4, "UTO", "QRU", "USA", "QSY", "CAN", "QZE", "")
		x.codes[flows.Sex] = of(1.1, "F", "M", "F", "M", "M", "F", "X")
		x.codes[flows.Age] = flows.AgeGroup(2026-int(85*pow(r.Float64(), 1.2)), 2026)
		x.codes[flows.Category] = of(3, "national", "visitor", "transit", "border_resident", "crew", "refugee")
		x.codes[flows.Purpose] = of(2, "holiday", "visiting", "business", "shopping", "education", "")
		x.codes[flows.Transport] = map[string]string{"AIR": "air", "SEA": "sea", "JGL": "foot"}[x.post]
		if x.post == "BRG" {
			x.codes[flows.Transport] = of(1.5, "road_car", "road_bus", "foot", "motorcycle")
		}
		x.codes[flows.Document] = of(3, "passport", "identity_card", "")
		c.all = append(c.all, x)
	}
	return c
}

func pow(x, n float64) float64 {
	for ; n > 1; n-- {
		x *= x
	}
	return x
}

func (c *country) FlowGrids(_ context.Context, from, to string, by ...flows.Division) (out []flows.Grid, err error) {
	for _, d := range by {
		b := flows.NewBuilder()
		for _, p := range c.posts {
			b.Row(p)
		}
		for i := range c.all {
			x := &c.all[i]
			if x.day < from || x.day > to || d.Group != (flows.Group{}) && x.group != d.Group {
				continue
			}
			switch d.By {
			case flows.ByGroup:
				b.Add(x.post, x.group.String(), 1)
			case flows.ByDay:
				b.Add(x.post, x.day, 1)
			default:
				b.Add(x.post, x.codes[d.By], 1)
			}
		}
		out = append(out, b.Grid())
	}
	return out, nil
}

func (c *country) FlowDay(context.Context, border.PostID) (string, error) {
	return cmp.Or(c.day, now.Format(time.DateOnly)), nil
}

func (c *country) FlowCoverage(_ context.Context, _, to string) (out []flows.Coverage, err error) {
	last, _ := time.Parse(time.DateOnly, to)
	for i, p := range c.posts {
		until := now.Add(-time.Duration(i*i) * 31 * time.Hour)
		out = append(out, flows.Coverage{Post: border.PostID(p), Stations: 1 + i%2, Until: until, Complete: until.After(last.AddDate(0, 0, 1)), N: int64(len(c.all) / (i + 1)), Untrusted: int64(i)})
	}
	return out, nil
}

// rig is the pages behind a real gate.
type rig struct {
	t    testing.TB
	app  *fiber.App
	acts gatetest.Acts
}

func newRig(t testing.TB, c *country) *rig {
	t.Helper()
	r := &rig{t: t, app: fiber.New(fiber.Config{Immutable: true, DisableStartupMessage: true})}
	r.app.Use(layout.Use(layout.Site{Hub: true}), gatetest.New(t, access.HubRoutes(), &r.acts))
	if err := Mount(r.app, Config{Register: c, Clock: fixedClock{}, Audit: &r.acts, Form: form.Default(), Area: "UTO"}); err != nil {
		t.Fatal(err)
	}
	return r
}

// get asks as somebody with a role.
func (r *rig) get(path string, role access.Role) (status int, body string, header map[string][]string) {
	r.t.Helper()
	req := httptest.NewRequest(fiber.MethodGet, path, nil)
	req.Host = "127.0.0.1"
	req.Header.Set("Cookie", gatetest.Header(gatetest.Token("7", "", role)))
	req.Header.Set("Accept", "text/html")
	resp, err := r.app.Test(req, -1)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, string(b), resp.Header
}

func sorted[K cmp.Ordered, V any](m map[K]V) []K {
	var out []K
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
