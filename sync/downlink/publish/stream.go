package publish

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"garita/border"
	"garita/sync/wire"
)

// unavailable wraps what the broker says.
func unavailable(op string, err error) error {
	return &border.Error{Code: border.Unavailable, Op: op, Err: err}
}

// ensure makes the stream what it must be. A stream that is there keeps what an operator
// chose for it: replicas, placement, another bound.
func (p *Publisher) ensure(ctx context.Context) (jetstream.Stream, error) {
	ctx, cancel := context.WithTimeout(ctx, p.c.RequestTimeout)
	defer cancel()
	st, err := p.js.Stream(ctx, wire.ListStream)
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound):
		st, err = p.js.CreateStream(ctx, required(jetstream.StreamConfig{
			Name: wire.ListStream, Storage: jetstream.FileStorage, Replicas: p.c.Replicas, MaxBytes: p.c.StreamBytes,
		}))
	case err == nil:
		have := st.CachedInfo().Config
		want := required(have)
		if have.MaxBytes <= 0 {
			want.MaxBytes = p.c.StreamBytes
		}
		if len(have.Subjects) != 1 || have.Subjects[0] != wire.ListSubjects || have.Discard != want.Discard ||
			have.MaxMsgsPerSubject != want.MaxMsgsPerSubject || have.AllowDirect != want.AllowDirect ||
			have.MaxBytes != want.MaxBytes || have.MaxMsgSize != want.MaxMsgSize {
			st, err = p.js.UpdateStream(ctx, want)
		}
	}
	if err != nil {
		return nil, unavailable("set up the stream of lists", err)
	}
	return st, nil
}

// required sets what the protocol relies on: every subject holds its last message only, and
// anybody may fetch one directly. A full stream refuses; it never drops what is named.
func required(c jetstream.StreamConfig) jetstream.StreamConfig {
	c.Subjects = []string{wire.ListSubjects}
	c.Retention = jetstream.LimitsPolicy
	c.Discard = jetstream.DiscardNew
	c.MaxMsgsPerSubject = 1
	c.AllowDirect = true
	c.MaxMsgSize = wire.ChunkSize + 8<<10 // a chunk and headers
	return c
}

// shelf is the stream as a session sees it: which subjects hold a message.
type shelf struct {
	js      jetstream.JetStream
	st      jetstream.Stream
	timeout time.Duration
	have    map[string]bool
	healed  bool // something that was there and not as it should be was replaced
}

// look lists what the stream holds.
func (s *shelf) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	info, err := s.st.Info(ctx, jetstream.WithSubjectFilter(wire.ListSubjects))
	if err != nil {
		return unavailable("look through the stream of lists", err)
	}
	s.have = make(map[string]bool, len(info.State.Subjects))
	for subject := range info.State.Subjects {
		s.have[subject] = true
	}
	return nil
}

// get returns what stands at a subject, nil if nothing does.
func (s *shelf) get(ctx context.Context, subject string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	m, err := s.st.GetLastMsgForSubject(ctx, subject)
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return nil, nil
	case err != nil:
		return nil, unavailable("read the stream of lists", err)
	}
	return m.Data, nil
}

// What the broker says when it takes no more (errors.json of nats-server): the stream's bound,
// the broker's disk, the broker's bound on all streams.
const (
	codeStoreFull    jetstream.ErrorCode = 10077
	codeInsufficient jetstream.ErrorCode = 10023
	codeExceeded     jetstream.ErrorCode = 10047
)

// put publishes a message and returns when the broker has it on disk. StorageFull: the
// stream takes no more.
func (s *shelf) put(ctx context.Context, subject string, b []byte) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	_, err := s.js.Publish(ctx, subject, b, jetstream.WithExpectStream(wire.ListStream), jetstream.WithRetryAttempts(0))
	var api *jetstream.APIError
	switch {
	case errors.As(err, &api) && (api.ErrorCode == codeStoreFull || api.ErrorCode == codeInsufficient || api.ErrorCode == codeExceeded):
		return &border.Error{Code: border.StorageFull, Op: "publish a list", Message: "The stream of lists is full.", Err: err}
	case err != nil:
		return unavailable("publish a list", err)
	}
	s.have[subject] = true
	return nil
}

// drop removes whatever stands at a subject, which may end in a wildcard.
func (s *shelf) drop(ctx context.Context, subject string) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	if err := s.st.Purge(ctx, jetstream.WithPurgeSubject(subject)); err != nil {
		return unavailable("prune the stream of lists", err)
	}
	return nil
}
