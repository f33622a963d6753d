package counter

import (
	"garita/border"
	"garita/border/counter"
	"garita/border/fingerprint"
	"garita/border/form"
	"garita/border/journal"
	"garita/border/verdict"
	"garita/ui/i18n"
	"garita/ui/wording"
)

// The texts of the screen that go by a code; the others stand where they are used.

var levelWords = map[verdict.Level]i18n.Msg{verdict.Proceed: "verdict::Proceed", verdict.Look: "verdict::Look closer", verdict.Refer: "verdict::Refer"}

var levelHints = map[verdict.Level]i18n.Msg{
	verdict.Proceed: "Nothing found speaks against it.",
	verdict.Look:    "Something needs your eyes before you decide.",
	verdict.Refer:   "Something speaks against it. Refer or decide with care.",
}

var checkWords = map[verdict.Check]i18n.Msg{
	verdict.MRZ: "Check digits", verdict.Expiry: "Expiry", verdict.DocumentList: "Document lists",
	verdict.NameList: "Name lists", verdict.HistoryHere: "History here", verdict.HistoryElsewhere: "History elsewhere",
	verdict.Stay: "Days of stay", verdict.Chip: "Chip", verdict.Fingerprint: "Fingerprint", verdict.Interpol: "INTERPOL", verdict.Visa: "Visa",
}

var fieldWords = map[string]i18n.Msg{
	"document_number": "document number", "birth_date": "birth date", "expiry_date": "expiry date",
	"optional_data": "optional data", "personal_number": "personal number", "composite": "overall digit",
	"nationality": "nationality", "issuing_state": "issuing state", "sex": "sex", "surname": "surname",
	"given_names": "given names", "document_code": "document code", "names": "names", "name": "name",
	"optional_data_2": "optional data, second line", "document_number_check": "digit of the document number",
	"birth_date_check": "digit of the birth date", "expiry_date_check": "digit of the expiry date",
	"optional_data_check": "digit of the optional data", "composite_check": "overall digit",
}

// warningWords say what the parser found odd about a field.
var warningWords = map[string]i18n.Msg{
	"unknown_state": "no known state", "unexpected_document_code": "not usual for this kind of document",
	"check_digit_with_filler": "its check digit fits in an unusual way", "ocr_corrected": "a look-alike character was put right",
	"invalid_character": "a character that cannot stand there", "invalid_date": "no day of the calendar",
	"zero_date_part": "partly unknown",
}

// formProblems say what is wrong with a field of the form, as [form.Problem] says it in English.
var formProblems = map[form.Why]i18n.Msg{
	form.Missing:      "{0} is missing.",
	form.NotAsked:     "{0} is not asked here. Leave it empty.",
	form.NoField:      "A value was sent for a field that this form does not have. Load the page again.",
	form.NoCode:       "{0}: choose one of the codes.",
	form.NoCountry:    "{0}: this is no country code. Use the three letters of travel documents.",
	form.Unshown:      "{0}: there are characters that cannot be shown. Type it again.",
	form.TooLong:      "{0}: shorten it to {1} characters.",
	form.NoNumber:     "{0}: type a whole number from {1} to {2}.",
	form.NoDay:        "{0}: type a day of the calendar like 2026-11-22.",
	form.NoPartialDay: "{0}: type a day like 1974-08-12, with X for what is unknown: 1974-XX-XX.",
	form.NoYesNo:      "{0}: answer yes or no.",
}

var outcomeWords = map[border.Outcome]i18n.Msg{
	border.Admitted: "outcome::Admitted", border.Departed: "outcome::Departed", border.Refused: "outcome::Refused entry",
	border.DeparturePrevented: "outcome::Departure prevented", border.Withdrawn: "outcome::Withdrawn", border.HandedOver: "outcome::Handed over",
}

// directionWords name a direction.
var directionWords = map[string]i18n.Msg{border.Entry: "Entry", border.Exit: "Exit"}

// eventWords name the events that a shift's report counts.
var eventWords = map[string]i18n.Msg{
	border.TypeCrossingRecorded: "Crossings", border.TypeCrossingCorrected: "Corrections", border.TypeStayExtended: "Stays extended",
	border.TypeEncounterReferred: "Referred", border.TypeEncounterTaken: "Taken from the list", border.TypeEncounterAbandoned: "report::Abandoned",
}

// reported are the same in the order of a page.
var reported = []string{border.TypeCrossingRecorded, border.TypeCrossingCorrected, border.TypeStayExtended,
	border.TypeEncounterReferred, border.TypeEncounterTaken, border.TypeEncounterAbandoned}

var noticeTitles = map[border.Outcome]i18n.Msg{
	border.Refused: "Notice of refusal of entry", border.DeparturePrevented: "Notice of prevented departure",
}

var sexWords = map[string]i18n.Msg{"M": "Male", "F": "Female", "X": "Unspecified", "<": "Unspecified"}

// recorded says on the message line that a crossing is durable.
func recorded(p *i18n.Printer, r counter.Recorded) string {
	what := lower(wording.Word(p, outcomeWords, r.Outcome))
	if r.Replayed {
		return p.T("It was recorded before: {0}.", what)
	}
	return p.T("Recorded: {0}.", what)
}

// reasonTexts are the words of a check that was not clear, by "check.reason" or "reason".
var reasonTexts = map[string]i18n.Msg{
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

var clearTexts = map[verdict.Check]i18n.Msg{
	verdict.MRZ: "All printed check digits fit.", verdict.Expiry: "Not expired.",
	verdict.DocumentList: "Not on a list.", verdict.NameList: "No match.",
	verdict.HistoryHere: "Nothing unusual at this station.", verdict.HistoryElsewhere: "Nothing unusual at other stations.",
	verdict.Stay: "No overstay known.",
}

var notSeenTexts = map[verdict.Check]i18n.Msg{
	verdict.HistoryHere: "Not seen at this station before.", verdict.HistoryElsewhere: "Not seen at other stations before.",
}

// fingerWords name the fingers, ISO/IEC 19794-4.
var fingerWords = map[border.FingerPosition]i18n.Msg{
	1: "right thumb", 2: "right index finger", 3: "right middle finger", 4: "right ring finger", 5: "right little finger",
	6: "left thumb", 7: "left index finger", 8: "left middle finger", 9: "left ring finger", 10: "left little finger",
}

// problemTexts say what to do better with a finger.
var problemTexts = map[fingerprint.Problem]i18n.Msg{
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
const attackText i18n.Msg = "The scanner says that this may be no living finger. Look at the hand."

// clockReasons say why a clock is not trusted.
var clockReasons = map[string]i18n.Msg{
	"before_build":          "it shows a time before this program was made",
	"before_last_event":     "it shows a time before the last record",
	"long_after_last_event": "it shows a time long after the last record",
	"long_after_build":      "it shows a time years after this program was made",
	"jumped":                "it has jumped",
	"offset":                "it differs from the hub's by more than 5 minutes",
}

var storageChips = map[journal.StorageState]i18n.Msg{
	journal.StorageLow: "Disk nearly full", journal.StorageReserve: "Disk full, on reserve",
	journal.StorageFull: "Disk full", journal.StorageFailed: "Disk failing",
}

// storageLines say what to do about a disk.
var storageLines = map[journal.StorageState]i18n.Msg{
	journal.StorageLow:     "Less than 15 % of the disk is free. Free space on the disk soon.",
	journal.StorageReserve: "The disk is full. Room for about 1,000 more crossings is kept. Free space on the disk now.",
	journal.StorageFull:    "The disk is full and the reserve is used up. Nothing can be recorded here. Free space on the disk; the station goes on by itself.",
	journal.StorageFailed:  "The disk returns errors. Nothing can be recorded here until it answers again. Call the technician.",
}

// readerWords say how a reader is, fingerScannerWords how a fingerprint scanner is.
var readerWords = map[string]i18n.Msg{
	"absent": "Reader not plugged in", "matched": "Reader found", "initialising": "Reader starting", "ready": "Reader ready",
	"degraded": "Reader in trouble", "failed": "Reader failed",
}

var fingerScannerWords = map[string]i18n.Msg{
	"absent": "Fingerprint scanner not plugged in", "matched": "Fingerprint scanner found", "initialising": "Fingerprint scanner starting",
	"ready": "Fingerprint scanner ready", "degraded": "Fingerprint scanner in trouble", "failed": "Fingerprint scanner failed",
}

var listedWords = map[string]i18n.Msg{"expected": "list::Expected", "here": "list::Here", "through": "list::Through", "no_show": "list::Did not come"}

var originWords = map[string]i18n.Msg{"shared": "shared by the group", "known": "from the last crossing", "default": "proposed"}

var sourceWords = map[border.ScanSource]i18n.Msg{
	border.SourceReader: "From the reader", border.SourceWedge: "From a keyboard reader", border.SourceKeyed: "Keyed by hand",
}
