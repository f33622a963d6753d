package trace

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math/bits"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"garita/devices"
	"garita/devices/profile"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type clock struct{}

func (clock) Now() time.Time { return time.Date(2026, 11, 22, 17, 4, 5, 0, time.UTC) }

// wire is a line that gives what a test puts on it, in its pieces; an empty piece is a
// silence.
type wire struct{ pieces [][]byte }

func (w *wire) Read(_ context.Context, b []byte) (int, error) {
	if len(w.pieces) == 0 {
		return 0, devices.ErrUnplugged
	}
	n := copy(b, w.pieces[0])
	w.pieces = w.pieces[1:]
	return n, nil
}

func (*wire) Write(context.Context, []byte) error { return nil }
func (*wire) Close() error                        { return nil }

func embedded(t testing.TB, id string) *profile.Profile {
	t.Helper()
	set, err := profile.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	p, ok := set.Get(id)
	if !ok {
		t.Fatal("no profile", id)
	}
	q := *p
	return &q
}

// word is a run of characters none of which a mask leaves as it is.
func word(t *rapid.T, n int, digits bool) string {
	alphabet := "BCDEFGHIJKLMNOQRSTUVWXYZ"
	if digits {
		alphabet += "123456789"
	}
	return rapid.StringOfN(rapid.SampledFrom([]rune(alphabet)), n, n, -1).Draw(t, "word")
}

// document is that of somebody who is invented anew each time, in all shapes.
func document(t *rapid.T) []string {
	name := word(t, 3, false) + "<<" + word(t, 6, false) + "<" + word(t, 5, false)
	number := word(t, 9, true)
	pad := func(s string, n int) string { return (s + strings.Repeat("<", n))[:n] }
	switch rapid.IntRange(0, 2).Draw(t, "kind") {
	case 0:
		return []string{pad("P<UTO"+name, 44), pad(number+"6UTO7408122F1204159"+word(t, 8, true), 44)}
	case 1:
		return []string{pad("I<UTO"+name, 36), pad(number+"6UTO7408122F1204159", 36)}
	default:
		return []string{pad("I<UTO"+number, 30), pad("7408122F1204159UTO", 30), pad(name, 30)}
	}
}

// cut cuts bytes into random pieces, now and then with a silence between.
func cut(t *rapid.T, b []byte) (pieces [][]byte) {
	for len(b) > 0 {
		n := rapid.IntRange(0, min(len(b), 40)).Draw(t, "piece")
		pieces = append(pieces, b[:n])
		b = b[n:]
	}
	return pieces
}

// damage drops, doubles or changes a few bytes, or stops in the middle.
func damage(t *rapid.T, b []byte) []byte {
	b = bytes.Clone(b)
	switch at := rapid.IntRange(0, len(b)-1).Draw(t, "at"); rapid.IntRange(0, 5).Draw(t, "damage") {
	case 0:
		return append(b[:at], b[at+1:]...)
	case 1:
		return append(b[:at:at], b[max(0, at-3):]...)
	case 2:
		b[at] = rapid.Byte().Draw(t, "byte")
	case 3:
		return b[:at+1]
	case 4:
		return b[at:]
	default:
	}
	return b
}

// shown is everything that the ring would ever show or write: the bytes one behind the
// other, for whoever reads them puts the pieces together.
func shown(r *Ring) []byte {
	var wire, texts, hex []byte
	for _, e := range r.Record() {
		if e.Kind != Out {
			wire = append(wire, e.Whole()...)
		}
		texts = append(texts, e.Text...)
	}
	for _, f := range r.Frames() {
		texts = append(texts, f.Note...)
		if f.Direction != "in" {
			continue
		}
		for _, h := range strings.Fields(f.Hex) {
			var v byte
			for _, c := range []byte(h) {
				v = v<<4 | c&15 + c>>6*9
			}
			hex = append(hex, v)
		}
	}
	return bytes.Join([][]byte{wire, texts, hex}, []byte{0})
}

// secret reports whether a mask would have to change a character.
func secret(c byte) bool { return c > 'A' && c <= 'Z' || c >= '1' && c <= '9' }

// hidden3 fails if any three such characters of a document in a row are shown, with
// whatever highest bit.
func hidden3(t *rapid.T, all []byte, lines []string) {
	plain := make([]byte, 0, len(all))
	for _, c := range all {
		plain = append(plain, c&0x7f)
	}
	for _, l := range lines {
		for i := 0; i+3 <= len(l); i++ {
			part := l[i : i+3]
			if secret(part[0]) && secret(part[1]) && secret(part[2]) && bytes.Contains(plain, []byte(part)) {
				t.Fatalf("%q of the document is shown", part)
			}
		}
	}
}

// encoders put a document on the wire as each family does.
func encoders(t testing.TB) map[string]func(lines []string) []byte {
	join := func(sep, end string) func([]string) []byte {
		return func(l []string) []byte { return []byte(strings.Join(l, sep) + end) }
	}
	return map[string]func([]string) []byte{
		"generic-framed-mrz": func(l []string) []byte { return []byte("\x02" + strings.Join(l, "\r") + "\r\x03") },
		"generic-framed-cr":  join("\r\n", "\r\n"),
		"generic-raw-mrz":    join("", ""),
		"generic-wedge-mrz":  join("\r", "\r"),
		"honeywell-ocr":      join("\r", "\r"),
		"elyctis-idbox-mrz": func(l []string) []byte {
			data := strings.Join(l, "\r") + "\r"
			return append([]byte{'I', byte(len(data) >> 8), byte(len(data))}, data...)
		},
	}
}

// TestDocumentsAreMasked: whatever the pieces, whatever is lost on the way, and with
// questions asked at any moment.
func TestDocumentsAreMasked(t *testing.T) {
	for id, encode := range encoders(t) {
		t.Run(id, func(t *testing.T) {
			p := embedded(t, id)
			rapid.Check(t, func(t *rapid.T) {
				// As careless as a profile can be, and as good as one.
				p.Identify.Pattern = rapid.SampledFrom([]string{`(?P<firmware>[A-Z0-9]+)`, `(?s)(?P<firmware>.+)`, `REV(?P<firmware>[A-Z0-9. ]*)`}).Draw(t, "pattern")
				parity := rapid.Bool().Draw(t, "parity")
				r := New(clock{})
				var all []string
				var raw []byte
				for range rapid.IntRange(1, 3).Draw(t, "documents") {
					d := document(t)
					all = append(all, d...)
					raw = append(raw, damage(t, encode(d))...)
				}
				for i, c := range raw {
					if parity && bits.OnesCount8(c)%2 == 1 {
						raw[i] |= 0x80 // the reader has 7 bits, the profile says 8
					}
				}
				w := &wire{pieces: cut(t, raw)}
				s := r.Stream(w, p)
				buf := make([]byte, 4096)
				for {
					if rapid.IntRange(0, 3).Draw(t, "asks") == 0 {
						if err := s.Write(t.Context(), []byte{'V', 0, 0}); err != nil {
							t.Fatal(err)
						}
					}
					if _, err := s.Read(t.Context(), buf); err != nil {
						break
					}
				}
				hidden3(t, shown(r), all)
			})
		})
	}
}

func TestPixelsAreMasked(t *testing.T) {
	packet := func(kind byte, payload []byte) []byte {
		b := append([]byte{0xef, 0x01, 0xff, 0xff, 0xff, 0xff, kind}, byte((len(payload)+2)>>8), byte(len(payload)+2))
		b = append(b, payload...)
		var sum uint16
		for _, c := range b[6:] {
			sum += uint16(c)
		}
		return binary.BigEndian.AppendUint16(b, sum)
	}
	rapid.Check(t, func(t *rapid.T) {
		p := &profile.Profile{Driver: "r30x"}
		r := New(clock{})
		pixels := rapid.SliceOfN(rapid.ByteRange(1, 255), 200, 600).Draw(t, "pixels")
		raw := packet(7, []byte{0, 'V', '1', '.', '4'})
		for rest := pixels; len(rest) > 0; {
			n := min(len(rest), 128)
			kind := byte(2)
			if n == len(rest) {
				kind = 8
			}
			raw, rest = append(raw, packet(kind, rest[:n])...), rest[n:]
		}
		intact := rapid.Bool().Draw(t, "intact")
		if !intact {
			raw = damage(t, raw)
		}
		w := &wire{pieces: cut(t, raw)}
		s := r.Stream(w, p)
		for buf := make([]byte, 4096); ; {
			if _, err := s.Read(t.Context(), buf); err != nil {
				break
			}
		}
		all := shown(r)
		for i := 0; i+8 <= len(pixels); i++ {
			if bytes.Contains(all, pixels[i:i+8]) {
				t.Fatalf("pixels % X are shown", pixels[i:i+8])
			}
		}
		if intact && !bytes.Contains(all, []byte("V1.4")) {
			t.Fatal("the firmware is hidden")
		}
	})
}

// bus is a USB connection that gives what a test says.
type bus struct{ next []byte }

func (b *bus) Control(_ context.Context, _ devices.Setup, data []byte) (int, error) {
	return copy(data, b.next), nil
}
func (b *bus) Read(_ context.Context, _ uint8, data []byte) (int, error) {
	return copy(data, b.next), nil
}
func (b *bus) Write(_ context.Context, _ uint8, data []byte) (int, error) { return len(data), nil }
func (b *bus) Close() error                                               { return nil }

func TestImagesOverUSBAreMasked(t *testing.T) {
	for _, id := range []string{"digitalpersona-uareu-4000b", "egistec-0570", "unknown"} {
		t.Run(id, func(t *testing.T) {
			p := &profile.Profile{Driver: "nobody-knows"}
			if id != "unknown" {
				p = embedded(t, id)
			}
			rapid.Check(t, func(t *rapid.T) {
				pixels := rapid.SliceOfN(rapid.Byte(), 24, 5000).Draw(t, "pixels")
				r := New(clock{})
				u := r.USB(&bus{next: pixels}, p)
				buf := make([]byte, 8192)
				for _, endpoint := range []uint8{uint8(p.Transport.In), uint8(p.Transport.In)} {
					if _, err := u.Read(t.Context(), endpoint, buf); err != nil {
						t.Fatal(err)
					}
				}
				all := shown(r)
				for i := 0; i+6 <= len(pixels); i++ {
					part := pixels[i : i+6]
					if !bytes.Equal(part[:5], part[1:]) && bytes.Contains(all, part) {
						t.Fatalf("pixels % X are shown", part)
					}
				}
			})
		})
	}
}

// TestWhatOnlyLooksHarmless is what a random test would not hit upon.
func TestWhatOnlyLooksHarmless(t *testing.T) {
	elyctis, uareu := embedded(t, "elyctis-idbox-mrz"), embedded(t, "digitalpersona-uareu-4000b")
	pixels := bytes.Repeat([]byte{0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x08}, 40)
	binary.LittleEndian.PutUint16(pixels[4:], 200) // as many lines as an image may have
	copy(pixels[16:], []byte{0x02, 100, 0, 0})     // and blocks that hold fewer
	for name, c := range map[string]struct {
		p      *profile.Profile
		raw    []byte
		hidden string
	}{
		"an answer that nobody asked for":    {elyctis, append([]byte{'R', 0, 20}, "QUOLVE<<TINSER<MOVEL"...), "OLVE"},
		"a frame that is too long":           {elyctis, append([]byte{'V', 0, 90}, "QUOLVE<<TINSER<MOVEL"...), "OLVE"},
		"a packet whose sum is wrong":        {&profile.Profile{Driver: "r30x"}, append([]byte{0xef, 1, 0xff, 0xff, 0xff, 0xff, 7, 0, 8}, "PIXELS00"...), "PIX"},
		"pixels that begin as a packet does": {&profile.Profile{Driver: "r30x"}, append([]byte{0xef, 1}, "PIXELS00PIXELS"...), "PIX"},
		"pixels as many as an answer has":    {embedded(t, "egistec-0570"), []byte("PIXELS0"), "PIX"},
		"pixels that begin as an image does": {uareu, pixels, string(pixels[8:16])},
	} {
		r := New(clock{})
		if c.p.Transport.Kind == "usb" {
			if _, err := r.USB(&bus{next: c.raw}, c.p).Read(t.Context(), uint8(c.p.Transport.In), make([]byte, 1000)); err != nil {
				t.Fatal(err)
			}
		} else if _, err := r.Stream(&wire{pieces: [][]byte{c.raw}}, c.p).Read(t.Context(), make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(shown(r), []byte(c.hidden)) {
			t.Errorf("%s: % X is shown", name, c.hidden)
		}
	}
}

// TestPatternsThatShowAnswers: two walls before what a pattern lets through.
func TestPatternsThatShowAnswers(t *testing.T) {
	for pattern, want := range map[string]bool{`(?s).+`: true, `[A-Z0-9]+`: true, `(?P<firmware>[0-9.]+)`: true, `\w+`: true,
		`FICTA (?P<firmware>[0-9.]+)`: false, `V(?P<firmware>[0-9.]+)`: false, `OK`: false, `\x06`: false, `Revision: (.*)`: false} {
		if got := careless(regexp.MustCompile(pattern)); got != want {
			t.Errorf("careless %s: %v", pattern, got)
		}
	}
	for text, want := range map[string]bool{"QUOLVE7": false, "QUOLVE\r\n\x03": false, "V2.1": true, "rev 7": true} {
		if got := harmless(regexp.MustCompile(`.*`), text); got != want {
			t.Errorf("harmless %q: %v", text, got)
		}
	}
	if !harmless(regexp.MustCompile(`OK`), "OK") {
		t.Error("what stands in the profile is hidden")
	}
	// A document behind the answer, or before it.
	p := embedded(t, "generic-framed-mrz")
	p.Identify.Pattern = `(?s)REV.*`
	for _, came := range []string{"REV 2.1\rP<UTOQUOLVE<<TINSER", "REV 2.1\r7408122F1204159UTOQUOLVE", "\x02P<UTOQUOLVE<<"} {
		r := New(clock{})
		s := r.Stream(&wire{pieces: [][]byte{[]byte(came), nil}}, p)
		if err := s.Write(t.Context(), []byte{5}); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := s.Read(t.Context(), make([]byte, 100)); err != nil {
				t.Fatal(err)
			}
		}
		if bytes.Contains(shown(r), []byte("UOLVE")) {
			t.Errorf("of %q a name is shown", came)
		}
	}
}

// TestAnswersAreShown: a technician, and a replay, need what is no document.
func TestAnswersAreShown(t *testing.T) {
	p := embedded(t, "generic-framed-mrz")
	p.Identify.Pattern = `FICTA (?P<firmware>[0-9.]+)`
	p.Init = []profile.Exchange{{Send: []byte("AT\r"), Expect: "OK"}}
	r := New(clock{})
	w := &wire{pieces: [][]byte{[]byte("O"), []byte("K\r"), []byte("FICTA"), []byte(" 2.2"), []byte("1\r"), nil, []byte("\x02P<UTO")}}
	s := r.Stream(w, p)
	buf := make([]byte, 100)
	for _, step := range []int{2, 4} {
		if err := s.Write(t.Context(), []byte{5}); err != nil {
			t.Fatal(err)
		}
		for range step {
			if _, err := s.Read(t.Context(), buf); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := s.Read(t.Context(), buf); err != nil {
		t.Fatal(err)
	}
	var in []byte
	for _, e := range r.Record() {
		if e.Kind == In {
			in = append(in, e.Data...)
		}
	}
	if want := "OK\rFICTA 2.21\r\x02A<AAA"; string(in) != want {
		t.Errorf("%q, want %q", in, want)
	}
}

// TestAnswersAmongOtherThings: a driver finds its answer in the middle of anything, and
// so must a replay.
func TestAnswersAmongOtherThings(t *testing.T) {
	framed := embedded(t, "generic-framed-mrz")
	framed.Init = []profile.Exchange{{Send: []byte("AT\r"), Expect: `OK\r`}}
	elyctis := embedded(t, "elyctis-idbox-mrz")
	for name, c := range map[string]struct {
		p         *profile.Profile
		raw, want string
	}{
		"an acknowledgement behind a document": {framed, "\x02P<UTOOKOK<OOK\rX", "\x02A<AAAAAAA<AOK\rA"},
		"an answer behind garbage":             {elyctis, "Q7V\x00\x041.07", "A0V\x00\x041.07"},
		"an answer in half a document":         {elyctis, "I\x00\x5aP<UTOV\x00\x041.07", "I\x00\x5aA<AAAV\x00\x041.07"},
		"a document where an answer is asked":  {elyctis, "Q7I\x00\x041.07", "A0I\x00\x040.00"},
		"a packet whose sum is wrong by one":   {&profile.Profile{Driver: "r30x"}, "\xef\x01\xff\xff\xff\xff\x02\x00\x04QZ\x00\xb2", "\xef\x01\xff\xff\xff\xff\x02\x00\x04\x00\x00\x00\x05"},
	} {
		for _, size := range []int{1, 3, 100} {
			r := New(clock{})
			w := &wire{}
			for raw := c.raw; raw != ""; {
				n := min(size, len(raw))
				w.pieces, raw = append(w.pieces, []byte(raw[:n])), raw[n:]
			}
			s := r.Stream(w, c.p)
			if err := s.Write(t.Context(), []byte{'V', 0, 0}); err != nil {
				t.Fatal(err)
			}
			for {
				if _, err := s.Read(t.Context(), make([]byte, 100)); err != nil {
					break
				}
			}
			var got []byte
			for _, e := range r.Record() {
				if e.Kind == In {
					got = append(got, e.Data...)
				}
			}
			if string(got) != c.want {
				t.Errorf("%s, in pieces of %d: %q, want %q", name, size, got, c.want)
			}
		}
	}
}

func TestIdleRoundsAreCounted(t *testing.T) {
	r := New(clock{})
	u := r.USB(&failing{}, embedded(t, "digitalpersona-uareu-4000b"))
	r.begin(t.Context(), Serve, "")
	b := make([]byte, 64)
	for range 100_000 {
		_, _ = u.Read(t.Context(), 0x81, b) // it has nothing to tell
		if _, err := u.Control(t.Context(), devices.Setup{RequestType: 0xc0, Request: 4, Value: 7}, b[:1]); err != nil {
			t.Fatal(err)
		}
	}
	all := r.Record()
	if n := len(all); n != 5 || all[n-1].Kind != Again || all[n-1].Of != 2 || all[n-1].Times != 99_999 {
		t.Errorf("%d events, the last %+v", n, all[n-1])
	}
	f := r.Frames()
	if last := f[len(f)-1].Note; last != "the last 2 frames came 99999 times more" {
		t.Errorf("%q", last)
	}
}

// failing is a device that answers registers and has no events.
type failing struct{ bus }

func (*failing) Read(context.Context, uint8, []byte) (int, error) { return 0, devices.ErrNoReply }

// TestDocumentsAreNotFolded: masked, they are all alike, and each of them counts.
func TestDocumentsAreNotFolded(t *testing.T) {
	r := New(clock{})
	w := &wire{}
	for range 10 {
		w.pieces = append(w.pieces, []byte("\x02SAME\r\x03"))
	}
	s := r.Stream(w, embedded(t, "generic-framed-mrz"))
	r.begin(t.Context(), Serve, "")
	buf := make([]byte, 100)
	for range 10 {
		if _, err := s.Read(t.Context(), buf); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(r.Record()); n != 12 {
		t.Errorf("%d events, want 12", n)
	}
}

// TestRecordIsBounded: the beginning of the connection stays, and so does the end.
func TestRecordIsBounded(t *testing.T) {
	r := New(clock{})
	p := embedded(t, "generic-framed-mrz")
	for connection := range 3 {
		w := &wire{}
		s := r.Stream(w, p)
		r.begin(t.Context(), Start, "")
		if err := s.Write(t.Context(), []byte("question")); err != nil {
			t.Fatal(err)
		}
		r.end(t.Context(), "1.0", nil)
		r.begin(t.Context(), Serve, "")
		buf := make([]byte, 1000)
		for i := range 4000 {
			w.pieces = append(w.pieces, bytes.Repeat([]byte{'A'}, 1+(i*7)%900))
			if _, err := s.Read(t.Context(), buf); err != nil {
				t.Fatal(err)
			}
			if r.rec.size > MaxBytes {
				t.Fatalf("%d bytes", r.rec.size)
			}
		}
		all := r.Record()
		size, gaps := 0, 0
		for i := range all {
			size += sizeOf(&all[i])
			if all[i].Kind == Gap {
				gaps++
			}
		}
		if size != r.rec.size || size < MaxBytes/4 || gaps != 1 || all[0].Kind != Open || string(all[2].Data) != "question" || all[len(all)-1].Bytes != 1+(3999*7)%900 {
			t.Errorf("connection %d: %d bytes (counted %d), %d gaps, first %s %q, last %d", connection, size, r.rec.size, gaps, all[0].Kind, all[2].Data, all[len(all)-1].Bytes)
		}
	}
	if n := len(r.Frames()); n != Kept {
		t.Errorf("%d frames", n)
	}
}

func TestFaultsHaveNames(t *testing.T) {
	for _, f := range faults {
		if got := Fault(Failure(f.name)); got != f.name {
			t.Errorf("%s comes back as %s", f.name, got)
		}
	}
	if Fault(nil) != "" || Failure("") != nil || Fault(errors.New("x")) != "other" || Failure("other") == nil || Fault(context.Canceled) != Interrupted {
		t.Error("the others")
	}
}
