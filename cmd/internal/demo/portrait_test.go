package demo

import (
	"bytes"
	"image"
	"image/jpeg"
	"os"
	"path/filepath"
	"testing"
	"time"

	"garita/border"
	filed "garita/border/archive"
	"garita/border/clock"
	"garita/border/counter"
	"garita/border/seal"
	"garita/cmd/internal/station"
)

// A portrait taken while the hub cannot be reached is there for the next officer, comes to the hub behind its
// crossing, and lies there sealed.
func TestPortraitReachesTheHub(t *testing.T) {
	n := newNation(t)
	cfg := n.config("PCA-1", 1, n.hub.NATSURL())
	s, stop := n.open(cfg, clock.System(time.Now()))
	n.delivered(s) // the hub has the keys of this month
	stop()

	away := cfg
	away.Alone = true
	s, stop = n.open(away, clock.System(time.Now()))
	id, face := portray(n, s)
	stop()

	s, _ = n.open(cfg, clock.System(time.Now()))
	n.delivered(s)
	var files []filed.Filed
	n.await("the portrait is at the hub", func() bool {
		var err error
		files, err = n.hub.Archive.Files(t.Context(), id)
		n.must(err)
		return len(files) == 1 && files[0].State == filed.Here
	})
	_, got, err := n.hub.Archive.Read(t.Context(), id, files[0].Hash)
	n.must(err)
	if !bytes.Equal(got, face) {
		t.Errorf("%d bytes arrived of %d", len(got), len(face))
	}
	if p, err := n.hub.Archive.Pending(t.Context()); err != nil || len(p) != 0 {
		t.Errorf("still to come: %+v, %v", p, err)
	}
	sealed, err := os.ReadFile(filepath.Join(n.dir, "hub", seal.AttachmentsDir, files[0].Hash.String()))
	n.must(err)
	if bytes.Contains(sealed, face[:64]) {
		t.Error("it lies at the hub unsealed")
	}
}

// portray records a traveller with a portrait, and returns the picture as it was kept.
func portray(n *nation, s *station.Station) (id border.ID, face []byte) {
	n.t.Helper()
	ctx, at := n.t.Context(), counter.At{Counter: "1", Officer: accounts[0].Badge}
	id, err := s.Counters.Open(ctx, counter.Opening{At: at, Identity: border.IdentityDeclared,
		Particulars: counter.Particulars{Surname: "UTOPIAN", Nationality: "UTO", BirthDate: "1974-XX-XX"}})
	n.must(err)
	var b bytes.Buffer
	n.must(jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 480, 600)), nil))
	a, err := s.Counters.Keep(ctx, counter.KeepIn{At: at, Encounter: id, Kind: border.KindPortrait}, b.Bytes())
	n.must(err)
	f, err := s.Counters.Attached(ctx, id, a.Hash)
	n.must(err)
	v, err := s.Counters.View("1")
	n.must(err)
	_, err = s.Counters.Decide(ctx, counter.Decision{Counter: "1", Encounter: id, Revision: v.Encounter.Verdict.Revision, Outcome: border.Withdrawn, Officer: at.Officer})
	n.must(err)
	return id, f.Content
}
