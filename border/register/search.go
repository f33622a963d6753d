package register

import (
	"context"
	"slices"
	"strings"

	"garita/border"
	"garita/border/icao"
	"garita/border/watch/match"
)

// The bounds of a search: the words of a name that are asked for, the people that are looked at, and the
// crossings that are shown of one.
const (
	maxWords      = 8
	maxCandidates = 200
	maxTravels    = 200
)

// travelRow is a crossing with what its traveller is known by.
type travelRow struct {
	Crossing
	document, person *border.BlindIndex
	key              border.Key // of the event that says what the crossing is
}

// Traveller is somebody whom a search found, by their latest crossing.
type Traveller struct {
	Last   Crossing
	Person *border.Personal // as it stands there; nil: it cannot be opened (any more), or is not to be used
	// Crossings is how many are known of the same name and birth date, at most 200.
	Crossings int
	// Near says that the name is not as it was asked: a word of it is longer, or spelt in another way.
	Near bool
}

// Travel is a crossing of a traveller.
type Travel struct {
	Crossing Crossing
	Person   *border.Personal // nil as in [Traveller]
}

// words are the distinct words of a normalised name, at most maxWords.
func words(surname, given string) (out []string) {
	for _, w := range strings.Fields(surname + " " + given) {
		if len(out) < maxWords && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}

// nameOf is under what the words of a crossing's name are kept: the person's blind index, which is made of the
// same name; the crossing's own id where there is none.
func nameOf(c *crossingRow) border.BlindIndex {
	if c.who != nil {
		return *c.who
	}
	return border.BlindIndex(c.ID)
}

// FindNamed finds travellers whose names have all the words of a name, in any order, as far as the register can
// open their particulars; birthYear 0 is any. A word of three letters or more is also found by its beginning and
// in other spellings; whoever has the words as they were asked comes first, then the last to cross. It returns at most
// limit of them, and whether there are more, or were more words like one that was asked than are looked at. Whoever asks
// must have said why, and been written down, before.
func (r *Register) FindNamed(ctx context.Context, name string, birthYear, limit int) (out []Traveller, more bool, err error) {
	const op = "find travellers by name"
	asked := words(match.Romanise(name), "")
	if len(asked) == 0 {
		return nil, false, &border.Error{Code: border.Invalid, Op: op, Message: "Enter at least one word of the name."}
	}
	if err := r.ready(op); err != nil {
		return nil, false, err
	}
	var found [][]travelRow
	texts := make([][]string, len(asked)) // the words that each asked one stands for, itself first
	exact := 0                            // how many are found by whole words
	err = r.read(ctx, op, func(q reader) error {
		whole, near := make([][]border.BlindIndex, len(asked)), make([][]border.BlindIndex, len(asked))
		for i, w := range asked {
			all, further, err := r.speller.near(w, func(key border.BlindIndex, limit int) ([][]byte, error) { return q.spellings(ctx, key, limit) })
			if err != nil {
				return err
			}
			more = more || further
			for _, x := range all {
				texts[i], near[i] = append(texts[i], x.text), append(near[i], r.blinder.Name(x.text))
			}
			whole[i] = near[i][:1]
		}
		var subjects []border.BlindIndex
		for pass, lists := range [...][][]border.BlindIndex{whole, near} {
			next, further, err := q.named(ctx, lists, birthYear, maxCandidates+1)
			if err != nil {
				return err
			}
			more = more || further
			for _, s := range next {
				if !slices.Contains(subjects, s) {
					subjects = append(subjects, s)
				}
			}
			if pass == 0 {
				exact = len(subjects)
			}
			if len(subjects) > maxCandidates {
				subjects, more = subjects[:maxCandidates], true
				break
			}
		}
		for i, s := range subjects {
			rows, err := q.travels(ctx, s, maxTravels)
			if err != nil {
				return err
			}
			if len(rows) > 0 {
				found = append(found, rows)
			} else if i < exact {
				exact--
			}
		}
		return nil
	})
	if err != nil {
		return nil, false, err
	}
	exact = min(exact, len(found))
	for _, part := range [...][][]travelRow{found[:exact], found[exact:]} {
		slices.SortFunc(part, func(a, b []travelRow) int { return b[0].OccurredAt.Compare(a[0].OccurredAt) })
	}
	for i, rows := range found {
		if len(out) == limit {
			return out, true, nil
		}
		t, err := r.traveller(ctx, rows)
		if err != nil {
			return nil, false, err
		}
		// The words are keyed hashes: what was opened decides.
		if t.Person != nil && !hasWords(t.Person, texts) {
			continue
		}
		t.Near = i >= exact
		out = append(out, t)
	}
	return out, more, nil
}

// hasWords reports whether a name has a word of each list.
func hasWords(p *border.Personal, asked [][]string) bool {
	has := words(icao.NormaliseName(p.Surname), icao.NormaliseName(p.GivenNames))
	for _, any := range asked {
		if !slices.ContainsFunc(has, func(w string) bool { return slices.Contains(any, w) || slices.Contains(any, letters(w)) }) {
			return false
		}
	}
	return true
}

// FindDocument finds whoever crossed with a document, the last to cross first: mostly one traveller. It looks at the
// last 200 crossings and says whether there are more. Else as [Register.FindNamed].
func (r *Register) FindDocument(ctx context.Context, issuer, number string, limit int) (out []Traveller, more bool, err error) {
	const op = "find travellers by document"
	if strings.TrimSpace(number) == "" || strings.TrimSpace(issuer) == "" {
		return nil, false, &border.Error{Code: border.Invalid, Op: op, Message: "Enter the document’s number and the state that issued it."}
	}
	if err := r.ready(op); err != nil {
		return nil, false, err
	}
	var rows []travelRow
	if err := r.read(ctx, op, func(q reader) (err error) {
		rows, err = q.travelsWith(ctx, r.blinder.Document(issuer, number), maxTravels+1)
		return err
	}); err != nil {
		return nil, false, err
	}
	if more = len(rows) > maxTravels; more {
		rows = rows[:maxTravels]
	}
	var order []border.BlindIndex
	of := map[border.BlindIndex][]travelRow{}
	for _, row := range rows {
		who := border.BlindIndex(row.ID)
		if row.person != nil {
			who = *row.person
		}
		if of[who] == nil {
			order = append(order, who)
		}
		of[who] = append(of[who], row)
	}
	for _, who := range order {
		if len(out) == limit {
			return out, true, nil
		}
		t, err := r.traveller(ctx, of[who])
		if err != nil {
			return nil, false, err
		}
		out = append(out, t)
	}
	return out, more, nil
}

// Travels lists the crossings of a crossing's traveller, the latest first: of the same document, and of the same
// name and full birth date on any. More says that there are others.
func (r *Register) Travels(ctx context.Context, crossing border.ID) (out []Travel, more bool, err error) {
	const op = "list a traveller’s crossings"
	if err := r.ready(op); err != nil {
		return nil, false, err
	}
	var rows []travelRow
	if err := r.read(ctx, op, func(q reader) error {
		one, err := q.travels(ctx, border.BlindIndex(crossing), 1)
		if err != nil {
			return err
		}
		if len(one) == 0 {
			return &border.Error{Code: border.NotFound, Op: op, Message: "The register does not hold this crossing."}
		}
		rows = one
		if d := one[0].document; d != nil {
			more, err = join(&rows)(q.travelsWith(ctx, *d, maxTravels+1))
		}
		if p := one[0].person; p != nil && err == nil {
			var further bool
			further, err = join(&rows)(q.travels(ctx, *p, maxTravels+1))
			more = more || further
		}
		return err
	}); err != nil {
		return nil, false, err
	}
	slices.SortStableFunc(rows, func(a, b travelRow) int { return b.OccurredAt.Compare(a.OccurredAt) })
	if len(rows) > maxTravels {
		rows, more = rows[:maxTravels], true
	}
	for i := range rows {
		t := Travel{Crossing: rows[i].Crossing}
		if t.Person, err = r.opened(ctx, &rows[i]); err != nil {
			return nil, false, err
		}
		if r.kept(&rows[i]) {
			t.Crossing.Part = PartRestricted
		}
		out = append(out, t)
	}
	return out, more, nil
}

// join adds rows that are not there yet, and says whether a query reached its bound.
func join(rows *[]travelRow) func(add []travelRow, err error) (more bool, _ error) {
	return func(add []travelRow, err error) (bool, error) {
		for _, a := range add {
			if !slices.ContainsFunc(*rows, func(x travelRow) bool { return x.ID == a.ID }) {
				*rows = append(*rows, a)
			}
		}
		return len(add) > maxTravels, err
	}
}

func (r *Register) traveller(ctx context.Context, rows []travelRow) (t Traveller, err error) {
	t = Traveller{Last: rows[0].Crossing, Crossings: len(rows)}
	if t.Person, err = r.opened(ctx, &rows[0]); err == nil && r.kept(&rows[0]) {
		t.Last.Part = PartRestricted
	}
	return t, err
}

// kept reports whether a traveller's data are restricted.
func (r *Register) kept(row *travelRow) bool {
	return r.rights.isRestricted(row.document) || r.rights.isRestricted(row.person)
}

// opened gives the particulars of a crossing, nil where they cannot or must not be opened.
func (r *Register) opened(ctx context.Context, row *travelRow) (*border.Personal, error) {
	if row.Part != partOpen || r.kept(row) {
		return nil, nil
	}
	a, err := r.Arrived(ctx, row.key)
	return a.Personal, err
}

// ready refuses while the projections lag: an answer that silently lacks crossings is worse than none.
func (r *Register) ready(op string) error {
	if r.behind.Load() {
		return &border.Error{Code: border.Unavailable, Op: op, Message: "The register is catching up with the events it has received."}
	}
	return nil
}
