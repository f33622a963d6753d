package counter

import (
	"context"
	"sync"

	"garita/border"
	"garita/border/counter"
)

// fakeService is a station that shows what it is told and remembers what it was asked.
type fakeService struct {
	mu          sync.Mutex // guards the rest
	views       map[border.CounterID]counter.View
	subscribers map[chan struct{}]border.CounterID
	scans       []border.Scan
	decisions   []counter.Decision
	calls       []border.ID
	directions  []string
	err         error
}

var _ Service = (*fakeService)(nil)
var _ Service = (*counter.Service)(nil)

func newFake() *fakeService {
	return &fakeService{views: states(), subscribers: map[chan struct{}]border.CounterID{}}
}

func (f *fakeService) Counters() []border.CounterID { return []border.CounterID{"PROCEED", "WAITING"} }

func (f *fakeService) View(c border.CounterID) (counter.View, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	v, ok := f.views[c]
	if !ok {
		return v, &border.Error{Code: border.NotFound, Op: "find a counter", Message: "This station has no such counter."}
	}
	return v, nil
}

func (f *fakeService) Subscribe(c border.CounterID) (<-chan struct{}, func(), error) {
	if _, err := f.View(c); err != nil {
		return nil, nil, err
	}
	ch := make(chan struct{}, 1)
	f.mu.Lock()
	f.subscribers[ch] = c
	f.mu.Unlock()
	return ch, func() {
		f.mu.Lock()
		delete(f.subscribers, ch)
		f.mu.Unlock()
	}, nil
}

// change changes a view and wakes its readers.
func (f *fakeService) change(c border.CounterID, how func(v *counter.View)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	v := f.views[c]
	how(&v)
	v.Revision++
	f.views[c] = v
	for ch, of := range f.subscribers {
		if of == c {
			select {
			case ch <- struct{}{}:
			default:
			}
		}
	}
}

func (f *fakeService) subscribed() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.subscribers)
}

func (f *fakeService) Scan(_ context.Context, scan border.Scan) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.scans = append(f.scans, scan)
	return f.err
}

func (f *fakeService) Decide(_ context.Context, d counter.Decision) (counter.Recorded, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.decisions = append(f.decisions, d)
	return counter.Recorded{Crossing: d.Encounter, Outcome: d.Outcome, RecordedAt: noon}, f.err
}

func (f *fakeService) CallUp(_ context.Context, _ border.CounterID, encounter border.ID, _ string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, encounter)
	return f.err
}

func (f *fakeService) SetDirection(_ context.Context, _ border.CounterID, direction, _ string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.directions = append(f.directions, direction)
	return f.err
}

func (f *fakeService) Officers() []counter.Officer {
	return []counter.Officer{
		{Badge: "1041", Name: "R. Quintero", Roles: []string{"inspector"}}, {Badge: "2007", Name: "S. Batista", Roles: []string{"supervisor"}},
	}
}

type fakePresenter struct {
	mu        sync.Mutex // guards presented
	presented []int
}

func (*fakePresenter) Specimens(context.Context) ([]Specimen, error) {
	return []Specimen{{Label: "Passport, valid"}, {Label: "Passport, expired", Note: "since 2024"}, {Label: "Identity card, wrong digits"}}, nil
}

func (f *fakePresenter) Present(_ context.Context, _ border.CounterID, index int) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.presented = append(f.presented, index)
	return nil
}
