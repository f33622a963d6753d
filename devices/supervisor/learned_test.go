package supervisor_test

import (
	"context"
	"strings"
	"testing"

	"garita/border"
	"garita/devices/profile"
	"garita/devices/supervisor"
)

// A scanner that is added while the others run serves as they do, keeps its counter when it is taken out and
// comes back, and lets go of its port.
func TestALearnedScannerComesAndGoes(t *testing.T) {
	set, err := profile.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	p, _ := set.Get("generic-framed-mrz")
	own := *p
	own.ID = "learned-acme"
	first, r := openReader(t, "first"), openReader(t, "acme")
	got := make(chan border.Scan, 4)
	s := start(t, []supervisor.Scanner{{ID: "first", Profile: p.ID, Path: first.Path(), Counter: "1"}}, func(_ context.Context, scan border.Scan) error {
		got <- scan
		return nil
	})
	until(t, s, "first", "ready")
	for name, c := range map[string]struct {
		scanner supervisor.Scanner
		code    border.Code
	}{
		"a name that is taken": {supervisor.Scanner{ID: "first", Profile: own.ID, Path: r.Path()}, border.Conflict},
		"a port that is taken": {supervisor.Scanner{ID: "acme", Profile: own.ID, Path: first.Path()}, border.Invalid},
		"a name of a socket":   {supervisor.Scanner{ID: "usb-1", Profile: own.ID, Path: r.Path()}, border.Invalid},
	} {
		if err := s.Add(c.scanner, &own); border.CodeOf(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	if free := s.Free([]string{first.Path(), r.Path()}); len(free) != 1 || free[0] != r.Path() {
		t.Error(free)
	}
	if err := s.Remove("first"); border.CodeOf(err) != border.NotFound {
		t.Error("the configuration's was taken out:", err)
	}
	for range 2 {
		changes, stop := s.Subscribe()
		err = s.Add(supervisor.Scanner{ID: "acme", Profile: own.ID, Path: r.Path()}, &own)
		for border.CodeOf(err) == border.Conflict { // it has not let go of its port yet
			<-changes
			err = s.Add(supervisor.Scanner{ID: "acme", Profile: own.ID, Path: r.Path()}, &own)
		}
		stop()
		if err != nil {
			t.Fatal(err)
		}
		until(t, s, "acme", "ready")
		if len(s.Free([]string{r.Path()})) != 0 {
			t.Error("its port is free")
		}
		if err := s.Assign(t.Context(), "acme", "2"); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Present(td3); err != nil {
			t.Fatal(err)
		}
		if scan := <-got; scan.Scanner != "acme" || scan.Counter != "2" || strings.Join(scan.Lines, "") != strings.Join(td3, "") {
			t.Errorf("%+v", scan)
		}
		if err := s.Remove("acme"); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Frames("acme"); border.CodeOf(err) != border.NotFound {
			t.Error("it is still there:", err)
		}
	}
}
