package register

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"garita/border"
	"garita/border/bordertest"
	"garita/border/seal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

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

// world is one country: a hub's folder and keys, and the stations' keys.
type world struct {
	t       testing.TB
	dir     string
	clock   *testClock
	private *seal.HubPrivate
	prov    *seal.Provisioning
	keys    *seal.HubKeys
	blinder *seal.Blinder
	reg     *Register
	stores  map[border.StationID]*seal.StationKeys
	config  func(*Config)
}

func newWorld(t testing.TB, config ...func(*Config)) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), clock: &testClock{now: bordertest.Start}, stores: map[border.StationID]*seal.StationKeys{},
		config: func(c *Config) {
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
	c := Config{Dir: w.dir, Clock: w.clock, Keys: w.keys, Blinder: w.blinder}
	w.config(&c)
	w.reg, err = Open(w.t.Context(), c)
	w.must(err)
}

func (w *world) close() {
	w.t.Helper()
	if w.reg != nil {
		w.must(w.reg.Close())
		w.must(w.keys.Close())
		w.reg = nil
	}
}

// copyFiles copies the databases as they lie on the disk, and returns what puts them back.
func (w *world) copyFiles() (putBack func()) {
	w.t.Helper()
	saved := map[string][]byte{}
	for _, name := range []string{"hub.db", "hub.db-wal", "keys.db", "keys.db-wal"} {
		if b, err := os.ReadFile(filepath.Join(w.dir, name)); err == nil {
			saved[name] = b
		}
	}
	return func() {
		w.t.Helper()
		w.close()
		for _, name := range []string{"hub.db", "hub.db-wal", "hub.db-shm", "keys.db", "keys.db-wal", "keys.db-shm"} {
			_ = os.Remove(filepath.Join(w.dir, name))
			if b, ok := saved[name]; ok {
				w.must(os.WriteFile(filepath.Join(w.dir, name), b, 0o600))
			}
		}
		w.open()
	}
}

func (w *world) store(r ...border.Received) []border.StationHolding {
	w.t.Helper()
	h, err := w.reg.Store(w.t.Context(), r)
	w.must(err)
	return h
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

func (w *world) wraps(id border.StationID) []border.KeyWrap {
	w.t.Helper()
	wraps, err := w.station(id).Wraps(w.t.Context())
	w.must(err)
	return wraps
}

func (w *world) counts() Counts {
	w.t.Helper()
	c, err := w.reg.Counts(w.t.Context())
	w.must(err)
	return c
}

// alarms returns the count of every alarm, by kind.
func (w *world) alarms() map[AlarmKind]int64 {
	w.t.Helper()
	as, err := w.reg.Alarms(w.t.Context(), 1000)
	w.must(err)
	out := map[AlarmKind]int64{}
	for _, a := range as {
		out[a.Kind] += a.Count
	}
	return out
}

// traveller is one crossing to record.
type traveller struct {
	document  string // number of an invented Utopian passport; "" for none
	direction string
	outcome   border.Outcome
	at        time.Time
	clock     border.TrustState
	id        border.ID // zero: made
	extra     map[string]any
}

// book writes the events of one epoch of a station, sealed with the station's real keys.
type book struct {
	w       *world
	station border.StationID
	epoch   border.Epoch
	events  []border.Event
	rnd     *rand.Rand
}

func (w *world) book(station border.StationID, epoch int, parent border.Parent) *book {
	b := &book{w: w, station: station, epoch: bordertest.EpochNo(epoch), rnd: rand.New(rand.NewPCG(uint64(epoch), 7))}
	b.events = append(b.events, bordertest.Opened(station, b.epoch, parent))
	return b
}

func (b *book) last() border.Parent {
	e := b.events[len(b.events)-1]
	return border.Parent{Epoch: b.epoch, Seq: e.Key.Seq, Hash: e.Hash}
}

func (b *book) header(typ string) border.Header {
	return border.Header{Station: b.station, Epoch: b.epoch, Seq: uint64(len(b.events)) + 1, Type: typ, Post: "PUT", Counter: "1"}
}

func (b *book) push(header []byte, key border.Key, typ string, parts ...border.Part) border.Event {
	e := border.Event{Key: key, Type: typ, Header: header, Parts: parts, Prev: b.events[len(b.events)-1].Hash}
	e.Hash = e.ComputeHash()
	b.events = append(b.events, e)
	return e
}

func (b *book) id() border.ID {
	var id border.ID
	for i := range id {
		id[i] = byte(b.rnd.Uint32())
	}
	id[6], id[8] = id[6]&0x0f|0x70, id[8]&0x3f|0x80
	return id
}

// add records one traveller.
func (b *book) add(v traveller) border.Event {
	b.w.t.Helper()
	h := b.header(border.TypeCrossingRecorded)
	if v.id.IsZero() {
		v.id = b.id()
	}
	if v.clock == "" {
		v.clock = border.ClockSynced
	}
	h.Crossing, h.Direction, h.Outcome = &v.id, v.direction, string(v.outcome)
	h.OccurredAt, h.RecordedAt, h.Clock.State = v.at, v.at.Add(time.Second), v.clock
	h.Nationality, h.Sex, h.BirthYear, h.DocumentKind, h.DocumentIssuer, h.Verdict = "UTO", "F", 1974, "P", "UTO", "proceed"
	set, err := b.w.station(b.station).Ready(b.w.t.Context(), seal.Bucket(v.at))
	b.w.must(err)
	key := border.Key{Station: h.Station, Epoch: h.Epoch, Seq: h.Seq}
	plain, err := json.Marshal(border.Personal{DocumentNumber: v.document, IssuingState: "UTO", Surname: "ERIKSSON"})
	b.w.must(err)
	part, err := set.Seal(key, border.PartPersonal, plain)
	b.w.must(err)
	header, err := json.Marshal(h)
	b.w.must(err)
	if v.extra != nil {
		m := map[string]any{}
		b.w.must(json.Unmarshal(header, &m))
		for k, x := range v.extra {
			m[k] = x
		}
		header, err = json.Marshal(m)
		b.w.must(err)
	}
	return b.push(header, key, h.Type, part)
}

// addType records an event of any type.
func (b *book) addType(typ string) border.Event {
	h := b.header(typ)
	header, err := json.Marshal(h)
	b.w.must(err)
	return b.push(header, border.Key{Station: h.Station, Epoch: h.Epoch, Seq: h.Seq}, typ)
}

// sent gives events as they arrive at the hub, each announcing itself.
func sent(events ...border.Event) []border.Received {
	return bordertest.Receive(bordertest.Encoded(events)...)
}

// enters and leaves are the usual travellers, n hours after the start.
func enters(document string, hours int) traveller {
	return traveller{document: document, direction: border.Entry, outcome: border.Admitted, at: bordertest.Start.Add(time.Duration(hours) * time.Hour)}
}

func leaves(document string, hours int) traveller {
	return traveller{document: document, direction: border.Exit, outcome: border.Departed, at: bordertest.Start.Add(time.Duration(hours) * time.Hour)}
}

// dump gives every row of the register that does not depend on the order of arrival.
func (w *world) dump() map[string][]string {
	w.t.Helper()
	out := map[string][]string{}
	s := w.reg.store.(*sqliteStore)
	for name, q := range map[string]string{
		"epoch":      `SELECT station, hex(epoch), held, highest, announced FROM epoch`,
		"raw":        `SELECT e.station, hex(e.epoch), r.seq, r.state, hex(r.digest), r.received_at FROM raw_event r JOIN epoch e ON e.no = r.epoch_no`,
		"quarantine": `SELECT station, hex(epoch), seq, hex(digest), reason FROM quarantine`,
		"crossing": `SELECT hex(crossing), station, hex(epoch), seq, hex(change), post, counter, occurred_at, recorded_at, received_at, local_date, direction,
			outcome, ground, category, purpose, residence, nationality, sex, birth_year, document_kind, document_issuer, days_granted, permitted_until,
			late, verdict, clock_state, part, hex(document), hex(born), full_date, hex(person) FROM crossing`,
		"amendment":    `SELECT hex(change), hex(crossing), kind, recorded_at, station, hex(epoch), seq, permitted_until, days_granted FROM amendment`,
		"link":         `SELECT hex(exit_crossing), hex(entry_crossing) FROM link`,
		"proposal":     `SELECT hex(entry_crossing), hex(exit_crossing), hex(entry_document), hex(exit_document), score FROM proposal`,
		"doubtful":     `SELECT hex(document), hex(crossing) FROM doubtful`,
		"pending":      `SELECT hex(crossing), station, key_id FROM pending`,
		"pairs":        `SELECT hex(document), at, station, hex(epoch), seq, state, certain, hex(entry_crossing), hex(exit_crossing), paired FROM stay`,
		"stay":         `SELECT hex(document), at, station, hex(epoch), seq, state, certain, hex(entry_crossing), hex(exit_crossing), exit_at, paired, until, hex(born), full_date, birth_year, sex FROM stay`,
		"flow":         `SELECT bucket, post, direction, outcome, trusted, n FROM flow`,
		"flow_count":   `SELECT period, post, dimension, direction, outcome, code, n FROM flow_count`,
		"flow_country": `SELECT period, dimension, direction, outcome, code, n FROM flow_country`,
		"flow_cross":   `SELECT month, post, direction, outcome, nationality, sex, age, category, n FROM flow_cross`,
		"name":         `SELECT hex(word), hex(subject) FROM name`,
		"word":         `SELECT hex(word), hex(sealed) FROM word`,
		"spelling":     `SELECT hex(key), hex(sealed) FROM spelling`,
		"review":       `SELECT * FROM review`,
		"act":          `SELECT station, action, result, officer, second, occurred_at FROM act`,
		"verdict":      `SELECT * FROM review_verdict`,
		"lineage":      `SELECT station, hex(epoch), hex(parent_epoch), parent_seq FROM lineage`,
		"meta":         `SELECT name, value FROM meta WHERE name IN ('crossings', 'duplicates', 'inside', 'inside_uncertain')`,
		"alarm":        `SELECT kind, station, subject, count, CASE WHEN kind IN ('station_rolled_back', 'fork', 'journal_restarted') THEN detail END FROM alarm`,
	} {
		rs, err := s.readers.QueryContext(context.Background(), q)
		w.must(err)
		cols, err := rs.Columns()
		w.must(err)
		for rs.Next() {
			vals, ptrs := make([]any, len(cols)), make([]any, len(cols))
			for i := range vals {
				ptrs[i] = &vals[i]
			}
			w.must(rs.Scan(ptrs...))
			out[name] = append(out[name], fmt.Sprint(vals...))
		}
		w.must(rs.Err())
		w.must(rs.Close())
	}
	var counted Inside // one by one: the register counts as it writes
	w.must(s.readers.QueryRow(`SELECT coalesce(sum(certain), 0), coalesce(sum(NOT certain), 0) FROM stay WHERE state = 'inside'`).
		Scan(&counted.Certain, &counted.Uncertain))
	if c := w.counts(); c.Inside != counted.Certain || c.InsideUncertain != counted.Uncertain {
		w.t.Errorf("the register counts %d certain and %d uncertain open stays, there are %+v", c.Inside, c.InsideUncertain, counted)
	}
	return out
}
