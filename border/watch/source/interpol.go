package source

import (
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strings"

	"garita/border/watch"
)

// notice is a public notice, as a page of the list has it and, with more fields, as its
// own address. Any value may be null.
type notice struct {
	EntityID       string   `json:"entity_id"`
	Forename       string   `json:"forename"`
	Name           string   `json:"name"`
	DateOfBirth    string   `json:"date_of_birth"`
	Nationalities  []string `json:"nationalities"`
	SexID          string   `json:"sex_id"`
	CountryOfBirth string   `json:"country_of_birth_id"`
	PlaceOfBirth   string   `json:"place_of_birth"`
	Warrants       []struct {
		Country string `json:"issuing_country_id"`
	} `json:"arrest_warrants"`
	Links struct {
		Self      link `json:"self"`
		Images    link `json:"images"`
		Thumbnail link `json:"thumbnail"`
	} `json:"_links"`

	// A page.
	Total    *int `json:"total"`
	Embedded *struct {
		Notices []json.RawMessage `json:"notices"`
	} `json:"_embedded"`
}

type link struct {
	Href string `json:"href"`
}

// maxNotices bounds the notices, all of which are kept until the last file is read. There
// are some 7,000 red and 8,000 yellow public ones.
const maxNotices = 200_000

// readINTERPOL reads pages of public notices and notices by themselves, one after another
// or in an array. The page's line and the notice's own make one entry.
func (r *run) readINTERPOL() error {
	var order []string
	found := make(map[string]*listed)
	err := r.each(func(in *input) error {
		v := newValues(in)
		most, here := 0, make(map[string]bool)
		take := func(line int, n *notice) error {
			id := strings.ReplaceAll(n.EntityID, "/", "-")
			if !word.MatchString(id) {
				r.skip(line, NoID, "entity_id")
				return nil
			}
			here[id] = true
			have := found[id]
			if have == nil {
				if len(order) == min(maxNotices, r.o.MaxEntries) {
					return fail(ErrTooLarge, in.name, line, "too many entries")
				}
				have = &listed{file: in.name, line: line}
				found[id] = have
				order = append(order, id)
			}
			have.merge(n)
			return nil
		}
		for {
			b, code, err := v.read()
			if errors.Is(err, io.EOF) {
				if len(here) < most {
					return fail(ErrTruncated, in.name, v.next, "it has fewer notices than it says")
				}
				return nil
			}
			if err != nil {
				return err
			}
			var n notice
			if code == "" {
				code = decode(b, &n)
			}
			switch {
			case code != "":
				r.skip(v.line, code, "")
			case n.Embedded == nil:
				if err := take(v.line, &n); err != nil {
					return err
				}
			default:
				if n.Total != nil {
					most = max(most, *n.Total)
				}
				for _, b := range n.Embedded.Notices {
					var one notice
					if json.Unmarshal(b, &one) != nil {
						r.skip(v.line, BadJSON, "notices")
						most-- // it is there, though it cannot be read
						continue
					}
					if err := take(v.line, &one); err != nil {
						return err
					}
				}
			}
		}
	})
	if err != nil {
		return err
	}
	for _, id := range order {
		n := found[id]
		r.file = n.file
		if err := r.add(n.line, r.interpolPerson(id, n)); err != nil {
			return err
		}
	}
	return nil
}

// listed is a notice with where it was read first.
type listed struct {
	notice
	file string
	line int
}

// merge fills what is empty.
func (l *listed) merge(n *notice) {
	fill := func(to *string, from string) {
		if *to == "" {
			*to = from
		}
	}
	fill(&l.Forename, n.Forename)
	fill(&l.Name, n.Name)
	fill(&l.DateOfBirth, n.DateOfBirth)
	fill(&l.SexID, n.SexID)
	fill(&l.CountryOfBirth, n.CountryOfBirth)
	fill(&l.PlaceOfBirth, n.PlaceOfBirth)
	fill(&l.Links.Self.Href, n.Links.Self.Href)
	fill(&l.Links.Images.Href, n.Links.Images.Href)
	fill(&l.Links.Thumbnail.Href, n.Links.Thumbnail.Href)
	l.Nationalities = addTo(l.Nationalities, n.Nationalities...)
	if len(l.Warrants) == 0 && len(n.Warrants) <= maxValues {
		l.Warrants = n.Warrants
	}
	l.EntityID = n.EntityID
}

var noticeColour = regexp.MustCompile(`/notices/v1/([a-z]{2,8})/`)

// interpolPerson reads one notice.
func (r *run) interpolPerson(id string, n *listed) *watch.Entry {
	e := &watch.Entry{ID: id}
	r.addName(n.line, e, watch.Name{Surname: r.text(n.line, "name", n.Name), GivenNames: r.text(n.line, "forename", n.Forename), Quality: watch.Primary})
	if s := n.DateOfBirth; s != "" {
		d := iso(strings.ReplaceAll(s, "/", "-"))
		if d == "" {
			r.problem(n.line, BadDate, "date_of_birth")
		}
		e.BirthDates = addTo(e.BirthDates, d)
	}
	code := func(field, s string) string {
		c := country2(s)
		if c == "" && s != "" {
			r.problem(n.line, UnknownCountry, field)
		}
		return c
	}
	for _, s := range n.Nationalities {
		e.Nationalities = addTo(e.Nationalities, code("nationalities", s))
	}
	e.BirthPlaces = addTo(e.BirthPlaces, code("country_of_birth_id", n.CountryOfBirth))
	switch n.SexID {
	case "M", "F":
		e.Sex = n.SexID
	case "", "U":
	default:
		r.problem(n.line, UnknownWord, "sex_id")
	}
	e.Photo = r.text(n.line, "images", n.Links.Images.Href)
	if e.Photo == "" {
		e.Photo = r.text(n.line, "thumbnail", n.Links.Thumbnail.Href)
	}
	e.LegalBasis = "INTERPOL notice " + r.text(n.line, "entity_id", n.EntityID)
	if m := noticeColour.FindStringSubmatch(n.Links.Self.Href); m != nil {
		e.LegalBasis = "INTERPOL " + m[1] + " notice " + r.text(n.line, "entity_id", n.EntityID)
	}
	if r.o.Terms.Owner == "" {
		var states []string
		for _, w := range n.Warrants {
			states = addTo(states, code("issuing_country_id", w.Country))
		}
		if len(states) > 0 {
			e.Owner = "NCB " + strings.Join(states, ", ")
		}
	}
	return e
}
