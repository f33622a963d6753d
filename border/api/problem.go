package api

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"garita/border"
)

const problemType = "application/problem+json"

// Problem is an error answer (RFC 9457). It never repeats input.
type Problem struct {
	Type     string `json:"type" doc:"urn:garita:problem: and the error's code" example:"urn:garita:problem:stale"`
	Title    string `json:"title" doc:"The HTTP status in words"`
	Status   int    `json:"status" minimum:"400" maximum:"599"`
	Detail   string `json:"detail,omitempty" doc:"Plain words: what happened and what to do next"`
	Instance string `json:"instance,omitempty" doc:"Reference for the log"`
	// Fields names the places of the request that broke a rule, without their values.
	Fields []FieldProblem `json:"fields,omitempty"`
}

// FieldProblem says what is wrong with one place of the request.
type FieldProblem struct {
	Location string `json:"location"`
	Message  string `json:"message"`
}

// Error gives the detail.
func (p *Problem) Error() string { return p.Detail }

// GetStatus gives the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType makes the answer a problem document.
func (p *Problem) ContentType(string) string { return problemType }

// statuses maps the domain's codes to HTTP, here and nowhere else.
var statuses = map[border.Code]int{
	border.Invalid:         http.StatusUnprocessableEntity,
	border.NotFound:        http.StatusNotFound,
	border.Forbidden:       http.StatusForbidden,
	border.Unauthenticated: http.StatusUnauthorized,
	border.SecondNeeded:    http.StatusForbidden,
	border.TooMany:         http.StatusTooManyRequests,
	border.Conflict:        http.StatusConflict,
	border.Stale:           http.StatusConflict,
	border.TooLarge:        http.StatusRequestEntityTooLarge,
	border.StorageFull:     http.StatusInsufficientStorage,
	border.NotDurable:      http.StatusServiceUnavailable,
	border.Unavailable:     http.StatusServiceUnavailable,
	border.Internal:        http.StatusInternalServerError,
}

// problemOf maps an error. What is our fault is logged with a reference and not shown.
func problemOf(log *slog.Logger, err error) *Problem {
	var said *Problem
	if errors.As(err, &said) { // of an operation that says more than a code does
		return said
	}
	code := border.CodeOf(err)
	p := plain(statuses[code], string(code))
	p.Detail = border.MessageOf(err)
	if p.Status >= http.StatusInternalServerError {
		p.Instance = "urn:garita:reference:" + reference()
		log.Error("api: a request failed", "reference", p.Instance, "error", err)
	}
	if p.Detail == "" && code == border.Internal {
		p.Detail = "Something went wrong in this program. Try again; if it stays, give the technician the reference."
	}
	return p
}

func plain(status int, code string) *Problem {
	if status == 0 {
		status = http.StatusInternalServerError
	}
	return &Problem{Type: "urn:garita:problem:" + code, Title: http.StatusText(status), Status: status}
}

func reference() string {
	b := make([]byte, 6)
	rand.Read(b)
	return hex.EncodeToString(b)
}

// Huma makes errors of its own, for requests that do not fit the operation, through this
// variable; its default would repeat the offending values.
func init() {
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		code := "invalid"
		switch {
		case status == http.StatusNotFound:
			code = "not_found"
		case status == http.StatusRequestEntityTooLarge:
			code = "too_large"
		case status >= http.StatusInternalServerError:
			code, message = "internal", ""
		}
		p := plain(status, code)
		p.Detail = message
		for _, err := range errs {
			if d, ok := err.(huma.ErrorDetailer); ok {
				p.Fields = append(p.Fields, fieldOf(d.ErrorDetail()))
			}
		}
		return p
	}
}

// fieldOf says what is wrong with a place of the request, in words that hold nothing of
// what was sent: a property nobody knows is named by what it stands in, and what a parser
// says of bytes that it cannot read is left out.
func fieldOf(d *huma.ErrorDetail) FieldProblem {
	f := FieldProblem{Location: d.Location, Message: d.Message}
	switch {
	case d.Message == validation.MsgUnexpectedProperty:
		f.Location, _, _ = strings.Cut(d.Location, ".")
		f.Message = "a property that this operation does not know"
	case strings.HasPrefix(d.Message, "expected string to be RFC 4122 uuid"):
		f.Message = "expected a UUID"
	case !strings.HasPrefix(d.Message, "expected "):
		f.Message = "cannot be read"
	}
	return f
}
