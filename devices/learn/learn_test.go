package learn_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"garita/border"
	"garita/devices"
	"garita/devices/devicetest"
	"garita/devices/drivers/framed"
	"garita/devices/learn"
	"garita/devices/profile"
	"garita/devices/serial"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Specimens of Utopia (ICAO Doc 9303): nobody.
var (
	td3 = []string{
		"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
		"L898902C36UTO7408122F1204159ZE184226B<<<<<10",
	}
	td1 = []string{
		"I<UTOD231458907<<<<<<<<<<<<<<<",
		"7408122F1204159UTO<<<<<<<<<<<6",
		"ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
	}
)

func request(lines []string) border.LearnRequest {
	return border.LearnRequest{Lines: lines, ID: "learned", Name: `The "new" reader`}
}

func heard(p ...string) learn.Heard {
	h := learn.Heard{Setting: learn.Setting{Baud: 9600}}
	for _, s := range p {
		h.Presentations = append(h.Presentations, []byte(s))
	}
	return h
}

// decode decodes with a learned profile.
func decode(t interface {
	Fatalf(string, ...any)
	Helper()
}, toml string, b []byte) []devices.Reading {
	t.Helper()
	p, err := profile.Parse("learned.toml", []byte(toml))
	if err != nil {
		t.Fatalf("the profile cannot be read: %v\n%s", err, toml)
	}
	d := framed.NewDecoder(p.Framing)
	readings := append([]devices.Reading(nil), d.Feed(b, time.Hour)...)
	return append(readings, d.Feed(nil, 2*time.Hour)...)
}

// Whatever framing a reader has, the profile that was learned from one document reads this
// and every other document of the reader.
func TestEveryFramingIsLearned(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		rng := rand.New(rand.NewPCG(seed, 1))
		marker := rapid.SampledFrom([]int{0x00, 0x01, 0x02, 0x03, 0x04, 0x1b, 0x1d, 0x7f, 0x80, 0xff})
		kind := rapid.SampledFrom([]string{"stx", "byte", "blank", "mrz", "raw", "stx joined", "mrz joined"}).Draw(t, "kind")
		sep := rapid.SampledFrom([]string{"\r", "\n", "\r\n"}).Draw(t, "line end")
		start, end := marker.Draw(t, "start"), marker.Draw(t, "end")
		if start == end {
			t.Skip("not supported")
		}
		between := sep
		if strings.HasSuffix(kind, "joined") || kind == "raw" {
			between = ""
		}
		encode := func(lines []string) []byte {
			text := strings.Join(lines, between)
			switch kind[:3] {
			case "stx":
				return []byte(string([]byte{byte(start)}) + text + sep + string([]byte{byte(end)}))
			case "byt":
				return []byte(text + sep + string([]byte{byte(end)}))
			case "bla":
				return []byte(text + sep + sep)
			case "mrz":
				return []byte(text + sep)
			default:
				return []byte(text)
			}
		}
		known := devicetest.RandomDocument(rng, 1)
		h := learn.Heard{Setting: learn.Setting{Baud: 9600}, Presentations: [][]byte{encode(known), encode(known)}}
		parity := rapid.SampledFrom([]string{"none", "even", "odd"}).Draw(t, "parity")
		if parity != "none" && start < 0x80 && end < 0x80 {
			for _, p := range h.Presentations {
				addParity(p, parity)
			}
		} else {
			parity = "none"
		}
		got, err := learn.Infer(request(known), h)
		if err != nil {
			t.Fatalf("not learned: %v", err)
		}
		if !strings.Contains(got.TOML, fmt.Sprintf("parity    = %q", parity)) {
			t.Fatalf("parity %s was not found:\n%s", parity, got.TOML)
		}
		for i, lines := range [][]string{known, devicetest.RandomDocument(rng, 2), devicetest.RandomDocument(rng, 3), td1, td3} {
			readings := decode(t, got.TOML, encode(lines))
			if len(readings) != 1 || !cmp.Equal(readings[0].Lines, lines) {
				t.Fatalf("document %d became %d readings, of %s:\n%s", i, len(readings), kind, got.TOML)
			}
		}
	})
}

// addParity puts a parity bit on 7-bit characters.
func addParity(b []byte, parity string) {
	for i, c := range b {
		ones := 0
		for r := c; r != 0; r &= r - 1 {
			ones++
		}
		if ones%2 == 1 == (parity == "even") {
			b[i] |= 0x80
		}
	}
}

func TestFramings(t *testing.T) {
	a, b := td3[0], td3[1]
	for name, tc := range map[string]struct {
		heard string
		says  []string
	}{
		"stx, etx":                       {"\x02" + a + "\r" + b + "\r\x03", []string{`kind         = "stx-etx"`, "start        = 0x02", "end          = 0x03"}},
		"line ends before and after":     {"\r\n\x02\r\n" + a + "\r\n" + b + "\r\n\x03\r\n", []string{`"stx-etx"`}},
		"held twice":                     {"\x02" + a + "\r" + b + "\r\x03\x02" + a + "\r" + b + "\r\x03", []string{`"stx-etx"`, "end          = 0x03"}},
		"other markers":                  {"\x1c" + a + "\r" + b + "\x1d", []string{"start        = 0x1C", "end          = 0x1D"}},
		"two start bytes: the inner one": {"\x01\x02" + a + "\r" + b + "\r\x03", []string{"start        = 0x02", "no part of it"}},
		"end byte":                       {a + "\r" + b + "\r\x04", []string{`document_end = "byte"`, "end          = 0x04"}},
		"blank line":                     {a + "\r" + b + "\r\r", []string{`document_end = "blank-line"`}},
		"lines":                          {a + "\n" + b + "\n", []string{`document_end = "mrz-lines"`, "Nothing marks the end"}},
		"raw":                            {a + b, []string{`kind         = "raw-idle"`, "raw-len"}},
		"raw, twice at once":             {a + b + a + b, []string{`kind         = "raw-len"`, "length       = 88"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := learn.Infer(request(td3), heard(tc.heard))
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range tc.says {
				if !strings.Contains(got.TOML, s) {
					t.Errorf("lacks %q:\n%s", s, got.TOML)
				}
			}
			if strings.Contains(got.TOML, "ERIKSSON") || strings.Contains(strings.Join(got.Remarks, ""), "ERIKSSON") {
				t.Error("the document is in the profile")
			}
			if len(got.Remarks) == 0 || !strings.Contains(got.TOML, got.Remarks[0]) {
				t.Error("the remarks are not in the profile")
			}
		})
	}
}

func TestWhatCannotBeLearned(t *testing.T) {
	a, b := td3[0], td3[1]
	noise := make([]byte, 200)
	rng := rand.New(rand.NewPCG(7, 7))
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	other := strings.Replace(b, "898902", "898802", 1)
	for name, tc := range map[string]struct {
		lines []string
		heard learn.Heard
		says  string
	}{
		"nothing came":            {td3, heard(""), "Nothing came"},
		"wrong baud":              {td3, heard(string(noise)), "baud rate"},
		"other document":          {td3, heard("\x02" + td1[0] + "\r" + td1[1] + "\r" + td1[2] + "\x03"), "other lines"},
		"one character mistyped":  {[]string{strings.Replace(a, "ANNA", "ANMA", 1), strings.Replace(b, "0", "O", 1)}, heard("\x02" + a + "\r" + b + "\x03"), "other lines"},
		"one line mistyped":       {td3, heard("\x02" + a + "\r" + other + "\x03"), "part"},
		"half":                    {td3, heard("\x02" + a + "\r"), "part"},
		"only once of two":        {td3, heard("\x02"+a+"\r"+b+"\x03", "\x02"+a+"\r"), "part"},
		"prefix in the frame":     {td3, heard("\x02ID" + a + "\r" + b + "\x03"), "prefixes"},
		"start without end":       {td3, heard("\x02" + a + "\r" + b), "prefixes"},
		"a barcode":               {td3, heard("5901234123457\r"), "nothing that looks like"},
		"no document was typed":   {[]string{"HELLO"}, heard("x"), "as it is printed"},
		"characters of no zone":   {[]string{a, b[:43] + "é"}, heard("x"), "as it is printed"},
		"nothing to learn from":   {td3, learn.Heard{Setting: learn.Setting{Baud: 9600}}, "1 to 8"},
		"an id that none can be":  {td3, heard("\x02" + a + "\r" + b + "\x03"), ""},
		"a baud rate of no line":  {td3, learn.Heard{Setting: learn.Setting{Baud: 7}, Presentations: heard(a + "\r" + b + "\r").Presentations}, "baud"},
		"more than can be stored": {td3, heard(strings.Repeat("A", learn.MaxBytes+1)), "More came"},
	} {
		t.Run(name, func(t *testing.T) {
			r := request(tc.lines)
			if name == "an id that none can be" {
				r.ID = "No ID"
			}
			_, err := learn.Infer(r, tc.heard)
			if c := border.CodeOf(err); c != border.Invalid && c != border.TooLarge {
				t.Fatalf("got %v", err)
			}
			if m := border.MessageOf(err); !strings.Contains(m, tc.says) || strings.Contains(m, "ERIKSSON") || m == "" {
				t.Errorf("it says %q", m)
			}
		})
	}
}

func TestTypedLinesAreCleaned(t *testing.T) {
	r := request([]string{" " + strings.ToLower(td3[0]), "", td3[1] + "\n"})
	if _, err := learn.Infer(r, heard(td3[0]+"\r"+td3[1]+"\r")); err != nil {
		t.Error(err)
	}
}

// Whatever came, learning gives a profile that reads it as the document, or words.
func FuzzInfer(f *testing.F) {
	for _, s := range []string{"\x02" + td3[0] + "\r" + td3[1] + "\r\x03", td3[0] + "\r\n" + td3[1] + "\r\n\r\n", td3[0] + td3[1], "\xff\x00"} {
		f.Add([]byte(s), []byte(s), "name")
	}
	f.Fuzz(func(t *testing.T, one, two []byte, name string) {
		r := request(td3)
		r.Name = name
		got, err := learn.Infer(r, learn.Heard{Setting: learn.Setting{Baud: 9600}, Presentations: [][]byte{one, two}})
		if err != nil {
			if border.MessageOf(err) == "" {
				t.Fatalf("no words: %v", err)
			}
			return
		}
		for _, b := range [][]byte{one, two} {
			if strings.Contains(got.TOML, "data_bits = 7") {
				b = strip(b)
			}
			whole := false
			for _, r := range decode(t, got.TOML, b) {
				if r.Err == nil {
					if whole = cmp.Equal(r.Lines, td3); !whole {
						t.Fatal("another document")
					}
				}
			}
			if !whole {
				t.Fatal("the document was not read")
			}
		}
	})
}

func strip(b []byte) []byte {
	out := make([]byte, len(b))
	for i, c := range b {
		out[i] = c & 0x7f
	}
	return out
}

// A technician presents the document again and again; the reader's rate is the second one
// tried.
func TestListenFindsTheBaudRate(t *testing.T) {
	framing := profile.Framing{Kind: profile.StxEtx, Start: 0x1c, End: 0x1d}
	reader, err := devicetest.OpenReader(filepath.Join(t.TempDir(), "reader"), framing)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = reader.Close() })
	const right = 19200
	at := 0
	open := func(_ context.Context, s learn.Setting) (devices.Stream, error) {
		at = s.Baud
		return serial.Open(serial.Config{Path: reader.Path(), Baud: s.Baud, ReadTimeout: 100 * time.Millisecond})
	}
	var told []string
	var shapes string
	hands := make(chan int, 4)
	shown := make(chan struct{})
	go func() { // the technician
		defer close(shown)
		for baud := range hands {
			time.Sleep(100 * time.Millisecond) // the line is open by then, or its flush eats the document and the test times out
			if baud == right {
				_, _ = reader.Present(td3)
			} else {
				_ = reader.Garbage(90, uint64(baud))
			}
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	r := request(td3)
	r.Bauds = []int{9600, right, 115200}
	got, err := learn.Listen(ctx, r, learn.Settings(r, false), open, func(s learn.Step) {
		told, shapes = append(told, s.Text), s.Shapes
		if strings.HasPrefix(s.Text, "Present") {
			hands <- s.Baud
		}
	})
	close(hands)
	<-shown
	if err != nil {
		t.Fatal(err)
	}
	if at != right || !strings.Contains(got.TOML, "baud      = 19200") || !strings.Contains(got.TOML, "start        = 0x1C") {
		t.Errorf("at %d:\n%s", at, got.TOML)
	}
	if len(told) != 4 || !strings.Contains(told[1], "baud rate") || told[3] != "" {
		t.Errorf("told %q", told)
	}
	if strings.ContainsAny(shapes, "BCDEFGHIJKLMNOPQRSTUVWXYZ123456789") || !strings.HasPrefix(shapes, "␜A<AAAAAAAAAAA<<AAAA<AAAAA") {
		t.Errorf("what came shows as %q", shapes)
	}
}

func TestListenEndsWithItsContext(t *testing.T) {
	reader, err := devicetest.OpenReader(filepath.Join(t.TempDir(), "reader"), profile.Framing{Kind: profile.RawIdle})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = reader.Close() })
	ctx, cancel := context.WithCancel(context.Background())
	_, err = learn.Listen(ctx, request(td3), learn.Settings(request(td3), false), func(_ context.Context, at learn.Setting) (devices.Stream, error) {
		return serial.Open(serial.Config{Path: reader.Path(), Baud: at.Baud, ReadTimeout: 100 * time.Millisecond})
	}, func(learn.Step) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// A reader that types is learned as one on a serial line is, with a layout in the place of a bit rate.
func TestAReaderThatTypes(t *testing.T) {
	r := request(td3)
	settings := learn.Settings(r, true)
	if len(settings) != 3 || settings[0].Layout != "us" {
		t.Fatalf("%+v", settings)
	}
	got, err := learn.Infer(r, learn.Heard{Setting: settings[0], Presentations: [][]byte{[]byte(td3[0] + "\n" + td3[1] + "\n")}})
	if err != nil {
		t.Fatal(err)
	}
	if p, err := profile.Parse("learned.toml", []byte(got.TOML)); err != nil || p.Transport.Kind != "wedge" || p.Transport.Layout != "us" || p.Framing.Kind != profile.LineCR {
		t.Errorf("%v\n%s", err, got.TOML)
	}
}

// What is shown of what came holds no letter but A or a and no digit but 0, whatever came.
func FuzzShapes(f *testing.F) {
	f.Add([]byte("\x02" + td3[0] + "\r" + td3[1] + "\r\x03"))
	f.Add([]byte{0xff, 0x00, 0x7f, 'z'})
	f.Fuzz(func(t *testing.T, heard []byte) {
		for _, r := range learn.Shapes(heard) {
			if (r >= 'B' && r <= 'Z') || (r >= 'b' && r <= 'z') || (r >= '1' && r <= '9') {
				t.Fatalf("%q is shown", r)
			}
		}
	})
}
