package reports

import (
	"encoding/csv"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"garita/border/access"
	"garita/border/flows"
	"garita/border/form"
	"garita/ui"
	"garita/ui/i18n"
	"garita/ui/i18n/i18ntest"
	"garita/ui/layout"
)

var update = flag.Bool("update-golden", false, "write the golden pages instead of comparing them; review the difference")

// states are the pages that are kept as golden files.
func states(t *testing.T, to *i18n.Printer) map[string]any {
	t.Helper()
	s := &screen{cfg: Config{Register: utopia(), Clock: fixedClock{}, Form: form.Default(), SmallCell: flows.SmallCell}}
	made := func(of, post string, k int64, c *country) view {
		s.cfg.Register = c
		p, err := periodOf(of)
		if err != nil {
			t.Fatal(err)
		}
		n, err := s.gather(t.Context(), p, k)
		if err != nil {
			t.Fatal(err)
		}
		before, err := s.groups(t.Context(), p.before(), k)
		if err != nil {
			t.Fatal(err)
		}
		v := s.view(to, n, before.Groups(), "", now)
		if post != "" {
			v = s.view(to, n, before.Groups(), "JGL", now)
		}
		v.Exact, v.File = k == 0, "/reports/"+of+"/file"
		return v
	}
	full := utopia()
	return map[string]any{"week": made("2026-W47", "", 0, full), "week-hidden": made("2026-W47", "", 5, full), "post-hidden": made("2026-W47", "JGL", 5, full), "post": made("2026-11", "JGL", 0, full),
		"empty": made("2025-01", "", 5, &country{}), "list": list{Weeks: []offer{{link{Path: "/reports/2026-W48", Text: weekOf(now).title(to)}, "23 – 29", true}},
			Months: []offer{{link{Path: "/reports/2026-11", Text: monthOf(now).title(to)}, "", true}}}}
}

func pages(t *testing.T) *layout.Layout {
	t.Helper()
	assets, err := layout.Load(ui.Dist, "dist")
	if err != nil {
		t.Fatal(err)
	}
	l, err := layout.New(assets, templates)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestGoldenPages(t *testing.T) {
	l := pages(t)
	for _, lang := range i18n.Langs() {
		to := i18n.In(lang)
		all := states(t, to)
		for _, name := range sorted(all) {
			if lang != i18n.English && name != "week-hidden" {
				continue
			}
			got, err := l.In(to).Fragment("body", all[name])
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", name+"."+string(lang)+".html")
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
				continue
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatalf("%v (write it with -update-golden and review it)", err)
			}
			if d := cmp.Diff(string(want), string(got)); d != "" {
				t.Errorf("%s has changed (-want +got); if meant, run with -update-golden and review:\n%.3000s", file, d)
			}
		}
	}
}

// Every word of the pages comes from the catalogue or from the country's form.
func TestEveryTextIsWritten(t *testing.T) {
	l, err := pages(t).Marked()
	if err != nil {
		t.Fatal(err)
	}
	data := strings.Fields("UTO QRU QSY HTI DOM USA FRA CAN QZE MEX GTM XXA XXB ESP JPN AIR BRG JGL SEA")
	f := form.Default()
	for _, list := range []string{"categories", "purposes", "transport_modes", "refused"} {
		for _, c := range f.Codes(list) {
			data = append(data, c.Label, short(c.Label))
		}
	}
	for _, k := range f.DocumentKinds() {
		data = append(data, k.Label)
	}
	for name, v := range states(t, i18n.Pseudo()) {
		got, err := l.Fragment("body", v)
		if err != nil {
			t.Fatal(err)
		}
		for _, bare := range i18ntest.Bare(string(got)) {
			if i := slices.IndexFunc(data, func(d string) bool { return bare == d }); i < 0 && !dated(bare) {
				t.Errorf("%s: %q was written by nobody", name, bare)
			}
		}
	}
}

// dated reports whether a text is a day, which the printer writes without marks.
func dated(s string) bool {
	s = strings.TrimSuffix(strings.TrimPrefix(s, "← "), " →")
	for _, part := range strings.Split(s, " – ") {
		ok := false
		for _, shape := range []string{"2 Jan 2006", "2 Jan 2006 15:04", "Mon 2 Jan 2006", "Mon 2", "January 2006"} {
			_, err := time.Parse(shape, strings.Trim(part, "· "))
			ok = ok || err == nil
		}
		if !ok {
			return false
		}
	}
	return true
}

// TestWhoSeesWhat: operators see every number on the page; administrators and files none that is small;
// nobody else anything. Who took a file is told first.
func TestWhoSeesWhat(t *testing.T) {
	r := newRig(t, utopia())
	for _, path := range []string{"/reports", "/reports/2026-W47", "/reports/2026-11/posts/JGL", "/reports/2026-11/file"} {
		for _, role := range access.Roles() {
			want := 403
			if role == access.Operator || role == access.Administrator {
				want = 200
			}
			if status, _, _ := r.get(path, role); status != want {
				t.Errorf("%s for %s: %d, want %d", path, role, status, want)
			}
		}
	}
	_, all, _ := r.get("/reports/2026-W47", access.Operator)
	_, some, _ := r.get("/reports/2026-W47", access.Administrator)
	if !strings.Contains(all, `<td class="number">1</td>`) || strings.Contains(all, ">hidden<") || !strings.Contains(all, "Small numbers are shown") {
		t.Error("an operator does not see small numbers")
	}
	counts, _, _ := strings.Cut(some, "coverage-title") // how many stations a post has is no secret
	for n := range flows.SmallCell {
		if small := `<td class="number">` + strconv.Itoa(n) + `</td>`; n > 0 && strings.Contains(counts, small) {
			t.Errorf("an administrator sees %s", small)
		}
	}
	if !strings.Contains(some, ">hidden<") || strings.Contains(some, "By a clock") {
		t.Error("nothing is hidden from an administrator")
	}
	r.acts.Told()
	status, file, header := r.get("/reports/2026-W47/file", access.Operator)
	acts := r.acts.Told()
	if status != 200 || len(acts) != 1 || acts[0].Action != "reports.export" || acts[0].Object != "2026-W47" || acts[0].Officer != "7" ||
		!strings.Contains(header["Content-Disposition"][0], "garita-flows-2026-W47.csv") {
		t.Errorf("%d, acts %+v, %v", status, acts, header)
	}
	checkFile(t, file)
	r.acts.Fail(errors.New("the disk is full"))
	if status, body, _ := r.get("/reports/2026-W47/file", access.Operator); status < 500 || strings.Contains(body, "OBS_VALUE") {
		t.Errorf("a file was given though nobody was told: %d", status)
	}
}

func checkFile(t *testing.T, file string) {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(file)).ReadAll()
	if err != nil || len(rows) < 200 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	at := func(row []string, name string) string { return row[slices.Index(rows[0], name)] }
	seen := map[string]int{}
	for _, row := range rows[1:] {
		n, err := strconv.Atoi(at(row, "OBS_VALUE"))
		status := at(row, "OBS_STATUS")
		seen[status]++
		if (status == "Q") != (err != nil) || err == nil && n > 0 && n < flows.SmallCell {
			t.Errorf("small, or not marked: %v", row)
		}
		if at(row, "REF_AREA") != "UTO" || at(row, "POSTS") == "0" || at(row, "POSTS_COMPLETE") == "" || at(row, "COMPLETE_UNTIL") == "" {
			t.Errorf("what does it cover? %v", row)
		}
	}
	for _, status := range []string{"P", "Q", "A"} {
		if seen[status] == 0 {
			t.Errorf("no row of status %s: %v", status, seen)
		}
	}
}

func TestPeriods(t *testing.T) {
	for s, days := range map[string]string{"2026-W47": "2026-11-16 2026-11-22", "2026-W01": "2025-12-29 2026-01-04", "2026-W53": "2026-12-28 2027-01-03", "2020-W53": "2020-12-28 2021-01-03",
		"2026-11": "2026-11-01 2026-11-30", "2028-02": "2028-02-01 2028-02-29"} {
		p, err := periodOf(s)
		if err != nil || p.name() != s || p.from.Format(time.DateOnly)+" "+p.to.Format(time.DateOnly) != days {
			t.Errorf("%s: %+v, %v", s, p, err)
		}
		if p.after().before() != p || p.before().after() != p || !p.after().from.Equal(p.to.AddDate(0, 0, 1)) {
			t.Errorf("%s: %+v and %+v", s, p.before(), p.after())
		}
	}
	r := newRig(t, utopia())
	for _, s := range []string{"2026-W54", "2027-W53", "2026-W00", "2026-W7", "2026-13", "2026", "0000-01", "2026-W", "x", "2026-W-1", "2026-W+7", "2026-11/posts/NOWHERE"} {
		if status, _, _ := r.get("/reports/"+s, access.Operator); status != 404 {
			t.Errorf("%s: %d", s, status)
		}
	}
}

// TestWeeksAreOfThePostsDays: on a Sunday evening of the posts the next week is not offered, though it is Monday in UTC.
func TestWeeksAreOfThePostsDays(t *testing.T) {
	c := utopia()
	c.day = "2026-11-22"
	r := newRig(t, c)
	for _, path := range []string{"/reports", "/reports/2026-W47"} {
		if _, b, _ := r.get(path, access.Operator); strings.Contains(b, "2026-W48") || !strings.Contains(b, "2026-W46") {
			t.Errorf("%s leads to a week that has not begun", path)
		}
	}
}

// FuzzPeriod: whatever is asked for, a period names itself or is none.
func FuzzPeriod(f *testing.F) {
	for _, s := range []string{"2026-W47", "2026-11", "9999-W53", "-001-W01", "2026-W٤٧"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if p, err := periodOf(s); err == nil && (p.name() != s || p.to.Before(p.from)) {
			t.Errorf("%q is read as %q", s, p.name())
		}
	})
}

func TestPictures(t *testing.T) {
	to := i18n.In(i18n.English)
	for most, want := range map[int64][2]int64{0: {1, 1}, 3: {3, 1}, 7: {8, 2}, 23: {25, 5}, 48: {50, 10}, 99: {100, 20}, 1234: {1500, 500}, 5001: {6000, 2000}} {
		if top, step := scale(most); top != want[0] || step != want[1] {
			t.Errorf("scale to %d: %d by %d, want %v", most, top, step, want)
		}
	}
	p := bars(to, []set{{"a", []flows.Number{{N: 100}, {Hidden: true}}}, {"b", []flows.Number{{N: 50}, {}}}}, kindIn, kindOut)
	if len(p.Bars) != 2 || p.Bars[0].Width != 2*p.Bars[1].Width || p.Bars[0].X+p.Bars[0].Width > pictureWidth-barsRight+1 {
		t.Errorf("%+v", p.Bars)
	}
	c := columns(to, []set{{"1", []flows.Number{{N: 10}, {N: 5}}}, {"2", []flows.Number{{Hidden: true}, {N: 0}}}}, kindIn, kindOut)
	if len(c.Bars) != 2 || c.Bars[0].Height != 2*c.Bars[1].Height || c.Bars[0].Y+c.Bars[0].Height != daysHeight-daysBottom {
		t.Errorf("%+v", c.Bars)
	}
}
