package counter

import (
	"strings"

	"garita/border/counter"
)

// particulars is what an officer keys of a document or of a person.
type particulars struct {
	Kind           string `json:"kind"`
	DocumentNumber string `json:"document_number"`
	IssuingState   string `json:"issuing_state"`
	Surname        string `json:"surname"`
	GivenNames     string `json:"given_names"`
	Nationality    string `json:"nationality"`
	BirthDate      string `json:"birth_date"`
	Sex            string `json:"sex"`
	ExpiryDate     string `json:"expiry_date"`
}

func (p particulars) read() counter.Particulars {
	return counter.Particulars{Kind: p.Kind, DocumentNumber: p.DocumentNumber, IssuingState: p.IssuingState, Surname: p.Surname,
		GivenNames: p.GivenNames, Nationality: p.Nationality, BirthDate: dashed(p.BirthDate), Sex: p.Sex, ExpiryDate: dashed(p.ExpiryDate)}
}

// dashed gives a date that was typed without hyphens its hyphens, and one of a year or a month
// alone its unknown parts: 19740812, 1974, 1974-08. What is none stays for the station to judge.
func dashed(d string) string {
	d = strings.ToUpper(strings.TrimSpace(d))
	if strings.Trim(d, "0123456789X-") != "" {
		return d
	}
	switch {
	case len(d) == 8 && !strings.Contains(d, "-"):
		return d[:4] + "-" + d[4:6] + "-" + d[6:]
	case len(d) == 4:
		return d + "-XX-XX"
	case len(d) == 7 && d[4] == '-':
		return d + "-XX"
	}
	return d
}
