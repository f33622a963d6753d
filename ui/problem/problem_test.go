package problem

import (
	"errors"
	"fmt"
	"testing"

	"github.com/gofiber/fiber/v2"

	"garita/border"
)

func TestOf(t *testing.T) {
	cause := errors.New("cause 4711")
	for _, c := range []struct {
		name   string
		err    error
		status int
		code   border.Code
		title  string
		next   string
	}{
		{"its own sentence", &border.Error{Code: border.Invalid, Message: "No zone.", Err: cause}, 422, border.Invalid, "No zone.", table[border.Invalid].Next},
		{"wrapped", fmt.Errorf("more: %w", &border.Error{Code: border.NotFound}), 404, border.NotFound, table[border.NotFound].Title, table[border.NotFound].Next},
		{"what did not happen stays first", &border.Error{Code: border.Stale, Message: "Look again."}, 409, border.Stale, table[border.Stale].Title, "Look again."},
		{"any other error", cause, 500, border.Internal, table[border.Internal].Title, table[border.Internal].Next},
		{"a code of a newer program", &border.Error{Code: "newer"}, 500, border.Internal, table[border.Internal].Title, table[border.Internal].Next},
		{"unknown path", fiber.ErrNotFound, 404, border.NotFound, table[border.NotFound].Title, table[border.NotFound].Next},
		{"body beyond the limit", fiber.ErrRequestEntityTooLarge, 413, border.TooLarge, table[border.TooLarge].Title, table[border.TooLarge].Next},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Of(c.err)
			want := Problem{c.status, c.code, c.title, c.next}
			if got != want {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

// TestEveryCodeHasWords keeps a new code from reaching a person as an internal fault.
func TestEveryCodeHasWords(t *testing.T) {
	for _, code := range []border.Code{border.Invalid, border.NotFound, border.Forbidden, border.Conflict, border.Stale, border.TooLarge,
		border.StorageFull, border.NotDurable, border.Unavailable, border.Internal} {
		p := Of(&border.Error{Code: code})
		if p.Code != code || p.Title == "" || p.Next == "" || p.Status < 400 {
			t.Errorf("%s: %+v", code, p)
		}
	}
}
