//go:build vm

package vm

import (
	"context"
	"errors"
	"testing"
	"time"

	"garita/devices"
	"garita/devices/devicetest/streamsuite"
)

// A real port of cdc-acm passes the suite of all streams.
func TestVMSerialSuite(t *testing.T) {
	streamsuite.Run(t, func(t *testing.T) (devices.Stream, streamsuite.Peer) {
		r := newReader(t, 0)
		_, node := r.plug(t)
		return open(t, node), streamsuite.Peer{
			Send:    r.send,
			Unplug:  r.unplug,
			Receive: func(b []byte) (int, error) { return r.far.Read(b) },
		}
	})
}

func TestVMFaultSerialUnplugged(t *testing.T) {
	r := newReader(t, 0)
	_, node := r.plug(t)
	p := open(t, node)
	type result struct {
		n   int
		err error
		at  time.Time
	}
	ended := make(chan result, 1)
	go func() {
		b := make([]byte, 64)
		for {
			n, err := p.Read(context.Background(), b)
			if err != nil {
				ended <- result{n, err, time.Now()}
				return
			}
		}
	}()
	must(t, r.send([]byte("half a docu")))
	var pulled time.Time
	inject(t, "unplug in the middle of a document", func() error { pulled = time.Now(); return r.unplug() }, r.gone)
	got := <-ended
	if !errors.Is(got.err, devices.ErrUnplugged) {
		t.Errorf("the read ended with %v, not with unplugged", got.err)
	}
	t.Logf("reported %v of the guest's time after the plug was pulled", got.at.Sub(pulled))
	if d := got.at.Sub(pulled); d > 200*time.Millisecond {
		t.Errorf("an unplugging was reported only after %v", d)
	}
}

// The node of a device that comes back while somebody still holds the old one is another.
func TestVMFaultSerialReplugged(t *testing.T) {
	r := newReader(t, 0)
	port, node := r.plug(t)
	held := open(t, node)
	inject(t, "unplug", r.unplug, r.gone)
	port2, node2 := r.plug(t)
	if port2 != port {
		t.Errorf("the same socket has another name: %s, then %s", port, port2)
	}
	if node2 == node {
		t.Errorf("the node is %s again: this test needs another", node)
	}
	again := open(t, node2)
	must(t, r.send([]byte("after")))
	b := make([]byte, 64)
	var n int
	until(t, "bytes on the new node", func() bool {
		var err error
		n, err = again.Read(context.Background(), b)
		must(t, err)
		return n > 0
	})
	if _, err := held.Read(context.Background(), b); !errors.Is(err, devices.ErrUnplugged) {
		t.Errorf("the old node's read says %v", err)
	}
}
