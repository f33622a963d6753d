package checkpoint

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/note"

	"garita/border"
)

// maxFaults bounds how many findings a comparison describes.
const maxFaults = 20

// Comparison holds signed checkpoints against logs that are made again from events. Checkpoints come
// first, by Add; then each log passes by, and At is told the root at the sizes that Sizes names.
// All checkpoints that agree with one log are consistent with each other.
type Comparison struct {
	keys  []note.Verifier
	found Findings
	want  map[log][]claim
	seen  map[log]bool
}

type log struct {
	station border.StationID
	epoch   border.Epoch
}

type claim struct {
	State
	source string
	met    bool
}

// Findings is what a comparison found.
type Findings struct {
	Checkpoints int64 `json:"checkpoints"` // that were compared
	Agreed      int64 `json:"agreed"`      // with the log
	Faults      int64 `json:"faults"`
	Others      int64 `json:"others,omitempty"` // of logs that are not here
	// Unsigned counts checkpoints of which no signature was checked, because no key was given.
	Unsigned int64 `json:"unsigned,omitempty"`
	// Covered is how many events the newest agreed checkpoints cover.
	Covered uint64   `json:"covered"`
	Words   []string `json:"words,omitempty"` // the first faults, plain
}

// NewComparison makes one. With keys every checkpoint must be signed by a key of its station, if there
// is one among them, and by one of another name (the hub's), if there is one. Without, the
// signatures are not looked at.
func NewComparison(keys ...note.Verifier) *Comparison {
	return &Comparison{keys: keys, want: map[log][]claim{}, seen: map[log]bool{}}
}

// Fault notes what was found elsewhere.
func (c *Comparison) Fault(format string, args ...any) {
	c.found.Faults++
	if len(c.found.Words) < maxFaults {
		c.found.Words = append(c.found.Words, fmt.Sprintf(format, args...))
	}
}

// Add takes a checkpoint; source says in plain words where it was kept. cosigned says that the hub
// must have signed it.
func (c *Comparison) Add(source string, msg []byte, cosigned bool) {
	s, err := Claims(msg)
	if err != nil {
		c.Fault("%s: this is no checkpoint", source)
		return
	}
	if len(c.keys) == 0 {
		c.found.Unsigned++
	} else if err := c.signed(s, msg, cosigned); err != nil {
		c.Fault("%s: checkpoint of %s: %v", source, s, err)
		return
	}
	l := log{s.Station, s.Epoch}
	for _, other := range c.want[l] {
		if other.Size == s.Size && other.Root != s.Root {
			c.Fault("%s: two checkpoints of %s contradict each other", source, s)
		}
	}
	c.want[l] = append(c.want[l], claim{State: s, source: source})
}

func (c *Comparison) signed(s State, msg []byte, cosigned bool) error {
	_, n, err := Open(msg, c.keys...)
	if err != nil {
		return errors.New("none of the given keys has signed it")
	}
	own, hub, hasOwn, hasHub := false, false, false, false
	for _, k := range c.keys {
		is := Signed(n, k)
		if k.Name() == Name(s.Station) {
			own, hasOwn = own || is, true
		} else {
			hub, hasHub = hub || is, true
		}
	}
	switch {
	case hasOwn && !own:
		return errors.New("the station's key has not signed it")
	case cosigned && hasHub && !hub:
		return errors.New("the hub's key has not signed it")
	}
	return nil
}

// Sizes lists at which sizes the log of an epoch is to be compared, ascending.
func (c *Comparison) Sizes(station border.StationID, epoch border.Epoch) []uint64 {
	l := log{station, epoch}
	c.seen[l] = true
	out := make([]uint64, 0, len(c.want[l]))
	for _, w := range c.want[l] {
		out = append(out, w.Size)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// At compares the root of a log at a size.
func (c *Comparison) At(s State) {
	claims := c.want[log{s.Station, s.Epoch}]
	for i := range claims {
		w := &claims[i]
		if w.Size != s.Size || w.met {
			continue
		}
		w.met = true
		c.found.Checkpoints++
		if w.Root != s.Root {
			c.Fault("%s: the events of %s are not those that were signed: something up to there was changed, left out or put elsewhere", w.source, s)
			continue
		}
		c.found.Agreed++
	}
}

// Conclude gives the findings. Checkpoints of logs that passed by and did not reach their size are
// faults; those of a station of which no log passed by are counted as others'.
func (c *Comparison) Conclude() Findings {
	stations := map[border.StationID]bool{}
	for l := range c.seen {
		stations[l.station] = true
	}
	for l, claims := range c.want {
		covered := uint64(0)
		for _, w := range claims {
			switch {
			case w.met:
				covered = max(covered, w.Size)
			case c.seen[l]:
				c.found.Checkpoints++
				c.Fault("%s: the log of %s/%s ends, or is damaged, before event %d, which was signed", w.source, l.station, l.epoch, w.Size)
			case stations[l.station]:
				c.found.Checkpoints++
				c.Fault("%s: epoch %s of %s, which was signed up to event %d, is missing", w.source, l.epoch, l.station, w.Size)
			default:
				c.found.Others++
			}
		}
		c.found.Covered += covered
	}
	slices.Sort(c.found.Words)
	return c.found
}

// Split cuts a file of several checkpoints into single ones: each begins with a line that names its
// log, as [State.Text] does, and ends with its signatures.
func Split(file []byte) (notes [][]byte) {
	for len(file) > 0 {
		next := -1
		for at := 0; ; {
			i := bytes.Index(file[at:], []byte("\n"+prefix))
			if i < 0 {
				break
			}
			at += i + 1
			if bytes.Contains(file[:at], []byte("\n\n")) { // signatures came before it
				next = at
				break
			}
		}
		if next < 0 {
			return append(notes, bytes.TrimLeft(file, "\n"))
		}
		notes = append(notes, append(bytes.Trim(file[:next], "\n"), '\n'))
		file = file[next:]
	}
	return notes
}
