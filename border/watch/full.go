package watch

import "maps"

// InFull gives the list with entries as only the hub knows them: [List.Entry] and
// [List.Entries] give them in full. What is found, and with which score, stays as it is to the
// last bit, whereas an entry that is put again is found by another way. An entry that is not
// in the list, or that is found by other things than the list's own, is left out.
func (l *List) InFull(entries []*Entry) *List {
	n := *l
	n.full = maps.Clone(l.full)
	if n.full == nil {
		n.full = make(map[Key]*Entry, len(entries))
	}
	for _, e := range entries {
		if held, ok := l.Entry(e.Key()); ok && held.Handling == e.Handling && FingerprintOf(held) == FingerprintOf(e) {
			n.full[e.Key()] = e
		}
	}
	return &n
}

func (l *List) inFull(e *Entry) *Entry {
	if f, ok := l.full[e.Key()]; ok {
		return f
	}
	return e
}
