// Package verdict adds up checks to a verdict: checks and a policy table in, a verdict
// with reasons out. It is pure: no clock, no I/O, no state.
//
// A verdict advises; a person decides.
package verdict

import "garita/border"

// Check names one question put to the evidence.
type Check string

// The checks. A check that cannot be put yet says not_checked(not_available); none is
// ever silently absent.
const (
	MRZ              Check = "mrz"               // printed check digits (Doc 9303-3 section 4.9)
	Expiry           Check = "expiry"            // document not past its date of expiry
	DocumentList     Check = "document_list"     // document number against local lists
	NameList         Check = "name_list"         // normalised name and birth date against local lists
	HistoryHere      Check = "history_here"      // last crossings of this document at this station
	HistoryElsewhere Check = "history_elsewhere" // the same at all other stations, asked of the hub
	Stay             Check = "stay"              // days used of days granted, of the stay that ends or of the last one
	Chip             Check = "chip"              // eMRTD (Doc 9303-10, -11)
	Fingerprint      Check = "fingerprint"
	Interpol         Check = "interpol"
	Visa             Check = "visa"
)

// All lists every check in the order of the screen.
var All = []Check{MRZ, Expiry, DocumentList, NameList, HistoryHere, HistoryElsewhere, Stay, Chip, Fingerprint, Interpol, Visa}

// Outcome is how a check came out. Never a bare boolean.
type Outcome string

// The outcomes.
const (
	Clear      Outcome = "clear"       // asked, and nothing speaks against it
	Hit        Outcome = "hit"         // a possible match with an entry, or a finding
	Wrong      Outcome = "wrong"       // the evidence contradicts itself or is not valid
	NotChecked Outcome = "not_checked" // with a reason
	Stale      Outcome = "stale"       // asked of something older than allowed; with its age
)

// Reasons of checks that are not clear. Append-only: policy tables and translations know
// them by name.
const (
	ReasonNotAvailable = "not_available" // this system cannot do it yet
	ReasonNoMRZ        = "no_mrz"
	ReasonNotPrinted   = "not_printed" // the document prints no such field
	ReasonUnreadable   = "unreadable"  // the field cannot be read
	ReasonClock        = "clock"       // the station's clock cannot be trusted
	ReasonHub          = "hub"         // the hub did not answer in time or is away
	ReasonPending      = "pending"     // asked, no answer yet
	ReasonNoList       = "no_list"     // no list is loaded
	ReasonFailed       = "failed"      // the check itself failed; see the log
	ReasonDigits       = "digits"      // a printed check digit does not fit
	ReasonExpired      = "expired"     // past its date of expiry
	ReasonListed       = "listed"      // on a list
	ReasonUnconfirmed  = "unconfirmed" // the document seems to be on a list; the hub, which knows, was not asked
	ReasonInside       = "inside"      // entry, though the last crossing was an entry
	ReasonNotInside    = "not_inside"  // exit, though the last crossing was an exit
	ReasonRefused      = "refused"     // the last crossing was refused
	ReasonNoDocument   = "no_document" // the person has no document
	ReasonNoEntry      = "no_entry"    // exit without a known entry
	ReasonService      = "service"     // a service that was asked did not answer in full
	ReasonOverstayed   = "overstayed"  // longer inside than permitted
)

// Reasons lists every reason above. A policy table may name no other.
var Reasons = []string{ReasonNotAvailable, ReasonNoMRZ, ReasonNotPrinted, ReasonUnreadable, ReasonClock, ReasonHub, ReasonPending,
	ReasonNoList, ReasonFailed, ReasonDigits, ReasonExpired, ReasonListed, ReasonUnconfirmed, ReasonInside, ReasonNotInside, ReasonRefused,
	ReasonNoDocument, ReasonNoEntry, ReasonService, ReasonOverstayed}

// Result is one check with its outcome.
type Result struct {
	Check   Check   `json:"check"`
	Outcome Outcome `json:"outcome"`
	Reason  string  `json:"reason,omitempty"`
	AgeS    int64   `json:"age_s,omitempty"` // age of what was asked, seconds
	// Fields names the document fields concerned, for checks over several: "birth_date".
	Fields []string `json:"fields,omitempty"`
	// Hits names the list entries concerned, "list/entry". Shown by handling code only.
	Hits []string `json:"hits,omitempty"`
	// Withheld names the entries whose handling code lets the record know them, and no screen.
	Withheld []string `json:"-"`
	// Past holds earlier crossings, newest first, for the history checks.
	Past []border.PastCrossing `json:"past,omitempty"`
}

// Level is what the verdict advises.
type Level string

// The levels, from best to worst.
const (
	Proceed Level = "proceed"
	Look    Level = "look"
	Refer   Level = "refer"
)

// rank orders levels; an unknown level counts as the worst.
func (l Level) rank() int {
	switch l {
	case Proceed:
		return 0
	case Look:
		return 1
	default:
		return 2
	}
}

// WorseThan reports whether l advises more caution than other.
func (l Level) WorseThan(other Level) bool { return l.rank() > other.rank() }

// Reason is one check with the level that the policy gives to its outcome.
type Reason struct {
	Result
	Level Level `json:"level"`
}

// Verdict is what the checks add up to. Revision grows by one each time the verdict of
// an encounter changes; a decision names the revision that was painted.
type Verdict struct {
	Revision uint64   `json:"revision"`
	Level    Level    `json:"level"`
	Reasons  []Reason `json:"reasons"` // one per check, in the order of All
}

// Judge gives each result its level by the policy; the worst is the verdict's. A check
// of [All] without a result counts as not_checked(failed).
func Judge(p *Policy, results []Result) Verdict {
	byCheck := make(map[Check]Result, len(results))
	for _, r := range results {
		byCheck[r.Check] = r
	}
	v := Verdict{Level: Proceed, Reasons: make([]Reason, 0, len(All))}
	for _, c := range All {
		r, ok := byCheck[c]
		if !ok {
			r = Result{Check: c, Outcome: NotChecked, Reason: ReasonFailed}
		}
		l := p.level(r)
		if l.WorseThan(v.Level) {
			v.Level = l
		}
		v.Reasons = append(v.Reasons, Reason{Result: r, Level: l})
	}
	return v
}
