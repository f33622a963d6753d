package demo

import (
	"context"
	"net/http"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"
)

func TestStopWithLiveStreams(t *testing.T) { stopWithStreams(t) }

func TestSoakStopWithLiveStreams(t *testing.T) {
	soak(t)
	for _, took := range stopWithStreams(t) {
		if took > 5*time.Second {
			t.Errorf("stopped after %v, more than 5 s", took)
		}
	}
}

// stopWithStreams ends both programs by SIGTERM while five live streams are open at each.
func stopWithStreams(t *testing.T) (took []time.Duration) {
	s := openSite(t, 1, 1)
	s.must(s.hub.as(t.Context(), registrar))
	for _, p := range []struct {
		name, stream string
		who          *client
	}{{"post", s.d.PostURL + "/live/counters/1", s.post}, {"hub", s.d.HubURL + "/live/operations", s.hub}} {
		var open, cut sync.WaitGroup
		transport := &http.Transport{DisableKeepAlives: true}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		for range 5 {
			open.Add(1)
			cut.Go(func() {
				began := sync.OnceFunc(open.Done)
				defer began()
				req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.stream, nil)
				if err != nil {
					t.Error(err)
					return
				}
				for _, c := range p.who.http.Jar.Cookies(req.URL) {
					req.AddCookie(c)
				}
				res, err := transport.RoundTrip(req)
				if err != nil {
					t.Error(err)
					return
				}
				defer res.Body.Close()
				buf := make([]byte, 64<<10)
				if n, err := res.Body.Read(buf); err != nil || n == 0 || res.StatusCode != http.StatusOK {
					t.Errorf("%s: no live stream: status %d, %v", p.name, res.StatusCode, err)
				}
				began()
				for err == nil { // until the program ends it
					_, err = res.Body.Read(buf)
				}
				if ctx.Err() != nil {
					t.Errorf("%s: the stream outlived the program", p.name)
				}
			})
		}
		open.Wait()
		pid := s.pid(p.name)
		s.must(os.WriteFile(s.path(p.name+".stopped"), nil, 0o600))
		start := time.Now()
		s.must(syscall.Kill(pid, syscall.SIGTERM))
		if w := s.wait(pid); !w.Exited() || w.ExitStatus() != 0 {
			t.Errorf("garita-%s did not end in order: %v", p.name, w)
		}
		took = append(took, time.Since(start))
		cut.Wait()
		t.Logf("garita-%s ended %v after SIGTERM with five live streams open", p.name, took[len(took)-1].Round(time.Millisecond))
	}
	return took
}
