package border

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Code says what kind of failure an [Error] is. Codes are append-only: screens, the
// HTTP mapping in border/api and stations of other versions know them by name.
type Code string

// The codes, each with the HTTP status that border/api maps it to.
const (
	Invalid   Code = "invalid"   // the input cannot be read or breaks a rule (422)
	NotFound  Code = "not_found" // no such thing here (404)
	Forbidden Code = "forbidden" // the officer's roles do not allow it (403)
	// Unauthenticated: nobody is signed in, or not any more (401).
	Unauthenticated Code = "unauthenticated"
	// SecondNeeded: it takes a second person with a credential of their own (403).
	SecondNeeded Code = "second_needed"
	// TooMany: too many tries; wait (429).
	TooMany     Code = "too_many"
	Conflict    Code = "conflict"     // the state does not allow it any more (409)
	Stale       Code = "stale"        // decided on a view that has worsened since (409)
	TooLarge    Code = "too_large"    // beyond a limit (413)
	StorageFull Code = "storage_full" // the disk and its reserve are used up (507)
	NotDurable  Code = "not_durable"  // the commit or its sync failed; retry with the same id (503)
	Unavailable Code = "unavailable"  // not now: closed, not connected, over its deadline (503)
	Internal    Code = "internal"     // our fault; details only in the log (500)
)

// Error is the one structured error of the domain. Its texts never carry personal
// data: no name, date of birth, document number or MRZ.
type Error struct {
	Code Code   // kind, for machines
	Op   string // what was being done, in plain words: "append event"
	// Message is one or two plain sentences for a person, with what to do next; "" if none. It is a
	// constant of the program, by which screens find it in other languages, see [Sentence].
	Message string
	Args    []any // what fills its places, see [Sentence]
	Err     error // cause; logged, never shown
}

// Error gives the operation, the message and the cause, for logs.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	if e.Message != "" {
		b.WriteString(": ")
		b.WriteString(Sentence{e.Message, e.Args}.String())
	}
	if e.Err != nil {
		b.WriteString(": ")
		b.WriteString(e.Err.Error())
	}
	if b.Len() == 0 {
		return string(e.Code)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// CodeOf returns the code of the first [Error] in err's chain, [Internal] for any
// other error and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}

// MessageOf returns the plain sentence of the first [Error] in err's chain that has
// one, else "", in English.
func MessageOf(err error) string { return SentenceOf(err).String() }

// SentenceOf returns what [MessageOf] does for who says it in another language; the zero sentence if
// no error of the chain has one.
func SentenceOf(err error) Sentence {
	for err != nil {
		var e *Error
		if !errors.As(err, &e) {
			return Sentence{}
		}
		if e.Message != "" {
			return Sentence{e.Message, e.Args}
		}
		err = e.Err
	}
	return Sentence{}
}

// Sentence is a sentence of the program for a person, as it is written: screens find it in their catalogues by
// that. What differs stands in places {0} to {9}.
type Sentence struct {
	Text string
	// Args fill the places: numbers; names of stations, files and officers as strings; sentences of the
	// program. Nothing of a traveller.
	Args []any
}

// String is the sentence in English.
func (s Sentence) String() string {
	if len(s.Args) == 0 {
		return s.Text
	}
	pairs := make([]string, 0, 2*len(s.Args))
	for i, a := range s.Args {
		pairs = append(pairs, "{"+strconv.Itoa(i)+"}", fmt.Sprint(a))
	}
	return strings.NewReplacer(pairs...).Replace(s.Text) // what stands in an argument is never taken for a place
}
