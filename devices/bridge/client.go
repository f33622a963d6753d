package bridge

import (
	"context"
	"errors"
	"sync"
	"time"

	"garita/border"
	"garita/devices"
	"garita/devices/drivers/zone"
	"garita/devices/profile"
)

// The deadlines of requests whose context has none or a later one.
const (
	startWithin    = 10 * time.Second
	stepWithin     = 30 * time.Second
	indicateWithin = 2 * time.Second
	captureWithin  = 2 * time.Minute
)

// readingsHeld is how many readings may wait for the one who takes them; more at once
// come from no person who presents documents.
const readingsHeld = 8

// Client is the scanner behind a bridge, as the station has it: a [devices.Capturer],
// of which readers of documents refuse Capture. Its methods are for one goroutine at a
// time, as those of every driver; Close may come from any.
//
// A cancelled method returns at once. If the bridge has not ended the request within
// Options.CancelWithin, the connection is given up, and the next method says so.
type Client struct {
	link *link
	info Info
	o    Options

	tasks sync.WaitGroup
	turn  chan struct{} // holds a token while a request is under way at the bridge

	mu     sync.Mutex // guards the rest
	last   uint64     // id of the last request
	call   *call      // under way at the bridge; nil if none is
	closed bool
}

var _ devices.Capturer = (*Client)(nil)

// call is one request.
type call struct {
	id       uint64
	answers  string // type of a good answer; "" if there is none
	pixels   int    // most bytes of the answer
	answer   chan Frame
	readings chan devices.Reading // of serve
	dropped  bool                 // nobody waits any more: whatever comes is thrown away
	late     *time.Timer          // ends the connection when a cancel is not answered
}

// drain hands over the readings that came before the end.
func (k *call) drain(emit func(devices.Reading)) {
	for {
		select {
		case r := <-k.readings:
			emit(r)
		default:
			return
		}
	}
}

// Dial reaches a bridge, checks who it is, and says hello, all within ctx and
// [HelloWithin]. address is unix:/absolute/path or tls:host:port.
//
// Errors wrap [devices.ErrNotFound] if nobody answers there, [devices.ErrPermission] if
// one end does not trust the other, [devices.ErrBusy] if the bridge serves another
// station, [devices.ErrNoReply] if it says nothing, [devices.ErrUnplugged] if the
// connection ends, and [devices.ErrProtocol] if what it says is not the contract or of
// another version.
func Dial(ctx context.Context, address string, o Options) (*Client, error) {
	if o.Heartbeat == 0 {
		o.Heartbeat = Heartbeat
	}
	if o.CancelWithin == 0 {
		o.CancelWithin = CancelWithin
	}
	if o.MaxPixels == 0 {
		o.MaxPixels = border.MaxFingerPixels
	}
	if o.Heartbeat < MinHeartbeat || o.Heartbeat > MaxHeartbeat {
		return nil, &border.Error{Code: border.Invalid, Op: "reach a bridge", Message: "The heartbeat of a bridge is 200 ms to 10 s."}
	}
	within, cancel := context.WithTimeout(ctx, HelloWithin)
	defer cancel()
	conn, raw, err := connect(within, address, o)
	if err != nil {
		if ctx.Err() == nil && within.Err() != nil {
			return nil, silentAt("reach the bridge "+address, err)
		}
		return nil, err
	}
	c := &Client{link: newLink(conn, raw), o: o, turn: make(chan struct{}, 1)}
	stop := context.AfterFunc(within, func() { c.link.end(within.Err()) })
	err = c.greet("greet the bridge " + address)
	switch {
	case stop():
	case ctx.Err() != nil:
		err = ctx.Err()
	default:
		err = silentAt("greet the bridge "+address, within.Err())
	}
	if err != nil {
		c.link.end(err)
		return nil, err
	}
	c.tasks.Go(c.listen)
	c.tasks.Go(c.link.keepAlive)
	return c, nil
}

func silentAt(op string, err error) error {
	return &border.Error{Code: border.Unavailable, Op: op,
		Message: "The bridge does not answer. Start its program again, or check the cable of the network.",
		Err:     errors.Join(devices.ErrNoReply, err)}
}

// greet exchanges hello and welcome.
func (c *Client) greet(op string) error {
	c.last = 1
	err := c.link.write(Frame{Header: Header{Type: TypeHello, ID: c.last, Versions: []int{Version},
		Software: cut(c.o.Software, maxName), HeartbeatMS: c.o.Heartbeat.Milliseconds()}})
	if err != nil && !isGone(err) { // if it is gone, it may have said why
		return lost(op, err)
	}
	f, err := c.link.read(func(Header) int { return 0 })
	switch {
	case errors.Is(err, errSilent), errors.Is(err, context.DeadlineExceeded):
		return silentAt(op, err)
	case err != nil:
		return lost(op, err)
	case f.Type == TypeError:
		return remote(op, f.Header)
	case f.Type != TypeWelcome || f.ID != c.last || f.Device == nil:
		return broken(op, "answered hello with something else")
	case f.Version != Version:
		return broken(op, "chose a version that it was not offered")
	}
	if wrong := f.Device.check(); wrong != "" {
		return broken(op, "named "+wrong)
	}
	c.info = *f.Device
	c.link.beat = c.o.Heartbeat
	return nil
}

// Info is what the bridge said of its device.
func (c *Client) Info() Info { return c.info }

// Close ends the connection and waits for what belongs to it. Closing again does nothing.
func (c *Client) Close() error {
	c.link.end(devices.ErrClosed)
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.tasks.Wait()
	return nil
}

// Start has the bridge open its scanner.
func (c *Client) Start(ctx context.Context) (devices.About, error) {
	f, err := c.ask(ctx, "start the scanner at the bridge", startWithin, Header{Type: TypeStart}, &call{answers: TypeStarted}, nil)
	if err != nil {
		return devices.About{}, err
	}
	if !printable(f.Firmware, maxName) || !printable(f.Text, maxAbout) {
		return devices.About{}, broken("start the scanner at the bridge", "sent a name that is too long or not printable")
	}
	return devices.About{Firmware: f.Firmware, Text: f.Text}, nil
}

// Serve hands over readings until ctx ends or the scanner fails. With a fingerprint
// scanner it only watches that it is still there.
func (c *Client) Serve(ctx context.Context, emit func(devices.Reading)) error {
	_, err := c.ask(ctx, "read from the bridge", 0, Header{Type: TypeServe}, &call{readings: make(chan devices.Reading, readingsHeld)}, emit)
	if ctx.Err() != nil {
		return nil //nolint:nilerr // the end was asked for
	}
	return err
}

// Capture waits for a finger.
func (c *Client) Capture(ctx context.Context, want border.FingerRequest) (border.FingerImage, error) {
	const op = "take a finger at the bridge"
	if c.info.Kind != profile.Fingerprint || !c.info.offers(want.Position) {
		return border.FingerImage{}, &border.Error{Code: border.Invalid, Op: op,
			Message: "This scanner cannot take the finger that was asked for.", Err: devices.ErrUnsupported}
	}
	most := min(c.o.MaxPixels, c.info.Width*c.info.Height)
	f, err := c.ask(ctx, op, captureWithin, Header{Type: TypeCapture, Position: want.Position}, &call{answers: TypeImage, pixels: most}, nil)
	if err != nil {
		return border.FingerImage{}, err
	}
	if wrong := c.checkImage(f, want.Position); wrong != "" {
		clear(f.Bytes)
		err := broken(op, wrong)
		c.link.end(err)
		return border.FingerImage{}, err
	}
	return border.FingerImage{Width: f.Width, Height: f.Height, DPI: f.DPI, Pixels: f.Bytes, Liveness: f.Liveness}, nil
}

func (c *Client) checkImage(f Frame, asked border.FingerPosition) string {
	switch {
	case f.Position != asked:
		return "sent an image of another finger than was asked for"
	case !fingerSize(f.Width, f.Height) || f.Width > c.info.Width || f.Height > c.info.Height:
		return "sent an image of a size that it did not announce"
	case len(f.Bytes) != f.Width*f.Height:
		return "sent an image whose bytes are not its width times its height"
	case !fingerDPI(f.DPI):
		return "sent an image whose resolution is out of range"
	case f.Liveness != "" && f.Liveness != "live" && f.Liveness != "attack":
		return "sent a liveness that does not exist"
	}
	return ""
}

// SelfTest has the bridge make one step.
func (c *Client) SelfTest(ctx context.Context, step string) error {
	_, err := c.ask(ctx, "test the scanner at the bridge", stepWithin, Header{Type: TypeSelfTest, Step: step}, &call{answers: TypeDone}, nil)
	return err
}

// Indicate has the bridge show a signal.
func (c *Client) Indicate(ctx context.Context, s devices.Signal) error {
	_, err := c.ask(ctx, "signal at the bridge", indicateWithin, Header{Type: TypeIndicate, Signal: string(s)}, &call{answers: TypeDone}, nil)
	return err
}

// ask makes one request and waits for its answer until ctx ends, or for at most within
// if that is not 0. It first waits until the bridge has ended the request before.
func (c *Client) ask(ctx context.Context, op string, within time.Duration, h Header, k *call, emit func(devices.Reading)) (Frame, error) {
	outer := ctx
	if within > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, within)
		defer cancel()
	}
	select {
	case c.turn <- struct{}{}:
	case <-c.link.ended:
		return Frame{}, lost(op, c.link.why())
	case <-ctx.Done():
		return Frame{}, c.given(outer, op)
	}
	k.answer = make(chan Frame, 1)
	c.mu.Lock()
	c.last++
	k.id, h.ID = c.last, c.last
	c.call = k
	c.mu.Unlock()
	if within > 0 {
		h.DeadlineMS = remaining(ctx, within).Milliseconds()
	}
	if err := c.link.write(Frame{Header: h}); err != nil {
		c.link.end(err)
		return Frame{}, lost(op, c.link.why())
	}
	for {
		select {
		case f := <-k.answer:
			k.drain(emit)
			return c.judge(outer, op, k, f)
		case r := <-k.readings:
			emit(r)
		case <-ctx.Done():
			c.abandon(k)
			return Frame{}, c.given(outer, op)
		case <-c.link.ended:
			k.drain(emit)
			select {
			case f := <-k.answer: // it came just before the end
				return c.judge(outer, op, k, f)
			default:
				return Frame{}, lost(op, c.link.why())
			}
		}
	}
}

// remaining is the time until ctx's deadline, at least 1 ms and at most within.
func remaining(ctx context.Context, within time.Duration) time.Duration {
	if end, ok := ctx.Deadline(); ok {
		within = min(within, time.Until(end))
	}
	return max(within, time.Millisecond)
}

// given is the error when waiting was given up: ctx's, or that of our own limit.
func (c *Client) given(outer context.Context, op string) error {
	if outer.Err() != nil {
		return outer.Err()
	}
	return silentAt(op, nil)
}

func (c *Client) judge(ctx context.Context, op string, k *call, f Frame) (Frame, error) {
	switch {
	case f.Type == k.answers:
		return f, nil
	case f.Type == TypeError && ctx.Err() != nil:
		return Frame{}, ctx.Err()
	case f.Type == TypeError && f.Code != CodeCancelled:
		return Frame{}, remote(op, f.Header)
	}
	clear(f.Bytes) // nobody cancelled, or it is of another type
	err := broken(op, "gave an answer that was not asked for")
	c.link.end(err)
	return Frame{}, err
}

// abandon cancels a request that nobody waits for any more.
func (c *Client) abandon(k *call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k.dropped = true
	if c.call != k {
		// Its answer is there already, and may hold a finger.
		select {
		case f := <-k.answer:
			clear(f.Bytes)
		default:
		}
		return
	}
	if c.closed {
		return
	}
	k.late = time.AfterFunc(c.o.CancelWithin, func() {
		c.link.end(&border.Error{Code: border.Unavailable, Op: "cancel a request at the bridge",
			Message: "The bridge did not stop in time when it was asked to, and was cut off. If this goes on, its program is at fault.",
			Err:     devices.ErrNoReply})
	})
	// Writing may have to wait for a bridge that does not read; the caller must not.
	c.tasks.Go(func() {
		if err := c.link.write(Frame{Header: Header{Type: TypeCancel, ID: k.id}}); err != nil {
			c.link.end(err)
		}
	})
}

// listen takes what the bridge sends, until the connection ends.
func (c *Client) listen() {
	for {
		f, err := c.link.read(c.room)
		if err != nil {
			c.link.end(err)
			break
		}
		switch f.Type {
		case TypeReading:
			err = c.reading(f.Header)
		case TypeState:
			if devices.State(f.State) == devices.Absent {
				err = &border.Error{Code: border.Unavailable, Op: "watch the scanner at the bridge",
					Message: remarks[CodeUnplugged], Err: devices.ErrUnplugged}
			}
		case TypeError:
			if f.ID == 0 {
				err = remote("speak with the bridge", f.Header)
				break
			}
			c.settle(f)
		case TypeStarted, TypeDone, TypeImage:
			c.settle(f)
		default: // a heartbeat, or something of a later bridge
		}
		if err != nil {
			c.link.end(err)
			break
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.call != nil && c.call.late != nil {
		c.call.late.Stop()
	}
}

// room says how many bytes may follow a header: none but the image that is waited for.
// Other bytes, as of an image that comes too late, pass by unread.
func (c *Client) room(h Header) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if h.Type == TypeImage && c.call != nil && c.call.id == h.ID && c.call.answers == TypeImage && !c.call.dropped {
		return c.call.pixels
	}
	return -1
}

// settle hands an answer to the one who waits for it. An answer to anything but the
// request under way is thrown away: it may be the finger of an earlier person.
func (c *Client) settle(f Frame) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.call
	if k == nil || k.id != f.ID {
		clear(f.Bytes)
		return
	}
	if k.late != nil {
		k.late.Stop()
	}
	if k.dropped {
		clear(f.Bytes)
	} else {
		k.answer <- f // has room: there is one answer to a call
	}
	c.call = nil
	<-c.turn
}

// reading hands a reading to serve, if that is under way.
func (c *Client) reading(h Header) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.call
	if k == nil || k.id != h.ID || k.readings == nil || k.dropped {
		return nil
	}
	select {
	case k.readings <- toReading(h):
		return nil
	default:
		return errFlood
	}
}

// toReading checks a reading as drivers check what readers send.
func toReading(h Header) devices.Reading {
	r := devices.Reading{Chatter: h.Chatter}
	switch h.Fault {
	case "":
		r.Lines, r.Err = zone.Check(h.Lines)
		for _, l := range r.Lines {
			if !zone.Printable([]byte(l)) {
				r.Lines, r.Err = nil, devices.ErrGarbage
				break
			}
		}
		r.Chatter = r.Chatter && r.Err != nil
	case faultIncomplete:
		r.Err = devices.ErrIncomplete
	case faultOversize:
		r.Err = devices.ErrOversize
	default:
		r.Err = devices.ErrGarbage
	}
	return r
}

// The values of a reading's fault.
const (
	faultIncomplete = "incomplete"
	faultOversize   = "oversize"
	faultGarbage    = "garbage"
)

// fromReading is the header of a reading that we send.
func fromReading(id uint64, r devices.Reading) Header {
	h := Header{Type: TypeReading, ID: id, Lines: r.Lines, Chatter: r.Chatter}
	switch {
	case r.Err == nil:
	case errors.Is(r.Err, devices.ErrIncomplete):
		h.Fault = faultIncomplete
	case errors.Is(r.Err, devices.ErrOversize):
		h.Fault = faultOversize
	default:
		h.Fault = faultGarbage
	}
	return h
}
