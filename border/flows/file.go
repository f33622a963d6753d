package flows

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"garita/border"
)

// Codes of SDMX for a row that is about all of a dimension, for those who said nothing of it, and for the frequency
// of days that somebody chose: there is none.
const (
	All     = "_T"
	Unknown = "_U"
	NoFreq  = "_Z"
)

// Observation is one number of a report's file.
type Observation struct {
	Freq   string        // D, W, M or NoFreq
	Period string        // 2026-11-22, 2026-W47, 2026-11, or seven days as 2026-11-16/P7D
	Post   border.PostID // "": all posts together
	Group
	Dimension Dimension // "": all crossings of the group
	Code      string    // of the dimension; "": said nothing of it
	N         int64
	Hidden    bool // a small number, or one that would give a small one back
}

// File is what a report's file is of.
type File struct {
	Area     string // of the country, as its documents say it; "": not said
	Made     time.Time
	Coverage []Coverage
	Rows     []Observation
}

// columns are those of the file, by dimension after the fixed ones.
var columns = [...]struct {
	name string
	of   Dimension
}{
	{"SEX", Sex}, {"AGE", Age}, {"CITIZENSHIP", Nationality}, {"RESIDENCE", Residence}, {"CATEGORY", Category}, {"PURPOSE", Purpose},
	{"TRANSPORT", Transport}, {"DOCUMENT", Document}, {"DOCUMENT_ISSUER", Issuer}, {"GROUND", Ground}, {"VISA_ISSUER", VisaIssuer}, {"FINGERS", Fingers},
}

// Write writes the file as CSV (RFC 4180) in columns like those of SDMX-CSV, one number a row.
// OBS_STATUS is Q for what is suppressed, whose OBS_VALUE is empty; P where a post that the number
// takes in has not reported all (provisional); A otherwise (SDMX code list CL_OBS_STATUS). What it
// covers stands in each row: how many posts have reported all, of how many, and until when all of
// them have. No value begins as a formula does.
func (f *File) Write(w io.Writer) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	head := []string{"REF_AREA", "POST", "FREQ", "TIME_PERIOD", "DIRECTION", "OUTCOME"}
	for _, c := range columns {
		head = append(head, c.name)
	}
	if err := out.Write(append(head, "OBS_VALUE", "OBS_STATUS", "POSTS_COMPLETE", "POSTS", "COMPLETE_UNTIL", "MADE")); err != nil {
		return fmt.Errorf("write a report's file: %w", err)
	}
	for i := range f.Rows {
		if err := out.Write(f.row(&f.Rows[i])); err != nil {
			return fmt.Errorf("write a report's file: %w", err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write a report's file: %w", err)
	}
	return nil
}

func (f *File) row(o *Observation) []string {
	row := []string{f.Area, or(string(o.Post), All), o.Freq, o.Period, or(o.Direction, All), or(o.Outcome, All)}
	for _, c := range columns {
		switch {
		case c.of != o.Dimension:
			row = append(row, All)
		default:
			row = append(row, or(o.Code, Unknown))
		}
	}
	complete, posts, until := f.covers(o.Post)
	value, status := strconv.FormatInt(o.N, 10), "A"
	switch {
	case o.Hidden:
		value, status = "", "Q"
	case complete < posts:
		status = "P"
	}
	row = append(row, value, status, strconv.Itoa(complete), strconv.Itoa(posts), until, f.Made.UTC().Format(time.RFC3339))
	for i := range row {
		row[i] = plain(row[i])
	}
	return row
}

// covers says how many of the posts that a row takes in have reported all, and until when all have;
// "" if one of them never has.
func (f *File) covers(post border.PostID) (complete, posts int, until string) {
	var oldest time.Time
	never := false
	for _, c := range f.Coverage {
		if post != "" && c.Post != post {
			continue
		}
		posts++
		if c.Complete {
			complete++
		}
		if never = never || c.Until.IsZero(); oldest.IsZero() || c.Until.Before(oldest) {
			oldest = c.Until
		}
	}
	if posts > 0 && !never {
		until = oldest.UTC().Format(time.RFC3339)
	}
	return complete, posts, until
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// plain keeps a table program from taking a value for a formula.
func plain(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\n|", rune(s[0])) {
		return "'" + s
	}
	return s
}
