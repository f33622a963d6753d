package seal_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"garita/border"
	"garita/border/seal"
)

// lose takes the station's disk away: a new one has a new secret and no keys.
func (r *rig) lose() {
	r.t.Helper()
	check(r.t, r.station.Close())
	for _, f := range []string{"keys.db", "keys.db-wal", "keys.db-shm"} {
		if err := os.Remove(filepath.Join(r.dir, f)); err != nil && !os.IsNotExist(err) {
			r.t.Fatal(err)
		}
	}
	r.secret = seal.NewStationSecret()
	r.open()
}

// take carries keys from the hub as the stream does, some at a time, until there are no more.
func take(t *testing.T, from border.KeySource, to border.KeySink) (n int) {
	t.Helper()
	for after := ""; ; {
		wraps, err := from.Rewrapped(t.Context(), "PUT-1", after)
		check(t, err)
		if len(wraps) == 0 {
			check(t, to.Regain(t.Context(), nil))
			return n
		}
		wraps = wraps[:1] // the wire takes fewer than the hub gives
		check(t, to.Regain(t.Context(), wraps))
		n, after = n+1, wraps[0].KeyID
	}
}

func lacking(t *testing.T, s border.KeySink) bool {
	t.Helper()
	l, err := s.Lacking(t.Context())
	check(t, err)
	return l
}

// A station that lost its disk opens its old events and drafts again, never the hub's parts, and nothing
// that was destroyed.
func TestRegain(t *testing.T) {
	r := newRig(t)
	e := r.event(1, all...)
	draftKey, draft, err := r.station.SealLocal(t.Context(), bucket, "draft/1", []byte("plain draft"))
	check(t, err)
	set, err := r.station.Ready(t.Context(), "2021-11") // long past
	check(t, err)
	past := &border.Event{Key: border.Key{Station: "PUT-1", Seq: 7}}
	part, err := set.Seal(past.Key, border.PartPersonal, []byte("plain past"))
	check(t, err)
	past.Parts = []border.Part{part}
	r.deliver()
	if n, err := r.hub.Destroy(t.Context(), "PUT-1", "2021-11"); err != nil || n != 3 {
		t.Fatalf("destroyed %d, %v", n, err)
	}
	pub, opener := stationPair(t)
	source := seal.NewKeySource(r.hub, func(context.Context, border.StationID) ([]byte, error) { return pub, nil })

	r.lose()
	named := []string{e.Parts[0].KeyID, e.Parts[1].KeyID, past.Parts[0].KeyID}
	sink := seal.NewKeySink(r.station, opener, func(context.Context) ([]string, error) { return named, nil })
	for _, p := range all {
		if _, err := r.station.Open(e, p); !errors.Is(err, seal.ErrNoKey) {
			t.Errorf("%s opens before its key came: %v", p, err)
		}
	}
	fresh := r.event(2, border.PartPersonal) // the border does not wait
	if !lacking(t, sink) {
		t.Fatal("a new store lacks nothing")
	}
	if n := take(t, source, sink); n != 2 {
		t.Errorf("%d keys came, want the two of the month", n)
	}
	if lacking(t, sink) {
		t.Error("it still lacks keys: the hub would be asked for ever for one that was destroyed")
	}
	r.restart()
	for _, p := range []string{border.PartPersonal, border.PartProtection} {
		if got, err := r.station.Open(e, p); err != nil || string(got) != "plain "+p {
			t.Errorf("%q, %v", got, err)
		}
	}
	if got, err := r.station.OpenLocal(draftKey, "draft/1", draft); err != nil || string(got) != "plain draft" {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := r.station.Open(fresh, border.PartPersonal); err != nil || string(got) != "plain personal" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := r.station.Open(e, border.PartHub); !errors.Is(err, seal.ErrNoKey) {
		t.Errorf("the hub's part: %v", err)
	}
	if _, err := r.station.Open(past, border.PartPersonal); !errors.Is(err, seal.ErrNoKey) {
		t.Errorf("what was destroyed: %v", err)
	}
	sink = seal.NewKeySink(r.station, opener, func(context.Context) ([]string, error) { return named[:2], nil })
	if lacking(t, sink) {
		t.Error("after a restart it lacks keys that it has")
	}
	named = append(named, "feedfeedfeedfeed")
	sink = seal.NewKeySink(r.station, opener, func(context.Context) ([]string, error) { return named, nil })
	if !lacking(t, sink) {
		t.Error("an event that the hub gave back names a key that is not held, and nobody asks for it")
	}
	for _, w := range wrapsOf(t, r) { // what it has can be given to the hub again
		check(t, r.hub.Add(t.Context(), []border.KeyWrap{w}))
	}
	if got, err := r.hub.Open(fresh, border.PartPersonal); err != nil || string(got) != "plain personal" {
		t.Errorf("%q, %v", got, err)
	}
}

// What was destroyed at the station stays so, whatever the hub still has.
func TestRegainDestroyed(t *testing.T) {
	r := newRig(t)
	e := r.event(1, border.PartPersonal)
	r.deliver()
	pub, opener := stationPair(t)
	given, err := r.hub.Rewrapped(t.Context(), "PUT-1", pub, "")
	check(t, err)
	_, err = r.station.Destroy(t.Context(), bucket)
	check(t, err)
	check(t, r.station.Regain(t.Context(), opener, given))
	if _, err := r.station.Open(e, border.PartPersonal); !errors.Is(err, seal.ErrNoKey) {
		t.Errorf("%v", err)
	}
}

// Only the hub gives keys, only this station takes them, and none is taken for another.
func TestRegainForged(t *testing.T) {
	r := newRig(t)
	r.event(1, all...)
	r.deliver()
	pub, opener := stationPair(t)
	given, err := r.hub.Rewrapped(t.Context(), "PUT-1", pub, "")
	check(t, err)
	if len(given) != 2 || given[0].KeyID >= given[1].KeyID {
		t.Fatalf("%d keys", len(given))
	}
	if next, err := r.hub.Rewrapped(t.Context(), "PUT-1", pub, given[0].KeyID); err != nil || len(next) != 1 || next[0].KeyID != given[1].KeyID {
		t.Errorf("after the first: %v, %v", next, err)
	}
	if other, err := r.hub.Rewrapped(t.Context(), "PUT-2", pub, ""); err != nil || len(other) != 0 {
		t.Errorf("another station's: %v, %v", other, err)
	}
	hostile, err := seal.NewHubPrivate("HOSTILE")
	check(t, err)
	hostile.PrivateKey = r.private.PrivateKey // even so: what counts is the signature
	broker, err := seal.OpenHubKeys(t.Context(), filepath.Join(r.dir, "broker.db"), hostile)
	check(t, err)
	defer broker.Close()
	check(t, broker.Add(t.Context(), wrapsOf(t, r)))
	forged, err := broker.Rewrapped(t.Context(), "PUT-1", pub, "")
	check(t, err)
	_, stranger := stationPair(t)
	r.lose()
	for name, try := range map[string]struct {
		opener *seal.StationOpener
		wrap   func() border.KeyWrap
	}{
		"signed by somebody else": {opener, func() border.KeyWrap { return forged[0] }},
		"for another station":     {stranger, func() border.KeyWrap { return given[0] }},
		"another id":              {opener, func() border.KeyWrap { w := given[0]; w.KeyID = given[1].KeyID; return w }},
		"another part":            {opener, func() border.KeyWrap { w := given[0]; w.Part = given[1].Part; return w }},
		"another bucket":          {opener, func() border.KeyWrap { w := given[0]; w.Bucket = "2031-01"; return w }},
		"another station's name":  {opener, func() border.KeyWrap { w := given[0]; w.Station = "PUT-2"; return w }},
		"a flipped bit": {opener, func() border.KeyWrap {
			w := given[0]
			w.Wrapped = bytes.Clone(w.Wrapped)
			w.Wrapped[len(w.Wrapped)-1] ^= 1
			return w
		}},
		"nothing": {opener, func() border.KeyWrap { w := given[0]; w.Wrapped = nil; return w }},
	} {
		err := r.station.Regain(t.Context(), try.opener, []border.KeyWrap{given[1], try.wrap()})
		if border.CodeOf(err) != border.Invalid {
			t.Errorf("%s: %v", name, err)
		}
		if left := wrapsOf(t, r); len(left) != 0 {
			t.Fatalf("%s: %d keys were kept", name, len(left))
		}
	}
	check(t, r.station.Regain(t.Context(), opener, given))
}
