package counter_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/counter"
	"garita/border/verdict"
)

// trace is all that somebody at the station could see of one encounter: the views, the
// recorded answer, the event's header and the sizes of its parts, and the rows on the disk.
type trace struct {
	Views    []string
	Queue    counter.QueueItem
	Recorded string
	Header   string
	Parts    []string
	Rows     string
	Log      string
}

// observe runs one encounter at a station with these lists and writes down all there is.
func observe(t *testing.T, lists ...counter.List) trace {
	t.Helper()
	r := newRig(t, func(r *rig) { r.lists = lists })
	var tr trace
	look := func() {
		v := r.view("1")
		v.Status.Storage.Free = 0 // others write to this disk too
		tr.Views = append(tr.Views, toJSON(t, v))
	}
	r.scan("2", passport(2))
	r.scan("2", passport(1))
	tr.Queue = r.view("2").Queue[0]
	r.scan("1", passport(1))
	look()
	r.scan("1", passport(1))
	look()
	check(t, r.s.SetDirection(t.Context(), "1", border.Entry, "17"))
	look()
	rec := r.decide(r.decision("1", border.Admitted))
	look()
	ev, h := r.event(rec.Crossing)
	mask := func(s string) string { return strings.ReplaceAll(s, h.Epoch.String(), "EPOCH") }
	tr.Recorded, tr.Header = mask(toJSON(t, rec)), mask(string(ev.Header))
	for _, p := range ev.Parts {
		tr.Parts = append(tr.Parts, fmt.Sprintf("%s %s %d %d", p.Name, p.Alg, len(p.KeyID), len(p.Ciphertext)))
	}
	tr.Log = r.log.String()
	r.restart()
	look()
	for _, f := range []string{"journal.db", "keys.db"} {
		info, err := os.Stat(filepath.Join(r.dir, f))
		check(t, err)
		tr.Rows += fmt.Sprintf("%s %d ", f, info.Size())
	}
	return tr
}

// Silent hits cannot be told from none: not by the screen, the answer, the record's open
// header, the sizes of its parts, the disk or the log. That the comparison can fail, an
// open hit shows.
func TestSilentHit(t *testing.T) {
	byNumber := func(h string) string {
		return "7,,,,,U00000001,UTO," + h
	}
	byName := func(h string) string { return "8,UTOPIAN,FRANKOWA,1974-08-12,UTO,,," + h }
	none := observe(t, list(t, "sample", "7,,,,,X00000001,UTO,silent", "8,OTHER,NAME,1974-08-12,UTO,,,silent"))
	for name, rows := range map[string][]string{
		"number": {byNumber("silent"), "8,OTHER,NAME,1974-08-12,UTO,,,silent"},
		"name":   {"7,,,,,X00000001,UTO,silent", byName("silent")},
		"both":   {byNumber("silent"), byName("silent")},
	} {
		got := observe(t, list(t, "sample", rows...))
		if d := cmp.Diff(none, got); d != "" {
			t.Errorf("a silent hit by %s shows: %s", name, d)
		}
	}
	many := func(number string) []string {
		var rows []string
		for i := range 60 {
			rows = append(rows, fmt.Sprintf("entry-with-a-long-name-%d,,,,,%s,UTO,silent", i, number))
		}
		return rows
	}
	if d := cmp.Diff(observe(t, list(t, "sample", many("X00000001")...)), observe(t, list(t, "sample", many("U00000001")...))); d != "" {
		t.Errorf("many silent hits show: %s", d)
	}
	if cmp.Diff(none, observe(t, list(t, "sample", byNumber("open"), "8,OTHER,NAME,1974-08-12,UTO,,,silent"))) == "" {
		t.Error("an open hit does not show either: this test proves nothing")
	}
}

// The hub's part alone names the silent hits, and counts those for which it has no room.
func TestSilentHitReachesTheHub(t *testing.T) {
	rows := []string{}
	for i := range 60 {
		rows = append(rows, fmt.Sprintf("e%d,,,,,U00000001,UTO,silent", i))
	}
	r := newRig(t, func(r *rig) { r.lists = []counter.List{list(t, "sample", rows...)} })
	r.scan("1", passport(1))
	rec := r.decide(r.decision("1", border.Admitted))
	ev, h := r.event(rec.Crossing)
	plain, err := r.keys.Open(&ev, border.PartPersonal)
	check(t, err)
	for _, s := range []string{string(plain), string(ev.Header)} {
		if strings.Contains(s, "sample/") {
			t.Error("a part that the station can read names a silent hit")
		}
	}
	if h.Checks["document_list"] != "clear" {
		t.Errorf("the header says %q", h.Checks["document_list"])
	}
	if _, err := r.keys.Open(&ev, border.PartHub); err == nil {
		t.Error("the station opens the hub's part")
	}
}

func TestOpenHit(t *testing.T) {
	r := newRig(t, func(r *rig) {
		r.lists = []counter.List{list(t, "sample", "7,,,,,U00000001,UTO,open", "8,UTOPIAN,FRANKOWA,1974-XX-XX,UTO,,,refer")}
	})
	r.scan("1", passport(1))
	for k, hits := range map[verdict.Check][2][]string{verdict.DocumentList: {{"sample/7"}, nil}, verdict.NameList: {nil, {"sample/8"}}} {
		x := r.result("1", k)
		if x.Outcome != verdict.Hit || !slices.Equal(x.Hits, hits[0]) || !slices.Equal(x.Withheld, hits[1]) || x.Level != verdict.Refer {
			t.Errorf("%s: %+v", k, x)
		}
	}
	if s := toJSON(t, r.view("1")); !strings.Contains(s, "sample/7") || strings.Contains(s, "sample/8") {
		t.Errorf("the view must name the open entry, and not the one to be referred:\n%s", s)
	}
	rec := r.decide(r.decision("1", border.Admitted)) // a hit is never an automatic refusal
	ev, h := r.event(rec.Crossing)
	plain, err := r.keys.Open(&ev, border.PartPersonal)
	check(t, err)
	var p border.Personal
	check(t, json.Unmarshal(plain, &p))
	if len(p.Hits) != 2 || strings.Contains(string(ev.Header), "sample/") || h.Verdict != "refer" || p.Surname != "UTOPIAN" || p.Officer != "17" {
		t.Errorf("hits %v; header %s", p.Hits, ev.Header)
	}
	for _, s := range secrets {
		if strings.Contains(string(ev.Header), s) {
			t.Errorf("the open header holds %q", s)
		}
	}
}

// What cannot be read is not clear of any list.
func TestUnreadableIsNotClear(t *testing.T) {
	r := newRig(t, func(r *rig) { r.lists = []counter.List{list(t, "sample", "7,,,,,X1,UTO,open")} })
	lines := passport(1)
	lines[0] = fill("P<UTO", 44)
	r.scan("1", lines)
	if x := r.result("1", verdict.NameList); x.Outcome != verdict.NotChecked || x.Reason != verdict.ReasonUnreadable {
		t.Errorf("name list about no name: %+v", x)
	}
	if x := r.result("1", verdict.DocumentList); x.Outcome != verdict.Clear {
		t.Errorf("document list: %+v", x)
	}
}
