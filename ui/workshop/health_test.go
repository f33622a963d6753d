package workshop

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/journal"
	"garita/border/signin"
	"garita/ui/i18n"
	"garita/ui/i18n/i18ntest"
)

func sound() Health {
	return Health{Storage: journal.Storage{State: journal.StorageOK, Free: 40 << 30, Total: 64 << 30}, Journal: 200 << 20, Since: now.AddDate(0, -6, 0),
		Floor: &Floor{At: now, P50: 1200 * time.Microsecond, P99: 14 * time.Millisecond, Writes: 64}, Clock: border.ClockTrust{State: border.ClockSynced, OffsetMS: 12},
		Power: []Supply{{Name: "AC", Kind: "Mains", Percent: -1}, {Name: "BAT0", Kind: "Battery", State: "Full", Percent: 100}}, Heat: []Heat{{"acpitz", 41}, {"cpu", 56}},
		Hub: &border.HubStatus{Connected: true, Since: now.Add(-time.Hour), LastHeard: now, Generation: 1, Backlog: 1}, Files: 3,
		Backup: Backup{Configured: true, Made: now.Add(-5 * time.Hour)}, Roster: signin.RosterState{Version: 7, Age: 26 * time.Hour, ExpiresAt: now.AddDate(0, 0, 20)},
		Expires: now.AddDate(0, 3, 0), Lists: []List{{Name: "national", Version: 42, Issued: now.Add(-3 * time.Hour), ValidUntil: now.AddDate(0, 0, 1)}},
		Program: "1.2", Form: "UTO 1 1f2e3d4c", Profiles: 14, Own: 1, Recorded: true}
}

// healths are stations from sound to lost.
func healths() map[string]Health {
	out := map[string]Health{"sound": sound(), "new": {Storage: journal.Storage{State: journal.StorageOK, Free: 900 << 20, Total: 8 << 30}, Hub: &border.HubStatus{},
		Expires: now.AddDate(0, 3, 0), Clock: border.ClockTrust{State: border.ClockHoldover}, Program: "dev"}, "alone": {}}
	worn := sound()
	worn.Storage.State, worn.Storage.Free, worn.Floor = journal.StorageLow, 3<<30, &Floor{At: now, P50: 9 * time.Millisecond, P99: 300 * time.Millisecond, Writes: 40}
	worn.Power[1] = Supply{Name: "BAT0", Kind: "Battery", State: "Discharging", Percent: 60}
	worn.Heat[1].Celsius, worn.Expires, worn.Backup.Made, worn.Lists[0].Trouble = 88, now.AddDate(0, 0, 9), now.Add(-50*time.Hour), true
	worn.Hub.Problem, worn.Clock = "The hub takes no events at present; they are kept here.", border.ClockTrust{State: border.ClockHoldover, AgeS: 7500}
	out["worn"] = worn
	lost := sound()
	lost.Storage.State, lost.Floor = journal.StorageFailed, &Floor{At: now, P50: 400 * time.Millisecond, P99: 2 * time.Second, Writes: 9}
	lost.Power[1] = Supply{Name: "BAT0", Kind: "Battery", State: "Discharging", Percent: 9}
	lost.Heat[1].Celsius, lost.Expires, lost.Clock = 97, now.AddDate(0, 0, -1), border.ClockTrust{State: border.ClockUntrusted, Reason: "jumped"}
	lost.Hub = &border.HubStatus{LastHeard: now.Add(-70 * time.Hour), Generation: 1, Backlog: 12345}
	lost.Backup, lost.Roster, lost.Lists = Backup{Configured: true, Made: now.AddDate(0, 0, -8), Failed: true}, signin.RosterState{Version: 7, Expired: true, ExpiresAt: now}, []List{{Name: "national"}}
	out["lost"] = lost
	full := sound()
	full.Storage.State, full.Lists[0].ValidUntil, full.Backup, full.Power = journal.StorageFull, now.Add(-time.Hour), Backup{Configured: true}, []Supply{{Name: "B", Kind: "Battery", Percent: -1}}
	out["full"] = full
	set := sound()
	set.Recorded = false
	out["set up"] = set
	reserve := sound()
	reserve.Storage.State = journal.StorageReserve
	out["reserve"] = reserve
	return out
}

func tags(all []Check) map[string]string {
	out := make(map[string]string, len(all))
	for _, c := range all {
		out[c.ID] = c.Tag
	}
	return out
}

func TestChecks(t *testing.T) {
	p := i18n.In(i18n.English)
	all := healths()
	for name, want := range map[string]map[string]string{
		"sound": {"disk": "ok", "floor": "ok", "clock": "ok", "hub": "ok", "backlog": "ok", "certificate": "ok", "roster": "ok", "list-national": "ok", "backup": "ok", "power": "ok",
			"heat": "ok", "versions": "ok"},
		"worn": {"disk": "warn", "floor": "warn", "clock": "none", "hub": "warn", "backlog": "ok", "certificate": "warn", "roster": "ok", "list-national": "warn", "backup": "warn",
			"power": "warn", "heat": "warn", "versions": "ok"},
		"lost": {"disk": "bad", "floor": "bad", "clock": "bad", "hub": "warn", "backlog": "ok", "certificate": "bad", "roster": "bad", "list-national": "bad", "backup": "bad",
			"power": "bad", "heat": "bad", "versions": "ok"},
		"new": {"disk": "ok", "floor": "none", "clock": "none", "hub": "warn", "backlog": "ok", "certificate": "ok", "roster": "bad", "lists": "none", "backup": "warn", "power": "none",
			"heat": "none", "versions": "ok"},
	} {
		h := all[name]
		got := checks(p, &h, now)
		if d := cmp.Diff(want, tags(got)); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
		for _, c := range got {
			if (c.Tag == "bad" || c.Tag == "warn") && c.Advice == "" && c.ID != "hub" {
				t.Errorf("%s: %s is %s, and nothing is said to do", name, c.ID, c.Tag)
			}
		}
	}
	h := sound()
	for free, want := range map[int64]string{40 << 30: "enough for more than 10 years", 1 << 30: "enough for 942 days"} {
		h.Storage.Free = free
		if got := room(p, &h, now); !strings.Contains(got, want) {
			t.Errorf("%d bytes: %s", free, got)
		}
	}
	h.Since = now.Add(-time.Hour)
	if got := room(p, &h, now); strings.Contains(got, "enough") {
		t.Error("an hour tells the pace:", got)
	}
}

// TestSteps: each step is found by the station, and the first that is not done is the next.
func TestSteps(t *testing.T) {
	p := i18n.In(i18n.English)
	at := func(h Health, all ...border.ScannerDetail) (done string) {
		nows := 0
		for _, s := range steps(p, &h, all, []border.CounterID{"1"}) {
			switch {
			case s.Done:
				done += "x"
			case s.Now:
				done += ">"
				nows++
			default:
				done += "."
			}
		}
		if nows > 1 {
			t.Error("two steps are next")
		}
		return done
	}
	fresh := healths()["new"]
	idle := ready()
	idle.Counts = nil
	for i, c := range []struct {
		got, want string
	}{
		{at(Health{}), ">...."}, // alone: no hub to meet
		{at(fresh), "x>...."},
		{at(fresh, ready()), "x>.xx."},
		{at(sound()), "xxx>xx"},
		{at(sound(), idle), "xxxxxx"},
		{func() string { h := sound(); h.Recorded = false; return at(h, idle) }(), "xxxx>x"},
		{func() string { h := sound(); h.Recorded = false; return at(h, ready()) }(), "xxxxxx"},
	} {
		if c.got != c.want {
			t.Errorf("%d: %s, not %s", i, c.got, c.want)
		}
	}
}

// TestHealthPages compares the page of each health with its golden file, and looks for texts of no catalogue.
func TestHealthPages(t *testing.T) {
	data := regexp.MustCompile(`PUT-1|reader-1|Generic MRZ reader|generic-framed-mrz|/dev/serial/by-id/x|national|BAT0|acpitz|cpu|UTO 1 1f2e3d4c|dev`)
	for name, h := range healths() {
		s := &shelf{changes: make(chan struct{}, 1)}
		if name != "new" {
			s.set(ready())
		}
		screen := marked(t, s)
		screen.cfg.Health = func(context.Context) Health { return h }
		screen.cfg.Counters = []border.CounterID{"1"}
		render := func(p *i18n.Printer) string {
			html, err := screen.layout.Fragment("body", screen.panel(t.Context(), p))
			if err != nil {
				t.Fatal(err)
			}
			return string(html)
		}
		for _, bare := range i18ntest.Bare(render(i18n.Pseudo())) {
			if regexp.MustCompile(`\p{L}{2,}`).MatchString(data.ReplaceAllString(bare, "")) {
				t.Errorf("%s: %q is not of the catalogue", name, bare)
			}
		}
		body := strings.NewReplacer("⟦", "", "⟧", "").Replace(render(i18n.Pseudo()))
		_, body, _ = strings.Cut(body, `data-region="summary"`)
		file := filepath.Join("testdata", "health-"+strings.ReplaceAll(name, " ", "-")+".html")
		if *update {
			if err := os.WriteFile(file, []byte(body), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatalf("%v (write it with -update-golden and review it)", err)
		}
		if d := cmp.Diff(string(want), body); d != "" {
			t.Errorf("%s has changed (-want +got); if meant, run with -update-golden and review:\n%s", name, d)
		}
	}
}
