package replica_test

import (
	"testing"

	"garita/border"
	"garita/border/bordertest"
	"garita/border/watch/release"
)

func TestListSinkSuite(t *testing.T) {
	bordertest.RunListSinkSuite(t, func(t *testing.T) bordertest.ListSinkFixture {
		h := newHub(t, 1)
		r := newRig(t, h)
		f := bordertest.ListSinkFixture{Sink: r, List: h.name, Reopen: func() border.ListSink { r.reopen(); return r }}
		f.Chain = append(f.Chain, h.snapshot(t, puts(0, 20)...))
		foreign := newHub(t, 7).branch()
		foreign.keys, foreign.entries, foreign.m, foreign.last = h.keys, h.branch().entries, h.m, h.last
		f.Foreign = foreign.delta(t, puts(20, 22)...)
		f.Chain = append(f.Chain, h.delta(t, puts(20, 22)...))
		fork := h.branch()
		f.Fork = fork.delta(t, puts(50, 52)...)
		f.Chain = append(f.Chain, h.delta(t, puts(22, 24)...), h.delta(t, puts(24, 26)...))
		restored := h.branch()
		f.Chain = append(f.Chain, h.snapshot(t, puts(26, 28)...), h.delta(t, puts(28, 30)...))
		f.Next = append(f.Next, restored.renew(t, border.Epoch{2}), restored.delta(t, puts(60, 62)...), restored.snapshot(t))
		return f
	})
}

func TestNoticeSinkSuite(t *testing.T) {
	bordertest.RunNoticeSinkSuite(t, func(t *testing.T) bordertest.NoticeSinkFixture {
		h := newHub(t, 1)
		r := newRig(t, h)
		return bordertest.NoticeSinkFixture{Sink: r, Station: station,
			Body: func(id border.ID) []byte {
				b, err := h.keys.SealNotice(id, &release.NoticeBody{Case: bordertest.NoticeID(99), Handling: "refer", Role: release.Passage})
				check(t, err)
				return b
			},
			Open: func() (out []border.ID) {
				for _, n := range r.Notices() {
					if n.Body == nil {
						t.Errorf("notice %s does not open", n.ID)
					}
					out = append(out, n.ID)
				}
				return out
			},
			Acknowledge: func(id border.ID, officer string) { check(t, r.Acknowledge(t.Context(), id, officer)) },
			Reopen:      func() border.NoticeSink { r.reopen(); return r },
		}
	})
}
