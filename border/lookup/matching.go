package lookup

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"garita/border"
)

// matching asks a service of the shape of OpenSanctions' matching API.
type matching struct {
	name     string
	dataset  string
	minScore float64
	client   *client
}

type matchQuestion struct {
	Queries map[string]matchQuery `json:"queries"`
}

type matchQuery struct {
	Schema     string              `json:"schema"`
	Properties map[string][]string `json:"properties"`
}

type matchAnswer struct {
	Responses map[string]struct {
		Status  int `json:"status"`
		Results []struct {
			ID    string   `json:"id"`
			Score *float64 `json:"score"`
			Match bool     `json:"match"`
		} `json:"results"`
	} `json:"responses"`
}

// Name implements [Service].
func (m *matching) Name() string { return m.name }

// Ask implements [Service].
func (m *matching) Ask(ctx context.Context, queryID string, q *border.Inquiry) border.LookupAnswer {
	p := make(map[string][]string)
	put := func(property, value string) {
		if value != "" {
			p[property] = []string{value}
		}
	}
	switch {
	case q.Surname != "" && q.GivenNames != "":
		put("name", q.GivenNames+" "+q.Surname)
	default:
		put("name", q.Surname+q.GivenNames)
	}
	if len(p) == 0 && q.Number == "" {
		return notChecked(NotAsked)
	}
	put("lastName", q.Surname)
	put("firstName", q.GivenNames)
	put("birthDate", known(q.BirthDate))
	put("nationality", q.Nationality)
	put("passportNumber", q.Number)
	switch q.Sex {
	case "M":
		put("gender", "male")
	case "F":
		put("gender", "female")
	}
	dataset := m.dataset
	if dataset == "" {
		dataset = "default"
	}
	var a matchAnswer
	ask := matchQuestion{map[string]matchQuery{queryID: {"Person", p}}}
	if err := m.client.ask(ctx, http.MethodPost, "/match/"+url.PathEscape(dataset), nil, &ask, &a); err != nil {
		return notChecked(reason(err))
	}
	r, there := a.Responses[queryID]
	if !there || r.Status != 0 && r.Status != http.StatusOK || r.Results == nil { // no results is not an empty list of them
		return notChecked(Malformed)
	}
	var hits []string
	for _, x := range r.Results {
		if x.ID == "" || len(x.ID) > maxReference || x.Score == nil || *x.Score < 0 || *x.Score > 1 {
			return notChecked(Malformed)
		}
		if x.Match || *x.Score >= m.minScore {
			hits = append(hits, x.ID)
		}
	}
	return found(hits)
}

// known cuts an EDTF date before what is not known of it: 1970-03-XX is 1970-03.
func known(edtf string) string {
	parts := strings.Split(edtf, "-")
	n := 0
	for n < len(parts) && !strings.ContainsAny(parts[n], "X") {
		n++
	}
	return strings.Join(parts[:n], "-")
}
