package papers

import (
	"encoding/binary"
	"errors"
	"io"
	"slices"
)

// Request is what the renderer is asked: about one document, in one process.
type Request struct {
	Kind Kind
	// Page is the page to draw, from 0; [AllTexts] asks for the texts of all pages instead.
	Page int
	// Width and Height are the bounds within which the page is drawn, in its own
	// proportions; 1 to [MaxSide].
	Width, Height int
	Document      []byte
}

// AllTexts asks for how many pages there are and what text they have.
const AllTexts = -1

const requestMagic = "GRQ1"

// kinds in the order of their numbers in a request. Only ever appended to.
var kinds = []Kind{PDF, JPEG, PNG, JPEG2000}

// requestHead is a request before the document: the magic, kind (1), page (2, all ones for
// the texts), width (2), height (2), length of the document (4), big endian.
const requestHead = len(requestMagic) + 1 + 3*2 + 4

// Head is what is written before the document.
func (q *Request) Head() []byte {
	h := append(make([]byte, 0, requestHead), requestMagic...)
	h = append(h, byte(slices.Index(kinds, q.Kind)))
	for _, v := range []int{q.Page, q.Width, q.Height} {
		h = binary.BigEndian.AppendUint16(h, uint16(v))
	}
	return binary.BigEndian.AppendUint32(h, uint32(len(q.Document)))
}

// ReadRequest reads a request, in the renderer.
func ReadRequest(r io.Reader) (*Request, error) {
	var h [requestHead]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return nil, err
	}
	b := h[len(requestMagic):]
	length := int(binary.BigEndian.Uint32(b[7:]))
	if string(h[:len(requestMagic)]) != requestMagic || int(b[0]) >= len(kinds) || length == 0 || length > MaxBytes {
		return nil, errors.New("a request of another form")
	}
	q := &Request{Kind: kinds[b[0]], Page: int(int16(binary.BigEndian.Uint16(b[1:]))),
		Width: int(binary.BigEndian.Uint16(b[3:])), Height: int(binary.BigEndian.Uint16(b[5:]))}
	if q.Page < AllTexts || q.Page >= MaxPages || q.Page >= 0 && (q.Width < 1 || q.Width > MaxSide || q.Height < 1 || q.Height > MaxSide) {
		return nil, errors.New("a request out of bounds")
	}
	q.Document = make([]byte, length)
	_, err := io.ReadFull(r, q.Document)
	return q, err
}
