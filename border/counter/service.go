package counter

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"garita/border"
	"garita/border/form"
	"garita/border/journal"
	"garita/border/seal"
	"garita/border/verdict"
	"garita/border/watch"
)

// hubDeadline is how long a verdict waits for the hub before history_elsewhere says
// not_checked(hub). A later answer still improves an open encounter.
const hubDeadline = 1500 * time.Millisecond

// hubPatience is how long a late answer is waited for.
const hubPatience = 30 * time.Second

// askLimit bounds how many questions to the hub are under way at once.
const askLimit = 64

// draftDeadline bounds how long a verdict waits for its draft to be on the disk.
const draftDeadline = 2 * time.Second

// Clock is the station's clock with its trust and its best guess of today.
type Clock interface {
	border.TrustedClock
	// Today is the present time as far as it is known, for reading two-digit years.
	Today() time.Time
}

// Place is one counter of the station and the direction it begins with.
type Place struct {
	ID        border.CounterID
	Direction string // border.Entry or border.Exit
}

// Config connects the service to the rooms it uses.
type Config struct {
	Places  []Place
	Zone    *time.Location // of the post: "today" is its calendar day
	Journal *journal.Journal
	Keys    *seal.StationKeys
	Blinder *seal.Blinder
	Policy  *verdict.Policy
	Form    *form.Form
	// Lists gives the lists in force, the same as long as nothing changed.
	Lists func() []List
	// MinScore is the probability from which an entry that fits by its name is a hit; 0:
	// watch.OperatingPoint.
	MinScore float64
	Clock    Clock
	Mono     func() time.Duration // monotonic, of any origin, counts on while the machine sleeps; nil: Clock alone ends what is limited
	IDs      *border.IDs
	// Officers gives who may work here now.
	Officers func() []Officer
	Log      *slog.Logger

	Hub      border.HubAsker
	HubState func() border.HubStatus
	Scanners func() []border.ScannerStatus
	// Lookups says that the hub asks other services about travellers.
	Lookups bool
	// LateHits keeps what the hub tells of travellers who have passed; nil: nothing is told.
	LateHits LateHits
	// Fingers takes fingerprints; nil if the station has no such scanner.
	Fingers border.FingerScanners
	// Attachments keeps their images; nil: none are taken.
	Attachments *seal.Attachments
	Station     border.StationID
	Post        border.PostID
	SoftKeys    bool
	Demo        bool
}

// Service runs all counters of a station. Safe for concurrent use.
//
// Lock order: Service.restoring, place.work, Service.changing, Service.shifting, place.mu, then Service.closing or
// Service.list. Service.degrading comes before Service.shifting. place.work is held during I/O and serialises what happens at one counter;
// place.mu guards what a screen reads and is never held during I/O. No lock of one counter is
// taken under that of another. shifting is held for reading while an event is recorded, and
// for writing while a shift begins or is counted and ends.
type Service struct {
	cfg    Config
	places map[border.CounterID]*place
	order  []border.CounterID

	ctx     context.Context // ends with Close; parent of questions to the hub
	cancel  context.CancelFunc
	closing sync.Mutex // orders new questions before or after Close
	asking  sync.WaitGroup
	slots   chan struct{}

	changing sync.Mutex // held while a crossing is corrected or extended: what holds is read, then the change recorded

	shifting sync.RWMutex // guards shift, and who records against who counts
	shift    *shift       // nil: none is open
	unsure   bool         // the journal may know better: a beginning or an end was written without an answer

	list      sync.Mutex // guards referrals; what they hold does not change while they are listed
	referrals []*encounter

	restoring sync.Mutex // held while drafts are restored
	restored  bool       // the drafts on the disk have been read

	degrading   sync.Mutex                  // held while it is recorded that fingers are taken no more, or again
	biometrics  atomic.Pointer[degradation] // nil: fingers are taken
	attachments []border.Digest             // that were on the disk at the start
}

// place is the state of one counter.
type place struct {
	id   border.CounterID
	work sync.Mutex

	begins string // direction of the configuration; constant
	orders uint64 // highest order given to an encounter; guarded by work

	captured <-chan struct{} // closed when the last capture has let go of the scanner; guarded by work

	mu          sync.Mutex // guards what follows
	revision    uint64
	direction   string
	open        *encounter
	queue       []*encounter
	group       *group  // nil: none
	holder      *Holder // nil: nobody works here
	last        *LastRecorded
	notice      string
	today       Today
	day         string
	ended       []border.ID // drafts to drop with the next one that is saved
	capture     *capture    // of a finger of the open encounter, under way or the last one; nil: none
	subscribers map[chan struct{}]struct{}
}

// New opens the counters and restores the drafts of open encounters: each waits in its
// counter's queue to be called up. Close must be called.
func New(ctx context.Context, cfg Config) (*Service, error) {
	if cfg.MinScore == 0 {
		cfg.MinScore = watch.OperatingPoint
	}
	s := &Service{cfg: cfg, places: make(map[border.CounterID]*place), slots: make(chan struct{}, askLimit)}
	for _, p := range cfg.Places {
		if err := p.ID.Validate(); err != nil {
			return nil, err
		}
		if s.places[p.ID] != nil || p.Direction != border.Entry && p.Direction != border.Exit {
			return nil, &border.Error{Code: border.Invalid, Op: "open counter " + string(p.ID),
				Message: "Each counter needs its own name, and entry or exit as direction."}
		}
		s.places[p.ID] = &place{id: p.ID, begins: p.Direction, direction: p.Direction, subscribers: make(map[chan struct{}]struct{})}
		s.order = append(s.order, p.ID)
	}
	s.ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	err := s.listAttachments()
	if err == nil {
		err = s.restore(ctx)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Close ends the questions to the hub and the captures of fingers, and waits for them.
func (s *Service) Close() {
	s.closing.Lock()
	s.cancel()
	s.closing.Unlock()
	s.asking.Wait()
}

// Counters lists the counters in the order of the configuration.
func (s *Service) Counters() []border.CounterID { return slices.Clone(s.order) }

// Form is the form in force.
func (s *Service) Form() *form.Form { return s.cfg.Form }

// Officers lists who may work here.
func (s *Service) Officers() []Officer { return slices.Clone(s.cfg.Officers()) }

func (s *Service) place(c border.CounterID) (*place, error) {
	if p := s.places[c]; p != nil {
		return p, nil
	}
	return nil, &border.Error{Code: border.NotFound, Op: "find a counter", Message: "This station has no such counter."}
}

// Subscribe returns a channel that carries one signal after one or more changes of the
// counter's view, and a function that ends the subscription.
func (s *Service) Subscribe(c border.CounterID) (<-chan struct{}, func(), error) {
	p, err := s.place(c)
	if err != nil {
		return nil, nil, err
	}
	ch := make(chan struct{}, 1)
	p.mu.Lock()
	p.subscribers[ch] = struct{}{}
	p.mu.Unlock()
	return ch, func() {
		p.mu.Lock()
		delete(p.subscribers, ch)
		p.mu.Unlock()
	}, nil
}

// change applies a change to what the screen shows and wakes its readers.
func (p *place) change(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
	if c := p.capture; c != nil && p.open != c.e { // whoever comes next must not give this finger
		c.cancel()
		p.capture = nil
	}
	p.revision++
	for ch := range p.subscribers {
		select {
		case ch <- struct{}{}:
		default: // it has a signal waiting already
		}
	}
}

// Refresh wakes the readers of all counters: something a verdict leans on has changed.
// Open encounters that the hub could not be asked about are asked again, those that were checked
// against a list that has changed since are checked anew, and drafts that could not be read at the
// start are restored.
func (s *Service) Refresh() {
	if err := s.restore(s.ctx); err != nil && s.ctx.Err() == nil {
		s.cfg.Log.Error("counter: the open encounters could not be restored", "error", err)
	}
	connected := s.cfg.HubState().Connected
	for _, id := range s.order {
		p := s.places[id]
		s.relist(p)
		p.change(func() {
			for _, e := range p.inHands() {
				if connected && (e.hubMissed || e.lookup.missed) {
					s.ask(p, e, false)
					s.judge(p, e)
				}
			}
		})
	}
}

// View returns what a counter's screen shows.
func (s *Service) View(c border.CounterID) (View, error) {
	p, err := s.place(c)
	if err != nil {
		return View{}, err
	}
	status, referrals, shift := s.status(c), s.referralItems(), s.shiftView()
	p.mu.Lock()
	holder := p.holder
	p.mu.Unlock()
	late := s.lateHits(holder)
	p.mu.Lock()
	defer p.mu.Unlock()
	v := View{LateHits: late, Counter: c, Revision: p.revision, Direction: p.direction, Notice: p.notice, Queue: []QueueItem{},
		Referrals: referrals, Shift: shift, Status: status}
	if p.day == s.cfg.Journal.Today(v.Status.Now) {
		v.Status.Today = p.today
	}
	if p.open != nil {
		v.Encounter = s.encounterView(p, p.open)
	}
	if p.group != nil {
		v.Group = s.groupView(p)
	}
	if p.holder != nil {
		holder := *p.holder
		v.Holder = &holder
	}
	for _, e := range p.queue {
		v.Queue = append(v.Queue, e.item())
	}
	if p.last != nil {
		last := *p.last
		v.Last = &last
	}
	return v, nil
}

func (s *Service) status(c border.CounterID) Status {
	st := Status{Hub: s.cfg.HubState(), Clock: s.cfg.Clock.Trust(), Storage: s.cfg.Journal.Storage(), Lists: []ListStatus{},
		Scanners: []border.ScannerStatus{}, SoftKeys: s.cfg.SoftKeys, Degraded: s.degradedView(), Demo: s.cfg.Demo, Now: s.cfg.Clock.Now(), Zone: s.cfg.Zone.String()}
	for _, l := range s.cfg.Lists() {
		if l.Missing {
			continue
		}
		st.Lists = append(st.Lists, ListStatus{List: l.Name, Version: l.Version, Issued: l.Issued,
			AgeS: int64(l.age(st.Now).Seconds()), Entries: l.Watch.Len(), Stale: l.stale(st.Now)})
	}
	for _, sc := range s.cfg.Scanners() {
		if sc.Counter == c || sc.Counter == "" {
			st.Scanners = append(st.Scanners, sc)
		}
	}
	return st
}

// encounterView is the open encounter as the screen shows it. p.mu is held.
func (s *Service) encounterView(p *place, e *encounter) *EncounterView {
	record := s.fill(p, e, e.values)
	facts := s.facts(p, e, record.Values)
	v := &EncounterView{ID: e.id, OpenedAt: e.openedAt, Source: e.scan.Source, Restored: e.restored, Durable: e.durable,
		Document: e.paperwork.view(), Verdict: e.verdict, Identity: e.identity, Direction: facts.Direction, Age: facts.Age,
		Minor: s.cfg.Form.Minor(facts.Age), Documents: []DocumentView{}, Record: record, History: s.history(e, s.day(s.cfg.Clock.Now())),
		Paper: e.paper, Protected: e.protected(), Previous: e.previous(), Responsible: e.responsible, Refusable: s.refusable(e, facts), Files: e.fileViews()}
	v.Verdict.Reasons = slices.Clone(e.verdict.Reasons)
	for i := range e.more {
		v.Documents = append(v.Documents, e.more[i].view())
	}
	v.Hits = e.hitViews(facts.Direction)
	if e.referred != nil {
		v.From = s.named(e.referred.By)
	}
	if s.cfg.Form.Fingerprints() {
		v.Fingers = p.fingersView(e)
	}
	return v
}

func (s *Service) shiftView() *ShiftView {
	s.shifting.RLock()
	defer s.shifting.RUnlock()
	if s.shift == nil {
		return nil
	}
	return &ShiftView{ID: s.shift.id, OpenedAt: s.shift.openedAt, OpenedBy: s.shift.openedBy.Name}
}

// SetDirection changes the direction of a counter, which is recorded. An open encounter is
// judged again.
func (s *Service) SetDirection(ctx context.Context, c border.CounterID, direction, officer string) error {
	const op = "change direction"
	if direction != border.Entry && direction != border.Exit {
		return &border.Error{Code: border.Invalid, Op: op, Message: "The direction is entry or exit."}
	}
	return s.work(ctx, op, At{c, officer}, func(ctx context.Context, p *place, o Officer) error {
		if direction == p.direction {
			return nil
		}
		if err := s.hold(ctx, p, o, direction); err != nil {
			return err
		}
		p.change(func() {
			p.direction = direction
			all := slices.Clone(p.queue)
			if p.open != nil {
				all = append(all, p.open)
			}
			if p.group != nil {
				all = append(all, p.group.members...)
			}
			for _, e := range all {
				if e.outcome == "" {
					s.judge(p, e)
				}
			}
		})
		return nil
	})
}

// errNoEncounter: the encounter named is not open at this counter.
var errNoEncounter = errors.New("the encounter is not open at this counter")
