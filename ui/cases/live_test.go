package cases

import (
	"bufio"
	"context"
	"fmt"
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
	next := s.follow(ctx, s.find("court/C-1").ID)
	if got, want := next(), version(before); got != want {
		t.Errorf("first %s, want %s", got, want)
	}
	if told := s.acts.Told(); len(told) > 3 { // the three that were refused or not found
		t.Errorf("a version is no reading: %+v", told)
	}
	s.post("/cases/"+id+"/act", "version", strconv.FormatInt(before, 10), "do", "take").has(t, http.StatusOK, "The case has changed: ", "by B-1")
	after := s.find("court/C-1").Version
	if got := next(); got != version(after) || after <= before {
		t.Errorf("then %s, want %s after %s", got, version(after), version(before))
	}
}

// follow opens a case's stream as an operator; next gives the data of one event after the other.
func (s *site) follow(ctx context.Context, id border.ID) (next func() string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/live/cases/"+id.String(), nil)
	s.must(err)
	req.Header.Set("Cookie", gatetest.Header(gatetest.Token("B-9", "", access.Operator)))
	res, err := http.DefaultClient.Do(req)
	s.must(err)
	s.t.Cleanup(func() { _ = res.Body.Close() })
	in := bufio.NewScanner(res.Body)
	return func() string {
		s.t.Helper()
		for in.Scan() {
			if data, ok := strings.CutPrefix(in.Text(), "data: "); ok && data != "{}" {
				return data
			}
		}
		s.t.Fatalf("the stream ended: %v", in.Err())
		return ""
	}
}

// A file that comes changes no case, but what its page shows.
func TestACaseSaysThatAFileHasCome(t *testing.T) {
	files := &shelf{}
	s := newSiteWith(t, func(c *Config) { c.Heartbeat, c.Files = 20*time.Millisecond, files })
	s.put(entry("C-1", bruno, "open"))
	s.pass(bruno, nil)
	c := s.find("court/C-1")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if page := s.get("/cases/" + c.ID.String()); !strings.Contains(page.body, `data-stage="`+fmt.Sprintf("%d, files 0 and 0 of %d", c.Version, len(filed))+`"`) {
		t.Error("the page does not say at which stage it was made")
	}
	next := s.follow(ctx, c.ID)
	for here := range 3 {
		files.here.Store(int64(here))
		if got, want := next(), event(c.Version, here); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	files.here.Store(-1) // an archive that does not answer keeps no news of the case back
	s.post("/cases/"+c.ID.String()+"/act", "version", strconv.FormatInt(c.Version, 10), "do", "take")
	if got, want := next(), event(s.find("court/C-1").Version, 2); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if asked := files.about.Load(); asked == nil || len(*asked) != 1 {
		t.Errorf("asked about %v, want the one crossing of the case", asked)
	}
}

func version(n int64) string { return fmt.Sprintf(`{"stage":"%d, files 0 and 0 of 0"}`, n) }

func event(version int64, here int) string {
	return fmt.Sprintf(`{"stage":"%d, files %d and 0 of %d"}`, version, here, len(filed))
}
