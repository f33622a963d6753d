package journal

import (
	"garita/border"
)

// What the tables that are written with an event say of it is a function of its header,
// so that they can be made again from the events alone.

// onceOf returns the id by which an event is recorded once: its change if it has one, the
// encounter if the event ends it.
func onceOf(h *border.Header) (border.ID, bool) {
	switch {
	case h.Change != nil && !h.Change.IsZero():
		return *h.Change, true
	case h.Crossing != nil && !h.Crossing.IsZero() && ends(h.Type):
		return *h.Crossing, true
	default:
		return border.ID{}, false
	}
}

// ends reports whether an event of this type is the end of its encounter.
func ends(typ string) bool {
	return typ == border.TypeCrossingRecorded || typ == border.TypeEncounterAbandoned
}

// The names of states.
const (
	// StateShift names the last opening or closing of a shift.
	StateShift   = "shift"
	holderPrefix = "holder/"
	// StateBiometrics names the last time that the station began or ceased to go without
	// fingerprints.
	StateBiometrics = "biometrics"
)

// StateHolder names the last taking of a counter.
func StateHolder(counter border.CounterID) string { return holderPrefix + string(counter) }

// stateOf returns the name of the state that an event sets; "" for none.
func stateOf(h *border.Header) string {
	switch h.Type {
	case border.TypeShiftOpened, border.TypeShiftClosed:
		return StateShift
	case border.TypeBiometricsDegraded, border.TypeBiometricsRestored:
		return StateBiometrics
	case border.TypeCounterTaken:
		if h.Counter.Validate() == nil { // from a hub may come what this program would not write
			return StateHolder(h.Counter)
		}
	}
	return ""
}

// amendedOf returns the crossing that an event corrects or extends.
func amendedOf(h *border.Header) (border.ID, bool) {
	if h.Crossing == nil || h.Type != border.TypeCrossingCorrected && h.Type != border.TypeStayExtended {
		return border.ID{}, false
	}
	return *h.Crossing, true
}

// derive writes the rows that an event has in the tables that do not follow by cursor, but
// for that of its id. own: of an epoch that this journal opened.
func (t *transaction) derive(h *border.Header, pos int64, own bool) error {
	s := t.w.store
	if crossing, ok := amendedOf(h); ok {
		if err := s.exec(s.insertChange, crossing[:], pos); err != nil {
			return err
		}
	}
	if name := stateOf(h); name != "" && own {
		return s.exec(s.putState, name, pos)
	}
	return nil
}

// deriveGiven does the same for an event that is held already, or was given back by the
// hub, its id included. An id that a lost copy recorded too keeps the event that is known.
func (t *transaction) deriveGiven(h *border.Header, pos int64, own bool) error {
	s := t.w.store
	if id, ok := onceOf(h); ok {
		first, err := s.add(s.insertCrossing, id[:], pos)
		if err != nil || !first {
			return err
		}
	}
	return t.derive(h, pos, own)
}
