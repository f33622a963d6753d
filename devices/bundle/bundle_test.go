package bundle

import (
	"archive/zip"
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/devices"
	"garita/devices/devicetest"
	"garita/devices/devicetest/fingers"
	"garita/devices/devicetest/uareu"
	"garita/devices/profile"
	"garita/devices/trace"
)

var update = flag.Bool("update", false, "record the bundles in testdata anew from the emulators")

// TestBundlesInTestdata: a bundle that is put there becomes a test.
func TestBundlesInTestdata(t *testing.T) {
	if *update {
		record(t)
	}
	files, err := filepath.Glob("testdata/*.zip")
	if err != nil || len(files) < 2 {
		t.Fatalf("%d bundles: %v", len(files), err)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			t.Parallel()
			parsed := open(t, f)
			r, err := Replay(t.Context(), parsed)
			if err != nil || !r.OK() {
				t.Errorf("%v %+v", err, r)
			}
		})
	}
}

func open(t testing.TB, file string) *Bundle {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// record makes the bundles of two emulated scanners.
func record(t *testing.T) {
	p := load(t, "generic-framed-mrz", "retry_first_ms     = 100", "reply_ms = 300\nretry_first_ms = 100",
		"[framing]", "[identify]\nsend = \"05\"\npattern = 'FICTA (?P<firmware>[0-9.]+)\\r'\n\n[framing]")
	path := filepath.Join(t.TempDir(), "tty")
	r, err := devicetest.OpenReader(path, p.Framing)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	r.Answer([]byte{5}, []byte("FICTA 2.31\r"))
	b := onLine(t, p, path)
	b.state(devices.Ready)
	for _, d := range documents {
		_, err := r.Present(d)
		b.must(err)
		<-b.scans
	}
	b.must(r.Half(documents[0]))
	b.counted("incomplete", 1)
	b.must(os.WriteFile("testdata/framed-reader.zip", b.file(), 0o644))

	u := uareu.New(uareu.U4000B, uareu.Faults{PowerOrders: 2})
	b, bus := onUSB(t, load(t, "digitalpersona-uareu-4000b"), u)
	b.state(devices.Ready)
	u.Touch(uareu.Wire(fingers.Draw(1, uareu.Width, uareu.Height), uareu.U4000B))
	b.capture(true)
	u.Lift()
	b.cancelled()
	bus.Unplug(0)
	b.state(devices.Absent)
	b.must(os.WriteFile("testdata/fingerprint-scanner.zip", b.file(), 0o644))
}

// TestReplayFindsWhatChanged: any byte that the driver would send otherwise, and anything
// else that it would make of the answers.
func TestReplayFindsWhatChanged(t *testing.T) {
	t.Parallel()
	find := func(b *Bundle, what func(*trace.Event) bool) int {
		for i := range b.Trace {
			if what(&b.Trace[i]) {
				return i
			}
		}
		t.Fatal("there is no such event")
		return 0
	}
	kind := func(k trace.Kind) func(*trace.Event) bool { return func(e *trace.Event) bool { return e.Kind == k } }
	for name, c := range map[string]struct {
		file   string
		change func(b *Bundle) int // where
		text   string
		near   int // how many lines later it may be noticed
	}{
		"a byte that was sent": {"framed-reader", func(b *Bundle) int {
			i := find(b, kind(trace.Out))
			b.Trace[i].Data[0] ^= 1
			return i
		}, "the driver sends 05", 0},
		"a question that is not asked any more": {"framed-reader", func(b *Bundle) int {
			b.Profile = bytes.Replace(b.Profile, []byte(`send = "05"`), []byte(`send = "06"`), 1)
			return find(b, kind(trace.Out))
		}, "the driver sends 06", 0},
		"the firmware": {"framed-reader", func(b *Bundle) int {
			i := find(b, func(e *trace.Event) bool { return e.Kind == trace.End && e.Name != "" })
			b.Trace[i].Name = "2.30"
			return i
		}, `finds firmware "2.31"`, 0},
		"the firmware's judgement": {"framed-reader", func(b *Bundle) int {
			b.Profile = bytes.Replace(b.Profile, []byte("[identify]\n"), []byte("[identify]\nknown_bad = [\"2.31-2.39\"]\nadvice = \"Ask.\"\n"), 1)
			return find(b, kind(trace.Serve))
		}, "would be degraded", 0},
		"a line of a document": {"framed-reader", func(b *Bundle) int {
			i := find(b, kind(trace.Reading))
			b.Trace[i].Shape[1] = 43
			return i
		}, "a document with lines of [44 44] characters; recorded was", 0},
		"an error that was none": {"framed-reader", func(b *Bundle) int {
			i := find(b, func(e *trace.Event) bool { return e.Kind == trace.Reading && e.Err != "" })
			b.Trace[i].Err, b.Trace[i].Shape = "", []int{44, 44}
			return i
		}, "an error (incomplete)", 0},
		"an end byte that is missing": {"framed-reader", func(b *Bundle) int {
			i := find(b, func(e *trace.Event) bool { return e.Kind == trace.In && e.Bytes > 80 })
			b.Trace[i].Data, b.Trace[i].Bytes = b.Trace[i].Data[:b.Trace[i].Bytes-1], b.Trace[i].Bytes-1
			return i
		}, "the driver reads", 3},
		"a register": {"fingerprint-scanner", func(b *Bundle) int {
			i := find(b, kind(trace.Control))
			b.Trace[i].Setup.Value++
			return i
		}, "makes control request", 0},
		"what is written to a register": {"fingerprint-scanner", func(b *Bundle) int {
			i := find(b, func(e *trace.Event) bool { return e.Kind == trace.Control && e.Setup.RequestType == 0x40 })
			b.Trace[i].Data[0] ^= 1
			return i
		}, "sends", 0},
		"the image's size": {"fingerprint-scanner", func(b *Bundle) int {
			i := find(b, kind(trace.Image))
			b.Trace[i].Shape[0]++
			return i
		}, "an image of 384 × 290 pixels", 0},
		"the image's lines": {"fingerprint-scanner", func(b *Bundle) int {
			i := find(b, func(e *trace.Event) bool { return len(e.Runs) > 0 })
			b.Trace[i].Data[4]++
			return i
		}, "", 12},
		"an endpoint": {"fingerprint-scanner", func(b *Bundle) int {
			b.Profile = bytes.Replace(b.Profile, []byte("events      = 0x81"), []byte("events      = 0x83"), 1)
			return find(b, func(e *trace.Event) bool { return e.Endpoint == 0x81 })
		}, "recorded was a read of 64 bytes", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := open(t, filepath.Join("testdata", c.file+".zip"))
			line := c.change(b) + 1
			r, err := Replay(t.Context(), b)
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Differences) != 1 || r.Differences[0].Line < line || r.Differences[0].Line > line+c.near || !strings.Contains(r.Differences[0].Text, c.text) {
				t.Errorf("changed at line %d: %+v", line, r.Differences)
			}
		})
	}
}

func TestWrittenIsRead(t *testing.T) {
	set, err := profile.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	p, _ := set.Get("egistec-0570")
	at := time.Date(2026, 11, 22, 17, 4, 5, 0, time.UTC)
	found := devices.Found{Bus: devices.BusUSB, Port: "1-2", VendorID: 0x1c7a, ProductID: 0x0570, BCDDevice: 0x1041, Serial: "x", Descriptors: []byte{18, 1},
		Interfaces: []devices.Interface{{Number: 1, Class: 0xff, Driver: "d", TTY: "/dev/ttyACM0"}}}
	record := []trace.Event{
		{At: at, Kind: trace.Open, Name: "egis0570"},
		{At: at, Kind: trace.Control, Setup: &devices.Setup{RequestType: 0x40, Request: 1, Value: 2, Index: 3}, Data: []byte{1}, Bytes: 1, Err: "stalled"},
		{At: at, Kind: trace.In, Endpoint: 0x83, Data: []byte("SIGE"), Runs: []trace.Run{{N: 3, Value: 9}}, Bytes: 7},
		{At: at, Kind: trace.Reading, Shape: []int{44, 44}, Chatter: true, Err: "garbage"},
		{At: at, Kind: trace.Again, Times: 3, Of: 2}, {At: at, Kind: trace.End, Text: "Words."},
	}
	var out bytes.Buffer
	if err := Write(&out, Content{Written: at, Software: "v1", Scanner: border.ScannerDetail{Bus: "usb"}, Profile: p, Found: found, Record: record, Log: [][]byte{[]byte("{}")}}); err != nil {
		t.Fatal(err)
	}
	b, err := Read(out.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for i := range b.Trace {
		if len(b.Trace[i].Data) == 0 {
			b.Trace[i].Data = nil
		}
	}
	if d := cmp.Diff(record, b.Trace); d != "" {
		t.Error(d)
	}
	shipped, _ := profile.Shipped(p)
	if !bytes.Equal(b.Profile, shipped) || b.Manifest.Garita != "v1" || !b.Manifest.Written.Equal(at) || b.Device.BCDDevice != "10.41" || b.Device.VendorID != "1c7a" ||
		b.Device.Descriptors != "1201" || b.Device.Interfaces[0].TTY != "/dev/ttyACM0" || len(b.Log) != 1 || b.Manifest.Kernel == "" || len(b.Manifest.Remarks) != 0 {
		t.Errorf("%+v %+v", b.Manifest, b.Device)
	}
	z, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil || z.File[0].Name != readmeFile {
		t.Error("whoever opens it does not find the explanation first:", err)
	}
}

// TestAChangedProfileIsNotPretended: the file on the disk is not what is in force.
func TestAChangedProfileIsNotPretended(t *testing.T) {
	p := load(t, "generic-framed-mrz")
	if err := os.WriteFile(p.Source, []byte("schema = 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := Write(&out, Content{Profile: p}); err != nil {
		t.Fatal(err)
	}
	b, err := Read(out.Bytes())
	if err != nil || b.Profile != nil || len(b.Manifest.Remarks) != 2 || !strings.Contains(b.Manifest.Remarks[0], "Restart the station") {
		t.Errorf("%v %+v", err, b)
	}
	if _, err := Replay(t.Context(), b); border.CodeOf(err) != border.Invalid {
		t.Error("it is replayed:", err)
	}
}

// zipped makes a zip file.
func zipped(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, text := range files {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestHostileBundles(t *testing.T) {
	manifest := `{"schema":1}`
	many := map[string]string{manifestFile: manifest}
	for i := range 20 {
		many[strings.Repeat("x", i+1)] = ""
	}
	for name, c := range map[string]struct {
		b    []byte
		code border.Code
	}{
		"no zip":              {[]byte("PK"), border.Invalid},
		"larger than any":     {make([]byte, MaxBytes+1), border.TooLarge},
		"no manifest":         {zipped(t, map[string]string{"../../etc/passwd": "x"}), border.Invalid},
		"of another form":     {zipped(t, map[string]string{manifestFile: `{"schema":2}`}), border.Invalid},
		"too many files":      {zipped(t, many), border.TooLarge},
		"a bomb":              {zipped(t, map[string]string{manifestFile: manifest, traceFile: strings.Repeat("\n", maxTrace+1)}), border.TooLarge},
		"a large profile":     {zipped(t, map[string]string{manifestFile: manifest, profileFile: strings.Repeat("#", profile.MaxFileBytes+1)}), border.TooLarge},
		"too many events":     {zipped(t, map[string]string{manifestFile: manifest, traceFile: strings.Repeat("{}\n", maxEvents+1)}), border.TooLarge},
		"a long log":          {zipped(t, map[string]string{manifestFile: manifest, logFile: strings.Repeat("{}\n", maxLines+1)}), border.TooLarge},
		"an endless run":      {zipped(t, map[string]string{manifestFile: manifest, traceFile: `{"kind":"in","bytes":4194305,"runs":[{"n":4194305}]}`}), border.Invalid},
		"runs of runs":        {zipped(t, map[string]string{manifestFile: manifest, traceFile: `{"kind":"in","bytes":8000000,"runs":[{"n":4000000},{"n":4000000}]}`}), border.Invalid},
		"bytes that lie":      {zipped(t, map[string]string{manifestFile: manifest, traceFile: `{"kind":"in","bytes":3,"hex":"0102"}`}), border.Invalid},
		"an image of no size": {zipped(t, map[string]string{manifestFile: manifest, traceFile: `{"kind":"image"}`}), border.Invalid},
		"a request without":   {zipped(t, map[string]string{manifestFile: manifest, traceFile: `{"kind":"control"}`}), border.Invalid},
		"a damaged line":      {zipped(t, map[string]string{manifestFile: manifest, traceFile: "{}\n{"}), border.Invalid},
	} {
		if _, err := Read(c.b); border.CodeOf(err) != c.code || border.MessageOf(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzRead: whatever comes is read or refused; and what was read can be written again.
func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/*.zip")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add(zipped(f, map[string]string{manifestFile: `{"schema":1}`, traceFile: `{"kind":"again","of":3,"times":9}`}))
	f.Fuzz(func(t *testing.T, b []byte) {
		parsed, err := Read(b)
		if err != nil {
			if border.CodeOf(err) != border.Invalid && border.CodeOf(err) != border.TooLarge {
				t.Fatal(err)
			}
			return
		}
		for i := range parsed.Trace {
			if _, err := encode(&parsed.Trace[i]); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// FuzzTrace: whatever a trace says, the script that plays it never panics; time is not
// spent on waiting.
func FuzzTrace(f *testing.F) {
	for _, name := range []string{"framed-reader", "fingerprint-scanner"} {
		b := open(f, "testdata/"+name+".zip")
		var text bytes.Buffer
		if err := events(&text, b.Trace); err != nil {
			f.Fatal(err)
		}
		f.Add(text.Bytes(), []byte{1, 2, 3, 4, 5})
	}
	set, err := profile.Embedded()
	if err != nil {
		f.Fatal(err)
	}
	p, _ := set.Get("digitalpersona-uareu-4000b")
	f.Fuzz(func(t *testing.T, text, moves []byte) {
		list, err := decodeAll(text)
		if err != nil {
			return
		}
		s := newScript(p, list, 1)
		buf := make([]byte, 64)
		for _, m := range moves[:min(len(moves), 40)] {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			switch m % 5 {
			case 0:
				_, _ = player{s}.Read(ctx, buf)
			case 1:
				_ = player{s}.Write(ctx, buf[:m%7])
			case 2:
				_, _ = bus{s}.Control(ctx, devices.Setup{RequestType: m & 0xc0, Value: uint16(m)}, buf[:m%9])
			case 3:
				_, _ = bus{s}.Read(ctx, 0x81+m%2, buf)
			default:
				s.mu.Lock()
				if s.head() != nil {
					s.next()
				}
				s.mu.Unlock()
			}
			cancel()
		}
	})
}

func TestBridgesAreNotReplayed(t *testing.T) {
	set, err := profile.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	p, _ := set.Get("bridge-ten-print")
	text, _ := profile.Shipped(p)
	if _, err := Replay(t.Context(), &Bundle{Profile: text}); border.CodeOf(err) != border.Invalid || !strings.Contains(border.MessageOf(err), "bridge") {
		t.Error(err)
	}
}
