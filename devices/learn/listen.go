package learn

import (
	"context"
	"errors"
	"time"

	"garita/border"
	"garita/devices"
)

// Bauds are the bit rates that are tried if the request names none, the usual ones first.
var Bauds = []int{9600, 115200, 19200, 38400, 57600, 4800, 2400}

// Layouts are the keyboards that a reader which types may play, the usual one first.
var Layouts = []string{"us", "de", "fr"}

// maxBauds is how many bit rates one request may try.
const maxBauds = 16

// Setting is one way to listen: at a bit rate, or with a keyboard's layout.
type Setting struct {
	Baud   int    // bits per second of a serial line; 0: a keyboard
	Layout string // of a keyboard
}

// Settings are those that a request asks to try: its bit rates or the usual ones; for a reader that
// types, the usual layouts.
func Settings(r border.LearnRequest, wedge bool) []Setting {
	var out []Setting
	if wedge {
		for _, l := range Layouts {
			out = append(out, Setting{Layout: l})
		}
		return out
	}
	bauds := r.Bauds
	if len(bauds) == 0 {
		bauds = Bauds
	}
	for _, b := range bauds {
		out = append(out, Setting{Baud: b})
	}
	return out
}

// settled is the silence after which a presentation is over.
const settled = 700 * time.Millisecond

// Step is what the technician should do, or what came of it. It holds nothing of a document but its shape.
type Step struct {
	Setting
	Attempt, Attempts int    // of the settings, from 1
	Text              string // in plain words
	Heard             bool   // something came, and what follows is about it
	Bytes, Readable   int    // how many, and how many of 100 can stand in a document
	Shapes            string // see [Shapes]
}

// Listen tries one setting after the other: it opens the line, waits until the document
// was presented, and infers the framing. open opens a line with 8 data bits and no
// parity, or a keyboard; Listen closes it. tell is called before each wait and after each
// presentation. It ends with the first setting that gives a profile, when none is
// left, or when ctx ends; give it minutes, since a person has to present the document. The
// error is then that of the setting at which the most text came.
func Listen(ctx context.Context, r border.LearnRequest, settings []Setting, open func(context.Context, Setting) (devices.Stream, error), tell func(Step)) (border.LearnResult, error) {
	if _, err := clean(r.Lines); err != nil {
		return border.LearnResult{}, err
	}
	if len(settings) > maxBauds {
		return border.LearnResult{}, wrong("At most {0} baud rates can be tried at once.", maxBauds)
	}
	var best error
	most := -1.0
	for i, at := range settings {
		step := Step{Setting: at, Attempt: i + 1, Attempts: len(settings), Text: "Present the document."}
		tell(step)
		line, err := open(ctx, at)
		if err != nil {
			return border.LearnResult{}, err
		}
		heard, err := presentation(ctx, line)
		err = errors.Join(err, line.Close())
		if err != nil {
			clear(heard)
			if best != nil && ctx.Err() != nil {
				return border.LearnResult{}, best
			}
			return border.LearnResult{}, err
		}
		result, err := Infer(r, Heard{Setting: at, Presentations: [][]byte{heard}})
		text := readable(heard)
		step.Text, step.Heard, step.Bytes, step.Readable, step.Shapes = border.MessageOf(err), true, len(heard), int(text*100), Shapes(heard)
		clear(heard) // personal data
		tell(step)
		if err == nil {
			return result, nil
		}
		if text > most {
			best, most = err, text
		}
	}
	return border.LearnResult{}, best
}

// presentation waits for bytes, and returns those up to the silence after them.
func presentation(ctx context.Context, line devices.Stream) ([]byte, error) {
	var heard []byte
	buf := make([]byte, 1024)
	defer clear(buf)
	var last time.Duration
	for {
		n, err := line.Read(ctx, buf)
		if len(heard)+n > MaxBytes {
			clear(heard)
			return nil, &border.Error{Code: border.TooLarge, Op: op, Message: "The reader sends without end. Unplug it and plug it in again."}
		}
		heard = append(heard, buf[:n]...)
		if err != nil {
			return heard, err
		}
		if now := devices.Monotonic(); n > 0 {
			last = now
		} else if len(heard) > 0 && now-last >= settled {
			return heard, nil
		}
	}
}
