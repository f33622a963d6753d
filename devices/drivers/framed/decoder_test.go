package framed_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"garita/devices"
	"garita/devices/devicetest"
	"garita/devices/drivers/framed"
	"garita/devices/profile"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// The framings under test.
var framings = map[string]profile.Framing{
	"stx-etx":  {Kind: profile.StxEtx, Start: 2, End: 3, IdleGapMS: 400, MaxBytes: 256},
	"cr-mrz":   {Kind: profile.LineCR, DocumentEnd: profile.EndMRZ, IdleGapMS: 400, MaxBytes: 256},
	"cr-blank": {Kind: profile.LineCR, DocumentEnd: profile.EndBlank, IdleGapMS: 400, MaxBytes: 256},
	"cr-byte":  {Kind: profile.LineCR, DocumentEnd: profile.EndByte, End: 4, IdleGapMS: 400, MaxBytes: 256},
	"raw-88":   {Kind: profile.RawLen, Length: 88, IdleGapMS: 400, MaxBytes: 256},
	"raw-idle": {Kind: profile.RawIdle, IdleGapMS: 400, MaxBytes: 256},
}

// Specimens of Utopia (ICAO Doc 9303): nobody.
const (
	a1 = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<"
	a2 = "L898902C36UTO7408122F1204159ZE184226B<<<<<10"
	b1 = "P<UTOMUSTER<<BERTA<<<<<<<<<<<<<<<<<<<<<<<<<<"
	b2 = "X123456786UTO8001014F3001012<<<<<<<<<<<<<<04"
	c1 = "I<UTOD231458907<<<<<<<<<<<<<<<"
	c2 = "7408122F1204159UTO<<<<<<<<<<<6"
	c3 = "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"
)

// told says what a decoder told, one line per reading.
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
func feed(d *framed.Decoder, stream string) string {
	now := time.Hour
	var out string
	for i, part := range strings.Split(stream, "~") {
		if i > 0 {
			now += time.Second
			out += told(d.Feed(nil, now))
		}
		if part != "" {
			out += told(d.Feed([]byte(part), now))
		}
	}
	return out
}

func TestDecoder(t *testing.T) {
	tests := []struct{ name, framing, stream, want string }{
		{"one", "stx-etx", "\x02" + a1 + "\r" + a2 + "\r\x03", a1 + "/" + a2 + "; "},
		{"no last line end", "stx-etx", "\x02" + a1 + "\r" + a2 + "\x03", a1 + "/" + a2 + "; "},
		{"CR LF", "stx-etx", "\x02\r\n" + a1 + "\r\n" + a2 + "\r\n\x03\r\n", a1 + "/" + a2 + "; "},
		{"LF", "stx-etx", "\x02" + c1 + "\n" + c2 + "\n" + c3 + "\n\x03", c1 + "/" + c2 + "/" + c3 + "; "},
		{"two", "stx-etx", "\x02" + a1 + "\r" + a2 + "\x03\x02" + b1 + "\r" + b2 + "\x03", a1 + "/" + a2 + "; " + b1 + "/" + b2 + "; "},
		{"half, then silence", "stx-etx", "\x02" + a1 + "\rL898~", "incomplete; "},
		{"half, then another", "stx-etx", "\x02" + a1 + "\rL898\x02" + b1 + "\r" + b2 + "\x03", "incomplete; " + b1 + "/" + b2 + "; "},
		{"half line in a frame", "stx-etx", "\x02" + a1 + "\rL898\x03", "incomplete; "},
		{"one line in a frame", "stx-etx", "\x02" + a1 + "\x03", "incomplete; "},
		{"two lines of three", "stx-etx", "\x02" + c1 + "\r" + c2 + "\x03", "incomplete; "},
		{"three lines of two", "stx-etx", "\x02" + a1 + "\r" + a2 + "\r" + a2 + "\x03", "garbage; "},
		{"two documents in a frame", "stx-etx", "\x02" + a1 + "\r" + a2 + "\r" + b1 + "\r" + b2 + "\x03", "garbage; "},
		{"lines as one", "stx-etx", "\x02" + a1 + a2 + "\r\x03", a1 + "/" + a2 + "; "},
		{"lines as one", "cr-mrz", a1 + a2 + "\r" + c1 + c2 + c3 + "\r", a1 + "/" + a2 + "; " + c1 + "/" + c2 + "/" + c3 + "; "},
		{"half, then lines as one", "cr-mrz", a1 + "\r" + b1 + b2 + "\r", "incomplete; "},
		{"lines as one, passport cut to 72", "stx-etx", "\x02" + (a1 + a2)[:72] + "\x03", "incomplete; "},
		{"empty frame", "stx-etx", "\x02\x03", "garbage; "},
		{"garbage before", "stx-etx", "xyz\x02" + a1 + "\r" + a2 + "\x03", "garbage; " + a1 + "/" + a2 + "; "},
		{"control byte inside", "stx-etx", "\x02" + a1 + "\r\x00" + a2 + "\x03\x02" + b1 + "\r" + b2 + "\x03", "garbage; " + b1 + "/" + b2 + "; "},
		{"byte above ASCII", "stx-etx", "\x02" + a1 + "\r\xc3" + a2 + "\x03", "garbage; "},
		{"end without beginning", "stx-etx", "\x03", "garbage; "},
		{"oversize", "stx-etx", "\x02" + strings.Repeat("A", 300) + "\x03\x02" + a1 + "\r" + a2 + "\x03", "oversize; " + a1 + "/" + a2 + "; "},
		{"flood", "stx-etx", strings.Repeat("A", 5000) + "~", "garbage; "},
		{"flood in a frame", "stx-etx", "\x02" + strings.Repeat("A", 5000) + "~", "oversize; "},
		{"flood of beginnings", "stx-etx", strings.Repeat("\x02A", 5000) + "~", "incomplete; "},

		{"two lines", "cr-mrz", a1 + "\r" + a2 + "\r", a1 + "/" + a2 + "; "},
		{"three lines", "cr-mrz", c1 + "\r" + c2 + "\r" + c3 + "\r", c1 + "/" + c2 + "/" + c3 + "; "},
		{"CR LF twice", "cr-mrz", a1 + "\r\n" + a2 + "\r\n" + b1 + "\r\n" + b2 + "\r\n", a1 + "/" + a2 + "; " + b1 + "/" + b2 + "; "},
		{"half, then silence", "cr-mrz", a1 + "\rL898~" + b1 + "\r" + b2 + "\r", "incomplete; " + b1 + "/" + b2 + "; "},
		{"one line, then another document", "cr-mrz", a1 + "\r" + b1 + "\r" + b2 + "\r", "incomplete; " + b1 + "/" + b2 + "; "},
		{"half a line, then another document", "cr-mrz", a1 + "\rL898" + b1 + "\r" + b2 + "\r" + a1 + "\r" + a2 + "\r", "incomplete; " + a1 + "/" + a2 + "; "},
		{"short first line", "cr-mrz", "ABC\r" + a1 + "\r" + a2 + "\r", "garbage; " + a1 + "/" + a2 + "; "},
		{"blank line inside", "cr-mrz", a1 + "\r\r" + a2 + "\r~", "incomplete; "},
		{"control byte", "cr-mrz", "\x00\x01\r" + a1 + "\r" + a2 + "\r", "garbage; " + a1 + "/" + a2 + "; "},
		{"oversize", "cr-mrz", strings.Repeat("A", 300) + "\r" + a1 + "\r" + a2 + "\r", "oversize; " + a1 + "/" + a2 + "; "},
		{"flood of lines", "cr-mrz", strings.Repeat("A\r", 5000) + "~", "garbage; "},

		{"blank line", "cr-blank", a1 + "\r" + a2 + "\r\r", a1 + "/" + a2 + "; "},
		{"blank CR LF", "cr-blank", a1 + "\r\n" + a2 + "\r\n\r\n" + b1 + "\r\n" + b2 + "\r\n\r\n", a1 + "/" + a2 + "; " + b1 + "/" + b2 + "; "},
		{"half document", "cr-blank", a1 + "\r\r", "incomplete; "},
		{"oversize, then blank line", "cr-blank", strings.Repeat("A", 300) + "\r" + a1 + "\r\r" + b1 + "\r" + b2 + "\r\r", "oversize; " + b1 + "/" + b2 + "; "},

		{"end byte", "cr-byte", a1 + "\r" + a2 + "\r\x04", a1 + "/" + a2 + "; "},
		{"end byte, half", "cr-byte", a1 + "\r\x04" + b1 + "\r" + b2 + "\r\x04", "incomplete; " + b1 + "/" + b2 + "; "},
		{"end byte, oversize", "cr-byte", strings.Repeat("A", 300) + "\x04" + b1 + "\r" + b2 + "\r\x04", "oversize; " + b1 + "/" + b2 + "; "},

		{"raw", "raw-88", a1 + a2 + b1 + b2, a1 + "/" + a2 + "; " + b1 + "/" + b2 + "; "},
		{"raw, half", "raw-88", a1 + "~" + b1 + b2, "incomplete; " + b1 + "/" + b2 + "; "},
		{"raw, garbage", "raw-88", "\x00" + a1 + a2 + "~" + b1 + b2, "garbage; " + b1 + "/" + b2 + "; "},

		{"raw, flood", "raw-88", strings.Repeat("A", 880) + "~", "garbage; "},
		{"frame of letters", "stx-etx", "\x02" + a1 + "\r" + a1 + "\x03", "garbage; "},

		{"idle", "raw-idle", a1 + a2 + "~" + c1 + c2 + c3 + "~", a1 + "/" + a2 + "; " + c1 + "/" + c2 + "/" + c3 + "; "},
		{"idle, half", "raw-idle", a1 + "~" + b1 + b2 + "~", "incomplete; " + b1 + "/" + b2 + "; "},
		{"idle, passport cut to 72", "raw-idle", (a1 + a2)[:72] + "~", "incomplete; "},
		{"idle, too long", "raw-idle", a1 + a2 + a1 + "~", "garbage; "},
		{"idle, oversize", "raw-idle", strings.Repeat("A", 5000) + "~", "oversize; "},
	}
	for _, tc := range tests {
		t.Run(tc.framing+"/"+tc.name, func(t *testing.T) {
			if d := cmp.Diff(tc.want, feed(framed.NewDecoder(framings[tc.framing]), tc.stream)); d != "" {
				t.Error("all at once", d)
			}
			// One byte at a time, with the short silences of a slow line between.
			d, now, got := framed.NewDecoder(framings[tc.framing]), time.Hour, ""
			for _, c := range []byte(tc.stream) {
				if c == '~' {
					now += time.Second
					got += told(d.Feed(nil, now))
					continue
				}
				now += 150 * time.Millisecond
				got += told(d.Feed(nil, now))
				now += 150 * time.Millisecond
				got += told(d.Feed([]byte{c}, now))
			}
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Error("byte by byte", d)
			}
		})
	}
}

// The document must leave with its last byte, not with the silence after it.
func TestGoodDocumentNeedsNoSilence(t *testing.T) {
	for name, f := range framings {
		if f.Kind == profile.RawIdle {
			continue // says so in its description
		}
		t.Run(name, func(t *testing.T) {
			b := devicetest.Encode(f, []string{a1, a2})
			d := framed.NewDecoder(f)
			if got := told(d.Feed(b[:len(b)-1], 1)); got != "" {
				t.Errorf("before the last byte: %q", got)
			}
			if got := told(d.Feed(b[len(b)-1:], 1)); got != a1+"/"+a2+"; " {
				t.Errorf("with the last byte: %q", got)
			}
		})
	}
}

// A busy host reads late; that alone must not tear a document.
func TestLateReadTearsNothing(t *testing.T) {
	d := framed.NewDecoder(framings["stx-etx"])
	b := devicetest.Encode(framings["stx-etx"], []string{a1, a2})
	if got := told(d.Feed(b[:50], 0)) + told(d.Feed(b[50:], time.Minute)); got != a1+"/"+a2+"; " {
		t.Errorf("got %q", got)
	}
}

// However the bytes are cut into reads, the readings are the same; each document sent
// whole comes out, and nothing comes out that was not sent.
func TestAnyCutGivesTheSame(t *testing.T) {
	for name, f := range framings {
		t.Run(name, rapid.MakeCheck(func(t *rapid.T) {
			rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
			now := time.Hour
			d := framed.NewDecoder(f)
			n := rapid.IntRange(1, 6).Draw(t, "documents")
			for i := range n {
				lines := devicetest.RandomDocument(rng, i)
				for f.Kind == profile.RawLen && len(strings.Join(lines, "")) != f.Length {
					lines = devicetest.RandomDocument(rng, i)
				}
				bytes := devicetest.Encode(f, lines)
				half := rapid.Bool().Draw(t, "half")
				if half {
					bytes = bytes[:rapid.IntRange(1, len(bytes)-1).Draw(t, "cut off at")]
				}
				var got string
				for len(bytes) > 0 {
					k := rapid.IntRange(1, len(bytes)).Draw(t, "read")
					got += told(d.Feed(bytes[:k], now))
					bytes = bytes[k:]
				}
				now += time.Second
				got += told(d.Feed(nil, now))
				want := strings.Join(lines, "/") + "; "
				if half {
					// A document cut exactly after its last character may already be whole
					// for the framing; nothing else but an error may come out.
					if got != want && strings.Contains(got, "<") && f.Kind != profile.RawIdle {
						t.Fatalf("half a document became %q", got)
					}
				} else if got != want {
					t.Fatalf("sent %q, got %q", want, got)
				}
			}
		}))
	}
}

func FuzzDecoder(f *testing.F) {
	names := []string{"stx-etx", "cr-mrz", "cr-blank", "cr-byte", "raw-88", "raw-idle"}
	for i, n := range names {
		f.Add(uint8(i), uint8(7), devicetest.Encode(framings[n], []string{a1, a2}))
		f.Add(uint8(i), uint8(1), append([]byte("\x00\r\n"), devicetest.Encode(framings[n], []string{c1, c2, c3})...))
	}
	f.Fuzz(func(t *testing.T, which, chunk uint8, stream []byte) {
		framing := framings[names[int(which)%len(names)]]
		one, many := framed.NewDecoder(framing), framed.NewDecoder(framing)
		look := func(rs []devices.Reading) {
			for _, r := range rs {
				if (r.Err == nil) == (r.Lines == nil) {
					t.Fatalf("a reading with both or neither: %v", r.Err)
				}
				if r.Err != nil {
					continue
				}
				if n := len(r.Lines[0]); n*len(r.Lines) != 90 && n*len(r.Lines) != 88 && n*len(r.Lines) != 72 {
					t.Fatalf("a document of %d lines of %d", len(r.Lines), n)
				}
				for _, l := range r.Lines {
					if len(l) != len(r.Lines[0]) || strings.ContainsFunc(l, func(c rune) bool { return c < ' ' || c > '~' }) {
						t.Fatal("a line of another length, or with other than printable ASCII")
					}
				}
			}
		}
		all := one.Feed(stream, time.Hour)
		look(all)
		whole := told(all)
		step, cut := int(chunk)%64+1, ""
		for b := stream; len(b) > 0; {
			k := min(step, len(b))
			cut += told(many.Feed(b[:k], time.Hour))
			b = b[k:]
		}
		if cut != whole {
			t.Fatalf("in one piece %q, in pieces of %d %q", whole, step, cut)
		}
		end := one.Feed(nil, 2*time.Hour)
		look(end)
		// After a silence the decoder is as new, whatever came before.
		lines := []string{b1, b2}
		got := told(one.Feed(devicetest.Encode(framing, lines), 3*time.Hour)) + told(one.Feed(nil, 4*time.Hour))
		if got != strings.Join(lines, "/")+"; " {
			t.Fatalf("after a silence, a good document became %q", got)
		}
	})
}
