package seal_test

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/seal"
)

// Keys of one part go and the others stay; what is gone stays gone though its wrap comes again.
func TestDestroyedStaysDestroyed(t *testing.T) {
	ctx := t.Context()
	private, err := seal.NewHubPrivate("hub")
	check(t, err)
	prov, err := private.Provisioning()
	check(t, err)
	station, err := seal.OpenStationKeys(ctx, filepath.Join(t.TempDir(), "keys.db"), "PUT-1", seal.NewStationSecret(), prov)
	check(t, err)
	defer station.Close()
	hub, err := seal.OpenHubKeys(ctx, filepath.Join(t.TempDir(), "keys.db"), private)
	check(t, err)
	defer hub.Close()
	set, err := station.Ready(ctx, "2026-11")
	check(t, err)
	key := border.Key{Station: "PUT-1", Epoch: border.Epoch{1}, Seq: 1}
	ev := &border.Event{Key: key}
	for _, name := range []string{border.PartPersonal, border.PartProtection} {
		p, err := set.Seal(key, name, []byte(name))
		check(t, err)
		ev.Parts = append(ev.Parts, p)
	}
	wraps, err := station.Wraps(ctx)
	check(t, err)
	check(t, hub.Add(ctx, wraps))
	months, err := hub.Months(ctx)
	check(t, err)
	if want := []seal.Month{{"PUT-1", "hub", "2026-11", 1}, {"PUT-1", "personal", "2026-11", 1}, {"PUT-1", "protection", "2026-11", 1}}; cmp.Diff(want, months) != "" {
		t.Errorf("the hub holds %v", months)
	}
	n, err := hub.DestroyPart(ctx, "PUT-1", border.PartProtection, "2026-11")
	check(t, err)
	check(t, hub.Add(ctx, wraps)) // the station has not heard of it
	if _, err := hub.Open(ev, border.PartProtection); n != 1 || err == nil {
		t.Errorf("destroyed %d keys, and the part opens: %v", n, err)
	}
	if b, err := hub.Open(ev, border.PartPersonal); err != nil || string(b) != border.PartPersonal {
		t.Errorf("the other part does not open any more: %v", err)
	}
	ids, err := hub.IDs(ctx, "PUT-1")
	check(t, err)
	if len(ids) != 3 || !slices.Contains(ids, ev.Parts[1].KeyID) {
		t.Errorf("the station would send the destroyed key for ever: %v", ids)
	}
	n, err = station.DestroyPart(ctx, border.PartPersonal, "2026-11")
	check(t, err)
	if _, err := station.Open(ev, border.PartPersonal); n != 1 || err == nil {
		t.Errorf("destroyed %d keys at the station, and the part opens: %v", n, err)
	}
	if b, err := station.Open(ev, border.PartProtection); err != nil || string(b) != border.PartProtection {
		t.Errorf("the other part does not open at the station: %v", err)
	}
}
