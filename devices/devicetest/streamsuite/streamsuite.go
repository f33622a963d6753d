// Package streamsuite holds what every devices.Stream must do, as tests that each of them
// passes: a serial port over a pseudo-terminal, a keyboard, a simulated device, a replay.
package streamsuite

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"garita/devices"
)

// Peer is the device at the other end of the line.
type Peer struct {
	// Send makes the stream's Read give these bytes, at once or soon after. It may wait
	// while nobody reads.
	Send func([]byte) error
	// Alphabet holds the bytes that can travel to the stream; "" stands for all.
	Alphabet string
	// Unplug pulls the cable; nil where there is none.
	Unplug func() error
	// Receive waits for bytes that the stream was given to write and returns some; nil
	// where Write is devices.ErrUnsupported. While it is not called, the peer takes
	// nothing, and after a while the line is full.
	Receive func([]byte) (int, error)
}

// cancelWithin is how soon a Read must end after its context; see devices.Stream.
const cancelWithin = 20 * time.Millisecond

// Run tests a kind of stream. open gives a new line for each test; it closes both ends
// when that test ends.
func Run(t *testing.T, open func(t *testing.T) (devices.Stream, Peer)) {
	for name, test := range map[string]func(*testing.T, devices.Stream, Peer){
		"what is sent is read":               sentIsRead,
		"silence":                            silence,
		"a read ends with its context":       readEnds,
		"bytes wait for the next read":       bytesWait,
		"no byte is lost when reads end":     nothingLost,
		"close ends a read":                  closeEndsRead,
		"close ends a write":                 closeEndsWrite,
		"closed again and used after":        closedAgain,
		"unplugged during a read":            unpluggedReading,
		"unplugged and written to":           unpluggedWriting,
		"what is written arrives":            writtenArrives,
		"a write ends with its context":      writeEnds,
		"a write with an ended context":      writeNotBegun,
		"a stream that cannot write says so": writeUnsupported,
	} {
		t.Run(name, func(t *testing.T) {
			s, p := open(t)
			test(t, s, p)
		})
	}
}

// text makes n bytes that can travel, the same ones each time.
func (p Peer) text(n int) []byte {
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	b := make([]byte, n)
	for i := range b {
		if p.Alphabet == "" {
			b[i] = byte(rng.Uint32())
		} else {
			b[i] = p.Alphabet[rng.IntN(len(p.Alphabet))]
		}
	}
	return b
}

// size of what the tests send: a keyboard is slow.
func (p Peer) size() int {
	if p.Alphabet != "" {
		return 2000
	}
	return 40_000
}

// send sends in the background, in pieces of random size; the result comes in the channel.
func (p Peer) send(b []byte) <-chan error {
	done := make(chan error, 1)
	go func() {
		rng := rand.New(rand.NewPCG(2, uint64(len(b))))
		for len(b) > 0 {
			n := min(len(b), 1+rng.IntN(300))
			if err := p.Send(b[:n]); err != nil {
				done <- err
				return
			}
			b = b[n:]
			if rng.IntN(8) == 0 {
				time.Sleep(time.Millisecond)
			}
		}
		done <- nil
	}()
	return done
}

// within is the patience of a test whose stream does not do what it should.
func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func sentIsRead(t *testing.T, s devices.Stream, p Peer) {
	want := p.text(p.size())
	sent := p.send(want)
	ctx := within(t)
	var got []byte
	for buf := make([]byte, 100); len(got) < len(want); {
		n, err := s.Read(ctx, buf[:1+len(got)%len(buf)]) // now and then less than there is
		if err != nil {
			t.Fatalf("after %d of %d bytes: %v", len(got), len(want), err)
		}
		got = append(got, buf[:n]...)
	}
	if err := <-sent; err != nil {
		t.Error("send:", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the bytes are others; the first that differs: %d of %d", differs(got, want), len(want))
	}
}

func differs(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

func silence(t *testing.T, s devices.Stream, p Peer) {
	buf := make([]byte, 10)
	for range 2 {
		began := time.Now()
		if n, err := s.Read(within(t), buf); n != 0 || err != nil {
			t.Fatalf("a silent line: %d, %v; want 0, nil", n, err)
		}
		// A kernel's tick may end early, not by much.
		if took := time.Since(began); took < 95*time.Millisecond {
			t.Errorf("called silent after %v; a read timeout has at least 100 ms", took)
		}
	}
	want := p.text(1)
	if err := p.Send(want); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Read(within(t), buf); err != nil || !bytes.Equal(buf[:n], want) {
		t.Errorf("after the silence: %d bytes, %v", n, err)
	}
}

func readEnds(t *testing.T, s devices.Stream, _ Peer) {
	ended, cancel := context.WithCancel(within(t))
	cancel()
	if n, err := s.Read(ended, make([]byte, 10)); n != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("a context that had ended: %d, %v", n, err)
	}
	// The machine may be busy: the fastest of some must keep the time, whatever the rest.
	best := time.Hour
	for i := range 8 {
		ctx, cancel := context.WithCancel(within(t))
		began := make(chan time.Time, 1)
		time.AfterFunc(time.Duration(i*7)*time.Millisecond, func() {
			began <- time.Now()
			cancel()
		})
		n, err := 0, error(nil)
		for n == 0 && err == nil { // silence first, where the machine is that busy
			n, err = s.Read(ctx, make([]byte, 10))
		}
		if n != 0 || !errors.Is(err, context.Canceled) {
			t.Fatalf("got %d, %v", n, err)
		}
		best = min(best, time.Since(<-began))
	}
	if best > cancelWithin {
		t.Errorf("the fastest of 8 reads ended %v after its context; at most %v are allowed", best, cancelWithin)
	}
	ctx, cancel := context.WithTimeout(within(t), 10*time.Millisecond)
	defer cancel()
	if _, err := s.Read(ctx, make([]byte, 10)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a deadline before the read timeout: %v", err)
	}
}

func bytesWait(t *testing.T, s devices.Stream, p Peer) {
	ctx, cancel := context.WithTimeout(within(t), 10*time.Millisecond)
	defer cancel()
	if _, err := s.Read(ctx, make([]byte, 10)); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	want := p.text(50)
	if err := p.Send(want); err != nil {
		t.Fatal(err)
	}
	time.Sleep(150 * time.Millisecond) // longer than the shortest read timeout
	patience := within(t)
	var got []byte
	for buf := make([]byte, 7); len(got) < len(want); {
		// An ended context takes nothing, even where there are bytes.
		if n, err := s.Read(ctx, buf); n != 0 || !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("an ended context: %d, %v", n, err)
		}
		n, err := s.Read(patience, buf)
		if err != nil {
			t.Fatalf("after %d of %d bytes: %v", len(got), len(want), err)
		}
		got = append(got, buf[:n]...)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the bytes are others from %d on", differs(got, want))
	}
}

func nothingLost(t *testing.T, s devices.Stream, p Peer) {
	want := p.text(p.size())
	sent := p.send(want)
	rng := rand.New(rand.NewPCG(3, 3))
	patience := within(t)
	var got []byte
	ended := 0
	for buf := make([]byte, 64); len(got) < len(want); {
		ctx, cancel := context.WithTimeout(patience, time.Duration(rng.IntN(300))*time.Microsecond)
		n, err := s.Read(ctx, buf)
		cancel()
		if err != nil {
			if n != 0 || !errors.Is(err, context.DeadlineExceeded) || patience.Err() != nil {
				t.Fatalf("after %d of %d bytes: %d, %v", len(got), len(want), n, err)
			}
			ended++
		}
		got = append(got, buf[:n]...)
	}
	if err := <-sent; err != nil {
		t.Error("send:", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the bytes are others; the first that differs: %d of %d", differs(got, want), len(want))
	}
	t.Logf("%d reads were ended", ended)
}

type result struct {
	n   int
	err error
}

// reading starts a Read that waits.
func reading(t *testing.T, s devices.Stream) <-chan result {
	ctx := within(t)
	done := make(chan result, 1)
	go func() {
		buf := make([]byte, 10)
		for {
			n, err := s.Read(ctx, buf)
			if n != 0 || err != nil { // silence is no result
				done <- result{n, err}
				return
			}
		}
	}()
	time.Sleep(20 * time.Millisecond)
	return done
}

func closeEndsRead(t *testing.T, s devices.Stream, _ Peer) {
	done := reading(t, s)
	if err := s.Close(); err != nil {
		t.Error("close:", err)
	}
	if r := <-done; r.n != 0 || !errors.Is(r.err, devices.ErrClosed) {
		t.Errorf("the read under way: %d, %v", r.n, r.err)
	}
}

func closeEndsWrite(t *testing.T, s devices.Stream, p Peer) {
	if p.Receive == nil {
		t.Skip("nothing can be written to this kind of stream")
	}
	done := make(chan error, 1)
	ctx := within(t)
	go func() { done <- s.Write(ctx, make([]byte, 4<<20)) }()
	time.Sleep(20 * time.Millisecond)
	if err := s.Close(); err != nil {
		t.Error("close:", err)
	}
	if err := <-done; !errors.Is(err, devices.ErrClosed) || ctx.Err() != nil {
		t.Errorf("the write under way: %v (its context: %v)", err, ctx.Err())
	}
}

func closedAgain(t *testing.T, s devices.Stream, _ Peer) {
	for range 3 {
		if err := s.Close(); err != nil {
			t.Error("close:", err)
		}
		if n, err := s.Read(within(t), make([]byte, 10)); n != 0 || !errors.Is(err, devices.ErrClosed) {
			t.Errorf("read after close: %d, %v", n, err)
		}
		if err := s.Write(within(t), []byte("x")); !errors.Is(err, devices.ErrClosed) && !errors.Is(err, devices.ErrUnsupported) {
			t.Errorf("write after close: %v", err)
		}
	}
}

func unpluggedReading(t *testing.T, s devices.Stream, p Peer) {
	if p.Unplug == nil {
		t.Skip("this kind of stream has no cable")
	}
	done := reading(t, s)
	if err := p.Unplug(); err != nil {
		t.Fatal(err)
	}
	if r := <-done; r.n != 0 || !errors.Is(r.err, devices.ErrUnplugged) {
		t.Errorf("the read under way: %d, %v", r.n, r.err)
	}
	for range 3 {
		if n, err := s.Read(within(t), make([]byte, 10)); n != 0 || !errors.Is(err, devices.ErrUnplugged) {
			t.Errorf("a later read: %d, %v", n, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Error("close:", err)
	}
}

func unpluggedWriting(t *testing.T, s devices.Stream, p Peer) {
	if p.Unplug == nil || p.Receive == nil {
		t.Skip("this kind of stream has no cable, or nothing can be written to it")
	}
	if err := p.Unplug(); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(within(t), []byte("hello")); !errors.Is(err, devices.ErrUnplugged) {
		t.Errorf("write: %v", err)
	}
}

func writtenArrives(t *testing.T, s devices.Stream, p Peer) {
	if p.Receive == nil {
		t.Skip("nothing can be written to this kind of stream")
	}
	want := Peer{}.text(100_000)
	done := make(chan error, 1)
	ctx := within(t)
	go func() { done <- s.Write(ctx, want) }()
	var got []byte
	for buf := make([]byte, 3000); len(got) < len(want); {
		n, err := p.Receive(buf)
		if err != nil {
			t.Fatalf("after %d of %d bytes: %v", len(got), len(want), err)
		}
		got = append(got, buf[:n]...)
	}
	if err := <-done; err != nil {
		t.Error("write:", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the bytes are others from %d on", differs(got, want))
	}
}

func writeEnds(t *testing.T, s devices.Stream, p Peer) {
	if p.Receive == nil {
		t.Skip("nothing can be written to this kind of stream")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- s.Write(ctx, make([]byte, 4<<20)) }()
	select {
	case err := <-done:
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a device that takes nothing: %v", err)
		}
	case <-within(t).Done():
		t.Fatal("the write did not end with its context")
	}
	closed := make(chan error, 1)
	go func() { closed <- s.Close() }()
	select {
	case err := <-closed:
		if err != nil {
			t.Error("close:", err)
		}
	case <-within(t).Done():
		t.Fatal("Close hangs")
	}
}

func writeNotBegun(t *testing.T, s devices.Stream, p Peer) {
	if p.Receive == nil {
		t.Skip("nothing can be written to this kind of stream")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Write(ctx, []byte("x")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func writeUnsupported(t *testing.T, s devices.Stream, p Peer) {
	if p.Receive != nil {
		t.Skip("this kind of stream can be written to")
	}
	if err := s.Write(within(t), []byte("x")); !errors.Is(err, devices.ErrUnsupported) {
		t.Errorf("got %v", err)
	}
}
