package station_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"math"
	"path/filepath"
	"testing"
	"time"

	"garita/border"
	"garita/border/access"
	"garita/border/clock"
	"garita/border/counter"
	"garita/border/seal"
	"garita/cmd/internal/founding"
	"garita/cmd/internal/station"
	"garita/devices/devicetest/r30x"
	"garita/devices/supervisor"
)

// From a simulated module on a serial line to a sealed file that a crossing names: supervisor, driver,
// counter and journal are those of the program.
func TestFingerFromModule(t *testing.T) {
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	wait := func(what string, ok func() bool) {
		t.Helper()
		for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("in vain waited for %s", what)
			}
		}
	}
	dir := t.TempDir()
	module, err := r30x.Open(filepath.Join(dir, "ttyFINGER"), 256, 288, "")
	must(err)
	defer module.Close()
	s, err := founding.Alone(t.Context(), dir, station.Config{Data: filepath.Join(dir, "post"), Listen: "127.0.0.1:0", Post: "PUT", Station: "PUT-1", Zone: "UTC",
		Counters: []station.Counter{{ID: "1", Direction: border.Entry}},
		Scanners: []supervisor.Scanner{{ID: "finger", Profile: "r30x-fingerprint", Path: filepath.Join(dir, "ttyFINGER"), Counter: "1"}},
	}, clock.System(time.Now()), slog.New(slog.DiscardHandler), access.Officer{Badge: "1234", Name: "Officer One", Roles: []access.Role{access.Inspector}})
	must(err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	defer func() { cancel(); must(<-done) }()

	view := func() counter.View {
		v, err := s.Counters.View("1")
		must(err)
		return v
	}
	wait("the scanner", func() bool {
		for _, sc := range view().Status.Scanners {
			if sc.ID == "finger" && sc.State == "ready" {
				return true
			}
		}
		return false
	})
	at := counter.At{Counter: "1", Officer: "1234"}
	id, err := s.Counters.Open(t.Context(), counter.Opening{At: at, Identity: border.IdentityDeclared,
		Particulars: counter.Particulars{Surname: "UTOPIAN", Nationality: "UTO", BirthDate: "1974-XX-XX"}})
	must(err)
	pixels := make([]byte, 256*288) // nobody's finger
	for k := range pixels {
		pixels[k] = byte(140 + 90*math.Sin(2*math.Pi*math.Hypot(float64(k%256-128)*1.2, float64(k/256-160))/9))
	}
	must(s.Counters.AskFinger(t.Context(), at, id, 2, "enrolment"))
	module.Touch(pixels)
	wait("the image", func() bool { return view().Encounter.Fingers.Capture.State == counter.CaptureKept })
	f := view().Encounter.Fingers.Asked
	if len(f) != 1 || !f[0].Taken || f[0].Finq < 55 {
		t.Fatalf("shown: %+v", f)
	}
	rec, err := s.Counters.Decide(t.Context(), counter.Decision{Counter: "1", Encounter: id, Revision: view().Encounter.Verdict.Revision,
		Outcome: border.Withdrawn, Officer: "1234"})
	must(err)
	ev, err := s.Journal.Crossing(t.Context(), rec.Crossing)
	must(err)
	plain, err := s.Keys().Open(&ev, border.PartPersonal)
	must(err)
	var person border.Personal
	must(json.Unmarshal(plain, &person))
	if len(person.Attachments) != 1 || person.Attachments[0].Scanner != "finger" || person.Attachments[0].DPI != 500 || len(person.Attachments[0].Profile) != 64 {
		t.Fatalf("recorded: %+v", person.Attachments)
	}
	files, err := seal.OpenAttachments(filepath.Join(dir, "post"), s.Keys())
	must(err)
	if _, err := files.Open(rec.Crossing, &person.Attachments[0]); err != nil {
		t.Error(err)
	}
}
