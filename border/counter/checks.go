package counter

import (
	"context"
	"strings"
	"time"

	"garita/border"
	"garita/border/mrz"
	"garita/border/verdict"
)

// historyLimit is how many earlier crossings a check looks at.
const historyLimit = 5

// check puts all local checks to an encounter. It waits for the disk, never for the network.
func (s *Service) check(ctx context.Context, e *encounter) {
	e.findings = findings{results: make(map[verdict.Check]verdict.Result, len(verdict.All))}
	set := func(r verdict.Result) { e.results[r.Check] = r }

	set(checkDigits(e))
	set(s.checkExpiry(e))
	for _, c := range []verdict.Check{verdict.Chip, verdict.Fingerprint, verdict.Visa} {
		set(verdict.Result{Check: c, Outcome: verdict.NotChecked, Reason: verdict.ReasonNotAvailable})
	}
	for _, w := range e.papers() {
		if w.number() {
			e.blinds = append(e.blinds, s.cfg.Blinder.Document(w.doc.IssuingState, w.doc.DocumentNumber))
		}
	}
	s.askLists(e)
	if b, ok := person(s.cfg.Blinder, e.doc.Surname, e.doc.GivenNames, e.doc.BirthDate); ok {
		e.person = &b
	}
	set(s.checkHere(ctx, e))
}

// papers lists the documents of an encounter, the leading one first.
func (e *encounter) papers() []*paperwork {
	all := []*paperwork{&e.paperwork}
	for i := range e.more {
		all = append(all, &e.more[i])
	}
	return all
}

// checkDigits looks at the printed check digits of all documents, and at dates that are none.
func checkDigits(e *encounter) verdict.Result {
	r := verdict.Result{Check: verdict.MRZ, Outcome: verdict.NotChecked, Reason: verdict.ReasonNoMRZ}
	var broken []string
	for _, w := range e.papers() {
		if w.doc.Format == "" {
			continue
		}
		if r.Outcome == verdict.NotChecked {
			r.Outcome, r.Reason = verdict.Clear, ""
		}
		r.Fields = append(r.Fields, wrongFields(w.doc)...)
		for _, f := range []mrz.Field{mrz.BirthDate, mrz.ExpiryDate} {
			if w.doc.Has(mrz.InvalidDate, f) {
				broken = append(broken, f.String())
			}
		}
	}
	switch {
	case len(r.Fields) > 0:
		r.Outcome, r.Reason = verdict.Wrong, verdict.ReasonDigits
	case len(broken) > 0:
		r.Outcome, r.Reason, r.Fields = verdict.Wrong, verdict.ReasonUnreadable, broken
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

// checkExpiry compares the leading document's date of expiry with the calendar day at the post.
func (s *Service) checkExpiry(e *encounter) verdict.Result {
	d, r := e.doc, verdict.Result{Check: verdict.Expiry, Outcome: verdict.NotChecked}
	last, ok := lastDay(d.ExpiryDate)
	now := s.cfg.Clock.Now()
	if e.paper != nil {
		now = e.paper.CrossedAt
	}
	switch {
	case d.Format == "" && d.ExpiryDate == "":
		r.Reason = verdict.ReasonNotPrinted
	case d.Format == mrz.FRAID:
		r.Reason = verdict.ReasonNotPrinted
	case !ok || d.Checks.ExpiryDate == mrz.Wrong:
		r.Reason = verdict.ReasonUnreadable
	case e.paper == nil && s.cfg.Clock.Trust().State == border.ClockUntrusted:
		r.Reason = verdict.ReasonClock
	case now.In(s.cfg.Zone).Format(time.DateOnly) > last:
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
