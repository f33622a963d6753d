package counter

import (
	"time"

	"garita/border"
	"garita/border/counter"
	"garita/border/journal"
	"garita/border/verdict"
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
		reason(verdict.HistoryElsewhere, verdict.Clear, "", verdict.Proceed),
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
		Verdict: verdict.Verdict{Revision: 2, Level: level, Reasons: reasons(change...)},
	}
}

func view(c border.CounterID) counter.View {
	return counter.View{Counter: c, Revision: 7, Direction: border.Entry, Queue: []counter.QueueItem{}, Status: status(),
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
		v.Last, v.Status.Today = nil, counter.Today{}
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
		d.Warnings = []string{"unknown_state nationality", "ocr_corrected birth_date"}
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
		v.Status.Storage = journal.Storage{State: journal.StorageReserve, Reason: "The disk is full. Crossings are recorded from a reserve for about 1,000 more. Call the technician."}
		v.Status.Scanners = []border.ScannerStatus{
			{ID: "reader-1", Counter: "1", State: "failed", Reason: "It does not answer. Unplug it and plug it in again."},
			{ID: "reader-9", State: "ready"},
		}
	})
	add("AFTER-RESTART", func(v *counter.View) {
		v.Last.AfterRestart = true
		v.Queue = []counter.QueueItem{{ID: ref(2), Surname: "ERIKSSON", GivenNames: "ANNA MARIA", Level: verdict.Proceed, Restored: true}}
	})
	add("NOTICE", func(v *counter.View) {
		v.Notice = "That was no machine readable zone. Turn the document and read it again."
		v.Last.Surname = ""
		v.Status.Storage = journal.Storage{State: journal.StorageLow, Reason: "Less than 15 % of the disk is free."}
		v.Status.Scanners[0].State = "initialising"
		v.Status.Clock = border.ClockTrust{State: border.ClockHoldover, AgeS: 7200}
	})
	return all
}
