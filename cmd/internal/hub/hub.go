// Package hub wires the hub's rooms together: broker, intake, register and screens.
// garita-hub runs it; tests start the same.
package hub

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/mod/sumdb/note"

	"garita/border"
	"garita/border/archive"
	"garita/border/cases"
	"garita/border/checkpoint"
	"garita/border/keystore"
	"garita/border/lists"
	"garita/border/lookup"
	"garita/border/officers"
	"garita/border/register"
	"garita/border/seal"
	"garita/border/signin"
	"garita/border/stations"
	"garita/cmd/internal/rootkey"
	"garita/cmd/internal/settings"
	"garita/cmd/internal/web"
	"garita/sync/broker"
	"garita/sync/courier/collect"
	"garita/sync/downlink/publish"
	"garita/sync/enrol"
	"garita/sync/intake"
	"garita/ui/operations"
)

// Config is the configuration of garita-hub. Paths are relative to the working folder.
type Config struct {
	Name   string `toml:"name" env:"GARITA_HUB_NAME"`     // of the hub, for people
	Data   string `toml:"data" env:"GARITA_HUB_DATA"`     // folder of hub.db, keys.db and the stream
	Listen string `toml:"listen" env:"GARITA_HUB_LISTEN"` // host:port of pages and API; TLS unless it is loopback
	TLS    bool   `toml:"tls"`                            // serve the pages under TLS on loopback, too
	NATS   string `toml:"nats" env:"GARITA_HUB_NATS"`     // host:port of the embedded broker
	Enrol  string `toml:"enrol" env:"GARITA_HUB_ENROL"`   // host:port where stations are enrolled and renew
	// Hosts are the names and addresses of this machine, for its certificate and for browsers.
	Hosts []string `toml:"hosts"`
	// Reached is the broker's URL as stations reach it, "tls://hub.example:4222"; "": as it listens.
	Reached string `toml:"reached"`
	// RPID is the domain that hub and stations are under, for passkeys; "": none are used.
	RPID string `toml:"rp_id"`
	// Keys says what guards the key that seals all others.
	Keys rootkey.Config `toml:"keys"`
	// Demo is the demonstration: accounts and keys that are refused anywhere else.
	Demo bool `toml:"demo"`
	// Retention is a TOML policy of what is erased when; "" for the one that ships.
	Retention string `toml:"retention"`
	// Backups is the folder that gets an encrypted backup every day; "": none.
	Backups string `toml:"backups"`
	// Broker is the URL of an outside NATS server; "" runs the embedded one.
	Broker string `toml:"broker" env:"GARITA_HUB_BROKER"`
	// Imports is the folder whose files can be imported as lists on the pages, and where uploaded
	// ones lie until they are read; "": "imports" in the data folder.
	Imports string `toml:"imports" env:"GARITA_HUB_IMPORTS"`
	// ExitPosts are where a listed traveller is expected who has not said where he leaves; none: all.
	ExitPosts []border.PostID `toml:"exit_posts"`
	// Posts names the posts and says where they are, for the pages. None need be named.
	Posts []operations.Place `toml:"post"`
	// Form is the TOML form of the stations' records, for the words of its codes and the country in reports' files;
	// "": the one that ships, whose country is invented.
	Form string `toml:"form"`
	// SmallCell is the number below which counts of travellers are hidden from who may see aggregates only,
	// and in every report's file; 0: 5.
	SmallCell int64 `toml:"small_cell"`
	// Lookups are other people's services that are asked about travellers (docs/LOOKUPS.md).
	Lookups []lookup.ServiceConfig `toml:"lookup"`
}

// ReadConfig reads the configuration file and the environment.
func ReadConfig(path string, getenv func(string) string) (Config, error) {
	c := Config{Name: "hub", Data: "var/hub", Listen: "127.0.0.1:8090", NATS: "127.0.0.1:4222", Enrol: "127.0.0.1:4223"}
	return c, settings.Load(path, &c, getenv)
}

// Hub is an open hub. Run serves it.
type Hub struct {
	Register *register.Register
	Lists    *lists.Keeper
	Cases    *cases.Service
	Archive  *archive.Archive
	Stations *stations.Keeper
	Officers *officers.Keeper
	SignIn   *signin.Service

	cfg      Config
	log      *slog.Logger
	clock    Clock
	root     keystore.Root
	trust    *trust
	cosign   note.Signer
	self     self // the hub's own journal
	keys     *seal.HubKeys
	broker   *broker.Server // nil: an outside one
	intake   *intake.Intake
	downlink *publish.Publisher
	files    *collect.Collector
	audit    *lookup.AuditFile // nil: no service is asked
	app      *fiber.App
	listener net.Listener
	enrol    *enrol.Server
	enrolAt  net.Listener
	stop     chan struct{}
}

// Clock is the hub's time.
type Clock interface {
	border.TrustedClock
	Mono() time.Duration // only goes forward
}

// brokerStop bounds how long the embedded broker may take to end.
const brokerStop = 3 * time.Second

// Open opens the register, the broker and the HTTP address.
func Open(ctx context.Context, cfg Config, clock Clock, log *slog.Logger) (*Hub, error) {
	h := &Hub{cfg: cfg, log: log, clock: clock, stop: make(chan struct{})}
	if err := h.open(ctx); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

func (h *Hub) open(ctx context.Context) (err error) {
	if h.root, err = OpenRoot(ctx, h.cfg); err != nil {
		return err
	}
	if h.root.Kind() == keystore.Software {
		h.log.Warn("SOFTWARE KEYS: keys are in files of this data folder; whoever has the disk can read the people in it")
	}
	private, err := seal.LoadHub(h.root, h.cfg.Data, h.cfg.Name)
	if err != nil {
		return err
	}
	if h.trust, err = openTrust(h.cfg, h.root, h.clock); err != nil {
		return err
	}
	if h.keys, err = seal.OpenHub(ctx, h.root, h.cfg.Data, private); err != nil {
		return err
	}
	blinder, err := seal.NewBlinder(private.BlindKey)
	if err != nil {
		return err
	}
	if err = h.openSelf(ctx, private, blinder); err != nil {
		return err
	}
	if err = h.openBelonging(ctx, private); err != nil {
		return err
	}
	if h.cosign, err = checkpoint.NewSigner(cosignName, h.trust.cosign); err != nil {
		return err
	}
	h.Register, err = register.Open(ctx, register.Config{Dir: h.cfg.Data, Clock: h.clock, Keys: h.keys, Blinder: blinder, Log: h.log,
		Signers: h.signers, Cosign: h.cosign, Witness: h.witness})
	if err != nil {
		return err
	}
	if err = h.openArchive(ctx); err != nil {
		return err
	}
	if err = h.openLists(ctx, private, blinder, h.clock); err != nil {
		return err
	}
	if err = h.openStream(ctx, private); err != nil {
		return err
	}
	if err = h.openEnrolment(); err != nil {
		return err
	}
	return h.openWeb(ctx)
}

// openStream opens the broker and the hub's ends of what flows through it.
func (h *Hub) openStream(ctx context.Context, private *seal.HubPrivate) error {
	url := h.cfg.Broker
	if url == "" {
		if err := h.openBroker(ctx); err != nil {
			return err
		}
		url = strings.Replace(h.broker.ClientURL(), "tls://", "nats://", 1) // reached within the process
	}
	reach, err := h.access()
	if err != nil {
		return err
	}
	asker, err := h.openAsker(h.clock)
	if err != nil {
		return err
	}
	believed := h.answers(private)
	h.intake, err = intake.New(intake.Config{URL: url, Access: reach, Trust: believed, Sink: h.Register, Asker: asker, Clock: h.clock, Log: h.log,
		Checkpoints: h.Register, Roster: h.Officers, Keys: seal.NewKeySource(h.keys, h.Stations.SealKey),
		Alarm: func(station border.StationID, text string) { h.alarm(station, "stream", text) }})
	if err != nil {
		return err
	}
	if err = h.openCollector(url, reach, believed); err != nil {
		return err
	}
	h.downlink, err = publish.New(publish.Config{URL: url, Access: reach, Trust: believed, Lists: h.Lists, Notices: h.Cases, Clock: h.clock, Log: h.log,
		Alarm: func(text string) { h.alarm("", "lists", text) }})
	return err
}

// URL is the address of the pages, without a path.
func (h *Hub) URL() string {
	if h.cfg.TLS {
		return "https://" + h.listener.Addr().String()
	}
	return "http://" + h.listener.Addr().String()
}

// EnrolURL is where stations are enrolled.
func (h *Hub) EnrolURL() string { return "https://" + h.enrolAt.Addr().String() }

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
	failed := make(chan error, 10)
	run := func(f func(context.Context) error) {
		parts.Go(func() {
			if err := f(ctx); err != nil && ctx.Err() == nil {
				failed <- err
			}
		})
	}
	run(h.intake.Run)
	run(h.downlink.Run)
	run(h.Archive.Run)
	run(h.files.Run)
	run(h.Lists.Run)
	run(h.Cases.Run)
	run(h.Stations.Run)
	run(h.Officers.Run)
	run(h.SignIn.Run)
	run(h.keepHouse)
	run(func(ctx context.Context) error { return h.enrol.Serve(ctx, h.enrolAt) })
	parts.Go(func() { h.shutOut(ctx) })
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
	h.listener, h.enrolAt = nil, nil
	return errors.Join(err, h.Close())
}

// Close closes what Open opened.
func (h *Hub) Close() error {
	var errs []error
	if h.listener != nil {
		errs = append(errs, h.listener.Close())
	}
	if h.enrolAt != nil {
		errs = append(errs, h.enrolAt.Close())
	}
	if h.broker != nil {
		ctx, cancel := context.WithTimeout(context.Background(), brokerStop)
		defer cancel()
		errs = append(errs, h.broker.Stop(ctx))
	}
	for _, c := range []io.Closer{closer(h.audit), closer(h.SignIn), closer(h.Cases), closer(h.Lists), closer(h.Archive), closer(h.Register), closer(h.Officers),
		closer(h.Stations), closer(h.self.journal), closer(h.self.keys), closer(h.keys)} {
		if c != nil {
			errs = append(errs, c.Close())
		}
	}
	if h.root != nil {
		errs = append(errs, h.root.Close())
	}
	return errors.Join(errs...)
}

// closer is c, or nil if it was never opened.
func closer[T any, P interface {
	*T
	io.Closer
}](c P) io.Closer {
	if c == nil {
		return nil
	}
	return c
}
