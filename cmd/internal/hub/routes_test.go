package hub_test

import (
	"log/slog"
	"testing"
	"time"

	"garita/border/access"
	"garita/border/clock"
	"garita/cmd/internal/hub"
)

// Whatever the hub serves has an entry in the table of who may do what, and the reverse.
func TestEveryRouteHasAnEntry(t *testing.T) {
	h, err := hub.Open(t.Context(), hub.Config{Name: "test hub", Data: t.TempDir(), Listen: "127.0.0.1:0", NATS: "127.0.0.1:0", Enrol: "127.0.0.1:0", Demo: true},
		clock.System(time.Now()), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	}()
	served := h.Served()
	for _, trouble := range access.Missing(served, access.HubRoutes()) {
		t.Error(trouble)
	}
	if len(served) < 40 {
		t.Errorf("%d routes", len(served))
	}
}
