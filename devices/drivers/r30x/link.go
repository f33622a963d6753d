package r30x

import (
	"context"
	"errors"
	"time"

	"garita/border"
	"garita/devices"
)

// address is that of every module that nobody has given another.
const address = 0xffffffff

// anyLength stands for the length of an answer that is not known beforehand.
const anyLength = -1

// lengths are the lengths of the answers, confirmation code included, of the instructions
// whose answers cannot be taken for those of others. They serve to find out what is old.
var lengths = map[byte]int{readSysPara: 17, templateNum: 3, getRandom: 5}

// probes are those instructions in the order of their use.
var probes = []byte{readSysPara, templateNum, getRandom}

// maxSilent is how many probes in a row may meet with nothing but silence.
const maxSilent = 2

// link sends instructions and receives what belongs to them. It is for one goroutine.
type link struct {
	line  devices.Stream
	reply time.Duration
	limit int // bytes that a module may send before it must come to an end

	decoder decoder
	rest    []byte // of buf, not yet decoded
	buf     [2048]byte

	// unsure says that something may still come that could be taken for the answer to the
	// next instruction. owed are the probes whose answers may still come, by length.
	unsure bool
	owed   [32]bool
}

// do sends an instruction whose answer is only a confirmation.
func (l *link) do(ctx context.Context, instruction []byte) error {
	a, err := l.ask(ctx, instruction, 1)
	if err == nil && a[0] != codeOK {
		err = refused(a[0])
	}
	return err
}

// ask sends an instruction and returns its answer, confirmation code first. If the answer
// should hold more than the code (length > 1) another code than OK is an error.
func (l *link) ask(ctx context.Context, instruction []byte, length int) ([]byte, error) {
	if err := l.settle(ctx); err != nil {
		return nil, err
	}
	old := length > 1 && l.owed[length]
	if length > 1 {
		l.owed[length] = true
	} else {
		l.unsure = true
	}
	timed, cancel := context.WithTimeout(ctx, l.reply)
	defer cancel()
	if err := l.send(ctx, timed, instruction); err != nil {
		return nil, err
	}
	for {
		p, err := l.packet(ctx, timed)
		if err != nil {
			l.unsure = true
			return nil, err
		}
		switch n := len(p.payload); {
		case p.kind != pidAck || n == 0:
			l.unsure = true
			return nil, errOrder
		case n == length || length == anyLength && !l.waited(n):
			if length > 1 && !old {
				l.owed = [32]bool{} // in order: what was asked before is answered, or lost
			}
			l.unsure = false
			if length != 1 && p.payload[0] != codeOK {
				return nil, refused(p.payload[0])
			}
			return append([]byte(nil), p.payload...), nil
		case l.waited(n):
			l.answered(n) // to a probe that was given up
		case n == 1 && p.payload[0] != codeOK:
			l.owed[length] = false
			return nil, refused(p.payload[0])
		default:
			l.unsure = true
			return nil, errOrder
		}
	}
}

// upload fetches the image that the module keeps: size bytes in packets, the last of which
// says so.
func (l *link) upload(ctx context.Context, size int) ([]byte, error) {
	if err := l.do(ctx, []byte{upImage}); err != nil {
		return nil, err
	}
	l.unsure = true // until the last packet
	raw := make([]byte, 0, size)
	for {
		timed, cancel := context.WithTimeout(ctx, l.reply)
		p, err := l.packet(ctx, timed)
		cancel()
		switch {
		case err != nil:
			return raw, err
		case p.kind != pidData && p.kind != pidEnd:
			return raw, errOrder
		case len(raw)+len(p.payload) > size:
			return raw, errSize
		}
		raw = append(raw, p.payload...)
		if p.kind == pidEnd {
			break
		}
	}
	if len(raw) != size {
		return raw, errSize
	}
	l.unsure = false
	return raw, nil
}

// settle brings a link that is unsure back to where an answer can be believed.
func (l *link) settle(ctx context.Context) error {
	heard := 0
	for silent := 0; l.unsure; {
		n, err := l.drain(ctx)
		if err != nil {
			return err
		}
		instruction, length, ok := l.probe()
		if !ok && heard+n == 0 {
			return silence(nil)
		}
		if !ok {
			return errNoPacket
		}
		k, err := l.try(ctx, instruction, length)
		if err != nil {
			return err
		}
		if heard += n + k; heard > l.limit {
			return errEndless
		}
		if k == 0 {
			if silent++; silent == maxSilent {
				return silence(nil)
			}
		}
	}
	return nil
}

// probe picks a probe whose answer is not waited for already.
func (l *link) probe() (instruction byte, length int, ok bool) {
	for _, i := range probes {
		if n := lengths[i]; !l.owed[n] {
			return i, n, true
		}
	}
	return 0, 0, false
}

// try sends a probe and drops what comes before its answer. It returns how many bytes
// came; without an answer the link stays unsure.
func (l *link) try(ctx context.Context, instruction byte, length int) (heard int, err error) {
	timed, cancel := context.WithTimeout(ctx, l.reply)
	defer cancel()
	l.owed[length] = true
	if err := l.send(ctx, timed, []byte{instruction}); err != nil {
		return 0, err
	}
	for {
		p, err := l.packet(ctx, timed)
		switch {
		case errors.Is(err, devices.ErrNoReply):
			return heard, nil
		case errors.Is(err, devices.ErrProtocol):
			return heard + 1, nil // drop the rest, and try anew
		case err != nil:
			return heard, err
		}
		if heard += head + len(p.payload); heard > l.limit {
			return heard, errEndless
		}
		if p.kind == pidAck && len(p.payload) == length {
			l.owed = [32]bool{} // in order: what was asked before is answered, or lost
			l.unsure = false
			return heard, nil
		}
	}
}

// drain drops what comes until the line is silent, and notes the answers in it.
func (l *link) drain(ctx context.Context) (heard int, err error) {
	for {
		if len(l.rest) == 0 {
			n, err := l.line.Read(ctx, l.buf[:])
			if err != nil {
				return heard, err
			}
			if n == 0 {
				l.decoder.n = 0
				return heard, nil
			}
			l.rest = l.buf[:n]
			if heard += n; heard > l.limit {
				return heard, errEndless
			}
		}
		p, rest, ok, err := l.decoder.next(l.rest)
		l.rest = rest
		if err != nil {
			l.rest = nil // look for a beginning in what comes next
		} else if ok && p.kind == pidAck && l.waited(len(p.payload)) {
			l.answered(len(p.payload))
		}
	}
}

// drop reads once, and drops what nobody asked for.
func (l *link) drop(ctx context.Context) error {
	if len(l.rest) > 0 {
		l.rest, l.unsure = nil, true
	}
	n, err := l.line.Read(ctx, l.buf[:])
	clear(l.buf[:n])
	if n > 0 {
		l.decoder.n, l.unsure = 0, true
	}
	return err
}

// send writes a command.
func (l *link) send(ctx, timed context.Context, instruction []byte) error {
	err := l.line.Write(timed, appendPacket(nil, address, pidCommand, instruction))
	return l.judge(ctx, timed, err)
}

// packet waits for a whole packet.
func (l *link) packet(ctx, timed context.Context) (packet, error) {
	for {
		p, rest, ok, err := l.decoder.next(l.rest)
		l.rest = rest
		if err != nil {
			l.rest = nil
			return packet{}, err
		}
		if ok {
			return p, nil
		}
		n, err := l.line.Read(timed, l.buf[:])
		l.rest = l.buf[:n]
		if err != nil {
			return packet{}, l.judge(ctx, timed, err)
		}
	}
}

// judge says what an error of a call with a time limit means.
func (l *link) judge(ctx, timed context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case timed.Err() != nil && !errors.Is(err, devices.ErrUnplugged) && !errors.Is(err, devices.ErrClosed):
		return silence(err)
	default:
		return err
	}
}

func (l *link) waited(n int) bool { return n < len(l.owed) && l.owed[n] }

func (l *link) answered(n int) {
	if n < len(l.owed) {
		l.owed[n] = false
	}
}

var (
	errOrder   = broken("The module answered something that was not asked. Present the finger again; if this goes on, unplug it and plug it in again.")
	errSize    = broken("The module sent an image of another size than its profile says. Check that profile and model fit.")
	errEndless = broken("The module sends without end. Unplug it and plug it in again; if it goes on, replace it.")
)

func silence(cause error) error {
	return &border.Error{Code: border.Unavailable, Op: "ask the fingerprint module", Err: errors.Join(devices.ErrNoReply, cause),
		Message: "The fingerprint module does not answer. Check power, cable and baud rate, then unplug it and plug it in again."}
}
