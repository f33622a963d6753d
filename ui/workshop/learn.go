package workshop

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
	"garita/ui/i18n"
	"garita/ui/layout"
	"garita/ui/live"
)

// LearnPanel is the page of learning in words of the reader's language.
type LearnPanel struct {
	Teaches  bool // whoever reads may teach
	Nodes    []border.LearnNode
	Run      *Lesson // nil: nothing since the start
	Profiles []Learned

	view border.LearningView
}

// Lesson is what is being taught or tried, or was last.
type Lesson struct {
	Tag, State     string
	Profile, Path  string
	Running        bool
	Asks           string // what to do now
	Speed, Came    string
	Shapes         string
	Message        string
	Documents      []Document
	Say            string // for those who hear the page
	Until          string
	Trying, Passed bool
}

// Document is one document of a try.
type Document struct {
	Tag, State, What, Reason string
}

// Learned is one learned profile.
type Learned struct {
	ID, Name, Hash, TOML string
	Tag, State           string
	Facts                []Fact
	Remarks              []string
	Documents            []Document
	Advice               string
	// What whoever reads may do with it.
	Try, Propose, Decide, Back, Undo, Delete bool
}

// lessons are the phases of a lesson, with the style of each.
var lessons = map[string]struct {
	tag  string
	word i18n.Msg
}{
	border.LearnListening: {"none", i18n.Msg("lesson::Listening")},
	border.LearnTrying:    {"none", i18n.Msg("lesson::Trying")},
	border.LearnDone:      {"ok", i18n.Msg("lesson::Understood")},
	border.LearnFailed:    {"bad", i18n.Msg("lesson::Failed")},
	border.LearnTimedOut:  {"warn", i18n.Msg("lesson::Out of time")},
	border.LearnStopped:   {"none", i18n.Msg("lesson::Stopped")},
}

// learned are the states of learned profiles, with the style of each and what to do next.
var learned = map[string]struct {
	tag          string
	word, advice i18n.Msg
}{
	border.ProfileDraft:     {"none", i18n.Msg("learned::Draft"), i18n.Msg("Try it: present three documents, best of different formats.")},
	border.ProfileTried:     {"none", i18n.Msg("learned::Tried"), i18n.Msg("It read three documents in a row. Hand it on to a second person.")},
	border.ProfileProposed:  {"warn", i18n.Msg("learned::Waits for a second person"), i18n.Msg("Another technician or a supervisor signs in, opens this page, looks at it and decides.")},
	border.ProfileInForce:   {"ok", i18n.Msg("learned::In force"), i18n.Msg("The reader stands among the scanners of the workshop. Assign it to its counter there.")},
	border.ProfileRefused:   {"bad", i18n.Msg("learned::Turned down"), i18n.Msg("Ask who turned it down for the reason, then teach the reader again or delete the draft.")},
	border.ProfileWithdrawn: {"none", i18n.Msg("learned::Withdrawn"), i18n.Msg("It serves nobody. It can be tried and handed on again.")},
}

// framings say how a document comes. Some have a place for the bytes that mark it.
var framings = map[string]i18n.Msg{
	"stx-etx":            "between the bytes {0}",
	"line-cr":            "in lines, and the byte {0} ends the document",
	"line-cr blank-line": "in lines, and an empty line ends the document",
	"line-cr mrz-lines":  "in lines; their length tells which is the last",
	"raw-len":            "without line ends, always as many characters",
	"raw-idle":           "without line ends; a silence ends the document",
}

// learnPage shows the page of learning.
func (s *screen) learnPage(c *fiber.Ctx) error {
	p := layout.Printer(c)
	return s.lessons.Send(c, layout.Page{Title: p.T("Learn an unknown reader") + " – Garita", Kind: "workshop", Script: "learn", Screen: s.learnPanel(p, access.From(c.UserContext()))})
}

// learnView is what the live stream of the page carries besides its HTML.
type learnView struct {
	Learning border.LearningView `json:"learning"`
}

// learnEvent is one state of the page.
type learnEvent struct {
	Revision uint64    `json:"revision"` // counts the states of this one stream
	View     learnView `json:"view"`
	HTML     string    `json:"html"`
}

func (s *screen) learnLive(c *fiber.Ctx) error {
	return s.streams.Serve(c, func() (live.Feed, error) { return s.learnFeed(c, "") })
}

// learnFeed is what one stream shows to who asks.
func (s *screen) learnFeed(c *fiber.Ctx, _ string) (live.Feed, error) {
	to, who := layout.Printer(c), access.From(c.UserContext())
	in := s.lessons.In(to)
	changed, cancel := s.cfg.Learning.Subscribe()
	var revision uint64
	var shown []byte
	next := func(context.Context) (live.Frame, bool, error) {
		p := s.learnPanel(to, who)
		html, err := in.Fragment("learn-panel", p)
		if err != nil || bytes.Equal(html, shown) {
			return live.Frame{}, false, err
		}
		shown = html
		revision++
		data, err := json.Marshal(learnEvent{Revision: revision, View: access.Redact(learnView{p.view}, who.Roles), HTML: string(html)})
		return live.Frame{Event: "view", Revision: revision, Data: data}, err == nil, err
	}
	return live.Feed{Changed: changed, Next: next, Close: cancel, MinGap: gap}, nil
}

// learnPanel is the page as who may see it.
func (s *screen) learnPanel(p *i18n.Printer, who *access.Principal) LearnPanel {
	v := s.cfg.Learning.Learning()
	out := LearnPanel{Teaches: who.May(access.WorkshopWork), Nodes: v.Nodes, view: v}
	now := s.cfg.Clock.Now()
	if v.Run != nil {
		l := lesson(p, v.Run, now)
		out.Run = &l
	}
	serving := make(map[string]bool)
	for _, d := range s.cfg.Scanners.Scanners() {
		serving[d.ID] = true
	}
	for i := range v.Profiles {
		l := learnedProfile(p, &v.Profiles[i], who, now)
		if v.Profiles[i].State == border.ProfileInForce && !serving[l.ID] {
			l.Tag, l.Advice = "bad", p.T("It serves nobody: its port or its name belongs to a scanner of the configuration. Take it out of force, or change the configuration and start the station again.")
		}
		out.Profiles = append(out.Profiles, l)
	}
	return out
}

func lesson(p *i18n.Printer, r *border.LearningRun, now time.Time) Lesson {
	phase := lessons[r.Phase]
	out := Lesson{Tag: phase.tag, State: p.T(phase.word), Profile: r.Profile, Path: r.Path, Message: said(p, r.Message), Shapes: r.Shapes,
		Running: r.Phase == border.LearnListening || r.Phase == border.LearnTrying, Trying: r.Attempts == 0}
	out.Documents = tried(p, r.Documents)
	if out.Trying && r.Phase == border.LearnDone {
		out.State = p.T("lesson::Passed")
	}
	switch {
	case r.Phase == border.LearnListening:
		out.Asks = p.T("Present the specimen now. Then wait two seconds; present it again each time the speed changes.")
	case r.Phase == border.LearnTrying:
		good := 0
		for _, d := range r.Documents {
			if good++; !d.OK {
				good = 0
			}
		}
		out.Asks = p.N(3-good, "Present {0} more document, whole and still.", "Present {0} more documents, one after the other, best of different formats.")
	}
	if out.Running {
		out.Until = p.T("It is given up at {0}.", clockTime(p, r.Until, now))
	}
	switch {
	case r.Layout != "":
		out.Speed = p.T("keyboard {0}", r.Layout)
	case r.Baud > 0:
		out.Speed = p.T("{0} bits a second", strconv.Itoa(r.Baud))
	}
	if out.Speed != "" && r.Attempts > 1 {
		out.Speed = p.T("{0}; {1} of {2}", out.Speed, r.Attempt, r.Attempts)
	}
	if r.Bytes > 0 {
		out.Came = p.T("{0} bytes, {1} % of them can stand in a document", r.Bytes, r.Readable)
	}
	out.Say = out.State + ". " + out.Asks + " " + out.Message
	if n := len(out.Documents); n > 0 && out.Running {
		out.Say = out.Documents[n-1].State + ". " + out.Documents[n-1].Reason + " " + out.Asks
	}
	return out
}

// tried says what came of each reading.
func tried(p *i18n.Printer, all []border.TriedReading) []Document {
	var out []Document
	for _, r := range all {
		d := Document{Tag: "ok", State: p.T("reading::Read well"), Reason: said(p, r.Reason)}
		if n := len(r.Lines); n > 0 {
			d.What = p.N(n, "{0} line of {1} characters", "{0} lines of {1} characters", r.Lines[0])
		}
		switch {
		case !r.OK:
			d.Tag, d.State = "bad", p.T("reading::Does not count")
		case r.Again:
			d.Reason = p.T("The same document as before.")
		}
		out = append(out, d)
	}
	return out
}

func learnedProfile(p *i18n.Printer, l *border.LearnedProfile, who *access.Principal, now time.Time) Learned {
	state := learned[l.State]
	out := Learned{ID: l.ID, Name: l.Name, Hash: l.Hash, TOML: l.TOML, Tag: state.tag, State: p.T(state.word), Advice: p.T(state.advice), Documents: tried(p, l.Documents)}
	add := func(name i18n.Msg, value string, mono bool) {
		if value != "" {
			out.Facts = append(out.Facts, Fact{p.T(name), value, mono})
		}
	}
	by := func(name i18n.Msg, badge string, at time.Time) {
		if badge != "" {
			add(name, badge+", "+clockTime(p, at, now), false)
		}
	}
	add(i18n.Msg("Node"), l.Path, true)
	if l.Transport == "wedge" {
		add(i18n.Msg("learned::Comes as"), p.T("keyboard {0}", l.Speed), false)
	} else {
		add(i18n.Msg("learned::Comes as"), l.Speed, true)
	}
	form, marked := framings[l.Framing+" "+l.Marks]
	if !marked {
		form = framings[l.Framing]
	}
	add(i18n.Msg("A document comes"), p.T(form, l.Marks), false)
	proof := l.Evidence
	if w, ok := evidence[proof]; ok {
		proof = p.T(w)
	}
	add(i18n.Msg("Evidence"), proof, false)
	by(i18n.Msg("learned::Taught"), l.TaughtBy, l.TaughtAt)
	by(i18n.Msg("learned::Tried"), l.TriedBy, l.TriedAt)
	by(i18n.Msg("learned::Handed on"), l.ProposedBy, l.ProposedAt)
	decided := i18n.Msg("learned::Put in force")
	if l.State == border.ProfileRefused {
		decided = i18n.Msg("learned::Turned down")
	}
	by(decided, l.DecidedBy, l.DecidedAt)
	by(i18n.Msg("learned::Withdrawn"), l.WithdrawnBy, l.WithdrawnAt)
	for _, r := range l.Remarks {
		out.Remarks = append(out.Remarks, said(p, r))
	}
	proposed, force := l.State == border.ProfileProposed, l.State == border.ProfileInForce
	decides := who.May(access.ProfileDecide)
	made := slices.Contains([]string{l.TaughtBy, l.TriedBy, l.ProposedBy}, badgeOf(who))
	out.Try = !proposed && !force && who.May(access.WorkshopWork)
	out.Propose = out.Try && l.TriedBy != "" && who.May(access.ProfilePropose)
	out.Decide = proposed && decides && !made
	out.Back, out.Undo, out.Delete = proposed && decides && made, force && decides, !proposed && !force && decides
	if proposed && made {
		out.Advice = p.T("Another technician or a supervisor signs in, opens this page, looks at it and decides.")
	} else if out.Decide {
		out.Advice = p.T("Somebody else made it. Look at what came, at the remarks and at the file before you decide.")
	}
	return out
}

func badgeOf(who *access.Principal) string {
	if who == nil {
		return ""
	}
	return who.Badge
}

// Count is how many documents there are, for the template.
func (l Learned) Count() string { return strconv.Itoa(len(l.Documents)) }
