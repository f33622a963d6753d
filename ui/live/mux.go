package live

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
	"garita/ui/layout"
	"garita/ui/problem"
)

// MaxTopics bounds the topics of one stream: as many windows as a person has open.
const MaxTopics = 16

// prefix is where the screens' own streams live; a topic is the rest of such a path: "counters/1".
const prefix = "/live/"

// Source opens the feed of a topic for whoever asks; of is the last element of the topic where its pattern
// ends in a parameter, else "". It takes what it needs of the request and keeps nothing of it.
type Source func(c *fiber.Ctx, of string) (Feed, error)

// Mux serves many screens over one stream: a browser opens a few connections to a server at most, and
// windows beyond them would wait for ever (RFC 9112, section 9.4).
type Mux struct {
	streams *Streams
	offers  []offer
}

type offer struct {
	pattern string // "counters/:counter"
	open    Source
}

// NewMux returns a mux without topics.
func NewMux(cfg Config) *Mux { return &Mux{streams: New(cfg)} }

// Open says how many streams there are now.
func (m *Mux) Open() int { return m.streams.Open() }

// Add gives the mux the topics of a route of border/access, "/live/counters/:counter", which says who may
// see them. It comes before the server begins. A nil mux takes nothing.
func (m *Mux) Add(route string, open Source) {
	if m != nil {
		m.offers = append(m.offers, offer{strings.TrimPrefix(route, prefix), open})
	}
}

// Mount answers GET /live?topic=counters/1&topic=operations. The events are those of the screens' own
// streams, their names followed by "@" and the topic. A topic that is refused comes as an event
// "refused@TOPIC" with a code; the others go on. What the browser has is said by Last-Event-ID, or by the
// same text as last=ID where it opens a stream anew for other topics: what has not changed since is not sent again.
func (m *Mux) Mount(app fiber.Router, before ...fiber.Handler) {
	app.Add(fiber.MethodGet, "/live", append(before[:len(before):len(before)], m.serve)...)
}

func (m *Mux) serve(c *fiber.Ctx) error {
	err := m.answer(c)
	if err == nil {
		return nil
	}
	p := problem.Of(layout.Printer(c), err)
	return c.Status(p.Status).JSON(p)
}

func (m *Mux) answer(c *fiber.Ctx) error {
	if access.From(c.UserContext()) == nil {
		return access.Nobody("open a live stream")
	}
	var names []string
	for _, b := range c.Context().QueryArgs().PeekMulti("topic") {
		if bytes.ContainsFunc(b, func(r rune) bool { return r <= ' ' || r > '~' }) { // it stands in the stream's lines
			return &border.Error{Code: border.Invalid, Op: "open a live stream", Message: "There is no such topic."}
		}
		names = append(names, string(b))
	}
	if len(names) == 0 || len(names) > MaxTopics {
		return &border.Error{Code: border.Invalid, Op: "open a live stream", Message: "A live stream has 1 to 16 topics."}
	}
	slices.Sort(names)
	if len(slices.Compact(names)) < len(names) {
		return &border.Error{Code: border.Invalid, Op: "open a live stream", Message: "A topic was asked for twice."}
	}
	has := positions(c.Get("Last-Event-ID", c.Query("last")), len(names))
	return m.streams.serve(c, func() ([]topic, error) {
		topics := make([]topic, len(names))
		shown := false
		var first error
		for i, name := range names {
			feed, err := m.open(c, name)
			if topics[i] = (topic{name: name, feed: feed, changed: feed.Changed}); err != nil {
				topics[i].no = border.CodeOf(err)
				if first == nil {
					first = err
				}
				continue
			}
			topics[i].has = has[i]
			shown = true
		}
		if !shown {
			return nil, first
		}
		return topics, nil
	})
}

// open asks whether a topic may be seen and opens its feed.
func (m *Mux) open(c *fiber.Ctx, name string) (Feed, error) {
	if err := access.Pass(c.UserContext(), prefix+name); err != nil {
		return Feed{}, err
	}
	for _, o := range m.offers {
		if of, ok := o.match(name); ok {
			return o.open(c, of)
		}
	}
	return Feed{}, &border.Error{Code: border.NotFound, Op: "open a live stream", Message: "There is no such topic."}
}

// match reports whether a topic is the offer's, and what its parameter is. That it is spelled as our paths are
// has been seen by who passed it.
func (o *offer) match(name string) (of string, ok bool) {
	head, param, has := strings.Cut(o.pattern, ":")
	if !has {
		return "", name == o.pattern
	}
	of, ok = strings.CutPrefix(name, head)
	return of, ok && param != "" && of != "" && !strings.Contains(of, "/")
}

// positions reads an event's id: what the browser has of each of n topics. What is no id is nothing.
func positions(id string, n int) []uint64 {
	has := make([]uint64, n)
	parts := strings.SplitN(id, ".", n+1)
	if len(parts) != n {
		return has
	}
	out := make([]uint64, n)
	for i, p := range parts {
		v, err := strconv.ParseUint(p, 36, 64)
		if err != nil {
			return has
		}
		out[i] = v
	}
	return out
}
