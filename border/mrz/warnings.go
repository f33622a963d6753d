package mrz

// Field names a part of a zone.
type Field uint8

// The fields. The ones from DocumentNumberCheck on are check digits: they are named in
// warnings and have no text of their own.
const (
	DocumentCode Field = iota
	IssuingState
	DocumentNumber
	Surname
	GivenNames
	Nationality
	BirthDate
	Sex
	ExpiryDate
	OptionalData
	OptionalData2
	DocumentNumberCheck
	BirthDateCheck
	ExpiryDateCheck
	OptionalDataCheck
	CompositeCheck
	fieldCount
)

var fieldNames = [fieldCount]string{
	"document_code", "issuing_state", "document_number", "surname", "given_names",
	"nationality", "birth_date", "sex", "expiry_date", "optional_data", "optional_data_2",
	"document_number_check", "birth_date_check", "expiry_date_check", "optional_data_check",
	"composite_check",
}

// String gives the name used in JSON.
func (f Field) String() string {
	if f < fieldCount {
		return fieldNames[f]
	}
	return "unknown"
}

// WarningCode says what is odd about a field.
type WarningCode uint8

// The warnings. A wrong check digit is none: it stands in [Checks].
const (
	UnknownState           WarningCode = iota // the code is not in Doc 9303-3 section 5
	UnexpectedDocumentCode                    // TD1, TD2: not A, C, I; TD3: not P
	CheckDigitWithFiller                      // a long number's digit fits with the filler only
	OCRCorrected                              // a look-alike was mapped
	StrayCharacter                            // invalid_character: a digit among letters, or an odd sex
	InvalidDate                               // no day of the calendar; the value is ""
	ZeroDatePart                              // month or day 00, taken as unknown
	warningCount
)

var warningNames = [warningCount]string{
	"unknown_state", "unexpected_document_code", "check_digit_with_filler", "ocr_corrected",
	"invalid_character", "invalid_date", "zero_date_part",
}

// String gives the name used in JSON.
func (c WarningCode) String() string {
	if c < warningCount {
		return warningNames[c]
	}
	return "unknown"
}

// warn notes a warning; the same one twice is one.
func (z *Zone) warn(c WarningCode, f Field) { z.warned[f] |= 1 << c }

// Warned reports whether a field has a warning.
func (z *Zone) Warned(c WarningCode, f Field) bool {
	return f < fieldCount && c < warningCount && z.warned[f]&(1<<c) != 0
}
