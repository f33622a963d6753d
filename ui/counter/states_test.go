package counter

import (
	"time"

	"garita/border"
	"garita/border/counter"
	"garita/border/form"
	"garita/border/journal"
	"garita/border/verdict"
	"garita/border/watch"
)

// The states of the screen, each with an invented traveller of Utopia. The golden pages,
// the gallery for the browser test and the screenshots are all made from them.

var noon = time.Date(2026, 11, 22, 17, 4, 5, 0, time.UTC)

func ref(n byte) border.ID {
	return border.ID{0x01, 0x93, 0x52, 0xaa, 0xbb, n, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, n}
}

func status() counter.Status {
	return counter.Status{
		Hub:      border.HubStatus{Connected: true, Since: noon.Add(-3 * time.Hour), LastHeard: noon, Generation: 1},
		Clock:    border.ClockTrust{State: border.ClockSynced},
		Lists:    []counter.ListStatus{{List: "sample", Version: "3", Issued: noon.Add(-50 * time.Hour), AgeS: 50 * 3600, Entries: 12}},
		Storage:  journal.Storage{State: journal.StorageOK, Free: 48 << 30, Total: 64 << 30},
		Scanners: []border.ScannerStatus{{ID: "reader-1", Counter: "1", State: "ready", Since: noon.Add(-time.Hour)}},
		Today:    counter.Today{Entries: 41, Exits: 7, Other: 2}, SoftKeys: true, Now: noon, Zone: "America/Panama", Demo: true,
	}
}

func traveller() counter.DocumentView {
	return counter.DocumentView{
		Format: "TD3", DocumentCode: "P", IssuingState: "UTO", DocumentNumber: "L898902C3", Surname: "ERIKSSON", GivenNames: "ANNA MARIA",
		Nationality: "UTO", BirthDate: "1974-08-12", Sex: "F", ExpiryDate: "2032-04-15",
		Lines: []string{"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F3204156<<<<<<<<<<<<<<08"},
	}
}

func reason(c verdict.Check, o verdict.Outcome, why string, l verdict.Level) verdict.Reason {
	return verdict.Reason{Result: verdict.Result{Check: c, Outcome: o, Reason: why}, Level: l}
}

func reasons(change ...verdict.Reason) []verdict.Reason {
	past := []border.PastCrossing{
		{Crossing: ref(90), Station: "PCA-1", Post: "PCA", OccurredAt: noon.Add(-40 * 24 * time.Hour), Direction: "exit", Outcome: "departed", ClockState: "synced"},
		{Crossing: ref(91), Station: "PCA-1", Post: "PCA", OccurredAt: noon.Add(-52 * 24 * time.Hour), Direction: "entry", Outcome: "admitted", ClockState: "untrusted"},
	}
	out := []verdict.Reason{
		reason(verdict.MRZ, verdict.Clear, "", verdict.Proceed), reason(verdict.Expiry, verdict.Clear, "", verdict.Proceed),
		reason(verdict.DocumentList, verdict.Clear, "", verdict.Proceed), reason(verdict.NameList, verdict.Clear, "", verdict.Proceed),
		{Result: verdict.Result{Check: verdict.HistoryHere, Outcome: verdict.Clear, Past: past}, Level: verdict.Proceed},
		reason(verdict.HistoryElsewhere, verdict.Clear, "", verdict.Proceed), reason(verdict.Stay, verdict.Clear, "", verdict.Proceed),
		reason(verdict.Chip, verdict.NotChecked, verdict.ReasonNotAvailable, verdict.Proceed),
		reason(verdict.Fingerprint, verdict.NotChecked, verdict.ReasonNotAvailable, verdict.Proceed),
		reason(verdict.Interpol, verdict.NotChecked, verdict.ReasonNotAvailable, verdict.Proceed),
		reason(verdict.Visa, verdict.NotChecked, verdict.ReasonNotAvailable, verdict.Proceed),
	}
	for _, c := range change {
		for i := range out {
			if out[i].Check == c.Check {
				out[i] = c
			}
		}
	}
	return out
}

func encounter(level verdict.Level, change ...verdict.Reason) *counter.EncounterView {
	return &counter.EncounterView{
		ID: ref(1), OpenedAt: noon, Source: border.SourceReader, Durable: true, Document: traveller(),
		Verdict:  verdict.Verdict{Revision: 2, Level: level, Reasons: reasons(change...)},
		Identity: border.IdentityRead, Direction: border.Entry, Age: 52, Record: national(),
		History: counter.History{Stays: []counter.PastStay{pastStay()}},
	}
}

// pastStay is a stay of some weeks ago, by a clock that could not be trusted at its beginning.
func pastStay() counter.PastStay {
	return counter.PastStay{
		Entry: &border.PastCrossing{Crossing: ref(91), Station: "PCA-1", Post: "PCA", OccurredAt: noon.Add(-52 * 24 * time.Hour), Direction: "entry", Outcome: "admitted", ClockState: "untrusted", LocalDate: "2026-10-01"},
		Exit:  &border.PastCrossing{Crossing: ref(90), Station: "PCA-1", Post: "PCA", OccurredAt: noon.Add(-40 * 24 * time.Hour), Direction: "exit", Outcome: "departed", ClockState: "synced", LocalDate: "2026-10-13"},
		Days:  13, DaysGranted: 90, PermittedUntil: "2026-12-29",
	}
}

// filled is the form of Utopia with these facts and values, the defaults filled in.
func filled(facts form.Facts, entered map[string]string, known ...string) counter.RecordView {
	f := form.Default()
	r := counter.RecordView{Form: f.Version(), Values: map[string]string{}, Origins: map[string]string{}, Problems: []form.Problem{}}
	for k, v := range entered {
		r.Values[k], r.Origins[k] = v, "entered"
	}
	for _, k := range known {
		r.Origins[k] = "known"
	}
	for _, field := range f.Fields(facts, r.Values) {
		if r.Values[field.Name] == "" && field.Default != "" {
			r.Values[field.Name], r.Origins[field.Name] = field.Default, "default"
		}
	}
	r.Fields = f.Fields(facts, r.Values)
	if _, problems := f.Check(facts, r.Values); problems != nil {
		r.Problems = problems
	}
	return r
}

// openHit is an entry that the traveller could be.
func openHit() counter.HitView {
	return counter.HitView{Check: verdict.NameList, Handling: watch.Open, List: "sample", Entry: "sample/S-004", Score: 0.91, Action: "detain",
		Owner: "National police, duty desk, extension 12", Names: []watch.Name{{Surname: "ERICSON", GivenNames: "ANA MARIA", Quality: watch.Primary},
			{Full: "Annika the Painter", Quality: watch.Low}}, BirthDates: []string{"1974-08-21"}, Sex: "F", Nationalities: []string{"UTO"},
		Photo: "UTO-2024-004", LegalBasis: "Court order 12/2024", Purpose: "arrest",
		Fields: []watch.Evidence{{Field: "name", Level: "spelling", Weight: 7.1, Asked: "ERIKSSON ANNA MARIA", Listed: "ERICSON ANA MARIA"},
			{Field: "birth_date", Level: "same_year", Weight: 0.4, Asked: "1974-08-12", Listed: "1974-08-21"}, {Field: "sex", Level: "same", Weight: 0.3, Listed: "F"}}}
}

func national() counter.RecordView {
	return filled(form.Facts{Direction: border.Entry, Nationality: "UTO", Age: 52, Identity: border.IdentityRead}, nil)
}

// ruritanian turns an encounter into that of a visitor from the invented neighbour.
func ruritanian(e *counter.EncounterView, entered map[string]string, known ...string) {
	e.Document.Nationality, e.Document.IssuingState, e.Refusable = "QRU", "QRU", true
	e.Document.Lines = []string{"P<QRUERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36QRU7408122F3204156<<<<<<<<<<<<<<04"}
	e.Record = filled(form.Facts{Direction: e.Direction, Nationality: "QRU", Age: 52, Identity: border.IdentityRead}, entered, known...)
}

// bus is a group of twelve: seven through, three ready, one to be looked at, one minor.
func bus() *counter.GroupView {
	g := &counter.GroupView{ID: ref(60), Kind: "bus", Direction: border.Entry, Shared: map[string]string{"purpose": "holiday", "transport_mode": "road_bus", "plate": "Q-4711"},
		Ready: []border.ID{}, Listed: []counter.ListedView{}, Members: []counter.MemberView{}}
	g.Fields = form.Default().Fields(form.Facts{Direction: border.Entry, Age: -1, Group: "bus"}, g.Shared)
	names := []string{"ALDERETE", "BRUNSWICK", "CASTELO", "DUMITRU", "ELPHBERG", "FLAVIA", "GROSSMANN", "HENTZAU", "KRAFSTEIN", "LAUENGRAM", "SAPT", "TARLENHEIM"}
	for i, name := range names {
		m := counter.MemberView{ID: ref(byte(20 + i)), Surname: name, GivenNames: "RUDOLF", Level: verdict.Proceed, Revision: 2, Age: 31 + i, Row: i + 1, Missing: []form.Problem{}}
		state := "here"
		switch {
		case i < 7:
			m.Outcome, state = border.Admitted, "through"
		case i < 10:
			g.Ready = append(g.Ready, m.ID)
		case i == 10:
			m.Level = verdict.Refer
		default:
			adult := ref(20)
			m.Age, m.Minor, m.Responsible = 9, true, &adult
			m.Missing = []form.Problem{{Field: "address", Message: "Address in the country is missing.", Why: form.Missing, Args: []string{"Address in the country"}}}
		}
		g.Members = append(g.Members, m)
		g.Listed = append(g.Listed, counter.ListedView{Row: i + 1, Surname: name, GivenNames: "RUDOLF", Role: "passenger", State: state})
	}
	g.Listed = append(g.Listed, counter.ListedView{Row: 13, Surname: "ZENDA", GivenNames: "ANTOINETTE", Role: "crew", State: "expected"})
	return g
}

func referrals() []counter.ReferralItem {
	return []counter.ReferralItem{
		{QueueItem: counter.QueueItem{ID: ref(70), Surname: "RASSENDYLL", GivenNames: "RUDOLF", Level: verdict.Look}, Reason: "document", By: "R. Quintero", At: noon.Add(-40 * time.Minute), Direction: border.Entry},
		{QueueItem: counter.QueueItem{ID: ref(71), Surname: "MAUBAN", GivenNames: "ANTOINETTE", Level: verdict.Refer}, Reason: "hit", By: "S. Batista", At: noon.Add(-26 * time.Hour), Direction: border.Exit},
	}
}

func shiftReport() counter.ShiftReport {
	return counter.ShiftReport{ID: ref(50).String(), OpenedAt: noon.Add(-6 * time.Hour), OpenedBy: "R. Quintero", Open: []border.ID{ref(70), ref(77)}, Awaiting: 1, By: []string{"R. Quintero", "S. Batista"},
		Counts: []border.Count{
			{Type: border.TypeCrossingRecorded, Counter: "1", Direction: "entry", Category: "visitor", Outcome: "admitted", N: 41},
			{Type: border.TypeCrossingRecorded, Counter: "1", Direction: "entry", Category: "visitor", Outcome: "refused", N: 2},
			{Type: border.TypeCrossingCorrected, Counter: "1", Direction: "entry", Category: "visitor", Outcome: "admitted", N: 1},
			{Type: border.TypeEncounterReferred, Counter: "2", Direction: "exit", N: 1},
		}}
}

// standing is a recorded crossing of a visitor, for the correction dialog.
func standing() counter.Standing {
	facts := form.Facts{Direction: border.Entry, Nationality: "QRU", Age: 40, Category: "visitor", Identity: border.IdentityRead}
	values := map[string]string{"category": "visitor", "purpose": "holiday", "residence": "QRU", "days_granted": "90", "legal_basis": "visa_free", "address": "Hotel Amaurot"}
	return counter.Standing{Crossing: ref(80), Direction: border.Entry, Outcome: border.Admitted, LocalDate: "2026-11-22", Identity: border.IdentityRead,
		Document: traveller(), Fields: form.Default().Fields(facts, values), Values: values}
}

func notice() counter.Notice {
	return counter.Notice{Crossing: ref(80), Post: "PCA", OccurredAt: noon, LocalDate: "2026-11-22", Zone: "America/Panama", Outcome: border.Refused,
		Ground: "purpose", GroundLabel: "Purpose or conditions of stay not shown", Surname: "ROSSI", GivenNames: "MARIO", BirthDate: "1980-XX-XX",
		Nationality: "QRU", Document: "P QRU X1234567", Officer: "1041", Supervisor: "2007", Country: "UTO"}
}

func view(c border.CounterID) counter.View {
	return counter.View{Holder: &counter.Holder{Badge: "1041", Name: "R. Quintero", Since: noon.Add(-5 * time.Hour)},
		Shift:   &counter.ShiftView{ID: ref(50).String(), OpenedAt: noon.Add(-6 * time.Hour), OpenedBy: "R. Quintero"},
		Counter: c, Revision: 7, Direction: border.Entry, Queue: []counter.QueueItem{}, Status: status(),
		Last: &counter.LastRecorded{Crossing: ref(80), Surname: "ROSSI", GivenNames: "MARIO", Outcome: border.Admitted, Direction: border.Entry, RecordedAt: noon.Add(-90 * time.Second)}}
}

// states gives every state of the screen a name; the name is also its counter's.
func states() map[border.CounterID]counter.View {
	all := map[border.CounterID]counter.View{}
	add := func(c border.CounterID, change func(v *counter.View)) {
		v := view(c)
		change(&v)
		all[c] = v
	}
	add("WAITING", func(v *counter.View) {})
	add("FRESH", func(v *counter.View) {
		v.Last, v.Status.Today, v.Holder, v.Shift = nil, counter.Today{}, nil, nil
		v.Status.Hub, v.Status.Clock = border.HubStatus{}, border.ClockTrust{State: border.ClockHoldover}
		v.Status.Lists, v.Status.Scanners, v.Status.SoftKeys, v.Status.Demo = nil, nil, false, false
	})
	add("PROCEED", func(v *counter.View) { v.Encounter = encounter(verdict.Proceed) })
	add("LOOK-EXIT", func(v *counter.View) {
		v.Direction = border.Exit
		v.Encounter = encounter(verdict.Look, reason(verdict.HistoryHere, verdict.Hit, verdict.ReasonNotInside, verdict.Look),
			reason(verdict.HistoryElsewhere, verdict.NotChecked, verdict.ReasonPending, verdict.Proceed))
		v.Queue = []counter.QueueItem{
			{ID: ref(2), Surname: "MÜLLER", GivenNames: "JÖRG", Level: verdict.Proceed},
			{ID: ref(3), Surname: "حداد", GivenNames: "ليلى", Level: verdict.Refer, Restored: true},
		}
	})
	add("REFER", func(v *counter.View) {
		listed := reason(verdict.NameList, verdict.Hit, verdict.ReasonListed, verdict.Refer)
		listed.Hits = []string{"sample/S-004"}
		digits := reason(verdict.MRZ, verdict.Wrong, verdict.ReasonDigits, verdict.Refer)
		digits.Fields = []string{"document_number", "composite"}
		v.Encounter = encounter(verdict.Refer, listed, digits, reason(verdict.Expiry, verdict.Wrong, verdict.ReasonExpired, verdict.Refer))
		d := &v.Encounter.Document
		d.DocumentNumber, d.ExpiryDate = "L8989O2C3", "2024-04-15"
		d.Wrong = []string{"document_number", "composite"}
		d.Proposals = []counter.Proposal{{Field: "document_number", Original: "L8989O2C3", Proposed: "L898902C3"}}
		d.Nationality, d.Warnings = "QQQ", []string{"unknown_state nationality", "ocr_corrected birth_date"}
		d.IssuingState, d.NamesTruncated, d.OptionalData = "XXA", true, "ZE184226B"
	})
	add("KEYED-OFFLINE", func(v *counter.View) {
		v.Encounter = encounter(verdict.Look,
			reason(verdict.HistoryElsewhere, verdict.NotChecked, verdict.ReasonHub, verdict.Proceed),
			reason(verdict.NameList, verdict.Stale, "", verdict.Look), reason(verdict.DocumentList, verdict.NotChecked, verdict.ReasonNoList, verdict.Look),
			reason(verdict.Expiry, verdict.NotChecked, verdict.ReasonClock, verdict.Look))
		v.Encounter.Source, v.Encounter.Durable, v.Encounter.Restored = border.SourceKeyed, false, true
		v.Encounter.Document.BirthDate, v.Encounter.Document.Sex = "1974-XX-XX", "X"
		v.Status.Hub = border.HubStatus{Since: noon.Add(-26 * time.Hour), Backlog: 1204}
		v.Status.Clock = border.ClockTrust{State: border.ClockUntrusted, Reason: "jumped"}
		v.Status.Lists[0].Stale = true
		v.Status.Storage = journal.Storage{State: journal.StorageReserve, Reason: "The disk is full."}
		v.Status.Scanners = []border.ScannerStatus{
			{ID: "reader-1", Counter: "1", State: "failed", Reason: "It does not answer. Unplug it and plug it in again."},
			{ID: "reader-9", State: "ready"},
		}
	})
	add("VISITOR", func(v *counter.View) {
		v.Encounter = encounter(verdict.Proceed)
		v.Encounter.History = counter.History{}
		ruritanian(v.Encounter, nil)
	})
	add("RETURNING", func(v *counter.View) {
		v.Encounter = encounter(verdict.Proceed)
		ruritanian(v.Encounter, map[string]string{"address": "Hotel Amaurot, Amaurot", "birth_country": "QRU", "intended_days": "7"}, "address", "birth_country", "intended_days")
		v.Encounter.History.LastRefusal = &border.PastCrossing{Crossing: ref(92), Post: "PCA", OccurredAt: noon.Add(-6 * time.Hour), Direction: "entry", Outcome: "refused", Ground: "purpose"}
		previous := ref(92)
		v.Encounter.Previous = &previous
		v.Last.Outcome = border.Refused
	})
	add("LEAVING", func(v *counter.View) {
		v.Direction = border.Exit
		v.Encounter = encounter(verdict.Look, reason(verdict.Stay, verdict.Hit, verdict.ReasonOverstayed, verdict.Look))
		v.Encounter.Direction = border.Exit
		ruritanian(v.Encounter, nil)
		open := pastStay()
		open.Exit, open.Days, open.DaysGranted, open.Overstayed, open.PermittedUntil = nil, 53, 50, 3, "2026-11-19"
		v.Encounter.History = counter.History{Stays: []counter.PastStay{open}, DaysUsed: 53, DaysGranted: 50, PermittedUntil: "2026-11-19",
			SamePerson: []border.PastCrossing{{Crossing: ref(93), Post: "TOC", OccurredAt: noon.Add(-60 * 24 * time.Hour), Direction: "entry", Outcome: "admitted", LocalDate: "2026-09-23"}}}
	})
	add("KEYED-CHILD", func(v *counter.View) {
		v.Encounter = encounter(verdict.Look, reason(verdict.MRZ, verdict.NotChecked, verdict.ReasonNoMRZ, verdict.Look))
		e := v.Encounter
		e.Identity, e.Source, e.Age, e.Minor, e.Protected, e.From = border.IdentityKeyed, border.SourceKeyed, 9, true, true, "S. Batista"
		e.Document = counter.DocumentView{Kind: "birth_certificate", DocumentNumber: "B-77", IssuingState: "QRU", Surname: "ELPHBERG", GivenNames: "OSRA", Nationality: "QRU", BirthDate: "2017-03-XX", Sex: "F"}
		e.Documents = []counter.DocumentView{{Kind: "lost_document_report", DocumentNumber: "17/26", IssuingState: "UTO"}}
		e.Record = filled(form.Facts{Direction: border.Entry, Nationality: "QRU", Age: 9, Identity: border.IdentityKeyed}, nil)
		e.Paper = &counter.Paper{Sheet: "A-0017", CrossedAt: noon.Add(-20 * time.Hour)}
		e.History = counter.History{}
	})
	add("GROUP", func(v *counter.View) { v.Group = bus() })
	add("GROUP-MEMBER", func(v *counter.View) {
		v.Group = bus()
		v.Encounter = encounter(verdict.Refer, reason(verdict.Expiry, verdict.Wrong, verdict.ReasonExpired, verdict.Refer))
		v.Encounter.ID = ref(30)
		ruritanian(v.Encounter, map[string]string{"purpose": "holiday"})
	})
	add("HIT-OPEN", func(v *counter.View) {
		listed := reason(verdict.NameList, verdict.Hit, verdict.ReasonListed, verdict.Refer)
		listed.Hits = []string{"sample/S-004"}
		v.Encounter = encounter(verdict.Refer, listed)
		v.Encounter.Hits = []counter.HitView{openHit()}
	})
	add("HIT-REFER", func(v *counter.View) {
		v.Holder = &counter.Holder{Badge: "17", Name: "Officer Seventeen", Language: "es", Since: noon.Add(-time.Hour)}
		v.Encounter = encounter(verdict.Refer, reason(verdict.NameList, verdict.Hit, verdict.ReasonListed, verdict.Refer),
			reason(verdict.DocumentList, verdict.Hit, verdict.ReasonUnconfirmed, verdict.Refer))
		v.Encounter.Hits = []counter.HitView{
			{Check: verdict.NameList, Handling: watch.Refer, List: "national", Action: "refer", Owner: "National police, duty desk, extension 12",
				Instruction: map[string]string{"es": "Acompañe a la persona a la segunda inspección. No diga por qué.", "en": "Take the person to secondary inspection. Do not say why."}},
			{Check: verdict.DocumentList, Handling: watch.Open, List: "national", Unconfirmed: true}}
	})
	add("LATE-HIT", func(v *counter.View) {
		v.LateHits = []counter.LateHit{
			{ID: ref(70), Handling: watch.Refer, Since: noon.Add(-2 * time.Minute), Urgent: true, Action: "refer", Crossing: ref(71), Post: "PCA",
				At: noon.Add(-26 * time.Hour), Direction: "entry", Surname: "ERIKSSON", GivenNames: "ANNA MARIA", BirthDate: "1974-08-12", Nationality: "UTO", IssuingState: "UTO", DocumentNumber: "L898902C3"},
			{ID: ref(72), Expected: true, Handling: watch.Open, Since: noon.Add(-time.Minute), Entry: "sample/S-004", Owner: "National police, duty desk", Action: "detain", Crossing: ref(73), Post: "DAR",
				At: noon.Add(-50 * time.Hour), Direction: "entry", Surname: "VELORIN", GivenNames: "QUISA", BirthDate: "1985-03-12", Nationality: "QRU", IssuingState: "QRU", DocumentNumber: "UB7654321"},
			{ID: ref(74), Handling: watch.Refer, Since: noon}, // does not open here
		}
	})
	add("REFERRALS", func(v *counter.View) { v.Referrals = referrals() })
	add("PORTRAIT", portrayed)
	add("AFTER-RESTART", func(v *counter.View) {
		v.Last.AfterRestart = true
		v.Queue = []counter.QueueItem{{ID: ref(2), Surname: "ERIKSSON", GivenNames: "ANNA MARIA", Level: verdict.Proceed, Restored: true}}
	})
	fingers := func(v *counter.View, asked []counter.FingerView, next border.FingerPosition, now *counter.CaptureView) {
		v.Status.Scanners = append(v.Status.Scanners, border.ScannerStatus{ID: "finger-1", Counter: "1", Kind: "fingerprint", State: "ready"})
		v.Encounter = encounter(verdict.Proceed)
		ruritanian(v.Encounter, nil)
		v.Encounter.Fingers = &counter.FingersView{Asked: asked, Next: next, Capture: now}
	}
	index := counter.FingerView{Position: 2, Reason: "enrolment", Attempts: 1, Taken: true, Finq: 81}
	add("FINGERS", func(v *counter.View) { fingers(v, nil, 2, nil) })
	add("FINGERS-PLACE", func(v *counter.View) {
		fingers(v, []counter.FingerView{index}, 1, &counter.CaptureView{Position: 1, State: counter.CapturePlace, Attempt: 2, Attempts: 3, Finq: 31, Problem: "too_high"})
	})
	add("FINGERS-KEPT", func(v *counter.View) {
		fingers(v, []counter.FingerView{index, {Position: 1, Reason: "enrolment", Attempts: 3, Taken: true, Finq: 44},
			{Position: 3, Reason: "doubt", Code: "bandage"}, {Position: 4, Reason: "doubt", Attempts: 3}}, 7,
			&counter.CaptureView{Position: 1, State: counter.CaptureKept, Attempt: 3, Attempts: 3, Finq: 44, Problem: "too_dry"})
	})
	add("FINGERS-FLAGGED", func(v *counter.View) {
		fingers(v, []counter.FingerView{{Position: 2, Reason: "enrolment", Attempts: 2, Taken: true, Finq: 81, Liveness: border.LivenessAttack},
			{Position: 1, Reason: "enrolment"}}, 3,
			&counter.CaptureView{Position: 2, State: counter.CaptureKept, Attempt: 2, Attempts: 3, Finq: 81, Liveness: border.LivenessAttack})
	})
	add("FINGERS-FAILED", func(v *counter.View) {
		fingers(v, nil, 2, &counter.CaptureView{Position: 2, State: counter.CaptureFailed, Attempt: 1, Attempts: 3, Message: "The scanner was unplugged. Plug it in again, then ask again."})
	})
	add("FINGERS-DEGRADED", func(v *counter.View) {
		v.Status.Degraded = &counter.Degraded{Since: noon.Add(-time.Hour), Until: noon.Add(3 * time.Hour), Reason: "device", By: "S. Batista"}
		fingers(v, []counter.FingerView{{Position: 2, Reason: "enrolment", Code: "degraded"}}, 1, nil)
	})
	add("NOTICE", func(v *counter.View) {
		v.Notice = "The reader found no machine readable zone. Present the document again."
		v.Last.Surname = ""
		v.Status.Storage = journal.Storage{State: journal.StorageLow, Reason: "Soon full."}
		v.Status.Scanners[0].State = "initialising"
		v.Status.Clock = border.ClockTrust{State: border.ClockHoldover, AgeS: 7200}
	})
	return all
}
