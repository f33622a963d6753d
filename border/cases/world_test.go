package cases

import (
	"context"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"garita/border"
	"garita/border/bordertest"
	"garita/border/register"
	"garita/border/seal"
	"garita/border/watch"
	"garita/border/watch/release"
)

func TestMain(m *testing.M) {
	flag.Parse()
	if os.Getenv("GARITA_SOAK") == "" { // each check is a case with its life on a real disk
		if err := flag.Set("rapid.checks", "30"); err != nil {
			panic(err)
		}
	}
	goleak.VerifyTestMain(m)
}

// testClock stands still unless moved.
type testClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *testClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *testClock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// keeper is the list at the hub, as border/lists keeps it.
type keeper struct {
	mu         sync.Mutex
	list       *watch.List
	position   border.ListPosition
	version    map[watch.Key]uint64       // in which an entry was put last
	full       map[watch.Key]*watch.Entry // the list holds silent ones as posts do
	remembered map[watch.NonMatch]bool
	refuses    error
	calls      int // of Remember and Forget
}

func (k *keeper) current() (*watch.List, border.ListPosition) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.list, k.position
}

func (k *keeper) entry(_ context.Context, key watch.Key) (*watch.Entry, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if e := k.full[key]; e != nil {
		return e, nil
	}
	return nil, &border.Error{Code: border.NotFound, Op: "read an entry"}
}

func (k *keeper) grown(_ context.Context, after border.ListPosition) (out []*watch.Entry, _ border.ListPosition, _ error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if after.Epoch != k.position.Epoch {
		after.Version = 0
	}
	for e := range k.list.Entries() {
		if k.version[e.Key()] > after.Version {
			out = append(out, k.full[e.Key()])
		}
	}
	return out, k.position, nil
}

func (k *keeper) remember(_ context.Context, m watch.NonMatch) error { return k.keep(m, true) }
func (k *keeper) forget(_ context.Context, m watch.NonMatch) error   { return k.keep(m, false) }

func (k *keeper) keep(m watch.NonMatch, on bool) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.calls++
	if k.refuses != nil {
		return k.refuses
	}
	if k.remembered[m] == on {
		return nil
	}
	c := watch.Change{Remember: &m}
	if !on {
		c = watch.Change{Forget: &m}
	}
	list, err := k.list.With([]watch.Change{c})
	if err != nil {
		return err
	}
	k.list, k.position.Version = list, k.position.Version+1
	maps.DeleteFunc(k.remembered, func(o watch.NonMatch, _ bool) bool {
		return o.Document == m.Document && o.Source == m.Source && o.ID == m.ID // one for each document and entry
	})
	if on {
		k.remembered[m] = true
	}
	return nil
}

// world is one country: a hub with register, list and cases, and the stations' keys.
type world struct {
	t       testing.TB
	dir     string
	clock   *testClock
	private *seal.HubPrivate
	prov    *seal.Provisioning
	keys    *seal.HubKeys
	blinder *seal.Blinder
	sealer  *release.Keys
	keeper  *keeper
	reg     *register.Register
	cases   *Service
	stores  map[border.StationID]*seal.StationKeys
	books   map[border.StationID]*book
	config  func(*Config)
	slice   int // crossings in one look, 0: as many as usual
}

func newWorld(t testing.TB, config ...func(*Config)) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), clock: &testClock{now: bordertest.Start.Add(48 * time.Hour)}, stores: map[border.StationID]*seal.StationKeys{},
		books: map[border.StationID]*book{}, config: func(c *Config) {
			for _, f := range config {
				f(c)
			}
		}}
	var err error
	w.private, err = seal.NewHubPrivate("utopia")
	w.must(err)
	w.prov, err = w.private.Provisioning()
	w.must(err)
	w.blinder, err = seal.NewBlinder(w.prov.BlindKey)
	w.must(err)
	w.sealer, err = release.NewKeys(w.private.ListKey)
	w.must(err)
	base, err := watch.Compile(watch.Description{Name: "national", Sources: []watch.Source{{Name: "court", Version: "1"}}}, nil)
	w.must(err)
	w.keeper = &keeper{list: watch.New(base), position: border.ListPosition{List: "national", Epoch: bordertest.EpochNo(99), Version: 1},
		version: map[watch.Key]uint64{}, full: map[watch.Key]*watch.Entry{}, remembered: map[watch.NonMatch]bool{}}
	w.open()
	t.Cleanup(func() {
		w.close()
		for _, s := range w.stores {
			_ = s.Close()
		}
	})
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) open() {
	w.t.Helper()
	var err error
	w.keys, err = seal.OpenHubKeys(w.t.Context(), filepath.Join(w.dir, "keys.db"), w.private)
	w.must(err)
	w.reg, err = register.Open(w.t.Context(), register.Config{Dir: w.dir, Clock: w.clock, Keys: w.keys, Blinder: w.blinder})
	w.must(err)
	w.openCases()
}

func (w *world) openCases() {
	w.t.Helper()
	c := Config{Dir: w.dir, Clock: w.clock, Private: w.private, Blinder: w.blinder, Register: w.reg, List: w.keeper.current, Entry: w.keeper.entry, Grown: w.keeper.grown,
		Remember: w.keeper.remember, Forget: w.keeper.forget, Notices: w.sealer}
	w.config(&c)
	var err error
	w.cases, err = Open(w.t.Context(), c)
	w.must(err)
	if w.slice > 0 {
		w.cases.passages = w.slice
	}
}

func (w *world) close() {
	w.t.Helper()
	if w.reg != nil {
		w.must(w.cases.Close())
		w.must(w.reg.Close())
		w.must(w.keys.Close())
		w.reg = nil
	}
}

// crash opens the cases anew without anything having been settled.
func (w *world) crash() {
	w.t.Helper()
	w.must(w.cases.Close())
	w.openCases()
}

// step does all that is due.
func (w *world) step() {
	w.t.Helper()
	for {
		more, err := w.cases.Step(w.t.Context())
		w.must(err)
		if !more {
			return
		}
	}
}

// put adds entries to the list, or changes them, as one new version.
func (w *world) put(entries ...*watch.Entry) {
	w.t.Helper()
	k := w.keeper
	k.mu.Lock()
	defer k.mu.Unlock()
	k.position.Version++
	var changes []watch.Change
	for _, e := range entries {
		held := e
		if p, ok := watch.ForPosts(e); ok {
			held = p
		}
		k.full[e.Key()] = e
		changes = append(changes, watch.Change{Put: held})
		k.version[e.Key()] = k.position.Version
	}
	list, err := k.list.With(changes)
	w.must(err)
	k.list = list
}

// soul is an invented person of Utopia with a passport.
type soul struct{ number, surname, given, born, sex string }

var (
	anna  = soul{"U1000001", "ERIKSSON", "ANNA MARIA", "1974-08-12", "F"}
	bruno = soul{"U1000002", "VOLKHOVAR", "BRUNO TIBALT", "1961-03-04", "M"}
	clara = soul{"U1000003", "QUIRINDONGO", "CLARA ISMENE", "1988-11-30", "F"}
	dario = soul{"U1000004", "ZABRISTAN", "DARIO OLEANDER", "1979-01-19", "M"}
)

// on is the same person with another document.
func (s soul) on(number string) soul {
	s.number = number
	return s
}

func entry(id string, s soul, handling watch.Handling) *watch.Entry {
	return &watch.Entry{Source: "court", ID: id, Names: []watch.Name{{Surname: s.surname, GivenNames: s.given, Quality: watch.Primary}},
		BirthDates: []string{s.born}, Sex: s.sex, Nationalities: []string{"UTO"}, Documents: []watch.Document{{Issuer: "UTO", Type: "P", Number: s.number}},
		Handling: handling, Action: "refer", Instruction: map[string]string{"en": "Ask the person to wait."},
		LegalBasis: "WARRANT-OF-UTOPIA", Purpose: "PURPOSE-OF-UTOPIA", Owner: "OWNER-OF-UTOPIA"}
}

// book writes the events of one epoch of a station, sealed with the station's real keys.
type book struct {
	w       *world
	station border.StationID
	post    border.PostID
	epoch   border.Epoch
	events  []border.Event
}

// book finds or begins the journal of a station: of post PUT unless it is said otherwise.
func (w *world) book(station border.StationID, post ...border.PostID) *book {
	w.t.Helper()
	if b := w.books[station]; b != nil {
		return b
	}
	b := &book{w: w, station: station, post: "PUT", epoch: bordertest.EpochNo(len(w.books) + 1)}
	if len(post) > 0 {
		b.post = post[0]
	}
	b.events = append(b.events, bordertest.Opened(station, b.epoch, border.Parent{}))
	w.books[station] = b
	w.greet(b)
	return b
}

func (w *world) greet(b *book) {
	w.t.Helper()
	_, err := w.reg.Greet(w.t.Context(), border.Hello{Station: b.station, Post: b.post, Zone: "UTC", Now: w.clock.Now()})
	w.must(err)
}

func (w *world) station(id border.StationID) *seal.StationKeys {
	w.t.Helper()
	s := w.stores[id]
	if s == nil {
		var err error
		s, err = seal.OpenStationKeys(w.t.Context(), filepath.Join(w.t.TempDir(), "keys.db"), id, seal.NewStationSecret(), w.prov)
		w.must(err)
		w.stores[id] = s
	}
	return s
}

// unlock delivers the station's keys.
func (w *world) unlock(id border.StationID) {
	w.t.Helper()
	wraps, err := w.station(id).Wraps(w.t.Context())
	w.must(err)
	w.must(w.reg.StoreWraps(w.t.Context(), wraps))
}

// passing is what is recorded of a traveller, beside who it is.
type passing struct {
	typ       string // "": crossing.recorded
	id        border.ID
	exit      bool
	outcome   border.Outcome // "": let through
	at        time.Time      // zero: now
	hits      []string       // named by the station
	silent    []string       // in the hub part
	group     *border.ID
	version   string // of the list that was asked; "": the one in force, "-": none
	checks    map[string]string
	answers   map[string]string
	documents []border.PersonalDocument
}

var crossings struct {
	sync.Mutex
	n uint32
}

func newID() border.ID {
	crossings.Lock()
	defer crossings.Unlock()
	crossings.n++
	id := border.ID{6: 0x70, 8: 0x80}
	id[2], id[3], id[4], id[5] = byte(crossings.n>>24), byte(crossings.n>>16), byte(crossings.n>>8), byte(crossings.n)
	return id
}

// write records an event about somebody; it has not arrived yet.
func (b *book) write(who soul, p passing) border.ID {
	b.w.t.Helper()
	w := b.w
	if p.id.IsZero() {
		p.id = newID()
	}
	if p.at.IsZero() {
		p.at = w.clock.Now()
	}
	if p.typ == "" {
		p.typ = border.TypeCrossingRecorded
	}
	h := border.Header{Station: b.station, Epoch: b.epoch, Seq: uint64(len(b.events)) + 1, Type: p.typ, Post: b.post, Counter: "1",
		OccurredAt: p.at, RecordedAt: p.at.Add(time.Second), LocalDate: p.at.Format(time.DateOnly), Crossing: &p.id, Direction: border.Entry,
		Outcome: string(border.Admitted), Nationality: "UTO", Sex: who.sex, DocumentKind: "P", DocumentIssuer: "UTO", Group: p.group,
		PreviousCountry: "QRU", NextCountry: "QSY", TransportMode: "land", Checks: p.checks}
	h.Clock.State = border.ClockSynced
	if p.exit {
		h.Direction, h.Outcome = border.Exit, string(border.Departed)
	}
	if p.outcome != "" {
		h.Outcome = string(p.outcome)
	}
	if p.typ == border.TypeEncounterReferred || p.typ == border.TypeEncounterAbandoned {
		h.Outcome = ""
	}
	if p.typ == border.TypeCrossingCorrected {
		change := newID()
		h.Change = &change
	}
	if p.version == "" {
		_, now := w.keeper.current()
		p.version = versionText(now)
	}
	if p.version != "-" {
		h.Lists = []border.ListVersion{{List: "national", Version: p.version}}
	}
	if h.Checks == nil {
		h.Checks = map[string]string{"name_list": "clear", "document_list": "clear"}
	}
	set, err := w.station(b.station).Ready(w.t.Context(), seal.Bucket(p.at))
	w.must(err)
	key := border.Key{Station: h.Station, Epoch: h.Epoch, Seq: h.Seq}
	plain, err := json.Marshal(border.Personal{DocumentCode: "P", DocumentNumber: who.number, IssuingState: "UTO", Surname: who.surname, GivenNames: who.given,
		Nationality: "UTO", BirthDate: who.born, Sex: who.sex, Hits: p.hits, Answers: p.answers, Documents: p.documents})
	w.must(err)
	personal, err := set.Seal(key, border.PartPersonal, plain)
	w.must(err)
	hidden, err := seal.HubOnly(p.silent)
	w.must(err)
	hub, err := set.Seal(key, border.PartHub, hidden)
	w.must(err)
	header, err := json.Marshal(h)
	w.must(err)
	e := border.Event{Key: key, Type: h.Type, Header: header, Parts: []border.Part{personal, hub}, Prev: b.events[len(b.events)-1].Hash}
	e.Hash = e.ComputeHash()
	b.events = append(b.events, e)
	return p.id
}

// send has events arrive at the hub.
func (w *world) send(events ...border.Event) {
	w.t.Helper()
	received := bordertest.Receive(bordertest.Encoded(events)...)
	for i := range received {
		received[i].At = w.clock.Now()
	}
	_, err := w.reg.Store(w.t.Context(), received)
	w.must(err)
}

// pass records an event and has it arrive, keys and all.
func (b *book) pass(who soul, p passing) border.ID {
	b.w.t.Helper()
	id := b.write(who, p)
	b.w.unlock(b.station)
	b.w.send(b.events[len(b.events)-1])
	return id
}

// inbox lists all cases, closed ones too, as they were opened.
func (w *world) inbox() []Summary {
	w.t.Helper()
	open, _, err := w.cases.Inbox(w.t.Context(), Filter{}, 0, 1000)
	w.must(err)
	closed, _, err := w.cases.Inbox(w.t.Context(), Filter{Closed: true}, 0, 1000)
	w.must(err)
	all := append(open, closed...)
	slices.SortFunc(all, func(a, b Summary) int { return a.OpenedAt.Compare(b.OpenedAt)*2 + slices.Compare(a.ID[:], b.ID[:]) })
	return all
}

// only is the one case there is.
func (w *world) only() Case {
	w.t.Helper()
	all := w.inbox()
	if len(all) != 1 {
		w.t.Fatalf("there are %d cases, not one: %+v", len(all), all)
	}
	return w.open1(all[0].ID)
}

func (w *world) open1(id border.ID) Case {
	w.t.Helper()
	c, err := w.cases.Case(w.t.Context(), id)
	w.must(err)
	return c
}

// act does something to a case as it is now.
func (w *world) act(id border.ID, do Do, by string) Summary {
	w.t.Helper()
	s, err := w.try(id, do, by)
	w.must(err)
	return s
}

func (w *world) try(id border.ID, do Do, by string) (Summary, error) {
	w.t.Helper()
	a := Action{Case: id, Version: w.open1(id).Version, Do: do, By: by}
	if do.explained() {
		a.Note = "as the papers say"
	}
	if do == Assign {
		a.To = "B9"
	}
	return w.cases.Act(w.t.Context(), a)
}

// told are the notices for a station, opened.
func (w *world) told(station border.StationID, after uint64) (notices []border.Notice, bodies []*release.NoticeBody) {
	w.t.Helper()
	notices, err := w.cases.Notices(w.t.Context(), station, after, 1000)
	w.must(err)
	for _, n := range notices {
		if n.Closed {
			bodies = append(bodies, nil)
			continue
		}
		b, err := w.sealer.OpenNotice(n.ID, n.Body)
		w.must(err)
		bodies = append(bodies, b)
	}
	return notices, bodies
}

func (w *world) history(id border.ID) (out []string) {
	for _, s := range slices.Backward(w.open1(id).History) {
		out = append(out, s.Did)
	}
	return out
}

// copyRegister copies the register as it lies on the disk, and returns what puts it back while
// the cases stay what they are.
func (w *world) copyRegister() (putBack func()) {
	w.t.Helper()
	saved := map[string][]byte{}
	names := []string{"hub.db", "hub.db-wal", "hub.db-shm"}
	for _, name := range names[:2] {
		if b, err := os.ReadFile(filepath.Join(w.dir, name)); err == nil {
			saved[name] = b
		}
	}
	return func() {
		w.t.Helper()
		w.close()
		for _, name := range names {
			_ = os.Remove(filepath.Join(w.dir, name))
		}
		for name, b := range saved {
			w.must(os.WriteFile(filepath.Join(w.dir, name), b, 0o600))
		}
		w.open()
		for _, b := range w.books {
			w.greet(b)
		}
	}
}
