package register

import (
	"context"
	"regexp"
	"time"

	"garita/border"
)

// AlarmKind says what an alarm is about. Kinds are append-only.
type AlarmKind string

// The kinds of alarm.
const (
	AlarmConflict        AlarmKind = "conflict"        // two events with one key: the later one is in quarantine
	AlarmMalformed       AlarmKind = "malformed"       // a message that is no event, or not the one it claims to be
	AlarmUnreadable      AlarmKind = "unreadable"      // a message without a readable key, in quarantine
	AlarmQuarantine      AlarmKind = "quarantine_full" // messages beyond the bound of quarantine are only counted
	AlarmUnknownType     AlarmKind = "unknown_type"    // an event type of a newer station, held for a newer hub
	AlarmUninterpretable AlarmKind = "uninterpretable" // a sound event of a known type that does not say what it must
	AlarmChainBroken     AlarmKind = "chain_broken"    // an event does not follow the one before it
	AlarmTwice           AlarmKind = "crossing_twice"  // one crossing id under several keys; counted once
	AlarmRolledBack      AlarmKind = "station_rolled_back"
	AlarmFork            AlarmKind = "fork"              // an epoch names a parent that is another event here
	AlarmRestarted       AlarmKind = "journal_restarted" // a station began a new journal although it has one here
	AlarmRestored        AlarmKind = "hub_restored"      // the hub was restored from a copy; stations send again
	AlarmDamaged         AlarmKind = "part_damaged"      // a personal part cannot be opened with its own key
	AlarmProjection      AlarmKind = "projection_failed" // raw events are safe, the register lags behind them
	AlarmListRefused     AlarmKind = "list_refused"      // a station refused a release of a list; the last good one is in force there
)

// The kinds of alarm about what is believed and what must be looked at.
const (
	AlarmSignature     AlarmKind = "signature"       // a message that its station did not sign, in quarantine
	AlarmLogForked     AlarmKind = "log_forked"      // a station's log contradicts the events held here
	AlarmLogRolledBack AlarmKind = "log_rolled_back" // a station presents a state of its log before the one that was cosigned
	AlarmRotten        AlarmKind = "event_damaged"   // an event has changed on the hub's disk; the station sends it again
	AlarmAwaiting      AlarmKind = "awaiting_second" // an action took effect without its second person; it must be reviewed
	AlarmOverdue       AlarmKind = "officer_overdue" // an officer worked by a roster that had expired; it must be reviewed
)

// Alarm is something that a person at the hub must know. It holds no personal data.
type Alarm struct {
	ID           int64            `json:"id"`
	Kind         AlarmKind        `json:"kind"`
	Station      border.StationID `json:"station"` // "" if about the hub, or if no station can be named
	Subject      string           `json:"subject"` // epoch, event or crossing it is about; "" for all of the station's
	Detail       string           `json:"detail"`  // plain words
	Count        int64            `json:"count"`   // how often it happened
	OpenedAt     time.Time        `json:"opened_at"`
	LastAt       time.Time        `json:"last_at"`
	Acknowledged *time.Time       `json:"acknowledged_at"` // nil: open
}

// subjectsPerKind bounds how many alarms of one kind a single station can open; what
// goes beyond is counted under the subject "*".
const subjectsPerKind = 200

// Alarms lists alarms, open ones first, then by time, newest first; limit as in
// [Register.Crossings].
func (r *Register) Alarms(ctx context.Context, limit int) (out []Alarm, err error) {
	err = r.read(ctx, "list alarms", func(q reader) error {
		out, err = q.alarms(ctx, page(limit))
		return err
	})
	return out, err
}

// AcknowledgeAlarm notes that a person has seen an alarm. An alarm that is acknowledged
// already stays as it is; [border.NotFound] if there is none with that id.
func (r *Register) AcknowledgeAlarm(ctx context.Context, id int64) error {
	const op = "acknowledge an alarm"
	found := false
	err := r.write(ctx, op, func(t tx) (err error) {
		found, err = t.acknowledge(id, r.clock.Now())
		return err
	})
	if err == nil && !found {
		return &border.Error{Code: border.NotFound, Op: op, Message: "There is no such alarm."}
	}
	if err == nil {
		r.changed()
	}
	return err
}

// raise opens an alarm or counts it, within the bound on subjects.
func raise(t tx, a alarmRow) error {
	if a.subject != "" {
		known, err := t.alarmKnown(a.kind, a.station, a.subject)
		if err != nil {
			return err
		}
		if !known {
			n, err := t.alarmCount(a.kind, a.station)
			if err != nil {
				return err
			}
			if n >= subjectsPerKind {
				a.subject, a.fact = "*", false
				a.detail = "More of the same; they are counted here only."
			}
		}
	}
	return t.raise(a)
}

// typeName is what a type may look like to be repeated in an alarm: anything else could
// carry personal data of a broken station.
var typeName = regexp.MustCompile(`^[a-z][a-z_]{0,30}(\.[a-z_]{1,30}){0,3}\.v[0-9]{1,4}$`)

func safeType(s string) string {
	if typeName.MatchString(s) {
		return s
	}
	return "unprintable"
}
