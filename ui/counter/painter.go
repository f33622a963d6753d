package counter

import (
	"bytes"
	"encoding/json"
	"html/template"
	"reflect"
	"slices"

	"garita/ui/i18n"
	"garita/ui/layout"
)

// looksKept is how many looks of a region a painter remembers. A counter goes back and forth
// between few: somebody is there or nobody, a record is on its way to the hub or none.
const looksKept = 3

// painter paints panels, one after the other. Most changes of a panel touch few of its
// regions, and painting is most of the work between a document and its verdict on the
// screen: a region is painted only when its data is none that it was painted from before.
// It is used by one goroutine, and speaks one language.
type painter struct {
	layout *layout.Layout
	looks  map[string][]*look // by region, and by field of a form; the present one first
}

// look is a region as it was painted.
type look struct {
	region
	html template.HTML
	text []byte // of a region: the same inside a JSON string
}

func (s *screen) painter(to *i18n.Printer) *painter {
	return &painter{layout: s.layout.In(to), looks: make(map[string][]*look)}
}

// paint returns the looks of all regions, in the order of the page, and whether any of them is
// other than before.
func (p *painter) paint(panel *Panel) (all []*look, changed bool, err error) {
	for _, r := range panel.regions() {
		l, other, err := p.look(r.name, r)
		if err != nil {
			return nil, false, err
		}
		if l.text == nil {
			if l.text, err = inString(string(l.html)); err != nil {
				return nil, false, err
			}
		}
		all, changed = append(all, l), changed || other
	}
	return all, changed, nil
}

// look returns what the region with that key looks like, and whether it is other than before.
func (p *painter) look(key string, r region) (l *look, changed bool, err error) {
	known := p.looks[key]
	var before template.HTML
	if len(known) > 0 {
		before = known[0].html
	}
	if i := slices.IndexFunc(known, func(l *look) bool { return reflect.DeepEqual(l.data, r.data) }); i >= 0 {
		l = known[i]
		known = slices.Delete(known, i, i+1)
	} else {
		dot, err := p.dot(r.data)
		if err != nil {
			return nil, false, err
		}
		html, err := p.layout.Fragment(r.name, dot)
		if err != nil {
			return nil, false, err
		}
		l = &look{region: r, html: template.HTML(html)} //nolint:gosec // the template has escaped it
		known = known[:min(len(known), looksKept-1)]
	}
	p.looks[key] = slices.Insert(known, 0, l)
	return l, l.html != before, nil
}

// dot is what a template sees of a region: its data, or of a form the fields as they are
// painted. They are most of a panel, and most are the same for one traveller as for the next.
func (p *painter) dot(data any) (any, error) {
	switch d := data.(type) {
	case *Record:
		if d == nil {
			return nil, nil
		}
		asked, err := p.inputs(d.Asked)
		if err != nil {
			return nil, err
		}
		known, err := p.inputs(d.Known)
		return paintedRecord{d, asked, known}, err
	case *sharedRegion:
		if d == nil {
			return nil, nil
		}
		inputs, err := p.inputs(d.Inputs)
		return paintedShared{d, inputs}, err
	}
	return data, nil
}

// paintedRecord is a [Record] with its fields painted.
type paintedRecord struct {
	*Record
	Asked, Known []template.HTML
}

// paintedShared is the form of what a group shares with its fields painted.
type paintedShared struct {
	*sharedRegion
	Inputs []template.HTML
}

func (p *painter) inputs(all []Input) ([]template.HTML, error) {
	out := make([]template.HTML, 0, len(all))
	for _, in := range all {
		l, _, err := p.look("input "+in.ID, region{"input", in})
		if err != nil {
			return nil, err
		}
		out = append(out, l.html)
	}
	return out, nil
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
