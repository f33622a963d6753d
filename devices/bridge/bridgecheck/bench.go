package bridgecheck

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"garita/border"
	"garita/devices"
	"garita/devices/bridge"
)

// startWithin is the deadline of start.
const startWithin = 10 * time.Second

// bench is one check at work, with all the connections it has opened.
type bench struct {
	ctx     context.Context //nolint:containedctx // of the whole run
	address string
	o       bridge.Options
	guests  []*guest
	// patience is how long a bridge may take for what needs no device.
	patience time.Duration
}

// leave closes what the check has opened.
func (b *bench) leave() {
	for _, g := range b.guests {
		g.leave()
	}
}

// guest is one connection in the hands of a check.
type guest struct {
	b      *bench
	conn   net.Conn
	frames chan bridge.Frame // closed at the end of the connection
	ended  chan struct{}
	tasks  sync.WaitGroup
	id     uint64
	info   bridge.Info

	mu    sync.Mutex // guards writing
	beats int        // heartbeats heard; guarded by heard
	heard sync.Mutex
}

// connect opens a connection and says nothing.
func (b *bench) connect() (*guest, error) {
	ctx, cancel := context.WithTimeout(b.ctx, bridge.HelloWithin)
	defer cancel()
	conn, err := bridge.Connect(ctx, b.address, b.o)
	if err != nil {
		if m := border.MessageOf(err); m != "" {
			return nil, errors.New(m)
		}
		return nil, err
	}
	g := &guest{b: b, conn: conn, frames: make(chan bridge.Frame, 16), ended: make(chan struct{})}
	b.guests = append(b.guests, g)
	g.tasks.Go(g.listen)
	return g, nil
}

// listen reads frames until the connection ends. Heartbeats are counted, images dropped.
func (g *guest) listen() {
	defer close(g.frames)
	for {
		f, err := bridge.ReadFrame(g.conn, func(bridge.Header) int { return -1 })
		if err != nil {
			return
		}
		if f.Type == bridge.TypeAlive {
			g.heard.Lock()
			g.beats++
			g.heard.Unlock()
			continue
		}
		select {
		case g.frames <- f:
		case <-g.ended:
			return
		}
	}
}

func (g *guest) heartbeats() int {
	g.heard.Lock()
	defer g.heard.Unlock()
	return g.beats
}

// leave closes the connection.
func (g *guest) leave() {
	select {
	case <-g.ended:
		return
	default:
	}
	close(g.ended)
	_ = g.conn.Close() // nothing is left to be said
	g.tasks.Wait()
}

// raw sends bytes as they are. A connection that is closed is seen when reading.
func (g *guest) raw(p []byte) {
	g.mu.Lock()
	defer g.mu.Unlock()
	stuck := time.AfterFunc(g.b.patience, func() { _ = g.conn.Close() })
	defer stuck.Stop()
	_, _ = g.conn.Write(p) // see above
}

func (g *guest) send(h bridge.Header) {
	b, err := bridge.AppendFrame(nil, bridge.Frame{Header: h})
	if err == nil {
		g.raw(b)
	}
}

// ask sends a request with a new id and returns that.
func (g *guest) ask(h bridge.Header) uint64 {
	g.id++
	h.ID = g.id
	g.send(h)
	return g.id
}

var errNothing = errors.New("nothing came")

// next waits for a frame that is no heartbeat. It is errNothing after within, and another
// error at the end of the connection.
func (g *guest) next(within time.Duration) (bridge.Header, error) {
	t := time.NewTimer(within)
	defer t.Stop()
	select {
	case f, ok := <-g.frames:
		if !ok {
			return bridge.Header{}, errors.New("the connection was closed")
		}
		return f.Header, nil
	case <-t.C:
		return bridge.Header{}, fmt.Errorf("%w within %v", errNothing, within)
	case <-g.b.ctx.Done():
		return bridge.Header{}, g.b.ctx.Err()
	}
}

// expect waits for the answer to a request: a frame with its id and one of the types. A
// code after "error:" means an error frame with that code. Readings, states and what is
// of other ids are passed over.
func (g *guest) expect(id uint64, within time.Duration, wanted ...string) (bridge.Header, error) {
	end := devices.Monotonic() + within
	for {
		h, err := g.next(end - devices.Monotonic())
		if err != nil {
			return h, fmt.Errorf("expected %v to request %d: %w", wanted, id, err)
		}
		switch {
		case h.Type == bridge.TypeReading || h.Type == bridge.TypeState:
			continue
		case h.ID != id:
			return h, fmt.Errorf("expected %v to request %d, got %s", wanted, id, got(h))
		}
		for _, w := range wanted {
			if w == h.Type && h.Type != bridge.TypeError || h.Type == bridge.TypeError && w == "error:"+h.Code {
				return h, nil
			}
		}
		return h, fmt.Errorf("expected %v to request %d, got %s", wanted, id, got(h))
	}
}

// closed waits until the bridge closes the connection; what it says before is allowed.
func (g *guest) closed(within time.Duration) error {
	end := devices.Monotonic() + within
	for {
		_, err := g.next(end - devices.Monotonic())
		switch {
		case errors.Is(err, errNothing):
			return fmt.Errorf("the connection was not closed within %v", within)
		case g.b.ctx.Err() != nil:
			return g.b.ctx.Err()
		case err != nil:
			return nil //nolint:nilerr // it was closed: that was the question
		}
	}
}

// alive asks something that needs no device, to see that the connection goes on.
func (g *guest) alive() error {
	if _, err := g.expect(g.ask(bridge.Header{Type: "x-nothing"}), g.b.patience, "error:unknown_type"); err != nil {
		return fmt.Errorf("the connection does not go on: %w", err)
	}
	return nil
}

// hello is the hello that checks send.
func (g *guest) hello() bridge.Header {
	return bridge.Header{Type: bridge.TypeHello, Versions: []int{bridge.Version}, Software: "garita bridge-check",
		HeartbeatMS: g.b.o.Heartbeat.Milliseconds()}
}

// greet connects, lets say send a hello, and waits for the answer wanted. A bridge may
// need a moment before it is free of the station before.
func (b *bench) greet(wanted string, say func(*guest) (id uint64)) (*guest, bridge.Header, error) {
	end := devices.Monotonic() + b.patience
	for {
		g, err := b.connect()
		if err != nil {
			return nil, bridge.Header{}, err
		}
		h, err := g.expect(say(g), bridge.HelloWithin, wanted)
		if err == nil || h.Code != bridge.CodeBusy || devices.Monotonic() > end {
			return g, h, err
		}
		g.leave()
		pause(b.ctx, 20*time.Millisecond)
	}
}

// mute is greeted, and sends no heartbeats.
func (b *bench) mute() (*guest, error) {
	g, h, err := b.greet(bridge.TypeWelcome, func(g *guest) uint64 { return g.ask(g.hello()) })
	if err != nil {
		return nil, err
	}
	if h.Device == nil {
		return nil, errors.New("the welcome names no device")
	}
	g.info = *h.Device
	return g, nil
}

// seated is greeted, and stays.
func (b *bench) seated() (*guest, error) {
	g, err := b.mute()
	if err == nil {
		g.tasks.Go(g.keepAlive)
	}
	return g, err
}

// started is seated with the device open.
func (b *bench) started() (*guest, error) {
	g, err := b.seated()
	if err != nil {
		return nil, err
	}
	_, err = g.expect(g.ask(bridge.Header{Type: bridge.TypeStart, DeadlineMS: startWithin.Milliseconds()}), startWithin+b.patience, bridge.TypeStarted)
	return g, err
}

// keepAlive sends heartbeats until the guest leaves.
func (g *guest) keepAlive() {
	t := time.NewTicker(g.b.o.Heartbeat)
	defer t.Stop()
	for {
		select {
		case <-g.ended:
			return
		case <-t.C:
			g.send(bridge.Header{Type: bridge.TypeAlive})
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
