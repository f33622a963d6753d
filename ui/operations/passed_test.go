package operations

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/access"
	"garita/border/bordertest"
	"garita/border/flows"
	"garita/border/register"
	"garita/ui/i18n"
)

// evening is 01:00 in UTC: 20:00 of the day before in Panama.
type evening struct{}

func (evening) Now() time.Time { return time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC) }

// crossed stores crossings of a post as its only station recorded them.
func crossed(t *testing.T, r *register.Register, post border.PostID, no int, zone string, entries, refused int) {
	t.Helper()
	station, epoch := border.StationID(post+"-1"), bordertest.EpochNo(no)
	last := bordertest.Opened(station, epoch, border.Parent{})
	store(t, r, last)
	z, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	for i := range entries + refused {
		e := bordertest.Event(station, epoch, uint64(i)+2, last.Hash, border.TypeCrossingRecorded)
		h, err := e.ReadHeader()
		if err != nil {
			t.Fatal(err)
		}
		h.Post, h.OccurredAt = post, evening{}.Now().Add(-time.Duration(i)*time.Second)
		h.RecordedAt, h.LocalDate = h.OccurredAt, h.OccurredAt.In(z).Format(time.DateOnly)
		if i >= entries {
			h.Outcome = string(border.Refused)
		}
		if e.Header, err = json.Marshal(h); err != nil {
			t.Fatal(err)
		}
		e.Hash = e.ComputeHash()
		store(t, r, e)
		last = e
	}
	if _, err := r.Greet(context.Background(), border.Hello{Station: station, Post: post, Zone: zone, Now: evening{}.Now(),
		Head: border.Position{Epoch: epoch, Seq: uint64(entries+refused) + 1}}); err != nil {
		t.Fatal(err)
	}
}

// TestSmallNumbersAreHidden: whoever may see aggregates only is told as much of today as the page of flows tells them.
func TestSmallNumbersAreHidden(t *testing.T) {
	r, err := register.Open(context.Background(), register.Config{Dir: t.TempDir(), Clock: evening{}, Keys: noKeys{}, Blinder: noKeys{}})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for i, p := range []struct {
		post             border.PostID
		entries, refused int
	}{{"AIR", 30, 7}, {"BRG", 20, 0}, {"JGL", 9, 1}} {
		crossed(t, r, p.post, i+1, "America/Panama", p.entries, p.refused)
	}
	s := drawn(t)
	s.cfg.Register, s.cfg.Clock = r, evening{}
	row := func(role access.Role) (rows, figures []string) {
		v, err := s.view(context.Background(), []access.Role{role})
		if err != nil {
			t.Fatal(err)
		}
		p := s.panel(i18n.In(i18n.English), &v, evening{}.Now())
		for _, x := range p.Posts {
			if x.Counted {
				rows = append(rows, strings.Join([]string{x.ID, x.Entries, x.Exits, x.Refused, x.Hour, x.Sum, x.Usual}, " "))
			}
		}
		for _, f := range p.Figures[:2] {
			figures = append(figures, f.Value)
		}
		if (p.Hidden != "") != (role != access.Operator) {
			t.Errorf("%s is told: %q", role, p.Hidden)
		}
		return rows, figures
	}
	rows, figures := row(access.Operator)
	if d := cmp.Diff([]string{"AIR 30 0 7 37 37 –", "BRG 20 0 0 20 20 –", "JGL 9 0 1 10 10 –"}, rows); d != "" || figures[0] != "59" {
		t.Errorf("an operator sees %v (-want +got)\n%s", figures, d)
	}
	for _, role := range []access.Role{access.Administrator, access.Technician} {
		rows, figures := row(role)
		// The refusal is hidden, and as many others as it takes: no difference of what is shown gives it back.
		if d := cmp.Diff([]string{"AIR … 0 … … 37 –", "BRG 20 0 0 … 20 –", "JGL … 0 … … 10 –"}, rows); d != "" || figures[0] != "59" {
			t.Errorf("a(n) %s sees %v (-want +got)\n%s", role, figures, d)
		}
	}
	crossed(t, r, "EST", 4, "UTC", 6, 0) // whose day is another: together only what everybody can sum
	rows, figures = row(access.Administrator)
	if fmt.Sprint(rows) != "[AIR … 0 … … 37 – BRG 20 0 0 … 20 – EST 6 0 0 … 6 – JGL … 0 … … 10 –]" || figures[0] != "…" || figures[1] != "0" {
		t.Errorf("of two days an administrator sees %v %v", rows, figures)
	}
}

// TestFewInside: nor how many are inside if that is few.
func TestFewInside(t *testing.T) {
	p := i18n.In(i18n.English)
	for in, want := range map[register.Inside]string{{Certain: 3}: "…", {Certain: 40, Uncertain: 2}: "42 not all certain", {Certain: 40, Uncertain: 20}: "60 20 of them not certain", {}: "0"} {
		if f := inside(p, in, flows.SmallCell); strings.TrimSpace(f.Value+" "+f.Note) != want {
			t.Errorf("%+v: %s %s, want %s", in, f.Value, f.Note, want)
		}
	}
	if f := inside(p, register.Inside{Certain: 3}, 0); f.Value != "3" {
		t.Errorf("an operator sees %s", f.Value)
	}
}
