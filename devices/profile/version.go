package profile

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Version is a firmware version: one to four numbers with dots, "1.17". Missing numbers
// count as 0. The zero Version is none.
type Version string

var versionForm = regexp.MustCompile(`^[0-9]{1,6}(\.[0-9]{1,6}){0,3}$`)

// UnmarshalText reads a version.
func (v *Version) UnmarshalText(t []byte) error {
	if !versionForm.Match(t) {
		return fmt.Errorf("a version has one to four numbers with dots, like \"1.17\"")
	}
	*v = Version(t)
	return nil
}

// Compare is negative if v is older than w, 0 if they are the same, else positive. A
// version outside the form is the oldest.
func (v Version) Compare(w Version) int {
	a, b := v.numbers(), w.numbers()
	for i := range a {
		if c := cmp.Compare(a[i], b[i]); c != 0 {
			return c
		}
	}
	return 0
}

// Valid reports whether the version is in the form that can be compared.
func (v Version) Valid() bool { return versionForm.MatchString(string(v)) }

func (v Version) numbers() (n [4]int) {
	if !v.Valid() {
		return n
	}
	for i, s := range strings.Split(string(v), ".") {
		n[i], _ = strconv.Atoi(s)
	}
	return n
}

// Range is a range of versions, both ends included: "1.2-1.5", "1.2-" (and newer), "-1.5"
// (and older) or "1.2" alone. The zero Range holds every version.
type Range struct{ From, To Version }

// UnmarshalText reads a range.
func (r *Range) UnmarshalText(t []byte) error {
	from, to, span := strings.Cut(string(t), "-")
	if !span {
		to = from
	}
	var got Range
	for _, p := range []struct {
		text string
		at   *Version
	}{{from, &got.From}, {to, &got.To}} {
		if p.text == "" && span {
			continue
		}
		if err := p.at.UnmarshalText([]byte(p.text)); err != nil {
			return fmt.Errorf("a range is written \"1.2-1.5\", \"1.2-\", \"-1.5\" or \"1.2\"")
		}
	}
	if got == (Range{}) || got.From != "" && got.To != "" && got.From.Compare(got.To) > 0 {
		return fmt.Errorf("a range is written from the older to the newer version: \"1.2-1.5\"")
	}
	*r = got
	return nil
}

// Contains reports whether the range holds a version.
func (r Range) Contains(v Version) bool {
	return (r.From == "" || v.Compare(r.From) >= 0) && (r.To == "" || v.Compare(r.To) <= 0)
}

// overlaps reports whether some version is in both ranges.
func (r Range) overlaps(o Range) bool {
	return (r.To == "" || o.From == "" || r.To.Compare(o.From) >= 0) && (o.To == "" || r.From == "" || o.To.Compare(r.From) >= 0)
}

// String writes the range as it stands in a file; "" for the zero Range.
func (r Range) String() string {
	if r.From == r.To {
		return string(r.From)
	}
	return string(r.From) + "-" + string(r.To)
}
