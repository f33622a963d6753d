package reports

import (
	"context"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
	"garita/border/flows"
	"garita/border/flows/flowstest"
	"garita/border/form"
	flowpages "garita/ui/flows"
	"garita/ui/gate/gatetest"
	"garita/ui/i18n"
	"garita/ui/layout"
	"garita/ui/wording"
)

// whole answers the questions of the page of flows, too.
type whole struct{ *country }

func (whole) FlowsBy(context.Context, flows.Question, flows.Dimension) (flows.Table, error) {
	return flows.Table{}, fmt.Errorf("exact numbers were asked for")
}

func (whole) FlowSeries(context.Context, flows.Question, flows.Step) ([]flows.Point, error) {
	return nil, fmt.Errorf("a course over time was asked for")
}

func (whole) FlowsToday(context.Context, border.PostID, flows.Group) (flows.Today, error) {
	return flows.Today{}, fmt.Errorf("hours were asked for")
}

func (whole) Presence(context.Context) (flows.Presence, error) { return flows.Presence{}, nil }

// anyCountry has a week of crossings in few posts with few codes, so that most numbers are small. Its week ends today.
func anyCountry(r *rand.Rand) *country {
	c := &country{posts: []string{"AIR", "BRG", "JGL", "SEA"}[:1+r.IntN(4)], day: "2026-11-22"}
	skewed := func(all ...string) string { x := r.Float64(); return all[int(x*x*float64(len(all)))] }
	for range 5 + r.IntN(120) {
		x := crossing{post: skewed(c.posts...), day: fmt.Sprintf("2026-11-%02d", 16+r.IntN(7)), codes: map[flows.Dimension]string{}}
		x.group = []flows.Group{flows.Arrivals(), flows.Departures(), flows.Refusals(), {Direction: border.Entry, Outcome: string(border.Withdrawn)}}[min(3, r.IntN(16)/5)]
		x.codes[flows.Nationality] = skewed("UTO", "QRU", "QSY", "XXA", "XXB", "")
		x.codes[flows.Residence] = skewed("UTO", "QRU", "")
		x.codes[flows.Sex] = skewed("F", "M", "X")
		x.codes[flows.Age] = skewed("Y25T29", "Y30T34", "Y0T4", "Y_GE80")
		x.codes[flows.Category] = skewed("visitor", "national", "crew")
		x.codes[flows.Purpose] = skewed("holiday", "business", "")
		x.codes[flows.Transport] = skewed("air", "foot")
		x.codes[flows.Document] = skewed("passport", "identity_card")
		if x.group == flows.Refusals() {
			x.codes[flows.Ground] = skewed("no_visa", "overstay", "means")
		}
		for range 1 + r.IntN(3)*r.IntN(4) { // families
			c.all = append(c.all, x)
		}
	}
	return c
}

// cell is a number that pages and files tell: of all crossings of a group if dimension is "".
type cell struct {
	post, group, dimension, label string
}

func (c cell) String() string {
	return strings.Join([]string{c.post, c.group, c.dimension, c.label}, "|")
}

// known is what somebody has noted from every page and file: a number, or -1 where it was hidden everywhere.
type known map[cell]int64

func (k known) note(c cell, text string) {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, text)
	n, err := strconv.ParseInt(digits, 10, 64)
	switch _, seen := k[c]; {
	case err == nil:
		k[c] = n
	case text == "in others" || seen:
	default:
		k[c] = -1
	}
}

var (
	flowTitle    = regexp.MustCompile(`<h2 id="flows-title">[^<]*<strong>([^<]*)</strong>`)
	flowDivision = regexp.MustCompile(`(?s)<h2 id="(\w+)-title">[^<]*</h2>\n<div class="scroll tall"[^>]*><table class="bars">(.*?)</table>`)
	flowRow      = regexp.MustCompile(`<tr><th scope="row">([^<]*)</th><td class="number">([^<]*)</td>`)
	reportTable  = regexp.MustCompile(`(?s)id="(\w+)-table"[^>]*><table>(.*?)</table>`)
	reportRow    = regexp.MustCompile(`<tr><th scope="row">([^<]*)</th>((?:<td class="number">[^<]*</td>)+)`)
	reportValue  = regexp.MustCompile(`<td class="number">([^<]*)</td>`)
	reportFigure = regexp.MustCompile(`<dt>(Arrivals|Departures|Refused entry)</dt><dd>([^<]*?) <span`)
)

// TestNothingHiddenIsGivenBack: whoever may see aggregates only and keeps all they can have of a week, the page of flows and
// the report of each post and of the country, and the files of both, finds no small number by subtracting. The
// pages are asked as they are served, and read as they are written.
func TestNothingHiddenIsGivenBack(t *testing.T) {
	rounds := 25
	if os.Getenv("GARITA_SOAK") != "" {
		rounds = 1000
	}
	hidden := 0
	for seed := range uint64(rounds) {
		c := anyCountry(rand.New(rand.NewPCG(20261122, seed)))
		k := readAll(t, c)
		a, unknown := attack(c, k)
		hidden += unknown
		is := truth(c, k)
		for _, name := range a.Solved() {
			if n := is[name]; n > 0 && n < flows.SmallCell {
				t.Errorf("seed %d: subtraction gives back %s: %d", seed, name, n)
			}
		}
		for at, n := range k {
			if want := is[at.String()]; n > 0 && n < flows.SmallCell || n >= 0 && n != want {
				t.Errorf("seed %d: %s is told as %d, and is %d", seed, at, n, want)
			}
		}
		if t.Failed() {
			return
		}
	}
	if hidden < 20*rounds {
		t.Errorf("only %d numbers were hidden: nothing was proved", hidden)
	}
}

// What the attacker reads is what is written: each kind of page and file alone says all that it should.
func TestTheAttackerReadsEverything(t *testing.T) {
	c := &country{posts: []string{"AIR", "BRG"}, day: "2026-11-22"}
	for i := range 40 {
		c.all = append(c.all, crossing{post: c.posts[i%2], day: "2026-11-17", group: flows.Arrivals(), codes: map[flows.Dimension]string{flows.Sex: "F", flows.Nationality: "UTO"}})
	}
	rig := newRig(t, c)
	page, file := known{}, known{}
	page.report(rig.page("/reports/2026-W47", access.Administrator), "")
	file.file(t, rig.page("/reports/2026-W47/file", access.Operator))
	for _, x := range []cell{{"", "entry/admitted", "", ""}, {"AIR", "entry/admitted", "", ""}, {"", "entry/admitted", "sex", "Female"}, {"", "entry/admitted", "nationality", "UTO"}, {"", "entry/admitted", "day", "17 Nov 2026"}} {
		want := int64(40)
		if x.post != "" {
			want = 20
		}
		if page[x] != want || file[x] != want {
			t.Errorf("%s: the page says %d, the file %d, want %d", x, page[x], file[x], want)
		}
	}
	all := readAll(t, c)
	for x, n := range file {
		if all[x] != n {
			t.Errorf("%s: %d among all, %d in the file", x, all[x], n)
		}
	}
	if _, ok := all[cell{"BRG", "entry/admitted", "sex", "Female"}]; !ok {
		t.Error("the page of flows of one post was not read")
	}
}

// readAll asks for everything and notes what it says.
func readAll(t *testing.T, c *country) known {
	t.Helper()
	r := newRig(t, c)
	app := fiber.New(fiber.Config{Immutable: true, DisableStartupMessage: true})
	app.Use(layout.Use(layout.Site{Hub: true}), gatetest.New(t, access.HubRoutes(), &r.acts))
	if err := flowpages.Mount(app, flowpages.Config{Register: whole{c}, Clock: fixedClock{}, Audit: &r.acts, Form: standard()}); err != nil {
		t.Fatal(err)
	}
	k := known{}
	groups := map[string]flows.Group{"arrivals": flows.Arrivals(), "departures": flows.Departures(), "refusals": flows.Refusals()}
	for _, post := range append([]string{""}, c.posts...) {
		for name, g := range groups {
			q := "?days=7&group=" + name + "&post=" + post
			page := fetch(t, app, "/flows"+q, access.Administrator)
			total := flowTitle.FindStringSubmatch(page)
			if total == nil {
				t.Fatalf("no total in %s", page)
			}
			k.note(cell{post, g.String(), "", ""}, total[1])
			for _, d := range flowDivision.FindAllStringSubmatch(page, -1) {
				for _, row := range flowRow.FindAllStringSubmatch(d[2], -1) {
					k.note(cell{post, g.String(), d[1], row[1]}, row[2])
				}
			}
			k.file(t, fetch(t, app, "/flows/csv"+q, access.Operator))
		}
		path := "/reports/2026-W47"
		if post != "" {
			path += "/posts/" + post
		}
		if len(c.all) > 0 {
			k.report(fetch(t, r.app, path, access.Administrator), post)
		}
	}
	k.file(t, fetch(t, r.app, "/reports/2026-W47/file", access.Operator))
	return k
}

func fetch(t *testing.T, app *fiber.App, path string, role access.Role) string {
	t.Helper()
	return (&rig{t: t, app: app}).page(path, role)
}

// page asks for what must be there.
func (r *rig) page(path string, role access.Role) string {
	r.t.Helper()
	status, body, _ := r.get(path, role)
	if status != http.StatusOK {
		r.t.Fatalf("%s: %d", path, status)
	}
	return body
}

// report notes what a report says of a post.
func (k known) report(page, post string) {
	both := []flows.Group{flows.Arrivals(), flows.Departures(), flows.Refusals()}
	for i, f := range reportFigure.FindAllStringSubmatch(page, -1) {
		k.note(cell{post, both[i].String(), "", ""}, f[2])
	}
	for _, table := range reportTable.FindAllStringSubmatch(page, -1) {
		if table[1] == "coverage" {
			continue
		}
		for _, row := range reportRow.FindAllStringSubmatch(table[2], -1) {
			groups := both
			if table[1] == string(flows.Ground) {
				groups = both[2:]
			}
			for i, v := range reportValue.FindAllStringSubmatch(row[2], -1) {
				switch table[1] {
				case "posts":
					k.note(cell{row[1], groups[i].String(), "", ""}, v[1])
				case "days":
					k.note(cell{post, groups[i].String(), "day", row[1][strings.Index(row[1], " ")+1:]}, v[1])
				default:
					k.note(cell{post, groups[i].String(), table[1], row[1]}, v[1])
				}
			}
		}
	}
}

// file notes what a file says; its rows carry codes, whose words pages have.
func (k known) file(t *testing.T, text string) {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(rows) == 0 {
		t.Fatalf("the file: %v %q", err, text)
	}
	at := func(row []string, name string) string { return row[slices.Index(rows[0], name)] }
	dimensions := map[flows.Dimension]string{flows.Sex: "SEX", flows.Age: "AGE", flows.Nationality: "CITIZENSHIP", flows.Residence: "RESIDENCE", flows.Category: "CATEGORY", flows.Purpose: "PURPOSE",
		flows.Transport: "TRANSPORT", flows.Document: "DOCUMENT", flows.Ground: "GROUND"}
	for _, row := range rows[1:] {
		x := cell{post: at(row, "POST"), group: at(row, "DIRECTION") + "/" + at(row, "OUTCOME")}
		if x.post == flows.All {
			x.post = ""
		}
		for d, column := range dimensions {
			if code := at(row, column); code != flows.All {
				if code == flows.Unknown {
					code = ""
				}
				x.dimension, x.label = string(d), labelOf(d, code)
			}
		}
		if period := at(row, "TIME_PERIOD"); len(period) == len("2026-11-16") {
			x.dimension, x.label = "day", dayLabel(period)
		}
		k.note(x, at(row, "OBS_VALUE"))
	}
}

var standard = sync.OnceValue(form.Default)

func labelOf(d flows.Dimension, code string) string {
	return wording.FlowCode(i18n.In(i18n.English), standard(), d, code)
}

func dayLabel(day string) string {
	n, _ := strconv.Atoi(day[8:])
	return fmt.Sprintf("%d Nov 2026", n)
}

// attack sums whatever sums: codes and days to a group's total, posts to the country.
func attack(c *country, k known) (*flowstest.Attacker, int) {
	a := &flowstest.Attacker{}
	sum := func(total cell, parts []cell) {
		if n, told := k[total]; !told && len(parts) == 0 || told && n >= 0 && len(parts) == 0 {
			return
		}
		var unknown []string
		for _, p := range parts {
			if k[p] < 0 {
				unknown = append(unknown, p.String())
			}
		}
		name := ""
		if k[total] < 0 {
			name = total.String()
		}
		if len(unknown) > 0 || name != "" {
			a.Sum(unknown, name)
		}
	}
	lines := map[cell][]cell{}     // of one post, group and dimension
	countries := map[cell][]cell{} // of one thing at all posts
	for x := range k {
		if x.dimension != "" {
			of := cell{x.post, x.group, x.dimension, ""}
			lines[of] = append(lines[of], x)
		}
		if x.post != "" {
			of := cell{"", x.group, x.dimension, x.label}
			countries[of] = append(countries[of], x)
		}
	}
	for of, parts := range lines {
		sum(cell{of.post, of.group, "", ""}, parts)
	}
	for of, parts := range countries {
		sum(of, parts)
	}
	return a, a.Unknown()
}

// truth counts a country for the test to judge by. Codes that are told nowhere are counted among others.
func truth(c *country, k known) map[string]int64 {
	told := map[cell]bool{}
	for x := range k {
		told[cell{"", x.group, x.dimension, x.label}] = true
	}
	out := map[string]int64{}
	for i := range c.all {
		x := &c.all[i]
		for _, post := range []string{x.post, ""} {
			out[cell{post, x.group.String(), "", ""}.String()]++
			if post == "" {
				out[cell{post, x.group.String(), "day", dayLabel(x.day)}.String()]++
			}
			for d, code := range x.codes {
				at := cell{"", x.group.String(), string(d), labelOf(d, code)}
				if !told[at] {
					at.label = labelOf(d, flows.Other)
				}
				at.post = post
				out[at.String()]++
			}
		}
	}
	return out
}
