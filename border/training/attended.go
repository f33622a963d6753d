package training

import (
	"context"
	"sync"

	"garita/border"
	"garita/border/access"
)

// Attended tells the audit who comes to train and who leaves, and nothing of what they do there. It stands
// before the audit of signing in: what it hears of other counters it passes on as it is.
type Attended struct {
	to    border.Auditor
	empty chan struct{} // carries a signal when the last has left

	mu  sync.Mutex
	who map[string]bool // sessions at training counters
}

// NewAttended stands before an audit.
func NewAttended(to border.Auditor) *Attended {
	return &Attended{to: to, empty: make(chan struct{}, 1), who: make(map[string]bool)}
}

// Audit implements [border.Auditor]. At a training counter signing in is told as
// [access.TrainingEntered] and signing out as [access.TrainingLeft]; locking a screen, going on, and agreeing as a
// second person are told nobody. What was refused is told as it is, and so is what is about a badge: PINs and
// accounts are never in training.
func (a *Attended) Audit(ctx context.Context, act border.Act) error {
	if !act.Counter.IsTraining() || act.Result == border.ActRefused || act.Result == border.ActFailed || act.Object == "badge" {
		return a.to.Audit(ctx, act)
	}
	switch access.Action(act.Action) {
	case access.SignIn, access.SwitchUser:
		act.Action = string(access.TrainingEntered)
		if err := a.to.Audit(ctx, act); err != nil {
			return err
		}
		a.here(act.Session)
		return nil
	case access.SignOut:
		act.Action = string(access.TrainingLeft)
		err := a.to.Audit(ctx, act)
		a.gone(act.Session)
		return err
	case access.Unlock, access.LockSession, access.ApproveOther:
		return nil
	default:
		return a.to.Audit(ctx, act)
	}
}

// here notes that a session trains.
func (a *Attended) here(session string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.who[session] = true
}

// gone notes that it does no more.
func (a *Attended) gone(session string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if delete(a.who, session); len(a.who) > 0 {
		return
	}
	select {
	case a.empty <- struct{}{}:
	default: // it has a signal waiting already
	}
}

// forget notes that nobody trains: sessions that ended by themselves have told nobody.
func (a *Attended) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.who)
}

// any reports whether somebody trains.
func (a *Attended) any() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.who) > 0
}

var _ border.Auditor = (*Attended)(nil)
