package intake

import (
	"time"

	"github.com/nats-io/nats.go"

	"garita/border"
	"garita/sync/wire"
)

// tell sends the watermarks that a batch moved down to their stations, and notes gaps.
// These messages may be lost: a hello brings the same.
func (in *Intake) tell(holdings []border.StationHolding) {
	var order []border.StationID
	by := map[border.StationID][]border.Holding{}
	for _, h := range holdings {
		if by[h.Station] == nil {
			order = append(order, h.Station)
		}
		by[h.Station] = append(by[h.Station], h.Holding)
		in.gaps.note(h)
	}
	for _, st := range order {
		for hs := by[st]; len(hs) > 0; {
			n := min(len(hs), wire.MaxHoldings)
			in.send(st, wire.KindWatermark, wire.Watermark{Generation: in.generation.Load(), Holdings: hs[:n]})
			hs = hs[n:]
		}
	}
}

func (in *Intake) send(st border.StationID, kind string, body any) {
	b, err := wire.Encode(body)
	if err == nil {
		m := &nats.Msg{Subject: wire.DownSubject(st, kind), Data: b, Header: nats.Header{wire.HeaderVersion: {wire.Version}}}
		if in.c.SignReply != nil {
			wire.SignDown(m, in.c.SignReply)
		}
		err = in.nc.PublishMsg(m)
	}
	if err != nil {
		in.c.Log.Debug("not sent down", "station", st, "kind", kind, "err", err)
	}
}

// gaps are the places where the register holds events above missing ones. Used by the
// drain goroutine alone. Time is counted in ticks, so no clock can confuse it.
type gaps struct {
	open map[gapKey]*gap
}

type gapKey struct {
	station border.StationID
	epoch   border.Epoch
}

type gap struct {
	held  uint64
	left  int // ticks until the station is asked
	asked int
}

// maxGaps bounds the memory that stations can take by leaving gaps; maxAsked how often
// one is asked for without progress. Beyond both the station's own watch over its
// watermark does the same, only later.
const (
	maxGaps  = 4096
	maxAsked = 6
)

func (g *gaps) note(h border.StationHolding) {
	k := gapKey{h.Station, h.Epoch}
	if h.Highest <= h.Held {
		delete(g.open, k)
		return
	}
	if old := g.open[k]; old != nil {
		if old.held != h.Held {
			*old = gap{held: h.Held, left: -1}
		}
		return
	}
	if len(g.open) < maxGaps {
		g.open[k] = &gap{held: h.Held, left: -1}
	}
}

// askForGaps is called once per tick.
func (in *Intake) askForGaps() {
	patience := max(1, int(in.c.ResendAfter/tick))
	for k, g := range in.gaps.open {
		if g.left < 0 {
			g.left = patience
		}
		g.left--
		if g.left > 0 {
			continue
		}
		if g.asked == maxAsked {
			in.alarm(k.station, "the station does not fill a gap in epoch "+k.epoch.String())
			delete(in.gaps.open, k)
			continue
		}
		in.c.Log.Info("asking for a gap", "station", k.station, "epoch", k.epoch.String(), "after", g.held)
		in.send(k.station, wire.KindResend, wire.Resend{Epoch: k.epoch, After: g.held})
		g.asked++
		g.left = min(patience<<g.asked, int(time.Minute/tick))
	}
}
