package training_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"garita/border"
	"garita/border/access"
	"garita/border/bordertest"
	"garita/border/clock"
	"garita/border/counter"
	"garita/border/form"
	"garita/border/training"
	"garita/border/verdict"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// wall is the machine's clocks in the test's hand.
type wall struct {
	mu   sync.Mutex
	now  time.Time
	mono time.Duration
}

func (w *wall) Now() time.Time      { w.mu.Lock(); defer w.mu.Unlock(); return w.now }
func (w *wall) Mono() time.Duration { w.mu.Lock(); defer w.mu.Unlock(); return w.mono }
func (w *wall) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now, w.mono = w.now.Add(d), w.mono+d
}

// acts is an audit that remembers.
type acts struct {
	mu  sync.Mutex
	all []border.Act
}

func (a *acts) Audit(_ context.Context, act border.Act) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all = append(a.all, act)
	return nil
}

type rig struct {
	t      *testing.T
	wall   *wall
	parent string
	acts   *acts
	who    *training.Attended
	room   *training.Room
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, wall: &wall{now: bordertest.Start}, parent: t.TempDir(), acts: &acts{}}
	r.open()
	t.Cleanup(func() { r.must(r.room.Close()) })
	return r
}

func (r *rig) open() {
	r.t.Helper()
	k := clock.New(r.wall.Now, r.wall.Mono, time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC))
	r.who = training.NewAttended(r.acts)
	var err error
	r.room, err = training.New(training.Config{Places: []counter.Place{{ID: "1", Direction: border.Entry}, {ID: "2", Direction: border.Exit}}, Zone: time.UTC,
		Post: "PUT", Policy: verdict.DefaultPolicy(), Form: form.Default(), Clock: k, Mono: k.Mono, Attended: r.who, Folder: r.parent, Log: slog.New(slog.DiscardHandler),
		Officers: func() []counter.Officer {
			return []counter.Officer{{Badge: "17", Name: "Officer Seventeen", Roles: []string{"inspector"}}, {Badge: "50", Name: "Supervisor Fifty", Roles: []string{"supervisor"}}}
		}})
	r.must(err)
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// folders are those that trainings have made.
func (r *rig) folders() []string {
	r.t.Helper()
	all, err := filepath.Glob(filepath.Join(r.parent, "*"))
	r.must(err)
	return all
}

// enter gives the desk; the test leaves at its end.
func (r *rig) enter() *training.Desk {
	r.t.Helper()
	d, leave, err := r.room.Enter(r.t.Context())
	r.must(err)
	leave()
	return d
}

func (r *rig) present(d *training.Desk, k training.Kind) counter.View {
	r.t.Helper()
	for i, have := range r.room.Specimens() {
		if have.Kind == k {
			r.must(d.Present(r.t.Context(), "T1", i))
			v, err := d.View("T1")
			r.must(err)
			if v.Encounter == nil {
				r.t.Fatalf("%s opens nothing: %s", k, v.Notice)
			}
			return v
		}
	}
	r.t.Fatalf("no specimen %s", k)
	return counter.View{}
}

// Each invented traveller is what they are there for.
func TestSpecimens(t *testing.T) {
	r := newRig(t)
	d := r.enter()
	at := counter.At{Counter: "T1", Officer: "17"}
	for _, c := range []struct {
		kind  training.Kind
		level verdict.Level
		check verdict.Check // that says it; "": none does
		says  verdict.Outcome
		exit  bool
	}{
		{kind: training.FirstVisit, level: verdict.Proceed},
		{kind: training.Returning, level: verdict.Proceed},
		{kind: training.Parent, level: verdict.Proceed},
		{kind: training.Child},
		{kind: training.Expired, check: verdict.Expiry, says: verdict.Wrong},
		{kind: training.Overstayed, exit: true},
		{kind: training.Damaged, check: verdict.MRZ, says: verdict.Wrong},
		{kind: training.ToRefer, level: verdict.Refer, check: verdict.DocumentList, says: verdict.Hit},
		{kind: training.ToRefuse, level: verdict.Refer, check: verdict.DocumentList, says: verdict.Hit},
		{kind: training.Crew},
		{kind: training.National, level: verdict.Proceed},
	} {
		direction := border.Entry
		if c.exit {
			direction = border.Exit
		}
		r.must(d.SetDirection(t.Context(), "T1", direction, "17"))
		v := r.present(d, c.kind)
		e := v.Encounter
		if e.Verdict.Level != c.level && c.level != "" {
			t.Errorf("%s: verdict %s, want %s: %+v", c.kind, e.Verdict.Level, c.level, e.Verdict.Reasons)
		}
		for _, reason := range e.Verdict.Reasons {
			if reason.Check == c.check && reason.Outcome != c.says {
				t.Errorf("%s: %s is %s, want %s", c.kind, c.check, reason.Outcome, c.says)
			}
		}
		wait(t, "the history", func() bool {
			v, err := d.View("T1")
			r.must(err)
			h := v.Encounter.History
			switch c.kind {
			case training.Returning:
				return len(h.Stays) == 2
			case training.Overstayed:
				return len(h.Stays) == 1 && h.Stays[0].Overstayed > 0
			default:
				return len(h.Stays) == 0
			}
		})
		switch {
		case c.kind == training.Child && (!e.Minor || e.Age != 9):
			t.Errorf("the child: age %d", e.Age)
		case c.kind == training.National && e.Refusable:
			t.Error("an own national can be refused")
		}
		r.must(d.Abandon(t.Context(), at, e.ID, "other", ""))
	}
	last := len(r.room.Specimens()) - 1
	if err := d.Present(t.Context(), "T1", last); border.CodeOf(err) != border.Invalid {
		t.Errorf("a paper without a zone: %v", err)
	}
	for _, odd := range []int{-1, last + 1} {
		if err := d.Present(t.Context(), "T1", odd); border.CodeOf(err) != border.NotFound {
			t.Errorf("specimen %d: %v", odd, err)
		}
	}
}

// What looks real is refused at every way in, and nothing of it is on the disk or on the screen.
func TestRealDocumentsAreRefused(t *testing.T) {
	r := newRig(t)
	d := r.enter()
	before := r.contents()
	at := counter.At{Counter: "T1", Officer: "17"}
	real := []string{"P<FRADUPONT<<MARIE<CLAIRE<<<<<<<<<<<<<<<<<<<", "12AB345672FRA8503155F3004127<<<<<<<<<<<<<<00"}
	of := counter.Particulars{Kind: "passport", DocumentNumber: "12AB34567", IssuingState: "FRA", Surname: "DUPONT", GivenNames: "MARIE CLAIRE", Nationality: "FRA"}
	for name, try := range map[string]func() error{
		"wedge": func() error {
			return d.Scan(t.Context(), border.Scan{Counter: "T1", Source: border.SourceWedge, Scanner: "browser", Lines: real, ReceivedAt: r.wall.Now()})
		},
		"typed lines": func() error {
			return d.Scan(t.Context(), border.Scan{Counter: "T1", Source: border.SourceKeyed, Lines: real, ReceivedAt: r.wall.Now()})
		},
		"a foreigner's document of Utopia": func() error {
			lines := []string{real[0][:2] + "UTO" + real[0][5:], real[1]}
			return d.Scan(t.Context(), border.Scan{Counter: "T1", Source: border.SourceWedge, Scanner: "browser", Lines: lines, ReceivedAt: r.wall.Now()})
		},
		"particulars": func() error {
			_, err := d.Open(t.Context(), counter.Opening{At: at, Identity: border.IdentityKeyed, Particulars: of})
			return err
		},
		"other particulars":  func() error { return d.Rekey(t.Context(), at, border.ID{1}, of) },
		"a further document": func() error { return d.Attach(t.Context(), at, border.ID{1}, of) },
		"a correction": func() error {
			_, err := d.Correct(t.Context(), counter.Correction{At: at, Particulars: &of})
			return err
		},
		"a paper": func() error {
			_, err := d.Keep(t.Context(), counter.KeepIn{At: at, Encounter: border.ID{1}, Kind: border.KindPaper}, []byte("%PDF"))
			return err
		},
	} {
		if err := try(); border.CodeOf(err) != border.Invalid || !strings.Contains(border.MessageOf(err), "in training") || strings.Contains(err.Error()+border.MessageOf(err), "DUPONT") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if d := cmp.Diff(before, r.contents()); d != "" {
		t.Errorf("what was refused is on the disk:\n%s", d)
	}
	if v, err := d.View("T1"); err != nil || v.Encounter != nil || len(v.Queue) > 0 || v.Notice != "" || v.Last != nil {
		t.Errorf("what was refused is on the screen: %+v, %v", v, err)
	}
}

// contents are all files of the trainings, with their bytes.
func (r *rig) contents() map[string]string {
	r.t.Helper()
	out := make(map[string]string)
	r.must(filepath.WalkDir(r.parent, func(path string, e os.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			b, readErr := os.ReadFile(path)
			out[path], err = string(b), readErr
		}
		return err
	}))
	return out
}

func wait(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("in vain waited for: %s", what)
		}
	}
}

// run runs the room until the returned function is called.
func (r *rig) run() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	room := r.room
	go func() { done <- room.Run(ctx) }()
	return sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			r.t.Error(err)
		}
	})
}

// The folder goes when the last has left, not before; and who comes then begins anew.
func TestGoneWhenLeft(t *testing.T) {
	r := newRig(t)
	stop := r.run()
	defer stop()
	tell := func(action access.Action, c border.CounterID, session string) {
		t.Helper()
		r.must(r.who.Audit(t.Context(), border.Act{Action: string(action), Counter: c, Session: session, Officer: "17"}))
	}
	tell(access.SignIn, "T1", "a")
	tell(access.SignIn, "T2", "b")
	tell(access.SignIn, "1", "c")
	d := r.enter()
	r.present(d, training.FirstVisit)
	if len(r.folders()) != 1 {
		t.Fatalf("folders %v", r.folders())
	}
	tell(access.SignOut, "T1", "a")
	tell(access.SignOut, "1", "c")
	if again := r.enter(); again != d {
		t.Fatal("it was closed though somebody trains")
	}
	tell(access.SignOut, "T2", "b")
	tell(access.SwitchUser, "T2", "d") // another officer goes on there
	time.Sleep(1500 * time.Millisecond)
	if again := r.enter(); again != d {
		t.Fatal("it was closed though another officer has taken over")
	}
	tell(access.SignOut, "T2", "d")
	wait(t, "the folder to go", func() bool { return len(r.folders()) == 0 })
	if _, err := d.Stay(); border.CodeOf(err) != border.Unavailable {
		t.Errorf("a closed desk: %v", err)
	}
	next := r.enter()
	if v, err := next.View("T1"); err != nil || v.Encounter != nil || v.Last != nil {
		t.Errorf("the next training does not begin anew: %+v, %v", v, err)
	}
	stop()
	if len(r.folders()) != 0 {
		t.Errorf("left at the end: %v", r.folders())
	}
	if _, _, err := r.room.Enter(t.Context()); border.CodeOf(err) != border.Unavailable {
		t.Errorf("entered a closed room: %v", err)
	}
}

// After an hour without use it goes too; use puts that off. Whoever never signed out keeps no later one open.
func TestGoneWhenAbandoned(t *testing.T) {
	r := newRig(t)
	defer r.run()()
	tell := func(action access.Action, session string) {
		t.Helper()
		r.must(r.who.Audit(t.Context(), border.Act{Action: string(action), Counter: "T1", Session: session, Officer: "17"}))
	}
	tell(access.SignIn, "expires")
	r.enter()
	r.wall.pass(59 * time.Minute)
	d := r.enter()
	r.wall.pass(59 * time.Minute)
	time.Sleep(50 * time.Millisecond) // nothing may happen
	if r.enter() != d {
		t.Fatal("it was closed in use")
	}
	r.wall.pass(time.Hour)
	wait(t, "the folder to go", func() bool { return len(r.folders()) == 0 })
	tell(access.SignIn, "next")
	r.enter()
	tell(access.SignOut, "next")
	wait(t, "the folder to go with the last who is there", func() bool { return len(r.folders()) == 0 })
}

// A power cut leaves the folder behind, which the next start removes; what another program trains in stays.
func TestGoneAfterCrash(t *testing.T) {
	r := newRig(t)
	r.present(r.enter(), training.ToRefuse)
	living := r.folders()[0]
	dead := filepath.Join(r.parent, "garita-training-dead")
	r.must(os.CopyFS(dead, os.DirFS(living))) // as it lies there: nobody holds the copy
	other := filepath.Join(r.parent, "garita-other")
	r.must(os.Mkdir(other, 0o700))
	r.must(os.Symlink(other, filepath.Join(r.parent, "garita-training-link")))
	first := r.room
	r.open()
	if d := cmp.Diff([]string{other, living, filepath.Join(r.parent, "garita-training-link")}, r.folders()); d != "" {
		t.Errorf("after the next start (-want +got):\n%s", d)
	}
	r.must(first.Close())
	if _, err := os.Stat(living); !os.IsNotExist(err) {
		t.Errorf("closed, and still there: %v", err)
	}
}

// The audit learns who trains and what was refused, and nothing of the work.
func TestAudit(t *testing.T) {
	r := newRig(t)
	for _, a := range []border.Act{
		{Action: string(access.SignIn), Counter: "T1", Session: "a"}, {Action: string(access.ApproveOther), Counter: "T1", Session: "a", Second: "50"},
		{Action: string(access.LockSession), Counter: "T1", Session: "a", Reason: "idle"}, {Action: string(access.Unlock), Counter: "T1", Session: "b"},
		{Action: string(access.SignIn), Result: border.ActRefused, Counter: "T1", Reason: "wrong_pin"}, {Action: string(access.LockSession), Counter: "T1", Object: "badge"},
		{Action: string(access.SwitchUser), Counter: "T1", Session: "c"}, {Action: string(access.SignOut), Counter: "T1", Session: "c"},
		{Action: string(access.SignIn), Counter: "1", Session: "d"}, {Action: string(access.ApproveOther), Counter: "1"}, {Action: string(access.TakeRoster)},
	} {
		r.must(r.who.Audit(t.Context(), a))
	}
	var got []string
	for _, a := range r.acts.all {
		got = append(got, string(a.Counter)+" "+a.Action+" "+string(a.Result)+a.Object)
	}
	if d := cmp.Diff([]string{"T1 training.entered ", "T1 sign_in refused", "T1 lock badge", "T1 training.entered ", "T1 training.left ", "1 sign_in ", "1 approve_other ", " roster.take "}, got); d != "" {
		t.Error(d)
	}
}
