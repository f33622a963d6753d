package auditlog

import (
	"context"
	"time"

	"garita/border"
)

// Audit is the register as this page uses it. Nothing it gives names a traveller; officers are
// pseudonyms.
type Audit interface {
	// Acts lists acts, newest first, and how many there are at most.
	Acts(ctx context.Context, f Filter, offset, limit int) (list []Act, total int, err error)
	// Checkpoints says of each log how far the hub has cosigned it.
	Checkpoints(ctx context.Context) ([]Checkpoint, error)
}

// Filter chooses acts; zero fields choose all.
type Filter struct {
	Action   string
	Result   border.ActResult
	Station  border.StationID
	Officer  string // pseudonym
	From, To time.Time
}

// Act is one act as the log tells it.
type Act struct {
	Key     border.Key
	At      time.Time
	Station border.StationID
	Counter border.CounterID
	Officer string // pseudonym
	Second  string // pseudonym
	border.ActHeader
}

// Checkpoint is how far a log is proved.
type Checkpoint struct {
	Station  border.StationID // HUB: the hub's own log
	Epoch    border.Epoch
	Size     uint64 // events that the hub holds
	Cosigned uint64 // of them under its signature
	At       time.Time
	Trouble  string // what contradicts; "": nothing
}
