package station

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	_ "time/tzdata" // posts know their zone without the machine's help

	"github.com/gofiber/fiber/v2"
	"golang.org/x/mod/sumdb/note"

	"garita/border"
	"garita/border/audit"
	"garita/border/clock"
	"garita/border/counter"
	"garita/border/enrolment"
	"garita/border/form"
	"garita/border/journal"
	"garita/border/keystore"
	"garita/border/replica"
	"garita/border/seal"
	"garita/border/signin"
	"garita/border/training"
	"garita/border/verdict"
	"garita/cmd/internal/version"
	"garita/cmd/internal/web"
	"garita/devices/hotplug"
	"garita/devices/supervisor"
	"garita/devices/workshop"
	"garita/sync/courier/send"
	"garita/sync/downlink/follow"
	"garita/sync/enrol"
	"garita/sync/uplink"
)

// Station is an open station. Run serves it; Close closes one that was never run.
type Station struct {
	Journal  *journal.Journal
	Counters *counter.Service

	SignIn *signin.Service

	cfg      Config
	log      *slog.Logger
	clock    *clock.Keeper
	root     keystore.Root
	identity atomic.Pointer[enrolment.Identity] // replaced when it is renewed
	audit    *audit.Recorder
	attended *training.Attended // hears of signing in before the audit does
	training *training.Room
	keys     *seal.StationKeys
	opener   *seal.StationOpener // opens what the hub seals to this station
	renewer  *enrol.Renewer      // nil: without a hub
	secure   bool                // the pages are served under TLS
	uplink   *uplink.Uplink      // nil: no hub is configured
	replica  *replica.Replica
	downlink *follow.Follower // nil: no hub is configured
	courier  *send.Courier    // nil: no hub is configured
	scanners *supervisor.Supervisor
	plugged  *hotplug.Watcher // nil: another bus stands in for the machine's
	workshop *workshop.Workshop
	vitals   vitals
	app      *fiber.App
	listener net.Listener
	lock     *os.File
	stop     chan struct{} // closed when the live streams must end
}

// refreshEvery is how often screens learn of ages that grow.
const refreshEvery = 5 * time.Second

// Open opens the data folder, the journal and the HTTP address. The clock is the
// machine's in production.
func Open(ctx context.Context, cfg Config, keeper *clock.Keeper, log *slog.Logger) (*Station, error) {
	s := &Station{cfg: cfg, log: log, clock: keeper, stop: make(chan struct{})}
	s.vitals.s, s.vitals.sys = s, "/sys/class"
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Station) open(ctx context.Context) (err error) {
	if err = os.MkdirAll(s.cfg.Data, 0o700); err != nil {
		return &border.Error{Code: border.Internal, Op: "make the data folder", Err: err}
	}
	if s.lock, err = Lock(s.cfg.Data); err != nil {
		return err
	}
	blinder, err := s.openKeys(ctx)
	if err != nil {
		return err
	}
	if err = s.openJournal(ctx, blinder); err != nil {
		return err
	}
	if err = s.openSignIn(ctx); err != nil {
		return err
	}
	if err = s.openLists(ctx, &s.identity.Load().Provisioning); err != nil {
		return err
	}
	if err = s.openUplink(); err != nil {
		return err
	}
	if err = s.openCounters(ctx, blinder); err != nil {
		return err
	}
	return s.openWeb()
}

// openJournal opens the record, and the audit that stands in it.
func (s *Station) openJournal(ctx context.Context, blinder *seal.Blinder) error {
	zone, err := s.cfg.zone()
	if err != nil {
		return err
	}
	id := s.identity.Load()
	cosigner, err := note.NewVerifier(id.Grant.Cosigner)
	if err != nil {
		return &border.Error{Code: border.Invalid, Op: "read the station's identity", Message: "The station's identity is damaged. Enrol it anew.", Err: err}
	}
	s.Journal, err = journal.Open(ctx, journal.Config{Dir: s.cfg.Data, Station: s.cfg.Station, Post: s.cfg.Post,
		Software: version.Version, Clock: s.clock, Keys: s.keys, Log: s.log, Zone: zone, LastTrusted: s.clock.LastTrusted,
		Index: indexer(s.keys, blinder), Signer: logSigner{s}, Cosigner: cosigner})
	if err == nil {
		s.audit = audit.New(audit.Config{Journal: s.Journal, Keys: s.keys, Blinder: blinder, Clock: s.clock, Post: s.cfg.Post})
		s.attended = training.NewAttended(s.audit)
	}
	return err
}

// openKeys opens the root key, what the hub made this station, and keys.db.
func (s *Station) openKeys(ctx context.Context) (*seal.Blinder, error) {
	var err error
	if s.root, err = OpenRoot(ctx, s.cfg); err != nil {
		return nil, err
	}
	if s.root.Kind() == keystore.Software {
		s.log.Warn("SOFTWARE KEYS: keys are in files of this data folder; whoever has the disk can read the people in it")
	}
	id, err := LoadIdentity(s.cfg, s.root)
	if err != nil {
		return nil, err
	}
	if err = s.cfg.settle(id); err != nil {
		return nil, err
	}
	s.identity.Store(id)
	if s.opener, err = seal.NewStationOpener(id.SealPrivate); err != nil {
		return nil, err
	}
	if s.keys, err = seal.OpenStation(ctx, s.root, s.cfg.Data, s.cfg.Station, &id.Provisioning); err != nil {
		return nil, err
	}
	return seal.NewBlinder(id.Provisioning.BlindKey)
}

// indexer finds the blind indexes that a crossing was recorded with. Traces have none: a
// document's history is its crossings.
func indexer(keys *seal.StationKeys, blinder *seal.Blinder) func(*border.Event) []border.BlindIndex {
	return func(e *border.Event) []border.BlindIndex {
		if e.Type != border.TypeCrossingRecorded && e.Type != border.TypeCrossingCorrected {
			return nil
		}
		plain, err := keys.Open(e, border.PartPersonal)
		if err != nil {
			return nil
		}
		var p border.Personal
		if json.Unmarshal(plain, &p) != nil {
			return nil
		}
		return counter.Blinds(blinder, &p)
	}
}

// hubState is what screens say of the hub.
func (s *Station) hubState() border.HubStatus {
	if s.uplink == nil {
		return border.HubStatus{Problem: "This station has no hub configured."}
	}
	return s.uplink.Status()
}

// AskDocument carries a question to the hub, if there is one.
func (s *Station) AskDocument(ctx context.Context, q border.DocumentQuestion) (border.DocumentAnswer, error) {
	if s.uplink == nil {
		return border.DocumentAnswer{}, &border.Error{Code: border.Unavailable, Op: "ask the hub"}
	}
	return s.uplink.AskDocument(ctx, q)
}

func (s *Station) openCounters(ctx context.Context, blinder *seal.Blinder) error {
	if err := s.cfg.named(); err != nil {
		return err
	}
	zone, err := s.cfg.zone()
	if err != nil {
		return err
	}
	own, err := readLists(ctx, s.cfg.Lists)
	if err != nil {
		return err
	}
	inForce := &lists{own: own, replica: s.replica}
	policy := verdict.DefaultPolicy()
	if s.cfg.Policy != "" {
		b, err := os.ReadFile(s.cfg.Policy)
		if err != nil {
			return &border.Error{Code: border.NotFound, Op: "read the policy table", Err: err}
		}
		if policy, err = verdict.ParsePolicy(b); err != nil {
			return err
		}
	}
	questions := form.Default()
	if s.cfg.Form != "" {
		b, err := os.ReadFile(s.cfg.Form)
		if err != nil {
			return &border.Error{Code: border.NotFound, Op: "read the form", Err: err}
		}
		if questions, err = form.Parse(b); err != nil {
			return err
		}
	}
	s.vitals.form = questions.Version()
	places, ids := make([]counter.Place, len(s.cfg.Counters)), make([]border.CounterID, len(s.cfg.Counters))
	for i, c := range s.cfg.Counters {
		places[i], ids[i] = counter.Place{ID: c.ID, Direction: c.Direction}, c.ID
	}
	if err := s.openScanners(ids); err != nil {
		return err
	}
	attachments, err := seal.OpenAttachments(s.cfg.Data, s.keys)
	if err != nil {
		return err
	}
	if err := s.openCourier(attachments); err != nil {
		return err
	}
	s.Counters, err = counter.New(ctx, counter.Config{Places: places, Zone: zone, Journal: s.Journal, Keys: s.keys, Blinder: blinder,
		Policy: policy, Form: questions, Post: s.cfg.Post, Lists: inForce.current, LateHits: lateHits{s.replica}, Lookups: s.cfg.Lookups, Clock: s.clock, Mono: s.clock.Mono, IDs: border.NewIDs(s.clock, nil), Officers: s.officers, Log: s.log,
		Hub: s, HubState: s.hubState, Scanners: s.scanners.Status, Fingers: s.scanners, Attachments: attachments, Station: s.cfg.Station, SoftKeys: s.root.Kind() == keystore.Software, Demo: s.cfg.Demo.On})
	if err != nil {
		return err
	}
	s.training, err = training.New(training.Config{Places: places, Zone: zone, Post: s.cfg.Post, Policy: policy, Form: questions, Clock: s.clock, Mono: s.clock.Mono,
		Officers: s.officers, Attended: s.attended, Folder: s.cfg.Training, Log: s.log})
	if err != nil { // leftovers of training that cannot be removed must not close a border
		s.log.Error("training: what was left behind cannot be removed", "error", err)
	}
	return nil
}

// Keys gives the station's data keys.
func (s *Station) Keys() *seal.StationKeys { return s.keys }

// URL is the address of the pages, without a path.
func (s *Station) URL() string {
	if s.secure {
		return "https://" + s.listener.Addr().String()
	}
	return "http://" + s.listener.Addr().String()
}

// Run serves until ctx ends or a part fails, then closes everything, within 5 s.
func (s *Station) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var parts sync.WaitGroup
	failed := make(chan error, 8)
	run := func(f func(context.Context) error) {
		parts.Go(func() {
			if err := f(ctx); err != nil && ctx.Err() == nil {
				failed <- err
			}
		})
	}
	run(s.scanners.Run)
	if s.plugged != nil {
		parts.Go(func() { s.plugged.Run(ctx) })
	}
	if s.uplink != nil {
		run(s.uplink.Run)
		run(s.downlink.Run)
		run(s.renewer.Run)
		run(s.courier.Run)
	}
	run(s.SignIn.Run)
	run(s.keepHouse)
	run(s.training.Run)
	parts.Go(func() { s.refresh(ctx) })
	run(func(ctx context.Context) error { return web.Serve(ctx, s.app, s.listener) })
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	close(s.stop)
	cancel()
	parts.Wait()
	s.listener = nil
	return errors.Join(err, s.Close())
}

// refresh tells the counters when something their verdicts lean on has changed.
func (s *Station) refresh(ctx context.Context) {
	var hub <-chan struct{}
	if s.uplink != nil {
		hub = s.uplink.Changes()
	}
	scanners, stop := s.scanners.Subscribe()
	defer stop()
	timer := time.NewTicker(refreshEvery)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-hub:
		case <-scanners:
		case <-s.Journal.Changes():
		case <-s.replica.Noticed():
		case <-timer.C:
		}
		s.Counters.Refresh()
	}
}

// Close closes what Open opened.
func (s *Station) Close() error {
	var errs []error
	if s.listener != nil {
		errs = append(errs, s.listener.Close())
	}
	if s.Counters != nil {
		s.Counters.Close()
	}
	if s.training != nil {
		errs = append(errs, s.training.Close())
	}
	if s.replica != nil {
		errs = append(errs, s.replica.Close())
	}
	if s.SignIn != nil {
		errs = append(errs, s.SignIn.Close())
	}
	if s.Journal != nil {
		errs = append(errs, s.Journal.Close())
	}
	if s.keys != nil {
		errs = append(errs, s.keys.Close())
	}
	if s.root != nil {
		errs = append(errs, s.root.Close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}

// Lock makes a data folder this process's own. The lock ends with the process, however it ends.
func Lock(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "lock the data folder", Err: err}
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(&border.Error{Code: border.Conflict, Op: "lock the data folder " + dir, Err: err,
			Message: "Another program is running on this data folder. Stop it first."}, f.Close())
	}
	return f, nil
}
