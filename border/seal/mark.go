package seal

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"garita/border"
)

// marksName is the file that says how far the journal was that names the attachments: a position for each
// epoch, in the order in which they were first marked.
const marksName = ".journal"

// maxMarks bounds the file of marks in bytes.
const maxMarks = 16 << 20

// marksKept is how many marks of epochs are kept that a journal has reached. Later ones tell an
// older copy as well as they do.
const marksKept = 64

// Mark notes how far the journal is that names the attachments. Within an epoch it never goes
// back. It is on the disk when it returns nil.
func (a *Attachments) Mark(at border.Position) error {
	a.marking.Lock()
	defer a.marking.Unlock()
	marks, err := a.marks()
	if err == nil {
		i := slices.IndexFunc(marks, func(m border.Position) bool { return m.Epoch == at.Epoch })
		switch {
		case i < 0:
			marks = append(marks, at)
		case marks[i].Seq >= at.Seq:
			return nil
		default:
			marks[i] = at
		}
		err = a.writeMarks(marks)
	}
	if err != nil {
		return &border.Error{Code: border.Internal, Op: "mark the attachments", Err: err}
	}
	return nil
}

// Within reports whether a journal with these extents goes as far in every epoch as those that were
// marked: if not, it or one before it is an older copy, and events that it lacks may name attachments.
func (a *Attachments) Within(journal []border.Extent) bool {
	a.marking.Lock()
	defer a.marking.Unlock()
	marks, err := a.marks()
	if err != nil {
		return false
	}
	for _, m := range marks {
		if !slices.ContainsFunc(journal, func(x border.Extent) bool { return x.Epoch == m.Epoch && x.Last >= m.Seq }) {
			return false
		}
	}
	if n := len(marks) - marksKept; n > 0 {
		_ = a.writeMarks(marks[n:]) // else the next opening does
	}
	return true
}

// marks reads the marks; none if nothing was named yet. marking is held.
func (a *Attachments) marks() (marks []border.Position, err error) {
	f, err := os.Open(filepath.Join(a.dir, marksName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxMarks))
	if err != nil {
		return nil, err
	}
	return marks, json.Unmarshal(b, &marks)
}

func (a *Attachments) writeMarks(marks []border.Position) error {
	b, err := json.Marshal(marks)
	if err != nil {
		return err
	}
	return a.writeFile(marksName, b)
}
