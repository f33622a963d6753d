package auditlog

import (
	"context"
	"time"

	"garita/border"
)

// Audit is the hub as this page uses it: what its own journal and those of the stations tell.
// Nothing it gives names a traveller; officers are pseudonyms.
type Audit interface {
	// Acts lists acts, newest first, from behind after on ("": from the newest), and where the next
	// ones begin ("": there are none). A page may be short, even empty, and yet have a next one.
	Acts(ctx context.Context, f Filter, after string, limit int) (list []Act, next string, err error)
	// Checkpoints says of each log how far the hub has cosigned it.
	Checkpoints(ctx context.Context) ([]Checkpoint, error)
}

// Filter chooses acts; zero fields choose all.
type Filter struct {
	Action   string
	Result   border.ActResult
	Station  border.StationID
	Officer  string // pseudonym, of who acted or was the second person
	From, To time.Time
}

// Act is one act as the log tells it.
type Act struct {
	Key     border.Key
	At      time.Time
	Counter border.CounterID
	Officer string // pseudonym
	Second  string // pseudonym
	border.ActHeader
}

// Checkpoint is how far a log is proved.
type Checkpoint struct {
	Station  border.StationID // HUB: the hub's own log
	Epoch    border.Epoch
	Size     uint64    // events of the log that the hub holds
	Cosigned uint64    // of them under its signature
	At       time.Time // of the signature; zero: none yet
	Trouble  string    // kind of the alarm that it contradicts what is held; "": none
}
