package demo

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"garita/border"
	"garita/border/access"
	"garita/border/counter"
	"garita/border/verdict"
	"garita/devices/devicetest"
)

// hand is an inspector at a counter for the time of one script: documents go on the reader,
// everything else through the HTTP interface. After the first error it does nothing more, so
// that a scene reads like what happens; err says what went wrong. It belongs to one goroutine,
// and lives no longer than its context.
type hand struct {
	ctx     context.Context
	api     *client
	reader  *devicetest.Reader
	name    string // of the counter
	officer string // badge
	day     *day
	scene   string // kind of what is played

	view  counter.View // the last answer
	shown *screen
	known map[border.ID]bool // encounters that were met
	err   error
}

// screen holds the newest view of a counter's live stream.
type screen struct {
	mu     sync.Mutex // guards latest
	latest seen
	wake   chan struct{} // capacity 1
}

func (s *screen) take(v seen) {
	s.mu.Lock()
	s.latest = v
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *screen) now() seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.latest
}

// do sends a change; the answer is the view.
func (h *hand) do(method, path string, in map[string]any) {
	if h.err == nil {
		var v counter.View
		if h.err = h.api.as(h.ctx, h.officer); h.err != nil {
			return
		}
		if h.err = h.api.call(h.ctx, method, "/api/v1/counters/"+h.name+path, in, &v); h.err == nil {
			h.view = v
		}
	}
}

// refused expects that what is done is refused as a problem of one kind, and forgets it.
func (h *hand) refused(kind string, do func()) {
	if h.err != nil {
		return
	}
	do()
	var answer *status
	if errors.As(h.err, &answer) && answer.kind == kind {
		h.err = nil
		return
	}
	h.fail(fmt.Sprintf("it was to be refused as %s, not answered with %v", kind, h.err))
}

// must fails the scene unless something holds. What it says names nobody.
func (h *hand) must(holds bool, what string) {
	if h.err == nil && !holds {
		h.fail("it does not hold that " + what)
	}
}

func (h *hand) fail(what string) { h.err = errors.New(what) }

// look reads the counter's view.
func (h *hand) look() {
	if h.err == nil {
		var v viewOf
		v, h.err = h.api.view(h.ctx, h.name)
		h.view = v.View
	}
}

// head sets the counter's direction.
func (h *hand) head(direction string) {
	if h.err == nil && h.view.Direction != direction {
		h.do(http.MethodPut, "/direction", map[string]any{"direction": direction})
	}
}

// scan puts a document on the reader and waits until the screen has it: open, waiting, or in
// the group. It returns the encounter.
func (h *hand) scan(s Specimen) (id border.ID) {
	if h.err != nil {
		return id
	}
	var last time.Time
	for h.ctx.Err() == nil {
		if time.Since(last) > again { // a station that was down heard nothing
			if last, h.err = h.reader.Present(s.Lines); h.err != nil {
				return id
			}
		}
		select {
		case <-h.ctx.Done():
		case <-h.shown.wake:
		case <-time.After(again):
		}
		v := h.shown.now()
		if id, ok := h.found(&v.view, s.surname); ok {
			h.known[id] = true
			h.view = v.view
			h.day.timed(v.at.Sub(last), levelOf(&v.view, id))
			return id
		}
	}
	h.err = h.ctx.Err()
	return id
}

// found looks for an encounter that was not met before, by surname.
func (h *hand) found(v *counter.View, surname string) (border.ID, bool) {
	if e := v.Encounter; e != nil && e.Document.Surname == surname && !h.known[e.ID] {
		return e.ID, true
	}
	for _, q := range v.Queue {
		if q.Surname == surname && !h.known[q.ID] {
			return q.ID, true
		}
	}
	if v.Group != nil {
		for _, m := range v.Group.Members {
			if m.Surname == surname && !h.known[m.ID] && m.Outcome == "" {
				return m.ID, true
			}
		}
	}
	return border.ID{}, false
}

// open keys a person without a scan and returns the encounter.
func (h *hand) open(identity string, k *counter.Particulars, paper *counter.Paper, direction string) (id border.ID) {
	in := map[string]any{"identity": identity, "particulars": keyed(k)}
	if paper != nil {
		in["paper"] = map[string]any{"sheet": paper.Sheet, "crossed_at": paper.CrossedAt, "direction": direction}
	}
	h.do(http.MethodPost, "/encounters", in)
	if h.err == nil {
		var ok bool
		if id, ok = h.found(&h.view, k.Surname); !ok {
			h.fail("what was keyed opened nothing")
		}
		h.known[id] = true
	}
	return id
}

// keyed writes particulars as the interface takes them.
func keyed(k *counter.Particulars) map[string]string {
	return map[string]string{"kind": k.Kind, "document_number": k.DocumentNumber, "issuing_state": k.IssuingState, "surname": k.Surname,
		"given_names": k.GivenNames, "nationality": k.Nationality, "birth_date": k.BirthDate, "sex": k.Sex, "expiry_date": k.ExpiryDate}
}

// on does something to an encounter.
func (h *hand) on(id border.ID, method, path string, in map[string]any) {
	h.do(method, "/encounters/"+id.String()+path, in)
}

// answer enters answers of the form for an encounter.
func (h *hand) answer(id border.ID, values map[string]string) {
	h.on(id, http.MethodPatch, "/answers", map[string]any{"values": values})
}

// callUp opens an encounter that waits.
func (h *hand) callUp(id border.ID) {
	h.do(http.MethodPost, "/call-ups", map[string]any{"encounter": id})
	h.must(h.view.Encounter != nil && h.view.Encounter.ID == id, "the one who was called up is on the screen")
}

// agree has a second officer agree to an action of the hand's, and gives the word of it.
func (h *hand) agree(action access.Action, badge string) (token string) {
	if h.err == nil {
		if h.err = h.api.as(h.ctx, h.officer); h.err == nil {
			token, h.err = h.api.agree(h.ctx, action, badge)
		}
	}
	return token
}

// take makes another officer the holder of the counter.
func (h *hand) take(badge string) {
	if h.err == nil {
		h.officer = badge
		h.do(http.MethodPost, "/holder", map[string]any{})
	}
}

// refer puts an encounter on the post's list.
func (h *hand) refer(id border.ID, reason, note string) {
	h.do(http.MethodPost, "/referrals", map[string]any{"encounter": id, "reason": reason, "note": note})
	h.must(slices.ContainsFunc(h.view.Referrals, func(r counter.ReferralItem) bool { return r.ID == id }), "who was referred is on the list")
}

// takeReferral takes an encounter from the post's list.
func (h *hand) takeReferral(id border.ID) {
	h.do(http.MethodPost, "/referrals/"+id.String()+"/take", map[string]any{})
}

// decide ends the encounter that is on the screen. Revision, officer and, for who crosses,
// what the person says are filled in.
func (h *hand) decide(s *Specimen, d counter.Decision) border.ID {
	for try := 0; h.err == nil && try < 5; try++ {
		e := h.view.Encounter
		if e == nil {
			h.fail("nobody is on the screen")
			break
		}
		d.Encounter, d.Revision, d.Officer = e.ID, e.Verdict.Revision, h.officer
		full := d
		full.Values = maps.Clone(d.Values)
		if d.Outcome == border.Admitted || d.Outcome == border.Departed {
			full.Values = s.Missing(e)
			maps.Copy(full.Values, d.Values)
		}
		if (d.Outcome == border.Admitted || d.Outcome == border.Departed) && hit(e) {
			full.Second = supervisor // who lets somebody listed pass does not do it alone
		}
		begun := time.Now()
		r, err := h.api.decide(h.ctx, h.name, full)
		var answer *status
		if errors.As(err, &answer) && answer.kind == string(border.Stale) {
			h.look() // the hub has answered meanwhile
			continue
		}
		if h.err = err; err == nil {
			h.day.recorded(r.Crossing, time.Since(begun))
			h.view.Encounter = nil
			return r.Crossing
		}
	}
	return border.ID{}
}

// hit reports whether a verdict refers somebody for a list's entry.
func hit(e *counter.EncounterView) bool {
	return slices.ContainsFunc(e.Verdict.Reasons, func(r verdict.Reason) bool { return r.Outcome == verdict.Hit && r.Level == verdict.Refer })
}

// crosses admits who is on the screen, or lets them depart, in a category. What else is asked
// depends on the answers that are given.
func (h *hand) crosses(s *Specimen, category string, values map[string]string) border.ID {
	if h.err != nil {
		return border.ID{}
	}
	e := h.view.Encounter
	if e == nil {
		h.fail("nobody is on the screen")
		return border.ID{}
	}
	given := maps.Clone(values)
	if given == nil {
		given = make(map[string]string)
	}
	if e.Record.Values["category"] != category {
		given["category"] = category
	}
	if len(given) > 0 {
		h.answer(e.ID, given)
	}
	d := counter.Decision{Outcome: border.Admitted, Values: map[string]string{"category": category}}
	if e.Direction == border.Exit {
		d.Outcome = border.Departed
	}
	return h.decide(s, d)
}

// enter and leave bring somebody through with a document on the reader.
func (h *hand) enter(s Specimen, category string, values map[string]string) border.ID {
	h.head(border.Entry)
	h.scan(s)
	return h.crosses(&s, category, values)
}

func (h *hand) leave(s Specimen, category string, values map[string]string) border.ID {
	h.head(border.Exit)
	h.scan(s)
	return h.crosses(&s, category, values)
}

// turnBack refuses who is on the screen, with a supervisor.
func (h *hand) turnBack(s *Specimen, ground string) border.ID {
	return h.decide(s, counter.Decision{Outcome: border.Refused, Ground: ground, Agreement: counter.Agreement{Second: supervisor}})
}

// change corrects or extends; the answer is a record.
func (h *hand) change(path string, crossing border.ID, in map[string]any) {
	if h.err != nil {
		return
	}
	in["crossing"], in["change"] = crossing, h.day.newID()
	if h.err = h.api.as(h.ctx, h.officer); h.err != nil {
		return
	}
	h.err = h.api.call(h.ctx, http.MethodPost, "/api/v1/counters/"+h.name+path, in, nil)
}
