package lookup

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"garita/border"
)

// notices asks a service of the shape of INTERPOL's public notices. It is not the Nominal
// database. The shape takes the name in the address, so addresses are never logged; only the
// surname, the first given name and the nationality are sent, and what comes back is compared
// here.
type notices struct {
	name   string
	client *client
}

type noticePage struct {
	Total    *int `json:"total"`
	Embedded struct {
		Notices []noticeHead `json:"notices"`
	} `json:"_embedded"`
}

type noticeHead struct {
	EntityID  string  `json:"entity_id"`
	Forename  *string `json:"forename"`
	Name      *string `json:"name"`
	BirthDate *string `json:"date_of_birth"` // 1970/03/12, 1970/03 or 1970
}

const (
	noticesPerPage = 160 // the most that the shape gives
	maxNoticePages = 5
)

// noticeKinds are asked one after the other: wanted and missing people.
var noticeKinds = [...]string{"red", "yellow"}

// Name implements [Service].
func (n *notices) Name() string { return n.name }

// Ask implements [Service].
func (n *notices) Ask(ctx context.Context, _ string, q *border.Inquiry) border.LookupAnswer {
	if q.Surname == "" {
		return notChecked(NotAsked)
	}
	var hits []string
	var failed error
	for _, kind := range noticeKinds {
		more, err := n.kind(ctx, kind, q)
		if hits = append(hits, more...); err != nil && failed == nil {
			failed = err
		}
	}
	if len(hits) == 0 && failed != nil { // a hit is one whatever else could not be asked
		return notChecked(reason(failed))
	}
	return found(hits)
}

func (n *notices) kind(ctx context.Context, kind string, q *border.Inquiry) (hits []string, err error) {
	v := url.Values{"name": {q.Surname}, "resultPerPage": {strconv.Itoa(noticesPerPage)}}
	if first, _, _ := strings.Cut(q.GivenNames, " "); first != "" {
		v.Set("forename", first)
	}
	seen := make(map[string]bool) // a list that moves while it is paged repeats some, and leaves out others
	for page := 1; ; page++ {
		v.Set("page", strconv.Itoa(page))
		var p noticePage
		if err := n.client.ask(ctx, http.MethodGet, "/notices/v1/"+kind+"?"+v.Encode(), nil, nil, &p); err != nil {
			return hits, err
		}
		if p.Total == nil || *p.Total < 0 || len(p.Embedded.Notices) > noticesPerPage {
			return hits, trouble(Malformed)
		}
		for i := range p.Embedded.Notices {
			h := &p.Embedded.Notices[i]
			if h.EntityID == "" || len(h.EntityID) > maxReference {
				return hits, trouble(Malformed)
			}
			if !seen[h.EntityID] && h.fits(q) {
				hits = append(hits, kind+" "+h.EntityID)
			}
			seen[h.EntityID] = true
		}
		switch {
		case len(seen) >= *p.Total:
			return hits, nil
		case page == maxNoticePages, len(p.Embedded.Notices) == 0: // more than is looked at, or than is given
			return hits, trouble(Incomplete)
		}
	}
}

// fits reports whether a notice names the traveller: the same words in the name, in any order,
// and no contradiction in the date of birth. A notice without a name or with a part of it only
// is no hit; the watchlist, which imports notices, knows spellings.
func (h *noticeHead) fits(q *border.Inquiry) bool {
	listed := words(text(h.Name), text(h.Forename))
	asked := words(q.Surname, q.GivenNames)
	if len(listed) == 0 || !contains(asked, listed) && !contains(listed, asked) || min(len(listed), len(asked)) < 2 {
		return false
	}
	born := strings.ReplaceAll(text(h.BirthDate), "/", "-")
	for i := 0; i < min(len(born), len(q.BirthDate)); i++ {
		if born[i] != q.BirthDate[i] && born[i] != 'X' && q.BirthDate[i] != 'X' {
			return false
		}
	}
	return true
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func words(parts ...string) map[string]bool {
	out := make(map[string]bool)
	for _, w := range strings.FieldsFunc(strings.ToUpper(strings.Join(parts, " ")), func(r rune) bool { return r == ' ' || r == '-' || r == '\'' || r == '<' }) {
		out[w] = true
	}
	return out
}

func contains(all, some map[string]bool) bool {
	for w := range some {
		if !all[w] {
			return false
		}
	}
	return true
}
