package seal_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"garita/border"
	"garita/border/bordertest"
	"garita/border/seal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const bucket = "2026-11"

// rig is a hub and a station that was provisioned by it.
type rig struct {
	t       testing.TB
	dir     string
	private *seal.HubPrivate
	prov    *seal.Provisioning
	secret  *seal.StationSecret
	hub     *seal.HubKeys
	station *seal.StationKeys
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newRig(t testing.TB) *rig {
	t.Helper()
	r := &rig{t: t, dir: t.TempDir(), secret: seal.NewStationSecret()}
	var err error
	r.private, err = seal.NewHubPrivate("HUB")
	check(t, err)
	r.prov, err = r.private.Provisioning()
	check(t, err)
	r.openHub()
	r.open()
	t.Cleanup(func() { check(t, errors.Join(r.station.Close(), r.hub.Close())) })
	return r
}

func (r *rig) open() {
	var err error
	r.station, err = seal.OpenStationKeys(r.t.Context(), filepath.Join(r.dir, "keys.db"), "PUT-1", r.secret, r.prov)
	check(r.t, err)
}

func (r *rig) openHub() {
	var err error
	r.hub, err = seal.OpenHubKeys(r.t.Context(), filepath.Join(r.dir, "hub.db"), r.private)
	check(r.t, err)
}

func (r *rig) restart() { check(r.t, r.station.Close()); r.open() }

// event seals the parts of an event of this station.
func (r *rig) event(seq uint64, parts ...string) *border.Event {
	r.t.Helper()
	set, err := r.station.Ready(r.t.Context(), bucket)
	check(r.t, err)
	e := &border.Event{Key: border.Key{Station: "PUT-1", Epoch: bordertest.EpochNo(1), Seq: seq}}
	for _, p := range parts {
		part, err := set.Seal(e.Key, p, []byte("plain "+p))
		check(r.t, err)
		e.Parts = append(e.Parts, part)
	}
	return e
}

// deliver carries the station's wraps to the hub.
func (r *rig) deliver() []border.KeyWrap {
	r.t.Helper()
	wraps, err := r.station.Wraps(r.t.Context())
	check(r.t, err)
	check(r.t, r.hub.Add(r.t.Context(), wraps))
	return wraps
}

var all = []string{border.PartPersonal, border.PartProtection, border.PartHub}

func TestRoundTrip(t *testing.T) {
	r := newRig(t)
	e := r.event(1, all...)
	if _, err := r.hub.Open(e, border.PartPersonal); !errors.Is(err, seal.ErrNoKey) {
		t.Errorf("before its wraps came the hub said %v", err)
	}
	wraps := r.deliver()
	if len(wraps) != 3 {
		t.Errorf("%d wraps, want one for each part", len(wraps))
	}
	r.restart()
	keys := map[string]bool{}
	for i, p := range all {
		got, err := r.hub.Open(e, p)
		if err != nil || string(got) != "plain "+p {
			t.Errorf("the hub opened %s: %q, %v", p, got, err)
		}
		got, err = r.station.Open(e, p)
		if p == border.PartHub {
			if !errors.Is(err, seal.ErrNoKey) {
				t.Errorf("after a restart the station opened the hub's part: %q, %v", got, err)
			}
		} else if err != nil || string(got) != "plain "+p {
			t.Errorf("the station opened %s: %q, %v", p, got, err)
		}
		keys[e.Parts[i].KeyID] = true
		if e.Parts[i].Alg != seal.Alg || bytes.Contains(e.Parts[i].Ciphertext, []byte("plain")) {
			t.Errorf("part %s is not sealed", p)
		}
	}
	if len(keys) != 3 {
		t.Error("parts share a key")
	}
	if again := r.event(1, border.PartPersonal); bytes.Equal(again.Parts[0].Ciphertext, e.Parts[0].Ciphertext) {
		t.Error("the same text was sealed to the same bytes")
	} else if again.Parts[0].KeyID != e.Parts[0].KeyID {
		t.Error("the month's key was not kept over a restart")
	}
	if after := r.event(2, border.PartHub); after.Parts[0].KeyID == e.Parts[2].KeyID {
		t.Error("the hub part's key was kept over a restart")
	}
	if _, err := r.hub.Open(r.event(3, border.PartPersonal), border.PartHub); border.CodeOf(err) != border.NotFound {
		t.Errorf("a part that is not there: %v", err)
	}
	ids, err := r.hub.IDs(t.Context(), "PUT-1")
	if err != nil || len(ids) != 3 {
		t.Errorf("the hub holds %v, %v", ids, err)
	}
}

// A ciphertext opens in its own place only.
func TestMoved(t *testing.T) {
	r := newRig(t)
	e := r.event(1, all...)
	r.deliver()
	for name, move := range map[string]func(e *border.Event){
		"another seq":     func(e *border.Event) { e.Key.Seq = 2 },
		"another epoch":   func(e *border.Event) { e.Key.Epoch[0] ^= 1 },
		"another part":    func(e *border.Event) { e.Parts[0].Name, e.Parts[1].Name = e.Parts[1].Name, e.Parts[0].Name },
		"another key":     func(e *border.Event) { e.Parts[0].KeyID = e.Parts[1].KeyID },
		"a flipped bit":   func(e *border.Event) { e.Parts[0].Ciphertext[20] ^= 1 },
		"cut":             func(e *border.Event) { e.Parts[0].Ciphertext = e.Parts[0].Ciphertext[:10] },
		"empty":           func(e *border.Event) { e.Parts[0].Ciphertext = nil },
		"other algorithm": func(e *border.Event) { e.Parts[0].Alg = "none" },
		"another station": func(e *border.Event) { e.Key.Station = "PUT-2" },
	} {
		moved := *e
		moved.Parts = nil
		for _, p := range e.Parts {
			p.Ciphertext = bytes.Clone(p.Ciphertext)
			moved.Parts = append(moved.Parts, p)
		}
		move(&moved)
		if got, err := r.hub.Open(&moved, border.PartPersonal); err == nil || strings.Contains(err.Error(), "plain") {
			t.Errorf("%s: the hub opened %q, %v", name, got, err)
		}
		if got, err := r.station.Open(&moved, border.PartPersonal); err == nil {
			t.Errorf("%s: the station opened %q", name, got)
		}
	}
	if got, err := r.hub.Open(e, border.PartPersonal); err != nil {
		t.Errorf("unmoved: %q, %v", got, err)
	}
}

// One station's keys are none of another's business: it can neither use nor block them.
func TestKeysBelongToTheirStation(t *testing.T) {
	r := newRig(t)
	e := r.event(1, border.PartPersonal)
	wraps, err := r.station.Wraps(t.Context())
	check(t, err)
	var foreign []border.KeyWrap
	for _, w := range wraps {
		w.Station, w.Wrapped = "PUT-9", []byte("not a wrap")
		foreign = append(foreign, w)
	}
	check(t, r.hub.Add(t.Context(), foreign)) // it was faster
	r.deliver()
	if got, err := r.hub.Open(e, border.PartPersonal); err != nil || string(got) != "plain personal" {
		t.Errorf("the hub opened %q, %v", got, err)
	}
	e.Key.Station = "PUT-9"
	if _, err := r.hub.Open(e, border.PartPersonal); err == nil {
		t.Error("a wrap that is none was opened")
	}
	other, err := seal.NewHubPrivate("OTHER")
	check(t, err)
	h, err := seal.OpenHubKeys(t.Context(), filepath.Join(r.dir, "other.db"), other)
	check(t, err)
	defer h.Close()
	check(t, h.Add(t.Context(), wraps))
	e.Key.Station = "PUT-1"
	if _, err := h.Open(e, border.PartPersonal); err == nil || errors.Is(err, seal.ErrNoKey) {
		t.Errorf("a hub with another key said %v", err)
	}
}

// Erasure is the destruction of keys: at both ends, from memory and from the file.
func TestDestroy(t *testing.T) {
	r := newRig(t)
	e := r.event(1, all...)
	wraps := r.deliver()
	keyID, local, err := r.station.SealLocal(t.Context(), bucket, "draft/1", []byte("plain draft"))
	check(t, err)
	_, err = r.station.Ready(t.Context(), "2026-12")
	check(t, err)
	if n, err := r.station.Destroy(t.Context(), bucket); err != nil || n != 3 {
		t.Errorf("the station destroyed %d, %v", n, err)
	}
	if n, err := r.hub.Destroy(t.Context(), "PUT-1", bucket); err != nil || n != 3 {
		t.Errorf("the hub destroyed %d, %v", n, err)
	}
	for range 2 {
		for _, p := range all {
			if _, err := r.station.Open(e, p); !errors.Is(err, seal.ErrNoKey) {
				t.Errorf("the station says %v of %s", err, p)
			}
			if _, err := r.hub.Open(e, p); !errors.Is(err, seal.ErrNoKey) {
				t.Errorf("the hub says %v of %s", err, p)
			}
		}
		if _, err := r.station.OpenLocal(keyID, "draft/1", local); !errors.Is(err, seal.ErrNoKey) {
			t.Errorf("the station says %v of a draft", err)
		}
		r.restart()
	}
	left, err := r.station.Wraps(t.Context())
	if err != nil || len(left) != 3 || left[0].Bucket != "2026-12" {
		t.Errorf("left: %v, %v", left, err)
	}
	for _, f := range []string{"keys.db", "keys.db-wal", "hub.db", "hub.db-wal"} {
		raw, err := os.ReadFile(filepath.Join(r.dir, f))
		if err != nil {
			continue
		}
		for _, w := range wraps {
			if bytes.Contains(raw, w.Wrapped) {
				t.Errorf("%s still holds a wrap of %s", f, w.Part)
			}
		}
	}
	if again := r.event(2, border.PartPersonal); again.Parts[0].KeyID == e.Parts[0].KeyID {
		t.Error("a destroyed key is used again")
	}
}

func TestLocal(t *testing.T) {
	r := newRig(t)
	id, sealed, err := r.station.SealLocal(t.Context(), bucket, "draft/1", []byte("plain"))
	check(t, err)
	r.restart()
	if got, err := r.station.OpenLocal(id, "draft/1", sealed); err != nil || string(got) != "plain" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := r.station.OpenLocal(id, "draft/2", sealed); err == nil {
		t.Error("a draft opened under another name")
	}
	r.secret = seal.NewStationSecret()
	check(t, r.station.Close())
	r.open()
	if _, err := r.station.OpenLocal(id, "draft/1", sealed); border.CodeOf(err) != border.Forbidden {
		t.Errorf("with another key file: %v", err)
	}
	if _, err := r.station.Ready(t.Context(), bucket); border.CodeOf(err) != border.Forbidden {
		t.Errorf("with another key file: %v", err)
	}
}

// Many callers at the turn of a month get one set of keys.
func TestReadyAtOnce(t *testing.T) {
	r := newRig(t)
	sets := make([]*seal.Set, 32)
	var wg sync.WaitGroup
	for i := range sets {
		wg.Go(func() {
			var err error
			if sets[i], err = r.station.Ready(t.Context(), bucket); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, s := range sets {
		if s != sets[0] {
			t.Fatal("two sets for one month")
		}
	}
	if w, err := r.station.Wraps(t.Context()); err != nil || len(w) != 3 {
		t.Errorf("%d wraps, %v", len(w), err)
	}
}

func TestHubOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hits := rapid.SliceOfN(rapid.StringMatching(`[a-z]{1,64}/[A-Za-z0-9._-]{1,64}`), 0, 70).Draw(t, "hits")
		plain, err := seal.HubOnly(hits)
		if err != nil || len(plain) != border.HubOnlySize {
			t.Fatalf("%d bytes, %v", len(plain), err)
		}
		var h border.HubOnly
		if err := json.Unmarshal(plain, &h); err != nil || len(h.SilentHits)+h.More != len(hits) {
			t.Fatalf("%d named and %d counted of %d, %v", len(h.SilentHits), h.More, len(hits), err)
		}
	})
}

func TestBlind(t *testing.T) {
	b, err := seal.NewBlinder(bytes.Repeat([]byte{1}, 32))
	check(t, err)
	other, err := seal.NewBlinder(bytes.Repeat([]byte{2}, 32))
	check(t, err)
	d := b.Document("UTO", "D23145890")
	for _, same := range [][2]string{{"uto", "d23145890"}, {"UTO", "D23145890<<<"}, {"UTO", "D-23 145 890"}} {
		if b.Document(same[0], same[1]) != d {
			t.Errorf("%v is another document", same)
		}
	}
	for _, o := range []border.BlindIndex{b.Document("UTO", "D23145891"), b.Document("UTA", "D23145890"), b.Document("UT", "OD23145890"), other.Document("UTO", "D23145890"), b.Document("", "")} {
		if o == d {
			t.Error("two documents under one index")
		}
	}
	if o := b.Officer("17"); len(o) != 16 || o == b.Officer("18") || o == other.Officer("17") || strings.Contains(o, "17") && o == "17" {
		t.Errorf("pseudonym %q", o)
	}
	if _, err := seal.NewBlinder(make([]byte, 31)); border.CodeOf(err) != border.Invalid {
		t.Errorf("a short key: %v", err)
	}
	if got := seal.Bucket(time.Date(2026, 12, 1, 3, 0, 0, 0, time.FixedZone("", 4*3600))); got != "2026-11" {
		t.Errorf("bucket %s", got)
	}
}

func TestKeyFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "k")
	var got seal.StationSecret
	if err := seal.Load(path, &got); border.CodeOf(err) != border.NotFound {
		t.Errorf("no file: %v", err)
	}
	want := seal.NewStationSecret()
	check(t, seal.Save(path, want))
	check(t, seal.Load(path, &got))
	if !bytes.Equal(got.WrapKey, want.WrapKey) {
		t.Error("another secret came back")
	}
	info, err := os.Stat(path)
	check(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	check(t, os.Chmod(path, 0o640))
	if err := seal.Load(path, &got); border.CodeOf(err) != border.Forbidden {
		t.Errorf("a file that others read: %v", err)
	}
	check(t, os.WriteFile(path, []byte(`{"wrap_key": "SECRETSECRET`), 0o600))
	check(t, os.Chmod(path, 0o600))
	if err := seal.Load(path, &got); border.CodeOf(err) != border.Invalid || strings.Contains(err.Error(), "SECRET") {
		t.Errorf("a damaged file: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".key-*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}
