package elyctis_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"garita/devices"
	emulated "garita/devices/devicetest/elyctis"
	"garita/devices/drivers/elyctis"
	"garita/devices/serial"

	"github.com/google/go-cmp/cmp"
)

const (
	limit = 512
	gap   = 400 * time.Millisecond
)

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
		if r.Chatter {
			b.WriteString(" (chatter)")
		}
		b.WriteString("; ")
	}
	return b.String()
}

// feed plays a stream: "~" stands for a silence longer than the idle gap.
func feed(d *elyctis.Decoder, stream string, chunk int) string {
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

func frame(command byte, data string) string { return string(emulated.Frame(command, []byte(data))) }

func TestDecoder(t *testing.T) {
	doc := frame('I', a1+"\r"+a2+"\r\r")
	card := frame('I', c1+"\r\n"+c2+"\r\n"+c3)
	for name, tc := range map[string]struct {
		once         bool
		stream, want string
	}{
		"one":                        {false, doc, a1 + "/" + a2 + "; "},
		"two":                        {false, doc + card, a1 + "/" + a2 + "; " + c1 + "/" + c2 + "/" + c3 + "; "},
		"lines as one":               {false, frame('I', a1+a2), a1 + "/" + a2 + "; "},
		"armed, then one":            {false, frame('C', "\x01") + doc, a1 + "/" + a2 + "; "},
		"late answers":               {false, frame('V', "1.07") + frame('R', "S") + doc, a1 + "/" + a2 + "; "},
		"no document":                {false, frame('I', ""), "garbage (chatter); "},
		"one line":                   {false, frame('L', "D1UTO"), "garbage (chatter); "},
		"half a frame":               {false, doc[:50] + "~" + card, "incomplete; " + c1 + "/" + c2 + "/" + c3 + "; "},
		"half a document":            {false, frame('I', a1+"\r"), "incomplete; "},
		"half, then another at once": {false, doc[:50] + doc + "~" + doc, "garbage; garbage; incomplete; " + a1 + "/" + a2 + "; "},
		"announces too much":         {false, "I\xff\xff" + doc + "~" + doc, "oversize; " + a1 + "/" + a2 + "; "},
		"unknown command":            {false, "Z" + doc + "~" + doc, "garbage; " + a1 + "/" + a2 + "; "},
		"control byte":               {false, frame('I', a1+"\r\x01"+a2[1:]), "garbage; "},
		"letters only":               {false, frame('I', a1+"\r"+a1), "garbage; "},
		"asked: it still lies there": {true, doc + doc + doc, a1 + "/" + a2 + "; "},
		"asked: another":             {true, doc + card + doc, a1 + "/" + a2 + "; " + c1 + "/" + c2 + "/" + c3 + "; " + a1 + "/" + a2 + "; "},
		"asked: taken and put again": {true, doc + frame('I', "") + doc, a1 + "/" + a2 + "; " + a1 + "/" + a2 + "; "},
	} {
		t.Run(name, func(t *testing.T) {
			for _, chunk := range []int{1, 7, 1000} {
				got := feed(elyctis.NewDecoder(limit, gap, tc.once), tc.stream, chunk)
				if name == "half, then another at once" {
					// Whatever is said of it, the mixture is no document, and the next one is whole.
					if !strings.HasSuffix(got, "; "+a1+"/"+a2+"; ") || strings.Count(got, "/") != 1 {
						t.Errorf("%d at a time: %q", chunk, got)
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
	f.Add([]byte(frame('I', a1+"\r"+a2)), uint8(3), true)
	f.Add([]byte("I\xff\xffxxx"), uint8(1), false)
	f.Fuzz(func(t *testing.T, stream []byte, chunk uint8, once bool) {
		d := elyctis.NewDecoder(limit, gap, once)
		now := time.Hour
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
		d.Feed([]byte(frame('I', "")), now+2*time.Second)
		// After a silence the decoder is as new, whatever came before.
		if got := told(d.Feed([]byte(frame('I', c1+"\r"+c2+"\r"+c3)), now+3*time.Second)); got != c1+"/"+c2+"/"+c3+"; " {
			t.Fatalf("after a silence, a good document became %q", got)
		}
	})
}

// Without a re-arm sequence the reader is asked again and again, and a document that lies
// there is read once.
func TestInquire(t *testing.T) {
	p := fast(t)
	p.Init, p.Rearm, p.Timing.RearmDelayMS = nil, nil, 20
	r, err := emulated.Open(filepath.Join(t.TempDir(), "reader"), "1.07")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	line, err := serial.Open(serial.Config{Path: r.Path(), Baud: 9600, ReadTimeout: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = line.Close() })
	d := elyctis.New(p, line)
	about, err := d.Start(t.Context())
	if err != nil || about.Firmware != "1.07" {
		t.Fatalf("%+v, %v", about, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	got := make(chan devices.Reading, 16)
	ended := make(chan error, 1)
	go func() { ended <- d.Serve(ctx, func(r devices.Reading) { got <- r }) }()
	for _, lines := range documents {
		if _, err := r.Put(lines); err != nil {
			t.Fatal(err)
		}
		if read := <-got; !cmp.Equal(read.Lines, lines) {
			t.Errorf("read %d lines, %v", len(read.Lines), read.Err)
		}
		time.Sleep(500 * time.Millisecond) // asked at least twice more
	}
	r.Take()
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if len(got) > 0 {
		t.Errorf("%d more readings of a document that lay there", len(got))
	}
	if n, _ := r.Armed(); n != 0 {
		t.Error("it was armed")
	}
}
