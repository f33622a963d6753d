package retention_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/retention"
)

type clock struct {
	now   time.Time
	state border.TrustState
}

func (c *clock) Now() time.Time           { return c.now }
func (c *clock) Trust() border.ClockTrust { return border.ClockTrust{State: c.state} }

// shelf are keys in memory.
type shelf struct {
	held   []retention.Held
	fail   string // bucket that cannot be erased
	follow int
	acts   []border.Act
}

func (s *shelf) Held(context.Context) ([]retention.Held, error) {
	return append([]retention.Held(nil), s.held...), nil
}

func (s *shelf) Erase(_ context.Context, h retention.Held) (int64, error) {
	if h.Bucket == s.fail {
		return 0, errors.New("no")
	}
	for i := range s.held {
		if s.held[i] == h {
			s.held = append(s.held[:i], s.held[i+1:]...)
			return h.Keys, nil
		}
	}
	return 0, nil
}

func (s *shelf) Audit(_ context.Context, a border.Act) error { s.acts = append(s.acts, a); return nil }

func months(n int) *shelf {
	s := &shelf{}
	for i := range n {
		b := time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC).AddDate(0, i, 0).Format("2006-01")
		for _, part := range []string{border.PartPersonal, border.PartProtection, border.PartHub} {
			s.held = append(s.held, retention.Held{Station: "PUT-1", Part: part, Bucket: b, Keys: 1})
		}
	}
	return s
}

func runner(t *testing.T, s *shelf, c *clock, kept func(retention.Held) bool) *retention.Runner {
	t.Helper()
	r, err := retention.New(retention.Config{Policy: retention.Default(), Clock: c, Keys: s, Audit: s, Kept: kept,
		Follow: func(context.Context) error { s.follow++; return nil }})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Years go by: each part goes on the first moment after its period, not a second before.
func TestYears(t *testing.T) {
	s, c := months(3), &clock{state: border.ClockSynced}
	r := runner(t, s, c, nil)
	for _, step := range []struct {
		now    string
		erased []string
	}{
		{"2027-01-31T23:59:59Z", nil},
		{"2027-02-01T00:00:00Z", []string{"protection 2026-01"}},
		{"2029-01-31T23:59:59Z", []string{"protection 2026-02", "protection 2026-03"}},
		{"2029-02-01T00:00:00Z", []string{"personal 2026-01", "hub 2026-01"}},
		{"2029-02-01T00:00:00Z", nil},
		{"2126-01-01T00:00:00Z", []string{"personal 2026-02", "hub 2026-02", "personal 2026-03", "hub 2026-03"}},
	} {
		c.now, _ = time.Parse(time.RFC3339, step.now)
		acts, follow := len(s.acts), s.follow
		receipt, err := r.Once(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range receipt.Erased {
			got = append(got, e.Part+" "+e.Bucket)
		}
		if d := cmp.Diff(step.erased, got); d != "" {
			t.Errorf("at %s: %s", step.now, d)
		}
		if did := len(step.erased) > 0; (s.follow > follow) != did || (len(s.acts) > acts) != did {
			t.Errorf("at %s: followed %d, audited %d", step.now, s.follow-follow, len(s.acts)-acts)
		}
	}
	if len(s.held) > 0 {
		t.Errorf("a hundred years later %v is held", s.held)
	}
}

// What cannot be undone waits for a clock that is believed, and for a court.
func TestNothingErased(t *testing.T) {
	far := time.Date(2126, 1, 1, 0, 0, 0, 0, time.UTC)
	s := months(2)
	receipt, err := runner(t, s, &clock{now: far, state: border.ClockUntrusted}, nil).Once(t.Context())
	if err != nil || receipt.Skipped == "" || len(s.held) != 6 {
		t.Errorf("with a clock that is not trusted: %+v, %v, %d held", receipt, err, len(s.held))
	}
	kept := func(h retention.Held) bool { return h.Bucket == "2026-02" }
	receipt, err = runner(t, s, &clock{now: far, state: border.ClockSynced}, kept).Once(t.Context())
	if err != nil || len(receipt.Erased) != 3 || len(s.held) != 3 {
		t.Errorf("with a month held back: %+v, %v", receipt, err)
	}
}

// A failure in the middle: what was erased is followed and recorded, the rest comes next time.
func TestInterrupted(t *testing.T) {
	s := months(2)
	s.fail = "2026-02"
	r := runner(t, s, &clock{now: time.Date(2126, 1, 1, 0, 0, 0, 0, time.UTC), state: border.ClockSynced}, nil)
	if _, err := r.Once(t.Context()); err == nil || s.follow != 1 || len(s.acts) != 1 || !strings.Contains(s.acts[0].Text, "PUT-1 personal 2026-01 1") {
		t.Errorf("%v, followed %d, acts %v", err, s.follow, s.acts)
	}
	s.fail = ""
	if receipt, err := r.Once(t.Context()); err != nil || len(receipt.Erased) != 3 || len(s.held) != 0 {
		t.Errorf("the second time: %+v, %v", receipt, err)
	}
}

func TestParse(t *testing.T) {
	rule := func(part, months string) string {
		return "[[rule]]\nkind=\"k\"\npart=\"" + part + "\"\nmonths=" + months + "\npurpose=\"p\"\nlegal_basis=\"l\"\n"
	}
	whole := "version=\"2\"\n" + rule("personal", "36") + rule("protection", "12") + rule("hub", "36")
	if _, err := retention.Parse([]byte(whole)); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"a part without a rule": "version=\"2\"\n" + rule("personal", "36") + rule("hub", "36"),
		"two rules":             whole + rule("hub", "1"),
		"no months":             "version=\"2\"\n" + rule("personal", "0") + rule("protection", "12") + rule("hub", "36"),
		"for ever":              "version=\"2\"\n" + rule("personal", "1201") + rule("protection", "12") + rule("hub", "36"),
		"an unknown part":       whole + rule("images", "1"),
		"an unknown key":        whole + "extra=1\n",
		"no version":            rule("personal", "36") + rule("protection", "12") + rule("hub", "36"),
		"no TOML":               "=",
	} {
		if _, err := retention.Parse([]byte(text)); border.CodeOf(err) != border.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("version=\"1\""))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := retention.Parse(b)
		if err == nil && len(p.Rules) != 3 {
			t.Error("a policy without three rules")
		}
	})
}
