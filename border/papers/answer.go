package papers

import (
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Answer is what the renderer says. None of it is trusted: a document may have taken it over.
type Answer struct {
	Landlock int         // ABI that confines it; 0: none, it goes on without as it was told to
	Pages    int         // 1 to [MaxPages]
	Texts    []string    // of all pages, if they were asked for
	Image    *image.RGBA // the page, if one was asked for
}

// Refusal is why the renderer could not do what it was asked.
type Refusal byte

// The refusals, as they travel. Only ever appended to.
const (
	RefusedDamaged    Refusal = 'd' // it cannot be understood
	RefusedLocked     Refusal = 'p' // it wants a password
	RefusedPages      Refusal = 'n' // it has too many pages
	RefusedNoPage     Refusal = 'm' // there is no such page
	RefusedUnconfined Refusal = 'c' // the kernel has no Landlock, and it was not told to do without
	RefusedBroken     Refusal = 'b' // it could not confine itself for another reason
)

// A frame is a type (1), a length (4, big endian) and as many bytes. An answer begins with the
// hello, so that nothing is believed that was made without walls, and ends with the end.
const (
	frameHello  = 'h' // magic and Landlock's ABI (1)
	framePages  = 'n' // number of pages (1)
	frameText   = 't' // text of the next page
	frameImage  = 'i' // width (2), height (2), then 4 bytes for each pixel: red, green, blue and one unused
	frameRefuse = 'r' // a Refusal (1)
	frameEnd    = 'z' // nothing
)

const answerMagic = "GRA1"

// Writer writes an answer, in the renderer.
type Writer struct{ W io.Writer }

func (w Writer) frame(kind byte, parts ...[]byte) error {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	h := binary.BigEndian.AppendUint32([]byte{kind}, uint32(n))
	for _, p := range append([][]byte{h}, parts...) {
		if _, err := w.W.Write(p); err != nil {
			return err
		}
	}
	return nil
}

// Hello says what confines the renderer.
func (w Writer) Hello(landlock int) error {
	return w.frame(frameHello, []byte(answerMagic), []byte{byte(landlock)})
}

// Pages says how many pages there are.
func (w Writer) Pages(n int) error { return w.frame(framePages, []byte{byte(n)}) }

// Text says what the next page has as text.
func (w Writer) Text(s string) error { return w.frame(frameText, []byte(s[:min(len(s), MaxText)])) }

// Image gives the page.
func (w Writer) Image(m *image.RGBA) error {
	var size []byte
	for _, v := range []int{m.Rect.Dx(), m.Rect.Dy()} {
		size = binary.BigEndian.AppendUint16(size, uint16(v))
	}
	return w.frame(frameImage, size, m.Pix[:4*m.Rect.Dx()*m.Rect.Dy()])
}

// Refuse says why not, and is the last word.
func (w Writer) Refuse(why Refusal) error { return w.frame(frameRefuse, []byte{byte(why)}) }

// End says that this was all.
func (w Writer) End() error { return w.frame(frameEnd) }

// errAnswer: the renderer says what it must not. Nothing of it is used.
var errAnswer = errors.New("an answer of another form")

// refused is a refusal as an error of this end.
type refused Refusal

func (r refused) Error() string { return fmt.Sprintf("the renderer refuses: %c", byte(r)) }

// ReadAnswer reads the answer to a request. Whatever does not fit the request, or the limits,
// is an error before anything is allocated for it.
func ReadAnswer(r io.Reader, q *Request) (*Answer, error) {
	a := &Answer{Landlock: -1}
	for frames := 0; frames < MaxPages+4; frames++ {
		var h [5]byte
		if _, err := io.ReadFull(r, h[:]); err != nil {
			return nil, err
		}
		n := int(binary.BigEndian.Uint32(h[1:]))
		if greeted := a.Landlock >= 0; greeted == (h[0] == frameHello) && h[0] != frameRefuse {
			return nil, errAnswer
		}
		if h[0] == frameEnd {
			if n != 0 || !a.complete(q) {
				return nil, errAnswer
			}
			return a, nil
		}
		if err := a.take(r, q, h[0], n); err != nil {
			return nil, err
		}
	}
	return nil, errAnswer
}

// complete reports whether all that was asked for is there.
func (a *Answer) complete(q *Request) bool {
	if q.Page == AllTexts {
		return a.Pages > 0 && len(a.Texts) == a.Pages
	}
	return a.Pages > q.Page && a.Image != nil
}

// take reads the payload of one frame, n bytes long as the renderer says.
func (a *Answer) take(r io.Reader, q *Request, kind byte, n int) error {
	switch kind {
	case frameHello:
		b, err := payload(r, n, len(answerMagic)+1)
		if err != nil || string(b[:len(answerMagic)]) != answerMagic {
			return errors.Join(errAnswer, err)
		}
		a.Landlock = int(b[len(answerMagic)])
	case framePages:
		b, err := payload(r, n, 1)
		if err != nil || a.Pages != 0 || b[0] == 0 || b[0] > MaxPages {
			return errors.Join(errAnswer, err)
		}
		a.Pages = int(b[0])
	case frameText:
		if q.Page != AllTexts || len(a.Texts) >= a.Pages || n > MaxText {
			return errAnswer
		}
		b, err := payload(r, n, n)
		if err != nil {
			return err
		}
		a.Texts = append(a.Texts, plain(b))
	case frameImage:
		if q.Page < 0 || a.Image != nil {
			return errAnswer
		}
		return a.takeImage(r, q, n)
	case frameRefuse:
		b, err := payload(r, n, 1)
		if err != nil {
			return err
		}
		return refused(b[0])
	default:
		return errAnswer
	}
	return nil
}

func (a *Answer) takeImage(r io.Reader, q *Request, n int) error {
	size, err := payload(r, min(n, 4), 4)
	if err != nil {
		return err
	}
	w, h := int(binary.BigEndian.Uint16(size)), int(binary.BigEndian.Uint16(size[2:]))
	if w < 1 || h < 1 || w > q.Width || h > q.Height || n != 4+4*w*h {
		return errAnswer
	}
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	if _, err := io.ReadFull(r, m.Pix); err != nil {
		return err
	}
	a.Image = m
	return nil
}

// payload reads n bytes, which have to be as many as wanted.
func payload(r io.Reader, n, wanted int) ([]byte, error) {
	if n != wanted {
		return nil, errAnswer
	}
	b := make([]byte, n)
	_, err := io.ReadFull(r, b)
	return b, err
}

// plain makes text of bytes that say they are: valid, and without what could act on a screen.
func plain(b []byte) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t', r == '\r':
			return ' '
		case r == utf8.RuneError, unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, string(b))
}
