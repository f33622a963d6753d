package reports

import (
	"math"
	"unicode/utf8"

	"garita/border/flows"
	"garita/ui/i18n"
)

// picture is a chart as its template draws it, in units of its own view box. What a bar or column
// cannot say is in the table beside it; one whose number is hidden is not drawn.
type picture struct {
	Width, Height int
	Bars          []bar
	Labels        []label
	Lines         []line
}

type bar struct {
	X, Y, Width, Height float64
	Kind                string // in, out or refused: names the style
}

type label struct {
	X, Y   float64
	Text   string
	Anchor string // start, middle or end
	Soft   bool
}

type line struct{ X1, Y1, X2, Y2 float64 }

// set is a label with its numbers: of arrivals and departures, or of refusals alone.
type set struct {
	Text    string
	Numbers []flows.Number
}

// The sizes of pictures, in CSS pixels as they are usually shown.
const (
	pictureWidth = 640
	barsLeft     = 210 // room for words
	barsRight    = 84  // room for numbers
	barHeight    = 13
	barsShown    = 12
	daysHeight   = 230
	daysLeft     = 58
	daysTop      = 10
	daysBottom   = 26
	longest      = 31 // letters of words beside a bar
)

// bars draws sets below each other.
func bars(to *i18n.Printer, sets []set, kinds ...string) *picture {
	sets = sets[:min(len(sets), barsShown)]
	step := float64(len(kinds)*(barHeight+1) + 9)
	p := &picture{Width: pictureWidth, Height: int(step*float64(len(sets))) + 6}
	most := highest(sets)
	for i, s := range sets {
		top := 6 + step*float64(i)
		p.Labels = append(p.Labels, label{X: barsLeft - 8, Y: top + step/2 - 1, Text: short(s.Text), Anchor: "end"})
		for j, n := range s.Numbers {
			y := top + float64(j*(barHeight+1))
			width := 0.0
			if !n.Hidden && most > 0 {
				width = round(float64(n.N) / float64(most) * (pictureWidth - barsLeft - barsRight))
			}
			if width > 0 {
				p.Bars = append(p.Bars, bar{barsLeft, y, max(width, 1), barHeight, kinds[j]})
			}
			p.Labels = append(p.Labels, label{X: barsLeft + width + 6, Y: y + barHeight - 1.5, Text: text(to, n), Anchor: "start", Soft: true})
		}
	}
	p.Lines = append(p.Lines, line{barsLeft, 2, barsLeft, float64(p.Height - 2)})
	return p
}

// columns draws sets beside each other, with a scale.
func columns(to *i18n.Printer, sets []set, kinds ...string) *picture {
	p := &picture{Width: pictureWidth, Height: daysHeight}
	top, tick := scale(highest(sets))
	ground := float64(daysHeight - daysBottom)
	at := func(n int64) float64 { return round(ground - float64(n)/float64(top)*(ground-daysTop)) }
	for n := int64(0); n <= top; n += tick {
		p.Lines = append(p.Lines, line{daysLeft, at(n), pictureWidth, at(n)})
		p.Labels = append(p.Labels, label{X: daysLeft - 6, Y: at(n) + 4, Text: to.Number(int(n)), Anchor: "end", Soft: true})
	}
	step := float64(pictureWidth-daysLeft) / float64(max(1, len(sets)))
	width := min(26, step*0.8/float64(len(kinds)))
	for i, s := range sets {
		middle := daysLeft + step*(float64(i)+0.5)
		p.Labels = append(p.Labels, label{X: round(middle), Y: daysHeight - 8, Text: s.Text, Anchor: "middle", Soft: true})
		for j, n := range s.Numbers {
			if x := round(middle + width*(float64(j)-float64(len(kinds))/2)); !n.Hidden && n.N > 0 {
				p.Bars = append(p.Bars, bar{x, at(n.N), round(max(1, width-1)), round(ground - at(n.N)), kinds[j]})
			}
		}
	}
	return p
}

// highest is the greatest number that is shown.
func highest(sets []set) (most int64) {
	for _, s := range sets {
		for _, n := range s.Numbers {
			if !n.Hidden {
				most = max(most, n.N)
			}
		}
	}
	return most
}

// scale chooses the top of a scale and its step: 1, 2 or 5 times a power of ten, three to six of them.
func scale(most int64) (top, step int64) {
	step = 1
	for i := 0; most > 5*step; i++ {
		step = [...]int64{2, 5, 10}[i%3] * int64(math.Pow10(i/3))
	}
	return max(step, (most+step-1)/step*step), step
}

func round(x float64) float64 { return math.Round(x*10) / 10 }

// short cuts words that have no room.
func short(s string) string {
	if utf8.RuneCountInString(s) <= longest {
		return s
	}
	return string([]rune(s)[:longest-1]) + "…"
}
