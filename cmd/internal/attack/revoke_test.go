package attack

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"garita/border/access"
	"garita/cmd/internal/founding"
)

// TestRevokedOfficer: whoever is revoked while they work is out, at the hub and at both stations.
func TestRevokedOfficer(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	took := s.revoke(1)
	t.Logf("out after %v", took)
	s.serves(s.a)
}

// TestSoakRevocation measures it.
func TestSoakRevocation(t *testing.T) {
	soak(t)
	s := newSite(t)
	took := s.revoke(20)
	slices.Sort(took)
	p50, most := took[len(took)/2], took[len(took)-1]
	t.Logf("%d officers were out of two stations and the hub: p50 %v, max %v", len(took), p50, most)
	if most > 5*time.Second {
		t.Errorf("it took %v, want at most 5 s", most)
	}
}

// revoke has officers at work at both stations and at the hub, revokes one after another, and says
// how long each was still in anywhere.
func (s *site) revoke(n int) (took []time.Duration) {
	ctx := s.t.Context()
	for i := range n {
		badge := fmt.Sprint(7001 + i)
		s.must(founding.Officers(ctx, s.hub, access.Officer{Badge: badge, Name: "Invented Leaver", Roles: []access.Role{access.Inspector, access.Operator}}))
	}
	for i := range n {
		badge := fmt.Sprint(7001 + i)
		var in []*browser
		for url, counter := range map[string]string{s.a.URL(): "1", s.b.URL(): "1", s.hub.URL(): ""} {
			b := s.browser(url)
			s.await("the officer is known", func() bool {
				return b.session(map[string]any{"badge": badge, "pin": founding.PIN, "counter": counter}).status == http.StatusOK
			})
			in = append(in, b)
		}
		live := s.watch(in)
		start := time.Now()
		s.must(s.hub.Officers.Revoke(ctx, badge, "left"))
		for _, b := range in {
			s.await("the officer is out", func() bool { return b.do("GET", "/session", "").status == http.StatusUnauthorized })
		}
		took = append(took, time.Since(start))
		live()
		for _, b := range in {
			if got := b.session(map[string]any{"badge": badge, "pin": founding.PIN}); got.status != http.StatusUnauthorized {
				s.t.Errorf("who was revoked signs in: %v", got)
			}
		}
	}
	return took
}

// watch opens the live streams of signed-in browsers, and returns what waits until they have ended.
func (s *site) watch(in []*browser) (ended func()) {
	done := make(chan error, len(in))
	var open sync.WaitGroup
	for _, b := range in {
		path := "/live/counters/1"
		if b.base == s.hub.URL() {
			path = "/live/operations"
		}
		open.Add(1)
		go func() { done <- b.listen(path, sync.OnceFunc(open.Done)) }()
	}
	open.Wait()
	return func() {
		for range in {
			select {
			case err := <-done:
				s.must(err)
			case <-time.After(patience):
				s.t.Error("a live stream goes on after the revocation")
			}
		}
	}
}
