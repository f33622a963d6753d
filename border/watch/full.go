package watch

import "maps"

// InFull gives the list with entries as only the hub knows them: [List.Entry] and
// [List.Entries] give them in full. What is found, and with which score, stays as it is to the
// last bit, whereas an entry that is put again is found by another way. The caller sees to it
// that they are the list's own entries but for what [ForPosts] leaves out; those that are not
// in the list are left out.
func (l *List) InFull(entries []*Entry) *List {
	n := *l
	n.full = maps.Clone(l.full)
	if n.full == nil {
		n.full = make(map[Key]*Entry, len(entries))
	}
	for _, e := range entries {
		if l.holds(e.Key()) {
			n.full[e.Key()] = e
		}
	}
	return &n
}

// holds reports whether an entry is in the list, without reading it.
func (l *List) holds(k Key) bool {
	if _, ok := l.changed[k]; ok {
		return true
	}
	i, ok := l.base.find(k)
	return ok && !l.masked(i)
}

func (l *List) inFull(e *Entry) *Entry {
	if f, ok := l.full[e.Key()]; ok {
		return f
	}
	return e
}
