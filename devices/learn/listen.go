package learn

import (
	"context"
	"errors"
	"fmt"
	"time"

	"garita/border"
	"garita/devices"
)

// Bauds are the bit rates that are tried if the request names none, the usual ones first.
var Bauds = []int{9600, 115200, 19200, 38400, 57600, 4800, 2400}

// maxBauds is how many bit rates one request may try.
const maxBauds = 16

// settled is the silence after which a presentation is over.
const settled = 700 * time.Millisecond

// Step is what the technician should do, or what came of it.
type Step struct {
	Baud int
	Text string // in plain words
}

// Listen tries one bit rate after the other: it opens the line, waits until the document
// was presented, and infers the framing. open opens the line with 8 data bits and no
// parity; Listen closes it. tell is called before each wait and after each presentation
// that told nothing. It ends with the first bit rate that gives a profile, when none is
// left, or when ctx ends; give it minutes, since a person has to present the document. The
// error is then that of the bit rate at which the most text came.
func Listen(ctx context.Context, r border.LearnRequest, open func(ctx context.Context, baud int) (devices.Stream, error), tell func(Step)) (border.LearnResult, error) {
	if _, err := clean(r.Lines); err != nil {
		return border.LearnResult{}, err
	}
	bauds := r.Bauds
	if len(bauds) == 0 {
		bauds = Bauds
	}
	if len(bauds) > maxBauds {
		return border.LearnResult{}, wrong(fmt.Sprintf("At most %d baud rates can be tried at once.", maxBauds))
	}
	var best error
	most := -1.0
	for _, baud := range bauds {
		tell(Step{baud, "Present the document."})
		line, err := open(ctx, baud)
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
		result, err := Infer(r, Heard{Baud: baud, Presentations: [][]byte{heard}})
		text := readable(heard)
		clear(heard) // personal data
		if err == nil {
			return result, nil
		}
		if text > most {
			best, most = err, text
		}
		tell(Step{baud, border.MessageOf(err)})
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
