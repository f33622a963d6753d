package workshop

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"garita/border"
	"garita/devices/devicetest"
	"garita/devices/drafts"
	"garita/devices/profile"
	"garita/devices/supervisor"
)

// school is a workshop that can teach, and a reader that nobody has configured.
func school(t *testing.T, file string, stop <-chan struct{}) (*Workshop, *devicetest.Reader) {
	t.Helper()
	w, _, r := bench(t, stop)
	set, err := profile.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	d, fault, err := drafts.Open(file, wall{})
	if err = errors.Join(err, fault); err != nil {
		t.Fatal(err)
	}
	w.cfg.Profiles, w.cfg.Drafts = set, d
	w.cfg.Legible = func(lines []string) error {
		if strings.HasSuffix(lines[len(lines)-1], "9") {
			return &border.Error{Code: border.Invalid, Op: "test", Message: "A check digit is wrong."}
		}
		return nil
	}
	return w, r
}

func teach(r *devicetest.Reader) border.LearnRequest {
	return border.LearnRequest{Path: r.Path(), Bauds: []int{9600}, Lines: specimen, Name: "Acme 9000 (USB)"}
}

// during presents documents, one after the other, while something waits for them.
func during[T any](t *testing.T, r *devicetest.Reader, documents [][]string, wait func() (T, error)) (T, error) {
	t.Helper()
	type result struct {
		v   T
		err error
	}
	done := make(chan result, 1)
	go func() {
		v, err := wait()
		done <- result{v, err}
	}()
	every := 150 * time.Millisecond // the line is open by then, and its reader has ended a document
	for i := 0; ; i++ {
		select {
		case got := <-done:
			return got.v, got.err
		case <-time.After(every):
			if _, err := r.Present(documents[i%len(documents)]); err != nil {
				t.Fatal(err)
			}
		}
		if len(documents) == 1 {
			every = 2 * time.Second // a lesson waits until the presentation is over
		}
	}
}

func TestAReaderIsTaughtTriedProposedAndPutInForce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "learned.json")
	w, r := school(t, file, nil)
	ctx := t.Context()
	draft, err := during(t, r, [][]string{specimen}, func() (border.LearnedProfile, error) { return w.Teach(ctx, teach(r), "4001") })
	if err != nil || draft.ID != "learned-acme-9000-usb" || draft.State != border.ProfileDraft || draft.Speed != "9600 8N1" || draft.Marks != "02 03" || draft.Evidence != "emulated" {
		t.Fatalf("%v %+v", err, draft)
	}
	run := w.Learning().Run
	if run.Phase != border.LearnDone || run.Bytes != 92 || run.Readable != 100 || strings.Contains(run.Shapes, "ERIK") {
		t.Errorf("%+v", run)
	}
	if _, err := w.Propose(ctx, draft.ID, "4001"); border.CodeOf(err) != border.Invalid {
		t.Error("proposed before it was tried:", err)
	}

	bad, card := slices.Clone(specimen), []string{"I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"}
	bad[1] = bad[1][:43] + "9"
	tried, err := during(t, r, [][]string{specimen, bad, specimen, card, card}, func() (border.LearnedProfile, error) { return w.Try(ctx, draft.ID, "4001") })
	if err != nil || tried.State != border.ProfileTried || len(tried.Documents) != 3 || !tried.Documents[0].Again || tried.Documents[1].Again || !tried.Documents[2].Again {
		t.Fatalf("%v %+v", err, tried)
	}
	if all := w.Learning().Run.Documents; len(all) != 5 || all[1].OK || all[1].Reason != "A check digit is wrong." || !slices.Equal(all[3].Lines, []int{30, 30, 30}) {
		t.Errorf("%+v", all)
	}

	if _, err = w.Propose(ctx, draft.ID, "4001"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Decide(ctx, draft.ID, draft.Hash, "4001", true); border.CodeOf(err) != border.SecondNeeded {
		t.Error("who made it put it in force:", err)
	}
	if _, err := w.Decide(ctx, draft.ID, "another", "2001", true); border.CodeOf(err) != border.Conflict {
		t.Error("what was not looked at:", err)
	}
	if _, err := w.Decide(ctx, draft.ID, draft.Hash, "2001", true); err != nil {
		t.Fatal(err)
	}
	is(t, w, draft.ID, "ready")
	if _, err := w.Try(ctx, draft.ID, "4001"); err == nil {
		t.Error("tried while it serves")
	}

	// The station starts again.
	again, _ := school(t, file, nil)
	if faults := again.Resume(); len(faults) != 0 {
		t.Error(faults)
	}
	if !slices.ContainsFunc(again.Scanners(), func(d border.ScannerDetail) bool { return d.ID == draft.ID }) {
		t.Error("forgotten over a start")
	}
	if err := again.Supervisor.Remove(draft.ID); err != nil {
		t.Error(err)
	}

	if err := w.Withdraw(ctx, draft.ID, "4001"); err != nil {
		t.Fatal(err)
	}
	is(t, w, draft.ID, "")
	if p := w.Learning().Profiles[0]; p.State != border.ProfileWithdrawn || p.WithdrawnBy != "4001" {
		t.Errorf("%+v", p)
	}
	if err := w.Withdraw(ctx, draft.ID, "4001"); err != nil || len(w.Learning().Profiles) != 0 {
		t.Error("not deleted:", err)
	}
}

// is waits until a scanner has a state; "": it is no longer there.
func is(t *testing.T, w *Workshop, id, state string) {
	t.Helper()
	changes, stop := w.Subscribe()
	defer stop()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		now := ""
		for _, d := range w.Scanners() {
			if d.ID == id {
				now = d.State
			}
		}
		if now == state {
			return
		}
		select {
		case <-changes:
		case <-ctx.Done():
			t.Fatalf("%s is %q", id, now)
		}
	}
}

func TestALessonEnds(t *testing.T) {
	stop := make(chan struct{})
	w, r := school(t, "", stop)
	start := func(ctx context.Context) chan error {
		ended := make(chan error, 1)
		changes, give := w.Subscribe()
		defer give()
		go func() {
			_, err := w.Teach(ctx, teach(r), "4001")
			ended <- err
		}()
		for v := w.Learning(); v.Run == nil || v.Run.Phase != border.LearnListening; v = w.Learning() {
			<-changes
		}
		return ended
	}
	ended := start(t.Context())
	if _, err := w.Teach(t.Context(), teach(r), "4001"); border.CodeOf(err) != border.Conflict {
		t.Error("two at once:", err)
	}
	w.StopTeaching()
	if err := <-ended; border.MessageOf(err) != "It was stopped." || w.Learning().Run.Phase != border.LearnStopped {
		t.Error(err, w.Learning().Run)
	}
	w.StopTeaching() // nothing is done

	w.lesson.patience = 300 * time.Millisecond
	ended = start(t.Context())
	if err := <-ended; border.CodeOf(err) != border.Unavailable || w.Learning().Run.Phase != border.LearnTimedOut || !strings.HasPrefix(w.Learning().Run.Message, "Nothing came") {
		t.Error(err, w.Learning().Run)
	}

	w.lesson.patience = time.Minute
	wrong := teach(r)
	wrong.Lines = []string{specimen[0], strings.Replace(specimen[1], "UTO", "UTA", 1)}
	if _, err := during(t, r, [][]string{specimen}, func() (border.LearnedProfile, error) { return w.Teach(t.Context(), wrong, "4001") }); w.Learning().Run.Phase != border.LearnFailed || !strings.Contains(border.MessageOf(err), "came whole") {
		t.Error(err, w.Learning().Run)
	}
	ended = start(t.Context())
	close(stop) // the station ends
	if err := <-ended; err == nil || w.Learning().Run.Phase != border.LearnStopped {
		t.Error(err)
	}
}

func TestWhatCannotBeTaught(t *testing.T) {
	w, r := school(t, "", nil)
	for name, c := range map[string]struct {
		change func(*border.LearnRequest)
		code   border.Code
	}{
		"no name":                {func(r *border.LearnRequest) { r.Name = "  " }, border.Invalid},
		"no path":                {func(r *border.LearnRequest) { r.Path = "ttyACM0" }, border.Invalid},
		"no document":            {func(r *border.LearnRequest) { r.Lines = []string{"SECRETNAME"} }, border.Invalid},
		"no such port":           {func(r *border.LearnRequest) { r.Path += "x" }, border.NotFound},
		"a name that is taken":   {func(r *border.LearnRequest) { r.ID = "one" }, border.Conflict},
		"a profile that ships":   {func(r *border.LearnRequest) { r.ID = "honeywell-ocr" }, border.Conflict},
		"a port that is taken":   {func(r *border.LearnRequest) { r.Path = w.Scanners()[0].Port }, border.Conflict},
		"an id that is too long": {func(r *border.LearnRequest) { r.ID = strings.Repeat("a", 33) }, border.Invalid},
	} {
		request := teach(r)
		c.change(&request)
		if _, err := w.Teach(t.Context(), request, "4001"); border.CodeOf(err) != c.code || border.MessageOf(err) == "" || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, err := range []error{
		func() error { _, err := w.Try(t.Context(), "nobody", "4001"); return err }(),
		func() error { _, err := w.Propose(t.Context(), "nobody", "4001"); return err }(),
		func() error { _, err := w.Decide(t.Context(), "nobody", "", "4001", true); return err }(),
		w.Withdraw(t.Context(), "nobody", "4001"),
	} {
		if border.CodeOf(err) != border.NotFound {
			t.Error(err)
		}
	}
}

// A port that somebody took meanwhile leaves the proposal as it was.
func TestWhatCannotBeEnforcedIsNotInForce(t *testing.T) {
	w, r := school(t, "", nil)
	draft, err := during(t, r, [][]string{specimen}, func() (border.LearnedProfile, error) { return w.Teach(t.Context(), teach(r), "4001") })
	if err != nil {
		t.Fatal(err)
	}
	if _, err = w.cfg.Drafts.Tried(draft.ID, "4001", nil); err != nil {
		t.Fatal(err)
	}
	if _, err = w.Propose(t.Context(), draft.ID, "4001"); err != nil {
		t.Fatal(err)
	}
	p, _ := w.cfg.Profiles.Get("generic-framed-mrz")
	if err := w.Add(supervisor.Scanner{ID: "other", Profile: p.ID, Path: r.Path()}, p); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Decide(t.Context(), draft.ID, draft.Hash, "2001", true); border.CodeOf(err) != border.Invalid || w.Learning().Profiles[0].State != border.ProfileProposed {
		t.Error(err, w.Learning().Profiles)
	}
	if _, err := w.Decide(t.Context(), draft.ID, draft.Hash, "2001", false); err != nil || w.Learning().Profiles[0].State != border.ProfileRefused {
		t.Error(err)
	}
}
