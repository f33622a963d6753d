// Package source reads watchlists in the formats in which they are published and in
// Garita's own, and gives neutral entries ([watch.Entry]). It streams, and every size is
// bounded before anything is kept: what it reads comes from outside.
//
// A bad row never stops an import and is never dropped in silence: the [Report] names its
// line and says why. A file that is cut off, in another encoding or not of its format is an
// error, never a shorter list. Neither a report nor an error repeats what a file says.
package source

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"garita/border"
	"garita/border/watch"
)

// Kind names a format.
type Kind string

// The formats. [Documents] is read by [ReadDocuments], the others by [Read].
const (
	UN        Kind = "un"        // United Nations Security Council consolidated list, XML
	OFAC      Kind = "ofac"      // OFAC SDN: sdn.csv, alt.csv, add.csv, sdn_comments.csv
	FtM       Kind = "ftm"       // OpenSanctions: FollowTheMoney entities, one JSON object a line
	INTERPOL  Kind = "interpol"  // INTERPOL public notices, JSON
	CSV       Kind = "csv"       // Garita's own, for national lists
	Documents Kind = "documents" // stolen, lost and revoked documents, CSV
)

// Terms is what a public source does not say of its entries and the state that uses it
// must. What a file says itself goes before.
type Terms struct {
	Handling     watch.Handling     `json:"handling,omitempty"` // "": refer
	Applies      watch.Applies      `json:"applies_to,omitempty"`
	Distribution watch.Distribution `json:"distribution,omitempty"`
	HighRisk     bool               `json:"high_risk,omitempty"`
	Urgent       bool               `json:"urgent,omitempty"`
	Action       string             `json:"action,omitempty"`
	Instruction  map[string]string  `json:"instruction,omitempty"` // by language; shared by all entries
	LegalBasis   string             `json:"legal_basis,omitempty"`
	Purpose      string             `json:"purpose,omitempty"`
	Owner        string             `json:"owner,omitempty"`
}

// Options say how a source is read. The zero value will do.
type Options struct {
	Source      string // name of the source in its entries; "": the kind's name, for csv the list's
	Terms       Terms
	MaxBytes    int64 // of all files together; 0: 1 GiB, for documents 16 GiB
	MaxEntries  int   // 0: 2 million entries, 200 million documents
	MaxProblems int   // named one by one in the report; 0: 1,000
	// Unread is told the id of an entry that is in the source and had to be left out, where it
	// can be read: whoever holds the entry already must not take it for withdrawn. It may be nil.
	Unread func(id string)
}

// Limits of one entry. What is beyond them is cut off and reported.
const (
	maxField     = 1 << 10 // bytes of one value
	maxNames     = 300
	maxValues    = 64 // birth dates, nationalities, countries
	maxDocuments = 100
)

// Code says what is wrong with a row or a value. Codes are append-only: screens translate
// them.
type Code string

// The codes of problems.
const (
	NoID           Code = "no_id"           // the entry has no id, or none of letters and digits
	NoName         Code = "no_name"         // neither a name nor a document
	DuplicateID    Code = "duplicate_id"    // the first one stays
	BadDate        Code = "bad_date"        // not a date, or one that cannot be
	UnknownCountry Code = "unknown_country" // no Doc 9303 code for it
	UnknownWord    Code = "unknown_word"    // a handling, action, sex, quality, … that there is not
	TooLong        Code = "too_long"        // a row or a value beyond its limit
	TooMany        Code = "too_many"        // values beyond the limit of an entry
	NotText        Code = "not_text"        // not UTF-8, or with control characters
	BadQuotes      Code = "bad_quotes"      // a CSV quotation that does not end or ends amidst
	BadColumns     Code = "bad_columns"     // more or fewer columns than the header
	BadJSON        Code = "bad_json"
	Orphan         Code = "orphan"         // belongs to an entry that is not in the file
	UnknownColumn  Code = "unknown_column" // of the header; it is not read
	BadDocument    Code = "bad_document"   // no number in it
	OtherPaper     Code = "other_paper"    // neither a travel nor an identity document: left out, counted only
	NotPerson      Code = "not_person"     // a vessel, company, aircraft, …: left out, counted only
	NotTarget      Code = "not_target"     // in the data for its ties to others only: left out, counted only
)

// Problem is one thing that could not be read. It holds no personal data.
type Problem struct {
	File    string `json:"file,omitempty"` // within the source
	Line    int    `json:"line"`           // from 1
	Code    Code   `json:"code"`
	Field   string `json:"field,omitempty"` // as the format names it
	Skipped bool   `json:"skipped"`         // the whole row or entry was left out, not only a value
}

// Report says what was read and what was not.
type Report struct {
	// What the source says of itself; empty where it says nothing.
	List    string        `json:"list,omitempty"`
	Version string        `json:"version,omitempty"`
	Issued  time.Time     `json:"issued,omitzero"`
	MaxAge  time.Duration `json:"max_age,omitempty"`

	Entries  int          `json:"entries"`          // handed on
	Skipped  int          `json:"skipped"`          // rows or entries left out because of a problem
	Counts   map[Code]int `json:"counts,omitempty"` // of every problem, and of what was left out by rule
	Problems []Problem    `json:"problems"`         // the first [Options.MaxProblems]
	More     int          `json:"more,omitempty"`   // further problems
	Bytes    int64        `json:"bytes"`            // read
}

// Dir gives the files of a source that lies at path: a directory, or one file alone.
func Dir(path string) (fs.FS, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, &border.Error{Code: border.NotFound, Op: "open watchlist source", Message: "There is no such file or directory.", Err: err}
	}
	if info.IsDir() {
		return os.DirFS(path), nil
	}
	return one{os.DirFS(filepath.Dir(path)), filepath.Base(path)}, nil
}

// one is a directory of which only one file is to be seen.
type one struct {
	fs.FS
	name string
}

func (o one) Open(name string) (fs.File, error) {
	if name != o.name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return o.FS.Open(name)
}

// ReadDir implements [fs.ReadDirFS].
func (o one) ReadDir(string) ([]fs.DirEntry, error) {
	info, err := fs.Stat(o.FS, o.name)
	if err != nil {
		return nil, err
	}
	return []fs.DirEntry{fs.FileInfoToDirEntry(info)}, nil
}

// Read reads the source that lies in files and hands each entry to emit, which may keep it.
// It ends at the first error of emit and returns that. A source that cannot be read as a
// whole gives an error beside what the report has so far: entries that were handed on are
// then a part of the list and must not be used as the list.
func Read(ctx context.Context, kind Kind, files fs.FS, o Options, emit func(*watch.Entry) error) (Report, error) {
	if o.Source == "" && kind != CSV {
		o.Source = string(kind)
	}
	r := newRun(ctx, files, o, emit)
	var err error
	switch kind {
	case UN:
		err = r.each(r.readUN)
	case OFAC:
		err = r.readOFAC()
	case FtM:
		err = r.readFtM()
	case INTERPOL:
		err = r.readINTERPOL()
	case CSV:
		err = r.readCSV()
	default:
		err = &border.Error{Code: border.Invalid, Op: "read watchlist source", Message: "There is no such kind of source: {0}.", Args: []any{string(kind)}}
	}
	return r.report, err
}

// Load reads the source at path into memory.
func Load(ctx context.Context, kind Kind, path string, o Options) ([]*watch.Entry, Report, error) {
	files, err := Dir(path)
	if err != nil {
		return nil, Report{}, err
	}
	var entries []*watch.Entry
	report, err := Read(ctx, kind, files, o, func(e *watch.Entry) error {
		entries = append(entries, e)
		return nil
	})
	if err != nil {
		return nil, report, err
	}
	return entries, report, nil
}
