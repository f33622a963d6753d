package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"

	"garita/border"
	"garita/border/watch"
	"garita/border/watch/trial"
	"garita/cmd/internal/chart"
)

// watchlistCalibrateCmd is `garita watchlist calibrate`.
type watchlistCalibrateCmd struct {
	Data  []string `required:"" sep:"none" placeholder:"DIR" type:"path" help:"A test set, made by garita watchlist trial or with lists in a folder lists; may be given several times, each draws its own lines."`
	Label []string `sep:"none" placeholder:"TEXT" help:"What each set is called in the drawings."`
	Out   string   `required:"" placeholder:"PREFIX" type:"path" help:"Where the drawings go: PREFIX-recall.svg and PREFIX-calibration.svg."`
	Prior float64  `default:"0.1" help:"Share of listed persons among travellers for which scores are meant."`
}

// Help is the long help text.
func (watchlistCalibrateCmd) Help() string {
	return `Asks a list for the travellers of test sets, prints how many listed ones are found for how
many innocent ones stopped, and draws it: the recall curve, and what a score is worth. A
set has far more listed persons among its travellers than a border; the second drawing
weighs them down to --prior.`
}

// measured is one test set and what the engine answered to it.
type measured struct {
	name         string
	truth        []*trial.Truth
	with, no     []*trial.Answer
	resultOfWith *trial.Result
	resultOfNo   *trial.Result
}

// Run asks, prints and draws.
func (c watchlistCalibrateCmd) Run(ctx context.Context, w *world) error {
	var all []*measured
	for i, dir := range c.Data {
		m, err := measure(ctx, dir)
		if err != nil {
			return err
		}
		m.name = filepath.Base(dir)
		if i < len(c.Label) {
			m.name = c.Label[i]
		}
		fmt.Fprintf(w.out, "%s: %d listed persons, %d innocent travellers\n", m.name, m.resultOfWith.Positives, m.resultOfWith.Negatives)
		if err := printResults(w.out, map[string]*trial.Result{"with_dob": m.resultOfWith, "without_dob": m.resultOfNo}); err != nil {
			return err
		}
		m.printCalibration(w.out, c.Prior)
		all = append(all, m)
	}
	recall, err := recallPlot(all)
	if err != nil {
		return err
	}
	for name, p := range map[string]*chart.Chart{"-recall.svg": recall, "-calibration.svg": calibrationPlot(all, c.Prior)} {
		if err := os.WriteFile(c.Out+name, []byte(p.SVG()), 0o644); err != nil { //nolint:gosec // for everybody: no personal data
			return &border.Error{Code: border.Unavailable, Op: "draw", Message: "The drawing " + c.Out + name + " cannot be written.", Err: err}
		}
	}
	return nil
}

// printCalibration prints what scores are worth, with and without dates.
func (m *measured) printCalibration(out io.Writer, prior float64) {
	fmt.Fprintf(out, "\nscores where 1 of %.0f travellers is listed: given, right (hits)\n", 1/prior)
	for _, answers := range [][]*trial.Answer{m.with, m.no} {
		for _, b := range trial.Calibration(m.truth, answers, prior, binSize) {
			fmt.Fprintf(out, "  %.4f, %.4f (%d)", b.Score, b.Observed, b.Right+b.Wrong)
		}
		fmt.Fprintln(out)
	}
	fmt.Fprintln(out)
}

// binSize is how many hits make a point of the calibration.
const binSize = 100

// measure asks the set's own list for its travellers.
func measure(ctx context.Context, dir string) (*measured, error) {
	entries, err := loadLists(ctx, dir)
	if err != nil {
		return nil, err
	}
	base, err := watch.Compile(watch.Description{Name: "trial"}, entries)
	if err != nil {
		return nil, err
	}
	l := watch.New(base)
	m := &measured{}
	if m.truth, err = trial.ReadFile[trial.Truth](filepath.Join(dir, "truth.jsonl")); err != nil {
		return nil, err
	}
	for name, into := range map[string]*[]*trial.Answer{"queries.jsonl": &m.with, "queries-nodob.jsonl": &m.no} {
		questions, err := trial.ReadFile[trial.Question](filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		*into = trial.Ask(l, questions)
	}
	if m.resultOfWith, err = trial.Score(m.truth, m.with); err != nil {
		return nil, err
	}
	m.resultOfNo, err = trial.Score(m.truth, m.no)
	return m, err
}

var lineColours = []string{"#1d70b8", "#d4351c", "#00703c", "#4c2c92"}

// shares labels an axis of shares.
func shares(values ...float64) []chart.Tick {
	ticks := make([]chart.Tick, len(values))
	for i, v := range values {
		ticks[i] = chart.Tick{Value: v, Label: fmt.Sprintf("%g %%", 100*v)}
	}
	return ticks
}

func goal(rate, recall float64, name string) chart.Mark {
	return chart.Mark{Point: chart.Point{X: rate, Y: recall}, Name: name}
}

// recallPlot draws recall over the false-positive rate.
func recallPlot(all []*measured) (*chart.Chart, error) {
	const from, to = 0.0005, 0.05
	p := &chart.Chart{
		Title: "Listed persons found, by innocent travellers stopped",
		X: chart.Axis{Label: "innocent travellers stopped", At: func(v float64) float64 { return math.Log(v/from) / math.Log(to/from) },
			Ticks: shares(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05)},
		Y: chart.Axis{Label: "listed persons found", At: func(v float64) float64 { return max(0, (v-0.4)/0.6) },
			Ticks: shares(0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1)},
		Marks: []chart.Mark{goal(0.002, 0.88, "goal"), goal(0.01, 0.93, "goal"), goal(0.002, 0.62, "goal, no date"), goal(0.01, 0.80, "goal, no date")},
	}
	for i, m := range all {
		for _, line := range []struct {
			name    string
			answers []*trial.Answer
			dashed  bool
		}{{"with date of birth", m.with, false}, {"name only", m.no, true}} {
			steps, err := trial.Recall(m.truth, line.answers, from, to, 60)
			if err != nil {
				return nil, err
			}
			s := chart.Series{Name: m.name + ", " + line.name, Colour: lineColours[i%len(lineColours)], Dashed: line.dashed}
			for _, step := range steps {
				s.Points = append(s.Points, chart.Point{X: step.Rate, Y: step.Recall})
			}
			p.Series = append(p.Series, s)
		}
	}
	return p, nil
}

// calibrationPlot draws how often hits are right over what their scores say.
func calibrationPlot(all []*measured, prior float64) *chart.Chart {
	const ends = 6.9068 // log-odds of 0.999: beyond, a set has too few hits
	odds := func(v float64) float64 {
		v = min(max(v, 1e-6), 1-1e-6)
		return min(1, max(0, (math.Log(v/(1-v))+ends)/(2*ends)))
	}
	ticks := shares(0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999)
	p := &chart.Chart{
		Title:    fmt.Sprintf("What a score is worth where 1 of %.0f travellers is listed", 1/prior),
		X:        chart.Axis{Label: "probability that the engine gives", At: odds, Ticks: ticks},
		Y:        chart.Axis{Label: "hits that are right", At: odds, Ticks: ticks},
		Diagonal: true,
	}
	for i, m := range all {
		for _, line := range []struct {
			name    string
			answers []*trial.Answer
			dashed  bool
		}{{"with date of birth", m.with, false}, {"name only", m.no, true}} {
			s := chart.Series{Name: m.name + ", " + line.name, Colour: lineColours[i%len(lineColours)], Dashed: line.dashed, Dots: true}
			for _, b := range trial.Calibration(m.truth, line.answers, prior, binSize) {
				s.Points = append(s.Points, chart.Point{X: b.Score, Y: b.Observed})
			}
			p.Series = append(p.Series, s)
		}
	}
	return p
}
