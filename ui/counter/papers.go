package counter

import (
	"context"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/counter"
	"garita/border/papers"
	"garita/ui/i18n"
)

// Papers draws what is attached: [papers.Renderer]. It is an interface here because the
// screen's tests draw without the program that does.
type Papers interface {
	Read(ctx context.Context, document []byte) (*papers.Contents, error)
	Draw(ctx context.Context, document []byte, page, width, height int) (*papers.Picture, error)
}

// The kinds of papers that are named by a code, which every language puts into its own words.
const (
	paperVisaLetter      = "visa_letter"
	paperMinorPermission = "minor_permission"
)

var paperWords = map[string]i18n.Msg{
	paperVisaLetter:      "Visa letter",
	paperMinorPermission: "Permission for a minor",
}

// paperWord is what a paper is called: by its code, or as an officer wrote.
func (w words) paperWord(label string) string {
	switch m, known := paperWords[label]; {
	case known:
		return w.T(m)
	case label == "":
		return w.T("Paper")
	}
	return label
}

// PapersRegion is what is attached to the open person.
type PapersRegion struct {
	Counter   border.CounterID
	Encounter string // "" while nobody is open
	Rows      []PaperRow
}

// PaperRow is one paper.
type PaperRow struct {
	Hash   string
	Word   string // what it is called
	Pages  int    // 0: not known
	Detail string // its kind and size: "PDF, 120 kB"
}

// papers puts into words which papers are attached.
func (w words) papers(v counter.View) *PapersRegion {
	out := &PapersRegion{Counter: v.Counter}
	if v.Encounter == nil {
		return out
	}
	out.Encounter = v.Encounter.ID.String()
	for _, f := range v.Encounter.Files {
		if f.Kind == border.KindPaper {
			out.Rows = append(out.Rows, PaperRow{Hash: f.Hash.String(), Word: w.paperWord(f.Label), Pages: f.Pages,
				Detail: w.T("{0}, {1} kB", mediaWord(f.Media), strconv.Itoa((f.Bytes+1023)/1024))})
		}
	}
	return out
}

// media are the media types of the kinds that are taken.
var media = map[papers.Kind]string{
	papers.PDF: "application/pdf", papers.JPEG: "image/jpeg", papers.PNG: "image/png", papers.JPEG2000: "image/jp2",
}

// mediaWord names a media type as people do; the names are the same everywhere.
func mediaWord(m string) string {
	for kind, word := range map[papers.Kind]string{papers.PDF: "PDF", papers.JPEG: "JPEG", papers.PNG: "PNG", papers.JPEG2000: "JPEG 2000"} {
		if media[kind] == m {
			return word
		}
	}
	return m
}

// Found is what a paper's text offers for the record.
type Found struct {
	Lines  string // of a zone, one under the other; "" if it is a number
	Number string
	Page   string
}

// found puts into words what was found in a paper.
func (w words) found(all []papers.Finding) (out []Found) {
	for _, f := range all {
		n := Found{Number: f.Number, Page: w.Number(f.Page + 1)}
		for i, l := range f.Lines {
			if i > 0 {
				n.Lines += "\n"
			}
			n.Lines += l
		}
		out = append(out, n)
	}
	return out
}

// attached reads a paper: of somebody who is here, of whom the screen shows everything anyway, or
// of a recorded crossing, and then the reading is recorded first.
func (s *screen) attached(ctx context.Context, c *fiber.Ctx) (counter.File, border.ID, error) {
	id, err := encounterID(c.Params("encounter"))
	if err != nil {
		return counter.File{}, id, err
	}
	var hash border.Digest
	if hash.UnmarshalText([]byte(c.Params("hash"))) != nil {
		return counter.File{}, id, errOutOfStep
	}
	f, err := s.service(c).Attached(ctx, id, hash)
	switch {
	case err != nil:
		return counter.File{}, id, err
	case f.Kind != border.KindPaper:
		clear(f.Content)
		return counter.File{}, id, &border.Error{Code: border.NotFound, Op: "read a paper", Message: "No such file is attached to this person."}
	case f.Recorded:
		err = s.reads(ctx, c, id)
	}
	return f, id, err
}
