package station_test

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"garita/border"
	"garita/border/access"
	"garita/border/clock"
	"garita/cmd/internal/founding"
	"garita/cmd/internal/station"
)

// Whatever a station serves has an entry in the table of who may do what, and the reverse; with the
// demonstration's routes and without.
func TestEveryRouteHasAnEntry(t *testing.T) {
	for name, demo := range map[string]station.Demo{"real": {}, "demonstration": {On: true, Presenter: "http://127.0.0.1:1"}} {
		dir := t.TempDir()
		s, err := founding.Alone(t.Context(), dir, station.Config{Data: filepath.Join(dir, "post"), Listen: "127.0.0.1:0", Post: "PUT", Station: "PUT-1", Zone: "UTC",
			Counters: []station.Counter{{ID: "1", Direction: border.Entry}}, Demo: demo}, clock.System(time.Now()), slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		served := s.Served()
		for _, trouble := range access.Missing(served, access.PostRoutes()) {
			t.Errorf("%s: %s", name, trouble)
		}
		if len(served) < 80 {
			t.Errorf("%s: %d routes", name, len(served))
		}
		if err := s.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
