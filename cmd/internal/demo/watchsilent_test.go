package demo

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/cases"
	"garita/border/clock"
	"garita/border/counter"
	"garita/border/watch"
	"garita/cmd/internal/founding"
	"garita/cmd/internal/station"
)

// print is all that a station could tell of a silent hit: what its interface answers and shows,
// the events that it wrote, its tables, its log, and what the hub has for it.
type print struct {
	Answers []string // of the HTTP interface, as bytes
	Events  []string // open headers, and the sizes of the sealed parts
	Rows    []string // of each table: how many, and how many bytes are in each column
	Log     []string
	Late    int // late hits on the screen
	Notices int // for the station at the hub
}

// What is no two times the same: ids and digests, times, the moment's revision of a screen, and
// figures of the machine.
var moments = []struct {
	of *regexp.Regexp
	by string
}{
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "ID"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)`), "TIME"},
	{regexp.MustCompile(`[0-9a-f]{16,}`), "DIGEST"},
	{regexp.MustCompile(`"(revision|free_bytes|total_bytes|age_s|offset_ms|rtt_ms|latency_ms|backlog)":-?\d+`), `"$1":N`},
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "ADDRESS"},
	{regexp.MustCompile(`wait=[0-9.]+m?s`), "wait=N"},
}

// waiting is logged by what the uplink asks as soon as it is connected, travellers or none: a
// checkpoint waits if it is asked for before the hub holds the first events, which is a race.
const waiting = `msg="an errand has to wait"`

// masked takes away what is no two times the same, and who it was.
func masked(s string, who ...person) string {
	for i, p := range who {
		for k, v := range []string{p.passport()[0], p.passport()[1], p.surname, p.given, p.number} {
			s = strings.ReplaceAll(s, v, fmt.Sprintf("WHO-%d-%d", i, k))
		}
	}
	for _, m := range moments {
		s = m.of.ReplaceAllString(s, m.by)
	}
	return s
}

// logged keeps a log in memory.
type logged struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

// double is somebody else of whom everything is as long as of p.
func (p person) double() person {
	turned := func(s string) string {
		b := []byte(s)
		slices.Reverse(b)
		return string(b)
	}
	given := strings.Fields(p.given)
	for i := range given {
		given[i] = turned(given[i])
	}
	q := p
	q.surname, q.given, q.number = turned(p.surname), strings.Join(given, " "), p.number[:2]+turned(p.number[2:])
	return q
}

// even is a clock whose times are all written with as many digits, to the microsecond and to
// the millisecond. The hub's is ahead by so much that the offset has as many, too.
func even(ahead time.Duration) *clock.Keeper {
	begun := time.Now()
	return clock.New(func() time.Time { return time.Now().Truncate(10 * time.Millisecond).Add(1001*time.Microsecond + ahead) },
		func() time.Duration { return time.Since(begun) }, begun.Add(-time.Hour))
}

// imprint plays two travellers at a post: one whom the list names silently, or their double, and
// one who is listed silently after they passed, or their double.
func imprint(t *testing.T, silent bool) (out print) {
	n, who := newNationAt(t, even(15500*time.Millisecond)), invented(9, 2)
	entries := []*watch.Entry{listed(who[0], "E0", watch.Silent), listed(who[1], "E1", watch.Silent)}
	if !silent {
		who[0], who[1] = who[0].double(), who[1].double()
	}
	log := &logged{}
	cfg := n.config("PCA-1", 1, n.hub.NATSURL())
	n.must(founding.Enrol(t.Context(), n.hub, cfg))
	s, err := founding.Open(t.Context(), n.hub, cfg, even(0), slog.New(slog.NewTextHandler(log, nil)))
	n.must(err)
	stop := n.run(s.Run)
	t.Cleanup(stop)
	jar, err := cookiejar.New(nil)
	n.must(err)
	api := &http.Client{Jar: jar, Transport: &http.Transport{}}
	defer api.CloseIdleConnections()
	ask := func(method, path string, in any) []byte {
		t.Helper()
		var body bytes.Buffer
		n.must(json.NewEncoder(&body).Encode(in))
		req, err := http.NewRequestWithContext(t.Context(), method, s.URL()+path, &body)
		n.must(err)
		req.Header.Set("Content-Type", "application/json")
		res, err := api.Do(req)
		n.must(err)
		b, err := io.ReadAll(res.Body)
		n.must(err)
		n.must(res.Body.Close())
		if res.StatusCode/100 != 2 {
			t.Fatalf("%s %s: %d %s", method, path, res.StatusCode, b)
		}
		out.Answers = append(out.Answers, fmt.Sprintf("%d %s", res.StatusCode, masked(string(b), who...)))
		return b
	}
	ask(http.MethodPost, "/session", map[string]any{"badge": officer, "pin": PIN, "counter": "1"})
	n.must(s.Counters.Take(t.Context(), counter.At{Counter: "1", Officer: officer}))
	n.inForce(n.load(entries[0]), s)
	n.await("the hub is heard", func() bool { v, err := s.Counters.View("1"); n.must(err); return v.Status.Hub.Connected })
	var crossings []border.ID
	for i := range who {
		p := who[i].traveller()
		ask(http.MethodPost, "/api/v1/counters/1/scans", map[string]any{"lines": p.Lines, "source": "wedge"})
		out.Answers = out.Answers[:len(out.Answers)-1] // the hub may have answered already, or not
		e := n.settled(s)
		ask(http.MethodGet, "/api/v1/counters/1", nil)
		out.Answers = append(out.Answers, fmt.Sprintf("revision of the verdict: %d", e.Verdict.Revision))
		var r counter.Recorded
		n.must(json.Unmarshal(ask(http.MethodPost, "/api/v1/counters/1/decisions", map[string]any{"encounter": e.ID, "verdict_revision": e.Verdict.Revision,
			"outcome": border.Admitted, "values": p.Missing(e)}), &r))
		ask(http.MethodGet, "/api/v1/records/"+r.Crossing.String(), nil)
		crossings = append(crossings, r.Crossing)
		n.delivered(s)
	}
	n.inForce(n.add(entries[1]), s)
	for i, crossing := range crossings {
		if !silent {
			continue
		}
		c, sight := n.caseOf(crossing)
		if c.Handling != watch.Silent || sight.Named != (i == 0) || (sight.Late == cases.LateGrown) != (i == 1) || len(c.Alerts) != 0 {
			t.Errorf("case %d: %+v, named %v, late %q, %d alerts", i, c.Summary, sight.Named, sight.Late, len(c.Alerts))
		}
	}
	n.await("past crossings are looked through", func() bool {
		p, err := n.hub.Cases.Screening(t.Context())
		n.must(err)
		held, _ := n.hub.Lists.Held()
		return p.Position == held.Position
	})
	if !silent {
		if all, _, err := n.hub.Cases.Inbox(t.Context(), cases.Filter{}, 0, 10); err != nil || len(all) > 0 {
			t.Errorf("%d cases about people who are not listed (%v)", len(all), err)
		}
	}
	notices, err := n.hub.Cases.Notices(t.Context(), "PCA-1", 0, 10)
	n.must(err)
	out.Notices, out.Late = len(notices), len(n.lateHits(s))
	ask(http.MethodGet, "/api/v1/counters/1", nil)
	n.await("the hub has signed a checkpoint", func() bool {
		return slices.Contains(tables(t, filepath.Join(cfg.Data, "journal.db")), "journal.db checkpoint.n: 1 rows, 1 bytes")
	})
	n.wrote(s, &out)
	n.must(s.Journal.Rebuild(t.Context())) // projections follow in their own time
	stop()
	for _, name := range []string{"journal.db", "lists.db"} {
		out.Rows = append(out.Rows, tables(t, filepath.Join(cfg.Data, name))...)
	}
	for l := range strings.Lines(log.b.String()) {
		if !strings.Contains(l, waiting) {
			out.Log = append(out.Log, masked(l, who...))
		}
	}
	slices.Sort(out.Log) // parts of the station write at the same time
	return out
}

// wrote notes the events of a station's journal.
func (n *nation) wrote(s *station.Station, out *print) {
	n.t.Helper()
	extents, err := s.Journal.Extents(n.t.Context())
	n.must(err)
	for _, x := range extents {
		records, err := s.Journal.Read(n.t.Context(), x.Epoch, 0, 1000)
		n.must(err)
		for _, b := range records {
			ev, err := border.DecodeEvent(b)
			n.must(err)
			line := fmt.Sprintf("%s, %d bytes: %s", ev.Type, len(b), masked(string(ev.Header)))
			for _, p := range ev.Parts {
				line += fmt.Sprintf("; %s %s %d", p.Name, p.Alg, len(p.Ciphertext))
			}
			out.Events = append(out.Events, line)
		}
	}
}

// tables counts the rows and bytes of a database.
func tables(t *testing.T, path string) (out []string) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	each := func(query string, visit func(*sql.Rows) error) {
		rs, err := db.QueryContext(context.Background(), query)
		if err != nil {
			t.Fatal(err)
		}
		defer rs.Close()
		for rs.Next() {
			if err := visit(rs); err != nil {
				t.Fatal(err)
			}
		}
		if err := rs.Err(); err != nil {
			t.Fatal(err)
		}
	}
	var names, columns []string
	each(`SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' ORDER BY 1, 2`, func(rs *sql.Rows) error {
		var table, column string
		err := rs.Scan(&table, &column)
		names, columns = append(names, table), append(columns, column)
		return err
	})
	for i := range names {
		each(fmt.Sprintf(`SELECT count(*), coalesce(sum(length(%q)), 0) FROM %q`, columns[i], names[i]), func(rs *sql.Rows) error {
			var n, size int
			err := rs.Scan(&n, &size)
			out = append(out, fmt.Sprintf("%s %s.%s: %d rows, %d bytes", filepath.Base(path), names[i], columns[i], n, size))
			return err
		})
	}
	return out
}

// Over the whole way, with the hub's real list, nothing at the station tells a silent hit from
// none, neither of a person who is listed nor of one who is listed after they passed. The hub
// has a case of each. How long things take is measured elsewhere (border/counter).
func TestSilentOverTheWholeWay(t *testing.T) {
	if d := cmp.Diff(imprint(t, false), imprint(t, true)); d != "" {
		t.Errorf("a silent hit shows (-without +with):\n%s", d)
	}
}
