package flows

import (
	"context"
	"encoding/csv"
	"errors"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
	"garita/border/bordertest"
	"garita/border/flows"
	"garita/border/form"
	"garita/border/register"
	"garita/border/seal"
	"garita/ui/gate/gatetest"
	"garita/ui/i18n"
	"garita/ui/layout/layouttest"
)

var update = flag.Bool("update-golden", false, "write the golden pages instead of comparing them; review the difference")

type clock struct{}

func (clock) Now() time.Time { return bordertest.Start.Add(time.Hour) }

// noKeys opens nothing: counts are made of open headers.
type noKeys struct{}

func (noKeys) Add(context.Context, []border.KeyWrap) error             { return nil }
func (noKeys) IDs(context.Context, border.StationID) ([]string, error) { return nil, nil }
func (noKeys) Open(*border.Event, string) ([]byte, error)              { return nil, seal.ErrNoKey }

func serve(t *testing.T, crossings int) *fiber.App {
	t.Helper()
	app, _ := served(t, crossings, clock{})
	return app
}

// served is the page of a register with crossings at a post of Panama's zone, and what it told the audit.
func served(t *testing.T, crossings int, at border.Clock) (*fiber.App, *gatetest.Acts) {
	t.Helper()
	blinder, err := seal.NewBlinder(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	r, err := register.Open(context.Background(), register.Config{Dir: t.TempDir(), Clock: at, Keys: noKeys{}, Blinder: blinder})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	epoch := bordertest.EpochNo(1)
	last := bordertest.Opened("PUT-1", epoch, border.Parent{})
	events := []border.Event{last}
	for i := range crossings {
		last = bordertest.Event("PUT-1", epoch, uint64(i)+2, last.Hash, border.TypeCrossingRecorded)
		events = append(events, last)
	}
	for _, e := range events {
		if _, err := r.Store(context.Background(), []border.Received{{Claimed: e.Key, Event: e.Encode(), At: clock{}.Now()}}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.Greet(context.Background(), border.Hello{Station: "PUT-1", Post: "PUT", Zone: "America/Panama", Now: at.Now(),
		Head: border.Position{Epoch: epoch, Seq: uint64(len(events))}}); err != nil {
		t.Fatal(err)
	}
	app, acts := fiber.New(fiber.Config{Immutable: true, DisableStartupMessage: true}), new(gatetest.Acts)
	app.Use(gatetest.New(t, access.HubRoutes(), acts))
	if err := Mount(app, Config{Register: r, Clock: at, Audit: acts, Area: "PA", Names: map[border.PostID]string{"PUT": "The bridge"}}); err != nil {
		t.Fatal(err)
	}
	return app, acts
}

func get(t *testing.T, app *fiber.App, path string, part bool, role access.Role) (int, string) {
	t.Helper()
	req := httptest.NewRequest(http.MethodGet, path, nil)
	req.Host = "127.0.0.1"
	req.Header.Set("Accept", "text/html")
	req.Header.Set("Cookie", gatetest.Header(gatetest.Token("1", "", role)))
	if part {
		req.Header.Set("HX-Request", "true")
	}
	res, err := app.Test(req, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

func TestThePageAndItsPart(t *testing.T) {
	app := serve(t, 7)
	status, whole := get(t, app, "/flows?days=30&post=PUT", false, access.Operator)
	if status != 200 || !strings.Contains(whole, "<html") || !strings.Contains(whole, "Entries admitted: The bridge, The last 30 days: <strong>7</strong>") {
		t.Errorf("%d %s", status, whole)
	}
	status, part := get(t, app, "/flows?days=30&post=PUT", true, access.Operator)
	if status != 200 || strings.Contains(part, "<html") || !strings.HasPrefix(part, `<div id="flows"`) {
		t.Errorf("%d %s", status, part)
	}
	// What an address cannot mean is as if it were not there.
	if status, b := get(t, app, "/flows?days=-1&post=../..&group=%3Cb%3E", false, access.Operator); status != 200 || !strings.Contains(b, "Entries admitted: All posts, The last 7 days") {
		t.Errorf("%d %s", status, b)
	}
	if status, _ := get(t, app, "/flows", false, access.Inspector); status != 403 {
		t.Errorf("an inspector gets %d", status)
	}
	_, file := get(t, app, "/flows/csv?days=30", false, access.Operator)
	rows, err := csv.NewReader(strings.NewReader(file)).ReadAll()
	if err != nil || len(rows) < 5 {
		t.Errorf("the file: %v\n%s", err, file)
	}
}

// evening is 01:00 in UTC, 20:00 of the day before at the post.
type evening struct{}

func (evening) Now() time.Time { return time.Date(2026, 11, 3, 1, 0, 0, 0, time.UTC) }

// TestTodayIsThePostsDay: on an evening in Panama today is not tomorrow, though UTC's day is another.
func TestTodayIsThePostsDay(t *testing.T) {
	app, _ := served(t, 7, evening{})
	for _, path := range []string{"/flows?days=1&post=PUT", "/flows?days=1"} {
		if _, b := get(t, app, path, true, access.Operator); !strings.Contains(b, "Today: <strong>7</strong>") {
			t.Errorf("%s: %s", path, b)
		}
	}
	if _, file := get(t, app, "/flows/csv?days=1", false, access.Operator); !strings.Contains(file, "\r\nPA,_T,D,2026-11-02,entry,admitted,") {
		t.Errorf("the file: %s", file)
	}
}

// TestTheFileIsToldOf: only whoever may take reports' files is given this one, and never untold.
func TestTheFileIsToldOf(t *testing.T) {
	app, acts := served(t, 7, clock{})
	acts.Told()
	status, file := get(t, app, "/flows/csv?days=30&post=PUT", false, access.Administrator)
	told := acts.Told()
	if status != 200 || len(told) != 1 || told[0].Action != string(access.ReportsExport) || told[0].Officer != "1" || told[0].Object != "arrivals 2026-10-04/P30D PUT" {
		t.Errorf("%d, told %+v", status, told)
	}
	rows, err := csv.NewReader(strings.NewReader(file)).ReadAll()
	if err != nil || len(rows) < 2 || rows[1][2] != "_Z" || rows[1][3] != "2026-10-04/P30D" {
		t.Errorf("%v %v", rows, err)
	}
	if status, _ := get(t, app, "/flows/csv", false, access.Technician); status != 403 {
		t.Errorf("a technician gets %d", status)
	}
	for role, given := range map[access.Role]bool{access.Operator: true, access.Administrator: true, access.Technician: false} {
		if _, b := get(t, app, "/flows", true, role); strings.Contains(b, "/flows/csv") != given {
			t.Errorf("%s is shown where the file is: %v", role, !given)
		}
	}
	acts.Fail(errors.New("the journal is full"))
	if status, file := get(t, app, "/flows/csv", false, access.Operator); status == 200 || strings.Contains(file, "OBS_VALUE") {
		t.Errorf("given untold: %d %s", status, file)
	}
}

// Whoever may see aggregates only is shown no small number, on the page or in the file, and no course.
func TestSmallNumbersAreHidden(t *testing.T) {
	app := serve(t, 3)
	_, open := get(t, app, "/flows", true, access.Operator)
	if !strings.Contains(open, "<strong>3</strong>") || !strings.Contains(open, `data-plot="today"`) {
		t.Errorf("an operator is shown %s", open)
	}
	if _, file := get(t, app, "/flows/csv", false, access.Operator); regexp.MustCompile(`,[1-4],[A-Z],`).MatchString(file) || !strings.Contains(file, ",Q") {
		t.Errorf("the file has small numbers:\n%s", file)
	}
	for _, path := range []string{"/flows", "/flows?post=PUT"} {
		_, closed := get(t, app, path, true, access.Technician)
		if strings.Contains(closed, "<strong>3</strong>") || !strings.Contains(closed, "<strong>…</strong>") || regexp.MustCompile(`class="number">[1-4]<`).MatchString(closed) || strings.Contains(closed, "data-plot") {
			t.Errorf("%s: a technician is shown %s", path, closed)
		}
	}
}

// texts are states in a printer's words.
func texts(p *i18n.Printer) map[string]any {
	s := &screen{cfg: Config{Form: form.Default(), Names: map[border.PostID]string{"PCA": "Paso Alto"}}}
	divisions := []division{
		{Dimension: flows.Nationality, Codes: []string{"UTO", "QRU", flows.Other, ""}, Counts: []flows.Number{{N: 70}, {N: 25}, {Hidden: true, N: 4}, {N: 1}}, Total: flows.Number{N: 100}},
		{Dimension: flows.Sex, Codes: []string{"F", "M", "X"}, Counts: []flows.Number{{N: 60}, {N: 39}, {N: 1}}, Total: flows.Number{N: 100}},
		{Dimension: flows.Age, Codes: []string{"Y10T14", "Y5T9", "Y_GE80"}, Counts: []flows.Number{{N: 60}, {N: 39}, {N: 1}}, Total: flows.Number{N: 100}},
		{Dimension: flows.Category, Codes: []string{"visitor", "resident"}, Counts: []flows.Number{{N: 60}, {N: 40}}, Total: flows.Number{N: 100}},
		{Dimension: flows.Ground},
	}
	today := &flows.Today{Day: "2026-11-22", Now: 2, Weeks: 4, N: 12, Usual: 10}
	today.Hours[1] = flows.Hour{N: 12, Usual: 10, Least: 5, Most: 15}
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	all := func(a *answer) *view { // for whoever may take the file
		v := s.show(p, a)
		v.File = a.Filter.file()
		return v
	}
	return map[string]any{
		"empty": all(&answer{Filter: filter{Days: 7, Group: "arrivals"}, Step: flows.Daily, Today: &flows.Today{}, Presence: flows.Presence{Inside: flows.Certainty{Uncertain: 1200}, Counting: true}}),
		"busy": all(&answer{Filter: filter{Post: "PCA", Days: 365, Group: "departures"}, Posts: []border.PostID{"DAR", "PCA"}, Step: flows.Monthly, Today: today, Total: flows.Number{N: 100},
			Series: []flows.Point{{From: "2026-10-01", N: 40}, {From: "2026-11-01", N: 60}}, Divisions: divisions,
			Presence: flows.Presence{Inside: flows.Certainty{Uncertain: 500}, Overstays: flows.Certainty{Certain: 2, Uncertain: 1}, AsOf: at, StaleS: 7200, Late: []flows.Late{{Post: "DAR", Station: "DAR-1", Complete: at}}}}),
		"aggregates": s.show(p, &answer{Filter: filter{Days: 30, Group: "refusals"}, Posts: []border.PostID{"DAR", "PCA"}, Step: flows.Daily, Total: flows.Number{N: 3, Hidden: true}, Divisions: divisions[:1], Small: 5,
			Presence: flows.Presence{Inside: flows.Certainty{Certain: 40, Uncertain: 2}, Overstays: flows.Certainty{Certain: 3}}}),
		"weeks": all(&answer{Filter: filter{Days: 90, Group: "arrivals"}, Step: flows.Weekly, Series: []flows.Point{{From: "2026-11-09", N: 40}, {From: "2026-11-16", N: 60}}}),
	}
}

var pages = layouttest.Pages{Templates: templates, States: texts, Everywhere: []string{"busy"},
	Data: regexp.MustCompile(`^(?:[;:,/()+…–-]|\s|\b(?:PCA|DAR|UTO|QRU|Nov|October|November)\b|DAR-1|\d|%|Paso Alto|Visitor|Resident foreigner|/flows/csv.*)*$`)}

func TestGoldenPages(t *testing.T) { layouttest.Golden(t, pages, *update) }

func TestEveryTextIsOfTheCatalogue(t *testing.T) { layouttest.Translated(t, pages) }
