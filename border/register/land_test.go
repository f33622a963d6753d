package register

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"garita/border"
	"garita/border/bordertest"
	"garita/border/seal"
)

// This file plays a land with five posts and invented travellers whose true comings and goings
// are known, so that everything the register says of them can be judged. It is meant to be
// unkind: documents change, names differ, clocks lie, events are late and out of order,
// officers make mistakes and correct them.

// soul is an invented person with all documents.
type soul struct {
	born   string // "" unknown to all documents
	sex    string
	papers []paper
	moves  []move
	sure   time.Time // from then on no mistake about this person stands uncorrected
}

type paper struct{ number, surname, given, nation, born string }

// move is one true movement.
type move struct {
	entry    bool
	at       time.Time
	post     int
	paper    int // -1: none
	until    string
	confirms bool // an exit on another document whose officer says which entry it ends
	id       border.ID
}

// land is the simulation.
type land struct {
	w     *world
	rng   *rand.Rand
	souls []*soul
	of    map[border.ID]*soul
	place map[border.ID]int // index of a recorded movement in its soul's moves
	books []*book
	at    [][]time.Time // by book and event: when it was written
	due   [][]time.Time // and when it can arrive at the hub
	drift []time.Duration
	away  [][][2]time.Time // by book: while it has no network, up to five days
	lies  [][2]time.Time   // by book: while its clock is far off, and known to be untrusted
	ids   uint64
	n     int
}

const landDays = 60

func (l *land) chance(percent int) bool { return l.rng.IntN(100) < percent }

func (l *land) id() border.ID {
	l.ids++
	var id border.ID
	for i := range 8 {
		id[15-i] = byte(l.ids >> (8 * i))
	}
	id[6], id[8] = 0x70, id[8]&0x3f|0x80
	return id
}

// born makes a person with one to three documents, mostly of one name.
func (l *land) born(n int) *soul {
	s := &soul{sex: []string{"F", "M", "X"}[min(l.rng.IntN(20)/9, 2)]}
	s.born = time.Date(1940+l.rng.IntN(80), 1, 1+l.rng.IntN(365), 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	name := func() string {
		b := make([]byte, 5+l.rng.IntN(4))
		for i := range b {
			b[i] = byte('A' + l.rng.IntN(26))
		}
		return string(b)
	}
	first := paper{fmt.Sprintf("P%07d", n), name(), name(), "QRU", s.born}
	if l.chance(3) {
		first.born = first.born[:5] + "XX-XX"
	}
	s.papers = []paper{first}
	for range []int{0, 0, 0, 0, 0, 0, 1, 1, 2}[l.rng.IntN(9)] {
		p := first
		p.number = fmt.Sprintf("%c%07d", 'Q'+len(s.papers), n)
		switch {
		case l.chance(30): // a dual national under another name
			p.surname, p.given, p.nation = name(), name(), "QSY"
		case l.chance(30): // written in another way
			p.surname = p.surname[:len(p.surname)-1] + "Y"
		}
		s.papers = append(s.papers, p)
	}
	return s
}

// travel gives a person a true life of entries and exits, in turn.
func (l *land) travel(s *soul) {
	at := bordertest.Start.Add(time.Duration(l.rng.IntN(landDays*24*60)) * time.Minute / 2)
	entry := !l.chance(8) // some came before the register began
	lead := l.rng.IntN(len(s.papers))
	for range 1 + l.rng.IntN(6) {
		m := move{entry: entry, at: at, post: l.rng.IntN(len(l.books)), paper: lead, id: l.id()}
		if len(s.papers) > 1 && l.chance(35) {
			m.paper = l.rng.IntN(len(s.papers))
		}
		if l.chance(2) {
			m.paper = -1
		}
		if entry {
			m.until = at.AddDate(0, 0, 1+l.rng.IntN(20)).Format(time.DateOnly)
		} else if len(s.moves) > 0 {
			before := s.moves[len(s.moves)-1]
			m.confirms = before.paper != m.paper && l.chance(40) || before.paper < 0 && m.paper < 0 && l.chance(40)
		}
		s.moves = append(s.moves, m)
		if entry = !entry; l.chance(40) { // the same day again
			at = at.Add(time.Duration(30+l.rng.IntN(600)) * time.Minute)
		} else {
			at = at.Add(time.Duration(1+l.rng.IntN(15*24)) * time.Hour)
		}
		if at.After(bordertest.Start.AddDate(0, 0, landDays)) {
			return
		}
	}
}

// record is one event before it is written: at a station, when its officer wrote it.
type record struct {
	post   int
	at     time.Time
	typ    string
	header border.Header
	person border.Personal
}

// write turns true movements into what officers wrote, with their mistakes and corrections.
func (l *land) write(s *soul) (out []record) {
	for i, m := range s.moves {
		l.of[m.id], l.place[m.id] = s, i
		h := border.Header{Crossing: &m.id, Direction: border.Exit, Outcome: string(border.Departed), Sex: s.sex, Nationality: "QRU",
			PermittedUntil: m.until}
		if m.entry {
			h.Direction, h.Outcome = border.Entry, string(border.Admitted)
		}
		if m.confirms && i > 0 {
			h.Continues = &s.moves[i-1].id
		}
		person := border.Personal{Sex: s.sex}
		if m.paper >= 0 {
			p := s.papers[m.paper]
			person = border.Personal{DocumentNumber: p.number, IssuingState: p.nation, Surname: p.surname, GivenNames: p.given,
				BirthDate: p.born, Sex: s.sex, Nationality: p.nation}
		} else if p := s.papers[0]; l.chance(70) {
			person.Surname, person.GivenNames, person.BirthDate = p.surname, p.given, p.born
		} else {
			person.BirthDate = p.born[:4] + "-XX-XX" // of somebody without a document at least the year is asked
		}
		h.BirthYear, _ = strconv.Atoi(person.BirthDate[:4])
		r := record{post: m.post, at: m.at, typ: border.TypeCrossingRecorded, header: h, person: person}
		r.header.OccurredAt = m.at
		if l.chance(3) { // paper: entered hours later, with the true time
			r.at, r.header.Late = m.at.Add(time.Duration(1+l.rng.IntN(48))*time.Hour), true
		}
		if l.chance(2) { // the wrong direction, corrected later
			wrong := r
			wrong.header.Direction, wrong.header.Outcome, wrong.header.Continues = border.Entry, string(border.Admitted), nil
			if m.entry {
				wrong.header.Direction, wrong.header.Outcome = border.Exit, string(border.Departed)
			}
			out = append(out, wrong)
			r.typ, r.at = border.TypeCrossingCorrected, r.at.Add(time.Duration(1+l.rng.IntN(30))*time.Hour)
			change := l.id()
			r.header.Change = &change
			if r.at.After(s.sure) {
				s.sure = r.at
			}
		}
		out = append(out, r)
		if l.chance(2) { // recorded for somebody who was not there, and voided
			out = append(out, l.phantom(s, r)...)
		}
		if m.entry && l.chance(5) {
			change := l.id()
			x := record{post: l.rng.IntN(len(l.books)), at: m.at.Add(time.Duration(l.rng.IntN(72)) * time.Hour), typ: border.TypeStayExtended}
			s.moves[i].until = day(m.until)
			t, _ := time.Parse(time.DateOnly, m.until)
			s.moves[i].until = t.AddDate(0, 0, 10).Format(time.DateOnly)
			x.header = border.Header{Crossing: &m.id, Change: &change, PermittedUntil: s.moves[i].until}
			if x.at.After(s.sure) {
				s.sure = x.at
			}
			out = append(out, x)
		}
	}
	return out
}

// phantom is a crossing that never was, and its correction.
func (l *land) phantom(s *soul, r record) []record {
	id, change := l.id(), l.id()
	wrong, void := r, r
	wrong.typ, wrong.header.Crossing, wrong.header.Change = border.TypeCrossingRecorded, &id, nil
	wrong.at, wrong.header.OccurredAt = r.at.Add(time.Minute), r.header.OccurredAt.Add(time.Minute)
	void.typ, void.header.Crossing, void.header.Change, void.header.Outcome, void.header.Continues = border.TypeCrossingCorrected, &id, &change, string(border.Withdrawn), nil
	void.header.OccurredAt, void.at = wrong.header.OccurredAt, r.at.Add(time.Duration(1+l.rng.IntN(20))*time.Hour)
	if void.at.After(s.sure) {
		s.sure = void.at
	}
	return []record{wrong, void}
}

// newLand writes the journals of all stations.
func newLand(t *testing.T, seed uint64, n int) *land {
	l := &land{w: newWorld(t), rng: rand.New(rand.NewPCG(seed, 3)), of: map[border.ID]*soul{}, place: map[border.ID]int{}, n: n}
	for i := range 5 {
		l.books = append(l.books, l.w.book(border.StationID(fmt.Sprintf("P%d-1", i)), i+1, border.Parent{}))
		l.drift = append(l.drift, time.Duration(l.rng.IntN(600)-300)*time.Second)
		from := bordertest.Start.Add(time.Duration(l.rng.IntN(landDays*20)) * time.Hour)
		l.lies = append(l.lies, [2]time.Time{from, from.Add(20 * time.Hour)})
		var away [][2]time.Time
		for at := bordertest.Start.Add(time.Duration(l.rng.IntN(300)) * time.Hour); at.Before(from.AddDate(0, 0, 90)); at = at.Add(time.Duration(200+l.rng.IntN(500)) * time.Hour) {
			away = append(away, [2]time.Time{at, at.Add(time.Duration(1+l.rng.IntN(120)) * time.Hour)})
		}
		l.away = append(l.away, away)
	}
	var all []record
	for i := range n {
		s := l.born(i)
		l.travel(s)
		l.souls = append(l.souls, s)
		all = append(all, l.write(s)...)
	}
	slices.SortStableFunc(all, func(a, b record) int { return a.at.Compare(b.at) })
	l.at, l.due = make([][]time.Time, len(l.books)), make([][]time.Time, len(l.books))
	for i := range l.books {
		l.at[i], l.due[i] = append(l.at[i], bordertest.Start), append(l.due[i], bordertest.Start)
	}
	for i := range all {
		l.seal(&all[i])
	}
	return l
}

// seal writes one event as the station's clock saw it.
func (l *land) seal(r *record) {
	b := l.books[r.post]
	h := r.header
	h.Station, h.Epoch, h.Seq, h.Type, h.Post, h.Counter = b.station, b.epoch, uint64(len(b.events))+1, r.typ, border.PostID(fmt.Sprintf("P%d", r.post)), "1"
	shift := l.drift[r.post]
	h.Clock.State = border.ClockSynced
	if r.at.After(l.lies[r.post][0]) && r.at.Before(l.lies[r.post][1]) {
		shift, h.Clock.State = -37*time.Hour, border.ClockUntrusted
	}
	if h.OccurredAt.IsZero() {
		h.OccurredAt = r.at
	}
	if !h.Late && r.typ == border.TypeCrossingRecorded {
		h.OccurredAt = h.OccurredAt.Add(shift)
	} else if !h.Late && h.Clock.State == border.ClockUntrusted {
		h.Clock.State = border.ClockSynced // of the correction; the time of the crossing is the true one
	}
	h.RecordedAt, h.LocalDate = r.at.Add(shift), h.OccurredAt.Format(time.DateOnly)
	key := border.Key{Station: h.Station, Epoch: h.Epoch, Seq: h.Seq}
	set, err := l.w.station(b.station).Ready(l.w.t.Context(), seal.Bucket(bordertest.Start))
	l.w.must(err)
	plain, err := json.Marshal(r.person)
	l.w.must(err)
	part, err := set.Seal(key, border.PartPersonal, plain)
	l.w.must(err)
	header, err := json.Marshal(h)
	l.w.must(err)
	b.push(header, key, h.Type, part)
	due := r.at.Add(time.Duration(l.rng.IntN(20)) * time.Second)
	for _, away := range l.away[r.post] {
		if due.After(away[0]) && due.Before(away[1]) { // it comes with the rest, in any order
			due = away[1].Add(time.Duration(l.rng.IntN(300)) * time.Second)
		}
	}
	if l.rng.IntN(8*l.n) == 0 { // one is lost on the way and sent again days later
		due = due.Add(time.Duration(l.rng.IntN(5*24)) * time.Hour)
	}
	l.at[r.post], l.due[r.post] = append(l.at[r.post], r.at), append(l.due[r.post], due)
}
