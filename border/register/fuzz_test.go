package register

import (
	"testing"

	"garita/border"
	"garita/border/bordertest"
)

// FuzzStore gives the register arbitrary bytes under arbitrary claims: it never fails,
// never drops a message silently and never lets one push out a true event.
func FuzzStore(f *testing.F) {
	w := newWorld(f)
	b := w.book("PUT-1", 1, border.Parent{})
	true1 := b.add(enters("U1", 1))
	w.must(w.reg.StoreWraps(f.Context(), w.wraps("PUT-1")))
	w.store(sent(b.events...)...)
	other := w.book("PUT-2", 2, b.last())
	f.Add([]byte(nil), "PUT-1", uint64(2), uint64(9), true)
	f.Add(true1.Encode(), "PUT-1", uint64(2), uint64(1)<<63, false)
	crossing, unknown := other.add(enters("U1", 3)), other.addType("x")
	f.Add(crossing.Encode(), "PUT-2", uint64(2), uint64(0), true)
	f.Add(unknown.Encode(), "PUT-2", uint64(3), uint64(3), true)
	f.Add(other.events[0].Encode(), "PUT-2", uint64(1), uint64(3), true)
	f.Fuzz(func(t *testing.T, event []byte, station string, seq, head uint64, known bool) {
		if len(event) > border.MaxEvent+1024 {
			return
		}
		r := border.Received{Event: event, Head: border.Position{Epoch: b.epoch, Seq: head}, At: bordertest.Start,
			Claimed: border.Key{Station: border.StationID(station), Epoch: b.epoch, Seq: seq}}
		if e, err := border.DecodeEvent(event); err == nil && known {
			r.Claimed = e.Key
		}
		held := func() int64 {
			var n int64
			rs, err := w.reg.store.(*sqliteStore).readers.Query(`SELECT (SELECT count(*) FROM raw_event)
				+ (SELECT coalesce(sum(messages + beyond), 0) FROM quarantine_size) + (SELECT value FROM meta WHERE name = 'duplicates')`)
			if err != nil {
				t.Fatal(err)
			}
			defer rs.Close()
			for rs.Next() {
				if err := rs.Scan(&n); err != nil {
					t.Fatal(err)
				}
			}
			return n
		}
		before := held()
		if _, err := w.reg.Store(t.Context(), []border.Received{r}); err != nil {
			t.Fatalf("Store = %v", err)
		}
		if n := held() - before; n != 1 {
			t.Fatalf("one message changed what is accounted for by %d", n)
		}
		if w.reg.behind.Load() {
			t.Fatal("the projections failed")
		}
		got, err := w.reg.Events(t.Context(), "PUT-1", b.epoch, 1, 1)
		if err != nil || len(got) != 1 || string(got[0]) != string(true1.Encode()) {
			t.Fatalf("the true event is gone: %v", err)
		}
	})
}
