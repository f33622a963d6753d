// Package border is the domain's root: the words of Garita as types, and the few
// interfaces through which its rooms meet. It uses the standard library only, so
// every other room may depend on it and it depends on none.
//
// The words (post, station, counter, encounter, check, verdict, crossing, stay,
// journal, watermark, list, hit) are defined in docs/ARCHITECTURE.md and used with
// that meaning in code, screens and documents.
package border

import (
	"regexp"
	"strings"
)

// PostID names a border crossing point, for example "PCA": 1 to 32 characters of
// A–Z, 0–9 and '-', beginning with a letter or digit.
type PostID string

// StationID names one machine at a post that runs garita-post with its own journal,
// for example "PCA-1". Same alphabet as [PostID]; unique in the country. It is one
// token of a NATS subject, hence no '.', '*', '>' or space.
type StationID string

// CounterID names a place where an inspector works, unique within its station,
// for example "1". Same alphabet as [PostID].
type CounterID string

var name = regexp.MustCompile(`^[A-Z0-9][A-Z0-9-]{0,31}$`)

// Validate reports an [Invalid] error when p is not a well-formed post name.
func (p PostID) Validate() error { return validName("post", string(p)) }

// Validate reports an [Invalid] error when s is not a well-formed station name.
func (s StationID) Validate() error { return validName("station", string(s)) }

// Validate reports an [Invalid] error when c is not a well-formed counter name.
func (c CounterID) Validate() error { return validName("counter", string(c)) }

// Training names the training counter beside a counter: "T1" beside "1".
func (c CounterID) Training() CounterID { return trainingMark + c }

// IsTraining reports whether c is a training counter. Its name alone says so: no other counter may have a
// name that begins with this letter.
func (c CounterID) IsTraining() bool { return strings.HasPrefix(string(c), trainingMark) }

const trainingMark = "T"

func validName(kind, s string) error {
	if !name.MatchString(s) {
		return &Error{Code: Invalid, Op: "read " + kind + " name",
			Message: "A name of a post, station or counter has 1 to 32 characters of A–Z, 0–9 and '-', beginning with a letter or digit."}
	}
	return nil
}
