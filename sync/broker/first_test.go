package broker

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"garita/sync/credentials"
	"garita/sync/wire"
)

// TestStreamsOfTheFirstMoment: whoever connects first to a hub that never ran makes streams that
// stay. A server that opens an account's store only when somebody asks for the account clears its
// folder while others write there already; the streams then have no files, and fail at some later
// message.
func TestStreamsOfTheFirstMoment(t *testing.T) {
	const starts, clients = 10, 6
	for range starts {
		a, err := credentials.NewAuthority()
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		s := start(t, Config{StoreDir: dir, Auth: &Auth{Authority: a}})
		if n := s.nats.JetStreamNumAccounts(); n != 1 {
			t.Errorf("before anybody connected the stores of %d accounts were open, want 1", n)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		var all sync.WaitGroup
		for i := range clients {
			all.Go(func() {
				if err := makeStream(ctx, s, a, fmt.Sprint("S", i)); err != nil {
					t.Errorf("stream %d: %v", i, err)
				}
			})
		}
		all.Wait()
		for i := range clients {
			found, err := filepath.Glob(filepath.Join(dir, "jetstream", "*", "streams", fmt.Sprint("S", i), "msgs", "*.blk"))
			if err != nil || len(found) != 1 {
				t.Errorf("stream %d has %d files of messages, want 1 (%v)", i, len(found), err)
			}
		}
		if err := s.Stop(ctx); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	}
}

// makeStream makes a stream of one message.
func makeStream(ctx context.Context, s *Server, a *credentials.Authority, name string) error {
	user, err := a.HubUser()
	if err != nil {
		return err
	}
	nc, err := nats.Connect("", nats.InProcessServer(s), nats.CustomInboxPrefix(wire.HubInbox),
		nats.UserJWT(func() (string, error) { return user.JWT, nil }, user.Sign))
	if err != nil {
		return err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return err
	}
	if _, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: name, Subjects: []string{"down." + name}}); err != nil {
		return err
	}
	_, err = js.Publish(ctx, "down."+name, []byte("one"))
	return err
}
