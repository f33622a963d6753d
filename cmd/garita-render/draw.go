package main

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	stddraw "image/draw"
	"image/jpeg"
	"image/png"

	"github.com/gen2brain/go-fitz"

	"garita/border/papers"
)

const (
	// pointsPerInch is the unit of a PDF's page sizes.
	pointsPerInch = 72
	// maxStore is how much MuPDF may keep of fonts and pictures for a second use.
	maxStore = 32 << 20
)

// refusal is an error that the one who asked is told by its letter.
type refusal papers.Refusal

func (r refusal) Error() string { return fmt.Sprintf("refused: %c", byte(r)) }

// draw answers a request.
func draw(to papers.Writer, q *papers.Request) error {
	switch q.Kind {
	case papers.JPEG:
		return picture(to, q, func() (image.Image, error) { return jpeg.Decode(bytes.NewReader(q.Document)) })
	case papers.PNG:
		return picture(to, q, func() (image.Image, error) { return png.Decode(bytes.NewReader(q.Document)) })
	default:
		return document(to, q)
	}
}

// document has MuPDF read a PDF or a JPEG 2000.
func document(to papers.Writer, q *papers.Request) error {
	fitz.MaxStore = maxStore
	d, err := fitz.NewFromMemory(q.Document)
	switch {
	case errors.Is(err, fitz.ErrNeedsPassword):
		return refusal(papers.RefusedLocked)
	case err != nil:
		return refusal(papers.RefusedDamaged)
	}
	n := d.NumPage()
	switch {
	case n < 1:
		return refusal(papers.RefusedDamaged)
	case n > papers.MaxPages:
		return refusal(papers.RefusedPages)
	case q.Page >= n:
		return refusal(papers.RefusedNoPage)
	}
	if err := to.Pages(n); err != nil {
		return err
	}
	if q.Page == papers.AllTexts {
		return texts(to, d, n)
	}
	m, err := page(d, q)
	if err != nil {
		return err
	}
	return to.Image(m)
}

// texts gives the text of each page; of one that cannot be read there is none.
func texts(to papers.Writer, d *fitz.Document, n int) error {
	for i := range n {
		s, err := d.Text(i)
		if err != nil {
			s = ""
		}
		if err := to.Text(s); err != nil {
			return err
		}
	}
	return nil
}

// page draws a page as large as fits.
func page(d *fitz.Document, q *papers.Request) (*image.RGBA, error) {
	b, err := d.Bound(q.Page)
	// The library copies pixels as if a page began at 0, so another one is not drawn.
	if err != nil || b.Min != (image.Point{}) || b.Dx() < 1 || b.Dy() < 1 {
		return nil, refusal(papers.RefusedDamaged)
	}
	// A page of 5.9 points has bounds of 5 here and 6 when it is drawn: one more is counted with.
	scale := min(float64(q.Width)/float64(b.Dx()+1), float64(q.Height)/float64(b.Dy()+1))
	m, err := d.ImageDPI(q.Page, scale*pointsPerInch)
	if err != nil || m.Rect.Dx() < 1 || m.Rect.Dy() < 1 {
		return nil, refusal(papers.RefusedDamaged)
	}
	return m, nil
}

// picture is a document of one page without text.
func picture(to papers.Writer, q *papers.Request, decode func() (image.Image, error)) error {
	if q.Page > 0 {
		return refusal(papers.RefusedNoPage)
	}
	m, err := decode()
	if err != nil {
		return refusal(papers.RefusedDamaged)
	}
	if err := to.Pages(1); err != nil {
		return err
	}
	if q.Page == papers.AllTexts {
		return to.Text("")
	}
	return to.Image(within(m, q.Width, q.Height))
}

// within makes a picture smaller, so that it fits: each pixel is the mean of those that it
// stands for. What is transparent becomes white.
func within(m image.Image, width, height int) *image.RGBA {
	b := m.Bounds()
	scale := min(1, float64(width)/float64(b.Dx()), float64(height)/float64(b.Dy()))
	w, h := max(1, int(float64(b.Dx())*scale)), max(1, int(float64(b.Dy())*scale))
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	var band *image.RGBA // the source's rows of one row
	for y := range h {
		top, bottom := b.Min.Y+y*b.Dy()/h, b.Min.Y+(y+1)*b.Dy()/h
		r := image.Rect(0, 0, b.Dx(), bottom-top)
		if band == nil || band.Rect != r {
			band = image.NewRGBA(r)
		}
		stddraw.Draw(band, r, image.NewUniform(color.White), image.Point{}, stddraw.Src)
		stddraw.Draw(band, r, m, image.Pt(b.Min.X, top), stddraw.Over)
		average(out.Pix[y*out.Stride:][:4*w], band, w)
	}
	return out
}

// average makes one row of w pixels of a band of rows.
func average(row []byte, band *image.RGBA, w int) {
	width, rows := band.Rect.Dx(), band.Rect.Dy()
	for x := range w {
		from, to := x*width/w, (x+1)*width/w
		var sum [3]int
		for y := range rows {
			for p := band.PixOffset(from, y); p < band.PixOffset(to, y); p += 4 {
				sum[0] += int(band.Pix[p])
				sum[1] += int(band.Pix[p+1])
				sum[2] += int(band.Pix[p+2])
			}
		}
		n := (to - from) * rows
		for i, s := range sum {
			row[4*x+i] = byte(s / n)
		}
		row[4*x+3] = 0xFF
	}
}
