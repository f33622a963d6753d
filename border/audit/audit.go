// Package audit records what people did or tried, as events of a journal: they are chained,
// logged and sealed as every other event is. Who acted stands in the open header as a pseudonym;
// the badge and what was searched for stand in the personal part. At the hub the same code writes
// a journal of the hub's own.
package audit

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"garita/border"
	"garita/border/journal"
	"garita/border/seal"
)

// The limits of an act, in bytes. What is longer is cut, never refused: an attempt must not
// escape the record by its length.
const (
	maxAction  = 64
	maxBadge   = 64
	maxSession = 64
	maxObject  = 128
	maxPurpose = 64
	maxReason  = 64
	maxText    = 4 << 10
)

// padding is the step to which the personal part of an act is padded, so that its length does not
// tell what was searched for.
const padding = 128

// recordDeadline bounds how long the disk may take.
const recordDeadline = 10 * time.Second

// Config says where acts are recorded and with what. All is required.
type Config struct {
	Journal *journal.Journal
	Keys    *seal.StationKeys
	Blinder *seal.Blinder
	Clock   border.TrustedClock
	Post    border.PostID
}

// Recorder records acts. Safe for concurrent use.
type Recorder struct{ cfg Config }

var _ border.Auditor = (*Recorder)(nil)

// New makes a recorder over an open journal.
func New(cfg Config) *Recorder { return &Recorder{cfg} }

// Detail is the plaintext of an act's personal part.
type Detail struct {
	Officer string `json:"officer,omitempty"` // badge
	Second  string `json:"second,omitempty"`  // badge
	Text    string `json:"text,omitempty"`
}

// Audit implements [border.Auditor] with one append. It outlives the request that it tells of: an
// act is recorded though its caller has gone.
func (r *Recorder) Audit(ctx context.Context, a border.Act) error {
	if a.Action == "" {
		return &border.Error{Code: border.Internal, Op: "record an act", Err: errors.New("without an action")}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordDeadline)
	defer cancel()
	now := r.cfg.Clock.Now()
	if a.Result == "" {
		a.Result = border.ActDone
	}
	officer, second := line(a.Officer, maxBadge), line(a.Second, maxBadge)
	e := &journal.Entry{Header: border.Header{Type: border.TypeAudit, Post: r.cfg.Post, Clock: r.cfg.Clock.Trust(),
		LocalDate: r.cfg.Journal.Today(now), Officer: r.pseudonym(officer), Second: r.pseudonym(second),
		Act: &border.ActHeader{Action: line(a.Action, maxAction), Result: border.ActResult(line(string(a.Result), maxAction)),
			Session: line(a.Session, maxSession), Object: line(a.Object, maxObject), Purpose: line(a.Purpose, maxPurpose),
			Reason: line(a.Reason, maxReason)}}}
	if a.Result == border.ActAwaiting { // the hub reviews it
		e.Header.Awaiting = e.Header.Act.Action
	}
	if a.Counter.Validate() == nil {
		e.Header.Counter = a.Counter
	}
	if err := r.seal(ctx, e, Detail{Officer: officer, Second: second, Text: cut(strings.ToValidUTF8(a.Text, "\uFFFD"), maxText)}); err != nil {
		return err
	}
	_, err := r.cfg.Journal.Append(ctx, e)
	return err
}

// seal puts what identifies somebody into the personal part; an act of nobody about nothing has none.
func (r *Recorder) seal(ctx context.Context, e *journal.Entry, d Detail) (err error) {
	if d == (Detail{}) {
		return nil
	}
	if e.Personal, err = json.Marshal(d); err != nil {
		return &border.Error{Code: border.Internal, Op: "record an act", Err: errors.New("its detail cannot be written")}
	}
	for len(e.Personal)%padding != 0 {
		e.Personal = append(e.Personal, ' ')
	}
	e.Keys, err = r.cfg.Keys.Ready(ctx, seal.Bucket(r.cfg.Clock.Now()))
	return err
}

func (r *Recorder) pseudonym(badge string) string {
	if badge == "" {
		return ""
	}
	return r.cfg.Blinder.Officer(badge)
}

// line gives one line of plain text of at most n bytes: outside input may stand in it.
func line(s string, n int) string {
	return cut(strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || !unicode.IsPrint(c) {
			return -1
		}
		return c
	}, strings.ToValidUTF8(cut(s, 4*n), "")), n)
}

// cut ends a text at n bytes, between two characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
