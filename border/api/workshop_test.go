package api

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/bordertest"
)

// bench is a workshop in a test's hands.
type bench struct {
	scanners []border.ScannerDetail
	calls    []string
	err      error
}

func (b *bench) call(what ...string) error {
	b.calls = append(b.calls, strings.Join(what, " "))
	return b.err
}

func (b *bench) known(id string) error {
	if !slices.ContainsFunc(b.scanners, func(d border.ScannerDetail) bool { return d.ID == id }) {
		return &border.Error{Code: border.NotFound, Op: "find scanner", Message: "This station has no such scanner."}
	}
	return nil
}

func (b *bench) Scanners() []border.ScannerDetail                { return b.scanners }
func (b *bench) Subscribe() (<-chan struct{}, func())            { return nil, func() {} }
func (b *bench) Frames(id string) ([]border.ScannerFrame, error) { return nil, b.known(id) }

func (b *bench) SelfTest(_ context.Context, id string) ([]border.SelfTestStep, error) {
	if err := errors.Join(b.known(id), b.call("test", id)); err != nil {
		return nil, err
	}
	return []border.SelfTestStep{{Step: "echo", Reason: "It does not answer."}}, nil
}

func (b *bench) Identify(_ context.Context, id string) error { return b.call("identify", id) }

func (b *bench) Assign(_ context.Context, id string, c border.CounterID) error {
	if err := b.call("assign", id, string(c)); err != nil {
		return err
	}
	b.scanners[0].Counter = c
	return b.known(id)
}

func (b *bench) CaptureFinger(_ context.Context, r border.FingerRequest) (border.FingerImage, error) {
	pixels := make([]byte, 200*200)
	for i := range pixels {
		pixels[i] = byte(128 + 100*((i/5)%2*2-1))
	}
	return border.FingerImage{Width: 200, Height: 200, DPI: 500, Pixels: pixels, Position: r.Position}, b.call("capture", r.Scanner, string(r.Counter))
}

func (b *bench) Learn(_ context.Context, r border.LearnRequest) (border.LearnResult, error) {
	return border.LearnResult{TOML: "schema = 1\n"}, b.call("learn", r.Path, r.ID)
}

func (b *bench) Bundle(_ context.Context, id string, w io.Writer) error {
	if err := b.known(id); err != nil {
		return err
	}
	z := zip.NewWriter(w)
	return errors.Join(z.Close(), b.err)
}

func TestWorkshop(t *testing.T) {
	const lines = `"lines":["P<UTOERIKSSON","L898902C3"]`
	for name, c := range map[string]struct {
		call, body string
		err        error
		status     int
		must       []string
		mustNot    []string
		done       string
	}{
		"list":                   {"GET /scanners", "", nil, 200, []string{`"id":"usb-1-1.2"`, `"state":"ready"`}, nil, ""},
		"frames":                 {"GET /scanners/usb-1-1.2/frames", "", nil, 200, []string{`[]`}, nil, ""},
		"frames of none":         {"GET /scanners/SECRETNAME/frames", "", nil, 404, []string{"urn:garita:problem:not_found"}, nil, ""},
		"self-test":              {"POST /scanners/usb-1-1.2/self-test", "", nil, 200, []string{`"ok":false`, "It does not answer."}, nil, "test usb-1-1.2"},
		"self-test that hangs":   {"POST /scanners/usb-1-1.2/self-test", "", context.DeadlineExceeded, 503, []string{"did not come to an end"}, nil, "test usb-1-1.2"},
		"blink":                  {"POST /scanners/usb-1-1.2/identification", "", nil, 200, []string{`"id":"usb-1-1.2"`}, nil, "identify usb-1-1.2"},
		"assign":                 {"PUT /scanners/usb-1-1.2/counter", `{"counter":"2"}`, nil, 200, []string{`"counter":"2"`}, nil, "assign usb-1-1.2 2"},
		"assign to none":         {"PUT /scanners/usb-1-1.2/counter", `{"counter":""}`, nil, 200, nil, []string{`"counter"`}, "assign usb-1-1.2 "},
		"assign to what":         {"PUT /scanners/usb-1-1.2/counter", `{}`, nil, 422, []string{"body"}, nil, ""},
		"assign a busy one":      {"PUT /scanners/usb-1-1.2/counter", `{"counter":"2"}`, &border.Error{Code: border.Conflict, Op: "x", Message: "It is taken."}, 409, []string{"It is taken."}, nil, "assign usb-1-1.2 2"},
		"capture":                {"POST /scanners/usb-1-1.2/captures", `{"position":2}`, nil, 200, []string{`"width":200`, `"quality":`}, []string{"pixels"}, "capture usb-1-1.2 "},
		"capture with pixels":    {"POST /scanners/usb-1-1.2/captures", `{"pixels":true}`, nil, 200, []string{`"width":200`}, []string{"pixels"}, "capture usb-1-1.2 "}, // a finger's are not a technician's
		"capture without finger": {"POST /scanners/usb-1-1.2/captures", `{}`, context.DeadlineExceeded, 503, []string{"No finger came"}, nil, "capture usb-1-1.2 "},
		"capture of no finger":   {"POST /scanners/usb-1-1.2/captures", `{"position":16}`, nil, 422, []string{"body.position"}, nil, ""},
		"learn":                  {"POST /scanner-profiles", `{"path":"/dev/x","id":"a","name":"A","second":"2001",` + lines + `}`, nil, 200, []string{`"toml":"schema`}, []string{"ERIKSSON"}, "learn /dev/x a"},
		"learn alone":            {"POST /scanner-profiles", `{"path":"/dev/x","id":"a","name":"A",` + lines + `}`, nil, 403, []string{"second person"}, nil, ""},
		"learn, nobody reached":  {"POST /scanner-profiles", `{"path":"/dev/x","id":"a","name":"A","awaiting":"SECRETNAME",` + lines + `}`, nil, 200, nil, nil, "learn /dev/x a"},
		"learn in vain":          {"POST /scanner-profiles", `{"path":"/dev/x","id":"a","name":"A","second":"2001",` + lines + `}`, context.DeadlineExceeded, 503, []string{"Nothing came from the reader"}, nil, "learn /dev/x a"},
		"learn from one line":    {"POST /scanner-profiles", `{"path":"/dev/x","id":"a","name":"A","lines":["SECRETNAME"]}`, nil, 422, nil, []string{"SECRET"}, ""},
		"learn from long lines":  {"POST /scanner-profiles", `{"path":"/dev/x","id":"a","name":"A","lines":["` + strings.Repeat("A", 300) + `","B"]}`, nil, 413, nil, nil, ""},
		"bundle of none":         {"GET /scanners/SECRETNAME/bundle", "", nil, 404, []string{"no such scanner"}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := &bench{err: c.err, scanners: []border.ScannerDetail{{ScannerStatus: border.ScannerStatus{ID: "usb-1-1.2", State: "ready", Since: bordertest.Start}, Bus: "usb"}}}
			r := workshopRig(t, b)
			method, path, _ := strings.Cut(c.call, " ")
			a := r.send(method, prefix+path, c.body, "Content-Type", "application/json", officerHeader, "3001")
			if a.status != c.status {
				t.Fatalf("status %d, want %d: %s", a.status, c.status, a.body)
			}
			for _, m := range c.must {
				if !strings.Contains(a.body, m) {
					t.Errorf("no %s in %s", m, a.body)
				}
			}
			for _, m := range append(c.mustNot, "SECRET") {
				if strings.Contains(a.body, m) || strings.Contains(r.logged.String(), m) {
					t.Errorf("%s in %s", m, a.body)
				}
			}
			if got := strings.Join(b.calls, ","); got != c.done {
				t.Errorf("what was done: %q, want %q", got, c.done)
			}
			if a.status >= 400 {
				checkProblem(t, a)
			}
			if a.header.Get("Cache-Control") != "no-store" {
				t.Error("a browser may keep it")
			}
		})
	}
}

func workshopRig(t *testing.T, b *bench) *rig {
	r := &rig{t: t, logged: &lockedWriter{}}
	r.app = fiber.New(fiber.Config{Immutable: true, DisableStartupMessage: true})
	r.app.Use(asOfficer)
	Workshop(New(r.app, "test"), WorkshopConfig{Workshop: b, Clock: &testClock{now: bordertest.Start}, Seconds: badgesAsTokens{}, Audit: &r.acts, Log: r.log()})
	return r
}

func TestBundleIsAFile(t *testing.T) {
	b := &bench{scanners: []border.ScannerDetail{{ScannerStatus: border.ScannerStatus{ID: "usb-1-1.2"}}}}
	a := workshopRig(t, b).send("GET", prefix+"/scanners/usb-1-1.2/bundle", "")
	if a.status != 200 || a.header.Get("Content-Type") != "application/zip" || a.header.Get("Content-Disposition") != `attachment; filename="scanner-usb-1-1.2.zip"` {
		t.Errorf("%d %v", a.status, a.header)
	}
	if _, err := zip.NewReader(bytes.NewReader([]byte(a.body)), int64(len(a.body))); err != nil {
		t.Error(err)
	}
	if got := plainName("a\"/b\r\n"); got != "a__b__" {
		t.Errorf("%q", got)
	}
}
