package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"garita/border"
	"garita/border/clock"
	"garita/border/enrolment"
	"garita/border/pki"
	"garita/border/stations"
	"garita/cmd/internal/hub"
	"garita/cmd/internal/version"
	"garita/sync/enrol"
)

// site is a running hub and its configuration file.
type site struct {
	*hub.Hub
	t    *testing.T
	file file
}

// running starts a hub as garita-hub run does.
func running(t *testing.T) *site {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "hub.toml")
	text := fmt.Sprintf("name = \"Utopia\"\ndata = %q\nlisten = \"127.0.0.1:0\"\nnats = \"127.0.0.1:0\"\nenrol = \"127.0.0.1:0\"\ndemo = true\n", filepath.Join(dir, "hub"))
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, file: file{Config: path}}
	cfg, err := s.file.read()
	if err != nil {
		t.Fatal(err)
	}
	if s.Hub, err = hub.Open(t.Context(), cfg, clock.System(version.Built()), slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := s.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { stop(); wg.Wait() })
	return s
}

// says runs a command and returns what it prints.
func says(t *testing.T, run func(context.Context) error) (string, error) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out := os.Stdout
	os.Stdout = w
	text := make(chan string)
	go func() { b, _ := io.ReadAll(r); text <- string(b) }()
	err = run(t.Context())
	os.Stdout = out
	w.Close()
	return <-text, err
}

var spelled = regexp.MustCompile(`(?m)^(?:[0-9A-Z]{5}-){5}[0-9A-Z]{5}$`)

// code reads a one-time code as a person would read it off the screen.
func (s *site) code(run func(context.Context) error) enrolment.Code {
	s.t.Helper()
	text, err := says(s.t, run)
	if err != nil {
		s.t.Fatal(err)
	}
	code, err := enrolment.ParseCode(spelled.FindString(text))
	if err != nil || !strings.Contains(text, "garita-post enrol https://") {
		s.t.Fatalf("%q: %v", text, err)
	}
	return code
}

func (s *site) add(name string) enrolment.Code {
	return s.code((&stationAddCmd{file: s.file, by: by{"A1"}, Name: name}).Run)
}

func (s *site) enrol(code enrolment.Code) (enrolment.Identity, error) {
	return enrol.Enrol(s.t.Context(), s.EnrolURL(), code, "garita-post test")
}

func (s *site) renew(id *enrolment.Identity) error {
	secure, err := pki.ClientTLS(pki.ClientConfig{CA: id.Grant.CA, Clock: clock.System(version.Built()), Pair: func() (pki.Pair, error) {
		return pki.Pair{Certificate: id.Grant.Certificate, Key: id.TLSPrivate}, nil
	}})
	if err != nil {
		return err
	}
	_, err = enrol.Renew(s.t.Context(), id, secure, "garita-post test")
	return err
}

// The commands work beside the running hub, which knows a new code at once and a revocation within
// two seconds or so.
func TestStationCommands(t *testing.T) {
	s := running(t)
	code := s.add("PUT/PUT-1")
	wrong := code[:5] + s.add("PUT/PUT-2")[5:]
	if _, err := s.enrol(wrong); border.CodeOf(err) != border.Forbidden {
		t.Errorf("a wrong code: %v", err)
	}
	id, err := s.enrol(code)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.enrol(code); border.CodeOf(err) != border.Forbidden {
		t.Errorf("the code again: %v", err)
	}
	if text, err := says(t, (&stationListCmd{s.file}).Run); err != nil || !regexp.MustCompile(`PUT-1 +PUT +enrolled .* garita-post test`).MatchString(text) || !regexp.MustCompile(`PUT-2 +PUT +invited`).MatchString(text) {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := says(t, (&stationAddCmd{file: s.file, by: by{"A1"}, Name: "PUT/PUT-1"}).Run); border.CodeOf(err) != border.Conflict {
		t.Errorf("add again: %v", err)
	}
	if _, err := says(t, (&stationAddCmd{file: s.file, by: by{"A1"}, Name: "PUT-1"}).Run); border.CodeOf(err) != border.Invalid {
		t.Errorf("no post: %v", err)
	}
	if err := s.renew(&id); err != nil {
		t.Errorf("renewal: %v", err)
	}
	rotated, err := s.enrol(s.code((&stationRotateCmd{file: s.file, by: by{"A1"}, named: named{"PUT-1"}}).Run))
	if err != nil || rotated.Grant.Station != "PUT-1" {
		t.Fatalf("rotate: %v", err)
	}
	if text, err := says(t, (&stationRevokeCmd{file: s.file, by: by{"A1"}, named: named{"PUT-1"}, Reason: "stolen at the bridge"}).Run); err != nil || !strings.Contains(text, "PUT-1") {
		t.Fatalf("%q, %v", text, err)
	}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if err = s.renew(&rotated); border.CodeOf(err) == border.Forbidden {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("20 s after it was revoked: %v", err)
		}
	}
	if text, err := says(t, (&stationListCmd{s.file}).Run); err != nil || !strings.Contains(text, "stolen at the bridge") {
		t.Errorf("%q, %v", text, err)
	}
	back, err := s.enrol(s.code((&stationReplaceCmd{file: s.file, by: by{"A1"}, named: named{"PUT-1"}}).Run))
	if err != nil {
		t.Fatalf("replace: %v", err)
	}
	if err := errors.Join(s.renew(&back), back.Validate()); err != nil {
		t.Error(err)
	}
}

// Five wrong tries over the wire end a code, also for who knows it.
func TestCodeTriedOut(t *testing.T) {
	s := running(t)
	code := s.add("PUT/PUT-1")
	wrong := code[:5] + s.add("PUT/PUT-2")[5:]
	for i := range stations.MaxTries {
		if _, err := s.enrol(wrong); border.CodeOf(err) != border.Forbidden {
			t.Fatalf("try %d: %v", i+1, err)
		}
	}
	if _, err := s.enrol(code); border.CodeOf(err) != border.TooMany {
		t.Errorf("the sixth, right: %v", err)
	}
}
