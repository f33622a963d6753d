// Package version says which program this is. The Makefile sets both values at link time.
package version

import "time"

// Version is the program's version: that of the source it was built from.
var Version = "dev"

// built is the commit time of the source, RFC 3339; the default is the day of the first source.
var built = "2026-11-22T00:00:00Z"

// Built returns the time before which this program cannot have run.
func Built() time.Time {
	t, err := time.Parse(time.RFC3339, built)
	if err != nil {
		return time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	}
	return t.UTC()
}
