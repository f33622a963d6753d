package drivers

import (
	"context"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"garita/devices"
	"garita/devices/profile"
)

func TestMain(m *testing.M) {
	runtime.MemProfileRate = 1 // every allocation is seen by TestNoAllocationAboveTheLimits
	os.Exit(m.Run())
}

// hostile is a line on which a device says whatever it likes, whatever it is asked.
type hostile struct {
	rng  *rand.Rand
	left int
}

func (h *hostile) Read(ctx context.Context, b []byte) (int, error) {
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	if h.left <= 0 {
		return 0, devices.ErrUnplugged
	}
	n := 1 + h.rng.IntN(min(len(b), 2048))
	for i := range b[:n] {
		switch h.rng.IntN(4) {
		case 0: // beginnings and huge lengths of all the protocols
			b[i] = []byte{0x02, 0x03, 0xef, 0x01, 0x49, 0x4c, 0x43, 0xff, 0x16, 0x06, '\r', '\n'}[h.rng.IntN(12)]
		case 1:
			b[i] = byte(h.rng.Uint32())
		default:
			b[i] = 'A'
		}
	}
	h.left -= n
	return n, nil
}

func (*hostile) Write(context.Context, []byte) error { return nil }
func (*hostile) Close() error                        { return nil }

// What a device says of lengths must not make a driver take memory: no allocation of a
// driver is larger than its profile's limits allow.
func TestNoAllocationAboveTheLimits(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	set, err := profile.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"generic-framed-mrz", "generic-framed-cr", "generic-raw-mrz", "elyctis-idbox-mrz", "honeywell-ocr", "r30x-fingerprint"} {
		p, ok := set.Get(id)
		if !ok {
			t.Fatalf("no profile %s", id)
		}
		q := *p
		q.Timing.ReplyMS, q.Timing.RearmDelayMS = 20, 0
		line := &hostile{rng: rand.New(rand.NewPCG(seed, 1)), left: 1 << 20}
		d := streams[q.Driver](&q, line)
		for tries := 0; line.left > 0 && tries < 20_000; tries++ {
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			if tries%2 == 0 {
				_, _ = d.Start(ctx)
			}
			_ = d.Serve(ctx, func(devices.Reading) {})
			cancel()
		}
		limit := int64(max(q.Framing.MaxBytes, q.Image.MaxBytes, 32<<10)) // 32 KiB: an answer of two reads as characters, fixed in the code
		if most, where := largest(t); most > limit {
			t.Errorf("%s: an allocation of %d bytes, limit %d, in %s", id, most, limit, where)
		}
	}
}

// largest is the largest mean size of the allocations of one place in the drivers.
func largest(t *testing.T) (most int64, where string) {
	t.Helper()
	runtime.GC()
	runtime.GC() // the profile is as of the last but one
	records := make([]runtime.MemProfileRecord, 20_000)
	n, ok := runtime.MemProfile(records, true)
	if !ok || n == 0 {
		t.Fatalf("no profile of the memory: %d records", n)
	}
	seen := 0
	for _, r := range records[:n] {
		frames := runtime.CallersFrames(r.Stack())
		for {
			f, more := frames.Next()
			if strings.Contains(f.Function, "garita/devices/drivers/") {
				seen++
				if size := r.AllocBytes / max(r.AllocObjects, 1); size > most {
					most, where = size, f.Function
				}
				break
			}
			if !more {
				break
			}
		}
	}
	if seen == 0 {
		t.Fatal("no allocation of a driver was seen")
	}
	return most, where
}
