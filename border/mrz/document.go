package mrz

import "time"

// Document is a zone as strings, in the shape of `garita mrz`. A field that the format
// does not print is "".
type Document struct {
	Format         Format `json:"format"`
	DocumentCode   string `json:"document_code"`
	IssuingState   string `json:"issuing_state"`
	DocumentNumber string `json:"document_number"` // with the rest of a continued number
	Surname        string `json:"surname"`
	GivenNames     string `json:"given_names"`
	NamesTruncated string `json:"names_truncated"` // "possible" or "no"
	Nationality    string `json:"nationality"`
	BirthDate      string `json:"birth_date"` // EDTF: 1974-08-12, 1974-XX-XX, "" if none
	Sex            string `json:"sex"`        // F, M, X, or "" if it is none of them
	ExpiryDate     string `json:"expiry_date"`
	OptionalData   string `json:"optional_data"` // TD3: the personal number
	OptionalData2  string `json:"optional_data_2"`

	Checks    Checks     `json:"checks"`
	Warnings  []Warning  `json:"warnings"`  // never nil
	Proposals []Proposal `json:"proposals"` // never nil; see [Proposal]

	// Lines are the cleaned lines as they were read, before look-alikes were mapped.
	Lines []string `json:"-"`
}

// Values of Document.NamesTruncated.
const (
	TruncationPossible = "possible" // the name field is full to its end
	NotTruncated       = "no"
)

// Warning is something odd about a field: Code and Field are names of [WarningCode] and
// [Field].
type Warning struct {
	Code  string `json:"code"`
	Field string `json:"field"`
	// Original is the field as read, for ocr_corrected.
	Original string `json:"original,omitempty"`
}

// Has reports whether a document has a warning.
func (d *Document) Has(c WarningCode, f Field) bool {
	for _, w := range d.Warnings {
		if w.Code == c.String() && w.Field == f.String() {
			return true
		}
	}
	return false
}

// Parse reads lines into strings. today is the calendar day in its own location; it
// chooses the centuries. The error is a *border.Error with code invalid and a message
// for the person at the counter; [CodeOf] gives its reason.
func Parse(lines []string, today time.Time) (*Document, error) {
	var z Zone
	if code := z.fill(lines, DateOf(today)); code != "" {
		return nil, wrap(code)
	}
	return z.Document(), nil
}

// Document gives a zone as strings.
func (z *Zone) Document() *Document {
	all := string(z.text[:z.used])
	text := func(f Field) string { return all[z.fields[f].from:z.fields[f].to] }
	d := &Document{
		Format:         z.Format,
		DocumentCode:   text(DocumentCode),
		IssuingState:   text(IssuingState),
		DocumentNumber: text(DocumentNumber),
		Surname:        text(Surname),
		GivenNames:     text(GivenNames),
		NamesTruncated: NotTruncated,
		Nationality:    text(Nationality),
		BirthDate:      text(BirthDate),
		Sex:            text(Sex),
		ExpiryDate:     text(ExpiryDate),
		OptionalData:   text(OptionalData),
		OptionalData2:  text(OptionalData2),
		Checks:         z.Checks,
		Warnings:       z.warnings(),
		Proposals:      z.proposals(),
		Lines:          z.lines(),
	}
	if z.NamesTruncated {
		d.NamesTruncated = TruncationPossible
	}
	return d
}

func (z *Zone) warnings() []Warning {
	list := []Warning{}
	for f := range fieldCount {
		for c := range warningCount {
			if !z.Warned(c, f) {
				continue
			}
			w := Warning{Code: c.String(), Field: f.String()}
			if c == OCRCorrected {
				s := z.place(f)
				w.Original = string(z.read[s.from:s.to])
			}
			list = append(list, w)
		}
	}
	return list
}

// place is where a field whose look-alikes are mapped stands in the zone.
func (z *Zone) place(f Field) span {
	l := z.layout
	return [fieldCount]span{
		DocumentCode: l.code, IssuingState: l.state, Nationality: l.nationality,
		Surname: z.surname, GivenNames: z.given, BirthDate: l.birth, ExpiryDate: l.expiry,
		DocumentNumberCheck: l.numberCheck, BirthDateCheck: l.birthCheck, ExpiryDateCheck: l.expiryCheck,
		OptionalDataCheck: l.optionalCheck, CompositeCheck: l.composite,
	}[f]
}

func (z *Zone) lines() []string {
	switch z.Format {
	case TD1:
		return []string{string(z.read[:30]), string(z.read[maxWidth : maxWidth+30]), string(z.read[2*maxWidth : 2*maxWidth+30])}
	case TD2, MRVB, FRAID:
		return []string{string(z.read[:36]), string(z.read[maxWidth : maxWidth+36])}
	default: // TD3, MRV-A
		return []string{string(z.read[:44]), string(z.read[maxWidth : maxWidth+44])}
	}
}
