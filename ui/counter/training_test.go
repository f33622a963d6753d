package counter

import (
	"bufio"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/clock"
	"garita/border/counter"
	"garita/border/form"
	"garita/border/training"
	"garita/border/verdict"
	"garita/ui/gate/gatetest"
	"garita/ui/i18n"
	"garita/ui/i18n/i18ntest"
	"garita/ui/layout"
)

// trainingRoom is a real one, whose clock stands.
func trainingRoom(t *testing.T, acts border.Auditor) (*training.Room, string) {
	t.Helper()
	folder := t.TempDir()
	k := clock.New(func() time.Time { return noon }, func() time.Duration { return 0 }, noon.AddDate(0, -1, 0))
	room, err := training.New(training.Config{Places: []counter.Place{{ID: "1", Direction: border.Entry}, {ID: "2", Direction: border.Exit}}, Zone: time.UTC, Post: "PCA",
		Policy: verdict.DefaultPolicy(), Form: form.Default(), Clock: k, Mono: k.Mono, Attended: training.NewAttended(acts), Folder: folder,
		Officers: func() []counter.Officer {
			return []counter.Officer{{Badge: "1041", Name: "R. Quintero", Roles: []string{"inspector"}}}
		}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := room.Close(); err != nil {
			t.Error(err)
		}
	})
	return room, folder
}

// trained are the pages and papers of training as they are sent.
func trained(t *testing.T, s *screen, to *i18n.Printer) map[string]string {
	t.Helper()
	v := states()["WAITING"]
	v.Counter = "T1"
	data, err := s.pageData(v, to)
	if err != nil {
		t.Fatal(err)
	}
	l := s.layout.In(to)
	page, err := l.Fragment("base.html", layout.Page{Lang: string(to.Lang()), Title: to.T("training::TRAINING"), Kind: "counter", Training: true, Screen: data})
	if err != nil {
		t.Fatal(err)
	}
	paper, err := s.paper(notice(), to, to, true)
	if err != nil {
		t.Fatal(err)
	}
	report, err := s.shiftPaper(shiftReport(), status(), "PCA-1", to, true)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{"TRAINING": string(page), "TRAINING-NOTICE": string(paper), "TRAINING-SHIFT": string(report)}
}

func TestTrainingInEveryLanguage(t *testing.T) {
	s := paperScreen(t, false)
	s.cfg.Training, _ = trainingRoom(t, new(gatetest.Acts))
	for _, lang := range i18n.Langs() {
		to := i18n.In(lang)
		word := to.T("training::TRAINING")
		for name, got := range trained(t, s, to) {
			got = built.ReplaceAllString(got, "/assets/HASH/")
			if n := strings.Count(got, word); n < 2 || !strings.Contains(got, ` training"`) {
				t.Errorf("%s, %s: the word stands there %d times", name, lang, n)
			}
			if name == "TRAINING" { // what the other pages have too is not kept again
				got = got[strings.Index(got, "<aside"):strings.Index(got, "</aside>")] + got[strings.Index(got, `<details class="card specimens"`):strings.Index(got, "</main>")]
			}
			file := filepath.Join("testdata", string(lang), name+".html")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				continue
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatalf("%v (write it with -update-golden and review it)", err)
			}
			if d := cmp.Diff(string(want), got); d != "" {
				t.Errorf("%s: the page has changed (-want +got); if meant, run with -update-golden and review:\n%s", file, d)
			}
		}
	}
}

func TestTrainingIsOfTheCatalogue(t *testing.T) {
	s := paperScreen(t, true)
	s.cfg.Training, _ = trainingRoom(t, new(gatetest.Acts))
	known := append(data(), fields(counter.View{})...)
	for name, html := range trained(t, s, i18n.Pseudo()) {
		for _, text := range bare(html, known) {
			t.Errorf("%s: %q is not of the catalogue", name, text)
		}
	}
	if len(i18ntest.Bare("<p>bare</p>")) == 0 {
		t.Error("the test cannot fail")
	}
}

// What is asked of a training counter reaches the training and nothing else: not the station's service, not its
// audit, not the demo's reader. Without training there is no such counter.
func TestTrainingIsServedApart(t *testing.T) {
	acts := new(gatetest.Acts)
	room, folder := trainingRoom(t, acts)
	s := serve(t, func(cfg *Config) { cfg.Training, cfg.Audit = room, acts })
	page := s.do("GET", "/counters/T1", "", nil)
	if page.status != 200 || !strings.Contains(page.body, "training-banner") || strings.Contains(page.body, `href="/counters/1"`) {
		t.Fatalf("the page: status %d\n%s", page.status, page.body)
	}
	if real := s.do("GET", "/counters/PROCEED", "", nil); strings.Contains(real.body, "training") || strings.Contains(real.body, "/counters/T1") {
		t.Error("a real counter's page speaks of training")
	}
	state := func(name string) string {
		t.Helper()
		_, rest, _ := strings.Cut(s.do("GET", "/counters/T1", "", nil).body, `id="state"`)
		_, rest, _ = strings.Cut(rest, ` data-`+name+`="`)
		value, _, _ := strings.Cut(rest, `"`)
		return value
	}
	meets := func(k training.Kind) {
		t.Helper()
		i := slices.IndexFunc(room.Specimens(), func(x training.Specimen) bool { return x.Kind == k })
		if got := s.do("POST", "/counters/T1/present", `{"index":`+strconv.Itoa(i)+`}`, nil); got.status != 200 {
			t.Fatalf("present %s: %d %s", k, got.status, got.body)
		}
	}
	post := func(path, body string, status int) {
		t.Helper()
		if got := s.do("POST", "/counters/T1"+path, body, nil); got.status != status {
			t.Errorf("%s: status %d, want %d: %s", path, got.status, status, got.body)
		}
	}
	post("/holder", `{}`, 200)
	meets(training.FirstVisit)
	post("/decisions", `{"encounter":"`+state("encounter")+`","revision":`+state("revision")+`,"outcome":"withdrawn"}`, 200)
	crossing := state("last")
	if got := s.do("GET", "/counters/T1/crossings/"+crossing, "", nil); got.status != 200 {
		t.Errorf("the crossing: %d %s", got.status, got.body)
	}
	post("/shift-closed", `{}`, 200)
	if got := s.do("GET", "/counters/T1/shift-report", "", nil); got.status != 200 || !strings.Contains(got.body, "training-across") {
		t.Errorf("the report: %d", got.status)
	}
	post("/scans", `{"source":"wedge","text":"P<FRADUPONT<<MARIE<CLAIRE<<<<<<<<<<<<<<<<<<<\n12AB345672FRA8503155F3004127<<<<<<<<<<<<<<00"}`, 422)
	post("/present", `{"index":99}`, 404)
	if len(s.fake.scans)+len(s.fake.decisions)+len(s.fake.did)+len(s.show.presented) > 0 {
		t.Errorf("the station's service was asked: %+v %+v %+v %+v", s.fake.scans, s.fake.decisions, s.fake.did, s.show.presented)
	}
	if told := acts.Told(); len(told) > 0 {
		t.Errorf("the audit was told of training: %+v", told)
	}
	if all, err := os.ReadDir(folder); err != nil || len(all) != 1 {
		t.Errorf("the training's folder: %v, %v", all, err)
	}
	none := serve(t, nil)
	if got := none.do("GET", "/counters/T1", "", nil); got.status != 404 {
		t.Errorf("without training: status %d", got.status)
	}
}

// A stream follows its training, and ends with it.
func TestTrainingStream(t *testing.T) {
	room, _ := trainingRoom(t, new(gatetest.Acts))
	s := serve(t, func(cfg *Config) { cfg.Training = room })
	res, err := http.Get(s.url + "/live/counters/T1")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	until := func(what string) bool {
		for lines.Scan() {
			if strings.Contains(lines.Text(), what) {
				return true
			}
		}
		return false
	}
	if !until(`"counter":"T1"`) {
		t.Fatal("no view comes")
	}
	if got := s.do("POST", "/counters/T1/present", `{"index":0}`, nil); got.status != 200 {
		t.Fatal(got.body)
	}
	if !until("ARBOLEDA") {
		t.Fatal("the traveller does not come")
	}
	if err := room.Close(); err != nil {
		t.Fatal(err)
	}
	if until("nothing more comes") {
		t.Fatal("cannot be")
	}
}
