package attack

import "testing"

// TestRoutes tries every route of hub and station as everybody.
func TestRoutes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.routes()
	s.serves(s.a)
}

// TestSessions attacks how people sign in, and their sessions.
func TestSessions(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.fixation()
	s.theft()
	s.forgery()
	s.guessing()
	s.serves(s.a)
}

// TestInput sends what no page sends.
func TestInput(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.paths()
	s.injection()
	s.oversized()
	n, let := s.slow(s.a)
	t.Logf("%d slow requests are held open", n)
	s.serves(s.a)
	let()
	s.clean()
	s.serves(s.a)
	s.serves(s.b)
}

// TestSoakSlow waits until a request that never ends is ended.
func TestSoakSlow(t *testing.T) {
	soak(t)
	s := newSite(t)
	t.Logf("a request that never ends is ended after %v", s.cut(s.a))
}
