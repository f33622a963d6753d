package journal_test

import (
	"bufio"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"garita/border"
	"garita/border/journal"
)

// A station that is killed at any moment under load has every crossing that it had
// acknowledged, once; and what it had not, it takes when it is tried again.
func TestKilled(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("GARITA_SEED"); s != "" {
		seed = uint64(atoi(s))
	}
	t.Logf("GARITA_SEED=%d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	kills := 30
	if testing.Short() {
		kills = 5
	}
	dir := t.TempDir()
	check(t, childKeys(dir))
	s := newSpoken()
	for k := range kills {
		var retry []border.ID
		for id := range s.tried {
			if _, ok := s.acks[id]; !ok && len(retry) < 20 {
				retry = append(retry, id)
			}
		}
		killOnce(t, s, dir, retry, rng)
		for _, id := range retry { // those that were acknowledged now are held; the others come again
			if _, ok := s.acks[id]; ok {
				delete(s.tried, id)
			}
		}
		if k%10 == 9 {
			holds(t, s, dir)
		}
	}
	holds(t, s, dir)
	found := foundIn(t, dir, 1, 2)
	for id := range s.acks {
		if !found[id] {
			t.Fatalf("%s was acknowledged and is not found by its document", id)
		}
	}
	rep := soundAt(t, filepath.Join(dir, journal.FileName))
	if rep.Epochs < int64(kills)/2 || len(s.acks) < kills {
		t.Errorf("%d epochs and %d acknowledgements: the children hardly came to work", rep.Epochs, len(s.acks))
	}
	t.Logf("%d kills, %d acknowledged, %d events, %d epochs", kills, len(s.acks), rep.Events, rep.Epochs)
}

func killOnce(t *testing.T, s *spoken, dir string, retry []border.ID, rng *rand.Rand) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "GARITA_JOURNAL_CHILD=flood", "GARITA_JOURNAL_DIR="+dir)
	cmd.Stdin = strings.NewReader(lines(retry))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	fuse := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() }) // in case it never gets ready
	defer fuse.Stop()
	sc := bufio.NewScanner(out)
	for sc.Scan() {
		if s.hear(sc.Text()); sc.Text() == "READY" {
			fuse.Reset(time.Duration(rng.IntN(120_000)) * time.Microsecond)
		}
	}
	_ = cmd.Wait() // it was killed
}

// foundIn opens the journal of a child that has ended and returns the crossings that are
// found by their documents. None may be found twice.
func foundIn(t *testing.T, dir string, docs ...byte) map[border.ID]bool {
	t.Helper()
	j, keys, _, err := childOpen(dir)
	check(t, err)
	defer func() { check(t, errors.Join(j.Close(), keys.Close())) }()
	found := map[border.ID]bool{}
	for _, doc := range docs {
		events, err := j.Document(t.Context(), border.BlindIndex{doc}, 1<<30)
		check(t, err)
		for _, ev := range events {
			h, err := ev.ReadHeader()
			check(t, err)
			if found[*h.Crossing] {
				t.Errorf("%s is found twice", h.Crossing)
			}
			found[*h.Crossing] = true
		}
	}
	return found
}

func holds(t *testing.T, s *spoken, dir string) {
	t.Helper()
	keys, twice, err := crossingsOf(filepath.Join(dir, journal.FileName))
	check(t, err)
	if twice > 0 || len(s.twice) > 0 {
		t.Errorf("%d crossings are there twice; acknowledged under two keys: %v", twice, s.twice)
	}
	lost := 0
	for id, key := range s.acks {
		if keys[id] != key {
			lost++
		}
	}
	if lost > 0 {
		t.Fatalf("%d of %d acknowledged crossings are not where the acknowledgement said", lost, len(s.acks))
	}
}
