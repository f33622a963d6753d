// Package exchange sends what a profile says to a reader on a line of bytes and waits for
// the answer. A reader may send a document at any moment, so bytes that are no answer are
// kept and come with the next read: nothing is lost, and nothing is taken for what it is
// not.
package exchange

import (
	"context"
	"errors"
	"regexp"
	"time"
	"unicode/utf8"

	"garita/border"
	"garita/devices"
	"garita/devices/profile"
)

// maxAnswer is how many bytes may come while an answer is waited for.
const maxAnswer = 4096

// settleFor is how long a line must be silent before the answer to a question about the
// firmware counts as whole: its pattern may match the first half already.
const settleFor = 50 * time.Millisecond

// Line is an open stream with the bytes that were read and not yet used. It is for one
// goroutine.
type Line struct {
	// Refusal, if not nil, matches an answer by which the device refuses.
	Refusal *regexp.Regexp

	stream devices.Stream
	kept   []byte // came while an answer was waited for
	buf    [4096]byte
}

// NewLine returns a line on a stream, which stays the caller's to close.
func NewLine(s devices.Stream) *Line { return &Line{stream: s} }

// Read returns bytes that were kept or waits for new ones; none say that the line was
// silent. They are valid until the next call. Errors are those of [devices.Stream].
func (l *Line) Read(ctx context.Context) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(l.kept) > 0 {
		n := copy(l.buf[:], l.kept)
		clear(l.kept[copy(l.kept, l.kept[n:]):])
		l.kept = l.kept[:len(l.kept)-n]
		return l.buf[:n], nil
	}
	n, err := l.stream.Read(ctx, l.buf[:])
	return l.buf[:n], err
}

// Write sends bytes within a time.
func (l *Line) Write(ctx context.Context, b []byte, within time.Duration) error {
	timed, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	err := l.stream.Write(timed, b)
	if err != nil && ctx.Err() == nil && timed.Err() != nil && !errors.Is(err, devices.ErrUnplugged) {
		return noReply("write to the scanner", err)
	}
	return err
}

// Forget drops what was kept: a document presented while nobody listened must not appear
// later. It is personal data, so its bytes are cleared.
func (l *Line) Forget() {
	clear(l.kept)
	clear(l.buf[:])
	l.kept = l.kept[:0]
}

// Run makes exchanges in order. reply is the time for an answer where an exchange has none
// of its own. Errors are those of [Line.Ask].
func (l *Line) Run(ctx context.Context, list []profile.Exchange, reply time.Duration) error {
	for _, e := range list {
		within := reply
		if e.WithinMS > 0 {
			within = time.Duration(e.WithinMS) * time.Millisecond
		}
		if e.Expect == "" {
			if err := l.Write(ctx, e.Send, patience(within)); err != nil {
				return err
			}
		} else if _, err := l.Ask(ctx, e.Send, e.Expect, within); err != nil {
			return err
		}
		if err := Pause(ctx, time.Duration(e.PauseMS)*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// Ask sends a question and returns the part of what comes that matches a regular
// expression (bytes as Latin-1). Errors wrap [devices.ErrNoReply], [devices.ErrStalled]
// (a refusal), [devices.ErrProtocol] (too much came), or are the stream's or ctx's.
func (l *Line) Ask(ctx context.Context, question []byte, expect string, within time.Duration) ([]byte, error) {
	return l.ask(ctx, question, expect, within, 0)
}

func (l *Line) ask(ctx context.Context, question []byte, expect string, within, settle time.Duration) ([]byte, error) {
	pattern, err := regexp.Compile(expect)
	if err != nil {
		return nil, &border.Error{Code: border.Invalid, Op: "ask the scanner", Message: "The profile's pattern for an answer cannot be read.", Err: err}
	}
	timed, cancel := context.WithTimeout(ctx, patience(within))
	defer cancel()
	if err := l.stream.Write(timed, question); err != nil {
		return nil, l.judge(ctx, timed, err)
	}
	var got []byte
	defer func() { l.keep(got) }()
	for {
		from, to := find(pattern, got)
		if from < 0 && l.Refusal != nil {
			if f, _ := find(l.Refusal, got); f >= 0 {
				return nil, &border.Error{Code: border.Unavailable, Op: "ask the scanner", Err: devices.ErrStalled,
					Message: "The scanner refuses a command of its profile. Check that profile, model and firmware fit."}
			}
		}
		if from >= 0 {
			more, err := l.more(ctx, settle)
			if err != nil {
				return nil, err
			}
			if len(more) == 0 {
				answer := append([]byte(nil), got[from:to]...)
				got = append(got[:from], got[to:]...)
				return answer, nil
			}
			got = append(got, more...)
		} else {
			n, err := l.stream.Read(timed, l.buf[:])
			got = append(got, l.buf[:n]...)
			if err != nil {
				return nil, l.judge(ctx, timed, err)
			}
		}
		if len(got) > maxAnswer {
			clear(got)
			got = got[:0]
			return nil, &border.Error{Code: border.Unavailable, Op: "ask the scanner", Err: devices.ErrProtocol,
				Message: "The scanner sends without end instead of answering. Check that profile and baud rate fit."}
		}
	}
}

// more reads what comes within a time after a match.
func (l *Line) more(ctx context.Context, settle time.Duration) ([]byte, error) {
	if settle == 0 {
		return nil, nil
	}
	timed, cancel := context.WithTimeout(ctx, settle)
	defer cancel()
	n, err := l.stream.Read(timed, l.buf[:])
	if err != nil && ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		err = nil
	}
	return l.buf[:n], err
}

// judge says what an error of a call with the time limit means.
func (l *Line) judge(ctx, timed context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if timed.Err() != nil && !errors.Is(err, devices.ErrUnplugged) && !errors.Is(err, devices.ErrClosed) {
		return noReply("ask the scanner", err)
	}
	return err
}

// keep puts bytes that were no answer back; too many of them are no document either.
func (l *Line) keep(b []byte) {
	if len(l.kept)+len(b) > 2*maxAnswer {
		l.Forget()
	}
	l.kept = append(l.kept, b...)
	clear(b)
}

// Identify asks the device for its firmware as the profile says. A profile without a
// question gives the zero About.
func (l *Line) Identify(ctx context.Context, id profile.Identify, reply time.Duration) (devices.About, error) {
	if len(id.Send) == 0 {
		return devices.About{}, nil
	}
	expect := id.Pattern
	if expect == "" {
		expect = `(?s).+`
	}
	answer, err := l.ask(ctx, id.Send, expect, reply, settleFor)
	if err != nil {
		return devices.About{}, err
	}
	return About(id, answer), nil
}

// About makes of an answer what the profile finds in it.
func About(id profile.Identify, answer []byte) devices.About {
	return devices.About{Firmware: printable(id.Firmware(answer)), Text: printable(latin1(answer))}
}

// Pause waits, or returns ctx's error when ctx ends first.
func Pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// patience bounds a wait that a profile leaves open.
func patience(d time.Duration) time.Duration {
	if d <= 0 {
		return time.Second
	}
	return d
}

func noReply(op string, cause error) error {
	return &border.Error{Code: border.Unavailable, Op: op, Err: errors.Join(devices.ErrNoReply, cause),
		Message: "The scanner does not answer. Check that it is switched on and that profile and baud rate fit, then unplug it and plug it in again."}
}

// find returns where a pattern matches bytes taken as Latin-1, or -1.
func find(p *regexp.Regexp, b []byte) (from, to int) {
	text := latin1(b)
	at := p.FindStringIndex(text)
	if at == nil {
		return -1, -1
	}
	return utf8.RuneCountInString(text[:at[0]]), utf8.RuneCountInString(text[:at[1]])
}

func latin1(b []byte) string {
	r := make([]rune, len(b))
	for i, c := range b {
		r[i] = rune(c)
	}
	return string(r)
}

// printable makes a text fit for a screen: at most 200 bytes of printable ASCII.
func printable(s string) string {
	b := make([]byte, 0, min(len(s), 200))
	for i := 0; i < len(s) && len(b) < 200; i++ {
		if s[i] >= 0x20 && s[i] <= 0x7e {
			b = append(b, s[i])
		} else if len(b) > 0 && b[len(b)-1] != ' ' {
			b = append(b, ' ')
		}
	}
	for len(b) > 0 && b[len(b)-1] == ' ' {
		b = b[:len(b)-1]
	}
	return string(b)
}
