package border

import (
	"context"
	"crypto/sha256"
	"strconv"
)

// This file holds how a station proves to the hub what it says, and how the hub tells it who
// belongs. The broker between them is not trusted.

// HeadMessage is what a station signs (Ed25519) to vouch for an event and with it for all that
// stand before it in its chain.
func HeadMessage(k Key, hash Digest) []byte {
	return []byte("garita head v1\n" + string(k.Station) + "\n" + k.Epoch.String() + "\n" + strconv.FormatUint(k.Seq, 10) + "\n" + hash.String() + "\n")
}

// Vouched is what stands for a record in [HeadMessage]: the hash of a sound event, and of a record
// that has changed on the station's disk the SHA-256 of its bytes. So a station can vouch for a
// damaged one, too: the hub keeps it in its place, and nobody else can put one there.
func Vouched(record []byte) Digest {
	if e, err := DecodeEvent(record); err == nil && e.Verify() == nil {
		return e.Hash
	}
	return sha256.Sum256(record)
}

// MaxCheckpoint bounds a signed checkpoint in bytes.
const MaxCheckpoint = 4 << 10

// Checkpoint is a signed note (golang.org/x/mod/sumdb/note) of the transparency log of one epoch:
// origin "garita/STATION/EPOCH", size, root hash.
type Checkpoint struct {
	Note []byte
	// Hub is the newest checkpoint of the hub's own log, which stations keep as witnesses; in the
	// hub's answer only.
	Hub []byte
}

// CheckpointSource is a station's journal as the uplink sees it. Implemented by border/journal.
type CheckpointSource interface {
	// Checkpoint signs the log's state; a zero Checkpoint if the last cosigned one still says it.
	Checkpoint(ctx context.Context) (Checkpoint, error)
	// Cosigned keeps the hub's answer durably. [Invalid] if it is not this log's, or not cosigned.
	Cosigned(ctx context.Context, c Checkpoint) error
}

// CheckpointSink is the hub. Implemented by border/register.
type CheckpointSink interface {
	// Cosign checks that a station's log has only grown and agrees with the events held here, and
	// adds the hub's signature. [Unavailable]: the events up to it are not all held yet. [Conflict]:
	// it contradicts what is held; an alarm is raised.
	Cosign(ctx context.Context, station StationID, c Checkpoint) (Checkpoint, error)
}

// MaxRoster bounds a signed and sealed roster in bytes.
const MaxRoster = 512 << 10

// RosterSource is the hub's officers as the intake sees them. Implemented by border/officers.
type RosterSource interface {
	// Roster gives a station's roster, signed and sealed to it, if there is a newer one than it
	// has or the one it has must be renewed; nil if not.
	Roster(ctx context.Context, station StationID, have uint64) ([]byte, error)
	// Changed carries one signal after one or more changes. It has one reader.
	Changed() <-chan struct{}
}

// RosterSink is a station's sign-in as the uplink sees it. Implemented by border/signin.
type RosterSink interface {
	// RosterVersion is that of the roster in force; 0: none.
	RosterVersion() uint64
	// InstallRoster verifies a roster, refuses an older one, writes it down and puts it in force.
	InstallRoster(ctx context.Context, sealed []byte) error
}

// KeySource gives a station that was put back from a copy its data keys again: they are in no
// backup. Implemented at the hub over border/seal.
type KeySource interface {
	// Rewrapped lists the live data keys of a station, sealed to its enrolled key; never those of
	// the hub part. At most 1000 after a key id, ascending.
	Rewrapped(ctx context.Context, station StationID, after string) ([]KeyWrap, error)
}

// KeySink takes them. Implemented over border/seal.
type KeySink interface {
	// Lacking reports whether the hub should be asked for keys: the store was made anew, a row of it
	// was damaged, or the journal names keys that are not held here.
	Lacking(ctx context.Context) (bool, error)
	// Regain keeps the keys durably. No wraps: the hub has no more, and what is still lacking was
	// destroyed; Lacking then says no until more goes missing.
	Regain(ctx context.Context, wraps []KeyWrap) error
}
