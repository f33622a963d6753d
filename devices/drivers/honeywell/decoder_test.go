package honeywell_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"garita/devices"
	emulated "garita/devices/devicetest/honeywell"
	"garita/devices/drivers/honeywell"
	"garita/devices/profile"
	"garita/devices/serial"

	"github.com/google/go-cmp/cmp"
)

var framing = profile.Framing{IdleGapMS: 400, MaxBytes: 256}

func told(rs []devices.Reading) string {
	var b strings.Builder
	for _, r := range rs {
		switch {
		case r.Err == nil:
			b.WriteString(strings.Join(r.Lines, "/"))
		case errors.Is(r.Err, devices.ErrIncomplete):
			b.WriteString("incomplete")
		case errors.Is(r.Err, devices.ErrOversize):
			b.WriteString("oversize")
		case errors.Is(r.Err, devices.ErrGarbage):
			b.WriteString("garbage")
		}
		b.WriteString("; ")
	}
	return b.String()
}

// feed plays a stream: "~" stands for a silence longer than the idle gap.
func feed(d *honeywell.Decoder, stream string, chunk int) string {
	now, out := time.Hour, ""
	for i, part := range strings.Split(stream, "~") {
		if i > 0 {
			now += time.Second
			out += told(d.Feed(nil, now))
		}
		for len(part) > 0 {
			n := min(chunk, len(part))
			out += told(d.Feed([]byte(part[:n]), now))
			part = part[n:]
		}
	}
	return out
}

func TestDecoder(t *testing.T) {
	a, c := a1+"/"+a2+"; ", c1+"/"+c2+"/"+c3+"; "
	for name, tc := range map[string]struct{ stream, want string }{
		"lines":                        {a1 + "\r" + a2 + "\r", a},
		"CR LF":                        {c1 + "\r\n" + c2 + "\r\n" + c3 + "\r\n", c},
		"as one":                       {a1 + a2 + "\r" + c1 + c2 + c3 + "\r", a + c},
		"menu answer before":           {"OCRENA1\x06!" + a1 + "\r" + a2 + "\r", a},
		"menu answer between":          {a1 + "\rOCRENA1\x06,ATS2\x15!" + a2 + "\r", a},
		"refusal":                      {"XYZ\x05." + a1 + a2 + "\r", a},
		"half":                         {a1 + "\rL898~" + c1 + "\r" + c2 + "\r" + c3 + "\r", "incomplete; " + c},
		"half, then another":           {a1 + "\r" + strings.Replace(a1, "ANNA", "BERTA", 1)[:44] + "\r" + a2 + "\r", "incomplete; " + strings.Replace(a1, "ANNA", "BERTA", 1)[:44] + "/" + a2 + "; "},
		"half, then one as one":        {a1 + "\r" + c1 + c2 + c3 + "\r", "incomplete; " + c},
		"barcode":                      {"5901234123457\r" + a1 + "\r" + a2 + "\r", "garbage; " + a},
		"oversize":                     {strings.Repeat("A", 300) + "\r" + a1 + a2 + "\r", "oversize; " + a},
		"oversize in a document":       {a1 + "\r" + strings.Repeat("A", 300) + "\r" + a2 + "\r~", "oversize; incomplete; "},
		"control byte":                 {a1 + "\r\x06" + a2 + "\r~", "garbage; "},
		"no end":                       {a1 + "\r" + a2 + "~", "incomplete; "},
		"flood":                        {strings.Repeat("A", 5000) + "~", "oversize; "},
		"flood of lines":               {strings.Repeat("A\r", 5000) + "~", "garbage; "},
		"passport cut to 72 as one":    {(a1 + a2)[:72] + "\r", "incomplete; "},
		"two lines of three, then one": {c1 + "\r" + c2 + "\r" + a1 + "\r" + a2 + "\r~", "incomplete; "},
	} {
		t.Run(name, func(t *testing.T) {
			for _, chunk := range []int{1, 7, 10000} {
				got := feed(honeywell.NewDecoder(framing), tc.stream, chunk)
				if name == "two lines of three, then one" {
					// What is left of the second document cannot be told; it is no document of both.
					if strings.Contains(got, c1) {
						t.Errorf("a mixture: %q", got)
					}
					continue
				}
				if d := cmp.Diff(tc.want, got); d != "" {
					t.Errorf("%d at a time: %s", chunk, d)
				}
			}
		})
	}
}

func FuzzDecoder(f *testing.F) {
	f.Add([]byte(a1+"\r"+a2+"\r"), uint8(3))
	f.Add([]byte("OCRENA1\x06!"+a1+a2+"\r"), uint8(1))
	f.Fuzz(func(t *testing.T, stream []byte, chunk uint8) {
		d, now := honeywell.NewDecoder(framing), time.Hour
		for b := stream; len(b) > 0; {
			n := min(int(chunk)%64+1, len(b))
			for _, r := range d.Feed(b[:n], now) {
				if (r.Err == nil) == (r.Lines == nil) {
					t.Fatalf("a reading with both or neither: %v", r.Err)
				}
			}
			b = b[n:]
		}
		d.Feed(nil, now+time.Second)
		if got := told(d.Feed([]byte(c1+"\r"+c2+"\r"+c3+"\r"), now+2*time.Second)); got != c1+"/"+c2+"/"+c3+"; " {
			t.Fatalf("after a silence, a good document became %q", got)
		}
	})
}

// In presentation mode nothing is triggered.
func TestPresentationMode(t *testing.T) {
	p := fast(t)
	p.Init = append(p.Init[:2:2], profile.Exchange{Send: profile.Hex("\x16M\rPAPTPR!"), Expect: `\x06!`})
	p.Rearm = nil
	m, err := emulated.Open(filepath.Join(t.TempDir(), "imager"), "2.31")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	line, err := serial.Open(serial.Config{Path: m.Path(), Baud: 9600, ReadTimeout: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = line.Close() })
	d := honeywell.New(p, line)
	if about, err := d.Start(t.Context()); err != nil || about.Firmware != "2.31" {
		t.Fatalf("%+v, %v", about, err)
	}
	for _, step := range []string{"identify", "echo"} {
		if err := d.SelfTest(t.Context(), step); err != nil {
			t.Errorf("%s: %v", step, err)
		}
	}
	if err := d.SelfTest(t.Context(), "blank-capture"); !errors.Is(err, devices.ErrUnsupported) {
		t.Errorf("a step that it does not have: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	got := make(chan devices.Reading, 16)
	ended := make(chan error, 1)
	go func() { ended <- d.Serve(ctx, func(r devices.Reading) { got <- r }) }()
	for i, lines := range documents {
		m.Together(i == 1)
		if _, err := m.Hold(lines); err != nil {
			t.Fatal(err)
		}
		if read := <-got; !cmp.Equal(read.Lines, lines) {
			t.Errorf("read %d lines, %v", len(read.Lines), read.Err)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if n, _ := m.Pulls(); n != 0 {
		t.Errorf("the trigger was pulled %d times", n)
	}
}
