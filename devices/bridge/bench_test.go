package bridge

import (
	"context"
	"testing"
	"time"

	"garita/border"
	"garita/devices"
)

// BenchmarkSlap is one image of four fingers at 500 dpi, from the request to the image.
func BenchmarkSlap(b *testing.B) {
	info := slaps
	info.Width, info.Height = 1600, 1500
	s := newScanner()
	c := started(b, s, info, relaxed)
	b.SetBytes(1600 * 1500)
	for b.Loop() {
		go func() { s.fingers <- finger(1600, 1500, 7) }()
		if _, err := c.Capture(context.Background(), border.FingerRequest{Position: 13}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReading is one document, from the driver at the bridge to the station.
func BenchmarkReading(b *testing.B) {
	s := newScanner()
	c := started(b, s, reader, relaxed)
	ctx, cancel := context.WithCancel(context.Background())
	got := make(chan devices.Reading)
	ended := make(chan error, 1)
	go func() { ended <- c.Serve(ctx, func(r devices.Reading) { got <- r }) }()
	// More documents in a second than the contract allows would end the connection.
	wait := time.NewTicker(time.Second / (maxFrames * 3 / 4))
	defer wait.Stop()
	for b.Loop() {
		b.StopTimer()
		<-wait.C
		b.StartTimer()
		s.readings <- devices.Reading{Lines: specimen}
		<-got
	}
	cancel()
	if err := <-ended; err != nil {
		b.Fatal(err)
	}
}

// BenchmarkCancel is a capture that is cancelled and the next request, which waits for
// the bridge's answer to the cancel.
func BenchmarkCancel(b *testing.B) {
	s := newScanner()
	c := started(b, s, slaps, relaxed)
	wait := time.NewTicker(time.Second / (maxFrames / 4))
	defer wait.Stop()
	for b.Loop() {
		b.StopTimer()
		<-wait.C
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() {
			_, err := c.Capture(ctx, border.FingerRequest{Position: 1})
			ended <- err
		}()
		time.Sleep(time.Millisecond)
		b.StartTimer()
		cancel()
		<-ended
		if err := c.Indicate(context.Background(), devices.SignalBad); err != nil {
			b.Fatal(err)
		}
	}
}
