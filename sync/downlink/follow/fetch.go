package follow

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"garita/border"
	"garita/sync/wire"
)

// shelf is the stream of lists, of which single messages are fetched directly: of the broker's
// own API a station may use no more.
type shelf struct{ nc *nats.Conn }

// get returns what stands at a subject and its place in the stream. NotFound if nothing does.
func (s *shelf) get(ctx context.Context, subject string, patience time.Duration) ([]byte, uint64, error) {
	const op = "fetch from the stream of lists"
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	m, err := s.nc.RequestWithContext(ctx, wire.FetchSubject(subject), nil)
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return nil, 0, &border.Error{Code: border.Unavailable, Op: op, Message: "The hub publishes no lists at present.", Err: err}
	case err != nil:
		return nil, 0, &border.Error{Code: border.Unavailable, Op: op, Message: "The hub does not answer.", Err: err}
	}
	at, seq, found, err := wire.ReadFetched(m.Header)
	switch {
	case err != nil:
		return nil, 0, &border.Error{Code: border.Unavailable, Op: op, Message: "The hub does not answer.", Err: err}
	case !found:
		return nil, 0, &border.Error{Code: border.NotFound, Op: op}
	case at != subject:
		return nil, 0, &border.Error{Code: border.Unavailable, Op: op, Err: errors.New("the broker answered with another message")}
	}
	return m.Data, seq, nil
}

// take fetches a release, whatever its files still lack, and has it put in force. It reports
// false if it is not there or does not fit, and an error that is errRefused if it is bad.
func (l *follower) take(ctx context.Context, s *shelf, p border.ListPosition) (bool, error) {
	manifest, err := l.manifest(ctx, s, p)
	if err != nil {
		return judged(err)
	}
	spoiled, err := l.attempt(ctx, s, manifest)
	if spoiled {
		l.f.c.Log.Warn("a file of a list arrived corrupt; fetched once more", "list", l.list, "version", p.Version, "err", err)
		_, err = l.attempt(ctx, s, manifest)
	}
	if err != nil {
		return judged(err)
	}
	l.f.c.Log.Info("list in force", "list", l.list, "version", p.Version)
	l.note(func(s *ListStatus) { s.Carried, s.CarriedAt = "", time.Time{} })
	return true, nil
}

// judged sorts what the replica says.
func judged(err error) (bool, error) {
	switch border.CodeOf(err) {
	case border.Conflict, border.Stale, border.NotFound:
		return false, nil
	case border.Forbidden, border.Invalid, border.TooLarge:
		return false, fmt.Errorf("%w: %w", errRefused, err)
	default:
		return false, err
	}
}

// manifest fetches a release's manifest. One that is not what the head says is fetched once
// more; then the replica shall see it, and raise its alarm.
func (l *follower) manifest(ctx context.Context, s *shelf, p border.ListPosition) ([]byte, error) {
	for again := range 2 {
		b, _, err := s.get(ctx, wire.ManifestSubject(p), l.f.c.ChunkTimeout)
		if err != nil || again == 1 || p.Hash == (border.Digest{}) || sha256.Sum256(b) == p.Hash {
			return b, err
		}
	}
	return nil, nil // not reached
}

// attempt fetches what the replica wants of a release and has it put in force. Spoiled says
// that a file was not what it should be, and that the replica wants it anew.
func (l *follower) attempt(ctx context.Context, s *shelf, manifest []byte) (spoiled bool, err error) {
	octx, cancel := context.WithTimeout(ctx, l.f.c.ApplyTimeout)
	files, err := l.f.c.Lists.Offer(octx, manifest)
	cancel()
	if err != nil {
		return false, err
	}
	if len(files) > wire.MaxListFiles {
		return false, &border.Error{Code: border.TooLarge, Op: "fetch a release", Err: errors.New("it needs too many files")}
	}
	for _, f := range files {
		if err := l.fetch(ctx, s, f); err != nil {
			return border.CodeOf(err) == border.Invalid, err
		}
	}
	// What has come whole is put in force even if the connection goes meanwhile.
	actx, cancel := context.WithTimeout(l.life, l.f.c.ApplyTimeout)
	defer cancel()
	err = l.f.c.Lists.Apply(actx, manifest)
	return border.CodeOf(err) == border.Invalid, err
}

// fetch brings the replica what it lacks of a file, from where it left off.
func (l *follower) fetch(ctx context.Context, s *shelf, f border.ListFile) error {
	const op = "fetch a file of a list"
	if f.Size < 0 || f.Size > wire.MaxListFile || f.Have < 0 || f.Have > f.Size {
		return &border.Error{Code: border.TooLarge, Op: op, Err: errors.New("its size is out of bounds")}
	}
	for at := f.Have; at < f.Size; {
		n := at / wire.ChunkSize
		b, err := l.chunk(ctx, s, f, n)
		if err != nil {
			return err
		}
		b = b[at-n*wire.ChunkSize:]
		if err := l.f.c.Lists.Receive(ctx, f.Digest, at, b); err != nil {
			return err
		}
		at += int64(len(b))
	}
	return nil
}

// chunk fetches one chunk. One of another length than it must have is fetched once more.
func (l *follower) chunk(ctx context.Context, s *shelf, f border.ListFile, n int64) ([]byte, error) {
	want := int(wire.ChunkLen(f.Size, n))
	for range 2 {
		b, _, err := s.get(ctx, wire.ChunkSubject(f.Digest, n), l.f.c.ChunkTimeout)
		if err != nil {
			return nil, err
		}
		if len(b) == want {
			return b, nil
		}
	}
	return nil, carried{"truncated", &border.Error{
		Code: border.TooLarge, Op: "fetch a file of a list", Err: errors.New("a chunk has another length than it must have"),
	}}
}
