package wire

import (
	"garita/border"
)

// The kinds of request by which a station proves its record, and learns who belongs.
const (
	KindCheckpoint = "checkpoint" // [Checkpoint] → [Checkpoint], cosigned
	KindRoster     = "roster"     // [RosterRequest] → the sealed roster, or nothing
	KindKeys       = "keys"       // [KeysRequest] → [KeysReply]
)

// Of messages down: [KindRoster] with an empty object tells a station to ask for its roster.

// MaxKeys bounds the keys in one reply.
const MaxKeys = 1000

// keysBytes bounds their wraps in one reply, before base64.
const keysBytes = 256 << 10

// Checkpoint is a border.Checkpoint on its way; Hub is in the answer only.
type Checkpoint struct {
	Note []byte `json:"note"`
	Hub  []byte `json:"hub,omitempty"`
}

// RosterRequest asks for a roster that is newer than the one a station has.
type RosterRequest struct {
	Have uint64 `json:"have"` // 0: none
}

// KeysRequest asks for the data keys whose wraps a station has lost.
type KeysRequest struct {
	After string `json:"after"` // key id; "": from the first
}

// KeysReply is one page of them, ascending by key id; an empty one is the end.
type KeysReply struct {
	Wraps []border.KeyWrap `json:"wraps"`
}

// DecodeCheckpoint reads and checks a checkpoint, asked or answered.
func DecodeCheckpoint(b []byte) (border.Checkpoint, error) {
	var c Checkpoint
	if err := decode(b, &c); err != nil {
		return border.Checkpoint{}, err
	}
	if len(c.Note) == 0 || len(c.Note) > border.MaxCheckpoint || len(c.Hub) > border.MaxCheckpoint {
		return border.Checkpoint{}, invalid("a checkpoint is out of bounds")
	}
	return border.Checkpoint{Note: c.Note, Hub: c.Hub}, nil
}

// DecodeRosterRequest reads and checks a question for a roster.
func DecodeRosterRequest(b []byte) (RosterRequest, error) {
	var r RosterRequest
	if err := decode(b, &r); err != nil {
		return RosterRequest{}, err
	}
	if r.Have > maxSeq {
		return RosterRequest{}, invalid("a number is out of bounds")
	}
	return r, nil
}

// DecodeKeysRequest reads and checks a question for keys.
func DecodeKeysRequest(b []byte) (KeysRequest, error) {
	var r KeysRequest
	if err := decode(b, &r); err != nil {
		return KeysRequest{}, err
	}
	if len(r.After) > 255 {
		return KeysRequest{}, invalid("a text is too long")
	}
	return r, nil
}

// PageOfKeys gives the first wraps of a list, as many as go into one reply.
func PageOfKeys(wraps []border.KeyWrap) []border.KeyWrap {
	size := 0
	for i, w := range wraps {
		size += len(w.Wrapped) + len(w.KeyID) + 128
		if i > 0 && (size > keysBytes || i == MaxKeys) {
			return wraps[:i]
		}
	}
	return wraps
}

// DecodeKeysReply reads and checks a page of keys of the given station.
func DecodeKeysReply(b []byte, station border.StationID, asked KeysRequest) ([]border.KeyWrap, error) {
	var r KeysReply
	if err := decode(b, &r); err != nil {
		return nil, err
	}
	if len(r.Wraps) > MaxKeys {
		return nil, invalid("too many wraps")
	}
	at := asked.After
	for _, w := range r.Wraps {
		if err := validWrap(&w, station); err != nil {
			return nil, err
		}
		if w.KeyID <= at {
			return nil, invalid("the keys are not in order")
		}
		at = w.KeyID
	}
	return r.Wraps, nil
}

// validWrap checks a key wrap of the given station.
func validWrap(w *border.KeyWrap, station border.StationID) error {
	switch {
	case w.Station != station:
		return invalid("a station speaks for another")
	case w.KeyID == "" || len(w.KeyID) > 255 || len(w.Part) > 255 || len(w.Bucket) > 32:
		return invalid("a text is out of bounds")
	case len(w.Wrapped) == 0 || len(w.Wrapped) > MaxWrapped:
		return invalid("a wrapped key is out of bounds")
	}
	return nil
}
