package register

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/bordertest"
)

// act adds an audit event to a book.
func (b *book) act(minute int, officer, second string, a border.ActHeader) border.Event {
	h := b.header(border.TypeAudit)
	h.OccurredAt, h.Officer, h.Second, h.Act = bordertest.Start.Add(time.Duration(minute)*time.Minute), officer, second, &a
	header, err := json.Marshal(h)
	b.w.must(err)
	return b.push(header, border.Key{Station: h.Station, Epoch: h.Epoch, Seq: h.Seq}, h.Type)
}

// TestActs: the auditor sees what was done and tried at every station, and can page and choose.
func TestActs(t *testing.T) {
	w := newWorld(t)
	for i, s := range []border.StationID{"PUT-1", "PUT-2"} {
		b := w.book(s, 1+i, border.Parent{})
		for n := range 30 {
			b.add(enters("L898902C3", n))
			a := border.ActHeader{Action: "record.read", Result: border.ActDone, Object: fmt.Sprint(n)}
			second := ""
			if n%3 == 0 {
				a.Action, a.Result, a.Reason, second = "sign_in", border.ActRefused, "wrong_pin", "two"
			}
			b.act(n, "one"+string(s), second, a)
		}
		w.store(sent(b.events...)...)
	}
	all := func(f ActFilter, limit int) (out []Act) {
		t.Helper()
		before := int64(0)
		for range 100 {
			list, err := w.reg.Acts(t.Context(), f, before, limit)
			w.must(err)
			if len(list) == 0 {
				return out
			}
			out = append(out, list...)
			before = list[len(list)-1].Arrival
		}
		t.Fatal("the pages do not end")
		return nil
	}
	whole := all(ActFilter{}, 1000)
	if len(whole) != 60 || whole[0].Key.Station != "PUT-2" || whole[0].Object != "29" {
		t.Fatalf("%d acts, the newest %+v", len(whole), whole[0])
	}
	if d := cmp.Diff(whole, all(ActFilter{}, 7)); d != "" {
		t.Error(d)
	}
	for name, c := range map[string]struct {
		f    ActFilter
		want int
	}{
		"station": {ActFilter{Station: "PUT-1"}, 30}, "action": {ActFilter{Action: "sign_in"}, 20}, "result": {ActFilter{Result: border.ActDone}, 40},
		"officer": {ActFilter{Officer: "onePUT-1"}, 30}, "second": {ActFilter{Officer: "two"}, 20}, "nobody": {ActFilter{Officer: "three"}, 0},
		"time": {ActFilter{From: bordertest.Start.Add(10 * time.Minute), To: bordertest.Start.Add(20 * time.Minute)}, 20},
		"both": {ActFilter{Station: "PUT-1", Action: "sign_in"}, 10},
	} {
		if got := all(c.f, 9); len(got) != c.want {
			t.Errorf("%s: %d acts, want %d", name, len(got), c.want)
		}
	}
	before := w.dump()
	w.must(w.reg.Rebuild(t.Context()))
	if d := cmp.Diff(before["act"], w.dump()["act"]); d != "" {
		t.Error(d)
	}
}

// TestLogs says how far each station is proved, and which one contradicts.
func TestLogs(t *testing.T) {
	tr := newTrust(t)
	w := newWorld(t, tr.config)
	k1, k2 := tr.enrol("PUT-1", "one"), tr.enrol("PUT-2", "two")
	one, two := w.epochOf("PUT-1", 1, 12), w.epochOf("PUT-2", 2, 5)
	w.store(append(signAll(k1, sent(one...)), signAll(k2, sent(two...))...)...)
	_, err := w.reg.Cosign(t.Context(), "PUT-1", tr.checkpointOf("PUT-1", k1, one[:10]))
	w.must(err)
	forged := append([]border.Event(nil), two...)
	forged[1].Hash[0]++
	if _, err := w.reg.Cosign(t.Context(), "PUT-2", tr.checkpointOf("PUT-2", k2, forged)); border.CodeOf(err) != border.Conflict {
		t.Fatal(err)
	}
	got, err := w.reg.Logs(t.Context())
	w.must(err)
	want := []Log{{Station: "PUT-1", Epoch: one[0].Key.Epoch, Held: 12, Cosigned: 10, At: bordertest.Start},
		{Station: "PUT-2", Epoch: two[0].Key.Epoch, Held: 5, Trouble: string(AlarmLogForked)}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
