package publish

import (
	"context"
	"slices"

	"github.com/nats-io/nats.go"

	"garita/border"
	"garita/sync/wire"
)

// maxStations bounds the memory of who asks for notices. Whoever is not remembered is not
// woken, and asks at its hellos' interval all the same.
const maxStations = 4096

func (p *Publisher) notices(ctx context.Context, station border.StationID, body []byte) ([]byte, error) {
	r, err := wire.DecodeNoticesRequest(body)
	if err != nil {
		return nil, err
	}
	ns, err := p.c.Notices.Notices(ctx, station, r.After, r.Limit)
	if err != nil {
		return nil, err
	}
	told := r.After // if the reply is lost, the station asks again without being woken
	if len(ns) > 0 {
		told = ns[len(ns)-1].Order
	}
	p.mu.Lock()
	if _, known := p.stations[station]; known || len(p.stations) < maxStations {
		p.stations[station] = told
	}
	p.mu.Unlock()
	// One that is too large would make the station refuse the others with it.
	ns = slices.DeleteFunc(ns, func(n border.Notice) bool {
		if len(n.Body) > border.MaxNotice {
			p.c.Log.Error("a notice is too large to be sent", "bytes", len(n.Body))
			return true
		}
		return false
	})
	return wire.Encode(wire.NoticesReply{Notices: ns})
}

func (p *Publisher) noticeAck(ctx context.Context, station border.StationID, body []byte) ([]byte, error) {
	a, err := wire.DecodeNoticeAck(body, station)
	if err != nil {
		return nil, err
	}
	if err := p.c.Notices.Acknowledge(ctx, a); err != nil {
		return nil, err
	}
	return []byte("{}"), nil
}

// wake tells the stations for which something has changed to ask, until ctx ends. These
// messages may be lost: stations ask from time to time.
func (p *Publisher) wake(ctx context.Context) {
	for {
		select {
		case <-p.c.Notices.Noticed():
		case <-ctx.Done():
			return
		}
		p.mu.Lock()
		asked := make(map[border.StationID]uint64, len(p.stations))
		for st, after := range p.stations {
			asked[st] = after
		}
		p.mu.Unlock()
		for st, after := range asked {
			qctx, cancel := context.WithTimeout(ctx, p.c.RequestTimeout)
			ns, err := p.c.Notices.Notices(qctx, st, after, 1)
			cancel()
			if err != nil {
				if ctx.Err() == nil {
					p.c.Log.Warn("notices cannot be read; stations ask again", "err", err)
				}
				break
			}
			if len(ns) == 0 {
				continue
			}
			m := &nats.Msg{Subject: wire.DownSubject(st, wire.KindNotice), Data: []byte("{}"), Header: nats.Header{wire.HeaderVersion: {wire.Version}}}
			if p.c.SignReply != nil {
				wire.SignDown(m, p.c.SignReply)
			}
			if err := p.nc.PublishMsg(m); err != nil {
				p.c.Log.Debug("not woken", "station", st, "err", err)
			}
		}
	}
}
