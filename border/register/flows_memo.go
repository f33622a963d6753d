package register

import (
	"context"
	"maps"
	"slices"
	"sync"

	"garita/border"
	"garita/border/flows"
)

// maxRemembered bounds what [gridMemo] keeps: a year of 50 posts by all dimensions of the page of flows is about half of it.
const maxRemembered = 2_000_000 // cells of 16 bytes

// gridMemo remembers how the crossings of days and months divide by post and code. A table of a year is summed from
// hundreds of thousands of rows, of which few change: each period is read again only when it is in another version than
// before, which the reading itself asks. So an answer is always of one state of the register.
type gridMemo struct {
	mu      sync.Mutex // guards all; a leaf, never held while reading
	names   map[string]int32
	kept    map[memoKey]*remembered
	cells   int
	clocked int64 // counts uses
}

type memoKey struct {
	period    int
	dimension flows.Dimension
	group     flows.Group
}

// remembered is a period in one version.
type remembered struct {
	version int64
	cells   []memoCell
	used    int64
}

// memoCell is a count; post and code are numbers of names.
type memoCell struct {
	post, code int32
	n          int64
}

// sum adds up a dimension over periods, for some posts.
func (m *gridMemo) sum(ctx context.Context, s reader, q countQuestion, visit func(post, code string, n int64)) error {
	versions, err := s.flowVersions(ctx, q.periods)
	if err != nil {
		return err
	}
	sums := map[[2]int32]int64{}
	for _, period := range q.periods {
		key := memoKey{period, q.dimension, q.group}
		version, counted := versions[period]
		if !counted {
			continue // nobody crossed
		}
		cells, ok := m.get(key, version)
		if !ok {
			one := q
			one.periods = []int{period}
			found := map[[2]string]int64{}
			if err := s.counted(ctx, one, func(k countKey, n int64) { found[[2]string{string(k.post), k.code}] += n }); err != nil {
				return err
			}
			cells = m.put(key, version, found)
		}
		for _, c := range cells {
			sums[[2]int32{c.post, c.code}] += c.n
		}
	}
	names := m.list()
	for at, n := range sums {
		if n != 0 {
			visit(names[at[0]], names[at[1]], n)
		}
	}
	return nil
}

func (m *gridMemo) get(key memoKey, version int64) ([]memoCell, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.kept[key]
	if r == nil || r.version != version {
		return nil, false
	}
	m.clocked++
	r.used = m.clocked
	return r.cells, true
}

func (m *gridMemo) put(key memoKey, version int64, found map[[2]string]int64) []memoCell {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.names == nil {
		m.names, m.kept = map[string]int32{}, map[memoKey]*remembered{}
	}
	m.clocked++
	r := &remembered{version: version, cells: make([]memoCell, 0, len(found)), used: m.clocked}
	for at, n := range found {
		r.cells = append(r.cells, memoCell{m.number(at[0]), m.number(at[1]), n})
	}
	if was := m.kept[key]; was != nil {
		m.cells -= len(was.cells)
	}
	m.kept[key] = r
	if m.cells += len(r.cells); m.cells > maxRemembered {
		m.forget()
	}
	return r.cells
}

// number gives a name its number. Names are those of posts and codes: a few thousand.
func (m *gridMemo) number(name string) int32 {
	n, ok := m.names[name]
	if !ok {
		n = int32(len(m.names))
		m.names[name] = n
	}
	return n
}

// list gives the names by their numbers.
func (m *gridMemo) list() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([]string, len(m.names))
	for name, n := range m.names {
		out[n] = name
	}
	return out
}

// forget drops the half that was used longest ago.
func (m *gridMemo) forget() {
	keys := slices.SortedFunc(maps.Keys(m.kept), func(a, b memoKey) int { return int(m.kept[a].used - m.kept[b].used) })
	for _, k := range keys {
		if m.cells <= maxRemembered/2 {
			return
		}
		m.cells -= len(m.kept[k].cells)
		delete(m.kept, k)
	}
}

// totals sums all crossings of a question by post.
func (m *gridMemo) totals(ctx context.Context, s reader, q countQuestion) (map[border.PostID]int64, error) {
	q.dimension, q.byCode = "", false
	out := map[border.PostID]int64{}
	err := m.sum(ctx, s, q, func(post, _ string, n int64) { out[border.PostID(post)] += n })
	return out, err
}
