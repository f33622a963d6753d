package border_test

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"garita/border"
)

// Every header is written as encoding/json would write it, to the byte: with each field
// set and not set, and with any text in it.
func TestHeaderAppendJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := randomHeader(t)
		want, err := json.Marshal(&h)
		if err != nil {
			t.Fatal(err)
		}
		got, err := h.AppendJSON(nil)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
	})
}

func randomHeader(t *rapid.T) border.Header {
	plain := rapid.SampledFrom([]string{"", "", "a", "entry", "not_checked(hub)", "2026-11-22"})
	text := func(name string) string {
		return rapid.OneOf(plain, plain, rapid.String()).Draw(t, name)
	}
	number := func(name string) int64 {
		return rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(-1<<40, 1<<40)).Draw(t, name)
	}
	moment := func(name string) time.Time {
		ns := rapid.Int64Range(-1<<60, 1<<60).Draw(t, name)
		return time.Unix(0, ns/1e6*1e6).UTC()
	}
	h := border.Header{Type: text("type"), Post: border.PostID(text("post")), OccurredAt: moment("occurred"),
		Clock:      border.ClockTrust{State: border.TrustState(text("state")), AgeS: number("age"), OffsetMS: number("offset"), Reason: text("reason")},
		StatedDate: text("stated"), Software: text("software"), Counter: border.CounterID(text("counter")), Shift: text("shift"),
		Officer: text("officer"), Direction: text("direction"), Outcome: text("outcome"), Ground: text("ground"), Category: text("category"),
		Purpose: text("purpose"), Nationality: text("nationality"), Sex: text("sex"), BirthYear: int(number("birth")),
		Residence: text("residence"), DocumentKind: text("kind"), DocumentIssuer: text("issuer"), TransportMode: text("mode"),
		Source: text("source"), Verdict: text("verdict"), LocalDate: text("local"), Form: text("form"), Identity: text("identity"),
		Sheet: text("sheet"), BirthCountry: text("born in"), PreviousCountry: text("previous country"), NextCountry: text("next"),
		Destination: text("destination"), IntendedDays: int(number("intended")), DaysGranted: int(number("granted")),
		PermittedUntil: text("until"), LegalBasis: text("basis"), VisaType: text("visa"), VisaIssuer: text("visa issuer"),
		Role: text("role"), Second: text("second"), Late: rapid.Bool().Draw(t, "late"), From: text("from")}
	if rapid.Bool().Draw(t, "with key") {
		h.Station, h.Seq, h.RecordedAt = border.StationID(text("station")), uint64(max(0, number("seq"))), moment("recorded")
		h.Epoch = border.Epoch(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "epoch"))
	}
	for name, at := range map[string]**border.ID{"crossing": &h.Crossing, "change": &h.Change, "previous": &h.Previous,
		"continues": &h.Continues, "group": &h.Group} {
		if rapid.Bool().Draw(t, "with "+name) {
			id := border.ID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, name))
			*at = &id
		}
	}
	if rapid.IntRange(0, 9).Draw(t, "counts") == 0 {
		h.Counts = []border.Count{{Type: text("counted"), N: number("n")}}
	}
	h.FingersTaken, h.FingersNotTaken = int(number("taken")), int(number("not taken"))
	if rapid.IntRange(0, 9).Draw(t, "until") == 0 {
		h.Until = moment("until")
	}
	if rapid.IntRange(0, 9).Draw(t, "open") == 0 {
		h.Open = []border.ID{{}, {6: 0x70, 8: 0x80}}
	}
	if rapid.Bool().Draw(t, "with parent") {
		h.Parent = &border.Parent{Seq: uint64(max(0, number("parent")))}
	}
	for range rapid.IntRange(0, 20).Draw(t, "checks") {
		if h.Checks == nil {
			h.Checks = map[string]string{}
		}
		h.Checks[text("check")] = text("result")
	}
	for range rapid.IntRange(0, 3).Draw(t, "lists") {
		h.Lists = append(h.Lists, border.ListVersion{List: text("list"), Version: text("version"), AgeS: number("list age")})
	}
	return h
}

func BenchmarkHeaderAppendJSON(b *testing.B) {
	id := border.ID{6: 0x70, 8: 0x80}
	h := border.Header{Type: border.TypeCrossingRecorded, Post: "PCA", OccurredAt: time.Unix(1, 0).UTC(), Crossing: &id,
		Counter: "1", Officer: "0123456789abcdef", Direction: "entry", Outcome: "admitted", Nationality: "UTO", Sex: "F", BirthYear: 1974,
		DocumentKind: "P", DocumentIssuer: "UTO", Source: "reader", Verdict: "proceed",
		Checks: map[string]string{"mrz": "clear", "expiry": "clear", "document_list": "clear", "name_list": "clear", "history_here": "clear",
			"history_elsewhere": "clear", "chip": "not_checked(not_available)", "fingerprint": "not_checked(not_available)",
			"interpol": "not_checked(not_available)", "visa": "not_checked(not_available)"},
		Lists: []border.ListVersion{{List: "sample", Version: "1", AgeS: 100}}}
	b.Run("own", func(b *testing.B) {
		for b.Loop() {
			_, _ = h.AppendJSON(make([]byte, 0, 1024))
		}
	})
	b.Run("library", func(b *testing.B) {
		for b.Loop() {
			_, _ = json.Marshal(&h)
		}
	})
}
