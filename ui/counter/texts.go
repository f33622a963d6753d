package counter

import (
	"fmt"
	"strings"
	"time"

	"garita/border"
	"garita/border/counter"
	"garita/border/fingerprint"
	"garita/border/journal"
	"garita/border/verdict"
)

// This file and the templates hold every text of the screen, so that a catalogue of
// languages can take their place.

var levelWords = map[verdict.Level]string{verdict.Proceed: "Proceed", verdict.Look: "Look closer", verdict.Refer: "Refer"}

var levelHints = map[verdict.Level]string{
	verdict.Proceed: "Nothing found speaks against it.",
	verdict.Look:    "Something needs your eyes before you decide.",
	verdict.Refer:   "Something speaks against it. Refer or decide with care.",
}

var checkWords = map[verdict.Check]string{
	verdict.MRZ: "Check digits", verdict.Expiry: "Expiry", verdict.DocumentList: "Document lists",
	verdict.NameList: "Name lists", verdict.HistoryHere: "History here", verdict.HistoryElsewhere: "History elsewhere",
	verdict.Stay: "Days of stay", verdict.Chip: "Chip", verdict.Fingerprint: "Fingerprint", verdict.Interpol: "INTERPOL", verdict.Visa: "Visa",
}

var fieldWords = map[string]string{
	"document_number": "document number", "birth_date": "birth date", "expiry_date": "expiry date",
	"optional_data": "optional data", "personal_number": "personal number", "composite": "overall digit",
	"nationality": "nationality", "issuing_state": "issuing state", "sex": "sex", "surname": "surname",
	"given_names": "given names", "document_code": "document code", "names": "names", "name": "name",
	"optional_data_2": "optional data, second line", "document_number_check": "digit of the document number",
	"birth_date_check": "digit of the birth date", "expiry_date_check": "digit of the expiry date",
	"optional_data_check": "digit of the optional data", "composite_check": "overall digit",
}

// warningWords say what the parser found odd about a field.
var warningWords = map[string]string{
	"unknown_state": "no known state", "unexpected_document_code": "not usual for this kind of document",
	"check_digit_with_filler": "its check digit fits in an unusual way", "ocr_corrected": "a look-alike character was put right",
	"invalid_character": "a character that cannot stand there", "invalid_date": "no day of the calendar",
	"zero_date_part": "partly unknown",
}

func fieldWord(f string) string {
	if w, ok := fieldWords[f]; ok {
		return w
	}
	return strings.ReplaceAll(f, "_", " ")
}

func fieldList(fields []string) string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = fieldWord(f)
	}
	return strings.Join(out, ", ")
}

var outcomeWords = map[border.Outcome]string{
	border.Admitted: "Admitted", border.Departed: "Departed", border.Refused: "Refused entry",
	border.DeparturePrevented: "Departure prevented", border.Withdrawn: "Withdrawn", border.HandedOver: "Handed over",
}

func outcomeWord(o border.Outcome) string {
	if w, ok := outcomeWords[o]; ok {
		return w
	}
	return string(o)
}

// acceptWord names the key that lets a traveller pass.
func acceptWord(direction string) string {
	if direction == border.Exit {
		return "Let depart"
	}
	return "Admit"
}

// refuseWord names the key that does not.
func refuseWord(direction string) string {
	if direction == border.Exit {
		return "Prevent departure"
	}
	return "Refuse"
}

// directionWords name a direction.
var directionWords = map[string]string{border.Entry: "Entry", border.Exit: "Exit"}

// notedText is all that the screen says of a need for protection.
const notedText = "Noted. Refusal is blocked until handed over or lifted."

// eventWords name the events that a shift's report counts.
var eventWords = map[string]string{
	border.TypeCrossingRecorded: "Crossings", border.TypeCrossingCorrected: "Corrections", border.TypeStayExtended: "Stays extended",
	border.TypeEncounterReferred: "Referred", border.TypeEncounterTaken: "Taken from the list", border.TypeEncounterAbandoned: "Abandoned",
}

var noticeTitles = map[border.Outcome]string{
	border.Refused: "Notice of refusal of entry", border.DeparturePrevented: "Notice of prevented departure",
}

var sexWords = map[string]string{"M": "Male", "F": "Female", "X": "Unspecified", "<": "Unspecified", "": ""}

// recordedText says on the message line that a crossing is durable.
func recordedText(r counter.Recorded) string {
	if r.Replayed {
		return "It was recorded before: " + strings.ToLower(outcomeWord(r.Outcome)) + "."
	}
	return "Recorded: " + strings.ToLower(outcomeWord(r.Outcome)) + "."
}

// reasonTexts are the words of a check that was not clear, by "check.reason" or "reason".
var reasonTexts = map[string]string{
	"not_available":             "This version cannot check it yet.",
	"no_mrz":                    "No machine readable zone was read.",
	"unreadable":                "The field cannot be read. Compare it with the page.",
	"clock":                     "Not checked: this station's clock cannot be trusted. Read the date yourself.",
	"hub":                       "Not checked: the hub is away or did not answer in time.",
	"pending":                   "Asked; no answer yet.",
	"no_list":                   "Not checked: no list is loaded.",
	"failed":                    "The check failed. Tell the technician.",
	"not_printed":               "This kind of document has none printed.",
	"digits":                    "A check digit does not fit.",
	"expired":                   "The document has expired.",
	"listed":                    "Possible match with a list.",
	"unconfirmed":               "The document’s number seems to be listed; the hub has not confirmed it.",
	"service":                   "A service that was asked did not answer in full.",
	"inside":                    "The last crossing was an entry: this document seems to be inside already.",
	"not_inside":                "The last crossing was an exit: this document seems not to be inside.",
	"refused":                   "The last crossing was refused.",
	"no_document":               "Not checked: there is no document to look up.",
	"no_entry":                  "No entry of this person is known: days cannot be counted.",
	"overstayed":                "Longer inside than permitted.",
	"mrz.no_mrz":                "Nothing was read: the particulars were keyed. Compare each with the paper.",
	"stay.clock":                "Not counted: this station's clock cannot be trusted.",
	"mrz.unreadable":            "The zone cannot be read. Compare every field with the page.",
	"history_here.failed":       "This station's own records could not be asked.",
	"history_elsewhere.pending": "The hub has been asked; no answer yet.",
	"expiry.no_mrz":             "Not checked: no date was read.",
}

var clearTexts = map[verdict.Check]string{
	verdict.MRZ: "All printed check digits fit.", verdict.Expiry: "Not expired.",
	verdict.DocumentList: "Not on a list.", verdict.NameList: "No match.",
	verdict.HistoryHere: "Nothing unusual at this station.", verdict.HistoryElsewhere: "Nothing unusual at other stations.",
	verdict.Stay: "No overstay known.",
}

var notSeenTexts = map[verdict.Check]string{
	verdict.HistoryHere: "Not seen at this station before.", verdict.HistoryElsewhere: "Not seen at other stations before.",
}

// fingerWords name the fingers, ISO/IEC 19794-4.
var fingerWords = map[border.FingerPosition]string{
	1: "right thumb", 2: "right index finger", 3: "right middle finger", 4: "right ring finger", 5: "right little finger",
	6: "left thumb", 7: "left index finger", 8: "left middle finger", 9: "left ring finger", 10: "left little finger",
}

// problemTexts say what to do better with a finger.
var problemTexts = map[fingerprint.Problem]string{
	fingerprint.NoFinger: "No ridges were seen. Lay the finger flat on the glass.",
	fingerprint.TooHigh:  "The finger lies too far up. Draw it back a little.",
	fingerprint.TooLow:   "The finger lies too far down. Push it forward a little.",
	fingerprint.TooLeft:  "The finger lies too far left.",
	fingerprint.TooRight: "The finger lies too far right.",
	fingerprint.TooSmall: "Only a little of the finger touches. Press flat, as for a stamp.",
	fingerprint.TooDry:   "The finger is too dry. Breathe on it or rub it, then press a little more.",
	fingerprint.TooWet:   "The finger is too wet. Wipe it and the glass, then press less.",
	fingerprint.NotClear: "The ridges are not clear. Wipe the glass and hold still.",
}

// attackText says that a sensor called an image an attack.
const attackText = "The scanner says that this may be no living finger. Look at the hand."

// upper writes the first letter as a capital.
func upper(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// clockReasons say why a clock is not trusted.
var clockReasons = map[string]string{
	"before_build":          "it shows a time before this program was made",
	"before_last_event":     "it shows a time before the last record",
	"long_after_last_event": "it shows a time long after the last record",
	"long_after_build":      "it shows a time years after this program was made",
	"jumped":                "it has jumped",
	"offset":                "it differs from the hub's by more than 5 minutes",
}

var storageWords = map[journal.StorageState]string{
	journal.StorageOK: "ok", journal.StorageLow: "nearly full", journal.StorageReserve: "full, on reserve",
	journal.StorageFull: "full", journal.StorageFailed: "failing",
}

var scannerWords = map[string]string{
	"absent": "not plugged in", "matched": "found", "initialising": "starting", "ready": "ready",
	"degraded": "in trouble", "failed": "failed",
}

// span says a length of time in its largest sensible unit.
func span(d time.Duration) string {
	var n int64
	var unit string
	switch {
	case d < 0:
		return "a moment"
	case d >= 48*time.Hour:
		n, unit = int64(d/(24*time.Hour)), "day"
	case d >= 2*time.Hour:
		n, unit = int64(d/time.Hour), "hour"
	case d >= time.Minute:
		n, unit = int64(d/time.Minute), "minute"
	default:
		return "less than a minute"
	}
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}

func size(bytes int64) string {
	const gib, mib = 1 << 30, 1 << 20
	if bytes >= 10*gib {
		return fmt.Sprintf("%d GB", bytes/gib)
	}
	if bytes >= gib {
		return fmt.Sprintf("%.1f GB", float64(bytes)/gib)
	}
	return fmt.Sprintf("%d MB", bytes/mib)
}

func count(n uint64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// day writes a date of EDTF (ISO 8601-2) as a person reads it; what is no full date stays
// as it is.
func day(edtf string) string {
	t, err := time.Parse(time.DateOnly, edtf)
	if err != nil {
		return edtf
	}
	return t.Format("2 Jan 2006")
}
