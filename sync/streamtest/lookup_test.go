package streamtest

import (
	"context"
	"sync"
	"testing"

	"garita/border"
	"garita/sync/intake"
)

// slow keeps inquiries waiting until it is let go.
type slow struct {
	border.HubAsker
	begun chan struct{}
	let   chan struct{}
}

func (s *slow) AskDocument(ctx context.Context, q border.DocumentQuestion) (border.DocumentAnswer, error) {
	if len(q.Inquiry) == 0 {
		return s.HubAsker.AskDocument(ctx, q)
	}
	s.begun <- struct{}{}
	select {
	case <-s.let:
	case <-ctx.Done():
	}
	return border.DocumentAnswer{Lookups: []border.LookupAnswer{{Service: "find", Outcome: "clear"}}}, ctx.Err()
}

// Services that take their time keep no question about the register waiting.
func TestSlowLookups(t *testing.T) {
	const under = 12
	r := newRig(t)
	s := &slow{HubAsker: r.asker, begun: make(chan struct{}, under), let: make(chan struct{})}
	r.tune = func(c *intake.Config) { c.Asker = s }
	r.start()
	st := r.station("PUT-1", r.url())
	eventually(t, "the hub is there", func() bool { return st.Status().Connected })
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var asking sync.WaitGroup
	for range under {
		asking.Go(func() {
			a, err := st.AskDocument(ctx, border.DocumentQuestion{Limit: 1, Inquiry: []byte{1}})
			if err != nil || len(a.Lookups) != 1 {
				t.Errorf("%+v, %v", a, err)
			}
		})
	}
	for range under { // all at once
		select {
		case <-s.begun:
		case <-ctx.Done():
			t.Fatal("lookups wait for each other")
		}
	}
	if _, err := st.AskDocument(ctx, border.DocumentQuestion{Limit: 1, Blind: border.BlindIndex{1}}); err != nil {
		t.Errorf("a question meanwhile: %v", err)
	}
	close(s.let)
	asking.Wait()
}
