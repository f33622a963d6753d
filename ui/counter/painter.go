package counter

import (
	"bytes"
	"encoding/json"
	"html/template"
	"reflect"
	"slices"

	"garita/ui/layout"
)

// looksKept is how many looks of a region a painter remembers. A counter goes back and forth
// between few: somebody is there or nobody, a record is on its way to the hub or none.
const looksKept = 3

// painter paints panels, one after the other. Most changes of a panel touch few of its
// regions, and painting is most of the work between a document and its verdict on the
// screen: a region is painted only when its data is none that it was painted from before.
// It is used by one goroutine.
type painter struct {
	layout *layout.Layout
	looks  map[string][]*look // by region, the present one first
}

// look is a region as it was painted.
type look struct {
	region
	html template.HTML
	text []byte // the same inside a JSON string
}

func (s *screen) painter() *painter {
	return &painter{layout: s.layout, looks: make(map[string][]*look)}
}

// paint returns the looks of all regions, in the order of the page, and whether any of them is
// other than before.
func (p *painter) paint(panel *Panel) (all []*look, changed bool, err error) {
	for _, r := range panel.regions() {
		l, other, err := p.region(r)
		if err != nil {
			return nil, false, err
		}
		all, changed = append(all, l), changed || other
	}
	return all, changed, nil
}

func (p *painter) region(r region) (l *look, changed bool, err error) {
	known := p.looks[r.name]
	var before template.HTML
	if len(known) > 0 {
		before = known[0].html
	}
	i := slices.IndexFunc(known, func(l *look) bool { return reflect.DeepEqual(l.data, r.data) })
	if i >= 0 {
		l = known[i]
		known = slices.Delete(known, i, i+1)
	} else {
		html, err := p.layout.Fragment(r.name, r.data)
		if err != nil {
			return nil, false, err
		}
		text, err := inString(string(html))
		if err != nil {
			return nil, false, err
		}
		l = &look{r, template.HTML(html), text} //nolint:gosec // the template has escaped it
		known = known[:min(len(known), looksKept-1)]
	}
	p.looks[r.name] = slices.Insert(known, 0, l)
	return l, l.html != before, nil
}

// inString writes a text as it stands between the quotes of a JSON string. Unlike
// json.Marshal it leaves < and > as they are: nothing but JSON.parse reads it.
func inString(s string) ([]byte, error) {
	var b bytes.Buffer
	if err := plainJSON(&b, s); err != nil {
		return nil, err
	}
	return b.Bytes()[1 : b.Len()-1], nil
}

// plainJSON writes a value on one line, without a line's end.
func plainJSON(b *bytes.Buffer, v any) error {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	b.Truncate(b.Len() - 1)
	return nil
}
