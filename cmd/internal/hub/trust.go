package hub

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"sync"

	"garita/border"
	"garita/border/keystore"
	"garita/border/pki"
	"garita/border/seal"
	"garita/cmd/internal/rootkey"
	"garita/sync/credentials"
)

// trustFile holds what makes others believe this hub, sealed by the root key. The other secret
// files are border/seal's.
const trustFile = "trust.key"

// OpenRoot opens the key that seals all others.
func OpenRoot(ctx context.Context, cfg Config) (keystore.Root, error) {
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "make the data folder", Err: err}
	}
	return rootkey.Open(ctx, cfg.Keys, cfg.Data, cfg.Demo, filepath.Join(cfg.Data, seal.HubFile))
}

// trust is what makes others believe this hub: its certificates, the broker's credentials, and
// the key that cosigns the logs of stations.
type trust struct {
	pki    *pki.Authority
	broker *credentials.Authority
	cosign ed25519.PrivateKey
	host   *pki.Hosted

	path string
	root keystore.Root
	mu   sync.Mutex // guards kept, and is held while it is written
	kept trustKept
}

// trustKept is the file of a trust.
type trustKept struct {
	PKI    []byte          `json:"pki"`
	Broker json.RawMessage `json:"broker"`
	Cosign []byte          `json:"cosign"` // Ed25519 seed
	Server pki.Pair        `json:"server"`
}

// openTrust reads the hub's trust; a new hub makes it.
func openTrust(cfg Config, root keystore.Root, clock border.Clock) (*trust, error) {
	t := &trust{path: filepath.Join(cfg.Data, trustFile), root: root}
	err := keystore.LoadFile(root, t.path, &t.kept)
	if border.CodeOf(err) == border.NotFound {
		if _, statErr := os.Stat(filepath.Join(cfg.Data, "stations.db")); statErr == nil {
			return nil, &border.Error{Code: border.NotFound, Op: "read " + t.path,
				Message: "The file of the hub's certificates is gone, but stations belong to it. Bring it back, or enrol every station anew with a new hub."}
		}
		err = t.found(cfg, clock)
	}
	if err != nil {
		return nil, err
	}
	if t.pki, err = pki.ParseAuthority(t.kept.PKI, clock); err != nil {
		return nil, err
	}
	if t.broker, err = credentials.Unmarshal(t.kept.Broker); err != nil {
		return nil, err
	}
	if len(t.kept.Cosign) != ed25519.SeedSize {
		return nil, &border.Error{Code: border.Invalid, Op: "read " + t.path, Message: "The file of the hub's certificates is damaged."}
	}
	t.cosign = ed25519.NewKeyFromSeed(t.kept.Cosign)
	if fresh, err := t.pki.Refresh(); err != nil {
		return nil, err
	} else if fresh {
		if err := t.keep(func(k *trustKept) (err error) { k.PKI, err = t.pki.Marshal(); return err }); err != nil {
			return nil, err
		}
	}
	t.host, err = t.pki.Host(func() (pki.Pair, error) { return t.pki.Server(cfg.hosts()) }, t.kept.Server,
		func(p pki.Pair) error { return t.keep(func(k *trustKept) error { k.Server = p; return nil }) })
	return t, err
}

// found makes the trust of a new hub.
func (t *trust) found(cfg Config, clock border.Clock) error {
	authority, err := pki.NewAuthority(cfg.Name, clock)
	if err != nil {
		return err
	}
	broker, err := credentials.NewAuthority()
	if err != nil {
		return err
	}
	return t.keep(func(k *trustKept) error {
		if k.PKI, err = authority.Marshal(); err != nil {
			return err
		}
		if k.Broker, err = broker.Marshal(); err != nil {
			return err
		}
		k.Cosign = make([]byte, ed25519.SeedSize)
		rand.Read(k.Cosign) // never fails: crypto/rand ends the program instead
		return nil
	})
}

// keep changes the file.
func (t *trust) keep(change func(*trustKept) error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	next := t.kept
	if err := change(&next); err != nil {
		return err
	}
	if err := keystore.SaveFile(t.root, t.path, &next); err != nil {
		return err
	}
	t.kept = next
	return nil
}

// hosts are the names and addresses under which browsers and stations reach the hub.
func (c *Config) hosts() (names []string, ips []net.IP) {
	names, ips = []string{"localhost"}, []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	for _, h := range c.Hosts {
		if ip := net.ParseIP(h); ip != nil {
			ips = append(ips, ip)
		} else {
			names = append(names, h)
		}
	}
	return names, ips
}

// Private reads the hub's secrets for a tool that works while the hub is stopped; a new hub makes
// them.
func Private(ctx context.Context, cfg Config) (*seal.HubPrivate, error) {
	root, err := OpenRoot(ctx, cfg)
	if err != nil {
		return nil, err
	}
	p, err := seal.LoadHub(root, cfg.Data, cfg.Name)
	return p, errors.Join(err, root.Close())
}
