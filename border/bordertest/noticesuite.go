package bordertest

import (
	"context"
	"testing"
	"time"

	"garita/border"
)

// NoticeSourceFixture is one hub's cases under test that have noticed nobody yet.
type NoticeSourceFixture struct {
	Source border.NoticeSource
	// Station and Other are two stations that notices can go to.
	Station, Other border.StationID
	// Notice makes a notice for Station, or for both, and returns once it is durable.
	Notice func(both bool) border.ID
	// Close withdraws a notice.
	Close func(id border.ID)
	// Reopen closes the cases and opens them again. Nil if there is no such thing.
	Reopen func() border.NoticeSource
}

// RunNoticeSourceSuite checks that an implementation of [border.NoticeSource] keeps the
// interface's promises. newSource opens new cases and closes them with t.Cleanup.
func RunNoticeSourceSuite(t *testing.T, newSource func(t *testing.T) NoticeSourceFixture) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, ctx context.Context, f NoticeSourceFixture)
	}{
		{"notices go to their stations, ascending", noticeSourceOrder},
		{"a closed notice comes again", noticeSourceClosed},
		{"one acknowledgement closes all", noticeSourceAcknowledge},
		{"every change signals", noticeSourceSignals},
		{"orders go on after a reopening", noticeSourceReopen},
		{"ended contexts end calls", noticeSourceEnded},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
			defer cancel()
			c.run(t, ctx, newSource(t))
		})
	}
}

// notices lists a station's notices after an order and checks what every page must be.
func notices(t *testing.T, ctx context.Context, s border.NoticeSource, station border.StationID, after uint64, limit int) []border.Notice {
	t.Helper()
	ns, err := s.Notices(ctx, station, after, limit)
	if err != nil || len(ns) > limit {
		t.Fatalf("Notices after %d = %d of %d, %v", after, len(ns), limit, err)
	}
	at := after
	for _, n := range ns {
		if n.Order <= at || n.ID.IsZero() || len(n.Body) > border.MaxNotice || !n.Closed && len(n.Body) == 0 {
			t.Errorf("Notices after %d gave order %d behind %d, with a body of %d bytes", after, n.Order, at, len(n.Body))
		}
		at = n.Order
	}
	return ns
}

func noticeSourceOrder(t *testing.T, ctx context.Context, f NoticeSourceFixture) {
	var ids []border.ID
	for i := range 5 {
		ids = append(ids, f.Notice(i == 2))
	}
	all := notices(t, ctx, f.Source, f.Station, 0, 20)
	if len(all) != 5 {
		t.Fatalf("%d notices, want 5", len(all))
	}
	for i, n := range all {
		if n.ID != ids[i] || n.Closed {
			t.Errorf("notice %d is another, or closed", i)
		}
	}
	if page := notices(t, ctx, f.Source, f.Station, all[1].Order, 2); len(page) != 2 || page[0].ID != ids[2] {
		t.Errorf("two after the second: %d", len(page))
	}
	if ns := notices(t, ctx, f.Source, f.Station, all[4].Order, 20); len(ns) != 0 {
		t.Errorf("%d notices behind the last", len(ns))
	}
	if ns := notices(t, ctx, f.Source, f.Other, 0, 20); len(ns) != 1 || ns[0].ID != ids[2] {
		t.Errorf("the other station gets %d notices, want the one that is for both", len(ns))
	}
	if ns := notices(t, ctx, f.Source, "NOBODY-9", 0, 20); len(ns) != 0 {
		t.Errorf("an unknown station gets %d notices", len(ns))
	}
}

func noticeSourceClosed(t *testing.T, ctx context.Context, f NoticeSourceFixture) {
	first, second := f.Notice(true), f.Notice(true)
	seen := notices(t, ctx, f.Source, f.Station, 0, 20)
	if len(seen) != 2 {
		t.Fatalf("%d notices, want 2", len(seen))
	}
	f.Close(first)
	for _, st := range []border.StationID{f.Station, f.Other} {
		news := notices(t, ctx, f.Source, st, seen[1].Order, 20)
		if len(news) != 1 || news[0].ID != first || !news[0].Closed {
			t.Errorf("%s: after it was closed there are %d changes", st, len(news))
		}
	}
	for _, n := range notices(t, ctx, f.Source, f.Station, 0, 20) {
		if n.ID == second && n.Closed {
			t.Error("the other notice was closed too")
		}
	}
}

func noticeSourceAcknowledge(t *testing.T, ctx context.Context, f NoticeSourceFixture) {
	id := f.Notice(true)
	seen := notices(t, ctx, f.Source, f.Other, 0, 20)
	if len(seen) != 1 {
		t.Fatalf("%d notices, want 1", len(seen))
	}
	ack := border.NoticeAck{Station: f.Station, ID: id, Officer: "o-17", At: Start}
	for range 2 { // twice is once
		if err := f.Source.Acknowledge(ctx, ack); err != nil {
			t.Fatalf("Acknowledge: %v", err)
		}
	}
	if news := notices(t, ctx, f.Source, f.Other, seen[0].Order, 20); len(news) != 1 || !news[0].Closed {
		t.Errorf("the other station gets %d changes, want the notice closed once", len(news))
	}
	ack.Station, ack.Officer = f.Other, "o-18" // it had not heard yet
	if err := f.Source.Acknowledge(ctx, ack); err != nil {
		t.Errorf("a second station's acknowledgement: %v", err)
	}
	ack.ID[15] ^= 1
	if err := f.Source.Acknowledge(ctx, ack); border.CodeOf(err) != border.NotFound {
		t.Errorf("Acknowledge of a notice that is not there = %v, want not found", err)
	}
}

func noticeSourceSignals(t *testing.T, ctx context.Context, f NoticeSourceFixture) {
	drain(f.Source.Noticed())
	wait := func(what string) {
		t.Helper()
		select {
		case <-f.Source.Noticed():
		case <-ctx.Done():
			t.Fatalf("no signal after %s", what)
		}
	}
	id := f.Notice(false)
	wait("a notice")
	f.Close(id)
	wait("its end")
	id = f.Notice(true)
	wait("another notice")
	if err := f.Source.Acknowledge(ctx, border.NoticeAck{Station: f.Station, ID: id, Officer: "o-17", At: Start}); err != nil {
		t.Fatalf("Acknowledge: %v", err)
	}
	wait("an acknowledgement")
	f.Notice(false) // nobody listens: it must not block
	f.Notice(false)
}

func noticeSourceReopen(t *testing.T, ctx context.Context, f NoticeSourceFixture) {
	if f.Reopen == nil {
		t.Skip("this implementation is not reopened")
	}
	f.Notice(false)
	f.Notice(false)
	before := notices(t, ctx, f.Source, f.Station, 0, 20)
	s := f.Reopen()
	if after := notices(t, ctx, s, f.Station, 0, 20); len(after) != 2 || len(before) != 2 || after[1].Order != before[1].Order {
		t.Fatalf("reopened there are %d notices, were %d", len(after), len(before))
	}
	f.Notice(false)
	if news := notices(t, ctx, s, f.Station, before[1].Order, 20); len(news) != 1 {
		t.Errorf("%d new notices, want 1", len(news))
	}
}

func noticeSourceEnded(t *testing.T, ctx context.Context, f NoticeSourceFixture) {
	id := f.Notice(false)
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := f.Source.Notices(ended, f.Station, 0, 1); err == nil {
		t.Error("Notices worked in a context that has ended")
	}
	if err := f.Source.Acknowledge(ended, border.NoticeAck{Station: f.Station, ID: id, Officer: "o-17", At: Start}); err == nil {
		t.Error("Acknowledge worked in a context that has ended")
	}
}

// NoticeSinkFixture is one station's notices under test; there are none yet.
type NoticeSinkFixture struct {
	Sink    border.NoticeSink
	Station border.StationID
	// Body makes a body as the hub seals it for the notice. Nil: any bytes will do.
	Body func(id border.ID) []byte
	// Open lists the notices that are to be shown.
	Open func() []border.ID
	// Acknowledge is an officer's acknowledgement of a notice that is held.
	Acknowledge func(id border.ID, officer string)
	// Reopen closes the store and opens it again, as after a power cut. Nil if there is no
	// such thing.
	Reopen func() border.NoticeSink
}

// RunNoticeSinkSuite checks that an implementation of [border.NoticeSink] keeps the
// interface's promises. newSink opens a new store and closes it with t.Cleanup.
func RunNoticeSinkSuite(t *testing.T, newSink func(t *testing.T) NoticeSinkFixture) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, ctx context.Context, f NoticeSinkFixture)
	}{
		{"keeps what it is told", noticeSinkKeeps},
		{"an older word does not undo a newer one", noticeSinkOlder},
		{"acknowledgements stay until confirmed", noticeSinkAcks},
		{"ended contexts end calls", noticeSinkEnded},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
			defer cancel()
			f := newSink(t)
			if f.Body == nil {
				f.Body = func(id border.ID) []byte { return Filled(id.String(), 200) }
			}
			c.run(t, ctx, f)
		})
	}
}

// NoticeID returns the n-th of a fixed series of ids.
func NoticeID(n int) border.ID { return crossingID("NOTICE", EpochNo(7), uint64(n)) }

func wantNotices(t *testing.T, ctx context.Context, f NoticeSinkFixture, s border.NoticeSink, held uint64, open ...border.ID) {
	t.Helper()
	if got, err := s.NoticesHeld(ctx); err != nil || got != held {
		t.Errorf("NoticesHeld = %d, %v; want %d", got, err, held)
	}
	got := map[border.ID]bool{}
	for _, id := range f.Open() {
		got[id] = true
	}
	if len(got) != len(open) {
		t.Errorf("%d notices are open, want %d", len(got), len(open))
	}
	for _, id := range open {
		if !got[id] {
			t.Errorf("notice %s is not open", id)
		}
	}
}

func (f NoticeSinkFixture) notice(n int, order uint64, closed bool) border.Notice {
	return border.Notice{ID: NoticeID(n), Body: f.Body(NoticeID(n)), Closed: closed, Order: order}
}

func noticeSinkKeeps(t *testing.T, ctx context.Context, f NoticeSinkFixture) {
	wantNotices(t, ctx, f, f.Sink, 0)
	for _, ns := range [][]border.Notice{
		{f.notice(1, 3, false), f.notice(2, 4, false)}, nil, {f.notice(3, 9, false)},
		{f.notice(1, 3, false), f.notice(2, 4, false)}, // again
	} {
		if err := f.Sink.Notify(ctx, ns); err != nil {
			t.Fatalf("Notify: %v", err)
		}
	}
	wantNotices(t, ctx, f, f.Sink, 9, NoticeID(1), NoticeID(2), NoticeID(3))
	gone := border.Notice{ID: NoticeID(2), Closed: true, Order: 12} // a closed one needs no body
	never := border.Notice{ID: NoticeID(8), Closed: true, Order: 13}
	if err := f.Sink.Notify(ctx, []border.Notice{gone, never}); err != nil {
		t.Fatalf("Notify of closed notices: %v", err)
	}
	wantNotices(t, ctx, f, f.Sink, 13, NoticeID(1), NoticeID(3))
	if f.Reopen != nil {
		wantNotices(t, ctx, f, f.Reopen(), 13, NoticeID(1), NoticeID(3))
	}
}

func noticeSinkOlder(t *testing.T, ctx context.Context, f NoticeSinkFixture) {
	for _, n := range []border.Notice{f.notice(1, 5, false), f.notice(1, 8, true), f.notice(1, 5, false)} {
		if err := f.Sink.Notify(ctx, []border.Notice{n}); err != nil {
			t.Fatalf("Notify: %v", err)
		}
	}
	wantNotices(t, ctx, f, f.Sink, 8)
	if err := f.Sink.Notify(ctx, []border.Notice{f.notice(1, 10, false)}); err != nil { // opened again at the hub
		t.Fatalf("Notify: %v", err)
	}
	wantNotices(t, ctx, f, f.Sink, 10, NoticeID(1))
}

func noticeSinkAcks(t *testing.T, ctx context.Context, f NoticeSinkFixture) {
	if err := f.Sink.Notify(ctx, []border.Notice{f.notice(1, 1, false), f.notice(2, 2, false)}); err != nil {
		t.Fatalf("Notify: %v", err)
	}
	drain(f.Sink.AcksPending())
	s := f.Sink
	for i, officer := range []string{"o-17", "o-18"} {
		f.Acknowledge(NoticeID(i+1), officer)
		select {
		case <-s.AcksPending():
		case <-ctx.Done():
			t.Fatalf("no signal after acknowledgement %d", i+1)
		}
	}
	if f.Reopen != nil {
		s = f.Reopen()
	}
	acks, err := s.Acks(ctx)
	if err != nil || len(acks) != 2 {
		t.Fatalf("Acks = %d, %v; want 2", len(acks), err)
	}
	for i, a := range acks {
		if a.ID != NoticeID(i+1) || a.Station != f.Station || a.Officer != []string{"o-17", "o-18"}[i] || a.At.IsZero() {
			t.Errorf("acknowledgement %d is of %s by station %s and %q", i, a.ID, a.Station, a.Officer)
		}
	}
	for range 2 { // twice is once
		if err := s.Acked(ctx, NoticeID(1)); err != nil {
			t.Fatalf("Acked: %v", err)
		}
	}
	if f.Reopen != nil {
		s = f.Reopen()
	}
	if acks, err := s.Acks(ctx); err != nil || len(acks) != 1 || acks[0].ID != NoticeID(2) {
		t.Errorf("after one was confirmed %d are left, %v", len(acks), err)
	}
}

func noticeSinkEnded(t *testing.T, ctx context.Context, f NoticeSinkFixture) {
	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, held := f.Sink.NoticesHeld(ended)
	_, acks := f.Sink.Acks(ended)
	for name, err := range map[string]error{
		"NoticesHeld": held, "Acks": acks, "Acked": f.Sink.Acked(ended, NoticeID(1)),
		"Notify": f.Sink.Notify(ended, []border.Notice{f.notice(1, 1, false)}),
	} {
		if err == nil {
			t.Errorf("%s worked in a context that has ended", name)
		}
	}
	wantNotices(t, ctx, f, f.Sink, 0)
}
