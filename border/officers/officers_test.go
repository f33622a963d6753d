package officers_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"garita/border"
	"garita/border/access"
	"garita/border/access/pin"
	"garita/border/officers"
)

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// open is a root that seals nothing: what is sealed by it stays readable for the test.
type plainRoot struct{}

func (plainRoot) Seal(name string, b []byte) ([]byte, error) {
	return append([]byte(name+"\n"), b...), nil
}
func (plainRoot) Open(name string, b []byte) ([]byte, error) { return b[len(name)+1:], nil }

// quick makes verifiers that cost next to nothing.
func quick() *pin.Keeper {
	k := pin.New(pin.AtOnce, pin.Wait)
	k.Cost = pin.Cost{Memory: 8, Passes: 1}
	return k
}

func rig(t *testing.T, cfg officers.Config) (*officers.Keeper, *clock) {
	t.Helper()
	c := &clock{now: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)}
	if cfg.Clock == nil {
		cfg.Clock = c
	}
	if cfg.Dir == "" {
		cfg.Dir = t.TempDir()
	}
	cfg.Root = plainRoot{}
	if cfg.PINs == nil {
		cfg.PINs = quick()
	}
	k, err := officers.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.Close() })
	return k, c
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func as(ctx context.Context, badge string) context.Context {
	return access.With(ctx, &access.Principal{Badge: badge})
}

func TestAccounts(t *testing.T) {
	k, _ := rig(t, officers.Config{})
	ctx := as(t.Context(), "9001")
	p, err := k.Add(t.Context(), access.Officer{Badge: "90-01", Name: "Ada Utopia", Roles: []access.Role{access.Administrator}})
	must(t, err)
	if len(p) != 8 {
		t.Errorf("a PIN of %d digits", len(p))
	}
	must(t, k.AddWith(ctx, access.Officer{Badge: "1001", Name: "Ben Utopia", Roles: []access.Role{access.Inspector}, Posts: []border.PostID{"PCA"}}, "294817"))
	for what, err := range map[string]error{
		"same badge":   k.AddWith(ctx, access.Officer{Badge: "10 01", Name: "X", Roles: []access.Role{access.Inspector}}, "294817"),
		"last admin":   k.Revoke(ctx, "9001", "gone"),
		"last admin 2": k.Change(ctx, access.Officer{Badge: "9001", Name: "Ada", Roles: []access.Role{access.Operator}}),
	} {
		if border.CodeOf(err) != border.Conflict {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, o := range map[string]access.Officer{
		"no badge":  {Name: "X", Roles: []access.Role{access.Inspector}},
		"no name":   {Badge: "7", Roles: []access.Role{access.Inspector}},
		"bidi name": {Badge: "7", Name: "X\u202ey", Roles: []access.Role{access.Inspector}},
		"no role":   {Badge: "7", Name: "X"},
		"bad role":  {Badge: "7", Name: "X", Roles: []access.Role{"king"}},
		"exclusive": {Badge: "7", Name: "X", Roles: []access.Role{access.Auditor, access.Operator}},
		"language":  {Badge: "7", Name: "X", Roles: []access.Role{access.Inspector}, Language: "xx"},
		"post":      {Badge: "7", Name: "X", Roles: []access.Role{access.Inspector}, Posts: []border.PostID{"a b"}},
	} {
		if _, err := k.Add(ctx, o); border.CodeOf(err) != border.Invalid {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := k.Add(ctx, access.Officer{Badge: "7", Name: "X", Roles: []access.Role{access.Inspector}, Demo: true}); border.CodeOf(err) != border.Forbidden {
		t.Errorf("a demo account at a real hub: %v", err)
	}
	list, err := k.Officers(ctx)
	must(t, err)
	if len(list) != 2 || list[0].Badge != "1001" || list[0].PIN != "" || list[1].Badge != "9001" || !list[1].MustChange {
		t.Errorf("the list is %+v", list)
	}
	must(t, k.Revoke(ctx, "1001", "left"))
	if err := k.Change(ctx, access.Officer{Badge: "1001", Name: "Ben", Roles: []access.Role{access.Inspector}}); border.CodeOf(err) != border.Conflict {
		t.Errorf("a closed account was changed: %v", err)
	}
	h, err := k.History(ctx, "1001")
	must(t, err)
	if len(h) != 2 || h[0].Did != "revoked" || h[0].Who != "9001" || h[0].Reason != "left" || h[1].Did != "added" {
		t.Errorf("the history is %+v", h)
	}
}
