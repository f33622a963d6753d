package demo

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestCommand runs garita demo as a person would and reads its last line.
func TestCommand(t *testing.T) {
	for name, args := range map[string][]string{
		"closed loop": {"--travellers", "60", "--json"},
		"at a rate":   {"--travellers", "60", "--rate", "50", "--json", "--data", filepath.Join(t.TempDir(), "data")},
	} {
		t.Run(name, func(t *testing.T) {
			r := command(t, args...)
			t.Logf("scan to verdict %+v ms, record %+v ms", r.ScanToVerdict, r.Record)
			n := 0
			for _, v := range r.Verdicts {
				n += v
			}
			if r.Presented != 60 || r.Recorded != 60 || r.Registered != 60 || r.Failed() || n != 60 {
				t.Errorf("%+v", r)
			}
			if r.ScanToVerdict.P50 <= 0 || r.Record.P50 <= 0 || r.ScanToVerdict.P99 < r.ScanToVerdict.P50 {
				t.Errorf("nothing was measured: %+v", r)
			}
		})
	}
}

// command runs garita demo and decodes its last line, whose keys are a promise.
func command(t *testing.T, args ...string) (r Result) {
	t.Helper()
	c := exec.CommandContext(t.Context(), filepath.Join(programs, "garita"), append([]string{"demo"}, args...)...)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		t.Fatalf("garita demo: %v\n%s", err, errs.Bytes())
	}
	lines := bytes.Split(bytes.TrimSpace(out.Bytes()), []byte("\n"))
	last := lines[len(lines)-1]
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(last, &keys); err != nil {
		t.Fatalf("the last line is no JSON: %v", err)
	}
	want := []string{"duplicated", "lost", "presented", "record_ms", "recorded", "registered", "scan_to_verdict_ms", "verdicts"}
	if d := cmp.Diff(want, slices.Sorted(maps.Keys(keys))); d != "" {
		t.Errorf("keys (-want +got):\n%s", d)
	}
	for _, k := range []string{"record_ms", "scan_to_verdict_ms"} {
		var q map[string]float64
		if err := json.Unmarshal(keys[k], &q); err != nil || !cmp.Equal([]string{"p50", "p99"}, slices.Sorted(maps.Keys(q))) {
			t.Errorf("%s: %s", k, keys[k])
		}
	}
	if err := json.Unmarshal(last, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestCommandFails: a run that cannot be begun does not look like one that went well.
func TestCommandFails(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "hub"), nil, 0o600); err != nil { // a file where the folder must be
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), filepath.Join(programs, "garita"), "demo", "--travellers", "1", "--json", "--data", dir)
	if out, err := c.CombinedOutput(); err == nil {
		t.Errorf("exit code 0:\n%s", out)
	}
}

// TestSoakCommand holds the demo to its limits.
func TestSoakCommand(t *testing.T) {
	soak(t)
	var over atomic.Bool
	disk := make(chan []time.Duration, 1)
	go func() { disk <- floor(t, filepath.Join(t.TempDir(), "floor"), over.Load, 1<<20) }()
	start := time.Now()
	r := command(t, "--travellers", "500", "--json")
	took := time.Since(start)
	over.Store(true)
	during := <-disk
	t.Logf("%+v in %.1f s; the disk's floor meanwhile: %s", r, took.Seconds(), show(during))
	if r.Registered != 500 || r.Failed() {
		t.Error("something was lost or doubled")
	}
	if took > 2*time.Minute {
		t.Errorf("500 travellers took %v, more than 2 min", took)
	}
	if limit := limitOn(t, 20, during); r.ScanToVerdict.P99 > limit {
		t.Errorf("scan to verdict: p99 %.1f ms, more than %.1f ms", r.ScanToVerdict.P99, limit)
	}
}
