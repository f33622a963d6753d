package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"time"

	"garita/border/mrz"
)

// maxMRZLine bounds one line of input to `garita mrz`, in bytes.
const maxMRZLine = mrz.MaxInput

// mrzCmd is `garita mrz`.
type mrzCmd struct{}

// Help is the long help text.
func (mrzCmd) Help() string {
	return `Reads JSON Lines from standard input and writes one JSON object for each, in order:

  {"id":"c1","lines":["P<UTO...","..."],"today":"2026-11-21"}

"today" chooses the centuries of two-digit years; without it the clock does.
The answer has the fields, what each check digit says, warnings, and proposals
for misread characters that were not applied; or "error" with "code" and
"message" if the lines are no machine readable zone.

  echo '{"id":1,"lines":["I<UTOD231458907<<<<<<<<<<<<<<<","7408122F1204159UTO<<<<<<<<<<<6","ERIKSSON<<ANNA<MARIA<<<<<<<<<<"]}' | garita mrz`
}

// Run answers every line of standard input.
func (mrzCmd) Run(w *world) error { return runMRZ(w.in, w.out, w.now) }

// mrzQuestion is one line of input. Its parts are kept as they are until each is known
// to be of the right shape, so that an answer can name the id of a bad question.
type mrzQuestion struct {
	ID    json.RawMessage `json:"id"`
	Lines json.RawMessage `json:"lines"`
	Today json.RawMessage `json:"today"`
}

// mrzAnswer is one line of output: the document's fields or an error.
type mrzAnswer struct {
	ID json.RawMessage `json:"id"`
	*mrz.Document
	Error *mrzFault `json:"error,omitempty"`
}

type mrzFault struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Faults of a question that has no zone to read; the others are those of border/mrz.
var (
	faultNoJSON  = &mrzFault{"invalid_input", `Each line is one JSON object with "id", "lines" (a list of texts) and "today" (YYYY-MM-DD).`}
	faultTooLong = &mrzFault{"too_long", "This line of input is beyond the limit of 8 MiB."}
	faultToday   = &mrzFault{"invalid_input", `"today" is a day of the calendar written YYYY-MM-DD.`}
)

// runMRZ answers JSON Lines from in on out until in ends. Answers are flushed whenever
// the next question is not there yet, so it can be used by hand or by another program
// question by question. The error is that of in or out.
func runMRZ(in io.Reader, out io.Writer, now func() time.Time) error {
	w := bufio.NewWriterSize(out, 64<<10)
	r := bufio.NewReaderSize(flushBeforeRead{in, w}, 64<<10)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false) // "<" reads better, and it is as good JSON
	var line []byte
	for {
		var tooLong bool
		var err error
		line, tooLong, err = readLine(r, line[:0], maxMRZLine)
		if err != nil && !errors.Is(err, io.EOF) {
			return errors.Join(err, w.Flush())
		}
		switch {
		case tooLong:
			if err := enc.Encode(mrzAnswer{Error: faultTooLong}); err != nil {
				return err
			}
		case len(bytes.TrimSpace(line)) > 0:
			if err := enc.Encode(answerMRZ(line, now)); err != nil {
				return err
			}
		}
		if err != nil {
			return w.Flush()
		}
	}
}

// answerMRZ reads one question and its zone.
func answerMRZ(line []byte, now func() time.Time) mrzAnswer {
	var q mrzQuestion
	if json.Unmarshal(line, &q) != nil {
		return mrzAnswer{Error: faultNoJSON}
	}
	var a mrzAnswer
	if len(q.ID) > 0 {
		a.ID = bytes.ToValidUTF8(q.ID, []byte("\uFFFD"))
	}
	var lines []string
	if len(q.Lines) > 0 && json.Unmarshal(q.Lines, &lines) != nil {
		a.Error = faultNoJSON
		return a
	}
	today, ok := readToday(q.Today, now)
	if !ok {
		a.Error = faultToday
		return a
	}
	d, err := mrz.Parse(lines, today)
	if err != nil {
		code := mrz.CodeOf(err)
		a.Error = &mrzFault{code, mrz.ErrorCode(code).Message()}
		return a
	}
	a.Document = d
	return a
}

// readToday reads the day of a question; none, null and "" mean the clock's.
func readToday(raw json.RawMessage, now func() time.Time) (time.Time, bool) {
	var s string
	if len(raw) > 0 && json.Unmarshal(raw, &s) != nil {
		return time.Time{}, false
	}
	if s == "" {
		return now(), true
	}
	day, err := time.Parse(time.DateOnly, s)
	return day, err == nil
}

// readLine appends a line to buf, without its end. Of a line longer than limit it keeps
// nothing but reads past it. A last line without an end comes with io.EOF.
func readLine(r *bufio.Reader, buf []byte, limit int) (line []byte, tooLong bool, err error) {
	for {
		piece, err := r.ReadSlice('\n')
		if len(buf)+len(piece) > limit {
			tooLong = true
		}
		if !tooLong {
			buf = append(buf, piece...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return bytes.TrimSuffix(buf, []byte{'\n'}), tooLong, err
		}
	}
}

// flushBeforeRead writes out what is buffered before it waits for more input.
type flushBeforeRead struct {
	io.Reader
	w *bufio.Writer
}

// Read flushes, then reads.
func (f flushBeforeRead) Read(p []byte) (int, error) {
	if err := f.w.Flush(); err != nil {
		return 0, err
	}
	return f.Reader.Read(p)
}
