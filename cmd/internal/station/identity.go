package station

import (
	"cmp"
	"context"
	"os"
	"path/filepath"

	"garita/border"
	"garita/border/enrolment"
	"garita/border/keystore"
	"garita/border/seal"
	"garita/cmd/internal/rootkey"
)

// identityFile holds an [enrolment.Identity], sealed by the root key. The other secret files are
// border/seal's.
const identityFile = "identity.json"

// OpenRoot opens the key that seals all others.
func OpenRoot(ctx context.Context, cfg Config) (keystore.Root, error) {
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "make the data folder", Err: err}
	}
	return rootkey.Open(ctx, cfg.Keys, cfg.Data, cfg.Demo.On, filepath.Join(cfg.Data, seal.StationFile))
}

// LoadIdentity reads what the hub made this station. [border.NotFound]: it is not enrolled.
func LoadIdentity(cfg Config, root keystore.Root) (*enrolment.Identity, error) {
	var id enrolment.Identity
	err := keystore.LoadFile(root, filepath.Join(cfg.Data, identityFile), &id)
	if border.CodeOf(err) == border.NotFound {
		return nil, &border.Error{Code: border.NotFound, Op: "read the station's identity", Err: err,
			Message: "This station belongs to no hub yet. At the hub run: garita-hub station add POST/STATION, and here: garita-post enrol HUB-URL CODE."}
	}
	if err == nil {
		err = id.Validate()
	}
	return &id, err
}

// SaveIdentity writes it.
func SaveIdentity(cfg Config, root keystore.Root, id *enrolment.Identity) error {
	return keystore.SaveFile(root, filepath.Join(cfg.Data, identityFile), id)
}

// settle takes from the identity what the configuration leaves open, and refuses what contradicts it.
func (c *Config) settle(id *enrolment.Identity) error {
	g := &id.Grant
	if c.Station != "" && c.Station != g.Station || c.Post != "" && c.Post != g.Post {
		return &border.Error{Code: border.Conflict, Op: "read the configuration",
			Message: "The configuration names station " + string(c.Station) + " of post " + string(c.Post) + ", but the hub enrolled this machine as " +
				string(g.Station) + " of " + string(g.Post) + ". Take both out of the configuration, or enrol the station anew."}
	}
	c.Station, c.Post = g.Station, g.Post
	c.Zone = cmp.Or(c.Zone, g.Zone, "UTC")
	c.Hub = cmp.Or(c.Hub, g.NATS)
	return nil
}
