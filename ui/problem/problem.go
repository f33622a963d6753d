// Package problem says in plain words of the reader's language what went wrong and what to do next. It
// is the one place where the screens turn a [border.Error] into text; border/api has its own for
// machines.
package problem

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/ui/i18n"
)

// Problem is an error as a person sees it. It carries no personal data and no cause.
type Problem struct {
	Status int         `json:"status"` // HTTP
	Code   border.Code `json:"code"`
	Title  string      `json:"title"` // what happened
	Next   string      `json:"next"`  // what to do
}

// kind is what a code is to a person.
type kind struct {
	status int
	words  [2]i18n.Msg // what happened, what to do
}

// table gives each code its status and words. A code that is not here counts as internal.
var table = map[border.Code]kind{
	border.Invalid:         {422, [2]i18n.Msg{"That could not be accepted.", "Check what was entered and try again."}},
	border.NotFound:        {404, [2]i18n.Msg{"It is no longer here.", "Look at the screen again: somebody may have finished it."}},
	border.Forbidden:       {403, [2]i18n.Msg{"This officer may not do that.", "Choose another officer or call a supervisor."}},
	border.Unauthenticated: {401, [2]i18n.Msg{"Nobody is signed in here.", "Sign in with badge and PIN, or with your key."}},
	border.SecondNeeded:    {403, [2]i18n.Msg{"This takes a second person.", "Have the second person sign with their own PIN or key."}},
	border.TooMany:         {429, [2]i18n.Msg{"Too many tries.", "Wait a minute, then try again."}},
	border.Conflict:        {409, [2]i18n.Msg{"Not recorded: this traveller's turn has changed or is over.", "Read the screen again before you decide."}},
	border.Stale:           {409, [2]i18n.Msg{"Not recorded: the verdict has become worse.", "Read the new verdict, then decide."}},
	border.TooLarge:        {413, [2]i18n.Msg{"That is too long.", "Scan one document at a time."}},
	border.StorageFull:     {507, [2]i18n.Msg{"Not recorded: the disk is full.", "Do not let the traveller pass unrecorded. Call the technician."}},
	border.NotDurable:      {503, [2]i18n.Msg{"Not recorded: the disk did not confirm.", "Press the key again. The traveller cannot be recorded twice."}},
	border.Unavailable:     {503, [2]i18n.Msg{"Not now.", "Wait a moment and try again."}},
	border.Internal:        {500, [2]i18n.Msg{"Something failed in this program.", "Try again. If it stays, call the technician."}},
}

// Of returns the problem that an error is. The error's own sentence, if it has one,
// replaces the general one of its code.
func Of(p *i18n.Printer, err error) Problem {
	code := border.CodeOf(err)
	var f *fiber.Error
	if errors.As(err, &f) {
		code = ofStatus(f.Code)
	}
	k, ok := table[code]
	if !ok {
		code, k = border.Internal, table[border.Internal]
	}
	out := Problem{Status: k.status, Code: code, Title: p.T(k.words[0]), Next: p.T(k.words[1])}
	if own := border.SentenceOf(err); own.Text != "" {
		if code == border.Stale || code == border.Conflict {
			out.Next = Say(p, own) // what did not happen stays first
		} else {
			out.Title = Say(p, own)
		}
	}
	return out
}

// Say puts a sentence of the program into a reader's language.
func Say(p *i18n.Printer, s border.Sentence) string {
	args := make([]any, len(s.Args))
	for i, a := range s.Args {
		if inner, ok := a.(border.Sentence); ok {
			a = Say(p, inner)
		}
		args[i] = a
	}
	return p.T(i18n.Msg(s.Text), args...)
}

// general are the words for pages of forms, where nothing is recorded of travellers.
var general = map[border.Code]i18n.Msg{
	border.Invalid:     "That could not be accepted. Check what was entered.",
	border.Forbidden:   "This officer may not do that.",
	border.Conflict:    "This has changed since you opened it. Look at it again.",
	border.Stale:       "This has changed since you opened it. Look at it again.",
	border.TooLarge:    "That is too long.",
	border.NotFound:    "There is no such thing here.",
	border.Unavailable: "Not now. Wait a moment and try again.",
	border.StorageFull: "The disk is full. Nothing was changed. Call the technician.",
}

// OnForm says of an error what a person who sent a form can do something about, with its HTTP
// status; false for a fault of ours.
func OnForm(p *i18n.Printer, err error) (text string, status int, ok bool) {
	code := border.CodeOf(err)
	m, ok := general[code]
	if !ok {
		return "", 0, false
	}
	if own := border.SentenceOf(err); own.Text != "" {
		return Say(p, own), table[code].status, true
	}
	return p.T(m), table[code].status, true
}

// ofStatus gives the code of Fiber's own errors, for example an unknown path.
func ofStatus(status int) border.Code {
	switch status {
	case fiber.StatusNotFound, fiber.StatusMethodNotAllowed:
		return border.NotFound
	case fiber.StatusRequestEntityTooLarge:
		return border.TooLarge
	case fiber.StatusForbidden:
		return border.Forbidden
	}
	if status >= 400 && status < 500 {
		return border.Invalid
	}
	return border.Internal
}

// Text gives title and next step as one line.
func (p Problem) Text() string {
	if p.Next == "" {
		return p.Title
	}
	return p.Title + " " + p.Next
}
