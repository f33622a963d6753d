package cases

import (
	"bufio"
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"garita/border"
	"garita/border/access"
	"garita/ui/gate/gatetest"
)

// Whoever has a case open learns that it has changed, and nothing else: what it says is asked for as a page, which is told.
func TestACaseSaysThatItHasChanged(t *testing.T) {
	s := newSiteWith(t, func(c *Config) { c.Heartbeat = 20 * time.Millisecond })
	s.put(entry("C-1", bruno, "open"))
	s.pass(bruno, nil)
	id := s.find("court/C-1").ID.String()
	before := s.find("court/C-1").Version
	s.acts.Told()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	open := func(path string, role access.Role) *http.Response {
		t.Helper()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path, nil)
		s.must(err)
		req.Header.Set("Cookie", gatetest.Header(gatetest.Token("B-9", "", role)))
		res, err := http.DefaultClient.Do(req)
		s.must(err)
		return res
	}
	for _, c := range []struct {
		path   string
		role   access.Role
		status int
	}{{"/live/cases/" + id, access.Technician, 403}, {"/live/cases/x", access.Operator, 404}, {"/live/cases/" + border.ID{6: 0x70, 8: 0x80}.String(), access.Operator, 404}} {
		res := open(c.path, c.role)
		_ = res.Body.Close()
		if res.StatusCode != c.status {
			t.Errorf("%s for %s: %d", c.path, c.role, res.StatusCode)
		}
	}
	res := open("/live/cases/"+id, access.Operator)
	defer res.Body.Close()
	in := bufio.NewScanner(res.Body)
	next := func() string {
		t.Helper()
		for in.Scan() {
			if data, ok := strings.CutPrefix(in.Text(), "data: "); ok && data != "{}" {
				return data
			}
		}
		t.Fatalf("the stream ended: %v", in.Err())
		return ""
	}
	if got, want := next(), version(before); got != want {
		t.Errorf("first %s, want %s", got, want)
	}
	if told := s.acts.Told(); len(told) > 3 { // the three that were refused or not found
		t.Errorf("a version is no reading: %+v", told)
	}
	s.post("/cases/"+id+"/act", "version", strings.TrimSuffix(strings.TrimPrefix(version(before), `{"version":`), "}"), "do", "take").has(t, http.StatusOK, "The case has changed: ", "by B-1")
	after := s.find("court/C-1").Version
	if got := next(); got != version(after) || after <= before {
		t.Errorf("then %s, want %s after %s", got, version(after), version(before))
	}
}

func version(n int64) string { return `{"version":` + strconv.FormatInt(n, 10) + `}` }
