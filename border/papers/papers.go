// Package papers reads supporting papers: visa letters, permissions for minors, whatever a
// traveller hands over besides the travel document, scanned or photographed. What kind of
// file it is is judged here, strictly; drawing its pages and finding their text is left to
// garita-render, a program of its own that is confined before it sees a byte and is killed
// when it takes too long. The package says what that program is asked and what it may answer.
package papers

import (
	"errors"

	"garita/border"
)

// Limits of a paper.
const (
	// MaxBytes of the file.
	MaxBytes = 10 << 20
	// MaxPages of a document. One with more is refused whole: nobody would look at them all.
	MaxPages = 20
	// MaxPixels of a picture, as its own header says.
	MaxPixels = 40_000_000
	// MaxPortraitPixels of a portrait, as a chip or a camera gives it.
	MaxPortraitPixels = 4_000_000
	// MaxSide is the longest side of a drawn page, in pixels.
	MaxSide = 2400
	// MaxText is how many bytes of a page's text are taken; what is beyond is left out.
	MaxText = 64 << 10
)

// Kind is the kind of a file.
type Kind string

// The kinds that are taken. Everything else is refused.
const (
	PDF      Kind = "pdf"
	JPEG     Kind = "jpeg"
	PNG      Kind = "png"
	JPEG2000 Kind = "jp2"
)

// Contents say what a paper holds.
type Contents struct {
	Kind Kind
	// Texts of the pages, in their order, "" where a page has none: a scanned page is a picture.
	// Valid UTF-8 without control characters but line feeds.
	Texts []string
}

// Picture is one drawn page.
type Picture struct {
	Width, Height int    // pixels
	JPEG          []byte // encoded here, from pixels: nothing that the renderer wrote reaches a browser as a file
}

// The errors of papers that cannot be used. Their texts are for the officer.
var (
	errSize = &border.Error{Code: border.TooLarge, Op: "read a paper",
		Message: "The file is larger than 10 MB. Scan the paper again in grey or with fewer dots per inch."}
	errKind = &border.Error{Code: border.Invalid, Op: "read a paper",
		Message: "The file is neither a PDF nor a JPEG, PNG or JPEG 2000 picture. Scan the paper, or take a picture of it."}
	errTwoKinds = &border.Error{Code: border.Invalid, Op: "read a paper",
		Message: "The file pretends to be of two kinds at once. Scan the paper itself.", Err: errors.New("a second signature")}
	errPixels = &border.Error{Code: border.TooLarge, Op: "read a paper",
		Message: "The picture has too many pixels. Take it again with a lower resolution."}
	errPages = &border.Error{Code: border.TooLarge, Op: "read a paper",
		Message: "The document has more than 20 pages. Scan the pages that matter."}
	errLocked = &border.Error{Code: border.Invalid, Op: "read a paper",
		Message: "The document is locked with a password. Scan it from paper."}
	errDamaged = &border.Error{Code: border.Invalid, Op: "read a paper",
		Message: "The file is damaged or cannot be understood. Scan the paper again."}
	errLimits = &border.Error{Code: border.Invalid, Op: "read a paper",
		Message: "The file takes too long or too much memory to draw. Scan it from paper."}
	errForbidden = &border.Error{Code: border.Invalid, Op: "read a paper",
		Message: "The file was stopped while it was read: it tried what no paper needs. Scan it from paper and tell your supervisor."}
	errNoPage = &border.Error{Code: border.NotFound, Op: "draw a page", Message: "The paper has no such page."}
)

// fault is an error with a cause for the log.
func fault(e *border.Error, cause error) error {
	if cause == nil {
		return e
	}
	w := *e
	w.Err = cause
	return &w
}
