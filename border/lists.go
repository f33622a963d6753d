package border

import (
	"context"
	"io"
	"time"
)

// This file holds what moves a list from the hub to its posts: seams and the words on the
// way. The bytes of releases are made and read by border/watch/release; sync/downlink carries
// them without understanding them.

// ListPosition is the release of a list that somebody holds.
type ListPosition struct {
	List    string `json:"list"`    // name of the list: national
	Epoch   Epoch  `json:"epoch"`   // new when the hub begins the list anew, or was restored
	Version uint64 `json:"version"` // counts from 1 within the epoch
	Hash    Digest `json:"hash"`    // SHA-256 of the signed manifest
}

// ListFile is a file that a release needs, found by what it holds.
type ListFile struct {
	Digest Digest `json:"digest"` // SHA-256 of its bytes
	Size   int64  `json:"size"`   // bytes
	Have   int64  `json:"-"`      // bytes already received, from the start
}

// ListRelease is one version of a list as it travels: the signed manifest, and what else it
// takes to find the way.
type ListRelease struct {
	Position ListPosition
	Manifest []byte // signed; at most [MaxManifest] bytes
	Snapshot bool   // the release can be taken without an earlier one
}

// MaxManifest bounds a signed manifest in bytes.
const MaxManifest = 64 << 10

// ListSource is the hub's lists as the downlink sees them. Implemented by border/lists,
// used by sync/downlink.
type ListSource interface {
	// Heads lists the newest release of each list.
	Heads(ctx context.Context) ([]ListRelease, error)
	// Releases lists releases of one list and epoch with version > after, ascending, at most
	// limit, without a gap; what has been pruned is not there, and then the first that is
	// returned need not be after+1.
	Releases(ctx context.Context, list string, epoch Epoch, after uint64, limit int) ([]ListRelease, error)
	// Latest gives the newest release of a list with Snapshot set.
	Latest(ctx context.Context, list string) (ListRelease, error)
	// Files lists the files that a release needs, beside its manifest.
	Files(ctx context.Context, position ListPosition) ([]ListFile, error)
	// Open opens a file of a release that is still kept. NotFound if it has been pruned.
	Open(ctx context.Context, digest Digest) (io.ReadSeekCloser, error)
	// Published carries one signal after one or more releases. It has one reader.
	Published() <-chan struct{}
}

// ListSink is a station's replica as the downlink sees it. Implemented by border/replica,
// used by sync/downlink. It trusts nothing it is given.
type ListSink interface {
	// Position gives the release in force of a list; the zero Version if there is none.
	Position(ctx context.Context, list string) (ListPosition, error)
	// Offer reads and verifies a manifest and lists the files that are still wanted to put it
	// in force, none if all are there. Stale: it, or a newer one, is in force already.
	// Conflict: it does not follow what is in force (the downlink then looks for what lies
	// between, or for a snapshot). Forbidden: signature, fork or rollback; nothing changes, the
	// replica raises its alarm.
	Offer(ctx context.Context, manifest []byte) ([]ListFile, error)
	// Receive appends bytes of a wanted file at offset, which must be what it has so far. What
	// was received outlives a restart.
	Receive(ctx context.Context, digest Digest, offset int64, b []byte) error
	// Apply puts an offered release in force once its files are whole: verified, written,
	// synced, renamed, and only then its position committed. It returns when checks use it.
	// Invalid: a file is not what its digest says; it is dropped, and the next Offer wants it
	// from the start. Else as Offer.
	Apply(ctx context.Context, manifest []byte) error
}

// ListReport is what a station says of its lists in every hello.
type ListReport struct {
	Position ListPosition `json:"position"`
	Since    time.Time    `json:"since"` // in force since; the station's clock
	// Refused is why the last release offered was refused, "" if none was: signature, fork,
	// rollback, truncated, corrupt, expired.
	Refused   string    `json:"refused,omitempty"`
	RefusedAt time.Time `json:"refused_at,omitzero"`
}

// Notice is what the hub tells a station about a case: a traveller who has passed turned
// out to be listed, or is expected. Body is sealed for stations (border/watch/release).
type Notice struct {
	ID     ID     `json:"id"`
	Body   []byte `json:"body"`   // at most [MaxNotice] bytes
	Closed bool   `json:"closed"` // acknowledged somewhere, or withdrawn: take it off the screen
	// Order grows with every change of any notice, and goes on growing when the hub was
	// restored from a copy: a station asks for what lies above the highest it has seen.
	Order uint64 `json:"order"`
}

// MaxNotice bounds the sealed body of a notice in bytes.
const MaxNotice = 16 << 10

// NoticeAck is an officer's acknowledgement of a notice.
type NoticeAck struct {
	Station StationID `json:"station"`
	ID      ID        `json:"id"`
	Officer string    `json:"officer"` // pseudonym, as in headers
	At      time.Time `json:"at"`
}

// NoticeSource is the hub's notices as the downlink sees them. Implemented by border/cases.
type NoticeSource interface {
	// Notices lists notices for a station with Order > after, ascending, at most limit.
	Notices(ctx context.Context, station StationID, after uint64, limit int) ([]Notice, error)
	// Acknowledge keeps an acknowledgement durably before it returns nil. Twice is once.
	Acknowledge(ctx context.Context, ack NoticeAck) error
	// Noticed carries one signal after one or more changes. It has one reader.
	Noticed() <-chan struct{}
}

// NoticeSink is a station's notices as the downlink sees them. Implemented by border/replica.
type NoticeSink interface {
	// NoticesHeld gives the highest Order held.
	NoticesHeld(ctx context.Context) (uint64, error)
	// Notify keeps notices durably before it returns nil.
	Notify(ctx context.Context, notices []Notice) error
	// Acks lists acknowledgements that the hub has not confirmed, and Acked drops one that it has.
	Acks(ctx context.Context) ([]NoticeAck, error)
	Acked(ctx context.Context, id ID) error
	// AcksPending carries one signal after one or more new acknowledgements. It has one reader.
	AcksPending() <-chan struct{}
}
