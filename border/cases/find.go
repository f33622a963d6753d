package cases

import (
	"context"
	"encoding/json"
	"hash/maphash"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"garita/border"
	"garita/border/icao"
	"garita/border/register"
	"garita/border/watch"
	"garita/border/watch/release"
)

// Why a station did not know of a hit: append-only, pages know them.
const (
	LateGrown     = "list_grown" // the entry came after the crossing had arrived at the hub
	LateOlder     = "older_list" // the station asked another version of the list
	LateStale     = "stale_list" // its list was too old
	LateNotAsked  = "not_asked"  // it had no list, or nothing to ask it
	LateHubOnly   = "hub_only"   // the entry is not for posts
	LateNotNamed  = "not_named"  // it asked this very version, and did not name the entry
	listOfNames   = "name_list"  // the checks of a record that say so
	listOfNumbers = "document_list"
)

// finding is a hit on its way into a case: everything that needs no database of ours.
type finding struct {
	crossing           border.ID
	key                border.Key // of the event
	kind               string     // type of the event
	post               border.PostID
	at                 time.Time
	direction, outcome string
	party              *border.ID
	subjects           []subject
	traveller          release.Traveller

	entry     watch.Key
	listed    *watch.Entry // nil: the list does not know it (any more)
	handling  watch.Handling
	score     float64
	explained *watch.Explanation
	named     bool            // by the station
	late      string          // why the station did not know
	declared  string          // the post where the traveller says he will leave
	passage   []border.PostID // whose stations are told, of a late one
	expected  []border.PostID // where he can be met, of a late one
}

// subject is a keyed hash that a traveller is known by.
type subject struct {
	kind  string
	blind border.BlindIndex
}

const (
	byDocument = "document"
	byPerson   = "person"   // name and full birth date
	byCrossing = "crossing" // of somebody without a document
)

// subjectsOf says who a traveller is.
func (s *Service) subjectsOf(p *person, crossing border.ID) (out []subject, document border.BlindIndex) {
	add := func(issuer, number string) {
		if strings.Trim(number, "< ") == "" {
			return
		}
		d := subject{byDocument, s.cfg.Blinder.Document(issuer, number)}
		if !slices.Contains(out, d) {
			out = append(out, d)
		}
	}
	add(p.Issuer, p.Number)
	for i := range p.Documents {
		add(p.Documents[i].IssuingState, p.Documents[i].DocumentNumber)
	}
	if len(out) > 0 {
		document = out[0].blind
	} else {
		out = append(out, subject{byCrossing, border.BlindIndex(crossing)})
	}
	if b, ok := s.cfg.Blinder.Person(icao.NormaliseName(p.Surname), icao.NormaliseName(p.GivenNames), p.BirthDate); ok {
		out = append(out, subject{byPerson, b})
	}
	return out, document
}

// examine asks the whole list about an event that has arrived, and takes over what the station
// has named.
func (s *Service) examine(ctx context.Context, a *register.Arrival) ([]*finding, error) {
	if a.Header.Crossing == nil || a.Header.Crossing.IsZero() || a.Personal == nil && a.Hub == nil {
		return nil, nil
	}
	h := &a.Header
	base := finding{crossing: *h.Crossing, key: a.Key, kind: a.Event.Type, post: h.Post, at: h.OccurredAt.UTC(), direction: h.Direction,
		outcome: h.Outcome, party: h.Group}
	list, position := s.cfg.List()
	found := map[watch.Key]*finding{}
	put := func(k watch.Key) *finding {
		f := found[k]
		if f == nil {
			copied := base
			f = &copied
			f.entry, found[k] = k, f
		}
		return f
	}
	var asked []watch.Query
	if p := a.Personal; p != nil {
		base.declared = p.Answers[exitPost]
		who := personOf(p)
		base.subjects, base.traveller = s.about(&who, base.crossing)
		for _, name := range p.Hits {
			if k, ok := keyOf(name); ok {
				put(k).named = true
			}
		}
		asked = who.queries(h.Direction, s.day(h.LocalDate), nil)
	} else {
		base.subjects = []subject{{byCrossing, border.BlindIndex(base.crossing)}}
	}
	if a.Hub != nil {
		for _, name := range a.Hub.SilentHits {
			if k, ok := keyOf(name); ok {
				f := put(k)
				f.named, f.handling = true, watch.Silent
			}
		}
	}
	if list != nil && h.Outcome != string(border.Withdrawn) {
		for _, hit := range s.check(list, asked, base.subjects) {
			put(hit.Entry)
		}
	}
	out := slices.SortedFunc(maps.Values(found), func(a, b *finding) int { return strings.Compare(a.entry.String(), b.entry.String()) })
	for _, f := range out {
		if err := s.know(ctx, f, list); err != nil {
			return nil, err
		}
		if !f.named {
			f.late = lateness(h, f.listed, position)
		}
		f.explain(list, asked)
	}
	return out, nil
}

// know looks up the entry of a finding, and how it is handled: as it is listed, or as silently as
// it was found. Of an entry that nobody knows no more is told than that the traveller is to be
// referred.
func (s *Service) know(ctx context.Context, f *finding, list *watch.List) (err error) {
	handling := watch.Refer
	if f.listed, err = s.entry(ctx, list, f.entry); err != nil {
		return err
	}
	if f.listed != nil {
		handling = f.listed.Handling
	}
	if f.handling != watch.Silent {
		f.handling = stricter(handling, handling)
	}
	return nil
}

// entry gives an entry in full; nil if it is not on the list in force.
func (s *Service) entry(ctx context.Context, list *watch.List, k watch.Key) (*watch.Entry, error) {
	if list == nil {
		return nil, nil
	}
	known, ok := list.Entry(k)
	if !ok {
		return nil, nil
	}
	e, err := s.cfg.Entry(ctx, k)
	if border.CodeOf(err) == border.NotFound {
		return known, nil // removed just now
	}
	return e, err
}

// about says who a traveller is, to the database and to stations.
func (s *Service) about(who *person, crossing border.ID) ([]subject, release.Traveller) {
	subjects, document := s.subjectsOf(who, crossing)
	return subjects, release.Traveller{Surname: short(who.Surname), GivenNames: short(who.GivenNames), BirthDate: short(who.BirthDate),
		Sex: short(who.Sex), Nationality: short(who.Nationality), Issuer: short(who.Issuer), Number: short(who.Number), Document: document}
}

// short cuts what no document has room for: a notice has to hold all of a traveller.
func short(s string) string {
	const most = 256 // bytes
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "")
}

// check asks a list as counters do: a listed document always counts, a name from a probability
// on; neither if people have judged that the holder of the document is not this person.
func (s *Service) check(list *watch.List, asked []watch.Query, subjects []subject) []watch.Hit {
	var room [watch.MaxHits]watch.Hit
	var out []watch.Hit
	for i := range asked {
		for _, hit := range list.Check(&asked[i], room[:0]) {
			if hit.Basis != watch.ByDocument && hit.Score < s.cfg.MinScore || remembered(list, subjects, hit.Entry) {
				continue
			}
			out = append(out, hit)
		}
	}
	return out
}

func remembered(list *watch.List, subjects []subject, k watch.Key) bool {
	return slices.ContainsFunc(subjects, func(s subject) bool { return s.kind == byDocument && list.Remembered(s.blind, k) })
}

// explain keeps what speaks for and against a hit, of several documents what speaks for it most.
func (f *finding) explain(list *watch.List, asked []watch.Query) {
	if list == nil {
		return
	}
	for i := range asked {
		if x, ok := list.Explain(&asked[i], f.entry); ok && (f.explained == nil || x.Hit.Score > f.score) {
			f.explained, f.score = &x, x.Hit.Score
		}
	}
}

// keyOf reads an entry's name as records hold it: source/id.
func keyOf(name string) (watch.Key, bool) {
	source, id, ok := strings.Cut(name, "/")
	return watch.Key{Source: source, ID: id}, ok && source != "" && id != ""
}

// day is the day on which an entry must hold: that of the crossing, or today if it arrives
// later, for what has been listed since is what late crossings are looked at for.
func (s *Service) day(crossed string) string {
	return max(crossed, s.cfg.Clock.Now().UTC().Format(time.DateOnly))
}

// exitPost is the answer of a country's form that names where a traveller says he will leave.
const exitPost = "exit_post"

// lateness says why a station did not name a hit.
func lateness(h *border.Header, e *watch.Entry, current border.ListPosition) string {
	if e != nil && e.Distribution == watch.HubOnly {
		return LateHubOnly
	}
	i := slices.IndexFunc(h.Lists, func(l border.ListVersion) bool { return l.List == current.List })
	says := h.Checks[listOfNames] + " " + h.Checks[listOfNumbers]
	switch {
	case i < 0, strings.Contains(says, "not_checked"):
		return LateNotAsked
	case strings.Contains(says, "stale"):
		return LateStale
	case h.Lists[i].Version != versionText(current):
		return LateOlder
	}
	return LateNotNamed
}

// versionText is how records name a release of a list.
func versionText(p border.ListPosition) string { return strconv.FormatUint(p.Version, 10) }

// looker asks a small list made of new entries about past crossings, and the whole list about
// what that finds: how rare a name is says only the whole.
type looker struct {
	small, whole *watch.List
	day          string
	minScore     float64

	// clear holds hashes of people who are none of the new entries, each in the one place where
	// it can be: most travellers cross again and again with the same document.
	clear []uint64
	seed  maphash.Seed

	who person
	q   []watch.Query
}

// clearPlaces is the number of places of a looker's memory: 16 MiB.
const clearPlaces = 1 << 21

func newLooker(small, whole *watch.List, minScore float64) *looker {
	return &looker{small: small, whole: whole, minScore: minScore, clear: make([]uint64, clearPlaces), seed: maphash.MakeSeed()}
}

// look gives the entries that the person of a past crossing could be.
func (l *looker) look(p *register.Passage) (out []watch.Key) {
	l.who = person{Lines: l.who.Lines[:0], Documents: l.who.Documents[:0]}
	if json.Unmarshal(p.Personal, &l.who) != nil {
		return nil // the register calls it damaged
	}
	hash := l.hash()
	if l.clear[hash%clearPlaces] == hash {
		return nil
	}
	// Somebody inside is expected at an exit: a no-exit order counts for an entry too. A ban on
	// entering does not count for somebody who has left.
	l.q = l.who.queries("", l.day, l.q[:0])
	found := false
	var room [watch.MaxHits]watch.Hit
	for i := range l.q {
		for _, hit := range l.small.Check(&l.q[i], room[:0]) {
			if slices.Contains(out, hit.Entry) || hit.Basis != watch.ByDocument && hit.Score < l.minScore*candidateShare {
				continue
			}
			x, ok := l.whole.Explain(&l.q[i], hit.Entry)
			if !ok || x.Hit.Basis != watch.ByDocument && x.Hit.Score < l.minScore {
				continue
			}
			found = true
			if e, ok := l.whole.Entry(hit.Entry); ok && (p.Direction != border.Exit || e.Applies != watch.AppliesEntry) {
				out = append(out, hit.Entry)
			}
		}
	}
	if !found {
		l.clear[hash%clearPlaces] = hash
	}
	return out
}

// hash is that of everything the lists are asked with, but for the day.
func (l *looker) hash() uint64 {
	var h maphash.Hash
	h.SetSeed(l.seed)
	add := func(texts ...string) {
		for _, t := range texts {
			_, _ = h.WriteString(t) // never fails
			_ = h.WriteByte(0)
		}
	}
	w := &l.who
	add(w.Surname, w.GivenNames, w.BirthDate, w.Sex, w.Nationality, w.Code, w.Number, w.Issuer)
	add(w.Lines...)
	for i := range w.Documents {
		d := &w.Documents[i]
		add("", d.Surname, d.GivenNames, d.BirthDate, d.Sex, d.Nationality, d.DocumentCode, d.DocumentNumber, d.IssuingState)
		add(d.Lines...)
	}
	return max(1, h.Sum64()) // 0 is an empty place
}

// candidateShare: what the small list gives at least this share of the probability that makes a
// hit is asked of the whole list. Names are rarer or less rare there, and weigh otherwise.
const candidateShare = 0.1

// found makes findings of what re-screening has found about a crossing.
func (s *Service) foundAgain(ctx context.Context, key border.Key, keys []watch.Key, list *watch.List) ([]*finding, error) {
	a, err := s.cfg.Register.Arrived(ctx, key)
	if err != nil {
		if border.CodeOf(err) == border.NotFound {
			return nil, nil
		}
		return nil, err
	}
	if a.Personal == nil || a.Header.Crossing == nil || a.Header.Outcome == string(border.Withdrawn) {
		return nil, nil
	}
	h := &a.Header
	who := personOf(a.Personal)
	subjects, traveller := s.about(&who, *h.Crossing)
	asked := who.queries("", s.day(h.LocalDate), nil)
	var out []*finding
	for _, k := range keys {
		f := &finding{crossing: *h.Crossing, key: a.Key, kind: a.Event.Type, post: h.Post, at: h.OccurredAt.UTC(), direction: h.Direction,
			outcome: h.Outcome, party: h.Group, subjects: subjects, traveller: traveller, entry: k}
		if a.Hub != nil && slices.Contains(a.Hub.SilentHits, k.String()) {
			f.named, f.handling = true, watch.Silent
		}
		if err := s.know(ctx, f, list); err != nil {
			return nil, err
		}
		f.declared = a.Personal.Answers[exitPost]
		f.explain(list, asked)
		switch {
		case f.named:
		case slices.Contains(a.Personal.Hits, k.String()):
			f.named = true
		case f.explained == nil || remembered(list, subjects, k):
			continue
		default:
			f.late = LateGrown
		}
		out = append(out, f)
	}
	return out, nil
}
