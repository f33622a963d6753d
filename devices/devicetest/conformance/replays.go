package conformance

import (
	"bytes"
	"context"
	"os"
	"time"

	"garita/devices/bundle"
)

// replays holds the diagnostic files of a case's devices to what happened: whatever went
// wrong, replaying it must show the same. It takes as long as the case again.
func (b *bench) replays() {
	if os.Getenv("GARITA_SOAK") == "" || b.Failed() || b.Skipped() {
		return
	}
	for _, id := range b.rig.IDs {
		e, err := b.sup.Evidence(id)
		if err != nil || e.Profile.Transport.Kind == "bridge" {
			continue // it was never plugged in, or its frames are behind a bridge
		}
		var file bytes.Buffer
		b.must(bundle.Write(&file, bundle.Content{Written: wall{}.Now(), Scanner: e.Detail, Found: e.Found, Record: e.Record}))
		parsed, err := bundle.Read(file.Bytes())
		if err != nil {
			b.Error(err)
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
		r, err := bundle.ReplayWith(ctx, e.Profile, parsed)
		cancel()
		if err == nil && r.OK() || err != nil && r.Calls == 0 {
			continue
		}
		for i, t := range parsed.Trace {
			b.Logf("%d %s %s ep %02x %x +%v %v err %q %q, %d times of %d", i+1, t.Kind, t.Name, t.Endpoint, t.Data[:min(len(t.Data), 40)], t.Runs, t.Shape, t.Err, t.Text, t.Times, t.Of)
		}
		b.Errorf("%s replays otherwise: %+v %v", id, r, err)
	}
}
