package problem

import (
	"errors"
	"fmt"
	"testing"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/ui/i18n"
)

func TestOf(t *testing.T) {
	title := func(code border.Code) string { return string(table[code].words[0]) }
	next := func(code border.Code) string { return string(table[code].words[1]) }
	cause := errors.New("cause 4711")
	for _, c := range []struct {
		name   string
		err    error
		status int
		code   border.Code
		title  string
		next   string
	}{
		{"its own sentence", &border.Error{Code: border.Invalid, Message: "No zone.", Err: cause}, 422, border.Invalid, "No zone.", next(border.Invalid)},
		{"wrapped", fmt.Errorf("more: %w", &border.Error{Code: border.NotFound}), 404, border.NotFound, title(border.NotFound), next(border.NotFound)},
		{"what did not happen stays first", &border.Error{Code: border.Stale, Message: "Look again."}, 409, border.Stale, title(border.Stale), "Look again."},
		{"any other error", cause, 500, border.Internal, title(border.Internal), next(border.Internal)},
		{"a code of a newer program", &border.Error{Code: "newer"}, 500, border.Internal, title(border.Internal), next(border.Internal)},
		{"unknown path", fiber.ErrNotFound, 404, border.NotFound, title(border.NotFound), next(border.NotFound)},
		{"body beyond the limit", fiber.ErrRequestEntityTooLarge, 413, border.TooLarge, title(border.TooLarge), next(border.TooLarge)},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Of(i18n.In(i18n.English), c.err)
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
		p := Of(i18n.In(i18n.English), &border.Error{Code: code})
		if p.Code != code || p.Title == "" || p.Next == "" || p.Status < 400 {
			t.Errorf("%s: %+v", code, p)
		}
	}
}

// An error says its sentence in the reader's language, with what fills its places as it is.
func TestLanguages(t *testing.T) {
	err := &border.Error{Code: border.NotFound, Op: "look", Message: "This data folder belongs to station {0}, not to {1}.", Args: []any{"PCA-1", "{0}"}}
	for l, want := range map[i18n.Lang]string{
		i18n.English: "This data folder belongs to station PCA-1, not to {0}.", i18n.Spanish: "Esta carpeta de datos pertenece a la estación PCA-1, no a {0}.",
		i18n.French: "Ce dossier de données appartient à la station PCA-1, et non à {0}.", i18n.Haitian: "Katab done sa a se pou estasyon PCA-1, se pa pou {0}.",
	} {
		if got := Of(i18n.In(l), err).Title; got != want {
			t.Errorf("%s: %q", l, got)
		}
		if got, status, ok := OnForm(i18n.In(l), err); got != want || status != 404 || !ok {
			t.Errorf("%s: %q, %d, %t", l, got, status, ok)
		}
	}
	if got := border.MessageOf(err); got != "This data folder belongs to station PCA-1, not to {0}." {
		t.Error(got)
	}
}

// TestFormsSayNothingOfOurFaults keeps causes of internal errors in the log.
func TestFormsSayNothingOfOurFaults(t *testing.T) {
	p := i18n.In(i18n.English)
	for _, code := range []border.Code{border.Invalid, border.NotFound, border.Forbidden, border.Conflict, border.Stale, border.TooLarge, border.Unavailable, border.StorageFull} {
		if text, status, ok := OnForm(p, &border.Error{Code: code}); !ok || text == "" || status < 400 {
			t.Errorf("%s: %q %d", code, text, status)
		}
	}
	if text, _, ok := OnForm(p, &border.Error{Code: border.Internal, Message: "disk"}); ok || text != "" {
		t.Errorf("%q", text)
	}
}
