package form

import "maps"

// The lists of the table [fingers], see [Form.Codes].
const (
	FingerReasons  = "finger_reasons"   // why a finger is asked for
	FingerNotTaken = "finger_not_taken" // why it cannot be taken
	Degraded       = "degraded_reasons" // why a station goes without fingerprints for a while
)

// NotTakenDegraded is the code of FingerNotTaken while the station goes without fingerprints.
// A form that has [fingers] has it.
const NotTakenDegraded = "degraded"

// Fingerprints reports whether the country's form asks for fingerprints at all: whether it has
// a table [fingers].
func (f *Form) Fingerprints() bool { return len(f.lists[FingerReasons]) > 0 }

// prints checks the table [fingers], and lays its lists beside the others.
func (f *Form) prints(file *fileShape) error {
	all := maps.Clone(f.lists)
	for _, l := range []struct{ name, key string }{{FingerReasons, "reasons"}, {FingerNotTaken, "not_taken"}, {Degraded, "degraded"}} {
		if _, there := f.lists[l.name]; there {
			return wrong("[lists]: %s is the program's; put it under [fingers] as %s", l.name, l.key)
		}
		if file.Fingers == nil {
			continue
		}
		codes := map[string][]Code{FingerReasons: file.Fingers.Reasons, FingerNotTaken: file.Fingers.NotTaken, Degraded: file.Fingers.Degraded}[l.name]
		if len(codes) == 0 {
			return wrong("[fingers]: %s is missing or empty", l.key)
		}
		if err := distinct(codes); err != nil {
			return wrong("[fingers]: %s: %w", l.key, err)
		}
		all[l.name] = codes
	}
	f.lists = all
	if file.Fingers != nil && !f.has(FingerNotTaken, NotTakenDegraded) {
		return wrong("[fingers]: not_taken must have the code %s", NotTakenDegraded)
	}
	return nil
}
