package source

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"garita/border/watch"
)

// readUN reads the consolidated list of the United Nations Security Council. Individuals
// become entries, entities are counted.
func (r *run) readUN(in *input) error {
	x := newElements(in)
	root, err := x.root("CONSOLIDATED_LIST")
	if err != nil {
		return err
	}
	for _, a := range root.Attr {
		if a.Name.Local == "dateGenerated" {
			if r.report.Issued, err = time.Parse(time.RFC3339, a.Value); err != nil {
				r.problem(1, BadDate, "dateGenerated")
			}
			r.report.Version = calendarDay(a.Value)
		}
	}
	found := false
	for {
		t, err := x.token()
		switch {
		case errors.Is(err, io.EOF) && found:
			return nil
		case errors.Is(err, io.EOF):
			return fail(ErrFormat, in.name, x.line(), "there are no INDIVIDUALS")
		case err != nil:
			return err
		}
		start, ok := t.(xml.StartElement)
		if !ok {
			continue
		}
		switch start.Name.Local {
		case "INDIVIDUALS":
			found = true
		case "ENTITIES":
		case "ENTITY":
			if _, _, err := x.tree(start); err != nil {
				return err
			}
			r.leave(NotPerson)
		case "INDIVIDUAL":
			line := x.line()
			person, whole, err := x.tree(start)
			if err != nil {
				return err
			}
			if !whole {
				r.skipEntry(line, TooLong, "INDIVIDUAL", person.value("DATAID"))
				continue
			}
			if err := r.add(line, r.unPerson(line, person)); err != nil {
				return err
			}
		default: // a part that this reader does not know
			if _, _, err := x.tree(start); err != nil {
				return err
			}
			r.problem(x.line(), UnknownColumn, "")
		}
	}
}

// unPerson reads one INDIVIDUAL.
func (r *run) unPerson(line int, n *node) *watch.Entry {
	e := &watch.Entry{ID: n.value("DATAID")}
	var parts []string
	for _, f := range []string{"FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME"} {
		if p := r.text(line, f, n.value(f)); p != "" && !strings.EqualFold(p, "na") {
			parts = append(parts, p)
		}
	}
	for i, name := range unNames(strings.Join(parts, " "), watch.Primary) {
		if i > 0 {
			name.Quality = watch.Good
		}
		r.addName(line, e, name)
	}
	for _, k := range n.all("NAME_ORIGINAL_SCRIPT") {
		for _, name := range unNames(r.text(line, "NAME_ORIGINAL_SCRIPT", k.text), watch.Good) {
			r.addName(line, e, name)
		}
	}
	for _, k := range n.all("INDIVIDUAL_DATE_OF_BIRTH") {
		r.unBirth(line, e, k)
	}
	for _, k := range n.all("INDIVIDUAL_ALIAS") {
		quality := watch.Good
		switch strings.ToLower(k.value("QUALITY")) {
		case "low":
			quality = watch.Low
		case "good", "", "a.k.a.", "f.k.a.":
		default:
			r.problem(line, UnknownWord, "QUALITY")
		}
		for _, name := range unNames(r.text(line, "ALIAS_NAME", k.value("ALIAS_NAME")), quality) {
			r.addName(line, e, name)
		}
		if s := k.value("DATE_OF_BIRTH"); s != "" {
			d := iso(s)
			if d == "" {
				r.problem(line, BadDate, "INDIVIDUAL_ALIAS/DATE_OF_BIRTH")
			}
			e.BirthDates = addTo(e.BirthDates, d)
		}
		r.countries(line, &e.BirthPlaces, "COUNTRY_OF_BIRTH", k.value("COUNTRY_OF_BIRTH"))
	}
	for _, k := range n.all("NATIONALITY") {
		for _, v := range k.all("VALUE") {
			r.countries(line, &e.Nationalities, "NATIONALITY", v.text)
		}
	}
	for _, k := range n.all("INDIVIDUAL_PLACE_OF_BIRTH") {
		r.countries(line, &e.BirthPlaces, "INDIVIDUAL_PLACE_OF_BIRTH", k.value("COUNTRY"))
	}
	for _, k := range n.all("INDIVIDUAL_ADDRESS") {
		r.countries(line, &e.Residences, "INDIVIDUAL_ADDRESS", k.value("COUNTRY"))
	}
	for _, k := range n.all("INDIVIDUAL_DOCUMENT") {
		r.unDocument(line, e, k)
	}
	switch strings.ToLower(n.value("GENDER")) {
	case "male":
		e.Sex = "M"
	case "female":
		e.Sex = "F"
	case "", "unknown":
	default:
		r.problem(line, UnknownWord, "GENDER")
	}
	e.LegalBasis = r.text(line, "REFERENCE_NUMBER", n.value("REFERENCE_NUMBER"))
	for _, s := range append([]string{n.value("LISTED_ON")}, below(n.all("LAST_DAY_UPDATED"))...) {
		if d := calendarDay(s); d > e.Updated {
			e.Updated = d
		}
	}
	return e
}

// below gives the texts of the VALUE elements below nodes.
func below(nodes []*node) (texts []string) {
	for _, n := range nodes {
		for _, v := range n.all("VALUE") {
			texts = append(texts, v.text)
		}
	}
	return texts
}

// unBirth reads one date of birth: EXACT, APPROXIMATELY or BETWEEN.
func (r *run) unBirth(line int, e *watch.Entry, k *node) {
	date, y := k.value("DATE"), k.value("YEAR")
	from, to := k.value("FROM_YEAR"), k.value("TO_YEAR")
	if date == "" && y == "" && from == "" && to == "" {
		return
	}
	var d string
	switch {
	case from != "" || to != "":
		d = years(year(from), year(to))
	case date != "":
		d = iso(date)
	default:
		d = day(year(y), 0, 0)
	}
	switch kind := k.value("TYPE_OF_DATE"); {
	case d == "":
		r.problem(line, BadDate, "INDIVIDUAL_DATE_OF_BIRTH")
	case kind == "APPROXIMATELY" && !strings.Contains(d, "/"):
		d += "~"
	case kind != "" && kind != "EXACT" && kind != "APPROXIMATELY" && kind != "BETWEEN":
		r.problem(line, UnknownWord, "TYPE_OF_DATE")
	}
	e.BirthDates = addTo(e.BirthDates, d)
}

// unDocument reads one document. Its number often stands within words.
func (r *run) unDocument(line int, e *watch.Entry, k *node) {
	kind := k.value("TYPE_OF_DOCUMENT") + " " + k.value("TYPE_OF_DOCUMENT2")
	text := k.value("NUMBER")
	if strings.TrimSpace(kind) == "" && text == "" {
		return
	}
	d := watch.Document{Type: paper(kind + " " + text), Number: numberIn(text)}
	switch {
	case d.Type == "":
		r.leave(OtherPaper)
		return
	case text == "":
		return
	case len(d.Number) < 3 || len(d.Number) > maxNumber:
		r.problem(line, BadDocument, "INDIVIDUAL_DOCUMENT")
		return
	}
	for _, s := range []string{k.value("ISSUING_COUNTRY"), k.value("COUNTRY_OF_ISSUE"), inBrackets(text)} {
		if d.Issuer == "" && s != "" {
			if codes := country(s); len(codes) > 0 {
				d.Issuer = codes[0]
			}
		}
	}
	if d.Issuer == "" {
		d.Issuer = leadingCountry(text)
	}
	if d.Issuer == "" && k.value("ISSUING_COUNTRY") != "" {
		r.problem(line, UnknownCountry, "ISSUING_COUNTRY")
	}
	for _, d := range numbers(d) {
		r.addDocument(line, e, d)
	}
}

// countries adds the codes of a country's name.
func (r *run) countries(line int, list *[]string, field, name string) {
	if name = strings.TrimSpace(name); name == "" || strings.EqualFold(name, "na") {
		return
	}
	codes := country(name)
	if len(codes) == 0 {
		r.problem(line, UnknownCountry, field)
	}
	*list = addTo(*list, codes...)
}

// elements reads XML token by token, bounded.
type elements struct {
	in    *input
	dec   *xml.Decoder
	guard *guard
	depth int
	roots int
}

// Limits of an XML file.
const (
	maxDepth   = 32
	maxToken   = 1 << 20 // bytes between two tokens
	maxNodes   = 5000    // of one person
	maxContent = 1 << 20 // bytes of the texts of one person
)

// guard stops a token that does not end: the decoder would keep all of it.
type guard struct {
	in    *input
	since int
}

// ReadByte lets the decoder take byte by byte, so that the count is exact.
func (g *guard) ReadByte() (byte, error) {
	if g.since++; g.since > maxToken {
		return 0, ErrTooLarge
	}
	return g.in.ReadByte()
}

// Read implements [io.Reader], for which the decoder asks but which it does not use.
func (g *guard) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	b, err := g.ReadByte()
	if err != nil {
		return 0, err
	}
	p[0] = b
	return 1, nil
}

func newElements(in *input) *elements {
	x := &elements{in: in, guard: &guard{in: in}}
	x.dec = xml.NewDecoder(x.guard)
	x.dec.CharsetReader = func(label string, r io.Reader) (io.Reader, error) {
		switch strings.ToLower(label) {
		case "us-ascii", "ascii":
			return r, nil
		case "iso-8859-1", "latin1":
			return &latin1{r: r}, nil
		}
		return nil, fmt.Errorf("%w: it declares another", ErrEncoding)
	}
	return x
}

// latin1 decodes ISO 8859-1, of which every byte is the code point of that number.
type latin1 struct {
	r    io.Reader
	rest byte // second byte of a character
}

// ReadByte implements [io.ByteReader].
func (l *latin1) ReadByte() (byte, error) {
	if b := l.rest; b != 0 {
		l.rest = 0
		return b, nil
	}
	var one [1]byte
	if _, err := io.ReadFull(l.r, one[:]); err != nil {
		return 0, err
	}
	if c := one[0]; c >= 0x80 {
		l.rest = 0x80 | c&0x3f
		return 0xc0 | c>>6, nil
	}
	return one[0], nil
}

// Read implements [io.Reader].
func (l *latin1) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	b, err := l.ReadByte()
	if err != nil {
		return 0, err
	}
	p[0] = b
	return 1, nil
}

func (x *elements) line() int { l, _ := x.dec.InputPos(); return l }

// root reads up to the first element, which must have this name.
func (x *elements) root(name string) (xml.StartElement, error) {
	for text := false; ; {
		t, err := x.token()
		if errors.Is(err, io.EOF) && !text {
			return xml.StartElement{}, fail(ErrTruncated, x.in.name, x.line(), "it has no content")
		}
		if errors.Is(err, io.EOF) {
			return xml.StartElement{}, fail(ErrFormat, x.in.name, x.line(), "it is not XML")
		}
		if err != nil {
			return xml.StartElement{}, err
		}
		if c, ok := t.(xml.CharData); ok {
			text = text || len(bytes.TrimSpace(c)) > 0
		}
		if s, ok := t.(xml.StartElement); ok {
			if s.Name.Local != name {
				return s, fail(ErrFormat, x.in.name, x.line(), "the root element is not "+name)
			}
			return s, nil
		}
	}
}

// token reads one token. Document type definitions are refused: no list has one, and
// entities are defined there.
func (x *elements) token() (xml.Token, error) {
	t, err := x.dec.Token()
	x.guard.since = 0
	if errors.Is(err, io.EOF) {
		return nil, io.EOF
	}
	if err != nil {
		var syntax *xml.SyntaxError
		if !errors.As(err, &syntax) {
			return nil, x.in.run.broken(x.in, x.line(), err)
		}
		switch {
		case strings.Contains(syntax.Msg, "unexpected EOF"):
			return nil, fail(ErrTruncated, x.in.name, syntax.Line, "an element is open at the end")
		case strings.Contains(syntax.Msg, "UTF-8"):
			return nil, fail(ErrEncoding, x.in.name, syntax.Line, "a character is not UTF-8")
		case strings.Contains(syntax.Msg, "entity"):
			return nil, fail(ErrForbidden, x.in.name, syntax.Line, "an entity is not one of XML's own")
		}
		// The decoder's words may repeat the file's.
		return nil, fail(ErrFormat, x.in.name, syntax.Line, "it is not well-formed XML")
	}
	switch t := t.(type) {
	case xml.Directive:
		return nil, fail(ErrForbidden, x.in.name, x.line(), "a document type definition")
	case xml.StartElement:
		if x.depth++; x.depth > maxDepth {
			return nil, fail(ErrForbidden, x.in.name, x.line(), "nested too deeply")
		}
		if x.depth == 1 {
			if x.roots++; x.roots > 1 {
				return nil, fail(ErrFormat, x.in.name, x.line(), "a second root element")
			}
		}
		return t, nil
	case xml.EndElement:
		x.depth--
	}
	return t, nil
}

// node is an element with its text and what lies in it.
type node struct {
	name string
	text string
	kids []*node
}

// value gives the text of the first child of that name, with its spaces joined.
func (n *node) value(name string) string {
	for _, k := range n.kids {
		if k.name == name {
			return strings.Join(strings.Fields(k.text), " ")
		}
	}
	return ""
}

// all gives the children of that name.
func (n *node) all(name string) (found []*node) {
	for _, k := range n.kids {
		if k.name == name {
			found = append(found, k)
		}
	}
	return found
}

// tree reads one element whole. Beyond the limits of a person it goes on to the element's
// end without keeping anything; whole then is false.
func (x *elements) tree(start xml.StartElement) (root *node, whole bool, err error) {
	root = &node{name: start.Name.Local}
	path := []*node{root}
	texts := [][]byte{nil} // of the path's elements
	nodes, content := 1, 0
	for len(path) > 0 {
		t, err := x.token()
		if errors.Is(err, io.EOF) {
			return nil, false, fail(ErrTruncated, x.in.name, x.line(), "an element is open at the end")
		}
		if err != nil {
			return nil, false, err
		}
		top := path[len(path)-1]
		switch t := t.(type) {
		case xml.StartElement:
			k := &node{name: t.Name.Local}
			if nodes++; nodes <= maxNodes {
				top.kids = append(top.kids, k)
			}
			path, texts = append(path, k), append(texts, nil)
		case xml.CharData:
			if content += len(t); content <= maxContent {
				texts[len(texts)-1] = append(texts[len(texts)-1], t...)
			}
		case xml.EndElement:
			top.text = string(texts[len(texts)-1])
			path, texts = path[:len(path)-1], texts[:len(texts)-1]
		}
	}
	return root, nodes <= maxNodes && content <= maxContent, nil
}
