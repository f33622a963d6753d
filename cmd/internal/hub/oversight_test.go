package hub

import (
	"testing"

	"garita/border"
)

// Where a page of the audit begins is read from a browser: each place has one spelling, and
// whatever else comes is refused.
func TestCursor(t *testing.T) {
	for _, c := range []cursor{{}, {before: 7}, {own: border.Position{Epoch: border.Epoch{1}, Seq: 9}, theirsDone: true}, {ownDone: true, before: 1 << 40}} {
		if got, err := parseCursor(c.String()); err != nil || got != c {
			t.Errorf("%s is read as %+v: %v", c, got, err)
		}
	}
	for _, text := range []string{"/", "x", "1/2", "-/-1", "-/x", "00/-", "01000000000000000000000000000000.x/-", "01000000000000000000000000000000.-1/3"} {
		if _, err := parseCursor(text); border.CodeOf(err) != border.Invalid {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzCursor(f *testing.F) {
	f.Add("")
	f.Add(cursor{own: border.Position{Epoch: border.Epoch{1}, Seq: 9}, before: 3}.String())
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseCursor(text)
		if err != nil {
			if border.CodeOf(err) != border.Invalid {
				t.Error(err)
			}
			return
		}
		if again, err := parseCursor(c.String()); err != nil || again != c {
			t.Errorf("%q is read as %+v, and that as %+v: %v", text, c, again, err)
		}
	})
}
