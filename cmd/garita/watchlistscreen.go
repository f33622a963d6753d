package main

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"time"

	"garita/border/watch"
	"garita/border/watch/trial"
)

// watchlistScreenCmd is `garita watchlist screen`.
type watchlistScreenCmd struct {
	List     string  `required:"" placeholder:"LIST" type:"path" help:"The list."`
	MinScore float64 `default:"0" help:"Leave out hits with a lower score, a probability."`
}

// Help is the long help text.
func (watchlistScreenCmd) Help() string {
	return `Reads JSON Lines from standard input and writes one JSON object for each, in order:

  {"id":"q1","surname":"ERIKSSON","given_names":"ANNA MARIA","birth_date":"1974-08-12",
   "sex":"F","nationality":"UTO","mrz":["P<UTO...","..."],
   "document":{"issuer":"UTO","type":"P","number":"L898902C3"}}

  {"id":"q1","hits":[{"source":"court","entry":"12","score":0.93}],"latency_us":57}

Any field but id and surname may be missing. birth_date may be partial: 1974-08-XX,
1974-XX-XX. The lines of the zone say whether the name was cut. Hits come best first; score
is the probability that the traveller is the listed person. latency_us is the time of the
check itself. "documents":"unconfirmed" says that the document is in the list's filter of
stolen, lost and revoked ones, which the hub then confirms.`
}

// screenAnswer is one line of output.
type screenAnswer struct {
	trial.Answer
	Documents string `json:"documents,omitempty"`
}

// Run answers every line of standard input.
func (c watchlistScreenCmd) Run(w *world) error {
	l, err := openList(c.List)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w.out, 64<<10)
	in := bufio.NewReaderSize(flushBeforeRead{w.in, out}, 64<<10)
	hits := make([]watch.Hit, 0, watch.MaxHits)
	err = trial.ReadLines(in, func(q *trial.Question) error {
		var a screenAnswer
		a, hits = c.answer(w, l, q, hits)
		return printJSON(out, a)
	})
	return errors.Join(err, out.Flush())
}

// answer asks the list for one traveller; hits is room for what is found.
func (c watchlistScreenCmd) answer(w *world, l *openedList, q *trial.Question, hits []watch.Hit) (screenAnswer, []watch.Hit) {
	query := q.Query()
	start := w.now()
	hits = l.Check(&query, hits[:0])
	took := w.now().Sub(start)
	a := screenAnswer{Answer: trial.Answer{ID: q.ID, Hits: make([]trial.Found, 0, len(hits)), Latency: float64(took) / float64(time.Microsecond)}}
	for _, h := range hits {
		if h.Score >= c.MinScore {
			a.Hits = append(a.Hits, trial.Found{Source: h.Entry.Source, Entry: h.Entry.ID, Score: h.Score})
		}
	}
	if d := q.Document; d != nil && l.documents != nil && l.documents.Has(d.Issuer, d.Type, d.Number) {
		a.Documents = "unconfirmed"
	}
	return a, hits
}

var _ io.Reader = flushBeforeRead{}

// plainName is a name for people to read.
func plainName(n watch.Name) string {
	if n.Full != "" {
		return n.Full
	}
	return strings.TrimPrefix(strings.TrimSuffix(n.Surname+", "+n.GivenNames, ", "), ", ")
}
