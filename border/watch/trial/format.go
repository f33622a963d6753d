// Package trial puts the watchlist engine to the test the way sealed sets do: it takes one
// spelling of a listed person off a list, shows it to the engine as a machine readable zone
// would, and counts how often the person is found for how many innocent travellers stopped.
// It makes such sets from any list, reads and writes their files, and computes the metric.
package trial

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"garita/border"
	"garita/border/watch"
)

// Question is one line of queries.jsonl: a traveller as a document shows them.
type Question struct {
	ID          string    `json:"id"`
	Surname     string    `json:"surname"` // A to Z, as the zone carries it
	GivenNames  string    `json:"given_names,omitempty"`
	BirthDate   string    `json:"birth_date,omitempty"`  // EDTF
	Sex         string    `json:"sex,omitempty"`         // M, F, X
	Nationality string    `json:"nationality,omitempty"` // Doc 9303-3 code
	MRZ         []string  `json:"mrz,omitempty"`         // two or three lines
	Document    *Document `json:"document,omitempty"`
}

// Document is the document of a question.
type Document struct {
	Issuer string `json:"issuer"`
	Type   string `json:"type"`
	Number string `json:"number"`
}

// Answer is one line of hits.jsonl.
type Answer struct {
	ID      string  `json:"id"`
	Hits    []Found `json:"hits"`
	Latency float64 `json:"latency_us,omitempty"` // of the check itself
}

// Found is one hit of an answer.
type Found struct {
	Source string  `json:"source"`
	Entry  string  `json:"entry"`
	Score  float64 `json:"score"`
}

// Truth is one line of truth.jsonl. Expect is empty for innocent travellers; of several
// entries, which are one person on several lists, any is right.
type Truth struct {
	ID      string            `json:"id"`
	Expect  []Expected        `json:"expect"`
	Stratum string            `json:"stratum"`
	Labels  map[string]string `json:"labels"`
	Name    string            `json:"name,omitempty"`    // the alias held out
	Primary string            `json:"primary,omitempty"` // the name listed first
}

// Expected is an entry that is a right answer.
type Expected struct {
	Source string `json:"source"`
	Entry  string `json:"entry"`
}

// Query is the question as the engine takes it.
func (q *Question) Query() watch.Query {
	w := watch.Query{Surname: q.Surname, GivenNames: q.GivenNames, Truncated: q.full(), BirthDate: q.BirthDate, Sex: q.Sex, Nationality: q.Nationality}
	if d := q.Document; d != nil && d.Number != "" {
		w.Documents = []watch.QueryDocument{{Issuer: d.Issuer, Type: d.Type, Number: d.Number}}
	}
	return w
}

// full reports whether the name fills its field of the zone to the end.
func (q *Question) full() bool {
	switch {
	case len(q.MRZ) == 3:
		return filled(q.MRZ[2], 0)
	case len(q.MRZ) == 2:
		return filled(q.MRZ[0], 5)
	}
	return false
}

func filled(line string, from int) bool {
	return len(line) > from && !strings.HasSuffix(line, "<")
}

// MaxLine bounds one line of a set's files, in bytes.
const MaxLine = 1 << 20

// ReadLines reads JSON Lines, one T each; empty lines do not count. Errors name the line and
// say nothing of what is in it.
func ReadLines[T any](r io.Reader, each func(*T) error) error {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 64<<10), MaxLine)
	n := 0
	for s.Scan() {
		n++
		line := bytes.TrimSpace(s.Bytes())
		if len(line) == 0 {
			continue
		}
		v := new(T)
		if json.Unmarshal(line, v) != nil {
			return broken(n, "is not one JSON object of the expected shape")
		}
		if err := each(v); err != nil {
			return err
		}
	}
	if s.Err() != nil {
		return broken(n+1, "cannot be read or is longer than 1 MiB")
	}
	return nil
}

func broken(line int, what string) error {
	return &border.Error{Code: border.Invalid, Op: "read test set", Message: fmt.Sprintf("Line %d %s.", line, what)}
}

// ReadFile reads a file of JSON Lines.
func ReadFile[T any](path string) ([]*T, error) {
	f, err := os.Open(path) //nolint:gosec // who runs the trial names its files
	if err != nil {
		return nil, &border.Error{Code: border.NotFound, Op: "read test set", Message: "The file " + path + " cannot be read.", Err: err}
	}
	defer f.Close()
	var all []*T
	err = ReadLines(f, func(v *T) error {
		all = append(all, v)
		return nil
	})
	return all, err
}

// WriteFile writes a file of JSON Lines, readable by its owner alone: the lists' names are
// personal data.
func WriteFile[T any](path string, all []T) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // zones are full of <
	for i := range all {
		if err := enc.Encode(all[i]); err != nil {
			return err
		}
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		return &border.Error{Code: border.Unavailable, Op: "write test set", Message: "The file " + path + " cannot be written.", Err: err}
	}
	return nil
}
