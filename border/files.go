package border

import "context"

// This file holds the seams of attached files on their way to the hub. Sealed files travel behind
// the events: the hub says which ones it wants, for it knows what crossings name.

// MaxFileChunk bounds the bytes of a file in one message.
const MaxFileChunk = 128 << 10

// WantedFile is a sealed file that a crossing of the station names and the hub does not hold whole.
type WantedFile struct {
	Hash  Digest `json:"hash"` // SHA-256 of the sealed file
	Bytes int    `json:"bytes"`
	Held  int    `json:"held"` // the first so many bytes are on the hub's disk
}

// FilePiece is part of a sealed file as it arrived at the hub.
type FilePiece struct {
	Station StationID // the broker vouches for it
	Hash    Digest
	Offset  int
	Data    []byte
}

// FileSink is the hub's keeper of files as the stream sees it. Implemented by border/archive, used
// by sync/courier/collect.
type FileSink interface {
	// Wanted lists the files that are wanted of a station, those named first coming first, at most limit,
	// and counts all of them.
	Wanted(ctx context.Context, station StationID, limit int) (files []WantedFile, pending int, err error)
	// Write keeps pieces, durably before it returns nil. What is not wanted, is held already or
	// leaves a gap is passed over; what was forged raises an alarm. An error means that nothing may be
	// acknowledged: try again.
	Write(ctx context.Context, pieces []FilePiece) error
	// Lost notes that a station does not have wanted files any more.
	Lost(ctx context.Context, station StationID, files []Digest) error
}

// FileSource is a station's folder of sealed files as the courier sees it. Implemented by border/seal.
type FileSource interface {
	// Sealed returns a file, checked against its name. [NotFound]: it is gone; [Invalid]: its bytes are
	// other ones.
	Sealed(hash Digest) ([]byte, error)
}
