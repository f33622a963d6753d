package counter

import (
	"context"
	"fmt"
	"html/template"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/counter"
	"garita/ui/i18n"
	"garita/ui/layout"
)

// pageData is the whole page: the regions of the live panel and what stays as it is.
type pageData struct {
	regions   map[string]template.HTML
	Counter   border.CounterID
	Counters  []border.CounterID
	Specimens []Specimen
	Countries []string
	Kinds     []Option
	Papers    bool // can be attached
	Training  bool
	words     words
}

// Select is a choice of a dialog.
type Select struct {
	ID, Name, Label string
	Options         []Option
}

// Region gives the page a region of the panel.
func (p pageData) Region(name string) (template.HTML, error) {
	html, ok := p.regions[name]
	if !ok {
		return "", fmt.Errorf("no region %q", name)
	}
	return html, nil
}

// Codes gives a dialog a list of the form to choose from.
func (p pageData) Codes(id, name, label, list string) Select {
	return Select{id, name, label, p.words.options(p.words.form.Codes(list))}
}

// Grounds gives a dialog the grounds of an outcome.
func (p pageData) Grounds(id, name, label, outcome string) Select {
	return Select{id, name, label, p.words.options(p.words.form.Grounds(border.Outcome(outcome)))}
}

// Fingers gives a dialog the fingers of both hands.
func (p pageData) Fingers(id, name, label string) Select {
	s := Select{ID: id, Name: name, Label: label}
	for position := border.FingerPosition(1); position <= 10; position++ {
		s.Options = append(s.Options, Option{strconv.Itoa(int(position)), upper(p.words.finger(position))})
	}
	return s
}

// Fingerprints reports whether the country's form asks for fingerprints.
func (p pageData) Fingerprints() bool { return p.words.form.Fingerprints() }

// page shows one counter.
func (s *screen) page(c *fiber.Ctx) error {
	v, err := s.service(c).View(counterOf(c))
	if err != nil {
		return err
	}
	to := layout.Printer(c)
	data, err := s.pageData(v, to)
	if err != nil {
		return err
	}
	title := to.T("Counter {0} – Garita", string(v.Counter))
	if data.Training {
		title = to.T("training::TRAINING") + " – " + title
	}
	return s.layout.Send(c, layout.Page{Title: title, Kind: "counter", Training: data.Training, Screen: data})
}

// specimenTimeout bounds how long a page waits for the demo.
const specimenTimeout = 2 * time.Second

func (s *screen) pageData(v counter.View, to *i18n.Printer) (pageData, error) {
	w := s.words(to, v.Status.Zone)
	p := pageData{
		regions: make(map[string]template.HTML), Counter: v.Counter, Counters: s.cfg.Service.Counters(),
		Countries: s.codes, Papers: s.takesPapers(v.Counter), Kinds: w.kinds(), words: w,
	}
	panel := s.panel(v, to)
	looks, _, err := s.painter(to).paint(&panel)
	if err != nil {
		return pageData{}, err
	}
	for _, l := range looks {
		p.regions[l.name] = l.html
	}
	if p.Training = v.Counter.IsTraining(); p.Training {
		p.train(s.cfg.Training)
		return p, nil
	}
	if s.cfg.Presenter != nil {
		ctx, cancel := context.WithTimeout(context.Background(), specimenTimeout)
		defer cancel()
		all, err := s.cfg.Presenter.Specimens(ctx)
		if err != nil {
			// The page works without them; presenting one says why it does not.
			s.cfg.Log.Warn("no specimens to offer", "error", err)
		}
		p.Specimens = all
	}
	return p, nil
}
