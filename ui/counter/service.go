package counter

import (
	"context"

	"garita/border"
	"garita/border/counter"
	"garita/border/form"
	"garita/border/manifest"
)

// Service is the station as the screen uses it: [counter.Service]. It is an interface
// here because the screen's tests show states that a real station reaches only through
// faults.
type Service interface {
	Counters() []border.CounterID
	Form() *form.Form
	View(c border.CounterID) (counter.View, error)
	Subscribe(c border.CounterID) (<-chan struct{}, func(), error)
	SetDirection(ctx context.Context, c border.CounterID, direction, officer string) error

	Scan(ctx context.Context, scan border.Scan) error
	Open(ctx context.Context, o counter.Opening) (border.ID, error)
	CallUp(ctx context.Context, c border.CounterID, encounter border.ID, officer string) error
	Rekey(ctx context.Context, at counter.At, encounter border.ID, k counter.Particulars) error
	Attach(ctx context.Context, at counter.At, encounter border.ID, k counter.Particulars) error
	Join(ctx context.Context, at counter.At, open, waiting border.ID) error
	Answers(ctx context.Context, at counter.At, encounter border.ID, values map[string]string) error
	Keep(ctx context.Context, k counter.KeepIn, content []byte) (border.Attachment, error)
	Remove(ctx context.Context, at counter.At, encounter border.ID, hash border.Digest) error
	Attached(ctx context.Context, encounter border.ID, hash border.Digest) (counter.File, error)

	Decide(ctx context.Context, d counter.Decision) (counter.Recorded, error)
	Refer(ctx context.Context, r counter.Referral) error
	TakeReferral(ctx context.Context, at counter.At, encounter border.ID) error
	Abandon(ctx context.Context, at counter.At, encounter border.ID, reason, note string) error
	Need(ctx context.Context, at counter.At, encounter border.ID, kind, reason string) error
	LiftNeeds(ctx context.Context, l counter.Lifting) error

	AskFinger(ctx context.Context, at counter.At, encounter border.ID, position border.FingerPosition, reason string) error
	CancelFinger(ctx context.Context, at counter.At, encounter border.ID) error
	FingerNotTaken(ctx context.Context, at counter.At, encounter border.ID, position border.FingerPosition, reason, code string) error
	DegradeBiometrics(ctx context.Context, d counter.Degradation) error
	RestoreBiometrics(ctx context.Context, at counter.At) error

	AcknowledgeLateHit(ctx context.Context, at counter.At, id border.ID) error

	Take(ctx context.Context, at counter.At) error
	Shift(ctx context.Context) (counter.ShiftReport, error)
	LastShift(ctx context.Context) (counter.ShiftReport, error)
	OpenShift(ctx context.Context, officer string) error
	CloseShift(ctx context.Context, officer string) (counter.ShiftReport, error)

	OpenGroup(ctx context.Context, at counter.At, kind string) (border.ID, error)
	Share(ctx context.Context, at counter.At, values map[string]string) error
	List(ctx context.Context, at counter.At, list *manifest.List) error
	Select(ctx context.Context, at counter.At, encounter border.ID) error
	Responsible(ctx context.Context, at counter.At, minor, adult border.ID) error
	DecideGroup(ctx context.Context, at counter.At, members []counter.Member) ([]counter.MemberResult, error)
	CloseGroup(ctx context.Context, at counter.At) error

	Standing(ctx context.Context, crossing border.ID, officer string) (counter.Standing, error)
	Correct(ctx context.Context, c counter.Correction) (counter.Recorded, error)
	Extend(ctx context.Context, x counter.Extension) (counter.Recorded, error)
	Notice(ctx context.Context, crossing border.ID) (counter.Notice, error)
}
