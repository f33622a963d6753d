package counter_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"strings"
	"testing"
	"time"

	"garita/border"
	"garita/border/counter"
	"garita/border/journal"
)

// photo is a picture of nobody, with what a camera might have written beside it.
func photo(t testing.TB, wide, high int) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, wide, high))
	for y := range high {
		for x := range wide {
			img.Set(x, y, color.RGBA{R: byte(x * 255 / wide), G: byte(y * 255 / high), B: 90, A: 255})
		}
	}
	var b bytes.Buffer
	check(t, jpeg.Encode(&b, img, nil))
	const hidden = "Exif\x00\x00 GPS 9.0N 79.5W camera 4711"
	app1 := append([]byte{0xff, 0xe1, 0, byte(len(hidden) + 2)}, hidden...)
	return append(append(bytes.Clone(b.Bytes()[:2]), app1...), b.Bytes()[2:]...)
}

func (r *rig) attach(c border.CounterID, kind string, content []byte) border.Digest {
	r.t.Helper()
	a, err := r.s.Keep(r.t.Context(), counter.KeepIn{At: counter.At{Counter: c, Officer: "17"}, Encounter: r.view(c).Encounter.ID, Kind: kind,
		Label: "letter", Media: "application/pdf", Pages: 1}, content)
	check(r.t, err)
	return a.Hash
}

// A portrait and papers are sealed files that the draft, then the record, names; they can be read of who is
// here and of whom was recorded. Of a picture only pixels are kept.
func TestAttachments(t *testing.T) {
	r := newRig(t)
	r.scan("1", passport(1))
	face := r.attach("1", border.KindPortrait, photo(t, 60, 80))
	paper := r.attach("1", border.KindPaper, []byte("%PDF a letter"))
	finger := r.take("1", 2)
	v := r.view("1").Encounter
	if len(v.Files) != 2 || v.Files[0].Kind != border.KindPortrait || v.Files[0].Media != "image/jpeg" || v.Files[0].Hash != face || v.Files[1].Label != "letter" {
		t.Errorf("shown: %+v", v.Files)
	}
	f, err := r.s.Attached(t.Context(), v.ID, face)
	check(t, err)
	if f.Recorded || f.Width != 60 || f.Height != 80 || bytes.Contains(f.Content, []byte("GPS")) || bytes.Contains(f.Content, []byte("Exif")) {
		t.Errorf("kept: %+v, %d bytes", f.Attachment, len(f.Content))
	}
	if img, err := jpeg.Decode(bytes.NewReader(f.Content)); err != nil || img.Bounds().Size() != image.Pt(60, 80) {
		t.Errorf("kept is no picture: %v", err)
	}
	if _, err := r.s.Attached(t.Context(), v.ID, finger); border.CodeOf(err) != border.NotFound {
		t.Errorf("a finger image is given: %v", err)
	}
	if _, err := r.s.Attached(t.Context(), border.ID{9}, face); border.CodeOf(err) != border.NotFound {
		t.Errorf("given of another encounter: %v", err)
	}
	r.keepsAll("open", face, paper, finger)
	check(t, r.s.CallUp(t.Context(), "1", border.ID{}, "17"))

	rec := r.decide(r.decision("1", border.Admitted))
	ev, h := r.event(rec.Crossing)
	person := r.personal(&ev)
	if h.Attached != 3 || h.FingersTaken != 1 || h.Files() != 3 || len(person.Attachments) != 3 {
		t.Errorf("recorded: %d attached, %d fingers, %+v", h.Attached, h.FingersTaken, person.Attachments)
	}
	for _, want := range [][]byte{photo(t, 60, 80)[:0], []byte("%PDF a letter")} {
		hash := face
		if len(want) > 0 {
			hash = paper
		}
		f, err := r.s.Attached(t.Context(), rec.Crossing, hash)
		if check(t, err); !f.Recorded || len(want) > 0 && !bytes.Equal(f.Content, want) {
			t.Errorf("read back: %+v", f.Attachment)
		}
	}
	r.keepsAll("recorded", face, paper, finger)
	if v, err := journal.VerifyAttachments(t.Context(), r.dir+"/"+journal.FileName, nil); err != nil || !v.OK || v.Named != 3 {
		t.Errorf("%+v, %v", v, err)
	}
}

// A person has one portrait. What is replaced, removed, abandoned or of somebody else goes from the disk.
func TestAttachmentsGo(t *testing.T) {
	r := newRig(t)
	at := counter.At{Counter: "1", Officer: "17"}
	r.scan("1", passport(1))
	first := r.attach("1", border.KindPortrait, photo(t, 60, 80))
	second := r.attach("1", border.KindPortrait, photo(t, 80, 60))
	paper := r.attach("1", border.KindPaper, []byte("%PDF"))
	id := r.view("1").Encounter.ID
	if r.has(first) || !r.has(second) {
		t.Error("the portrait before is still there")
	}
	check(t, r.s.Remove(t.Context(), at, id, paper))
	if r.has(paper) {
		t.Error("a removed paper is still there")
	}
	if err := r.s.Remove(t.Context(), at, id, paper); border.CodeOf(err) != border.NotFound {
		t.Errorf("removed twice: %v", err)
	}
	check(t, r.s.Abandon(t.Context(), at, id, "mistake", ""))
	if r.has(second) {
		t.Error("the portrait of an abandoned encounter is still there")
	}

	open, err := r.s.Open(t.Context(), counter.Opening{At: at, Identity: border.IdentityDeclared, Particulars: counter.Particulars{Surname: "ELPHBERG", GivenNames: "OSRA", BirthDate: "1990-01-02"}})
	check(t, err)
	if r.view("1").Encounter == nil {
		check(t, r.s.CallUp(t.Context(), "1", open, "17"))
	}
	face := r.attach("1", border.KindPortrait, photo(t, 60, 80))
	check(t, r.s.Rekey(t.Context(), at, open, counter.Particulars{Surname: "RASSENDYLL", GivenNames: "RUDOLF", BirthDate: "1980-01-02"}))
	if v := r.view("1"); r.has(face) || len(v.Encounter.Files) != 0 || !strings.Contains(v.Notice, "portrait") {
		t.Errorf("another's portrait is kept: %+v, %q", v.Encounter.Files, v.Notice)
	}
	for range 16 {
		r.attach("1", border.KindPaper, []byte("%PDF"))
	}
	if _, err := r.s.Keep(t.Context(), counter.KeepIn{At: at, Encounter: open, Kind: border.KindPaper, Media: "application/pdf"}, []byte("%PDF")); border.CodeOf(err) != border.Conflict {
		t.Errorf("a seventeenth: %v", err)
	}
}

// Who waits and who is referred is called by name and portrait, after a restart too.
func TestPortraitInLists(t *testing.T) {
	r := newRig(t)
	r.scan("1", passport(1))
	face := r.attach("1", border.KindPortrait, photo(t, 60, 80))
	r.restart() // it waits in the queue now
	if q := r.view("1").Queue; len(q) != 1 || q[0].Portrait == nil || *q[0].Portrait != face {
		t.Fatalf("queue: %+v", q)
	}
	id := r.view("1").Queue[0].ID
	if _, err := r.s.Attached(t.Context(), id, face); err != nil {
		t.Errorf("of who waits: %v", err)
	}
	check(t, r.s.CallUp(t.Context(), "1", border.ID{}, "17"))
	check(t, r.s.Refer(t.Context(), counter.Referral{At: counter.At{Counter: "1", Officer: "17"}, Encounter: id, Reason: "document"}))
	r.keepsAll("referred", face)
	if l := r.view("2").Referrals; len(l) != 1 || l[0].Portrait == nil || *l[0].Portrait != face {
		t.Fatalf("the post's list: %+v", l)
	}
	if f, err := r.s.Attached(t.Context(), id, face); err != nil || f.Recorded {
		t.Errorf("of who is referred: %+v, %v", f.Attachment, err)
	}
}

// What cannot be a portrait is refused, and leaves no trace.
func TestPicturesRefused(t *testing.T) {
	r := newRig(t)
	r.scan("1", passport(1))
	good := photo(t, 60, 80)
	progressive := bytes.Replace(good, []byte{0xff, 0xc0}, []byte{0xff, 0xc2}, 1)
	for name, c := range map[string]struct {
		content []byte
		want    border.Code
	}{
		"text": {[]byte("no picture"), border.Invalid}, "nothing": {nil, border.Invalid}, "half": {good[:len(good)/2], border.Invalid},
		"progressive": {progressive, border.Invalid}, "too wide": {photo(t, 641, 80), border.TooLarge}, "too high": {photo(t, 80, 801), border.TooLarge},
		"too many bytes": {append(bytes.Clone(good), make([]byte, 512<<10)...), border.TooLarge},
	} {
		_, err := r.s.Keep(t.Context(), counter.KeepIn{At: counter.At{Counter: "1", Officer: "17"}, Encounter: r.view("1").Encounter.ID, Kind: border.KindPortrait}, c.content)
		if border.CodeOf(err) != c.want || border.MessageOf(err) == "" {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	for name, k := range map[string]counter.KeepIn{"kind": {Kind: border.KindFinger}, "label": {Kind: border.KindPaper, Media: "a/b", Label: strings.Repeat("x", 121)},
		"two lines": {Kind: border.KindPaper, Media: "a/b", Label: "a\nb"}, "no media": {Kind: border.KindPaper}} {
		k.At, k.Encounter = counter.At{Counter: "1", Officer: "17"}, r.view("1").Encounter.ID
		if _, err := r.s.Keep(t.Context(), k, []byte("x")); border.CodeOf(err) != border.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(r.files()) != 0 || len(r.view("1").Encounter.Files) != 0 {
		t.Error("something was kept")
	}
	_, err := r.s.Open(t.Context(), counter.Opening{At: counter.At{Counter: "2", Officer: "18"}, Identity: border.IdentityDeclared, Direction: border.Entry,
		Particulars: counter.Particulars{Surname: "ELPHBERG"}, Paper: &counter.Paper{Sheet: "A-1", CrossedAt: r.wall.Now().Add(-time.Hour)}})
	check(t, err)
	if _, err := r.s.Keep(t.Context(), counter.KeepIn{At: counter.At{Counter: "2", Officer: "18"}, Encounter: r.view("2").Encounter.ID, Kind: border.KindPortrait}, good); border.CodeOf(err) != border.Conflict {
		t.Errorf("a portrait for a paper sheet: %v", err)
	}
}
