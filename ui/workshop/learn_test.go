package workshop

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/access"
	"garita/ui/i18n"
	"garita/ui/i18n/i18ntest"
	"garita/ui/layout"
)

var (
	teacher    = &access.Principal{Badge: "4001", Roles: []access.Role{access.Technician}}
	supervisor = &access.Principal{Badge: "2001", Roles: []access.Role{access.Supervisor}}
)

// taught are states of learning, and who looks at them.
func taught() map[string]struct {
	view border.LearningView
	who  *access.Principal
} {
	run := func(phase, message string) *border.LearningRun {
		return &border.LearningRun{Phase: phase, Profile: "learned-acme-9000", Path: "/dev/ttyUSB0", Since: now.Add(-time.Minute), Until: now.Add(2 * time.Minute),
			Baud: 9600, Attempt: 2, Attempts: 7, Bytes: 92, Readable: 100, Shapes: "␂A<AAA<<0␍␃", Message: message}
	}
	trying := run(border.LearnTrying, "")
	trying.Attempt, trying.Attempts, trying.Bytes, trying.Shapes = 0, 0, 0, ""
	trying.Documents = []border.TriedReading{{Lines: []int{44, 44}, OK: true}, {Reason: "What came is no whole document. Present it again."},
		{Lines: []int{44, 44}, OK: true, Again: true}, {Lines: []int{30, 30, 30}, OK: true}}
	profile := func(state string, change ...func(*border.LearnedProfile)) border.LearnedProfile {
		p := border.LearnedProfile{ID: "learned-acme-9000", Name: "Acme <9000>", Path: "/dev/ttyUSB0", State: state, TOML: "schema = 1\n", Hash: "abc", Evidence: "emulated",
			Transport: "serial", Speed: "9600 8N1", Framing: "stx-etx", Marks: "02 03", TaughtBy: "4001", TaughtAt: now.Add(-time.Hour),
			Remarks: []string{"The silence that ends an unfinished document (400 ms) was not measured."}}
		if state != border.ProfileDraft {
			p.TriedBy, p.TriedAt, p.Documents = "4001", now, trying.Documents[:1]
			p.ProposedBy, p.ProposedAt = "4001", now
		}
		if state == border.ProfileInForce || state == border.ProfileRefused {
			p.DecidedBy, p.DecidedAt = "2001", now
		}
		for _, c := range change {
			c(&p)
		}
		return p
	}
	withdrawn := profile(border.ProfileWithdrawn)
	withdrawn.WithdrawnBy, withdrawn.WithdrawnAt = "4001", now
	keyboard := profile(border.ProfileTried, func(p *border.LearnedProfile) {
		p.Transport, p.Speed, p.Framing, p.Marks = "wedge", "us", "line-cr", "mrz-lines"
	})
	var framed []border.LearnedProfile
	for _, f := range [][2]string{{"line-cr", "04"}, {"line-cr", "blank-line"}, {"raw-len", ""}, {"raw-idle", ""}} {
		framed = append(framed, profile(border.ProfileDraft, func(p *border.LearnedProfile) { p.Framing, p.Marks = f[0], f[1] }))
	}
	type state = struct {
		view border.LearningView
		who  *access.Principal
	}
	nodes := []border.LearnNode{{Path: "/dev/serial/by-id/usb-x", Kind: "serial"}, {Path: "/dev/input/by-id/usb-y-event-kbd", Kind: "wedge"}}
	of := func(p ...border.LearnedProfile) border.LearningView {
		return border.LearningView{Nodes: nodes, Profiles: p}
	}
	return map[string]state{
		"nothing":    {border.LearningView{}, teacher},
		"listening":  {border.LearningView{Nodes: nodes, Run: run(border.LearnListening, "What came is no text. Most likely the baud rate or the parity is another: look it up in the reader's settings, or let more baud rates be tried.")}, teacher},
		"trying":     {border.LearningView{Nodes: nodes, Run: trying}, teacher},
		"failed":     {border.LearningView{Run: run(border.LearnFailed, "The document is in what came, but the bytes around it (3 before, 4 after) are no framing that Garita knows. Switch off prefixes, suffixes and code identifiers in the reader's settings; STX and ETX, or a line end after each line, is best.")}, teacher},
		"timed out":  {border.LearningView{Run: run(border.LearnTimedOut, "Nothing came from the reader. Check cable and path, then try again and present the specimen.")}, teacher},
		"stopped":    {border.LearningView{Run: run(border.LearnStopped, "It was stopped.")}, teacher},
		"understood": {border.LearningView{Run: run(border.LearnDone, ""), Profiles: []border.LearnedProfile{profile(border.ProfileDraft)}}, teacher},
		"framings":   {of(framed...), teacher},
		"tried":      {of(keyboard), teacher},
		"proposed":   {of(profile(border.ProfileProposed)), teacher},
		"to decide":  {of(profile(border.ProfileProposed)), supervisor},
		"in force":   {of(profile(border.ProfileInForce)), teacher},
		"in vain":    {of(profile(border.ProfileInForce)), supervisor},
		"refused":    {of(profile(border.ProfileRefused)), teacher},
		"withdrawn":  {of(withdrawn), teacher},
	}
}

// TestLearnPages compares the page in each state with its golden file, and looks for texts of no catalogue.
func TestLearnPages(t *testing.T) {
	data := regexp.MustCompile(`learned-acme-9000|/dev/[a-zA-Z0-9/-]+|Acme <?9000>?|What came is no text.*|Nothing came.*|It was stopped.|9600 8N1|[␀-␡A<0]+|schema = 1|400[12], \S+|2001, \S+|us`)
	for name, c := range taught() {
		s := &shelf{taught: c.view}
		if name == "in force" {
			s.list = []border.ScannerDetail{{ScannerStatus: border.ScannerStatus{ID: "learned-acme-9000"}}}
		}
		screen := marked(t, s)
		assets, err := layout.Built()
		if err != nil {
			t.Fatal(err)
		}
		if screen.lessons, err = layout.New(assets, learnTemplates); err == nil {
			screen.lessons, err = screen.lessons.Marked()
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := screen.lessons.Fragment("body", screen.learnPanel(i18n.Pseudo(), c.who))
		if err != nil {
			t.Fatal(err)
		}
		for _, bare := range i18ntest.Bare(string(b)) {
			if regexp.MustCompile(`\p{L}{2,}`).MatchString(data.ReplaceAllString(bare, "")) {
				t.Errorf("%s: %q is not of the catalogue", name, bare)
			}
		}
		body := strings.NewReplacer("⟦", "", "⟧", "").Replace(string(b))
		file := filepath.Join("testdata", "learn-"+strings.ReplaceAll(name, " ", "-")+".html")
		if *update {
			if err := os.WriteFile(file, []byte(body), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatalf("%v (write it with -update-golden and review it)", err)
		}
		if d := cmp.Diff(string(want), body); d != "" {
			t.Errorf("%s has changed (-want +got); if meant, run with -update-golden and review:\n%s", name, d)
		}
	}
}

// Every state and phase has words, and who may do what follows from state, role and who made it.
func TestWhoMayDoWhatWithAProfile(t *testing.T) {
	p := i18n.In(i18n.English)
	other := &access.Principal{Badge: "4002", Roles: []access.Role{access.Technician}}
	for state, want := range map[string][3]string{ // teacher, other technician, supervisor
		border.ProfileDraft:     {"try delete", "try delete", "delete"},
		border.ProfileTried:     {"try propose delete", "try propose delete", "delete"},
		border.ProfileProposed:  {"back", "decide", "decide"},
		border.ProfileInForce:   {"undo", "undo", "undo"},
		border.ProfileRefused:   {"try propose delete", "try propose delete", "delete"},
		border.ProfileWithdrawn: {"try propose delete", "try propose delete", "delete"},
	} {
		l := border.LearnedProfile{ID: "a", State: state, TaughtBy: "4001", Framing: "raw-idle"}
		if state != border.ProfileDraft {
			l.TriedBy, l.ProposedBy = "4001", "4001"
		}
		for i, who := range []*access.Principal{teacher, other, supervisor} {
			got := learnedProfile(p, &l, who, now)
			if got.State == "" || got.Advice == "" || strings.Contains(got.State, "::") {
				t.Errorf("%s has no words: %+v", state, got)
			}
			var may []string
			for _, w := range []struct {
				is   bool
				name string
			}{{got.Try, "try"}, {got.Propose, "propose"}, {got.Decide, "decide"}, {got.Back, "back"}, {got.Undo, "undo"}, {got.Delete, "delete"}} {
				if w.is {
					may = append(may, w.name)
				}
			}
			if strings.Join(may, " ") != want[i] {
				t.Errorf("%s: %s may %v, not %s", state, who.Badge, may, want[i])
			}
		}
	}
	for _, phase := range []string{border.LearnListening, border.LearnTrying, border.LearnDone, border.LearnFailed, border.LearnTimedOut, border.LearnStopped} {
		if lessons[phase].word == "" {
			t.Errorf("%s has no words", phase)
		}
	}
}

// A proposal is said on the workshop's page, for whoever has to decide.
func TestAProposalIsSeenInTheWorkshop(t *testing.T) {
	s := &shelf{taught: taught()["proposed"].view}
	screen := marked(t, s)
	if got := screen.panel(t.Context(), i18n.In(i18n.English)).Proposed; got != "1 learned profile waits for a second person" {
		t.Errorf("%q", got)
	}
	if slices.ContainsFunc(access.Classless(reflect.TypeFor[learnView]()), func(string) bool { return true }) {
		t.Error(access.Classless(reflect.TypeFor[learnView]()))
	}
}

// What changes arrives live, and holds nothing but what the page shows.
func TestLearningArrivesLive(t *testing.T) {
	s := &shelf{changes: make(chan struct{}, 1)}
	url, _ := serve(t, s)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	next := events(ctx, t, url+"/live/workshop/learn")
	for data := next(); !strings.Contains(data, "Nothing yet."); data = next() {
	}
	s.mu.Lock()
	s.taught = taught()["listening"].view
	s.mu.Unlock()
	s.changes <- struct{}{}
	var e learnEvent
	for e.View.Learning.Run == nil {
		e = learnEvent{}
		if err := json.Unmarshal([]byte(next()), &e); err != nil {
			t.Fatal(err)
		}
	}
	if e.View.Learning.Run.Phase != border.LearnListening || !strings.Contains(e.HTML, `id="stop"`) {
		t.Errorf("%+v", e)
	}
}
