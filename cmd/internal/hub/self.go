package hub

import (
	"context"
	"os"
	"path/filepath"

	"garita/border"
	"garita/border/audit"
	"garita/border/checkpoint"
	"garita/border/journal"
	"garita/border/seal"
	"garita/cmd/internal/version"
)

// selfName is the station name of the hub's own journal: what its people do is recorded as what
// people at stations do is. No station can have it (border/stations).
const selfName border.StationID = "HUB"

// self is the hub's own journal.
type self struct {
	journal *journal.Journal
	keys    *seal.StationKeys
	audit   *audit.Recorder
}

// openSelf opens the hub's own journal in a folder of its own.
func (h *Hub) openSelf(ctx context.Context, private *seal.HubPrivate, blinder *seal.Blinder) (err error) {
	dir := filepath.Join(h.cfg.Data, "self")
	if err = os.MkdirAll(dir, 0o700); err != nil {
		return &border.Error{Code: border.Internal, Op: "make the data folder", Err: err}
	}
	prov, err := private.Provisioning()
	if err != nil {
		return err
	}
	if h.self.keys, err = seal.OpenStation(ctx, h.root, dir, selfName, prov); err != nil {
		return err
	}
	signer, err := checkpoint.NewSigner(cosignName, h.trust.cosign)
	if err != nil {
		return err
	}
	h.self.journal, err = journal.Open(ctx, journal.Config{Dir: dir, Station: selfName, Post: border.PostID(selfName), Software: version.Version,
		Clock: h.clock, Keys: h.self.keys, Log: h.log, Signer: signer})
	if err != nil {
		return err
	}
	h.self.audit = audit.New(audit.Config{Journal: h.self.journal, Keys: h.self.keys, Blinder: blinder, Clock: h.clock, Post: border.PostID(selfName)})
	return nil
}
