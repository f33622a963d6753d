// Package hub wires the hub's rooms together: broker, intake, register and screens.
// garita-hub runs it; tests start the same.
package hub

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/api"
	"garita/border/cases"
	"garita/border/lists"
	"garita/border/lookup"
	"garita/border/register"
	"garita/border/seal"
	"garita/cmd/internal/settings"
	"garita/cmd/internal/version"
	"garita/cmd/internal/web"
	"garita/sync/broker"
	"garita/sync/downlink/publish"
	"garita/sync/intake"
	casepages "garita/ui/cases"
	"garita/ui/operations"
	"garita/ui/watchlists"
)

// Config is the configuration of garita-hub. Paths are relative to the working folder.
type Config struct {
	Name   string `toml:"name" env:"GARITA_HUB_NAME"`     // of the hub, for people
	Data   string `toml:"data" env:"GARITA_HUB_DATA"`     // folder of hub.db, keys.db and the stream
	Listen string `toml:"listen" env:"GARITA_HUB_LISTEN"` // loopback host:port of pages and API
	NATS   string `toml:"nats" env:"GARITA_HUB_NATS"`     // loopback host:port of the embedded broker
	// Broker is the URL of an outside NATS server; "" runs the embedded one.
	Broker string `toml:"broker" env:"GARITA_HUB_BROKER"`
	// Imports is the folder whose files can be imported as lists on the pages, and where uploaded
	// ones lie until they are read; "": "imports" in the data folder.
	Imports string `toml:"imports" env:"GARITA_HUB_IMPORTS"`
	// ExitPosts are where a listed traveller is expected who has not said where he leaves; none: all.
	ExitPosts []border.PostID `toml:"exit_posts"`
	// Lookups are other people's services that are asked about travellers (docs/LOOKUPS.md).
	Lookups []lookup.ServiceConfig `toml:"lookup"`
}

// ReadConfig reads the configuration file and the environment.
func ReadConfig(path string, getenv func(string) string) (Config, error) {
	c := Config{Name: "hub", Data: "var/hub", Listen: "127.0.0.1:8090", NATS: "127.0.0.1:4222"}
	return c, settings.Load(path, &c, getenv)
}

// Private reads the hub's secret file in its data folder; a new hub makes it.
func Private(cfg Config) (*seal.HubPrivate, error) {
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "make the data folder", Err: err}
	}
	path := filepath.Join(cfg.Data, "hub.key")
	var p seal.HubPrivate
	err := seal.Load(path, &p)
	if border.CodeOf(err) != border.NotFound {
		if err == nil && p.Complete() {
			err = seal.Save(path, &p)
		}
		return &p, err
	}
	if _, err := os.Stat(filepath.Join(cfg.Data, "keys.db")); err == nil {
		return nil, &border.Error{Code: border.NotFound, Op: "read " + path,
			Message: "The hub's key file is gone, but its data are here. Without that file they cannot be read. Bring it back."}
	}
	made, err := seal.NewHubPrivate(cfg.Name)
	if err != nil {
		return nil, err
	}
	return made, seal.Save(path, made)
}

// Hub is an open hub. Run serves it.
type Hub struct {
	Register *register.Register
	Lists    *lists.Keeper
	Cases    *cases.Service

	cfg      Config
	log      *slog.Logger
	keys     *seal.HubKeys
	broker   *broker.Server // nil: an outside one
	intake   *intake.Intake
	downlink *publish.Publisher
	audit    *lookup.AuditFile // nil: no service is asked
	app      *fiber.App
	listener net.Listener
	stop     chan struct{}
}

// brokerStop bounds how long the embedded broker may take to end.
const brokerStop = 3 * time.Second

// Open opens the register, the broker and the HTTP address.
func Open(ctx context.Context, cfg Config, clock border.Clock, log *slog.Logger) (*Hub, error) {
	h := &Hub{cfg: cfg, log: log, stop: make(chan struct{})}
	if err := h.open(ctx, clock); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

func (h *Hub) open(ctx context.Context, clock border.Clock) error {
	private, err := Private(h.cfg)
	if err != nil {
		return err
	}
	h.log.Warn("SOFTWARE KEYS: keys are in files of this data folder; whoever has the disk can read the people in it")
	if h.keys, err = seal.OpenHubKeys(ctx, filepath.Join(h.cfg.Data, "keys.db"), private); err != nil {
		return err
	}
	blinder, err := seal.NewBlinder(private.BlindKey)
	if err != nil {
		return err
	}
	h.Register, err = register.Open(ctx, register.Config{Dir: h.cfg.Data, Clock: clock, Keys: h.keys, Blinder: blinder, Log: h.log})
	if err != nil {
		return err
	}
	if err = h.openLists(ctx, private, blinder, clock); err != nil {
		return err
	}
	url := h.cfg.Broker
	if url == "" {
		if url, err = h.openBroker(ctx); err != nil {
			return err
		}
	}
	asker, err := h.openAsker(clock)
	if err != nil {
		return err
	}
	if h.intake, err = intake.New(intake.Config{URL: url, Sink: h.Register, Asker: asker, Clock: clock, Log: h.log}); err != nil {
		return err
	}
	if err = h.openDownlink(url, clock); err != nil {
		return err
	}
	h.app = web.NewApp(h.log)
	api.Hub(api.New(h.app, version.Version), api.HubConfig{Register: h.Register, Log: h.log})
	if err := operations.Mount(h.app, operations.Config{Register: h.Register, Clock: clock, Stop: h.stop, Log: h.log}); err != nil {
		return err
	}
	if err := h.mountLists(clock); err != nil {
		return err
	}
	h.listener, err = web.Listen(h.cfg.Listen, nil)
	return err
}

// mountLists adds the pages about lists and cases.
func (h *Hub) mountLists(clock border.Clock) error {
	imports := h.cfg.Imports
	if imports == "" {
		imports = filepath.Join(h.cfg.Data, "imports")
	}
	if err := os.MkdirAll(imports, 0o700); err != nil {
		return &border.Error{Code: border.Internal, Op: "make the imports folder", Err: err}
	}
	if err := watchlists.Mount(h.app, watchlists.Config{Lists: h.Lists, Register: h.Register, Clock: clock, Imports: imports, Log: h.log}); err != nil {
		return err
	}
	return casepages.Mount(h.app, casepages.Config{Cases: h.Cases, Clock: clock, Log: h.log})
}

func (h *Hub) openBroker(ctx context.Context) (string, error) {
	probe, err := web.Listen(h.cfg.NATS, nil) // says in plain words what is wrong with the address
	if err != nil {
		return "", err
	}
	address := probe.Addr().(*net.TCPAddr)
	if err := probe.Close(); err != nil {
		return "", &border.Error{Code: border.Internal, Op: "listen on " + h.cfg.NATS, Err: err}
	}
	h.broker, err = broker.Start(ctx, broker.Config{Host: address.IP.String(), Port: address.Port,
		StoreDir: filepath.Join(h.cfg.Data, "stream"), Log: h.log})
	if err != nil {
		return "", err
	}
	return h.broker.ClientURL(), nil
}

// URL is the address of the pages, without a path.
func (h *Hub) URL() string { return "http://" + h.listener.Addr().String() }

// NATSURL is the address of the embedded broker, "" if there is none; port included.
func (h *Hub) NATSURL() string {
	if h.broker == nil {
		return ""
	}
	return h.broker.ClientURL()
}

// Run serves until ctx ends or a part fails, then closes everything, within 5 s.
func (h *Hub) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var parts sync.WaitGroup
	failed := make(chan error, 5)
	run := func(f func(context.Context) error) {
		parts.Go(func() {
			if err := f(ctx); err != nil && ctx.Err() == nil {
				failed <- err
			}
		})
	}
	run(h.intake.Run)
	run(h.downlink.Run)
	run(h.Lists.Run)
	run(h.Cases.Run)
	parts.Go(func() { h.chase(ctx) })
	run(func(ctx context.Context) error { return web.Serve(ctx, h.app, h.listener) })
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	close(h.stop)
	cancel()
	parts.Wait()
	h.listener = nil
	return errors.Join(err, h.Close())
}

// Close closes what Open opened.
func (h *Hub) Close() error {
	var errs []error
	if h.listener != nil {
		errs = append(errs, h.listener.Close())
	}
	if h.broker != nil {
		ctx, cancel := context.WithTimeout(context.Background(), brokerStop)
		defer cancel()
		errs = append(errs, h.broker.Stop(ctx))
	}
	if h.audit != nil {
		errs = append(errs, h.audit.Close())
	}
	if h.Cases != nil {
		errs = append(errs, h.Cases.Close())
	}
	if h.Lists != nil {
		errs = append(errs, h.Lists.Close())
	}
	if h.Register != nil {
		errs = append(errs, h.Register.Close())
	}
	if h.keys != nil {
		errs = append(errs, h.keys.Close())
	}
	return errors.Join(errs...)
}
