package register

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/bordertest"
)

func (w *world) lists(station border.StationID) []border.ListReport {
	w.t.Helper()
	all, err := w.reg.Stations(w.t.Context())
	w.must(err)
	for _, s := range all {
		if s.Station == station {
			return s.Lists
		}
	}
	return nil
}

func TestStationsSayWhichListsTheyHold(t *testing.T) {
	w := newWorld(t)
	at := func(list string, version uint64) border.ListReport {
		return border.ListReport{
			Position: border.ListPosition{List: list, Epoch: bordertest.EpochNo(4), Version: version, Hash: border.Digest{byte(version)}},
			Since:    bordertest.Start.Add(time.Duration(version) * time.Minute),
		}
	}
	greet := func(station border.StationID, lists ...border.ListReport) {
		t.Helper()
		_, err := w.reg.Greet(t.Context(), border.Hello{Station: station, Post: "PUT", Lists: lists})
		w.must(err)
	}
	want := func(station border.StationID, lists ...border.ListReport) {
		t.Helper()
		if d := cmp.Diff(append([]border.ListReport{}, lists...), w.lists(station)); d != "" {
			t.Errorf("%s (-want +got):\n%s", station, d)
		}
	}
	empty := border.ListReport{Position: border.ListPosition{List: "documents"}}
	greet("PUT-1", at("national", 7), empty)
	greet("PUT-2", at("national", 3))
	greet("PUT-0")
	want("PUT-1", empty, at("national", 7))
	want("PUT-2", at("national", 3))
	want("PUT-0")

	refused := at("national", 7)
	refused.Refused, refused.RefusedAt = "fork", bordertest.Start.Add(time.Hour)
	for range 3 { // one refusal, said in every hello
		greet("PUT-1", refused)
	}
	want("PUT-1", refused)
	if n := w.alarms()[AlarmListRefused]; n != 1 {
		t.Errorf("%d alarms, want 1", n)
	}
	if a := w.alarm(AlarmListRefused); a.Station != "PUT-1" || a.Subject != "national" || !strings.Contains(a.Detail, "(fork)") {
		t.Errorf("the alarm is of %s about %q: %q", a.Station, a.Subject, a.Detail)
	}
	refused.RefusedAt = refused.RefusedAt.Add(time.Minute) // another one
	greet("PUT-1", refused)
	if n := w.alarms()[AlarmListRefused]; n != 2 {
		t.Errorf("%d alarms, want 2", n)
	}
	w.close()
	w.open()
	want("PUT-1", refused)
	greet("PUT-1", refused)
	if n := w.alarms()[AlarmListRefused]; n != 2 {
		t.Errorf("%d alarms after a restart, want 2", n)
	}
	greet("PUT-1", at("national", 8))
	want("PUT-1", at("national", 8))
	want("PUT-2", at("national", 3))
}

// TestListReportsAreBounded: the sink trusts nobody that calls it.
func TestListReportsAreBounded(t *testing.T) {
	w := newWorld(t)
	var lists []border.ListReport
	for i := range 100 {
		lists = append(lists, border.ListReport{
			Position: border.ListPosition{List: fmt.Sprint("l", i%10, strings.Repeat("x", 300)), Version: 1 << 63},
			Refused:  "ERIKSSON ANNA\n",
		})
	}
	_, err := w.reg.Greet(t.Context(), border.Hello{Station: "PUT-1", Post: "PUT", Lists: lists})
	w.must(err)
	got := w.lists("PUT-1")
	if len(got) == 0 || len(got) > maxLists {
		t.Fatalf("%d lists are kept", len(got))
	}
	for _, r := range got {
		if r.Refused != "unprintable" || len(r.Position.List) > 128 || r.Position.Version > maxSeq {
			t.Errorf("kept: %+v", r)
		}
	}
}
