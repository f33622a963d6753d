package demo

import (
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"garita/border"
	"garita/border/clock"
	"garita/border/register"
	"garita/cmd/internal/hub"
)

// copyFolder copies a folder as a backup does.
func copyFolder(t *testing.T, from, to string) {
	t.Helper()
	if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// TestHubRestoredFromACopy puts yesterday's hub back twice: the whole folder, then the
// same copy without the stream's files.
func TestHubRestoredFromACopy(t *testing.T) {
	_, seed := random(t)
	s := openSite(t, 2, seed)
	u, desks := s.desks(2, seed)
	serveN(desks, 40)
	s.delivered()
	s.stop("hub")
	copyFolder(t, s.path("hub"), s.path("yesterday"))
	s.start("hub")
	serveN(desks, 40)
	s.whole(u.recorded)

	for i, stream := range []bool{true, false} {
		s.stop("hub")
		s.must(os.RemoveAll(s.path("hub")))
		copyFolder(t, s.path("yesterday"), s.path("hub"))
		if !stream {
			s.must(os.RemoveAll(s.path("hub", "stream")))
		}
		held := s.heldByStoppedHub()
		if held != 40 {
			t.Fatalf("the copy holds %d crossings: the fault did not fire", held)
		}
		serveN(desks, 10) // while the hub is away
		s.start("hub")
		serveN(desks, 10)
		s.whole(u.recorded, register.AlarmRestored)
		if a := s.alarm(register.AlarmRestored); len(a) != 1 {
			t.Errorf("stream kept %v: %d alarms that the hub was restored", stream, len(a))
		}
		if g := s.counts().Generation; g != int64(2+i) {
			t.Errorf("stream kept %v: the hub's generation is %d, not %d", stream, g, 2+i)
		}
	}
}

// inHub runs something on the stopped hub's folder.
func (s *site) inHub(do func(*hub.Hub)) {
	s.t.Helper()
	cfg, err := hub.ReadConfig(s.path("hub.toml"), func(string) string { return "" })
	s.must(err)
	cfg.Listen, cfg.NATS, cfg.Enrol = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	h, err := hub.Open(s.t.Context(), cfg, clock.System(time.Now()), slog.New(slog.DiscardHandler))
	s.must(err)
	do(h)
	s.must(h.Close())
}

func (s *site) heldByStoppedHub() (n int64) {
	s.t.Helper()
	s.inHub(func(h *hub.Hub) {
		c, err := h.Register.Counts(s.t.Context())
		s.must(err)
		n = c.Crossings
	})
	return n
}

// TestStationRolledBack puts yesterday's journal back. Since then the hub got 40
// crossings; 10 more it only heard of; of the last 10 it never heard. Of those nobody can
// know: no machine that is left has ever been told of them.
func TestStationRolledBack(t *testing.T) {
	for _, c := range []struct {
		name string
		hot  bool // a snapshot under the running station, put back as a whole folder
	}{{"database of a stopped station", false}, {"snapshot of the folder of a running station", true}} {
		t.Run(c.name, func(t *testing.T) { rollBack(t, c.hot) })
	}
}

func rollBack(t *testing.T, hot bool) {
	_, seed := random(t)
	s := openSite(t, 2, seed)
	u, desks := s.desks(2, seed)
	serveN(desks, 30)
	s.delivered()
	copied := lastKey(u.keys)
	if hot { // a snapshot of the disk is of one moment
		pid := s.pid("post")
		s.must(syscall.Kill(pid, syscall.SIGSTOP))
		copyFolder(t, s.path("post"), s.path("yesterday"))
		s.must(syscall.Kill(pid, syscall.SIGCONT))
	} else {
		s.stop("post")
		copyFolder(t, s.path("post"), s.path("yesterday"))
		s.start("post")
	}
	serveN(desks, 40)
	s.delivered()
	held, heldTo := maps.Clone(u.recorded), lastKey(u.keys)
	s.stop("hub")
	serveN(desks, 10)
	announced := lastKey(u.keys)
	serveN(desks, 10)
	s.stop("post")

	s.inHub(func(h *hub.Hub) { // the hello that got through when the events did not
		_, err := h.Register.Greet(t.Context(), border.Hello{Station: announced.Station, Post: "PCA", Zone: "UTC",
			Now: time.Now(), Head: border.Position{Epoch: announced.Epoch, Seq: announced.Seq}})
		s.must(err)
	})
	s.putBack(hot)
	s.start("hub")
	s.start("post")
	s.rolledBack(u, held, copied, heldTo, announced, hot)

	lost := maps.Clone(u.recorded)
	maps.DeleteFunc(lost, func(id border.ID, _ border.CounterID) bool { _, ok := held[id]; return ok })
	u.recorded = held
	serveN(desks, 20) // and it goes on
	s.whole(u.recorded, register.AlarmRolledBack)
	for id := range u.recorded {
		s.must(s.post.call(t.Context(), http.MethodGet, "/api/v1/records/"+id.String(), nil, nil))
	}
	for id := range lost {
		if err := s.post.call(t.Context(), http.MethodGet, "/api/v1/records/"+id.String(), nil, nil); err == nil {
			t.Errorf("crossing %s is still there: the fault did not fire", id)
		}
	}
	t.Logf("held %d, back in the journal; %d lost, of which the hub had heard of 10", len(held), len(lost))
}

// putBack replaces the stopped station's journal, or all of its folder, by the copy.
func (s *site) putBack(whole bool) {
	s.t.Helper()
	if whole {
		s.must(os.RemoveAll(s.path("post")))
		copyFolder(s.t, s.path("yesterday"), s.path("post"))
		return
	}
	old, err := filepath.Glob(s.path("post", "journal.db*"))
	s.must(err)
	for _, f := range old {
		s.must(os.Remove(f))
	}
	copies, err := filepath.Glob(s.path("yesterday", "journal.db*"))
	s.must(err)
	for _, f := range copies {
		b, err := os.ReadFile(f)
		s.must(err)
		s.must(os.WriteFile(s.path("post", filepath.Base(f)), b, 0o600))
	}
}

// rolledBack asserts that the hub names what happened, in numbers, and what is lost.
func (s *site) rolledBack(u *truth, held map[border.ID]border.CounterID, copied, heldTo, announced border.Key, hot bool) {
	s.t.Helper()
	s.whole(held, register.AlarmRolledBack)
	alarms := s.alarm(register.AlarmRolledBack)
	if len(alarms) != 1 {
		s.t.Fatalf("%d alarms that the station was rolled back", len(alarms))
	}
	a := alarms[0]
	s.t.Logf("alarm: %s", a.Detail)
	// Between the last held and the last announced crossing lie announced events only.
	want := []string{"A copy of the station's journal was put back",
		fmt.Sprintf("vents %d to %d were announced and never held: they are lost unless they still arrive", heldTo.Seq+1, announced.Seq)}
	if hot {
		want = append(want, fmt.Sprintf("The hub holds and returns events %d to %d.", copied.Seq+1, heldTo.Seq))
	} else {
		want = append(want, fmt.Sprintf("the hub holds its events 1 to %d", heldTo.Seq))
	}
	for _, w := range want {
		if !strings.Contains(a.Detail, w) {
			s.t.Errorf("the alarm does not say %q", w)
		}
	}
	if a.Station != announced.Station {
		s.t.Errorf("the alarm is about %q", a.Station)
	}
}

// lastKey returns the key of the newest of the crossings that are recorded in the newest
// epoch, by the order of the ids.
func lastKey(keys map[border.ID]border.Key) border.Key {
	ids := slices.SortedFunc(maps.Keys(keys), func(a, b border.ID) int { return slices.Compare(a[:], b[:]) })
	last := keys[ids[len(ids)-1]]
	for _, k := range keys {
		if k.Epoch == last.Epoch && k.Seq > last.Seq {
			last = k
		}
	}
	return last
}
