package operations

import (
	_ "embed"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"garita/ui/i18n"
)

// world is land and borders at 1:50 million, see ui/geography.mjs. The data are of Natural Earth, in the
// public domain.
//
//go:embed world.bin
var world []byte

// perDegree is the world file's unit.
const perDegree = 500

// point is a place in the world file's unit, or on the drawing.
type point struct{ x, y float64 }

// atlas is the world file, read.
type atlas struct{ land, borders [][]point }

var readAtlas = sync.OnceValues(func() (*atlas, error) {
	r := &worldReader{b: world}
	a := &atlas{land: r.lines(), borders: r.lines()}
	if r.broken || len(r.b) > 0 {
		return nil, errors.New("the map of the world is damaged")
	}
	return a, nil
})

type worldReader struct {
	b      []byte
	broken bool
}

func (r *worldReader) number() uint64 {
	n, size := binary.Uvarint(r.b)
	if size <= 0 {
		r.b, r.broken = nil, true
		return 0
	}
	r.b = r.b[size:]
	return n
}

func (r *worldReader) signed() float64 {
	n := r.number()
	return float64(int64(n>>1) ^ -int64(n&1))
}

func (r *worldReader) lines() (out [][]point) {
	for range min(r.number(), uint64(len(r.b))) {
		line := make([]point, min(r.number(), uint64(len(r.b))))
		at := point{}
		for i := range line {
			at.x += r.signed()
			at.y += r.signed()
			line[i] = at
		}
		out = append(out, line)
	}
	return out
}

// The drawing's size and bounds, in its own unit.
const (
	mapWidth  = 640.0
	mapHeight = 400.0
	mapMargin = 60.0 // around the outermost posts, for their names
	leastSpan = 3.0  // degrees of latitude that are shown at least: a coast, not a bay
	roughness = 0.7  // points nearer to each other than this are one
)

// Ground is the part of the world that the posts are in, drawn once: an equirectangular projection, true to
// scale in the middle.
type Ground struct {
	Land, Borders string // SVG path data

	west, north, scale, squeeze float64
}

// groundOf draws the ground under some posts; nil if none has a place.
func groundOf(posts []Place) (*Ground, error) {
	var box *[4]float64 // west, south, east, north
	for _, p := range posts {
		if !p.placed() {
			continue
		}
		if box == nil {
			box = &[4]float64{p.Lon, p.Lat, p.Lon, p.Lat}
		}
		box[0], box[1], box[2], box[3] = min(box[0], p.Lon), min(box[1], p.Lat), max(box[2], p.Lon), max(box[3], p.Lat)
	}
	if box == nil {
		return nil, nil
	}
	a, err := readAtlas()
	if err != nil {
		return nil, err
	}
	middle := point{(box[0] + box[2]) / 2, (box[1] + box[3]) / 2}
	g := &Ground{squeeze: math.Cos(middle.y * math.Pi / 180)}
	high, wide := max(box[3]-box[1], leastSpan), (box[2]-box[0])*g.squeeze
	g.scale = (mapHeight - 2*mapMargin) / high
	if wide > 0 {
		g.scale = min(g.scale, (mapWidth-2*mapMargin)/wide)
	}
	g.west, g.north = middle.x-mapWidth/2/g.scale/g.squeeze, middle.y+mapHeight/2/g.scale
	var land, borders strings.Builder
	for _, ring := range a.land {
		if drawn := g.draw(ring); touches(drawn) {
			path(&land, smooth(clipRing(drawn)), true)
		}
	}
	for _, line := range a.borders {
		if drawn := g.draw(line); touches(drawn) {
			clipLine(drawn, func(part []point) { path(&borders, smooth(part), false) })
		}
	}
	g.Land, g.Borders = land.String(), borders.String()
	return g, nil
}

func (p Place) placed() bool {
	return (p.Lat != 0 || p.Lon != 0) && math.Abs(p.Lat) <= 85 && math.Abs(p.Lon) <= 180
}

func (g *Ground) at(lon, lat float64) point {
	return point{(lon - g.west) * g.squeeze * g.scale, (g.north - lat) * g.scale}
}

func (g *Ground) draw(line []point) []point {
	out := make([]point, len(line))
	for i, p := range line {
		out[i] = g.at(p.x/perDegree, p.y/perDegree)
	}
	return out
}

// edge is how far beyond the drawing lines go on, so that their ends do not show.
const edge = 4.0

// touches reports whether the box around a line meets the drawing.
func touches(line []point) bool {
	if len(line) == 0 {
		return false
	}
	lo, hi := line[0], line[0]
	for _, p := range line {
		lo, hi = point{min(lo.x, p.x), min(lo.y, p.y)}, point{max(hi.x, p.x), max(hi.y, p.y)}
	}
	return lo.x < mapWidth+edge && hi.x > -edge && lo.y < mapHeight+edge && hi.y > -edge
}

// sides are the drawing's four: how far a point is within.
var sides = [4]func(point) float64{
	func(p point) float64 { return p.x + edge }, func(p point) float64 { return mapWidth + edge - p.x },
	func(p point) float64 { return p.y + edge }, func(p point) float64 { return mapHeight + edge - p.y },
}

func between(a, b point, da, db float64) point {
	f := da / (da - db)
	return point{a.x + (b.x-a.x)*f, a.y + (b.y-a.y)*f}
}

// clipRing cuts an area to the drawing (Sutherland and Hodgman, 1974).
func clipRing(ring []point) []point {
	for _, within := range sides {
		var out []point
		for i, b := range ring {
			a := ring[(i+len(ring)-1)%len(ring)]
			da, db := within(a), within(b)
			if (da < 0) != (db < 0) {
				out = append(out, between(a, b, da, db))
			}
			if db >= 0 {
				out = append(out, b)
			}
		}
		ring = out
	}
	return ring
}

// clipLine gives the parts of a line that are within the drawing.
func clipLine(line []point, give func([]point)) {
	var part []point
	flush := func() {
		if len(part) > 1 {
			give(part)
		}
		part = nil
	}
	for i := 1; i < len(line); i++ {
		a, b := line[i-1], line[i]
		within := true
		for _, side := range sides {
			da, db := side(a), side(b)
			switch {
			case da < 0 && db < 0:
				within = false
			case da < 0:
				a = between(a, b, da, db)
			case db < 0:
				b = between(a, b, da, db)
			}
		}
		if !within {
			flush()
			continue
		}
		if len(part) == 0 || part[len(part)-1] != a {
			flush()
			part = []point{a}
		}
		part = append(part, b)
	}
	flush()
}

// smooth leaves out points that nobody can tell apart.
func smooth(line []point) []point {
	var out []point
	for i, p := range line {
		if i == 0 || i == len(line)-1 || math.Hypot(p.x-out[len(out)-1].x, p.y-out[len(out)-1].y) >= roughness {
			out = append(out, p)
		}
	}
	return out
}

// path writes a line as SVG path data, in tenths.
func path(b *strings.Builder, line []point, closed bool) {
	if len(line) < 2 {
		return
	}
	command := byte('M')
	for _, p := range line {
		b.WriteByte(command)
		b.WriteString(tenths(p.x))
		b.WriteByte(' ')
		b.WriteString(tenths(p.y))
		command = 'L'
	}
	if closed {
		b.WriteByte('Z')
	}
}

func tenths(v float64) string { return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) }

// Map is the posts on their ground.
type Map struct {
	Width, Height int
	Points        []MapPoint
	Key           []MapKey
	Elsewhere     string // the posts without a place; "" if all have one
}

// MapPoint is a post on the map. Its state shows by shape as well as by colour, and its label says it.
type MapPoint struct {
	ID, Name, Label, State    string
	X, Y, Shape, TextX, TextY string
	Anchor                    string
}

// MapKey says what a shape means.
type MapKey struct{ State, Shape, Text string }

// shapes are the marks by state: circle, triangle, diamond, ring.
func shape(state string, at point) string {
	x, y := at.x, at.y
	poly := func(d ...float64) string {
		var b strings.Builder
		line := make([]point, len(d)/2)
		for i := range line {
			line[i] = point{x + d[2*i], y + d[2*i+1]}
		}
		path(&b, line, true)
		return b.String()
	}
	switch state {
	case "ok": // a disc
		return "M" + tenths(x-7) + " " + tenths(y) + "a7 7 0 1 0 14 0a7 7 0 1 0 -14 0Z"
	case "warn": // a triangle
		return poly(0, -9, 9, 7, -9, 7)
	case "refer": // a cross
		return poly(-9, -5, -5, -9, 0, -4, 5, -9, 9, -5, 4, 0, 9, 5, 5, 9, 0, 4, -5, 9, -9, 5, -4, 0)
	}
	return poly(-7, -7, 7, -7, 7, 7, -7, 7) // a square
}

var stateOrder = [...]string{"ok", "warn", "refer", "none"}

var stateWords = map[string]i18n.Msg{
	"ok": "all stations alive", "warn": "a station is late", "refer": "a station is silent", "none": "no station, or never seen",
}

// withPosts puts the posts on the ground; nil if there is none.
func (g *Ground) withPosts(p *i18n.Printer, places []Place, posts []Post) *Map {
	if g == nil {
		return nil
	}
	m := &Map{Width: int(mapWidth), Height: int(mapHeight)}
	var elsewhere []string
	for _, post := range slices.Backward(posts) { // the worst come last, on top
		i := slices.IndexFunc(places, func(x Place) bool { return string(x.ID) == post.ID })
		if i < 0 || !places[i].placed() {
			elsewhere = append(elsewhere, post.Name+" ("+post.StateText+")")
			continue
		}
		at := g.at(places[i].Lon, places[i].Lat)
		x := MapPoint{ID: post.ID, Name: post.Name, State: post.State, X: tenths(at.x), Y: tenths(at.y), Shape: shape(post.State, at),
			TextX: tenths(at.x + 13), TextY: tenths(at.y + 5), Anchor: "start", Label: post.Name + ": " + post.StateText}
		if at.x > mapWidth*0.72 {
			x.TextX, x.Anchor = tenths(at.x-13), "end"
		}
		m.Points = append(m.Points, x)
	}
	for _, state := range stateOrder {
		if slices.ContainsFunc(m.Points, func(x MapPoint) bool { return x.State == state }) {
			m.Key = append(m.Key, MapKey{state, shape(state, point{}), p.T(stateWords[state])})
		}
	}
	if len(elsewhere) > 0 {
		slices.Reverse(elsewhere)
		m.Elsewhere = p.T("On no map: {0}", strings.Join(elsewhere, ", "))
	}
	return m
}
