package bundle

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"garita/border"
	"garita/devices"
	"garita/devices/devicetest/usbdevice"
	"garita/devices/drivers"
	"garita/devices/profile"
	"garita/devices/supervisor"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type wall struct{}

func (wall) Now() time.Time { return time.Now().UTC() }

// Specimens of Utopia (ICAO Doc 9303): nobody.
var documents = [][]string{
	{"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"},
	{"I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"},
}

// needles are what must be nowhere in a bundle.
var needles = []string{"ERIKSSON", "ANNA", "MARIA", "L898902C3", "D23145890", "740812", "120415", "ZE184226"}

// load reads a profile that ships, changed, from a file of its own.
func load(t testing.TB, id string, changes ...string) *profile.Profile {
	t.Helper()
	set, err := profile.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	p, ok := set.Get(id)
	if !ok {
		t.Fatal("no profile", id)
	}
	text, _ := profile.Shipped(p)
	changed := strings.NewReplacer(changes...).Replace(string(text))
	if len(changes) > 0 && changed == string(text) {
		t.Fatal("nothing was changed")
	}
	path := filepath.Join(t.TempDir(), id+".toml")
	if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	if p, err = profile.Load(path); err != nil {
		t.Fatal(err)
	}
	return p
}

// bench is a supervisor with one scanner.
type bench struct {
	t       testing.TB
	sup     *supervisor.Supervisor
	id      string
	profile *profile.Profile
	scans   chan border.Scan
}

func run(t testing.TB, p *profile.Profile, cfg supervisor.Config, id string) *bench {
	t.Helper()
	set, err := profile.NewSet(p)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, id: id, profile: p, scans: make(chan border.Scan, 16)}
	cfg.Profiles, cfg.Clock, cfg.Log, cfg.Counters = set, wall{}, slog.New(slog.DiscardHandler), []border.CounterID{"1"}
	cfg.Deliver = func(_ context.Context, s border.Scan) error { b.scans <- s; return nil }
	if b.sup, err = supervisor.New(cfg); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.sup.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return b
}

// onLine runs a scanner on a serial line.
func onLine(t testing.TB, p *profile.Profile, path string) *bench {
	t.Helper()
	return run(t, p, supervisor.Config{Scanners: []supervisor.Scanner{{ID: "reader", Profile: p.ID, Path: path, Counter: "1"}}}, "reader")
}

// onUSB runs an emulated USB device.
func onUSB(t testing.TB, p *profile.Profile, d usbdevice.Device) (*bench, *usbdevice.Bus) {
	t.Helper()
	bus := usbdevice.NewBus(1)
	bus.Plug(0, d)
	opener := drivers.Opener{USB: func(_ context.Context, p *profile.Profile, at devices.Found) (devices.USB, error) {
		l, err := bus.Open(at, time.Duration(p.Timing.ReplyMS)*time.Millisecond)
		if err != nil {
			return nil, err
		}
		return l, nil
	}}
	return run(t, p, supervisor.Config{Bus: bus, Opener: opener}, "usb-"+bus.Port(0)), bus
}

// until waits for the scanner to be as it should.
func (b *bench) until(what string, holds func(border.ScannerDetail) bool) border.ScannerDetail {
	b.t.Helper()
	changes, stop := b.sup.Subscribe()
	defer stop()
	late := time.After(20 * time.Second)
	for {
		for _, d := range b.sup.Scanners() {
			if d.ID == b.id && holds(d) {
				return d
			}
		}
		select {
		case <-changes:
		case <-time.After(20 * time.Millisecond):
		case <-late:
			b.t.Fatalf("waited in vain: %s; %+v", what, b.sup.Scanners())
		}
	}
}

func (b *bench) state(s devices.State) border.ScannerDetail {
	b.t.Helper()
	return b.until(string(s), func(d border.ScannerDetail) bool { return d.State == string(s) })
}

func (b *bench) counted(name string, n uint64) {
	b.t.Helper()
	b.until(name, func(d border.ScannerDetail) bool { return d.Counts[name] >= n })
}

// file writes the scanner's bundle.
func (b *bench) file() []byte {
	b.t.Helper()
	e, err := b.sup.Evidence(b.id)
	if err != nil {
		b.t.Fatal(err)
	}
	var out bytes.Buffer
	if err := Write(&out, Content{Written: wall{}.Now(), Software: "test", Scanner: e.Detail, Profile: e.Profile, Found: e.Found, Record: e.Record,
		Log: [][]byte{[]byte(`{"msg":"scanner ready"}`)}}); err != nil {
		b.t.Fatal(err)
	}
	return out.Bytes()
}

// replayed replays the scanner's bundle and wants no difference.
func (b *bench) replayed() Report {
	b.t.Helper()
	parsed := b.read()
	r, err := Replay(b.t.Context(), parsed)
	if err != nil {
		b.t.Fatal(err)
	}
	if !r.OK() {
		for i, e := range parsed.Trace {
			b.t.Logf("%d %s %s ep %02x %x +%v %v err %q %q ×%d of %d", i+1, e.Kind, e.Name, e.Endpoint, e.Data[:min(len(e.Data), 40)], e.Runs, e.Shape, e.Err, e.Text, e.Times, e.Of)
		}
		b.t.Errorf("%+v", r)
	}
	return r
}

func (b *bench) read() *Bundle {
	b.t.Helper()
	parsed, err := Read(b.file())
	if err != nil {
		b.t.Fatal(err)
	}
	b.clean(parsed)
	return parsed
}

// clean looks for needles in everything that a bundle holds, and in what the workshop shows.
func (b *bench) clean(parsed *Bundle) {
	b.t.Helper()
	frames, err := b.sup.Frames(b.id)
	if err != nil {
		b.t.Fatal(err)
	}
	var all bytes.Buffer
	for i := range parsed.Trace {
		l, err := encode(&parsed.Trace[i])
		if err != nil {
			b.t.Fatal(err)
		}
		all.Write(l)
		all.Write(parsed.Trace[i].Whole())
	}
	for _, f := range frames {
		all.WriteString(strings.ReplaceAll(f.Hex, " ", "") + f.Note)
	}
	for _, n := range needles {
		for _, form := range []string{n, hexed(n)} {
			if bytes.Contains(bytes.ToLower(all.Bytes()), []byte(strings.ToLower(form))) {
				b.t.Errorf("the bundle or the frames hold %s", n)
			}
		}
	}
}

func hexed(s string) string {
	const digits = "0123456789abcdef"
	var b strings.Builder
	for i := range len(s) {
		b.WriteByte(digits[s[i]>>4])
		b.WriteByte(digits[s[i]&15])
	}
	return b.String()
}

func (b *bench) must(errs ...error) {
	b.t.Helper()
	if err := errors.Join(errs...); err != nil {
		b.t.Fatal(err)
	}
}
