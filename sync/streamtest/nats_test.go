package streamtest

import (
	"context"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"garita/sync/wire"
)

// connect opens a plain connection for what no uplink would do.
func connect(t testing.TB, url string) (*nats.Conn, jetstream.JetStream) {
	t.Helper()
	nc, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return nc, js
}

// streamState returns the state of the stream, nil if there is none.
func streamState(t testing.TB, url string) *jetstream.StreamState {
	t.Helper()
	nc, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	st, err := js.Stream(ctx, wire.Stream)
	if err != nil {
		return nil
	}
	return &st.CachedInfo().State
}

func streamExists(t testing.TB, url string) bool { return streamState(t, url) != nil }

// streamMessages returns how many messages the stream holds.
func streamMessages(t testing.TB, url string) uint64 {
	if st := streamState(t, url); st != nil {
		return st.Msgs
	}
	return 0
}
