package seal_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"garita/border"
)

// An inquiry is for the hub alone, and of the station that sent it; its length does not tell
// one name from another.
func TestInquiry(t *testing.T) {
	r := newRig(t)
	q := border.Inquiry{Station: "PUT-1", Purpose: border.Entry, Surname: "UTOPIAN", Number: "U00000001"}
	sealed, err := r.station.SealInquiry(&q)
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.hub.OpenInquiry("PUT-1", sealed)
	if err != nil || cmp.Diff(q, got) != "" {
		t.Fatalf("%+v, %v", got, err)
	}
	if _, err := r.hub.OpenInquiry("PUT-2", sealed); border.CodeOf(err) != border.Invalid {
		t.Errorf("as another station's: %v", err)
	}
	sealed[len(sealed)/2] ^= 1
	if _, err := r.hub.OpenInquiry("PUT-1", sealed); border.CodeOf(err) != border.Invalid {
		t.Errorf("changed: %v", err)
	}
	q.Surname = "UTOPIAN OF THE VERY LONG NAME"
	if longer, err := r.station.SealInquiry(&q); err != nil || len(longer) != len(sealed) {
		t.Errorf("%d and %d bytes, %v", len(sealed), len(longer), err)
	}
}
