package trial

import "garita/border/watch"

// Ask asks a list for each traveller.
func Ask(l *watch.List, questions []*Question) []*Answer {
	answers := make([]*Answer, 0, len(questions))
	var hits []watch.Hit
	for _, q := range questions {
		query := q.Query()
		hits = l.Check(&query, hits[:0])
		a := &Answer{ID: q.ID, Hits: make([]Found, 0, len(hits))}
		for _, h := range hits {
			a.Hits = append(a.Hits, Found{Source: h.Entry.Source, Entry: h.Entry.ID, Score: h.Score})
		}
		answers = append(answers, a)
	}
	return answers
}
