// Package counter is a station's service: it turns scans into encounters, puts the local
// checks to them, lets the hub's answer improve the verdict, and records decisions in the
// journal. Nothing in it waits for the network.
package counter

import (
	"time"

	"garita/border"
	"garita/border/form"
	"garita/border/journal"
	"garita/border/verdict"
	"garita/border/watch"
)

// View is what one counter's screen shows, whole: a screen that missed a change is right
// again with the next view. Values are copies.
type View struct {
	Counter   border.CounterID `json:"counter"`
	Revision  uint64           `json:"revision"` // grows with every change of the view
	Direction string           `json:"direction"`
	// Encounter is the open encounter; nil while the counter waits for a document.
	Encounter *EncounterView `json:"encounter"`
	// Queue holds encounters that wait to be called up: scanned while another was open,
	// or restored after a restart.
	Queue []QueueItem `json:"queue"`
	// Group is the family, bus or crew that is at the counter; nil if none.
	Group *GroupView `json:"group"`
	// Referrals is the post's list: encounters that were referred and have no outcome yet.
	Referrals []ReferralItem `json:"referrals"`
	// LateHits are travellers who have passed and were found to be listed since.
	LateHits []LateHit `json:"late_hits"`
	// Holder is who works at this counter; nil while nobody does.
	Holder *Holder `json:"holder"`
	// Shift is the shift of the station; nil while none is open.
	Shift *ShiftView `json:"shift"`
	// Last is what this counter recorded last; after a restart it is shown first.
	Last *LastRecorded `json:"last"`
	// Notice says why the last scan opened nothing, in plain words; "" if none.
	Notice string `json:"notice,omitempty"`
	Status Status `json:"status"`
}

// EncounterView is an open encounter.
type EncounterView struct {
	ID       border.ID         `json:"id"` // also the id of the crossing it will end in
	OpenedAt time.Time         `json:"opened_at"`
	Source   border.ScanSource `json:"source"`
	Restored bool              `json:"restored"` // from a draft, after a restart
	// Durable is false while the draft could not be written: a power cut would lose it.
	Durable  bool            `json:"durable"`
	Document DocumentView    `json:"document"`
	Verdict  verdict.Verdict `json:"verdict"`
	// Hits are the entries that this person or document could be, as far as their handling
	// codes let a screen know them.
	Hits []HitView `json:"hits"`

	Identity  string         `json:"identity"`  // read, keyed or declared
	Direction string         `json:"direction"` // of this encounter: the counter's, or that of the paper sheet
	Age       int            `json:"age"`       // full years; -1: not known
	Minor     bool           `json:"minor"`
	Documents []DocumentView `json:"documents"` // further documents of the same person
	Record    RecordView     `json:"record"`
	History   History        `json:"history"`
	// Paper is the sheet that a crossing is entered from; nil for one that happens now.
	Paper *Paper `json:"paper"`
	// Protected says that a need for protection is noted and not lifted. Which one is written
	// nowhere but in the protection part.
	Protected bool `json:"protected"`
	// Previous is the earlier encounter that this one follows: a refusal, for one.
	Previous *border.ID `json:"previous,omitempty"`
	// Responsible is the encounter of the adult who answers for this minor.
	Responsible *border.ID `json:"responsible,omitempty"`
	// Refusable is false for own nationals: they are not refused entry.
	Refusable bool `json:"refusable"`
	// Fingers are those asked for; nil if the country's form asks for none.
	Fingers *FingersView `json:"fingers"`
	// Files are the portrait, the data page and the papers that are attached.
	Files []FileView `json:"files"`
	// From names who referred the encounter, if it was taken from the post's list.
	From string `json:"from,omitempty"`
}

// HitView is a possible match as its handling code lets a screen show it: of an entry to be
// referred the action and the instruction, of an open one what is needed to compare.
type HitView struct {
	Check    verdict.Check  `json:"check"` // document_list or name_list
	Handling watch.Handling `json:"handling"`
	List     string         `json:"list"`
	// Unconfirmed says that the document's number fits a filter that errs once in 65,536, and
	// that the hub, which knows, was not asked.
	Unconfirmed bool              `json:"unconfirmed"`
	Action      string            `json:"action,omitempty"`
	Instruction map[string]string `json:"instruction,omitempty"` // by language: es, en, fr, ht
	Owner       string            `json:"owner,omitempty"`       // whom to contact

	// Of open entries only.
	Entry         string           `json:"entry,omitempty"` // "source/id"
	Score         float64          `json:"score,omitempty"` // probability, 0 to 1
	Names         []watch.Name     `json:"names,omitempty"`
	BirthDates    []string         `json:"birth_dates,omitempty"` // EDTF
	Sex           string           `json:"sex,omitempty"`
	Nationalities []string         `json:"nationalities,omitempty"`
	Photo         string           `json:"photo,omitempty"` // reference
	LegalBasis    string           `json:"legal_basis,omitempty"`
	Purpose       string           `json:"purpose,omitempty"`
	Fields        []watch.Evidence `json:"fields,omitempty"` // field by field, why
}

// RecordView is the form of an encounter: what is asked, and what is known.
type RecordView struct {
	Form   string            `json:"form"`   // version
	Fields []form.Field      `json:"fields"` // those that apply, in the order of the screen
	Values map[string]string `json:"values"` // entered, shared by the group, known, or the default
	// Origins says where each value comes from: entered, shared, known (from the person's last
	// crossing) or default.
	Origins  map[string]string `json:"origins"`
	Problems []form.Problem    `json:"problems"` // what stands between the record and an admission
}

// History is what is known of a person's earlier crossings, as they stand after corrections.
type History struct {
	Stays []PastStay `json:"stays"` // newest first, at most 5
	// DaysUsed and DaysGranted are those of the stay that is open now; 0 if none is known.
	DaysUsed       int                   `json:"days_used"`
	DaysGranted    int                   `json:"days_granted"`
	PermittedUntil string                `json:"permitted_until"`
	LastRefusal    *border.PastCrossing  `json:"last_refusal"`
	OpenReferral   *border.ID            `json:"open_referral"`
	SamePerson     []border.PastCrossing `json:"same_person"` // on other documents: a proposal
}

// PastStay is an earlier stay as far as this station and the hub's answer know it.
type PastStay struct {
	Entry          *border.PastCrossing `json:"entry"` // nil: unknown
	Exit           *border.PastCrossing `json:"exit"`  // nil: inside, or unknown
	Days           int                  `json:"days"`  // calendar days, both ends included; 0: not known
	DaysGranted    int                  `json:"days_granted"`
	PermittedUntil string               `json:"permitted_until"`
	Overstayed     int                  `json:"overstayed"` // days beyond PermittedUntil
}

// Paper is a sheet that was written while nothing worked.
type Paper struct {
	Sheet     string    `json:"sheet"`      // number, at most 40 characters
	CrossedAt time.Time `json:"crossed_at"` // real time of the crossing
}

// ReferralItem is an encounter on the post's list.
type ReferralItem struct {
	QueueItem
	Reason    string    `json:"reason"` // of the form's list
	By        string    `json:"by"`     // name of the officer who referred
	At        time.Time `json:"at"`
	Direction string    `json:"direction"`
}

// Holder is the officer who works at a counter.
type Holder struct {
	Badge    string    `json:"badge"`
	Name     string    `json:"name"`
	Language string    `json:"language,omitempty"` // see Officer
	Since    time.Time `json:"since"`
}

// ShiftView is an open shift.
type ShiftView struct {
	ID       string    `json:"id"`
	OpenedAt time.Time `json:"opened_at"`
	OpenedBy string    `json:"opened_by"` // name
}

// GroupView is a group at a counter.
type GroupView struct {
	ID        border.ID         `json:"id"`
	Kind      string            `json:"kind"` // of the form's list
	Shared    map[string]string `json:"shared"`
	Fields    []form.Field      `json:"fields"` // that can be shared
	Direction string            `json:"direction"`
	Members   []MemberView      `json:"members"`
	Listed    []ListedView      `json:"listed"` // the passenger or crew list; empty if none
	// Ready lists the members that may be decided together: nothing speaks against them.
	Ready []border.ID `json:"ready"`
}

// MemberView is a person of a group.
type MemberView struct {
	ID          border.ID      `json:"id"`
	Surname     string         `json:"surname"`
	GivenNames  string         `json:"given_names"`
	Level       verdict.Level  `json:"level"`
	Revision    uint64         `json:"revision"`
	Age         int            `json:"age"`
	Minor       bool           `json:"minor"`
	Responsible *border.ID     `json:"responsible,omitempty"`
	Restored    bool           `json:"restored"`  // must be called up before it is decided
	Missing     []form.Problem `json:"missing"`   // of the record
	Outcome     border.Outcome `json:"outcome"`   // "" while it is open
	Protected   bool           `json:"protected"` // see EncounterView
	Row         int            `json:"row"`       // of the list, from 1; 0: not on it
}

// ListedView is a person of a passenger or crew list.
type ListedView struct {
	Row        int    `json:"row"` // from 1
	Surname    string `json:"surname"`
	GivenNames string `json:"given_names"`
	Role       string `json:"role"`
	// State is expected, here, through, or no_show.
	State string `json:"state"`
}

// DocumentView is a document as it was read.
type DocumentView struct {
	Format         string `json:"format"` // TD1, TD2, TD3, MRV-A, MRV-B, FRA-ID; "" if no MRZ
	Kind           string `json:"kind"`   // of the form's list, for a keyed document; "" else
	DocumentCode   string `json:"document_code"`
	IssuingState   string `json:"issuing_state"`
	DocumentNumber string `json:"document_number"`
	Surname        string `json:"surname"`
	GivenNames     string `json:"given_names"`
	NamesTruncated bool   `json:"names_truncated"`
	Nationality    string `json:"nationality"`
	BirthDate      string `json:"birth_date"` // EDTF
	Sex            string `json:"sex"`
	ExpiryDate     string `json:"expiry_date"` // EDTF
	OptionalData   string `json:"optional_data"`
	// Wrong names the fields whose check digit does not fit.
	Wrong []string `json:"wrong,omitempty"`
	// Warnings are those of the parser, "code field".
	Warnings []string `json:"warnings,omitempty"`
	// Proposals are repairs that would make check digits fit: shown, never applied.
	Proposals []Proposal `json:"proposals,omitempty"`
	Lines     []string   `json:"lines"` // as read; none for a keyed document
}

// Proposal is a repair of a misread field, shown beside the original.
type Proposal struct {
	Field    string `json:"field"`
	Original string `json:"original"`
	Proposed string `json:"proposed"`
}

// QueueItem is an encounter that waits to be called up, with the name to call.
type QueueItem struct {
	ID         border.ID     `json:"id"` // of the encounter
	Surname    string        `json:"surname"`
	GivenNames string        `json:"given_names"`
	Level      verdict.Level `json:"level"`
	Restored   bool          `json:"restored"`
	// Portrait names the file of the portrait; nil if none was taken.
	Portrait *border.Digest `json:"portrait,omitempty"`
}

// LastRecorded is a crossing that is durable.
type LastRecorded struct {
	Crossing   border.ID      `json:"crossing"`
	Surname    string         `json:"surname"` // "" if the data key is gone
	GivenNames string         `json:"given_names"`
	Outcome    border.Outcome `json:"outcome"`
	Direction  string         `json:"direction"`
	RecordedAt time.Time      `json:"recorded_at"`
	// AfterRestart is true until the counter records again after the station was restarted.
	AfterRestart bool `json:"after_restart"`
}

// Status is the state of everything a verdict leans on, for the banner.
type Status struct {
	Hub      border.HubStatus       `json:"hub"`
	Clock    border.ClockTrust      `json:"clock"`
	Lists    []ListStatus           `json:"lists"`
	Storage  journal.Storage        `json:"storage"`
	Scanners []border.ScannerStatus `json:"scanners"` // of this counter, and unassigned ones
	Today    Today                  `json:"today"`
	SoftKeys bool                   `json:"soft_keys"` // keys are in files: whoever has the disk can read it
	Now      time.Time              `json:"now"`       // the station's clock
	Zone     string                 `json:"zone"`      // IANA zone of the post
	Demo     bool                   `json:"demo"`      // specimen documents can be presented
	// Degraded says that the station goes without fingerprints for now; nil if it does not.
	Degraded *Degraded `json:"degraded"`
}

// FingersView is what came of the fingers of an encounter.
type FingersView struct {
	Asked []FingerView `json:"asked"` // in the order in which they were asked for
	// Next is the finger that is proposed: index, thumb, middle and ring of the right hand, then
	// of the left. 0: all of them were asked for.
	Next border.FingerPosition `json:"next"`
	// Capture is the one under way, or the last one; nil if none was.
	Capture *CaptureView `json:"capture"`
}

// FingerView is one finger that was asked for. Its image is on no screen.
type FingerView struct {
	Position border.FingerPosition `json:"position"`
	Reason   string                `json:"reason"` // why it was asked for, of the form's list
	Attempts int                   `json:"attempts"`
	Taken    bool                  `json:"taken"`
	Finq     int                   `json:"finq"` // quality of the image kept, 0 to 100
	Code     string                `json:"code"` // why it cannot be taken, of the form's list; "" if nobody said
	// Liveness is the sensor's flag: attack if it said so of any image of this finger; "" if it has none.
	Liveness string `json:"liveness"`
}

// CaptureView is a finger being taken, or how that ended.
type CaptureView struct {
	Position border.FingerPosition `json:"position"`
	State    CaptureState          `json:"state"`
	Attempt  int                   `json:"attempt"`  // from 1
	Attempts int                   `json:"attempts"` // at most
	Finq     int                   `json:"finq"`     // of the last image; 0: none yet
	// Problem says what to do better than in the last image, see border/fingerprint; "" if nothing.
	Problem string `json:"problem"`
	// Liveness is the sensor's flag of the last image, or attack if it said so of an earlier one.
	Liveness string `json:"liveness"`
	// Message says why it failed, and what to do, in plain words.
	Message string `json:"message"`
}

// CaptureState is how far a capture has come.
type CaptureState string

// The states. The first three are under way.
const (
	CapturePlace     CaptureState = "place"     // the scanner waits for the finger
	CaptureLift      CaptureState = "lift"      // the finger is to be lifted and placed again
	CaptureKeeping   CaptureState = "keeping"   // the image is being written
	CaptureKept      CaptureState = "kept"      // the best image is kept
	CapturePoor      CaptureState = "poor"      // no image was good enough
	CaptureFailed    CaptureState = "failed"    // see Message
	CaptureCancelled CaptureState = "cancelled" // by the officer
)

// Degraded says that the station goes without fingerprints.
type Degraded struct {
	Since  time.Time `json:"since"`
	Until  time.Time `json:"until"`  // then they are taken again, by themselves
	Reason string    `json:"reason"` // of the form's list
	By     string    `json:"by"`     // name of the supervisor
}

// ListStatus is a watchlist in force.
type ListStatus struct {
	List    string    `json:"list"`
	Version string    `json:"version"`
	Issued  time.Time `json:"issued"`
	AgeS    int64     `json:"age_s"`
	Entries int       `json:"entries"`
	Stale   bool      `json:"stale"` // older than its maximum age
}

// Today counts the crossings of this counter on the post's calendar day.
type Today struct {
	Entries int64 `json:"entries"`
	Exits   int64 `json:"exits"`
	Other   int64 `json:"other"` // refused, withdrawn, handed over, prevented
}

// Officer is who decides, as the roster in force knows them.
type Officer struct {
	Badge string   `json:"badge" toml:"badge"`
	Name  string   `json:"name" toml:"name"`
	Roles []string `json:"roles" toml:"roles"` // inspector, supervisor, technician
	// Language is that of instructions: es, en, fr or ht; "": the first there is of en, es, fr, ht.
	Language string `json:"language,omitempty" toml:"language"`
	// Overdue says that the roster has expired: what the officer does is reviewed later.
	Overdue bool `json:"overdue,omitempty" toml:"-"`
}

// Recorded is the answer to a decision: the crossing is durable.
type Recorded struct {
	Crossing   border.ID      `json:"crossing"`
	Key        border.Key     `json:"key"`
	Outcome    border.Outcome `json:"outcome"`
	RecordedAt time.Time      `json:"recorded_at"`
	Replayed   bool           `json:"replayed"` // it was recorded before; this is that record
}
