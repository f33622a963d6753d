package bridge

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"

	"garita/border"
	"garita/devices"
)

// Device is what a bridge lends.
type Device struct {
	Info     Info
	Software string // what the bridge calls itself: "garita 1.2"
	// Open opens the device at each start. The driver is a [devices.Capturer] if
	// Info.Kind is fingerprint. The closer ends the connection to the device.
	Open func(context.Context) (devices.Driver, io.Closer, error)
}

// maxGuests is how many connections may be at their handshake and hello at once; more
// are closed unheard.
const maxGuests = 8

// Serve lends a device to one station at a time until ctx ends, and returns when all
// that belongs to it has ended; nil then. It closes the listener. The log says who came
// and left and why, and nothing of what was read.
func Serve(ctx context.Context, l *Listener, d Device, log *slog.Logger) error {
	if wrong := d.Info.check(); wrong != "" || d.Open == nil {
		return errors.Join(l.Close(), &border.Error{Code: border.Invalid, Op: "lend a scanner",
			Message: "The description of the scanner to lend is not valid: " + wrong + "."})
	}
	s := &server{l: l, device: d, log: log, seat: make(chan struct{}, 1), guests: make(chan struct{}, maxGuests)}
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(ctx, func() { _ = l.Close() }) // that is how accepting ends
	defer s.tasks.Wait()
	defer cancel()
	defer stop()
	for {
		conn, err := l.Accept()
		if ctx.Err() != nil {
			if err == nil {
				_ = conn.Close() // nothing was said
			}
			return nil
		}
		if err != nil {
			return errors.Join(l.Close(), listenError(l.Addr().String(), err))
		}
		select {
		case s.guests <- struct{}{}:
			s.tasks.Go(func() { s.receive(ctx, conn) })
		default:
			_ = conn.Close() // nothing was said
		}
	}
}

type server struct {
	l      *Listener
	device Device
	log    *slog.Logger
	tasks  sync.WaitGroup
	guests chan struct{} // a token for each connection that is not yet seated
	seat   chan struct{} // a token while a station is served
}

// receive takes one connection from its handshake to its end.
func (s *server) receive(ctx context.Context, raw net.Conn) {
	seated := sync.OnceFunc(func() { <-s.guests })
	defer seated()
	conn, err := s.check(ctx, raw)
	if err != nil {
		s.log.Warn("station refused", "reason", refusal(err), "err", err)
		linger(raw)
		_ = raw.Close() // nothing is left to be said
		return
	}
	k := newLink(conn, raw)
	defer k.end(devices.ErrClosed)
	stop := context.AfterFunc(ctx, func() { k.end(devices.ErrClosed) })
	defer stop()

	hello, err := k.read(func(Header) int { return 0 })
	if err != nil {
		k.part(Frame{Header: Header{Type: TypeError, Code: faultOf(err)}}, err)
		return
	}
	answer := s.welcome(hello.Header)
	if answer.Type == TypeWelcome {
		select {
		case s.seat <- struct{}{}:
			defer func() { <-s.seat }()
		default:
			answer = Header{Type: TypeError, ID: hello.ID, Code: CodeBusy}
		}
	}
	if answer.Type != TypeWelcome {
		s.log.Warn("station refused", "reason", answer.Code)
		k.part(Frame{Header: answer}, devices.ErrClosed)
		return
	}
	seated()
	k.beat = time.Duration(hello.HeartbeatMS) * time.Millisecond
	if err := k.write(Frame{Header: answer}); err != nil {
		return
	}
	s.log.Info("station connected", "software", cut(hello.Software, maxName))
	serveStation(ctx, k, s.device)
	s.log.Info("station gone", "err", k.why())
}

// check makes the handshake, or asks the kernel, who is at the other end.
func (s *server) check(ctx context.Context, raw net.Conn) (net.Conn, error) {
	if s.l.tls == nil {
		return raw, checkPeer(raw, s.l.group)
	}
	ctx, cancel := context.WithTimeout(ctx, HelloWithin)
	defer cancel()
	secure := tls.Server(raw, s.l.tls)
	return secure, secure.HandshakeContext(ctx)
}

// refusal says in a word or two why a station may not come; the certificate's own texts
// are in the error.
func refusal(err error) string {
	var known *border.Error
	if errors.As(err, &known) {
		return known.Message
	}
	return "The other end did not prove who it is."
}

// welcome answers a hello.
func (s *server) welcome(h Header) Header {
	beat := time.Duration(h.HeartbeatMS) * time.Millisecond
	switch {
	case h.Type != TypeHello || h.ID == 0:
		return Header{Type: TypeError, ID: h.ID, Code: CodeBadRequest}
	case !slices.Contains(h.Versions, Version):
		return Header{Type: TypeError, ID: h.ID, Code: CodeVersion, Versions: []int{Version}}
	case h.HeartbeatMS < MinHeartbeat.Milliseconds() || beat > MaxHeartbeat:
		return Header{Type: TypeError, ID: h.ID, Code: CodeBadRequest}
	}
	info := s.device.Info
	return Header{Type: TypeWelcome, ID: h.ID, Version: Version, Software: cut(s.device.Software, maxName), Device: &info}
}

// faultOf is the code for a frame that could not be read.
func faultOf(err error) string {
	if errors.Is(err, errTooLarge) || errors.Is(err, errFlood) {
		return CodeTooLarge
	}
	return CodeBadRequest
}
