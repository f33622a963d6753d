package demo

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"garita/border"
	"garita/border/register"
)

// site is hub and station as real processes on a folder of the test's, with what a fault
// test needs to hurt them.
type site struct {
	t         *testing.T
	d         *Demo
	dir       string
	post, hub *client
	national  bool // the hub gets the invented national list

	mu   sync.Mutex // guards ends
	ends map[int]*os.ProcessState
}

// patience bounds every wait of a fault test; it is no limit on the programs' speed.
const patience = 90 * time.Second

// openSite starts hub and station. before is called on the prepared folder, if not nil.
func openSite(t *testing.T, counters int, seed uint64, travellers ...Specimen) *site {
	t.Helper()
	s := &site{t: t, dir: t.TempDir(), ends: make(map[int]*os.ProcessState)}
	s.begin(counters, seed, travellers...)
	return s
}

func (s *site) begin(counters int, seed uint64, travellers ...Specimen) {
	s.t.Helper()
	free := "127.0.0.1:0"
	d, err := Start(s.t.Context(), Options{Data: s.dir, Programs: programs, PostListen: free, HubListen: free, NATSListen: free,
		Counters: counters, Seed: seed, National: s.national, Now: time.Now, Ended: s.ended}, travellers)
	if err != nil {
		s.t.Fatal(err)
	}
	s.d, s.post, s.hub = d, d.browsers[0], d.capital
	s.t.Cleanup(s.close)
}

// close stops the programs; a second call does nothing.
func (s *site) close() {
	if s.d == nil {
		return
	}
	if err := s.d.Stop(); err != nil {
		s.t.Error(err)
	}
	s.d = nil
	if s.t.Failed() {
		for _, name := range []string{"post.log", "hub.log"} {
			log, _ := os.ReadFile(filepath.Join(s.dir, name))
			if n := len(log); n > 4000 {
				log = log[n-4000:]
			}
			s.t.Logf("%s ends:\n%s", name, log)
		}
	}
}

func (s *site) path(name ...string) string { return filepath.Join(append([]string{s.dir}, name...)...) }

func (s *site) ended(_ string, state *os.ProcessState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ends[state.Pid()] = state
}

// pid returns the process that runs a program now, waiting until there is one.
func (s *site) pid(name string) int {
	s.t.Helper()
	var pid int
	s.await("garita-"+name+" runs", func() bool {
		b, err := os.ReadFile(s.path(name + ".pid"))
		if err != nil {
			return false
		}
		pid, err = strconv.Atoi(strings.TrimSpace(string(b)))
		return err == nil && s.end(pid) == nil
	})
	return pid
}

func (s *site) end(pid int) *os.ProcessState {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ends[pid]
}

// await waits until something holds.
func (s *site) await(what string, holds func() bool) {
	s.t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("waited %v in vain until %s", patience, what)
		}
	}
}

// kill ends a program with SIGKILL and proves that this is what ended it.
func (s *site) kill(name string) time.Time {
	s.t.Helper()
	pid := s.pid(name)
	at := time.Now()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		s.t.Fatal(err)
	}
	w := s.wait(pid)
	if !w.Signaled() || w.Signal() != syscall.SIGKILL {
		s.t.Fatalf("garita-%s (%d) did not die by SIGKILL but: %v", name, pid, w)
	}
	return at
}

// wait waits until a process has ended and says how.
func (s *site) wait(pid int) syscall.WaitStatus {
	s.t.Helper()
	s.await(fmt.Sprintf("process %d ends", pid), func() bool { return s.end(pid) != nil })
	return s.end(pid).Sys().(syscall.WaitStatus)
}

// serving waits until a program answers.
func (s *site) serving(name string) {
	s.t.Helper()
	s.await("garita-"+name+" serves", func() bool { return s.answers(name) })
}

func (s *site) answers(name string) bool {
	api, path := s.post, "/api/v1/counters"
	if name == "hub" {
		api, path = s.hub, "/api/v1/register/counts"
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return api.call(ctx, http.MethodGet, path, nil, nil) == nil
}

// stop ends a program in order and keeps it down until start.
func (s *site) stop(name string) {
	s.t.Helper()
	pid := s.pid(name)
	if err := os.WriteFile(s.path(name+".stopped"), nil, 0o600); err != nil {
		s.t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	if w := s.wait(pid); !w.Exited() || w.ExitStatus() != 0 {
		s.t.Fatalf("garita-%s did not end in order after SIGTERM but: %v", name, w)
	}
}

// start lets a stopped program run again and waits until it serves.
func (s *site) start(name string) {
	s.t.Helper()
	if err := os.Remove(s.path(name + ".stopped")); err != nil {
		s.t.Fatal(err)
	}
	s.serving(name)
}

// rows reads the whole register.
func (s *site) rows() []register.Crossing {
	s.t.Helper()
	var all []register.Crossing
	var after int64
	for {
		page, err := crossings(s.t.Context(), s.hub, after)
		if err != nil {
			s.t.Fatal(err)
		}
		if len(page) == 0 {
			return all
		}
		all = append(all, page...)
		after = page[len(page)-1].Arrival
	}
}

func (s *site) counts() (c register.Counts) {
	s.t.Helper()
	if err := s.hub.call(s.t.Context(), http.MethodGet, "/api/v1/register/counts", nil, &c); err != nil {
		s.t.Fatal(err)
	}
	return c
}

func (s *site) alarms() (a []register.Alarm) {
	s.t.Helper()
	if err := s.hub.call(s.t.Context(), http.MethodGet, "/api/v1/register/alarms?limit=1000", nil, &a); err != nil {
		s.t.Fatal(err)
	}
	return a
}

// alarm returns the alarms of one kind.
func (s *site) alarm(kind register.AlarmKind) []register.Alarm {
	s.t.Helper()
	return slices.DeleteFunc(s.alarms(), func(a register.Alarm) bool { return a.Kind != kind })
}

// delivered waits until the hub holds everything that the station has.
func (s *site) delivered() {
	s.t.Helper()
	s.await("the hub holds all of the station's events", func() bool {
		v, err := s.post.view(s.t.Context(), "1")
		return err == nil && v.Status.Hub.Connected && v.Status.Hub.Backlog == 0
	})
	s.await("the register is projected", func() bool { return s.counts().ProjectionLag == 0 })
}

// judge says in what way the register differs from what was acknowledged: nothing if each
// acknowledged crossing is there exactly once and no other.
func judge(truth map[border.ID]border.CounterID, rows []register.Crossing) []string {
	var faults []string
	seen := make(map[border.ID]int, len(rows))
	for _, c := range rows {
		seen[c.ID]++
		counter, known := truth[c.ID]
		switch {
		case !known:
			faults = append(faults, "never acknowledged: "+c.ID.String())
		case seen[c.ID] > 1:
			faults = append(faults, "doubled: "+c.ID.String())
		case c.Counter != counter:
			faults = append(faults, "at another counter: "+c.ID.String())
		}
	}
	for id := range truth {
		if seen[id] == 0 {
			faults = append(faults, "lost: "+id.String())
		}
	}
	return faults
}

// whole asserts that the register holds exactly the truth, and that the hub raised no
// alarm but of the kinds allowed.
func (s *site) whole(truth map[border.ID]border.CounterID, allowed ...register.AlarmKind) {
	s.t.Helper()
	s.delivered()
	rows := s.rows()
	faults := judge(truth, rows)
	for i, f := range faults {
		if i == 20 {
			s.t.Errorf("... and %d more", len(faults)-i)
			break
		}
		s.t.Error(f)
	}
	for _, a := range s.alarms() {
		if !slices.Contains(allowed, a.Kind) {
			s.t.Errorf("alarm %s (%s, %d times): %s", a.Kind, a.Subject, a.Count, a.Detail)
		}
	}
	// The judge itself must notice what it is there for.
	if len(rows) > 0 {
		if len(judge(truth, rows[1:])) == 0 || len(judge(truth, append(rows, rows[0]))) == 0 {
			s.t.Error("the judge did not notice a missing or a doubled crossing")
		}
	}
	s.t.Logf("acknowledged %d, in the register %d, duplicates suppressed %d", len(truth), len(rows), s.counts().DuplicatesSuppressed)
}
