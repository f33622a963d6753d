package border

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"
)

// AppendJSON appends the header as encoding/json writes it, to the byte, at less than half
// the cost: it stands in the way of every record. A test holds the two together.
func (h *Header) AppendJSON(b []byte) ([]byte, error) {
	if h.Parent != nil || h.Act != nil || h.Counts != nil || h.Open != nil || !h.Until.IsZero() || h.OccurredAt.Year() > 9999 || h.RecordedAt.Year() > 9999 { // once per opening or shift, or never
		whole, err := json.Marshal(h)
		if err != nil {
			return nil, &Error{Code: Internal, Op: "write event header", Err: err}
		}
		return append(b, whole...), nil
	}
	w := object{b: append(b, '{'), first: true}
	w.text("station", string(h.Station))
	if !h.Epoch.IsZero() {
		w.must("epoch", h.Epoch.String())
	}
	w.number("seq", int64(h.Seq))
	if !h.RecordedAt.IsZero() {
		w.time("recorded_at", h.RecordedAt)
	}
	w.must("type", h.Type)
	w.must("post", string(h.Post))
	w.time("occurred_at", h.OccurredAt)
	w.key("clock")
	c := object{b: append(w.b, '{'), first: true}
	c.must("state", string(h.Clock.State))
	c.number("age_s", h.Clock.AgeS)
	c.number("offset_ms", h.Clock.OffsetMS)
	c.text("reason", h.Clock.Reason)
	w.b = append(c.b, '}')
	w.text("local_date", h.LocalDate)
	w.text("stated_date", h.StatedDate)
	w.text("software", h.Software)
	w.text("counter", string(h.Counter))
	w.text("shift", h.Shift)
	w.text("officer", h.Officer)
	w.id("crossing", h.Crossing)
	w.id("change", h.Change)
	w.id("previous", h.Previous)
	w.id("continues", h.Continues)
	w.id("group", h.Group)
	w.text("form", h.Form)
	w.text("identity", h.Identity)
	w.text("sheet", h.Sheet)
	w.text("direction", h.Direction)
	w.text("outcome", h.Outcome)
	w.text("ground", h.Ground)
	w.text("category", h.Category)
	w.text("purpose", h.Purpose)
	w.text("nationality", h.Nationality)
	w.text("sex", h.Sex)
	w.number("birth_year", int64(h.BirthYear))
	w.text("residence", h.Residence)
	w.text("document_kind", h.DocumentKind)
	w.text("document_issuer", h.DocumentIssuer)
	w.text("transport_mode", h.TransportMode)
	w.text("birth_country", h.BirthCountry)
	w.text("previous_country", h.PreviousCountry)
	w.text("next_country", h.NextCountry)
	w.text("destination", h.Destination)
	w.number("intended_days", int64(h.IntendedDays))
	w.number("days_granted", int64(h.DaysGranted))
	w.text("permitted_until", h.PermittedUntil)
	w.text("legal_basis", h.LegalBasis)
	w.text("visa_type", h.VisaType)
	w.text("visa_issuer", h.VisaIssuer)
	w.text("role", h.Role)
	w.text("source", h.Source)
	w.text("verdict", h.Verdict)
	w.checks(h.Checks)
	w.lists(h.Lists)
	w.text("second", h.Second)
	w.text("awaiting_second", h.Awaiting)
	if h.Overdue {
		w.key("overdue")
		w.b = append(w.b, "true"...)
	}
	if h.Late {
		w.key("late")
		w.b = append(w.b, "true"...)
	}
	w.text("from", h.From)
	w.number("fingers_taken", int64(h.FingersTaken))
	w.number("fingers_not_taken", int64(h.FingersNotTaken))
	w.number("attached", int64(h.Attached))
	return append(w.b, '}'), nil
}

// object appends the members of a JSON object.
type object struct {
	b     []byte
	first bool
}

func (w *object) key(k string) {
	if !w.first {
		w.b = append(w.b, ',')
	}
	w.first = false
	w.b = append(append(append(w.b, '"'), k...), '"', ':')
}

// text appends a member unless it is empty; must appends it always.
func (w *object) text(k, v string) {
	if v != "" {
		w.must(k, v)
	}
}

func (w *object) must(k, v string) {
	w.key(k)
	w.b = appendString(w.b, v)
}

func (w *object) id(k string, id *ID) {
	switch {
	case id == nil:
	case id.IsZero():
		w.must(k, "")
	default:
		w.must(k, id.String())
	}
}

func (w *object) number(k string, v int64) {
	if v != 0 {
		w.key(k)
		w.b = strconv.AppendInt(w.b, v, 10)
	}
}

func (w *object) time(k string, t time.Time) {
	w.key(k)
	w.b = append(t.AppendFormat(append(w.b, '"'), time.RFC3339Nano), '"')
}

func (w *object) checks(checks map[string]string) {
	if len(checks) == 0 {
		return
	}
	var room [16]string
	names := room[:0]
	for name := range checks {
		names = append(names, name)
	}
	slices.Sort(names)
	w.key("checks")
	c := object{b: append(w.b, '{'), first: true}
	for _, name := range names {
		if !c.first {
			c.b = append(c.b, ',')
		}
		c.first = false
		c.b = appendString(append(appendString(c.b, name), ':'), checks[name])
	}
	w.b = append(c.b, '}')
}

func (w *object) lists(lists []ListVersion) {
	if len(lists) == 0 {
		return
	}
	w.key("lists")
	w.b = append(w.b, '[')
	for i, l := range lists {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		o := object{b: append(w.b, '{'), first: true}
		o.must("list", l.List)
		o.must("version", l.Version)
		o.key("age_s")
		w.b = append(strconv.AppendInt(o.b, l.AgeS, 10), '}')
	}
	w.b = append(w.b, ']')
}

// appendString appends a JSON string. What is not plain ASCII goes the library's way.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			quoted, err := json.Marshal(s)
			if err != nil { // a string always marshals
				return append(b, '"', '"')
			}
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}
