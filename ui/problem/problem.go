// Package problem says in plain words what went wrong and what to do next. It is the one
// place where the screens turn a [border.Error] into text; border/api has its own for
// machines.
package problem

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"garita/border"
)

// Problem is an error as a person sees it. It carries no personal data and no cause.
type Problem struct {
	Status int         `json:"status"` // HTTP
	Code   border.Code `json:"code"`
	Title  string      `json:"title"` // what happened
	Next   string      `json:"next"`  // what to do
}

// table gives each code its status and words. A code that is not here counts as internal.
var table = map[border.Code]Problem{
	border.Invalid:         {Status: 422, Title: "That could not be accepted.", Next: "Check what was entered and try again."},
	border.NotFound:        {Status: 404, Title: "It is no longer here.", Next: "Look at the screen again: somebody may have finished it."},
	border.Forbidden:       {Status: 403, Title: "This officer may not do that.", Next: "Choose another officer or call a supervisor."},
	border.Unauthenticated: {Status: 401, Title: "Nobody is signed in here.", Next: "Sign in with badge and PIN, or with your key."},
	border.SecondNeeded:    {Status: 403, Title: "This takes a second person.", Next: "Have the second person sign with their own PIN or key."},
	border.TooMany:         {Status: 429, Title: "Too many tries.", Next: "Wait a minute, then try again."},
	border.Conflict:        {Status: 409, Title: "Not recorded: this traveller's turn has changed or is over.", Next: "Read the screen again before you decide."},
	border.Stale:           {Status: 409, Title: "Not recorded: the verdict has become worse.", Next: "Read the new verdict, then decide."},
	border.TooLarge:        {Status: 413, Title: "That is too long.", Next: "Scan one document at a time."},
	border.StorageFull:     {Status: 507, Title: "Not recorded: the disk is full.", Next: "Do not let the traveller pass unrecorded. Call the technician."},
	border.NotDurable:      {Status: 503, Title: "Not recorded: the disk did not confirm.", Next: "Press the key again. The traveller cannot be recorded twice."},
	border.Unavailable:     {Status: 503, Title: "Not now.", Next: "Wait a moment and try again."},
	border.Internal:        {Status: 500, Title: "Something failed in this program.", Next: "Try again. If it stays, call the technician."},
}

// Of returns the problem that an error is. The error's own sentence, if it has one,
// replaces the general one of its code.
func Of(err error) Problem {
	code := border.CodeOf(err)
	var f *fiber.Error
	if errors.As(err, &f) {
		code = ofStatus(f.Code)
	}
	p, ok := table[code]
	if !ok {
		code, p = border.Internal, table[border.Internal]
	}
	p.Code = code
	if m := border.MessageOf(err); m != "" {
		if code == border.Stale || code == border.Conflict {
			p.Next = m // what did not happen stays first
		} else {
			p.Title = m
		}
	}
	return p
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
