package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"garita/border"
	"garita/border/access"
	"garita/border/clock"
	"garita/cmd/internal/founding"
	"garita/cmd/internal/station"
	"garita/devices"
	"garita/devices/devicetest"
	"garita/devices/devicetest/fingers"
	"garita/devices/devicetest/uareu"
	"garita/devices/devicetest/usbdevice"
	"garita/devices/drivers"
	"garita/devices/profile"
	"garita/devices/supervisor"
)

// post is a whole station in this process, with a simulated reader that its configuration
// names and an emulated fingerprint scanner on USB.
type post struct {
	t      *testing.T
	reader *devicetest.Reader
	finger *uareu.Reader
	bus    *usbdevice.Bus
	url    string
	pin    string // file of the technician's
	log    *lockedBuffer
}

func newPost(t *testing.T) *post {
	t.Helper()
	return newPostAt(t, "127.0.0.1:0")
}

// newPostAt is newPost with an address, and with more scanners in the configuration.
func newPostAt(t *testing.T, address string, more ...supervisor.Scanner) *post {
	t.Helper()
	return newPostWith(t, address, "", more...)
}

// newPostWith is newPostAt with a folder of local profiles.
func newPostWith(t *testing.T, address, profiles string, more ...supervisor.Scanner) *post {
	t.Helper()
	dir := t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	p := &post{t: t, finger: uareu.New(uareu.U4000B, uareu.Faults{}), bus: usbdevice.NewBus(3), log: &lockedBuffer{}}
	set, err := profile.Embedded()
	must(err)
	framed, _ := set.Get("generic-framed-mrz")
	node := filepath.Join(dir, "tty")
	p.reader, err = devicetest.OpenReader(node, framed.Framing)
	must(err)
	t.Cleanup(func() { p.reader.Close() })
	p.bus.Plug(0, p.finger)

	s, err := founding.Alone(t.Context(), dir, station.Config{Data: filepath.Join(dir, "data"), Listen: address, Post: "PUT", Station: "PUT-1", Zone: "UTC",
		Counters: []station.Counter{{ID: "1", Direction: border.Entry}, {ID: "2", Direction: border.Entry}},
		Scanners: append([]supervisor.Scanner{{ID: "reader-1", Profile: framed.ID, Path: node}}, more...),
		Profiles: profiles,
		Bus:      p.bus,
		Opener: drivers.Opener{USB: func(_ context.Context, q *profile.Profile, at devices.Found) (devices.USB, error) {
			l, err := p.bus.Open(at, time.Duration(q.Timing.ReplyMS)*time.Millisecond)
			if err != nil {
				return nil, err
			}
			return l, nil
		}}}, clock.System(time.Now()), slog.New(slog.NewJSONHandler(p.log, nil)),
		access.Officer{Badge: "1001", Name: "Inspector Quinta Varela", Roles: []access.Role{access.Inspector}},
		access.Officer{Badge: "2001", Name: "Supervisor Ximena Robledo", Roles: []access.Role{access.Supervisor}},
		access.Officer{Badge: "4001", Name: "Technician Fermina Rueda", Roles: []access.Role{access.Technician}})
	must(err)
	p.url = s.URL()
	p.pin = filepath.Join(dir, "pin")
	must(os.WriteFile(p.pin, []byte(founding.PIN+"\n"), 0o600))
	t.Setenv("XDG_CACHE_HOME", filepath.Join(dir, "cache"))
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return p
}

// as says which station is asked, and by whom.
func (p *post) as() []string {
	return []string{"--station", p.url, "--badge", "4001", "--pin-file", p.pin}
}

// device runs `garita device` against the station.
func (p *post) device(args ...string) (out string, err error) {
	p.t.Helper()
	out, told, err := garita(p.t, append(append([]string{"device"}, args...), p.as()...)...)
	return out + told, err
}

// until repeats a command until what it prints holds all of some texts.
func (p *post) until(texts []string, args ...string) string {
	p.t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		out, err := p.device(args...)
		missing := err != nil
		for _, s := range texts {
			missing = missing || !strings.Contains(out, s)
		}
		if !missing {
			return out
		}
		if time.Now().After(end) {
			p.t.Fatalf("garita device %v never printed %q: %v\n%s", args, texts, err, out)
		}
	}
}

func TestDevicesOfAStation(t *testing.T) {
	p := newPost(t)
	usb := "usb-" + p.bus.Port(0)
	out := p.until([]string{"\nreader-1  ready", "\n" + usb + "   ready", "DigitalPersona", "EMULATED-1", "4.0", "emulated"}, "list")
	if !strings.Contains(out, "belongs to no counter. Assign it") {
		t.Errorf("nobody says what to do:\n%s", out)
	}

	out, err := p.device("assign", usb, "2")
	if err != nil || !strings.Contains(out, usb+" belongs to counter 2 now (known again by its serial number") {
		t.Errorf("assign: %v\n%s", err, out)
	}
	if out, err = p.device("assign", usb, "--none"); err != nil || !strings.Contains(out, "belongs to no counter now") {
		t.Errorf("assign --none: %v\n%s", err, out)
	}
	for args, want := range map[string]string{
		usb + " 9":      "no such counter",
		"reader-7 1":    "`garita device list` shows those there are",
		usb:             "Name a counter, or say --none",
		usb + " --none": "",
	} {
		if out, err := p.device(append([]string{"assign"}, strings.Fields(args)...)...); (err == nil) != (want == "") || !strings.Contains(said(err), want) {
			t.Errorf("assign %s: %v\n%s", args, said(err), out)
		}
	}

	if out, err = p.device("test", usb); err != nil || !strings.Contains(out, "blank-capture") || strings.Count(out, "ok ") != 3 {
		t.Errorf("test: %v\n%s", err, out)
	}
	if out, err = p.device("identify", usb); err == nil || !strings.Contains(said(err), "no lamp or beeper") {
		t.Errorf("identify: %v\n%s", err, out)
	}

	upright := fingers.Draw(1, uareu.Width, uareu.Height)
	p.finger.Touch(uareu.Wire(upright, uareu.U4000B))
	if out, err = p.device("capture", usb, "--finger", "right-index"); err != nil || !strings.Contains(out, "384 × 290 pixels at 512 dpi, quality ") {
		t.Errorf("capture: %v\n%s", err, out)
	}
	if out, err = p.device("capture", usb, "--json"); err != nil || strings.Contains(out, "pixels") {
		t.Errorf("pixels that nobody asked for: %v\n%.200s", err, out)
	}
	if _, err = p.device("capture", "reader-1"); err == nil || !strings.Contains(said(err), "takes no fingerprints") {
		t.Errorf("a finger of a document reader: %v", said(err))
	}

	out, err = p.device("list", "--json")
	var list []border.ScannerDetail
	if err != nil || json.Unmarshal([]byte(out), &list) != nil || len(list) != 2 || list[1].Why == "" || list[1].Counts["captures"] < 2 {
		t.Errorf("list --json: %v\n%s", err, out)
	}

	p.bus.Plug(1, unknown{p.finger})
	p.until([]string{"unknown", "No profile is for this device"}, "list")
}

// unknown is a device that no profile is for.
type unknown struct{ *uareu.Reader }

func (u unknown) Descriptors() usbdevice.Descriptors {
	d := u.Reader.Descriptors()
	d.VendorID, d.ProductID = 0x1234, 0x5678
	return d
}

// What is in a bundle is what the technician sends; on any machine it replays.
func TestDeviceBundleReplays(t *testing.T) {
	p := newPost(t)
	p.until([]string{"\nreader-1  ready"}, "list")
	if _, err := p.device("assign", "reader-1", "1"); err != nil {
		t.Fatal(err)
	}
	if _, err := p.reader.Present([]string{utopia1, utopia2}); err != nil {
		t.Fatal(err)
	}
	p.until([]string{`"delivered":1`}, "list", "--json")
	file := filepath.Join(t.TempDir(), "reader.zip")
	out, err := p.device("bundle", "reader-1", "--out", file)
	if err != nil || !strings.Contains(out, "Anybody can run it: garita device replay "+file) {
		t.Fatalf("bundle: %v\n%s", err, out)
	}
	out, _, err = garita(t, "device", "replay", file)
	if err != nil || !strings.Contains(out, "1 documents") || !strings.HasSuffix(out, "\n1 passed, 0 failed\n") {
		t.Errorf("replay: %v\n%s", err, out)
	}
	for _, hidden := range []string{"ERIKSSON", "L898902C3"} {
		if strings.Contains(p.log.String(), hidden) {
			t.Errorf("the log holds %s", hidden)
		}
	}
	other := filepath.Join(t.TempDir(), "other.zip")
	if err := os.WriteFile(other, []byte("no zip"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, _, err = garita(t, "device", "replay", file, other)
	if !errors.Is(err, errReplay) || !strings.Contains(out, "The file is no bundle") || !strings.HasSuffix(out, "\n1 passed, 1 failed\n") {
		t.Errorf("replay of no bundle: %v\n%s", err, out)
	}
	if _, err = p.device("bundle", "reader-9"); err == nil {
		t.Error("a bundle of no scanner")
	}
}

func TestDeviceLearn(t *testing.T) {
	p := newPost(t)
	set, err := profile.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	cr, _ := set.Get("generic-framed-cr")
	node := filepath.Join(t.TempDir(), "tty")
	r, err := devicetest.OpenReader(node, cr.Framing)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	stop := make(chan struct{})
	var presenting sync.WaitGroup
	presenting.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(300 * time.Millisecond):
				_, _ = r.Present([]string{utopia1, utopia2}) // the command's end says whether it was read
				time.Sleep(2 * time.Second)
			}
		}
	})
	parser, err := kong.New(&cli{}, kong.BindTo(t.Context(), (*context.Context)(nil)))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "acme-9000.toml")
	k, err := parser.Parse([]string{"device", "learn", "--station", p.url, "--badge", "4001", "--pin-file", p.pin, "--path", node, "--id", "acme-9000", "--name", "Acme 9000", "--baud", "9600", "--out", file,
		"--second", "2001", "--second-pin-file", p.pin})
	if err != nil {
		t.Fatal(err)
	}
	var out, told bytes.Buffer
	err = k.Run(&world{in: strings.NewReader(utopia1 + "\n" + utopia2 + "\n\n"), out: &out, err: &told})
	close(stop)
	presenting.Wait()
	if err != nil {
		t.Fatalf("%v\n%s", said(err), told.String())
	}
	if out, _, err := garita(t, "profile", "check", file); err != nil || !strings.Contains(out, "ok (acme-9000, emulated)") {
		t.Errorf("what was learned does not pass: %v\n%s", err, out)
	}
}

func TestDeviceWatch(t *testing.T) {
	p := newPost(t)
	p.until([]string{"\nreader-1  ready"}, "list")
	ctx, cancel := context.WithCancel(t.Context())
	out := &lockedBuffer{}
	ended := make(chan error, 1)
	go func() {
		ended <- deviceWatchCmd{stationFlags{Station: p.url, Badge: "4001", PINFile: p.pin}}.Run(ctx, &world{out: out, now: time.Now})
	}()
	wait := func(text string) {
		t.Helper()
		for end := time.Now().Add(20 * time.Second); !strings.Contains(out.String(), text); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("never told: %s\n%s", text, out.String())
			}
		}
	}
	wait("reader-1  ready, counter -: ")
	if err := p.reader.Unplug(); err != nil {
		t.Fatal(err)
	}
	wait("reader-1  absent, counter -: The scanner is not plugged in, or has no power.")
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestDeviceWithoutAStation(t *testing.T) {
	_, _, err := garita(t, "device", "list", "--station", "http://127.0.0.1:1")
	if border.CodeOf(err) != border.Unavailable || !strings.Contains(said(err), "systemctl status garita-post") {
		t.Errorf("%v", said(err))
	}
}
