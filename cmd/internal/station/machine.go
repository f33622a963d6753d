package station

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	uiworkshop "garita/ui/workshop"
)

// durable writes a file a few times over, each time until it is on the disk, and returns how long each took, the
// shortest first. The file is gone afterwards.
func durable(ctx context.Context, path string, mono func() time.Duration) (took []time.Duration, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(path)) }()
	block := make([]byte, floorBytes)
	began := mono()
	for i := range floorWrites {
		block[0] = byte(i)
		at := mono()
		if _, err := f.WriteAt(block, int64(i)*floorBytes); err != nil {
			return nil, err
		}
		if err := f.Sync(); err != nil {
			return nil, err
		}
		now := mono()
		took = append(took, now-at)
		if ctx.Err() != nil || now-began > floorFor {
			break
		}
	}
	slices.Sort(took)
	return took, ctx.Err()
}

// What a file of the kernel may hold, and how many of a class are looked at.
const (
	maxSysFile = 64
	maxSysOf   = 16
)

// supplies lists the power supplies that the kernel knows (Linux, Documentation/ABI/testing/sysfs-class-power).
func supplies(sys string) (out []uiworkshop.Supply) {
	for _, dir := range class(sys, "power_supply") {
		s := uiworkshop.Supply{Name: filepath.Base(dir), Kind: value(dir, "type"), State: value(dir, "status"), Percent: -1}
		if n, err := strconv.Atoi(value(dir, "capacity")); err == nil && n >= 0 && n <= 100 {
			s.Percent = n
		}
		out = append(out, s)
	}
	return out
}

// heat lists the thermal zones (Documentation/ABI/testing/sysfs-class-thermal; thousandths of a degree).
func heat(sys string) (out []uiworkshop.Heat) {
	for _, dir := range class(sys, "thermal") {
		n, err := strconv.Atoi(value(dir, "temp"))
		if err != nil || n < -50_000 || n > 200_000 {
			continue // a cooling device, or a sensor that says nothing
		}
		name := value(dir, "type")
		if name == "" {
			name = filepath.Base(dir)
		}
		out = append(out, uiworkshop.Heat{Name: name, Celsius: n / 1000})
	}
	return out
}

func class(sys, name string) []string {
	entries, err := os.ReadDir(filepath.Join(sys, name))
	if err != nil {
		return nil
	}
	var out []string
	for _, e := range entries[:min(len(entries), maxSysOf)] {
		out = append(out, filepath.Join(sys, name, e.Name()))
	}
	return out
}

// value reads a file of one line; "" where there is none.
func value(dir, name string) string {
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return ""
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxSysFile))
	if err != nil {
		return ""
	}
	return strings.ToValidUTF8(strings.TrimSpace(string(b)), "?")
}
