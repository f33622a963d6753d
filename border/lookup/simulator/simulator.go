// Package simulator stands in for other people's lookup services, in the shapes that the
// adapters of border/lookup ask: for the demo and for tests. It knows invented people only. It
// can be slow, refuse, break off, page and talk nonsense, as told.
package simulator

import (
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Person is somebody the services know.
type Person struct {
	Reference string
	Surname   string
	Forenames string
	BirthDate string // 1974-08-12
}

// Document is a document that was reported.
type Document struct {
	Reference string
	Country   string
	Type      string // P, V or I
	Number    string
	Withdrawn bool // it was found again: a search shows it, its verification does not
}

// Mode is how the services behave.
type Mode struct {
	Latency   time.Duration // of an answer, spread around it; 0: at once
	Status    int           // answered instead; 0: none
	Fail      int           // so many answers are 503 first
	After     int           // Retry-After of these, and of 429, in seconds
	Malformed bool          // JSON that is none
	Wrong     bool          // JSON of another shape
	Truncated bool          // the connection ends within the answer
	Endless   bool          // the answer never ends
	Partial   bool          // find: not all sources answered
	PageSize  int           // notices: fewer on a page than asked for
	Hang      bool          // no answer until the asker goes
	NoVerify  bool          // find: the verification fails
}

// Simulator is an http.Handler. Safe for concurrent use.
type Simulator struct {
	mu        sync.Mutex // guards the rest
	random    *rand.Rand
	mode      Mode
	failed    int
	asked     int
	persons   []Person
	documents []Document
}

// New makes one whose latencies come from a seed.
func New(seed uint64, persons []Person, documents []Document) *Simulator {
	return &Simulator{random: rand.New(rand.NewPCG(seed, 0)), persons: persons, documents: documents} //nolint:gosec // a simulation is to be repeated
}

// Behave sets the mode.
func (s *Simulator) Behave(m Mode) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mode, s.failed, s.asked = m, 0, 0
}

// Asked is how many requests came since the mode was set.
func (s *Simulator) Asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

// begin counts a request and says how it is to be answered.
func (s *Simulator) begin() (m Mode, latency time.Duration, fail bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if m = s.mode; s.failed < m.Fail {
		s.failed++
		fail = true
	}
	if m.Latency > 0 {
		latency = time.Duration(float64(m.Latency) * (0.5 + s.random.Float64()))
	}
	return m, latency, fail
}

// maxRequest bounds the body of a request in bytes.
const maxRequest = 64 << 10

// ServeHTTP answers in the shape that the path belongs to.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m, latency, fail := s.begin()
	r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
	if m.Hang {
		_, _ = io.Copy(io.Discard, r.Body) // only then is it noticed that the asker has gone
		<-r.Context().Done()
		return
	}
	if latency > 0 {
		t := time.NewTimer(latency)
		defer t.Stop()
		select {
		case <-t.C:
		case <-r.Context().Done():
			return
		}
	}
	if m.After > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(m.After))
	}
	switch {
	case fail:
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	case m.Status != 0:
		w.Header().Set("Location", "https://elsewhere.example/")
		w.WriteHeader(m.Status)
		return
	}
	var answer any
	switch {
	case r.Method == http.MethodPost && r.URL.Path == "/find/v1/search":
		answer = s.search(r, m)
	case r.Method == http.MethodPost && r.URL.Path == "/find/v1/verify" && !m.NoVerify:
		answer = s.verify(r)
	case r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/notices/v1/"):
		answer = s.notices(r, m)
	case r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/match/"):
		answer = s.match(r)
	}
	if answer == nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	write(w, m, answer)
}

func write(w http.ResponseWriter, m Mode, answer any) {
	b, err := json.Marshal(answer)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	switch {
	case m.Malformed:
		b = append([]byte(`{"a":`), b[:len(b)-1]...)
	case m.Wrong:
		b = []byte(`{"weather":"fine","total":"many","hits":{"a":1}}`)
	case m.Truncated:
		w.Header().Set("Content-Length", strconv.Itoa(len(b)+10))
	case m.Endless:
		for {
			if _, err := w.Write([]byte(strings.Repeat("[", 4096))); err != nil {
				return
			}
		}
	}
	_, _ = w.Write(b) // whoever went away is not answered
}

type object = map[string]any

func (s *Simulator) search(r *http.Request, m Mode) any {
	var q struct {
		QueryID  string `json:"query_id"`
		Purpose  string `json:"purpose"`
		Document *struct{ Country, Type, Number string }
		Person   *struct {
			Surname, Forenames string
			BirthDate          string `json:"birth_date"`
		}
	}
	if json.NewDecoder(r.Body).Decode(&q) != nil || q.QueryID == "" || q.Purpose == "" {
		return nil
	}
	hits := []object{}
	for _, d := range s.documents {
		if q.Document != nil && d.Country == q.Document.Country && d.Type == q.Document.Type && d.Number == q.Document.Number {
			hits = append(hits, object{"reference": d.Reference, "kind": "document"})
		}
	}
	for _, p := range s.persons {
		if q.Person != nil && p.Surname == q.Person.Surname && p.Forenames == q.Person.Forenames && (q.Person.BirthDate == "" || p.BirthDate == q.Person.BirthDate) {
			hits = append(hits, object{"reference": p.Reference, "kind": "nominal"})
		}
	}
	status := "ok"
	if m.Partial {
		status = "partial"
	}
	return object{"query_id": q.QueryID, "status": status, "hits": hits}
}

func (s *Simulator) verify(r *http.Request) any {
	var q struct {
		QueryID   string `json:"query_id"`
		Reference string `json:"reference"`
	}
	if json.NewDecoder(r.Body).Decode(&q) != nil {
		return nil
	}
	state := "confirmed"
	if slices.ContainsFunc(s.documents, func(d Document) bool { return d.Reference == q.Reference && d.Withdrawn }) {
		state = "withdrawn"
	}
	return object{"query_id": q.QueryID, "reference": q.Reference, "state": state}
}

func (s *Simulator) notices(r *http.Request, m Mode) any {
	v := r.URL.Query()
	page, err := strconv.Atoi(v.Get("page"))
	size, err2 := strconv.Atoi(v.Get("resultPerPage"))
	if err != nil || err2 != nil || page < 1 || size < 1 || size > 160 {
		return nil
	}
	if m.PageSize > 0 {
		size = min(size, m.PageSize)
	}
	all := []object{}
	for _, p := range s.persons {
		if p.Surname == v.Get("name") && strings.HasSuffix(r.URL.Path, "/red") {
			n := object{"entity_id": p.Reference, "name": p.Surname, "forename": p.Forenames, "date_of_birth": strings.ReplaceAll(p.BirthDate, "-", "/")}
			if p.Forenames == "" {
				n["forename"] = nil
			}
			all = append(all, n)
		}
	}
	from, to := min(len(all), (page-1)*size), min(len(all), page*size)
	return object{"total": len(all), "_embedded": object{"notices": all[from:to]}}
}

func (s *Simulator) match(r *http.Request) any {
	var q struct {
		Queries map[string]struct {
			Schema     string              `json:"schema"`
			Properties map[string][]string `json:"properties"`
		} `json:"queries"`
	}
	if json.NewDecoder(r.Body).Decode(&q) != nil {
		return nil
	}
	responses := object{}
	for id, one := range q.Queries {
		results := []object{}
		for _, p := range s.persons {
			if !slices.Contains(one.Properties["lastName"], p.Surname) {
				continue
			}
			score := 0.5
			if slices.Contains(one.Properties["firstName"], p.Forenames) {
				score = 0.8
			}
			if slices.Contains(one.Properties["birthDate"], p.BirthDate) {
				score += 0.15
			}
			results = append(results, object{"id": p.Reference, "score": score, "match": score >= 0.9})
		}
		responses[id] = object{"status": 200, "results": results}
	}
	return object{"responses": responses}
}
