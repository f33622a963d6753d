package watch

import "garita/border/watch/match"

// search finds the identities worth comparing, and compares them.
func (a *ask) search() { a.everything() }

type board struct{}

// bcd writes a full date as YYYYMMDD, a digit in four bits.
func bcd(d match.Date) uint32 { return 0 }
