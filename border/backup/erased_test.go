package backup_test

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"garita/border"
	"garita/border/backup"
	"garita/border/journal"
	"garita/border/seal"
)

type trusted struct{ *testClock }

func (trusted) Trust() border.ClockTrust { return border.ClockTrust{State: border.ClockSynced} }

// What retention has destroyed does not come back with a backup, at a station that was put back and got
// all its keys again from the hub either; what is alive does.
func TestErasedStaysErased(t *testing.T) {
	r := newRig(t, backup.Station)
	for _, f := range []string{"journal.db", "journal.db-wal", "keys.db", "keys.db-wal"} {
		check(t, os.Remove(filepath.Join(r.dir, f)))
	}
	ctx := t.Context()
	hub, err := seal.OpenHubKeys(ctx, filepath.Join(t.TempDir(), "keys.db"), r.hub)
	check(t, err)
	defer hub.Close()
	open := func(dir string) (*journal.Journal, *seal.StationKeys) {
		keys, err := seal.OpenStationKeys(ctx, filepath.Join(dir, "keys.db"), "PUT-1", seal.NewStationSecret(), r.prov)
		check(t, err)
		j, err := journal.Open(ctx, journal.Config{Dir: dir, Station: "PUT-1", Post: "PUT", Clock: trusted{r.clock}, Keys: keys, Reserve: -1})
		check(t, err)
		return j, keys
	}
	j, keys := open(r.dir)
	attachments, err := seal.OpenAttachments(r.dir, keys)
	check(t, err)
	receipts, images := map[string]journal.Receipt{}, map[string]border.Attachment{}
	for i, month := range []string{"2023-11", "2026-11"} {
		set, err := keys.Ready(ctx, month)
		check(t, err)
		receipts[month], err = j.Append(ctx, crossing(t, set, byte(i+1), "a person of "+month))
		check(t, err)
		images[month], err = attachments.Put(ctx, month, border.ID{byte(i)}, border.KindFinger, []byte("an image of "+month))
		check(t, err)
	}
	wraps, err := keys.Wraps(ctx)
	check(t, err)
	check(t, hub.Add(ctx, wraps))
	rep := r.make()
	_, err = keys.Destroy(ctx, "2023-11")
	check(t, err)
	_, err = hub.Destroy(ctx, "PUT-1", "2023-11")
	check(t, err)
	check(t, errors.Join(j.Close(), keys.Close()))
	check(t, os.RemoveAll(r.dir))

	dir, _, err := r.restore(rep.Path, backup.WithHub(r.hub))
	check(t, err)
	j, keys = open(dir)
	defer func() { check(t, errors.Join(j.Close(), keys.Close())) }()
	pub, opener := stationPair(t)
	source := seal.NewKeySource(hub, func(context.Context, border.StationID) ([]byte, error) { return pub, nil })
	sink := seal.NewKeySink(keys, opener, nil)
	if lacking, err := sink.Lacking(ctx); err != nil || !lacking {
		t.Fatalf("%v, %v", lacking, err)
	}
	given, err := source.Rewrapped(ctx, "PUT-1", "")
	check(t, err)
	check(t, sink.Regain(ctx, given))
	attachments, err = seal.OpenAttachments(dir, keys)
	check(t, err)
	for month, rc := range receipts {
		ev, err := j.Crossing(ctx, *rc.Header.Crossing)
		check(t, err)
		plain, err := keys.Open(&ev, border.PartPersonal)
		at := images[month]
		image, imageErr := attachments.Open(border.ID{byte(map[string]int{"2023-11": 0, "2026-11": 1}[month])}, &at)
		if month == "2023-11" {
			if !errors.Is(err, seal.ErrNoKey) || !errors.Is(imageErr, seal.ErrNoKey) {
				t.Errorf("what was destroyed came back: %q, %v; %q, %v", plain, err, image, imageErr)
			}
			continue
		}
		if err != nil || imageErr != nil || string(plain) != "a person of "+month || string(image) != "an image of "+month {
			t.Errorf("what is alive does not open: %q, %v; %q, %v", plain, err, image, imageErr)
		}
	}
}

func crossing(t *testing.T, set *seal.Set, n byte, personal string) *journal.Entry {
	t.Helper()
	hubOnly, err := seal.HubOnly(nil)
	check(t, err)
	id := border.ID{n}
	return &journal.Entry{Keys: set, Personal: []byte(personal), HubOnly: hubOnly, Crossing: id, Header: border.Header{Type: border.TypeCrossingRecorded, Counter: "1",
		Direction: border.Entry, Outcome: string(border.Admitted), Crossing: &id, Clock: border.ClockTrust{State: border.ClockSynced}}}
}

// stationPair makes the sealing keys of a station.
func stationPair(t testing.TB) (pub []byte, opener *seal.StationOpener) {
	t.Helper()
	k, err := ecdh.X25519().GenerateKey(rand.Reader)
	check(t, err)
	opener, err = seal.NewStationOpener(k.Bytes())
	check(t, err)
	return k.PublicKey().Bytes(), opener
}
