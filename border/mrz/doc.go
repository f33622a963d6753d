// Package mrz reads the machine readable zones of travel documents: TD1, TD2 and TD3
// (Doc 9303 parts 5, 6 and 4), visas MRV-A and MRV-B (part 7) and the French identity
// card of 1988.
//
// It gives evidence per field, not one verdict: each printed check digit is ok, wrong or
// absent by itself, an unknown state is a warning, a date that is no day leaves only
// that date empty. Only what cannot be a zone at all is an error.
//
// Misread characters are put right, with a warning, only where a position can hold
// nothing but letters or nothing but digits. In numbers and optional data both are
// legal, so a likely repair is proposed beside what was read, and never applied.
//
// [Read] is the core: it writes into storage of the caller and does not allocate.
// [Parse] gives the same as strings. Neither blocks, panics or works longer than linear
// in its input, of which at most [MaxInput] bytes are looked at.
//
// A zone is personal data. Errors of this package never repeat any of it.
package mrz
