package source

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"garita/border/watch"
)

// ftmEntity is one line of a FollowTheMoney export.
type ftmEntity struct {
	ID         string              `json:"id"`
	Schema     string              `json:"schema"`
	Target     *bool               `json:"target"`
	LastChange string              `json:"last_change"`
	Properties map[string][]string `json:"properties"`
}

// maxHeld bounds the documents that are kept until their holders are read.
const maxHeld = 4_000_000

// readFtM reads persons from FollowTheMoney entities. Documents are entities of their own,
// before or after their holders: a first pass gathers them.
func (r *run) readFtM() error {
	held, n := make(map[string][]watch.Document), 0
	quiet := *r // the first pass counts and reports nothing: the second meets every line again
	quiet.report = Report{Counts: make(map[Code]int)}
	quiet.o.MaxProblems = 0
	err := quiet.each(func(in *input) error {
		return quiet.ftmLines(in, func(line int, e *ftmEntity) error {
			if e.Schema != "Passport" && e.Schema != "Identification" {
				return nil
			}
			for _, d := range ftmPapers(e) {
				for _, holder := range e.Properties["holder"] {
					if n++; n > maxHeld {
						return fail(ErrTooLarge, quiet.file, line, "too many documents")
					}
					if len(holder) <= maxField && len(held[holder]) < maxDocuments {
						held[holder] = append(held[holder], d)
					}
				}
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	return r.each(func(in *input) error {
		return r.ftmLines(in, func(line int, e *ftmEntity) error {
			switch {
			case e.Schema == "Passport" || e.Schema == "Identification":
				if len(ftmPapers(e)) == 0 {
					r.problem(line, BadDocument, e.Schema)
				}
				return nil
			case e.Schema != "Person":
				r.leave(NotPerson)
				return nil
			case e.Target != nil && !*e.Target:
				r.leave(NotTarget)
				return nil
			}
			return r.add(line, r.ftmPerson(line, e, held[e.ID]))
		})
	})
}

// ftmLines reads the entities of a file, one a line.
func (r *run) ftmLines(in *input, entity func(int, *ftmEntity) error) error {
	for line := 1; ; line++ {
		b, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			for errors.Is(err, bufio.ErrBufferFull) {
				_, err = in.ReadSlice('\n')
			}
			if err == nil || errors.Is(err, io.EOF) {
				r.skip(line, TooLong, "")
				b = nil
			}
		}
		last := errors.Is(err, io.EOF)
		switch {
		case err != nil && !last:
			return r.broken(in, line, err)
		case last && len(b) == 0 && line == 1:
			return fail(ErrTruncated, in.name, line, "it has no content")
		}
		if b = bytes.TrimSpace(b); len(b) > 0 {
			var e ftmEntity
			switch code := decode(b, &e); {
			case code != "" && last:
				return fail(ErrTruncated, in.name, line, "its last line does not end")
			case code == BadJSON && line == 1 && b[0] != '{':
				return fail(ErrFormat, in.name, line, "it does not begin with a JSON object")
			case code != "":
				r.skip(line, code, "")
			default:
				if err := entity(line, &e); err != nil {
					return err
				}
			}
		}
		if last {
			return nil
		}
	}
}

// decode reads one JSON object.
func decode(b []byte, into any) Code {
	switch {
	case !utf8.Valid(b):
		return NotText
	case deep(b):
		return BadJSON
	case json.Unmarshal(b, into) != nil:
		return BadJSON
	}
	return ""
}

// ftmPapers gives the documents of a Passport or an Identification.
func ftmPapers(e *ftmEntity) (papers []watch.Document) {
	kind := "P"
	if e.Schema != "Passport" {
		if kind = paper(strings.Join(e.Properties["type"], " ")); kind == "" {
			kind = "I"
		}
	}
	d := watch.Document{Type: kind}
	for _, c := range e.Properties["country"] {
		d.Issuer = ftmCountry(c)
	}
	for _, p := range []string{"number", "passportNumber"} {
		for _, s := range e.Properties[p] {
			if d.Number = zoneNumber(s); len(d.Number) >= 3 && len(d.Number) <= maxNumber && len(papers) < maxDocuments {
				papers = append(papers, d)
			}
		}
	}
	return papers
}

var ftmRegion = regexp.MustCompile(`^([a-z]{2})-[a-z0-9]{2,4}$`)

// ftmCountry gives the Doc 9303 code of a country of FollowTheMoney: two letters of ISO
// 3166-1, some with a region behind them (gb-sct).
func ftmCountry(s string) string {
	s = strings.ToLower(s)
	if m := ftmRegion.FindStringSubmatch(s); m != nil {
		s = m[1]
	}
	return country2(s)
}

// ftmPerson reads one Person.
func (r *run) ftmPerson(line int, f *ftmEntity, held []watch.Document) *watch.Entry {
	e := &watch.Entry{ID: f.ID}
	p := f.Properties
	quality := watch.Primary
	for _, names := range []struct {
		property string
		quality  watch.Quality
	}{{"name", watch.Good}, {"alias", watch.Good}, {"previousName", watch.Good}, {"weakAlias", watch.Low}} {
		for _, s := range p[names.property] {
			if s = r.text(line, names.property, s); s == "" {
				continue
			}
			if quality != watch.Primary || names.property != "name" {
				quality = names.quality
			}
			r.addName(line, e, watch.Name{Full: s, Quality: quality})
			quality = names.quality
		}
	}
	// Only one of each tells which belong together.
	if last, first := p["lastName"], p["firstName"]; len(last) == 1 && len(first) == 1 {
		n := watch.Name{Surname: r.text(line, "lastName", last[0]), GivenNames: r.text(line, "firstName", first[0]), Quality: watch.Good}
		if n.Surname != "" && n.GivenNames != "" {
			for _, m := range append(p["middleName"], p["secondName"]...) {
				n.GivenNames += " " + r.text(line, "middleName", m)
			}
			n.GivenNames, _ = plain(n.GivenNames, maxField)
			r.addName(line, e, n)
		}
	}
	for _, s := range p["birthDate"] {
		d := iso(s)
		if d == "" {
			r.problem(line, BadDate, "birthDate")
		}
		e.BirthDates = addTo(e.BirthDates, d)
	}
	for _, to := range []struct {
		property string
		list     *[]string
	}{{"nationality", &e.Nationalities}, {"citizenship", &e.Nationalities}, {"birthCountry", &e.BirthPlaces}, {"country", &e.Residences}} {
		for _, s := range p[to.property] {
			code := ftmCountry(s)
			if code == "" {
				r.problem(line, UnknownCountry, to.property)
			}
			*to.list = addTo(*to.list, code)
		}
	}
	for _, s := range p["birthPlace"] {
		e.BirthPlaces = addTo(e.BirthPlaces, placeCountry(s)...)
	}
	sexes := make(map[string]bool)
	for _, s := range p["gender"] {
		sexes[s] = true
	}
	switch {
	case len(sexes) > 1: // sources disagree: no evidence
	case sexes["male"]:
		e.Sex = "M"
	case sexes["female"]:
		e.Sex = "F"
	}
	for _, d := range held {
		r.addDocument(line, e, d)
	}
	issuer := ""
	if len(e.Nationalities) == 1 {
		issuer = e.Nationalities[0]
	}
	for _, s := range p["passportNumber"] {
		if n := zoneNumber(s); len(n) >= 3 && len(n) <= maxNumber && !holds(e, n) {
			r.addDocument(line, e, watch.Document{Issuer: issuer, Type: "P", Number: n})
		}
	}
	for _, s := range p["idNumber"] {
		if n := zoneNumber(s); len(n) >= 3 && len(n) <= maxNumber && !holds(e, n) {
			r.addDocument(line, e, watch.Document{Issuer: issuer, Type: "I", Number: n})
		}
	}
	e.Updated = calendarDay(f.LastChange)
	return e
}

// holds tells whether the entry has a document of this number.
func holds(e *watch.Entry, number string) bool {
	for _, d := range e.Documents {
		if d.Number == number {
			return true
		}
	}
	return false
}
