// Package flows has the words for counts of crossings: what they are counted by, the questions
// that the register answers about them (border/register), what may be shown of small numbers to
// whom, and the file in which they leave the house. It is pure.
//
// Crossings are counted as they stand after corrections, from open headers only; so erasing
// somebody's particulars changes no count.
package flows

import (
	"fmt"
	"slices"
	"time"

	"garita/border"
)

// Dimension is something that crossings are counted by. A crossing that says nothing of it is in
// no code of it: what the codes lack of the total said nothing.
type Dimension string

// The dimensions. All are open codes of the header.
const (
	Nationality Dimension = "nationality" // Doc 9303 code: citizenship
	Residence   Dimension = "residence"   // country of usual residence, which classifies visitors (IRTS 2008)
	Sex         Dimension = "sex"         // M, F or X
	Age         Dimension = "age"         // UN five-year group, see AgeGroup
	Category    Dimension = "category"    // migratory category
	Purpose     Dimension = "purpose"     // IRTS 2008
	Transport   Dimension = "transport"   // mode of transport
	Document    Dimension = "document"    // kind of document
	Issuer      Dimension = "issuer"      // of the document
	Ground      Dimension = "ground"      // of a refusal or another decision against the traveller
	VisaIssuer  Dimension = "visa_issuer" // state that issued the visa
	Fingers     Dimension = "fingers"     // Taken, NotTaken: of whom fingers were asked
)

// The codes of [Fingers].
const (
	Taken    = "taken"
	NotTaken = "not_taken" // of at least one finger that was asked for, an image could not be had
)

// Dimensions lists all dimensions.
func Dimensions() []Dimension {
	return []Dimension{Nationality, Residence, Sex, Age, Category, Purpose, Transport, Document, Issuer, Ground, VisaIssuer, Fingers}
}

// Known reports whether crossings are counted by d.
func (d Dimension) Known() bool { return slices.Contains(Dimensions(), d) }

// oldest is where the last age group begins.
const oldest = 80

// AgeGroup gives the five-year group (United Nations, Provisional Guidelines on Standard
// International Age Classifications, 1982) in the notation of SDMX: Y0T4, Y5T9, …, Y_GE80. The
// age is what somebody born in a year reaches in the year of the crossing, because the open header
// has no birth date. "" if the year is unknown or gives no age from 0 to 130.
func AgeGroup(birthYear, year int) string {
	age := year - birthYear
	switch {
	case birthYear <= 0 || age < 0 || age > 130:
		return ""
	case age >= oldest:
		return fmt.Sprintf("Y_GE%d", oldest)
	}
	from := age / 5 * 5
	return fmt.Sprintf("Y%dT%d", from, from+4)
}

// AgeGroups lists all groups, the youngest first.
func AgeGroups() (out []string) {
	for from := 0; from < oldest; from += 5 {
		out = append(out, fmt.Sprintf("Y%dT%d", from, from+4))
	}
	return append(out, fmt.Sprintf("Y_GE%d", oldest))
}

// Group is a direction and how crossings of it ended; an empty field stands for all.
type Group struct {
	Direction string // entry or exit
	Outcome   string // see border.Outcome
}

// Arrivals are admitted entries.
func Arrivals() Group { return Group{border.Entry, string(border.Admitted)} }

// Departures are departed exits.
func Departures() Group { return Group{border.Exit, string(border.Departed)} }

// Refusals are refused entries.
func Refusals() Group { return Group{border.Entry, string(border.Refused)} }

// Question chooses crossings; the zero value of each field but the days chooses all.
type Question struct {
	From, To string        // calendar days at the posts, "2026-11-22", the last one included
	Post     border.PostID // one post
	Group
}

// Division says how crossings are divided for a [Grid] of posts by something else: those of a group, by a
// dimension, by [ByGroup] or by [ByDay].
type Division struct {
	Group
	By Dimension
}

// What grids can be divided by besides the dimensions.
const (
	ByGroup Dimension = ""    // columns are groups, "entry/admitted"
	ByDay   Dimension = "day" // columns are all calendar days of the question, in order
)

// Count is how often a code came.
type Count struct {
	Code string `json:"code"`
	N    int64  `json:"n"`
}

// Table is how crossings divide by a dimension.
type Table struct {
	Dimension Dimension `json:"dimension"`
	Counts    []Count   `json:"counts"`  // the most frequent first, then by code
	Unknown   int64     `json:"unknown"` // said nothing of it
	Total     int64     `json:"total"`
}

// Step is how finely a series is divided.
type Step string

// The steps.
const (
	Daily   Step = "day"
	Weekly  Step = "week" // ISO 8601, from Monday
	Monthly Step = "month"
)

// Point is one step of a series: its first day, and how many there were. A step that the
// question's days cut is counted as far as they reach.
type Point struct {
	From    string `json:"from"`    // day
	Entries int64  `json:"entries"` // admitted
	Exits   int64  `json:"exits"`   // departed
	Refused int64  `json:"refused"` // entries refused
	N       int64  `json:"n"`       // all that the question chooses
}

// Hour is an hour of the clock at the post, today beside the usual.
type Hour struct {
	N int64 `json:"n"` // 0 in hours that have not begun
	// Usual is the median of the same hour on the same weekday in the last eight weeks, zeros too but for
	// weeks before the first crossing, Least and Most its bounds.
	Usual int64 `json:"usual"`
	Least int64 `json:"least"`
	Most  int64 `json:"most"`
}

// Today is how a day goes beside the usual. The day of each post is that of its own zone.
type Today struct {
	Day   string   `json:"day"`   // of the post asked for; the earliest that runs if all are
	Now   int      `json:"now"`   // the hour that runs, 0 to 23; of the latest post if all are asked for
	Weeks int      `json:"weeks"` // how many of the eight weeks lie not before the first crossing; 0: nothing is usual yet
	Hours [24]Hour `json:"hours"`
	N     int64    `json:"n"`     // so far
	Usual int64    `json:"usual"` // median of the same day until the end of the hour that runs, at each post by its own clock
}

// PostToday is what passed at a post today, by its own clock.
type PostToday struct {
	Post     border.PostID `json:"post"`
	Zone     string        `json:"zone"` // IANA; UTC if no station has told it
	Day      string        `json:"day"`
	Entries  int64         `json:"entries"` // admitted
	Exits    int64         `json:"exits"`   // departed
	Refused  int64         `json:"refused"`
	Other    int64         `json:"other"`     // all other outcomes
	LastHour int64         `json:"last_hour"` // of all outcomes, in the last four quarters of an hour that have begun
	Usual    int64         `json:"usual"`     // of all outcomes: median of the same weekday until the same quarter of an hour
	Weeks    int           `json:"weeks"`     // of how many weeks, see [Today]; 0: nothing is usual yet
	// CompleteAt is until when everything that its stations recorded is here; the oldest of them.
	// Zero: never yet.
	CompleteAt time.Time `json:"complete_at"`
}

// Presence counts who is in the country, and who is beyond the last day permitted.
type Presence struct {
	Inside    Certainty `json:"inside"`
	Overstays Certainty `json:"overstays"` // as of the last day that is over at every post
	// AsOf is until when the data of all stations are complete: the age of this truth. Zero: some
	// station's never were.
	AsOf   time.Time `json:"as_of"`
	StaleS int64     `json:"stale_s"` // how long ago that was; 0: all are complete now
	Late   []Late    `json:"late"`    // the posts whose data lack, the oldest first
	// Counting says that it is not counted yet of how many somebody may have left on another document: nobody
	// is certain until it is.
	Counting bool `json:"counting"`
}

// Certainty counts what nothing known speaks against, and the rest apart.
type Certainty struct {
	Certain   int64 `json:"certain"`
	Uncertain int64 `json:"uncertain"`
}

// Late is a post whose data lack.
type Late struct {
	Post     border.PostID    `json:"post"`
	Station  border.StationID `json:"station"`
	Complete time.Time        `json:"complete_at"` // zero: never yet
}

// Coverage says how far the counts of a post in some days can be relied on.
type Coverage struct {
	Post      border.PostID `json:"post"`
	Stations  int           `json:"stations"`
	Until     time.Time     `json:"until"`     // complete until then; zero: never
	Complete  bool          `json:"complete"`  // until the end of the last day at the post
	N         int64         `json:"n"`         // crossings of all outcomes
	Untrusted int64         `json:"untrusted"` // of them by a clock that could not be trusted
}

// Cross is a cell of the monthly cross table.
type Cross struct {
	Nationality string `json:"nationality"`
	Sex         string `json:"sex"`
	Age         string `json:"age"`
	Category    string `json:"category"`
	N           int64  `json:"n"`
}
