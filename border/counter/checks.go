package counter

import (
	"context"
	"slices"
	"strings"
	"time"

	"garita/border"
	"garita/border/mrz"
	"garita/border/verdict"
	"garita/border/watch"
)

// historyLimit is how many earlier crossings a check looks at.
const historyLimit = 5

// check puts all local checks to a document. It waits for the disk, never for the network.
func (s *Service) check(ctx context.Context, e *encounter) {
	e.results = make(map[verdict.Check]verdict.Result, len(verdict.All))
	e.lists, e.silent, e.here, e.blind = nil, nil, nil, nil
	set := func(r verdict.Result) { e.results[r.Check] = r }

	set(checkDigits(e.doc))
	set(s.checkExpiry(e.doc))
	s.checkLists(e)
	for _, c := range []verdict.Check{verdict.Chip, verdict.Fingerprint, verdict.Interpol, verdict.Visa} {
		set(verdict.Result{Check: c, Outcome: verdict.NotChecked, Reason: verdict.ReasonNotAvailable})
	}
	if e.doc.DocumentNumber == "" {
		set(verdict.Result{Check: verdict.HistoryHere, Outcome: verdict.NotChecked, Reason: verdict.ReasonUnreadable})
		set(verdict.Result{Check: verdict.HistoryElsewhere, Outcome: verdict.NotChecked, Reason: verdict.ReasonUnreadable})
		return
	}
	blind := s.cfg.Blinder.Document(e.doc.IssuingState, e.doc.DocumentNumber)
	e.blind = &blind
	set(s.checkHere(ctx, e))
}

// checkDigits looks at the printed check digits and at dates that are none.
func checkDigits(d *mrz.Document) verdict.Result {
	r := verdict.Result{Check: verdict.MRZ, Outcome: verdict.Clear}
	if r.Fields = wrongFields(d); len(r.Fields) > 0 {
		r.Outcome, r.Reason = verdict.Wrong, verdict.ReasonDigits
		return r
	}
	for _, f := range []mrz.Field{mrz.BirthDate, mrz.ExpiryDate} {
		if d.Has(mrz.InvalidDate, f) {
			r.Fields = append(r.Fields, f.String())
			r.Outcome, r.Reason = verdict.Wrong, verdict.ReasonUnreadable
		}
	}
	return r
}

// wrongFields names the fields whose check digit does not fit.
func wrongFields(d *mrz.Document) []string {
	var out []string
	for _, c := range []struct {
		name  string
		check mrz.Check
	}{{"document_number", d.Checks.DocumentNumber}, {"birth_date", d.Checks.BirthDate}, {"expiry_date", d.Checks.ExpiryDate},
		{"optional_data", d.Checks.OptionalData}, {"composite", d.Checks.Composite}} {
		if c.check == mrz.Wrong {
			out = append(out, c.name)
		}
	}
	return out
}

// checkExpiry compares the date of expiry with the calendar day at the post.
func (s *Service) checkExpiry(d *mrz.Document) verdict.Result {
	r := verdict.Result{Check: verdict.Expiry, Outcome: verdict.NotChecked}
	last, ok := lastDay(d.ExpiryDate)
	switch {
	case d.Format == mrz.FRAID:
		r.Reason = verdict.ReasonNotPrinted
	case !ok || d.Checks.ExpiryDate == mrz.Wrong:
		r.Reason = verdict.ReasonUnreadable
	case s.cfg.Clock.Trust().State == border.ClockUntrusted:
		r.Reason = verdict.ReasonClock
	case s.cfg.Clock.Now().In(s.cfg.Zone).Format(time.DateOnly) > last:
		r.Outcome, r.Reason = verdict.Wrong, verdict.ReasonExpired
	default:
		r.Outcome = verdict.Clear
	}
	return r
}

// lastDay returns the last day that an EDTF date with unknown month or day can be.
func lastDay(edtf string) (string, bool) {
	if len(edtf) != len(time.DateOnly) || strings.Contains(edtf[:4], "X") {
		return "", false
	}
	if !strings.Contains(edtf, "X") {
		return edtf, true
	}
	if edtf[5:7] == "XX" {
		return edtf[:4] + "-12-31", true
	}
	first, err := time.Parse(time.DateOnly, edtf[:8]+"01")
	if err != nil {
		return "", false
	}
	return first.AddDate(0, 1, -1).Format(time.DateOnly), true
}

// checkLists asks every list about the number and the name. Silent hits leave no mark in
// the results.
func (s *Service) checkLists(e *encounter) {
	now, trusted := s.cfg.Clock.Now(), s.cfg.Clock.Trust().State != border.ClockUntrusted
	doc := verdict.Result{Check: verdict.DocumentList, Outcome: verdict.Clear}
	name := verdict.Result{Check: verdict.NameList, Outcome: verdict.Clear}
	if e.doc.DocumentNumber == "" {
		doc.Outcome, doc.Reason = verdict.NotChecked, verdict.ReasonUnreadable
	}
	if e.doc.Surname == "" && e.doc.GivenNames == "" {
		name.Outcome, name.Reason = verdict.NotChecked, verdict.ReasonUnreadable
	}
	if len(s.cfg.Lists) == 0 {
		doc.Outcome, doc.Reason = verdict.NotChecked, verdict.ReasonNoList
		name.Outcome, name.Reason = verdict.NotChecked, verdict.ReasonNoList
	}
	for _, l := range s.cfg.Lists {
		age := max(0, int64(now.Sub(l.Issued).Seconds())) // a clock behind says nothing of age
		e.lists = append(e.lists, border.ListVersion{List: l.Title, Version: l.Version, AgeS: age})
		for _, r := range []*verdict.Result{&doc, &name} {
			r.AgeS = max(r.AgeS, age)
			if r.Reason == verdict.ReasonUnreadable {
				continue // there was nothing to ask the list about
			}
			if !trusted {
				r.Outcome, r.Reason = verdict.Stale, verdict.ReasonClock
			} else if l.MaxAge > 0 && now.Sub(l.Issued) > l.MaxAge {
				r.Outcome = verdict.Stale
			}
		}
	}
	for _, l := range s.cfg.Lists {
		e.addHits(&doc, l.Document(e.doc.IssuingState, e.doc.DocumentNumber))
		e.addHits(&name, l.Name(e.doc.Surname, e.doc.GivenNames, e.doc.BirthDate))
	}
	e.results[doc.Check], e.results[name.Check] = doc, name
}

func (e *encounter) addHits(r *verdict.Result, hits []watch.Hit) {
	for _, h := range hits {
		if h.Handling == watch.Silent {
			if !slices.Contains(e.silent, h.Entry) {
				e.silent = append(e.silent, h.Entry)
			}
			continue
		}
		r.Outcome, r.Reason = verdict.Hit, verdict.ReasonListed
		if !slices.Contains(r.Hits, h.Entry) {
			r.Hits = append(r.Hits, h.Entry)
		}
	}
}

// checkHere reads the document's last crossings at this station.
func (s *Service) checkHere(ctx context.Context, e *encounter) verdict.Result {
	r := verdict.Result{Check: verdict.HistoryHere, Outcome: verdict.Clear}
	events, err := s.cfg.Journal.Document(ctx, *e.blind, historyLimit)
	if err != nil {
		s.cfg.Log.Error("counter: the document's history could not be read", "error", err)
		r.Outcome, r.Reason = verdict.NotChecked, verdict.ReasonFailed
		return r
	}
	for i := range events {
		h, err := events[i].ReadHeader()
		if err != nil || h.Crossing == nil {
			continue
		}
		e.here = append(e.here, border.PastCrossing{Crossing: *h.Crossing, Station: h.Station, Post: h.Post,
			OccurredAt: h.OccurredAt, Direction: h.Direction, Outcome: h.Outcome, ClockState: string(h.Clock.State)})
	}
	r.Past = e.here
	return r
}

// judgeHistory says what the last crossing means for this one. The newest crossing of
// both sources counts; it is a finding of the source that holds it.
func (e *encounter) judgeHistory(direction string) {
	here, elsewhere := e.results[verdict.HistoryHere], e.results[verdict.HistoryElsewhere]
	if here.Outcome == verdict.Hit { // of the direction before
		here.Outcome, here.Reason = verdict.Clear, ""
	}
	switch {
	case e.blind == nil: // check has said why
	case e.heard:
		elsewhere = verdict.Result{Check: verdict.HistoryElsewhere, Outcome: verdict.Clear, Past: e.elsewhere}
	case e.hubMissed:
		elsewhere = verdict.Result{Check: verdict.HistoryElsewhere, Outcome: verdict.NotChecked, Reason: verdict.ReasonHub}
	default:
		elsewhere = verdict.Result{Check: verdict.HistoryElsewhere, Outcome: verdict.NotChecked, Reason: verdict.ReasonPending}
	}
	last, r := newest(e.here), &here
	if other := newest(e.elsewhere); e.heard && other != nil && (last == nil || other.OccurredAt.After(last.OccurredAt)) {
		last, r = other, &elsewhere
	}
	if reason := finding(last, direction); reason != "" {
		r.Outcome, r.Reason = verdict.Hit, reason
	}
	e.results[verdict.HistoryHere], e.results[verdict.HistoryElsewhere] = here, elsewhere
}

// newest returns the latest crossing whose time can be believed.
func newest(past []border.PastCrossing) *border.PastCrossing {
	var last *border.PastCrossing
	for i := range past {
		c := &past[i]
		if c.ClockState != string(border.ClockUntrusted) && (last == nil || c.OccurredAt.After(last.OccurredAt)) {
			last = c
		}
	}
	return last
}

// finding compares the last crossing with the direction of this one.
func finding(last *border.PastCrossing, direction string) string {
	if last == nil {
		return ""
	}
	switch o := border.Outcome(last.Outcome); {
	case o == border.Refused || o == border.DeparturePrevented:
		return verdict.ReasonRefused
	case o == border.Admitted && direction == border.Entry:
		return verdict.ReasonInside
	case o == border.Departed && direction == border.Exit:
		return verdict.ReasonNotInside
	}
	return ""
}
