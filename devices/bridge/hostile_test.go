package bridge

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"net"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"garita/border"
	"garita/devices"
)

// wire is the bridge's end of a connection in the hands of a test.
type wire struct {
	t    testing.TB
	conn net.Conn
}

func (w wire) send(f Frame) {
	b, err := AppendFrame(nil, f)
	if err != nil {
		w.t.Error(err)
	}
	_, _ = w.conn.Write(append(b, f.Bytes...)) // the station may have gone: that is tested
}

// next is the next frame that is no heartbeat; the zero Header at the end.
func (w wire) next() Header {
	for {
		f, err := ReadFrame(w.conn, func(Header) int { return 0 })
		if err != nil {
			return Header{}
		}
		if f.Type != TypeAlive {
			return f.Header
		}
	}
}

// scripted is a bridge that does with its one connection what script says, and then
// closes it.
func scripted(t testing.TB, script func(w wire)) (address string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		script(wire{t, conn})
	}()
	t.Cleanup(func() { l.Close(); <-ended })
	return "unix:" + path
}

// greeted is scripted after hello and welcome.
func greeted(t testing.TB, i Info, script func(w wire)) (address string) {
	t.Helper()
	return scripted(t, func(w wire) {
		h := w.next()
		w.send(Frame{Header: Header{Type: TypeWelcome, ID: h.ID, Version: 1, Device: &i}})
		script(w)
	})
}

func TestWrongWelcome(t *testing.T) {
	wide := slaps
	wide.Width = border.MaxFingerSide + 1
	named := slaps
	named.Model = "a\x1b[2J"
	none := slaps
	none.Kind = "camera"
	for name, c := range map[string]struct {
		say  Frame
		raw  string
		want error
	}{
		"version too old":    {say: Frame{Header: Header{Type: TypeError, ID: 1, Code: CodeVersion}}, want: devices.ErrProtocol},
		"busy":               {say: Frame{Header: Header{Type: TypeError, ID: 1, Code: CodeBusy}}, want: devices.ErrBusy},
		"another version":    {say: Frame{Header: Header{Type: TypeWelcome, ID: 1, Version: 2, Device: &slaps}}, want: devices.ErrProtocol},
		"another id":         {say: Frame{Header: Header{Type: TypeWelcome, ID: 2, Version: 1, Device: &slaps}}, want: devices.ErrProtocol},
		"no device":          {say: Frame{Header: Header{Type: TypeWelcome, ID: 1, Version: 1}}, want: devices.ErrProtocol},
		"images too large":   {say: Frame{Header: Header{Type: TypeWelcome, ID: 1, Version: 1, Device: &wide}}, want: devices.ErrProtocol},
		"control characters": {say: Frame{Header: Header{Type: TypeWelcome, ID: 1, Version: 1, Device: &named}}, want: devices.ErrProtocol},
		"unknown kind":       {say: Frame{Header: Header{Type: TypeWelcome, ID: 1, Version: 1, Device: &none}}, want: devices.ErrProtocol},
		"heartbeat first":    {say: Frame{Header: Header{Type: TypeAlive}}, want: devices.ErrProtocol},
		"bytes in it":        {say: Frame{Header: Header{Type: TypeWelcome, ID: 1, Version: 1, Device: &slaps}, Bytes: []byte{1}}, want: devices.ErrProtocol},
		"web server":         {raw: "HTTP/1.1 400 Bad Request\r\n\r\n", want: devices.ErrProtocol},
		"oversized header":   {raw: "GBR1\x00\x01\x00\x01\x00\x00\x00\x00", want: devices.ErrProtocol},
		"no JSON":            {raw: "GBR1\x00\x00\x00\x02\x00\x00\x00\x00{]", want: devices.ErrProtocol},
		"half a frame":       {raw: "GBR1\x00\x00", want: devices.ErrUnplugged},
		"nothing":            {want: devices.ErrUnplugged},
	} {
		t.Run(name, func(t *testing.T) {
			address := scripted(t, func(w wire) {
				w.next()
				if c.raw != "" {
					_, _ = w.conn.Write([]byte(c.raw)) // the station may have gone
				} else if c.say.Type != "" {
					w.send(c.say)
				}
			})
			_, err := Dial(t.Context(), address, relaxed)
			if !errors.Is(err, c.want) || border.MessageOf(err) == "" {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
}

func TestHelloIsNotAnswered(t *testing.T) {
	address := scripted(t, func(w wire) {
		for w.next().Type != "" {
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := Dial(ctx, address, relaxed); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

// Answers to other requests than the one under way are thrown away, whatever they carry.
func TestLateImage(t *testing.T) {
	pixels := func(shade byte) []byte { return bytes.Repeat([]byte{shade}, 6) }
	image := Header{Type: TypeImage, Width: 3, Height: 2, DPI: 500, Position: 2}
	address := greeted(t, slaps, func(w wire) {
		first := w.next()
		if c := w.next(); c.Type != TypeCancel || c.ID != first.ID {
			w.t.Errorf("the first request was followed by %+v", c)
		}
		w.send(Frame{Header: Header{Type: TypeError, ID: first.ID, Code: CodeCancelled}})
		second := w.next()
		old := image
		old.ID = first.ID
		w.send(Frame{Header: old, Bytes: pixels(1)})                       // too late
		w.send(Frame{Header: old, Bytes: make([]byte, MaxBytes)})          // and too large
		w.send(Frame{Header: Header{Type: TypePage}, Bytes: pixels(9)})    // of a later bridge
		w.send(Frame{Header: Header{Type: "weather"}, Bytes: pixels(9)})   // the same
		w.send(Frame{Header: Header{Type: TypeReading, Lines: specimen}})  // nobody serves
		w.send(Frame{Header: Header{Type: TypeDone, ID: second.ID + 100}}) // a request to come
		now := image
		now.ID = second.ID
		w.send(Frame{Header: now, Bytes: pixels(2)})
		w.send(Frame{Header: now, Bytes: pixels(3)}) // twice
		w.next()
	})
	c := dial(t, address, relaxed)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := c.Capture(ctx, border.FingerRequest{Position: 2}); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	got, err := c.Capture(t.Context(), border.FingerRequest{Position: 2})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Pixels, pixels(2)) {
		t.Errorf("the image is %v", got.Pixels)
	}
	c.Close()
}

// The same with documents: what an earlier serve was too slow to send is nobody's.
func TestLateReading(t *testing.T) {
	address := greeted(t, reader, func(w wire) {
		first := w.next()
		if c := w.next(); c.Type != TypeCancel || c.ID != first.ID {
			w.t.Errorf("the first request was followed by %+v", c)
		}
		w.send(Frame{Header: Header{Type: TypeError, ID: first.ID, Code: CodeCancelled}})
		second := w.next()
		w.send(Frame{Header: Header{Type: TypeReading, ID: first.ID, Lines: specimen}})
		w.send(Frame{Header: Header{Type: TypeReading, ID: second.ID, Fault: faultIncomplete}})
		w.next()
	})
	c := dial(t, address, relaxed)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := c.Serve(ctx, nil); err != nil {
		t.Fatal(err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	err := c.Serve(ctx, func(r devices.Reading) {
		if !errors.Is(r.Err, devices.ErrIncomplete) {
			t.Error("a reading of the serve before came through")
		}
		cancel()
	})
	if err != nil {
		t.Error(err)
	}
}

func TestWrongImage(t *testing.T) {
	good := Header{Type: TypeImage, Width: 3, Height: 2, DPI: 500, Position: 2}
	for name, c := range map[string]struct {
		change func(*Header)
		bytes  int
	}{
		"another finger":      {func(h *Header) { h.Position = 7 }, 6},
		"too few pixels":      {func(*Header) {}, 5},
		"too many pixels":     {func(*Header) {}, 7},
		"none":                {func(*Header) {}, 0},
		"wider than welcomed": {func(h *Header) { h.Width, h.Height = 61, 1 }, 61},
		"more than welcomed":  {func(*Header) {}, 60*50 + 1},
		"negative":            {func(h *Header) { h.Width, h.Height = -3, -2 }, 6},
		"no resolution":       {func(h *Header) { h.DPI = 0 }, 6},
		"unknown liveness":    {func(h *Header) { h.Liveness = "perhaps" }, 6},
		"another type":        {func(h *Header) { h.Type = TypeDone }, 0},
		"cancelled by nobody": {func(h *Header) { *h = Header{Type: TypeError, Code: CodeCancelled} }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			address := greeted(t, slaps, func(w wire) {
				h := good
				c.change(&h)
				h.ID = w.next().ID
				w.send(Frame{Header: h, Bytes: make([]byte, c.bytes)})
				w.next()
			})
			c := dial(t, address, relaxed)
			_, err := c.Capture(t.Context(), border.FingerRequest{Position: 2})
			if !errors.Is(err, devices.ErrProtocol) {
				t.Error(err)
			}
			if err := c.Indicate(t.Context(), devices.SignalGood); !errors.Is(err, devices.ErrProtocol) {
				t.Error("the connection goes on:", err)
			}
		})
	}
}

func TestMaxPixels(t *testing.T) {
	address := greeted(t, slaps, func(w wire) {
		w.send(Frame{Header: Header{Type: TypeImage, ID: w.next().ID, Width: 10, Height: 10, DPI: 500}, Bytes: make([]byte, 100)})
		w.next()
	})
	c := dial(t, address, Options{MaxPixels: 99})
	if _, err := c.Capture(t.Context(), border.FingerRequest{}); !errors.Is(err, devices.ErrProtocol) {
		t.Error(err)
	}
}

func TestCancelIsNotAnswered(t *testing.T) {
	asked := make(chan struct{})
	address := greeted(t, slaps, func(w wire) {
		w.next()
		close(asked)
		for w.next().Type != "" {
		}
	})
	c := dial(t, address, Options{CancelWithin: 10 * time.Millisecond})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	if _, err := c.Capture(ctx, border.FingerRequest{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	err := c.Indicate(t.Context(), devices.SignalGood)
	if !errors.Is(err, devices.ErrNoReply) || !strings.Contains(border.MessageOf(err), "did not stop") {
		t.Error("the next method:", err)
	}
}

func TestAbsentAtTheOtherEnd(t *testing.T) {
	address := greeted(t, slaps, func(w wire) {
		w.next()
		w.send(Frame{Header: Header{Type: TypeState, State: string(devices.Degraded)}})
		w.send(Frame{Header: Header{Type: TypeState, State: string(devices.Absent)}})
		w.next()
	})
	c := dial(t, address, relaxed)
	if err := c.Serve(t.Context(), nil); !errors.Is(err, devices.ErrUnplugged) || !strings.Contains(border.MessageOf(err), "unplugged") {
		t.Error(err)
	}
}

// The network is cut and nobody says so: only the missing heartbeats do.
func TestSilence(t *testing.T) {
	held := make(chan struct{})
	address := greeted(t, slaps, func(w wire) {
		for w.next().Type != "" {
		}
		<-held
	})
	defer close(held)
	c := dial(t, address, Options{Heartbeat: MinHeartbeat})
	if err := c.Serve(t.Context(), nil); !errors.Is(err, devices.ErrUnplugged) || !errors.Is(err, errSilent) {
		t.Error(err)
	}
}

func TestHeartbeatsKeepAConnection(t *testing.T) {
	s := newScanner()
	c := started(t, s, reader, Options{Heartbeat: MinHeartbeat, CancelWithin: patience})
	ctx, cancel := context.WithTimeout(t.Context(), 4*deadAfter*MinHeartbeat/3)
	defer cancel()
	if err := c.Serve(ctx, nil); err != nil {
		t.Error(err)
	}
	if err := c.SelfTest(t.Context(), "echo"); err != nil {
		t.Error("after longer than the patience:", err)
	}
}

func TestFloods(t *testing.T) {
	for name, h := range map[string]Header{
		"readings":   {Type: TypeReading, Lines: specimen},
		"heartbeats": {Type: TypeAlive},
	} {
		t.Run(name, func(t *testing.T) {
			address := greeted(t, reader, func(w wire) {
				h.ID = w.next().ID
				for range 2 * maxFrames {
					w.send(Frame{Header: h})
				}
				w.next()
			})
			c := dial(t, address, relaxed)
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			block := func(devices.Reading) { <-c.link.ended }
			if err := c.Serve(ctx, block); !errors.Is(err, devices.ErrProtocol) {
				t.Error(err)
			}
		})
	}
}

// A bridge that stops reading must not hold a method of the station.
func TestBridgeThatDoesNotRead(t *testing.T) {
	held := make(chan struct{})
	address := greeted(t, slaps, func(wire) { <-held })
	defer close(held)
	c := dial(t, address, Options{Heartbeat: MinHeartbeat})
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	if _, err := c.Capture(ctx, border.FingerRequest{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

func TestReadFrameLimits(t *testing.T) {
	prefix := func(header, size uint32) []byte {
		return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32([]byte(magic), header), size)
	}
	for name, c := range map[string]struct {
		in   []byte
		want error
	}{
		"header": {prefix(MaxHeader+1, 0), errTooLarge},
		"bytes":  {prefix(2, MaxBytes+1), errTooLarge},
		"room":   {append(prefix(14, 4), `{"type":"any"}....`...), errTooLarge},
		"empty":  {prefix(0, 0), errJSON},
		"array":  {append(prefix(2, 0), `[]`...), errJSON},
		"null":   {append(prefix(4, 0), `null`...), errJSON},
		"kind":   {append(prefix(10, 0), `{"type":1}`...), errJSON},
		"more":   {append(prefix(16, 0), `{"type":"any"}{}`...), errJSON},
		"magic":  {[]byte("GBR2\x00\x00\x00\x02\x00\x00\x00\x00{}"), errMagic},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := ReadFrame(bytes.NewReader(c.in), func(Header) int { return 3 }); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; grown > MaxHeader {
			t.Errorf("%s: %d bytes allocated for a frame that is refused", name, grown)
		}
	}
}

func FuzzReadFrame(f *testing.F) {
	for _, s := range []string{
		"GBR1\x00\x00\x00\x10\x00\x00\x00\x00" + `{"type":"alive"}`,
		"GBR1\x00\x00\x00\x0e\x00\x00\x00\x02" + `{"type":"any"}ab`,
		"GBR1\x00\x00\x00\x02\xff\xff\xff\xff{}",
		"GBR1\x00\x00\x00\x1e\x00\x00\x00\x00" + `{"type":"x","lines":["a","b"]}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		const room = 100
		r := bytes.NewReader(in)
		got, err := ReadFrame(r, func(h Header) int {
			if h.Type == "discard" {
				return -1
			}
			return room
		})
		if err != nil {
			if got.Type != "" || got.Bytes != nil {
				t.Errorf("something was kept of a bad frame: %+v", got)
			}
			return
		}
		if got.Type == "" || len(got.Bytes) > room {
			t.Fatalf("a frame without a type or with too many bytes: %+v", got.Header)
		}
		// What was read can be sent and read again, the same.
		out, err := AppendFrame(nil, got)
		if err != nil {
			return // replacing bad UTF-8 may take it over the limit
		}
		again, err := ReadFrame(bytes.NewReader(append(out, got.Bytes...)), func(Header) int { return room })
		if err != nil || again.Type != got.Type || again.ID != got.ID || !bytes.Equal(again.Bytes, got.Bytes) {
			t.Fatalf("read again: %+v, %v; first %+v", again.Header, err, got.Header)
		}
		toReading(got.Header)
		_ = remote("fuzz", got.Header)
		if got.Device != nil {
			got.Device.check()
		}
	})
}
