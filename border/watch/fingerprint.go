package watch

import (
	"crypto/sha256"
	"encoding/json"
)

// FingerprintOf digests an entry's identifying fields.
func FingerprintOf(e *Entry) Fingerprint {
	b, err := json.Marshal(struct {
		Names         []Name
		BirthDates    []string
		Sex           string
		Nationalities []string
		Documents     []Document
	}{e.Names, e.BirthDates, e.Sex, e.Nationalities, e.Documents})
	if err != nil {
		panic(err) // strings only
	}
	sum := sha256.Sum256(b)
	return Fingerprint(sum[:8])
}

// ForPosts gives the entry as posts may hold it: a silent one keeps what it is found by and
// loses what it means. False if it is not for posts. e stays as it is.
func ForPosts(e *Entry) (*Entry, bool) {
	switch {
	case e.Distribution == HubOnly:
		return nil, false
	case e.Handling != Silent:
		return e, true
	}
	return &Entry{Source: e.Source, ID: e.ID, Names: e.Names, BirthDates: e.BirthDates, Sex: e.Sex,
		Nationalities: e.Nationalities, BirthPlaces: e.BirthPlaces, Residences: e.Residences, Documents: e.Documents,
		Handling: e.Handling, Applies: e.Applies, ValidFrom: e.ValidFrom, Expires: e.Expires}, true
}
