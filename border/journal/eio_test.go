package journal_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"garita/border"
	"garita/border/journal"
)

// disk follows a journal's files through a trace, as a kernel that forgets what it could
// not write: after a failed sync the pages count as clean, a later sync of the same file
// says yes and writes nothing, and yet the pages can be read until the power goes.
type disk struct {
	injected int
	lostLog  bool // the log holds pages that are not on the disk and may be read
	lostData bool // the same of the database; its log must stay
	synced   bool // the database was synced since the log lost pages
	acks     int
	faults   []string
}

var call = regexp.MustCompile(`^(\w+)\((\d+)(?:<([^>]*)>)?(.*)= (-?\d+)`)

// read follows one trace (strace -f -y). Lines of calls that another thread interrupted
// are put together again first.
func (d *disk) read(trace string) {
	open := map[string]string{}
	for _, l := range strings.Split(trace, "\n") {
		pid, rest, ok := strings.Cut(strings.TrimSpace(l), " ")
		if !ok {
			continue
		}
		rest = strings.TrimSpace(rest)
		if head, cut := strings.CutSuffix(rest, "<unfinished ...>"); cut {
			open[pid] = head
			continue
		}
		if strings.HasPrefix(rest, "<... ") {
			_, tail, _ := strings.Cut(rest, "resumed>")
			rest = open[pid] + tail
		}
		d.call(rest)
	}
}

func (d *disk) call(c string) {
	if strings.HasPrefix(c, "unlink") && strings.Contains(c, journal.FileName+"-wal") && strings.HasSuffix(c, "= 0") {
		d.dropLog()
		d.lostLog = false // what it held cannot be read any more
		return
	}
	m := call.FindStringSubmatch(c)
	if m == nil {
		return
	}
	name, path, args, failed := m[1], m[3], m[4], m[5] == "-1"
	injected := strings.Contains(c, "(INJECTED)")
	isLog, isData := strings.HasSuffix(path, journal.FileName+"-wal"), strings.HasSuffix(path, journal.FileName)
	switch {
	case name == "write" && m[2] == "1" && strings.Contains(args, `"ACK `):
		d.acks++
		if d.lostLog {
			d.faults = append(d.faults, "acknowledged while the log held what a sync had failed to write")
		}
	case (name == "fsync" || name == "fdatasync") && (isLog || isData):
		if injected {
			d.injected++
		}
		switch {
		case isLog && failed:
			d.lostLog, d.synced = true, false
		case isData:
			d.lostData, d.synced = failed, !failed
		}
	case name == "ftruncate" && isLog && !failed:
		d.dropLog()
		if d.synced {
			d.lostLog = false // all it held was written to the database, and synced there
		}
	}
}

func (d *disk) dropLog() {
	if d.lostData {
		d.faults = append(d.faults, "the log was dropped though the database's sync had failed")
	}
}

// traced runs a child under strace and returns the trace. inject is "" or an expression.
func traced(t *testing.T, mode, dir, inject string, ids []border.ID, s *spoken) string {
	t.Helper()
	log := filepath.Join(dir, "trace")
	args := []string{"-f", "-y", "-qq", "-s", "16", "-o", log, "-e", "trace=fsync,fdatasync,write,ftruncate,unlink,unlinkat"}
	if inject != "" {
		args = append(args, "-e", "inject=fsync,fdatasync:"+inject)
	}
	cmd := exec.CommandContext(t.Context(), "strace", append(args, os.Args[0])...)
	cmd.Env = append(os.Environ(), "GARITA_JOURNAL_CHILD="+mode, "GARITA_JOURNAL_DIR="+dir, "GOMAXPROCS=1") // strace counts by thread
	cmd.Stdin = strings.NewReader(lines(ids))
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 3) {
		t.Fatalf("child: %v: %s", err, exit.Stderr)
	}
	for _, l := range strings.Split(string(out), "\n") {
		s.hear(l)
	}
	b, err := os.ReadFile(log)
	check(t, err)
	return string(b)
}

// needStrace skips where faults cannot be injected.
func needStrace(t *testing.T) {
	path, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed: sync failures cannot be injected")
	}
	log := filepath.Join(t.TempDir(), "log")
	if out, err := exec.Command(path, "-o", log, "-e", "trace=fsync", "-e", "inject=fsync:error=EIO", "true").CombinedOutput(); err != nil {
		t.Skipf("strace may not trace here: %v: %s", err, bytes.TrimSpace(out))
	}
}

// fail injects EIO at the n-th sync of every thread, then starts the child again without
// faults and retries all ids. It returns what the disk went through.
func fail(t *testing.T, mode string, n int) (*disk, *spoken) {
	t.Helper()
	dir := t.TempDir()
	check(t, childKeys(dir))
	ids := make([]border.ID, 20)
	make := border.NewIDs(newClock(), nil)
	for i := range ids {
		var err error
		ids[i], err = make.New()
		check(t, err)
	}
	d, s := &disk{}, newSpoken()
	d.read(traced(t, mode, dir, fmt.Sprintf("error=EIO:when=%d", n), ids, s))
	if mode == "stay" {
		mode = "exit"
	}
	d.read(traced(t, mode, dir, "", ids, s))
	if len(s.acks) != len(ids) {
		t.Fatalf("sync %d: %d of %d ids were acknowledged after the restart", n, len(s.acks), len(ids))
	}
	if mode == "naive" {
		return d, s
	}
	rep := soundAt(t, filepath.Join(dir, journal.FileName))
	keys, twice, err := crossingsOf(filepath.Join(dir, journal.FileName))
	check(t, err)
	for _, k := range s.found { // also without a restart in between
		if k != len(ids) {
			t.Errorf("sync %d: the child finds %d of %d crossings by their document", n, k, len(ids))
		}
	}
	if found := foundIn(t, dir, 1); len(found) != len(ids) {
		t.Errorf("sync %d: %d of %d crossings are found by their document", n, len(found), len(ids))
	}
	if twice != 0 || len(keys) != len(ids) || len(s.twice) != 0 {
		t.Errorf("sync %d: %d crossings for %d ids, %d twice, %v (%d events)", n, len(keys), len(ids), twice, s.twice, rep.Events)
	}
	return d, s
}

// A sync that fails is never followed by an acknowledgement of what it did not write.
func TestSyncFails(t *testing.T) {
	needStrace(t)
	first, step, least := 1, 1, 5
	if testing.Short() {
		first, step, least = 6, 2, 1 // the first syncs of a thread are those of the key store
	}
	for _, mode := range []string{"exit", "stay"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			runs, fired, errs := 0, 0, 0
			// Which sync of the program is the journal's depends on its threads: where few were, more are tried.
			for n := first; n <= 20 || n <= 60 && (fired < least || errs == 0); n += step {
				runs++
				d, s := fail(t, mode, n)
				if d.injected > 0 {
					fired++
					errs += s.errs
				}
				if len(d.faults) > 0 {
					t.Errorf("sync %d: %v", n, d.faults)
				}
			}
			t.Logf("the fault fired on the journal in %d of %d runs; %d errors were reported", fired, runs, errs)
			if fired < least || errs == 0 {
				t.Error("too few faults fired to prove anything")
			}
		})
	}
}

// The control: a writer that takes SQLite at its word must fail the same examination.
func TestSyncFailsNaive(t *testing.T) {
	needStrace(t)
	for n := 1; n <= 12; n++ {
		if d, _ := fail(t, "naive", n); d.injected > 0 && len(d.faults) > 0 {
			t.Logf("sync %d: %v", n, d.faults)
			return
		}
	}
	t.Error("the naive writer passed: this examination proves nothing")
}
