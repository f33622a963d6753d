package counter

import (
	"context"
	"maps"
	"sync"

	"garita/border"
	"garita/border/counter"
	"garita/border/form"
	"garita/border/manifest"
	"garita/ui/i18n"
)

// english is the language of tests that are not about languages.
var english = i18n.In(i18n.English)

// fakeService is a station that shows what it is told and remembers what it was asked.
type fakeService struct {
	mu          sync.Mutex // guards the rest
	views       map[border.CounterID]counter.View
	subscribers map[chan struct{}]border.CounterID
	scans       []border.Scan
	decisions   []counter.Decision
	calls       []border.ID
	directions  []string
	did         []asked
	shift       *counter.ShiftReport
	err         error
}

// asked is one request that reached the service, in the order of its arguments.
type asked struct {
	What string
	At   counter.At
	With []any
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

// do remembers a request.
func (f *fakeService) do(what string, at counter.At, with ...any) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.did = append(f.did, asked{what, at, with})
	return f.err
}

var formInForce = sync.OnceValue(form.Default)

func (f *fakeService) Form() *form.Form { return formInForce() }

func (f *fakeService) Open(_ context.Context, o counter.Opening) (border.ID, error) {
	return ref(5), f.do("open", o.At, o)
}

func (f *fakeService) Rekey(_ context.Context, at counter.At, id border.ID, k counter.Particulars) error {
	return f.do("rekey", at, id, k)
}

func (f *fakeService) Attach(_ context.Context, at counter.At, id border.ID, k counter.Particulars) error {
	return f.do("attach", at, id, k)
}

func (f *fakeService) Join(_ context.Context, at counter.At, open, waiting border.ID) error {
	return f.do("join", at, open, waiting)
}

// Answers keeps what was answered, and shows it as the station would.
func (f *fakeService) Answers(_ context.Context, at counter.At, id border.ID, values map[string]string) error {
	if err := f.do("answers", at, id, values); err != nil {
		return err
	}
	f.change(at.Counter, func(v *counter.View) {
		if v.Encounter == nil {
			return
		}
		e := *v.Encounter
		e.Record.Values, e.Record.Origins = maps.Clone(e.Record.Values), maps.Clone(e.Record.Origins)
		for k, value := range values {
			e.Record.Values[k], e.Record.Origins[k] = value, "entered"
		}
		e.Record.Problems = nil
		for _, field := range e.Record.Fields {
			if field.Required && e.Record.Values[field.Name] == "" {
				e.Record.Problems = append(e.Record.Problems, form.Problem{Field: field.Name, Message: field.Label + " is missing.", Why: form.Missing, Args: []string{field.Label}})
			}
		}
		v.Encounter = &e
	})
	return nil
}

func (f *fakeService) Refer(_ context.Context, r counter.Referral) error {
	return f.do("refer", r.At, r)
}

func (f *fakeService) TakeReferral(_ context.Context, at counter.At, id border.ID) error {
	return f.do("take referral", at, id)
}

func (f *fakeService) Abandon(_ context.Context, at counter.At, id border.ID, reason, note string) error {
	return f.do("abandon", at, id, reason, note)
}

func (f *fakeService) Need(_ context.Context, at counter.At, id border.ID, kind, reason string) error {
	return f.do("need", at, id, kind, reason)
}

func (f *fakeService) LiftNeeds(_ context.Context, l counter.Lifting) error {
	return f.do("lift", l.At, l.Encounter, l.Second, l.Reason)
}

func (f *fakeService) AskFinger(_ context.Context, at counter.At, id border.ID, position border.FingerPosition, reason string) error {
	return f.do("ask finger", at, id, position, reason)
}

func (f *fakeService) CancelFinger(_ context.Context, at counter.At, id border.ID) error {
	return f.do("cancel finger", at, id)
}

func (f *fakeService) FingerNotTaken(_ context.Context, at counter.At, id border.ID, position border.FingerPosition, reason, code string) error {
	return f.do("finger not taken", at, id, position, reason, code)
}

func (f *fakeService) DegradeBiometrics(_ context.Context, d counter.Degradation) error {
	return f.do("degrade", d.At, d)
}

func (f *fakeService) RestoreBiometrics(_ context.Context, at counter.At) error {
	return f.do("restore biometrics", at)
}
func (f *fakeService) AcknowledgeLateHit(_ context.Context, at counter.At, id border.ID) error {
	return f.do("acknowledge", at, id)
}

func (f *fakeService) Take(_ context.Context, at counter.At) error {
	return f.do("take", at)
}

func (f *fakeService) Shift(context.Context) (counter.ShiftReport, error) {
	if f.shift == nil {
		return counter.ShiftReport{}, &border.Error{Code: border.NotFound, Op: "report on the shift", Message: "No shift is open."}
	}
	return *f.shift, nil
}

func (f *fakeService) LastShift(ctx context.Context) (counter.ShiftReport, error) {
	return f.Shift(ctx)
}

func (f *fakeService) OpenShift(_ context.Context, officer string) error {
	return f.do("open shift", counter.At{Officer: officer})
}

func (f *fakeService) CloseShift(_ context.Context, officer string) (counter.ShiftReport, error) {
	r := shiftReport()
	r.ClosedAt, r.ClosedBy = noon, "R. Quintero"
	return r, f.do("close shift", counter.At{Officer: officer})
}

func (f *fakeService) OpenGroup(_ context.Context, at counter.At, kind string) (border.ID, error) {
	return ref(6), f.do("open group", at, kind)
}

func (f *fakeService) Share(_ context.Context, at counter.At, values map[string]string) error {
	return f.do("share", at, values)
}

func (f *fakeService) List(_ context.Context, at counter.At, list *manifest.List) error {
	return f.do("list", at, *list)
}

func (f *fakeService) Select(_ context.Context, at counter.At, id border.ID) error {
	return f.do("select", at, id)
}

func (f *fakeService) Responsible(_ context.Context, at counter.At, minor, adult border.ID) error {
	return f.do("responsible", at, minor, adult)
}

// DecideGroup holds the second member back.
func (f *fakeService) DecideGroup(_ context.Context, at counter.At, members []counter.Member) ([]counter.MemberResult, error) {
	var out []counter.MemberResult
	for i, m := range members {
		r := counter.MemberResult{Encounter: m.Encounter, Outcome: border.Admitted}
		if i == 1 {
			r.Outcome, r.Problem, r.Message = "", border.Conflict, "This person must be looked at alone."
		}
		out = append(out, r)
	}
	return out, f.do("decide group", at, members)
}

func (f *fakeService) CloseGroup(_ context.Context, at counter.At) error {
	return f.do("close group", at)
}

func (f *fakeService) Standing(_ context.Context, crossing border.ID, officer string) (counter.Standing, error) {
	return standing(), f.do("standing", counter.At{Officer: officer}, crossing)
}

func (f *fakeService) Correct(_ context.Context, c counter.Correction) (counter.Recorded, error) {
	return counter.Recorded{}, f.do("correct", c.At, c)
}

func (f *fakeService) Extend(_ context.Context, x counter.Extension) (counter.Recorded, error) {
	return counter.Recorded{}, f.do("extend", x.At, x)
}

func (f *fakeService) Notice(_ context.Context, crossing border.ID) (counter.Notice, error) {
	n := notice()
	n.Crossing = crossing
	return n, f.do("notice", counter.At{}, crossing)
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
