package attack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"garita/border"
	"garita/border/access"
	"garita/border/audit"
	"garita/border/bordertest"
	"garita/border/clock"
	"garita/border/counter"
	"garita/cmd/internal/demo"
	"garita/cmd/internal/founding"
	"garita/cmd/internal/hub"
	"garita/cmd/internal/program"
	"garita/cmd/internal/station"
)

// patience bounds what must happen; moment is how long what must not happen is waited for.
const (
	patience = 60 * time.Second
	moment   = 400 * time.Millisecond
)

// The officers, one for each role.
var badges = map[access.Role]string{access.Inspector: "1001", access.Supervisor: "2001", access.Operator: "3001", access.Technician: "4001",
	access.Protection: "5001", access.Auditor: "6001", access.Administrator: "9001"}

// spare is an inspector besides, for whatever ends an account.
const spare = "1002"

// dial is the machines' clock, which the test moves. All of a site tell the same time.
type dial struct {
	mu     sync.Mutex // guards passed
	passed time.Duration
	start  time.Time
}

func (d *dial) now() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return time.Now().Add(d.passed)
}

func (d *dial) mono() time.Duration { return d.now().Sub(d.start) }

// pass lets time pass.
func (d *dial) pass(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.passed += by
}

func (d *dial) keeper() *clock.Keeper {
	return clock.New(d.now, d.mono, d.start.Add(-time.Hour))
}

// lines is a log as the programs write it.
type lines struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// site is a hub and two stations that belong to it, and run.
type site struct {
	t       *testing.T
	dir     string
	time    *dial
	log     *lines
	hub     *hub.Hub
	hubCfg  hub.Config
	stopHub func()
	a, b    *post

	addresses int             // that browsers were given
	queue     []demo.Specimen // travellers to come
	crossings int             // that were recorded
}

// post is one station.
type post struct {
	*station.Station
	cfg  station.Config
	stop func()
}

// newSite starts them, with an officer of each role.
func newSite(t *testing.T) *site {
	t.Helper()
	all := []access.Officer{{Badge: spare, Name: "Invented Spare", Roles: []access.Role{access.Inspector}}}
	for role, badge := range badges {
		all = append(all, access.Officer{Badge: badge, Name: "Invented " + string(role), Roles: []access.Role{role}})
	}
	return newSiteOf(t, all...)
}

// newSiteOf starts them with these officers. The first of the travellers stands on a list of both
// stations.
func newSiteOf(t *testing.T, all ...access.Officer) *site {
	t.Helper()
	start := time.Now()
	s := &site{t: t, dir: t.TempDir(), time: &dial{start: start}, log: new(lines)}
	for i, p := range demo.Queue(400, 11, start) {
		if i > 0 && p.Note == "in order" && len(p.Lines) == 2 {
			s.queue = append(s.queue, p)
		}
	}
	s.hubCfg = hub.Config{Name: "test hub", Data: filepath.Join(s.dir, "hub"), Listen: "127.0.0.1:0", NATS: bordertest.Address(t), Enrol: bordertest.Address(t), Demo: true}
	s.openHub()
	s.must(founding.Officers(t.Context(), s.hub, all...))
	s.a, s.b = s.newPost("PCA-1", "PCA"), s.newPost("PCB-1", "PCB")
	return s
}

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// run runs a program until stop.
func (s *site) run(f func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			s.t.Error(err)
		}
	})
	s.t.Cleanup(stop)
	return stop
}

func (s *site) logger() *slog.Logger { return program.Log(s.log) }

// openHub opens the hub; at the addresses that it had before, if it had some.
func (s *site) openHub() {
	s.t.Helper()
	var err error
	s.hub, err = hub.Open(s.t.Context(), s.hubCfg, s.time.keeper(), s.logger())
	s.must(err)
	s.hubCfg.NATS = strings.TrimPrefix(s.hub.NATSURL(), "tls://")
	s.hubCfg.Enrol = strings.TrimPrefix(s.hub.EnrolURL(), "https://")
	s.stopHub = s.run(s.hub.Run)
}

func (s *site) newPost(name border.StationID, at border.PostID) *post {
	s.t.Helper()
	list := filepath.Join(s.dir, string(name)+".csv")
	listed := s.listed()
	s.must(os.WriteFile(list, []byte("# list=sample\n# version=1\n# issued="+s.time.start.UTC().Truncate(24*time.Hour).Format(time.RFC3339)+"\n# max_age_hours=720\n"+
		"entry,surname,given_names,birth_date,nationality,document_number,document_issuer,handling\nS1,,,,,"+listed.Lines[1][:9]+","+listed.Lines[0][2:5]+",open\n"), 0o600))
	p := &post{cfg: station.Config{Data: filepath.Join(s.dir, string(name)), Listen: "127.0.0.1:0", Post: at, Station: name, Zone: "America/Costa_Rica", Hub: s.hub.NATSURL(),
		Lists: []string{list}, Counters: []station.Counter{{ID: "1", Direction: border.Entry}, {ID: "2", Direction: border.Entry}}, Demo: station.Demo{On: true}}}
	s.must(founding.Enrol(s.t.Context(), s.hub, p.cfg))
	var err error
	p.Station, err = founding.Open(s.t.Context(), s.hub, p.cfg, s.time.keeper(), s.logger())
	s.must(err)
	p.stop = s.run(p.Run)
	return p
}

// await waits until something holds.
func (s *site) await(what string, holds func() bool) {
	s.t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("waited %v in vain until %s", patience, what)
		}
	}
}

// listed is the traveller who stands on the list.
func (s *site) listed() demo.Specimen { return s.queue[0] }

// next is a traveller who stands on none.
func (s *site) next() demo.Specimen {
	p := s.queue[1]
	s.queue = append(s.queue[:1:1], s.queue[2:]...)
	return p
}

// serves records a traveller at a station and sees them arrive at the hub: the service is unharmed.
func (s *site) serves(p *post) {
	s.t.Helper()
	b := s.browser(p.URL())
	b.signIn(spare, "2")
	b.record("2", s.next(), nil)
	s.crossings++
	s.arrived()
}

// arrived waits until the hub holds all that was recorded, and nothing else.
func (s *site) arrived() {
	s.t.Helper()
	var c int64
	s.await("the hub holds all crossings", func() bool {
		now, err := s.hub.Register.Counts(s.t.Context())
		s.must(err)
		c = now.Crossings
		return c >= int64(s.crossings) && now.ProjectionLag == 0
	})
	if c != int64(s.crossings) {
		s.t.Errorf("the hub holds %d crossings, %d were recorded", c, s.crossings)
	}
}

// acts reads what stands in the audit of a program: a station's, or nil the hub's. Newest first.
func (s *site) acts(p *post) (all []audit.Act) {
	s.t.Helper()
	for at := (border.Position{}); ; {
		var page audit.Page
		var err error
		if p == nil {
			page, err = s.hub.Audit().Acts(s.t.Context(), audit.Filter{}, at, 500)
		} else {
			page, err = audit.Acts(s.t.Context(), p.Journal, nil, audit.Filter{}, at, 500)
		}
		s.must(err)
		all = append(all, page.Acts...)
		if at = page.Next; at == (border.Position{}) {
			return all
		}
	}
}

// told expects that an attempt stands in the audit.
func (s *site) told(p *post, what string, is func(a *audit.Act) bool) {
	s.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		all := s.acts(p)
		for i := range all {
			if is(&all[i]) {
				return
			}
		}
		if time.Now().After(end) {
			s.t.Errorf("in the audit there is nothing of %s", what)
			return
		}
	}
}

// refused is an act that was refused for a reason.
func refused(reason string) func(*audit.Act) bool {
	return func(a *audit.Act) bool { return a.Result == border.ActRefused && a.Reason == reason }
}

// record brings a traveller through at a counter, with what else the decision says.
func (b *browser) record(name string, who demo.Specimen, more map[string]any) border.ID {
	b.s.t.Helper()
	r, err := b.tryRecord(name, who, more)
	b.s.must(err)
	return r
}

func (b *browser) tryRecord(name string, who demo.Specimen, more map[string]any) (id border.ID, err error) {
	b.s.t.Helper()
	at := "/api/v1/counters/" + name
	if got := b.json("POST", at+"/scans", map[string]any{"lines": who.Lines, "source": "keyed"}); got.status != 202 {
		return id, errors.New("the scan was answered with " + got.String())
	}
	return b.decide(name, who.Missing, more)
}

// decide admits whoever stands at a counter.
func (b *browser) decide(name string, missing func(*counter.EncounterView) map[string]string, more map[string]any) (id border.ID, err error) {
	b.s.t.Helper()
	at := "/api/v1/counters/" + name
	var v counter.View
	if err := json.Unmarshal([]byte(b.json("GET", at, nil).body), &v); err != nil {
		return id, err
	}
	if v.Encounter == nil {
		return id, errors.New("the scan opened nothing")
	}
	in := map[string]any{"encounter": v.Encounter.ID, "verdict_revision": v.Encounter.Verdict.Revision, "outcome": "admitted", "values": missing(v.Encounter)}
	for k, value := range more {
		in[k] = value
	}
	got := b.json("POST", at+"/decisions", in)
	if got.status != 201 {
		return id, errors.New("the decision was answered with " + got.String())
	}
	var r counter.Recorded
	err = json.Unmarshal([]byte(got.body), &r)
	return r.Crossing, err
}
