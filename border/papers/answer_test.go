package papers

import (
	"bytes"
	"errors"
	"image"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func answered(say func(Writer)) []byte {
	var b bytes.Buffer
	say(Writer{&b})
	return b.Bytes()
}

// raw writes what no Writer would.
func raw(w Writer, s string) { _, _ = io.WriteString(w.W, s) }

func TestRequest(t *testing.T) {
	want := &Request{Kind: JPEG2000, Page: 3, Width: 200, Height: MaxSide, Document: []byte("document")}
	got, err := ReadRequest(bytes.NewReader(append(want.Head(), want.Document...)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []*Request{
		{Kind: "svg", Page: 0, Width: 1, Height: 1, Document: []byte("x")},
		{Kind: PDF, Page: MaxPages, Width: 1, Height: 1, Document: []byte("x")},
		{Kind: PDF, Page: 0, Width: MaxSide + 1, Height: 1, Document: []byte("x")},
		{Kind: PDF, Page: AllTexts},
	} {
		if _, err := ReadRequest(bytes.NewReader(append(bad.Head(), bad.Document...))); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}

// TestAnswers reads what a renderer may say and what one must not that was taken over.
func TestAnswers(t *testing.T) {
	texts := &Request{Page: AllTexts}
	picture := &Request{Page: 1, Width: 4, Height: 4}
	m := image.NewRGBA(image.Rect(0, 0, 4, 3))
	must := func(err error) {
		if err != nil {
			t.Error(err)
		}
	}
	for _, c := range []struct {
		name string
		q    *Request
		say  func(Writer)
		err  error // nil: it is taken
	}{
		{"texts", texts, func(w Writer) {
			must(w.Hello(7))
			must(w.Pages(2))
			must(w.Text("a"))
			must(w.Text("b"))
			must(w.End())
		}, nil},
		{"picture", picture, func(w Writer) { must(w.Hello(0)); must(w.Pages(2)); must(w.Image(m)); must(w.End()) }, nil},
		{"refusal", picture, func(w Writer) { must(w.Hello(7)); must(w.Refuse(RefusedLocked)) }, refused(RefusedLocked)},
		{"refusal before anything", picture, func(w Writer) { must(w.Refuse(RefusedUnconfined)) }, refused(RefusedUnconfined)},
		{"nothing", texts, func(Writer) {}, io.EOF},
		{"no end", texts, func(w Writer) { must(w.Hello(7)); must(w.Pages(1)); must(w.Text("")) }, io.EOF},
		{"without a hello", texts, func(w Writer) { must(w.Pages(1)); must(w.Text("")); must(w.End()) }, errAnswer},
		{"two hellos", texts, func(w Writer) { must(w.Hello(7)); must(w.Hello(7)) }, errAnswer},
		{"too many pages", texts, func(w Writer) { must(w.Hello(7)); must(w.Pages(MaxPages + 1)) }, errAnswer},
		{"pages twice", texts, func(w Writer) { must(w.Hello(7)); must(w.Pages(1)); must(w.Pages(2)) }, errAnswer},
		{"text before pages", texts, func(w Writer) { must(w.Hello(7)); must(w.Text("x")) }, errAnswer},
		{"fewer texts than pages", texts, func(w Writer) { must(w.Hello(7)); must(w.Pages(2)); must(w.Text("x")); must(w.End()) }, errAnswer},
		{"more texts than pages", texts, func(w Writer) { must(w.Hello(7)); must(w.Pages(1)); must(w.Text("x")); must(w.Text("x")) }, errAnswer},
		{"a picture that nobody asked for", texts, func(w Writer) { must(w.Hello(7)); must(w.Pages(1)); must(w.Image(m)) }, errAnswer},
		{"two pictures", picture, func(w Writer) { must(w.Hello(7)); must(w.Pages(2)); must(w.Image(m)); must(w.Image(m)) }, errAnswer},
		{"larger than asked for", picture, func(w Writer) {
			must(w.Hello(7))
			must(w.Pages(2))
			must(w.Image(image.NewRGBA(image.Rect(0, 0, 5, 4))))
		}, errAnswer},
		{"a page that is not there", picture, func(w Writer) { must(w.Hello(7)); must(w.Pages(1)); must(w.Image(m)); must(w.End()) }, errAnswer},
		{"no picture", picture, func(w Writer) { must(w.Hello(7)); must(w.Pages(2)); must(w.End()) }, errAnswer},
		{"a frame of four gigabytes", texts, func(w Writer) { must(w.Hello(7)); must(w.Pages(1)); raw(w, "t\xff\xff\xff\xff") }, errAnswer},
		{"a picture whose size is another", picture, func(w Writer) {
			must(w.Hello(7))
			must(w.Pages(2))
			raw(w, "i\x00\x00\x00\x08\x00\x01\x00\x02....")
		}, errAnswer},
		{"an unknown frame", texts, func(w Writer) { must(w.Hello(7)); raw(w, "x\x00\x00\x00\x00") }, errAnswer},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ReadAnswer(bytes.NewReader(answered(c.say)), c.q)
			if !errors.Is(err, c.err) && (c.err != io.EOF || !errors.Is(err, io.ErrUnexpectedEOF)) {
				t.Errorf("%v, want %v", err, c.err)
			}
		})
	}
}

func TestTextIsPlain(t *testing.T) {
	got, err := ReadAnswer(bytes.NewReader(answered(func(w Writer) {
		_, _, _, _ = w.Hello(7), w.Pages(1), w.Text("a\x1b[31m\u202eb\tc\xff\r\nd"+strings.Repeat("e", MaxText)), w.End()
	})), &Request{Page: AllTexts})
	if err != nil {
		t.Fatal(err)
	}
	if want := "a[31mb c \nd"; !strings.HasPrefix(got.Texts[0], want) || len(got.Texts[0]) > MaxText {
		t.Errorf("%.40q", got.Texts[0])
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add(answered(func(w Writer) { _, _, _, _ = w.Hello(7), w.Pages(1), w.Text("x"), w.End() }), AllTexts)
	f.Add(answered(func(w Writer) {
		_, _, _, _ = w.Hello(7), w.Pages(1), w.Image(image.NewRGBA(image.Rect(0, 0, 3, 2))), w.End()
	}), 0)
	f.Fuzz(func(t *testing.T, b []byte, page int) {
		q := &Request{Page: max(AllTexts, page%MaxPages), Width: 8, Height: 8}
		a, err := ReadAnswer(bytes.NewReader(b), q)
		if err == nil && !a.complete(q) {
			t.Error("an answer that lacks something was taken")
		}
	})
}

func FuzzRequest(f *testing.F) {
	q := &Request{Kind: PDF, Page: 1, Width: 9, Height: 9, Document: []byte("x")}
	f.Add(append(q.Head(), q.Document...))
	f.Fuzz(func(t *testing.T, b []byte) {
		if q, err := ReadRequest(bytes.NewReader(b)); err == nil && (q.Page >= MaxPages || len(q.Document) == 0 || len(q.Document) > MaxBytes) {
			t.Errorf("page %d of %d bytes", q.Page, len(q.Document))
		}
	})
}
