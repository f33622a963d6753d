// Package chart draws charts of lines and points as SVG, for the documents.
package chart

import (
	"fmt"
	"strings"
)

// Chart is what is drawn. It has a white ground, so that it reads on any page.
type Chart struct {
	Title    string
	X, Y     Axis
	Series   []Series
	Diagonal bool // from the first to the last tick of X, where both axes are the same
	Marks    []Mark
}

// Axis maps values to the width or height of the chart.
type Axis struct {
	Label string
	At    func(v float64) float64 // 0 to 1
	Ticks []Tick
}

// Tick is a value with its label.
type Tick struct {
	Value float64
	Label string
}

// Series is one line of a chart.
type Series struct {
	Name   string
	Colour string // of CSS
	Dashed bool
	Dots   bool // on its points
	Points []Point
}

// Point is a value of both axes.
type Point struct{ X, Y float64 }

// Mark is a point with a name: one that is to be reached.
type Mark struct {
	Point
	Name string
}

// The size of charts in SVG units.
const (
	plotWidth, plotHeight = 640, 400
	left, right           = 64, 16
	top, bottom           = 36, 52
)

func (p *Chart) px(x float64) float64 {
	return left + p.X.At(x)*(plotWidth-left-right)
}

func (p *Chart) py(y float64) float64 {
	return plotHeight - bottom - p.Y.At(y)*(plotHeight-top-bottom)
}

// SVG draws the chart.
func (p *Chart) SVG() string {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="%s" font-family="sans-serif" font-size="12">`+"\n", plotWidth, plotHeight, p.Title)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", plotWidth, plotHeight)
	fmt.Fprintf(&b, `<text x="%d" y="20" font-size="14" fill="#0b0c0c">%s</text>`+"\n", left, p.Title)
	p.grid(&b)
	if p.Diagonal {
		last := len(p.X.Ticks) - 1
		fmt.Fprintf(&b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="#505a5f" stroke-dasharray="2 4"/>`+"\n",
			p.px(p.X.Ticks[0].Value), p.py(p.X.Ticks[0].Value), p.px(p.X.Ticks[last].Value), p.py(p.X.Ticks[last].Value))
	}
	for i, s := range p.Series {
		s.draw(&b, p)
		y := plotHeight - bottom - 14 - 16*(len(p.Series)-1-i)
		fmt.Fprintf(&b, `<line x1="%d" y1="%d" x2="%d" y2="%d" stroke="%s" stroke-width="2"%s/><text x="%d" y="%d" fill="#0b0c0c">%s</text>`+"\n",
			plotWidth-right-270, y-4, plotWidth-right-246, y-4, s.Colour, s.dash(), plotWidth-right-240, y, s.Name)
	}
	for _, g := range p.Marks {
		fmt.Fprintf(&b, `<circle cx="%.1f" cy="%.1f" r="4" fill="none" stroke="#0b0c0c"/><text x="%.1f" y="%.1f" fill="#0b0c0c" font-size="11">%s</text>`+"\n",
			p.px(g.X), p.py(g.Y), p.px(g.X)+7, p.py(g.Y)+12, g.Name)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

func (p *Chart) grid(b *strings.Builder) {
	for _, t := range p.X.Ticks {
		x := p.px(t.Value)
		fmt.Fprintf(b, `<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="#d8dde0"/><text x="%.1f" y="%d" text-anchor="middle" fill="#0b0c0c">%s</text>`+"\n",
			x, top, x, plotHeight-bottom, x, plotHeight-bottom+18, t.Label)
	}
	for _, t := range p.Y.Ticks {
		y := p.py(t.Value)
		fmt.Fprintf(b, `<line x1="%d" y1="%.1f" x2="%d" y2="%.1f" stroke="#d8dde0"/><text x="%d" y="%.1f" text-anchor="end" fill="#0b0c0c">%s</text>`+"\n",
			left, y, plotWidth-right, y, left-8, y+4, t.Label)
	}
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="middle" fill="#0b0c0c">%s</text>`+"\n", (left+plotWidth-right)/2, plotHeight-12, p.X.Label)
	fmt.Fprintf(b, `<text transform="translate(16 %d) rotate(-90)" text-anchor="middle" fill="#0b0c0c">%s</text>`+"\n", (top+plotHeight-bottom)/2, p.Y.Label)
}

func (s Series) dash() string {
	if s.Dashed {
		return ` stroke-dasharray="6 4"`
	}
	return ""
}

func (s Series) draw(b *strings.Builder, p *Chart) {
	var line strings.Builder
	for _, q := range s.Points {
		fmt.Fprintf(&line, "%.1f,%.1f ", p.px(q.X), p.py(q.Y))
		if s.Dots {
			fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>`+"\n", p.px(q.X), p.py(q.Y), s.Colour)
		}
	}
	fmt.Fprintf(b, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2"%s/>`+"\n", strings.TrimSpace(line.String()), s.Colour, s.dash())
}
