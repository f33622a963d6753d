package intake

import (
	"context"

	"garita/border"
	"garita/sync/wire"
)

// maxStations bounds the memory of who asks for rosters. Whoever is not remembered is not woken,
// and asks from time to time all the same.
const maxStations = 4096

func (in *Intake) checkpoint(ctx context.Context, station border.StationID, body []byte) ([]byte, error) {
	c, err := wire.DecodeCheckpoint(body)
	if err != nil {
		return nil, err
	}
	if c, err = in.c.Checkpoints.Cosign(ctx, station, c); err != nil {
		return nil, err
	}
	return wire.Encode(wire.Checkpoint{Note: c.Note, Hub: c.Hub})
}

// meet remembers a station that shall be woken, and reports whether it is new.
func (in *Intake) meet(station border.StationID) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.stations[station] || len(in.stations) >= maxStations {
		return false
	}
	in.stations[station] = true
	return true
}

// roster answers with the roster as its signer sealed it: not JSON, and empty if there is none
// that is newer.
func (in *Intake) roster(ctx context.Context, station border.StationID, body []byte) ([]byte, error) {
	r, err := wire.DecodeRosterRequest(body)
	if err != nil {
		return nil, err
	}
	in.meet(station)
	b, err := in.c.Roster.Roster(ctx, station, r.Have)
	if err == nil && len(b) > border.MaxRoster {
		in.alarm(station, "the roster is too large to be sent")
		err = &border.Error{Code: border.TooLarge, Op: "send a roster"}
	}
	return b, err
}

func (in *Intake) keys(ctx context.Context, station border.StationID, body []byte) ([]byte, error) {
	r, err := wire.DecodeKeysRequest(body)
	if err != nil {
		return nil, err
	}
	wraps, err := in.c.Keys.Rewrapped(ctx, station, r.After)
	if err != nil {
		return nil, err
	}
	return wire.Encode(wire.KeysReply{Wraps: wire.PageOfKeys(wraps)})
}

// wake tells stations that officers have changed, until ctx ends. These messages may be lost:
// stations ask from time to time.
func (in *Intake) wake(ctx context.Context) {
	for {
		select {
		case <-in.c.Roster.Changed():
		case <-ctx.Done():
			return
		}
		in.mu.Lock()
		all := make([]border.StationID, 0, len(in.stations))
		for st := range in.stations {
			all = append(all, st)
		}
		in.mu.Unlock()
		for _, st := range all {
			in.send(st, wire.KindRoster, struct{}{})
		}
	}
}
