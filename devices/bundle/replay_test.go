package bundle

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"garita/border"
	"garita/devices"
	"garita/devices/devicetest"
	"garita/devices/devicetest/egis0570"
	"garita/devices/devicetest/elyctis"
	"garita/devices/devicetest/fingers"
	"garita/devices/devicetest/honeywell"
	"garita/devices/devicetest/r30x"
	"garita/devices/devicetest/uareu"
)

func TestFramedReplays(t *testing.T) {
	t.Parallel()
	p := load(t, "generic-framed-mrz", `self_test = ["enumerate"]`, "self_test = [\"enumerate\", \"identify\"]\n",
		"retry_first_ms     = 100", "reply_ms = 300\nretry_first_ms = 100",
		"[framing]", "[identify]\nsend = \"05\"\npattern = 'FICTA (?P<firmware>[0-9.]+)\\r'\nknown_bad = [\"2.20-2.29\"]\nadvice = \"Ask Ficta for firmware 2.31.\"\n\n[framing]")
	path := filepath.Join(t.TempDir(), "tty")
	r, err := devicetest.OpenReader(path, p.Framing)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	r.Answer([]byte{5}, []byte("FICTA 2.21\r"))
	b := onLine(t, p, path)
	if d := b.state(devices.Degraded); d.Firmware != "2.21" {
		t.Fatalf("%+v", d)
	}
	for _, lines := range documents {
		_, err := r.Present(lines)
		b.must(err)
		<-b.scans
	}
	_, err = r.Slow(documents[0], 2*time.Millisecond)
	b.must(err)
	<-b.scans
	b.must(r.Half(documents[0]))
	b.counted("incomplete", 1)
	b.must(r.Oversized(2000))
	b.counted("oversize", 1)
	b.must(r.Garbage(300, 7))
	b.counted("garbage", 1)
	time.Sleep(700 * time.Millisecond) // the line falls silent
	if _, err := b.sup.SelfTest(t.Context(), b.id); err != nil {
		t.Fatal(err)
	}
	_, err = r.Present(documents[1])
	b.must(err)
	<-b.scans
	b.must(r.Unplug())
	b.state(devices.Absent)
	b.must(r.Replug())
	b.counted("opened", 2)
	b.state(devices.Degraded)
	if got := b.replayed(); got.Documents != 4 || got.Connections != 2 {
		t.Errorf("%+v", got)
	}
}

func TestElyctisReplays(t *testing.T) {
	t.Parallel()
	p := load(t, "elyctis-idbox-mrz", "[limits]", "[identify]\nsend = \"56 00 00\"\npattern = '(?P<firmware>[0-9]+\\.[0-9]+)'\n\n[limits]")
	path := filepath.Join(t.TempDir(), "tty")
	r, err := elyctis.Open(path, "1.07")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b := onLine(t, p, path)
	if d := b.state(devices.Ready); d.Firmware != "1.07" {
		t.Errorf("%+v", d)
	}
	for _, lines := range documents {
		_, err := r.Put(lines)
		b.must(err)
		<-b.scans
		r.Take()
	}
	b.must(r.Half(documents[0]))
	b.counted("incomplete", 1)
	b.must(r.Garbage(300, 7))
	b.counted("garbage", 1)
	if got := b.replayed(); got.Documents != 2 {
		t.Errorf("%+v", got)
	}
}

func TestHoneywellReplays(t *testing.T) {
	t.Parallel()
	p := load(t, "honeywell-ocr", "[framing]", "[identify]\npattern = 'Revision: (?P<firmware>[0-9.]+)'\n\n[framing]")
	path := filepath.Join(t.TempDir(), "tty")
	m, err := honeywell.Open(path, "Revision: 2.31")
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	b := onLine(t, p, path)
	b.state(devices.Ready)
	for i, lines := range documents {
		m.Together(i == 1)
		_, err := m.Hold(lines)
		b.must(err)
		<-b.scans
	}
	b.must(m.Half(documents[0]))
	b.counted("incomplete", 1)
	if got := b.replayed(); got.Documents != 2 {
		t.Errorf("%+v", got)
	}
}

func TestR30xReplays(t *testing.T) {
	t.Parallel()
	p := load(t, "r30x-fingerprint", "[image]", "[identify]\nsend = \"3A\"\npattern = 'V(?P<firmware>[0-9.]+)'\n\n[image]")
	path := filepath.Join(t.TempDir(), "tty")
	m, err := r30x.Open(path, 256, 288, "V1.4")
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	b := onLine(t, p, path)
	b.state(devices.Ready)
	finger := fingers.Draw(1, 256, 288)
	m.Touch(finger)
	b.capture(true)
	m.Touch(nil)
	b.cancelled()
	parsed := b.read()
	needlesOf(t, parsed, pack(finger))
	if got := b.replayed(); got.Images != 1 {
		t.Errorf("%+v", got)
	}
}

func TestUareuReplays(t *testing.T) {
	t.Parallel()
	for _, m := range []uareu.Model{uareu.U4000, uareu.U4000B} {
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			id := map[bool]string{false: "digitalpersona-uareu-4000", true: "digitalpersona-uareu-4000b"}[m.Scrambled]
			r := uareu.New(m, uareu.Faults{PowerOrders: 3})
			b, bus := onUSB(t, load(t, id, "reply_ms       = 2000", "reply_ms = 600"), r)
			b.state(devices.Ready)
			wire := uareu.Wire(fingers.Draw(1, uareu.Width, uareu.Height), m)
			r.Touch(wire)
			b.capture(true)
			r.Lift()
			b.cancelled()
			if _, err := b.sup.SelfTest(t.Context(), b.id); err != nil {
				t.Fatal(err)
			}
			r.Touch(wire)
			b.capture(true)
			bus.Unplug(0)
			b.state(devices.Absent)
			bus.Plug(0, uareu.New(m, uareu.Faults{}))
			b.state(devices.Ready)
			parsed := b.read()
			needlesOf(t, parsed, wire)
			if got := b.replayed(); got.Images != 2 || got.Connections != 2 {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestEgisReplays(t *testing.T) {
	t.Parallel()
	s := egis0570.New(egis0570.Faults{})
	b, _ := onUSB(t, load(t, "egistec-0570"), s)
	b.state(devices.Ready)
	skin := egis0570.Skin(fingers.Draw(1, egis0570.Width, 400))
	s.Swipe(skin, 6)
	b.capture(true)
	parsed := b.read()
	needlesOf(t, parsed, skin)
	if got := b.replayed(); got.Images != 1 {
		t.Errorf("%+v", got)
	}
}

// capture takes a finger that lies there.
func (b *bench) capture(good bool) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 20*time.Second)
	defer cancel()
	_, err := b.sup.CaptureFinger(ctx, border.FingerRequest{Scanner: b.id})
	if (err == nil) != good {
		b.t.Fatalf("capture: %v", err)
	}
}

// cancelled asks for a finger and gives up.
func (b *bench) cancelled() {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := b.sup.CaptureFinger(ctx, border.FingerRequest{Scanner: b.id}); !errors.Is(err, context.DeadlineExceeded) {
		b.t.Fatalf("nobody gave up: %v", err)
	}
}

// needlesOf looks for any 12 pixels in a row of an image of at least four greys.
func needlesOf(t *testing.T, b *Bundle, pixels []byte) {
	t.Helper()
	seen := make(map[[12]byte]bool)
	for i := 0; i+12 <= len(pixels); i++ {
		part := [12]byte(pixels[i:])
		values := make(map[byte]bool)
		for _, v := range part {
			values[v] = true
		}
		if len(values) > 3 {
			seen[part] = true
		}
	}
	for n := range b.Trace {
		whole := b.Trace[n].Whole()
		for i := 0; i+12 <= len(whole); i++ {
			if seen[[12]byte(whole[i:])] {
				t.Fatalf("line %d of the trace holds pixels", n+1)
			}
		}
	}
}

// pack puts two pixels into a byte, as r30x modules do.
func pack(pixels []byte) []byte {
	b := make([]byte, len(pixels)/2)
	for i := range b {
		b[i] = pixels[2*i]&0xf0 | pixels[2*i+1]>>4
	}
	return b
}
