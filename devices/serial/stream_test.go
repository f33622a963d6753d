package serial

import (
	"context"
	"errors"
	"testing"
	"time"

	"garita/devices"
	"garita/devices/devicetest/streamsuite"
)

func TestPortIsAStream(t *testing.T) {
	streamsuite.Run(t, func(t *testing.T) (devices.Stream, streamsuite.Peer) {
		master, p, _ := line(t)
		return p, streamsuite.Peer{
			Send: func(b []byte) error {
				_, err := master.Write(b)
				return err
			},
			Receive: master.Read,
			Unplug:  master.Close,
		}
	})
}

// A device that takes nothing any more must not hold the port when it is closed.
func TestAPortThatTookNothingIsFreeAgain(t *testing.T) {
	_, p, path := line(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := p.Write(ctx, make([]byte, 1<<20)); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	if _, err := p.Read(t.Context(), make([]byte, 1)); !errors.Is(err, devices.ErrClosed) {
		t.Errorf("read after a failed write: %v", err)
	}
	again, err := Open(Config{Path: path, Baud: 9600, ReadTimeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	_ = again.Close()
}
