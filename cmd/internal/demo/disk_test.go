package demo

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"garita/border/journal"
)

// TestSyncFails runs the station under strace, which lets fsync and fdatasync fail with
// EIO now and then, kills it and starts it again, while an inspector tries each decision
// until it is acknowledged.
func TestSyncFails(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed; make test installs it")
	}
	rng, seed := random(t)
	s := openSite(t, 1, seed)
	u, desks := s.desks(1, seed)
	s.stop("post")
	s.must(os.Remove(s.path("post", "reserve"))) // making it again calls fsync
	finish := load(desks)
	defer finish()
	var calls [][]call
	for life := range 5 {
		before := u.len()
		calls = append(calls, s.traced(strace, life, rng, func() bool { return u.len() >= before+12 }))
	}
	s.must(os.Remove(s.path("post.stopped")))
	s.serving("post")
	finish()
	s.whole(u.recorded)

	fired := map[string]int{}
	var faults []string
	acknowledged, replayed := 0, 0
	for _, trace := range calls {
		for _, c := range trace {
			if c.injected {
				fired[c.name]++
			}
		}
		f, a, r := unsynced(trace)
		if len(f) > 0 { // what the station did until then, for whoever looks for the cause
			t.Log(told(trace))
		}
		faults, acknowledged, replayed = append(faults, f...), acknowledged+a, replayed+r
	}
	for _, f := range faults {
		t.Error(f)
	}
	t.Logf("failed on purpose: %v; acknowledged under strace %d, of these as recorded before %d; errors met: %v", fired, acknowledged, replayed, u.storage)
	if fired["fsync"] == 0 || fired["fdatasync"] < 5 || acknowledged < 40 || !slices.Contains(u.storage, "not_durable") {
		t.Error("the faults did not fire, or met no decision")
	}
	if !blamesMissingSync(calls) {
		t.Error("control: the check does not notice an acknowledgement whose sync failed")
	}
}

// traced runs the station under strace until enough holds, then kills it. A station that
// does not come up, or gives up, is started again.
func (s *site) traced(strace string, life int, rng *rand.Rand, enough func() bool) (all []call) {
	s.t.Helper()
	end := time.Now().Add(patience)
	for try := 0; !enough(); try++ {
		if time.Now().After(end) {
			s.t.Fatal("the station under strace does not get on")
		}
		out := s.path(fmt.Sprintf("trace-%d-%d", life, try))
		cmd := exec.Command(strace, "-D", "-f", "-y", "-qq", "-s", "2000", "-o", out,
			"-e", "trace=read,write,pwrite64,fsync,fdatasync,ftruncate",
			"-e", fmt.Sprintf("inject=fdatasync:error=EIO:when=%d+%d", 3+rng.IntN(8), 4+rng.IntN(5)),
			"-e", "inject=fsync:error=EIO",
			filepath.Join(programs, "garita-post"), "run", "--config", s.path("post.toml"))
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		s.must(cmd.Start())
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		alive := true
		for alive && !enough() && time.Now().Before(end) {
			select {
			case <-ended:
				alive = false
			case <-time.After(5 * time.Millisecond):
			}
		}
		if alive {
			s.must(cmd.Process.Kill())
			err := <-ended
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
				s.t.Fatalf("the traced station did not die by SIGKILL but: %v", err)
			}
		}
		all = append(all, readTrace(s.whenWritten(out))...)
		if len(all) > 0 { // the next process begins with nothing of this one's state
			all = append(all, call{name: "read", text: "/decisions HTTP/1.1"})
		}
	}
	return all
}

// whenWritten reads a file that strace may still be writing.
func (s *site) whenWritten(path string) string {
	s.t.Helper()
	var last []byte
	same := 0
	s.await("strace is done", func() bool {
		b, err := os.ReadFile(path)
		if err == nil && len(b) == len(last) {
			same++
		} else {
			same = 0
		}
		last = b
		time.Sleep(10 * time.Millisecond)
		return same > 5
	})
	return string(last)
}

// blamesMissingSync takes every good sync of the log from a trace and expects faults.
func blamesMissingSync(traces [][]call) bool {
	for _, trace := range traces {
		spoilt := slices.Clone(trace)
		changed := false
		for i := range spoilt {
			if c := &spoilt[i]; c.sync() && c.on(logFile) && !c.failed {
				c.failed, changed = true, true
			}
		}
		if f, _, _ := unsynced(spoilt); changed && len(f) > 0 {
			return true
		}
	}
	return false
}

// TestDiskFull fills the station's disk, a small one, and frees it again.
func TestDiskFull(t *testing.T) {
	_, seed := random(t)
	s := &site{t: t, dir: t.TempDir(), ends: make(map[int]*os.ProcessState)}
	s.must(os.Mkdir(s.path("post"), 0o700))
	if err := syscall.Mount("tmpfs", s.path("post"), "tmpfs", 0, "size=96m"); err != nil {
		t.Skipf("a small disk can be mounted by root only: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(s.path("post"), 0); err != nil {
			t.Error(err)
		}
	})
	s.begin(4, seed)
	u, desks := s.desks(4, seed)
	serveN(desks, 20)
	if st := s.storage(); st.State != journal.StorageOK && st.State != journal.StorageLow {
		t.Fatalf("storage %+v before the disk is full", st)
	}
	s.must(fill(s.path("post", "filler")))
	at := u.len()
	finish := load(desks)
	defer finish()
	s.await("the station works from the reserve", func() bool { return s.storage().State == journal.StorageReserve })
	reserve := s.storage()
	s.await("the reserve is used up", func() bool { return s.storage().State == journal.StorageFull })
	full, recorded := s.storage(), u.len()-at
	var seen sync.Once
	s.await("an officer is told", func() bool {
		v, err := s.post.view(t.Context(), "1")
		s.must(err)
		if strings.Contains(v.Notice, "disk of this station is full") {
			seen.Do(func() { t.Logf("notice: %s", v.Notice) })
			return true
		}
		return false
	})
	t.Logf("in the reserve: %s", reserve.Reason)
	t.Logf("full: %s", full.Reason)
	if !strings.Contains(reserve.Reason, "1,000") || full.Reason == "" {
		t.Error("the screen does not say what to do")
	}
	s.await("a decision is answered with 507", func() bool {
		u.mu.Lock()
		defer u.mu.Unlock()
		return slices.Contains(u.storage, "storage_full")
	})
	s.insufficient(desks[0])
	t.Logf("recorded on the full disk: %d", recorded)
	if recorded < 1000 {
		t.Errorf("the reserve was enough for %d crossings, not for 1,000", recorded)
	}
	s.must(os.Remove(s.path("post", "filler")))
	s.await("the disk is well again", func() bool {
		st := s.storage().State
		return st == journal.StorageOK || st == journal.StorageLow
	})
	freed := u.len()
	s.await("crossings are recorded again", func() bool { return u.len() > freed+20 })
	finish()
	s.whole(u.recorded)
}

// insufficient asserts that a full disk is told apart from a failing one.
func (s *site) insufficient(k *desk) {
	s.t.Helper()
	anybody := k.next() // it is not for the answers that the decision is refused
	s.await("the open encounter is refused with 507", func() bool {
		v, err := s.post.view(s.t.Context(), k.name)
		s.must(err)
		if v.Encounter == nil {
			return false
		}
		_, err = s.post.decide(s.t.Context(), k.name, admission(v.Encounter, &anybody))
		var answer *status
		return errors.As(err, &answer) && answer.code == http.StatusInsufficientStorage && answer.kind == "storage_full"
	})
}

func (s *site) storage() journal.Storage {
	s.t.Helper()
	v, err := s.post.view(s.t.Context(), "1")
	s.must(err)
	return v.Status.Storage
}

// fill writes a file until the disk takes no more.
func fill(path string) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	for size := 1 << 20; size >= 512; size /= 2 { // the last bytes too
		for err == nil {
			_, err = f.Write(make([]byte, size))
		}
		if !errors.Is(err, syscall.ENOSPC) {
			break
		}
		err = nil
	}
	return errors.Join(err, f.Close())
}
