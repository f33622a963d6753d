package hub

import (
	"context"
	"time"

	"garita/border"
	"garita/border/cases"
	"garita/border/lists"
	"garita/border/seal"
	"garita/border/watch/release"
)

// chaseEvery is how often the hub compares what stations hold with what they should.
const chaseEvery = 30 * time.Second

// openLists opens the lists, the cases that come of them, and the way on which both reach the
// stations.
func (h *Hub) openLists(ctx context.Context, private *seal.HubPrivate, blinder *seal.Blinder, clock border.Clock) (err error) {
	h.Lists, err = lists.Open(ctx, lists.Config{Dir: h.cfg.Data, Clock: clock, Log: h.log, ListKey: private.ListKey, ListSeed: private.ListSeed})
	if err != nil {
		return err
	}
	keys, err := release.NewKeys(private.ListKey)
	if err != nil {
		return err
	}
	h.Cases, err = cases.Open(ctx, cases.Config{Dir: h.cfg.Data, Clock: clock, Private: private, Blinder: blinder, Register: h.Register, Log: h.log,
		List: h.Lists.List, Entry: h.Lists.Entry, Grown: h.Lists.Added, Remember: h.Lists.Remember, Forget: h.Lists.Forget, Notices: keys, ExitPosts: h.cfg.ExitPosts})
	return err
}

// chase looks who lacks urgent entries, and whether a station holds more than this hub ever
// released, until ctx ends.
func (h *Hub) chase(ctx context.Context) {
	every := time.NewTicker(chaseEvery)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		reports, err := h.reports(ctx)
		if err == nil {
			_, err = h.Lists.Chase(ctx, reports)
		}
		if err == nil {
			var ahead []border.StationID
			if ahead, err = h.Lists.Ahead(ctx, reports); len(ahead) > 0 {
				h.log.Error("stations hold releases of the list that this hub does not know: it was put back from a copy; "+
					"begin a new epoch of the list on its page", "stations", ahead)
			}
		}
		if err != nil && ctx.Err() == nil {
			h.log.Error("what stations hold of the lists could not be compared", "error", err)
		}
	}
}

// reports are what the stations say of their lists.
func (h *Hub) reports(ctx context.Context) (map[border.StationID][]border.ListReport, error) {
	stations, err := h.Register.Stations(ctx)
	if err != nil {
		return nil, err
	}
	out := make(map[border.StationID][]border.ListReport, len(stations))
	for i := range stations {
		out[stations[i].Station] = stations[i].Lists
	}
	return out, nil
}
