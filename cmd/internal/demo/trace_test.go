package demo

import (
	"fmt"
	"strings"
)

// call is one system call of a traced station, in the order of completion; an answer of
// the station counts from its beginning.
type call struct {
	name     string
	text     string // arguments as strace prints them, with paths
	failed   bool
	injected bool
}

// readTrace reads the output of strace -f -y. Calls that were interrupted in the print by
// those of other threads are put together.
func readTrace(out string) []call {
	var calls []call
	pending := make(map[string]string)
	for line := range strings.Lines(out) {
		pid, rest, ok := strings.Cut(strings.TrimSpace(line), " ")
		rest = strings.TrimLeft(rest, " ")
		if !ok || strings.HasPrefix(rest, "+++") || strings.HasPrefix(rest, "---") {
			continue
		}
		if begin, ok := strings.CutSuffix(rest, " <unfinished ...>"); ok {
			pending[pid] = begin
			if isAnswer(begin) {
				calls = append(calls, newCall(begin))
			}
			continue
		}
		if strings.HasPrefix(rest, "<... ") {
			_, end, _ := strings.Cut(rest, " resumed>")
			begin := pending[pid]
			delete(pending, pid)
			if isAnswer(begin) {
				continue
			}
			rest = begin + end
		}
		calls = append(calls, newCall(rest))
	}
	return calls
}

func isAnswer(s string) bool {
	return strings.HasPrefix(s, "write(") && strings.Contains(s, `"HTTP/1.1 201`)
}

func newCall(s string) call {
	name, text, _ := strings.Cut(s, "(")
	return call{name: name, text: text, failed: strings.Contains(text, ") = -1 "), injected: strings.Contains(text, "(INJECTED)")}
}

func (c *call) sync() bool         { return c.name == "fdatasync" || c.name == "fsync" }
func (c *call) on(end string) bool { return strings.Contains(c.text, end+">") }

const (
	logFile = "/journal.db-wal"
	dbFile  = "/journal.db"
)

// unsynced finds acknowledgements that the trace does not show to be durable. After a
// sync of the log has failed, its content cannot be made durable by another sync: the
// kernel has forgotten what it could not write. Only a log that was emptied, after the
// database itself was synced, may be built upon. A record must be written to the log
// after its request came and be synced before the answer goes out.
func unsynced(calls []call) (faults []string, acknowledged, replayed int) {
	poisoned, dbPoisoned := false, false
	wrote, durable, sound := false, false, false // since the last request
	for i := range calls {
		c := &calls[i]
		switch {
		case c.name == "read" && strings.Contains(c.text, "/decisions HTTP/1.1"):
			wrote, durable, sound = false, false, !poisoned
		case c.name == "pwrite64" && c.on(logFile) && !c.failed:
			wrote = true
		case c.sync() && c.on(logFile):
			if c.failed {
				poisoned = true
			} else if !poisoned {
				durable = durable || wrote
			}
		case c.sync() && c.on(dbFile):
			dbPoisoned = c.failed
		case c.name == "ftruncate" && c.on(logFile) && !c.failed:
			if dbPoisoned {
				faults = append(faults, fmt.Sprintf("call %d: the log was emptied before the database was durable", i))
			}
			poisoned = false
		case isAnswer(c.name + "(" + c.text):
			acknowledged++
			if strings.Contains(c.text, `replayed\":true`) {
				replayed++
				if !sound && poisoned {
					faults = append(faults, fmt.Sprintf("call %d: a retry was acknowledged from a log whose sync had failed", i))
				}
			} else if !durable {
				faults = append(faults, fmt.Sprintf("call %d: acknowledged without a sync", i))
			}
		}
		sound = sound || !poisoned
	}
	return faults, acknowledged, replayed
}

// told prints calls: where each went and how its text begins.
func told(calls []call) string {
	var b strings.Builder
	for i := range calls {
		c := &calls[i]
		fmt.Fprintf(&b, "%d %s failed=%v injected=%v %.160s\n", i, c.name, c.failed, c.injected, c.text)
	}
	return b.String()
}
