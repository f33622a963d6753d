package register

import (
	"maps"
	"slices"
	"sync"

	"garita/border"
)

// PartRestricted is what [Crossing.Part] says of a traveller whose data are restricted.
const PartRestricted = "restricted"

// rights are what travellers have been granted: both tables, as they are on the disk.
type rights struct {
	mu         sync.RWMutex // guards what follows
	erased     map[border.ID]bool
	restricted map[border.BlindIndex]bool
}

func (r *rights) isErased(crossing *border.ID) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return crossing != nil && r.erased[*crossing]
}

func (r *rights) isRestricted(b *border.BlindIndex) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return b != nil && r.restricted[*b]
}

func (r *rights) anyRestricted() []border.BlindIndex {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.Collect(maps.Keys(r.restricted))
}

func (r *rights) set(erased map[border.ID]bool, restricted map[border.BlindIndex]bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.erased, r.restricted = erased, restricted
}

// knowRights reads what is in the tables.
func (r *Register) knowRights(t tx) error {
	erased, restricted, err := t.rights()
	if err == nil {
		r.rights.set(erased, restricted)
	}
	return err
}
