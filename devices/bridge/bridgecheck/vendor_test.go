package bridgecheck

import (
	"encoding/binary"
	"encoding/json"
	"io"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// vendor is a bridge as somebody might write it who has only docs/BRIDGE.md: nothing of
// the package bridge is used. fault names the one rule that it breaks; "" for none.
type vendor struct {
	fault string
	seat  chan struct{}
	tasks sync.WaitGroup
}

type msg = map[string]any

// station is one connection of the vendor's bridge.
type station struct {
	*vendor
	conn net.Conn
	beat time.Duration

	mu      sync.Mutex // guards the rest, and writing
	started bool
	busy    uint64 // id of the request under way
	timer   *time.Timer
}

// sell starts a vendor's bridge for as long as the test runs.
func sell(t *testing.T, fault string) (address string) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	v := &vendor{fault: fault, seat: make(chan struct{}, 1)}
	var conns []net.Conn
	v.tasks.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				break
			}
			conns = append(conns, conn)
			v.tasks.Go(func() { v.serve(conn) })
		}
		for _, c := range conns {
			c.Close()
		}
	})
	t.Cleanup(func() { l.Close(); v.tasks.Wait() })
	return "unix:" + path
}

func (v *vendor) is(fault string) bool { return v.fault == fault }

func (s *station) send(m msg) {
	text, _ := json.Marshal(m)
	b := append([]byte("GBR1"), binary.BigEndian.AppendUint32(nil, uint32(len(text)))...)
	b = append(binary.BigEndian.AppendUint32(b, 0), text...)
	_, _ = s.conn.Write(b)
}

func (s *station) refuse(id uint64, code string) {
	s.send(msg{"type": "error", "id": id, "code": code})
}

func (v *vendor) serve(conn net.Conn) {
	s := &station{vendor: v, conn: conn, beat: 2 * time.Second}
	defer conn.Close()
	greeted := false
	for {
		prefix := make([]byte, 12)
		switch {
		case v.is("waits for ever"):
		case v.is("gives up at once") && greeted:
			_ = conn.SetReadDeadline(time.Now().Add(s.beat / 2))
		default:
			_ = conn.SetReadDeadline(time.Now().Add(3 * s.beat))
		}
		if v.is("one read is one frame") {
			if n, _ := conn.Read(prefix); n != len(prefix) {
				return
			}
		} else if !s.fill(prefix[:1]) {
			return
		} else {
			if !v.is("waits for ever") {
				_ = conn.SetReadDeadline(time.Now().Add(3 * s.beat))
			}
			if !s.fill(prefix[1:]) {
				return
			}
		}
		if string(prefix[:4]) != "GBR1" && !v.is("reads anything") {
			return
		}
		n, size := binary.BigEndian.Uint32(prefix[4:]), binary.BigEndian.Uint32(prefix[8:])
		if n > 65536 && !v.is("no limit of headers") || size > 16777216 && !v.is("no limit of bytes") {
			s.refuse(0, "too_large")
			return
		}
		text := make([]byte, min(n, 1<<20))
		if !s.fill(text) {
			return
		}
		if !v.is("forgets the bytes") {
			if _, err := io.CopyN(io.Discard, conn, int64(size)); err != nil {
				return
			}
		}
		var h struct {
			Type      string
			ID        uint64
			Versions  []int
			Heartbeat int64 `json:"heartbeat_ms"`
			Deadline  int64 `json:"deadline_ms"`
			Position  int
			Step      string
			Signal    string
		}
		var strict msg
		if err := json.Unmarshal(text, &h); err != nil || h.Type == "" {
			if v.is("goes on after bad JSON") {
				continue
			}
			s.refuse(0, "bad_request")
			return
		}
		_ = json.Unmarshal(text, &strict)
		if v.is("knows every field") && (strict["future"] != nil) {
			return
		}
		if !greeted {
			if h.Type != "hello" && !v.is("needs no hello") {
				s.refuse(h.ID, "bad_request")
				return
			}
			version := 0
			for _, o := range h.Versions {
				if o == 1 {
					version = 1
				}
			}
			if version == 0 && !v.is("takes any version") {
				s.refuse(h.ID, "version")
				return
			}
			if v.is("takes the first version") {
				version = h.Versions[0]
			}
			select {
			case v.seat <- struct{}{}:
				defer func() {
					if !v.is("keeps the seat") {
						<-v.seat
					}
				}()
			default:
				if !v.is("serves two") {
					s.refuse(h.ID, "busy")
					return
				}
			}
			greeted = true
			s.beat = time.Duration(h.Heartbeat) * time.Millisecond
			info := msg{"kind": "fingerprint", "model": "T1", "width": 30, "height": 20, "dpi": 500}
			if v.is("names no size") {
				delete(info, "width")
			}
			s.send(msg{"type": "welcome", "id": h.ID, "version": max(version, 1), "device": info})
			if v.is("takes the first version") {
				continue
			}
			if !v.is("has no heartbeat") {
				v.tasks.Go(s.beats)
			}
			continue
		}
		s.mu.Lock()
		s.take(h.Type, h.ID, h.Deadline, h.Position, h.Signal, h.Step)
		s.mu.Unlock()
	}
}

// fill reads until b is full.
func (s *station) fill(b []byte) bool {
	for i := range b {
		if s.is("every byte counts") {
			_ = s.conn.SetReadDeadline(time.Now().Add(3 * s.beat))
		}
		if _, err := io.ReadFull(s.conn, b[i:i+1]); err != nil {
			return false
		}
	}
	return true
}

func (s *station) beats() {
	for {
		time.Sleep(s.beat)
		s.mu.Lock()
		text := `GBR1` + "\x00\x00\x00\x10\x00\x00\x00\x00" + `{"type":"alive"}`
		_, err := s.conn.Write([]byte(text))
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// end answers the request under way.
func (s *station) end(id uint64, code string) {
	if s.busy == id {
		s.busy = 0
		if s.timer != nil {
			s.timer.Stop()
		}
		s.refuse(id, code)
	}
}

func (s *station) take(kind string, id uint64, deadline int64, position int, signal, step string) {
	switch kind {
	case "alive":
		return
	case "cancel":
		switch {
		case s.busy == 0 && s.is("answers every cancel"):
			s.refuse(id, "bad_request")
		case s.is("cancels slowly"):
			time.AfterFunc(slowCancel, func() { s.mu.Lock(); defer s.mu.Unlock(); s.end(id, "cancelled") })
		case !s.is("cancels never"):
			s.end(id, "cancelled")
			if s.is("sends the image anyway") {
				s.send(msg{"type": "image", "id": id, "width": 1, "height": 1, "dpi": 500})
			}
		}
		return
	case "hello":
		if !s.is("welcomes twice") {
			s.refuse(id, "bad_request")
		} else {
			s.send(msg{"type": "welcome", "id": id})
		}
		return
	case "start", "serve", "capture", "self_test", "indicate":
	default:
		if !s.is("is silent about unknown types") {
			s.refuse(id, "unknown_type")
		}
		return
	}
	switch {
	case s.busy != 0 && !s.is("takes two requests"):
		s.refuse(id, "busy")
	case kind != "serve" && deadline < 1 && !s.is("needs no deadline"):
		s.refuse(id, "bad_request")
	case kind == "start":
		s.started = true
		if s.is("does not start") {
			s.refuse(id, "not_found")
		} else {
			s.send(msg{"type": "started", "id": id, "firmware": "1"})
		}
	case !s.started:
		s.refuse(id, "not_started")
	case kind == "capture" && (position == 11 || position == 12 || position > 15) && !s.is("has twelve fingers"):
		s.refuse(id, "bad_request")
	case kind == "serve" && s.is("ends serve"):
		s.send(msg{"type": "done", "id": id})
	case kind == "serve" || kind == "capture":
		s.busy = id
		if kind == "capture" && !s.is("has no clock") {
			s.timer = time.AfterFunc(time.Duration(deadline)*time.Millisecond, func() { s.mu.Lock(); defer s.mu.Unlock(); s.end(id, "deadline") })
		}
	case kind == "self_test" && step != "identify" && !s.is("passes any test"),
		kind == "indicate" && signal != "here" && signal != "good" && signal != "bad":
		s.refuse(id, "unsupported")
	default:
		s.send(msg{"type": "done", "id": id})
	}
}
