package egis0570_test

import (
	"bytes"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"garita/border"
	"garita/devices"
	"garita/devices/devicetest/replay"
	"garita/devices/devicetest/usbmon"
	"garita/devices/drivers/egis0570"
	"garita/devices/usb"
)

const (
	recordedSys    = "/sys/devices/pci0000:00/0000:00:14.0/usb1/1-9"
	recordedBus    = 1
	recordedDevice = 5
)

// recorded is the folder of the recording, or skips the test.
func recorded(t *testing.T) string {
	dir := os.Getenv("GARITA_TESTDATA")
	if dir == "" {
		t.Skip("GARITA_TESTDATA is not set: the recording of a real sensor is no part of the repository")
	}
	return filepath.Join(dir, "scanners", "egis0570")
}

func traffic(t *testing.T, dir string) []usbmon.Transfer {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "recording.pcapng"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	list, err := usbmon.Read(f, recordedBus, recordedDevice)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// The recording of a real sensor, with real libusb: the driver sends its bytes and no
// others, and makes of its images a picture of nothing but their pixels.
func TestRecordingOfARealSensor(t *testing.T) {
	dir := recorded(t)
	r := replay.Recording{Device: filepath.Join(dir, "device"), Sys: recordedSys, Pcap: filepath.Join(dir, "recording.pcapng")}
	replay.Under(t, r, func(t *testing.T, f devices.Found) {
		p := load(t)
		img := captureRecorded(t, f)
		if img.Width < p.Image.Width || img.Height < 3*p.Image.Height {
			t.Errorf("the picture is %d × %d", img.Width, img.Height)
		}
		onlyRecordedPixels(t, img, traffic(t, dir))
		likeReference(t, img, filepath.Join(dir, "capture.png"))
	})
}

func captureRecorded(t *testing.T, f devices.Found) border.FingerImage {
	t.Helper()
	p := load(t)
	conn, err := usb.Open(t.Context(), f, usb.Options{Interface: p.Transport.Interface, AutoDetach: p.Transport.AutoDetach, Reply: 500 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	d := egis0570.New(p, conn)
	if _, err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	img, err := d.Capture(t.Context(), border.FingerRequest{})
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// onlyRecordedPixels looks for runs of every line's middle in what the sensor sent.
func onlyRecordedPixels(t *testing.T, img border.FingerImage, list []usbmon.Transfer) {
	t.Helper()
	var sent []byte
	for _, x := range list {
		if len(x.Data) > 10_000 {
			sent = append(sent, x.Data...)
		}
	}
	wire := slices.Clone(img.Pixels) // turned back: inverted, and by 180 degrees
	slices.Reverse(wire)
	for i := range wire {
		wire[i] = 255 - wire[i]
	}
	const run = 30
	for y := range img.Height {
		at := y*img.Width + img.Width/2 - run/2
		if !bytes.Contains(sent, wire[at:at+run]) {
			t.Errorf("line %d has pixels that the sensor never sent", y)
		}
	}
}

// likeReference finds patches of the picture in the one that libfprint assembles of the
// same recording, at twice the size: the right way round, and dark where it is dark.
func likeReference(t *testing.T, img border.FingerImage, path string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	reference, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	half, width := halved(reference)
	const side = 40
	for _, y := range []int{img.Height/2 - 80, img.Height / 2} {
		patch := window(img.Pixels, img.Width, img.Width/3, y, side)
		best := 0.0
		for v := 0; v+side < len(half)/width; v++ {
			for u := 0; u+side < width; u++ {
				best = max(best, correlation(patch, window(half, width, u, v, side)))
			}
		}
		if best < 0.75 {
			t.Errorf("the patch at line %d is not in the reference: best correlation %.2f", y, best)
		}
	}
}

func halved(img image.Image) (pixels []byte, width int) {
	b := img.Bounds()
	for y := 0; y+1 < b.Dy(); y += 2 {
		for x := 0; x+1 < b.Dx(); x += 2 {
			grey, _, _, _ := img.At(b.Min.X+x, b.Min.Y+y).RGBA()
			pixels = append(pixels, byte(grey>>8))
		}
	}
	return pixels, b.Dx() / 2
}

func window(pixels []byte, width, x, y, side int) []byte {
	w := make([]byte, 0, side*side)
	for j := range side {
		w = append(w, pixels[(y+j)*width+x:(y+j)*width+x+side]...)
	}
	return w
}

// correlation is Pearson's.
func correlation(a, b []byte) float64 {
	var sa, sb, saa, sbb, sab int
	for i, v := range a {
		x, y := int(v), int(b[i])
		sa, sb, saa, sbb, sab = sa+x, sb+y, saa+x*x, sbb+y*y, sab+x*y
	}
	n := len(a)
	spread := math.Sqrt(float64(n*saa-sa*sa)) * math.Sqrt(float64(n*sbb-sb*sb))
	if spread == 0 {
		return 0
	}
	return float64(n*sab-sa*sb) / spread
}

// A recording with one other byte is noticed: the driver's bytes are checked indeed.
func TestRecordingNoticesAChange(t *testing.T) {
	dir := recorded(t)
	r := replay.Recording{Device: filepath.Join(dir, "device"), Sys: recordedSys}
	if replay.Inside(t) {
		replay.Under(t, r, func(t *testing.T, f devices.Found) { captureRecorded(t, f) })
		return
	}
	list := traffic(t, dir)
	first := slices.IndexFunc(list, func(x usbmon.Transfer) bool { return x.Kind == usbmon.Bulk })
	run := func(at, changed int) error {
		changedList := slices.Clone(list)
		if at >= 0 {
			changedList[at].Data = slices.Clone(list[at].Data)
			changedList[at].Data[changed] ^= 0x01
		}
		var b bytes.Buffer
		if err := usbmon.Write(&b, recordedBus, recordedDevice, changedList); err != nil {
			t.Fatal(err)
		}
		r.Pcap = filepath.Join(t.TempDir(), "changed.pcapng")
		if err := os.WriteFile(r.Pcap, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := replay.Run(t, r)
		if err == nil != (at < 0) {
			t.Errorf("byte %d of transfer %d changed: %v\n%s", changed, at, err, out)
		}
		return err
	}
	if run(-1, 0) != nil { // written again and unchanged, it replays
		return
	}
	_ = run(first, 6)    // a value that the driver writes
	_ = run(first+1, 5)  // a value that the sensor says it took
	_ = run(first+40, 4) // another operation
}
