package drafts

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"garita/border"
	"garita/devices/profile"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type wall struct{}

func (wall) Now() time.Time { return time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC) }

// shipped is a profile's file with another id.
var shipped = sync.OnceValues(func() (string, error) {
	set, err := profile.Embedded()
	if err != nil {
		return "", err
	}
	p, _ := set.Get("generic-framed-mrz")
	b, _ := profile.Shipped(p)
	return string(b), nil
})

// learned is a draft with an id.
func learned(t interface {
	Fatal(...any)
	Helper()
}, id string) border.LearnedProfile {
	t.Helper()
	toml, err := shipped()
	if err != nil {
		t.Fatal(err)
	}
	p, err := New(strings.Replace(toml, `"generic-framed-mrz"`, `"`+id+`"`, 1), "/dev/serial/by-id/x", []string{"One."})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func enforced(border.LearnedProfile) error { return nil }

// Whatever people do in whatever order, nothing is in force that one of those who made it put there, or that
// nobody tried; and what is on the disk is what is shown.
func TestNobodyDecidesAlone(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		file := ""
		if rapid.IntRange(0, 9).Draw(t, "disk") == 0 { // it takes its time
			file = filepath.Join(dir, "learned.json")
			_ = os.Remove(file)
		}
		d, fault, err := Open(file, wall{})
		if err != nil || fault != nil {
			t.Fatal(err, fault)
		}
		who := rapid.SampledFrom([]string{"4001", "4002", "2001"})
		ids := rapid.SampledFrom([]string{"a", "b"})
		t.Repeat(map[string]func(*rapid.T){
			"teach": func(t *rapid.T) { _, _ = d.Put(learned(t, ids.Draw(t, "id")), who.Draw(t, "by")) },
			"try":   func(t *rapid.T) { _, _ = d.Tried(ids.Draw(t, "id"), who.Draw(t, "by"), nil) },
			"hand":  func(t *rapid.T) { _, _ = d.Propose(ids.Draw(t, "id"), who.Draw(t, "by")) },
			"decide": func(t *rapid.T) {
				id := ids.Draw(t, "id")
				_, _ = d.Decide(id, learned(t, id).Hash, who.Draw(t, "by"), rapid.Bool().Draw(t, "accept"), enforced)
			},
			"withdraw": func(t *rapid.T) { _, _ = d.Withdraw(ids.Draw(t, "id"), who.Draw(t, "by")) },
			"": func(t *rapid.T) {
				for _, p := range d.List() {
					if p.State == border.ProfileInForce && (p.TriedBy == "" || p.DecidedBy == "" || p.DecidedBy == p.TaughtBy || p.DecidedBy == p.TriedBy || p.DecidedBy == p.ProposedBy) {
						t.Fatalf("%+v", p)
					}
				}
				if file == "" {
					return
				}
				again, fault, err := Open(file, wall{})
				if err != nil || fault != nil {
					t.Fatal(err, fault)
				}
				if diff := cmp.Diff(d.List(), again.List()); diff != "" {
					t.Fatal(diff)
				}
			},
		})
	})
}

func TestWhatIsInForceIsNotReplaced(t *testing.T) {
	d, _, _ := Open("", wall{})
	p, err := d.Put(learned(t, "a"), "4001")
	if err == nil {
		_, err = d.Tried("a", "4001", nil)
	}
	if err == nil {
		_, err = d.Propose("a", "4001")
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Put(learned(t, "a"), "4002"); border.CodeOf(err) != border.Conflict {
		t.Error("a proposal was replaced:", err)
	}
	if _, err := d.Decide("a", p.Hash, "2001", true, func(border.LearnedProfile) error { return os.ErrClosed }); err == nil || d.List()[0].State != border.ProfileProposed {
		t.Error("in force though it cannot be:", d.List())
	}
	if _, err := d.Decide("a", p.Hash, "2001", true, enforced); err != nil || d.List()[0].State != border.ProfileInForce {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"taught":   func() error { _, err := d.Put(learned(t, "a"), "4002"); return err }(),
		"tried":    func() error { _, err := d.Tried("a", "4002", nil); return err }(),
		"proposed": func() error { _, err := d.Propose("a", "4002"); return err }(),
		"decided":  func() error { _, err := d.Decide("a", p.Hash, "2001", false, enforced); return err }(),
	} {
		if border.CodeOf(err) != border.Conflict {
			t.Errorf("%s while it is in force: %v", what, err)
		}
	}
}

func TestNoMoreThanAreKept(t *testing.T) {
	d, _, _ := Open("", wall{})
	for i := range MaxProfiles {
		if _, err := d.Put(learned(t, "p"+strings.Repeat("x", i)), "4001"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.Put(learned(t, "q"), "4001"); border.CodeOf(err) != border.TooLarge {
		t.Error(err)
	}
}

// What does not reach the disk does not hold.
func TestADiskThatRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "folder", "learned.json")
	d, _, err := Open(file, wall{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Put(learned(t, "a"), "4001"); border.CodeOf(err) != border.NotDurable || len(d.List()) != 0 {
		t.Error(err, d.List())
	}
}

// A file that is damaged, or that says what could not have come about, is set aside, and the station works.
func TestADamagedFileIsSetAside(t *testing.T) {
	dir := t.TempDir()
	good := filepath.Join(dir, "good.json")
	d, _, _ := Open(good, wall{})
	if _, err := d.Put(learned(t, "a"), "4001"); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	whole := string(b)
	for name, content := range map[string]string{
		"cut":                 whole[:len(whole)/2],
		"something follows":   whole + whole,
		"another schema":      strings.Replace(whole, `"schema": 1`, `"schema": 2`, 1),
		"another profile":     strings.Replace(whole, `baud      = 9600`, `baud      = 4800`, 1),
		"nobody decided":      strings.Replace(whole, `"state": "draft"`, `"state": "in_force"`, 1),
		"decided by its own":  strings.Replace(whole, `"state": "draft"`, `"state": "in_force", "decided_by": "4001"`, 1),
		"a state of tomorrow": strings.Replace(whole, `"state": "draft"`, `"state": "dreamt"`, 1),
	} {
		file := filepath.Join(dir, strings.ReplaceAll(name, " ", "-"))
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		d, fault, err := Open(file, wall{})
		if err != nil || border.CodeOf(fault) != border.Invalid || len(d.List()) != 0 {
			t.Errorf("%s: %v, %v, %v", name, err, fault, d)
			continue
		}
		if _, err := os.Stat(file + ".damaged"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	d, _, _ := Open(filepath.Join(f.TempDir(), "learned.json"), wall{})
	if _, err := d.Put(learned(f, "a"), "4001"); err != nil {
		f.Fatal(err)
	}
	b, err := os.ReadFile(d.path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"schema":1,"profiles":[]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		all, err := read(b)
		if err != nil && (border.CodeOf(err) != border.Invalid || all != nil) {
			t.Fatal(err)
		}
	})
}
