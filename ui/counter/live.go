package counter

import (
	"bytes"
	"context"
	"slices"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
	"garita/border/counter"
	"garita/border/form"
	"garita/ui/layout"
	"garita/ui/live"
)

// event is what the live stream carries: the view for programs, and the same rendered for
// the page, region by region, so that it looks at those only that read otherwise than before.
type event struct {
	Script   string            `json:"script"` // address of the script that understands this: a page with another is of another program
	Revision uint64            `json:"revision"`
	View     counter.View      `json:"view"`    // without the codes of the form: they do not change, and are many
	Regions  map[string]string `json:"regions"` // HTML by the name of the region
}

// live streams one counter's view: event "view" with the newest one, whole. It is sent
// again within a heartbeat when only its words changed, such as an age. It speaks the language of who opened it.
func (s *screen) live(c *fiber.Ctx) error {
	return s.streams.Serve(c, func() (live.Feed, error) { return s.feed(c, c.Params("counter")) })
}

// feed is what one counter's stream shows to who asks.
func (s *screen) feed(c *fiber.Ctx, of string) (live.Feed, error) {
	id, roles, to := border.CounterID(of), access.From(c.UserContext()).Roles, layout.Printer(c)
	service, stay, err := s.serving(c.UserContext(), id)
	if err != nil {
		return live.Feed{}, err
	}
	changed, cancel, err := service.Subscribe(id)
	if err != nil {
		return live.Feed{}, err
	}
	var revision uint64
	var data bytes.Buffer // of the last event, kept for its room
	painter := s.painter(to)
	next := func(context.Context) (live.Frame, bool, error) {
		leave, err := stay()
		if err != nil {
			return live.Frame{}, false, err
		}
		defer leave()
		v, err := service.View(id)
		if err != nil {
			return live.Frame{}, false, err
		}
		panel := s.panel(v, to)
		looks, other, err := painter.paint(&panel)
		if err != nil || v.Revision == revision && !other {
			return live.Frame{}, false, err
		}
		revision = v.Revision
		data.Reset()
		err = encode(&data, s.script, access.Redact(v, roles), looks)
		return live.Frame{Event: "view", Revision: v.Revision, Data: data.Bytes()}, err == nil, err
	}
	return live.Feed{Changed: changed, Next: next, Close: cancel}, nil
}

// encode writes an event. What was painted is in its shape already, see [look].
func encode(b *bytes.Buffer, script string, v counter.View, looks []*look) error {
	b.WriteString(`{"script":` + strconv.Quote(script) + `,"revision":` + strconv.FormatUint(v.Revision, 10) + `,"view":`)
	if err := plainJSON(b, withoutCodes(v)); err != nil {
		return err
	}
	b.WriteString(`,"regions":{`)
	for i, l := range looks {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"` + l.name + `":"`)
		b.Write(l.text)
		b.WriteByte('"')
	}
	b.WriteString(`}}`)
	return nil
}

// withoutCodes returns a view whose fields list no choices.
func withoutCodes(v counter.View) counter.View {
	bare := func(fields []form.Field) []form.Field {
		fields = slices.Clone(fields)
		for i := range fields {
			fields[i].Codes = nil
		}
		return fields
	}
	if v.Encounter != nil {
		e := *v.Encounter
		e.Record.Fields = bare(e.Record.Fields)
		v.Encounter = &e
	}
	if v.Group != nil {
		g := *v.Group
		g.Fields = bare(g.Fields)
		v.Group = &g
	}
	return v
}
