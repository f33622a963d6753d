package uplink

import (
	"context"

	"github.com/nats-io/nats.go"

	"garita/border"
	"garita/sync/wire"
)

// reconcile compares journal and hub: it greets the hub, learns all it holds, delivers
// missing key wraps, and fetches what the journal has lost. What the hub lacks is then
// to be sent. Watermarks of the time before do not count any more.
func (u *Uplink) reconcile(ctx context.Context, nc *nats.Conn) error {
	welcome, err := u.hello(ctx, nc)
	if err != nil {
		return err
	}
	ex, err := u.c.Source.Extents(ctx)
	if err != nil {
		return &border.Error{Code: border.CodeOf(err), Op: "read the journal", Message: "The journal cannot be read.", Err: err}
	}
	u.mu.Lock()
	u.ledger.clear()
	u.ledger.generation = welcome.Generation
	u.ledger.extents(ex)
	u.mu.Unlock()

	u.wrapped, u.wrapless = map[string]bool{}, map[string]bool{}
	for _, id := range welcome.Keys {
		u.wrapped[id] = true
	}
	if err := u.deliverWraps(ctx, nc); err != nil {
		return err
	}
	held, err := u.holdings(ctx, nc)
	if err != nil {
		return err
	}
	if err := u.restore(ctx, nc, held); err != nil {
		return err
	}
	if ex, err = u.c.Source.Extents(ctx); err != nil {
		return &border.Error{Code: border.CodeOf(err), Op: "read the journal", Message: "The journal cannot be read.", Err: err}
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.ledger.extents(ex)
	for _, h := range held {
		u.ledger.hold(h)
	}
	return nil
}

// maxEpochs bounds what a hub can make a station remember: a century of openings, ten a day.
const maxEpochs = 365_000

// holdings reads all pages of what the hub holds of this station.
func (u *Uplink) holdings(ctx context.Context, nc *nats.Conn) ([]border.Holding, error) {
	var all []border.Holding
	for len(all) < maxEpochs {
		body, err := wire.Encode(wire.HoldingsRequest{Offset: len(all), Limit: wire.MaxHoldings})
		if err != nil {
			return nil, err
		}
		reply, err := u.request(ctx, nc, wire.KindHoldings, body)
		if err != nil {
			return nil, err
		}
		page, err := wire.DecodeHoldingsReply(reply)
		if err != nil {
			return nil, err
		}
		if len(page.Holdings) == 0 {
			break
		}
		all = append(all, page.Holdings...)
	}
	return all, nil
}

// restore fetches the events that the hub holds and the journal does not: this
// station's database was copied back. The hub's order is kept, so parents come before
// their children. What cannot be had is named once and does not hold up the rest.
func (u *Uplink) restore(ctx context.Context, nc *nats.Conn, held []border.Holding) error {
	current := u.c.Source.Head().Epoch
	for _, h := range held {
		u.mu.Lock()
		var at uint64
		if a := u.ledger.epochs[h.Epoch]; a != nil {
			at = a.last
		}
		u.mu.Unlock()
		if h.Highest <= at {
			continue
		}
		if h.Epoch == current { // epochs are random: nobody else can have written it
			u.lost(h.Epoch, at, h.Highest, "the hub holds events above the journal's head")
			continue
		}
		from := at
		for at < h.Highest {
			n, why, err := u.restorePage(ctx, nc, h.Epoch, at)
			if err != nil {
				return err
			}
			if n == 0 {
				u.lost(h.Epoch, at, h.Highest, why)
				break
			}
			at += n
		}
		if at > from {
			u.c.Log.Warn("events that this journal had lost came back from the hub",
				"epoch", h.Epoch.String(), "first", from+1, "last", at)
		}
	}
	return nil
}

// restorePage fetches one page after a seq and stores it. It returns how many events it
// stored; if none, why.
func (u *Uplink) restorePage(ctx context.Context, nc *nats.Conn, epoch border.Epoch, after uint64) (n uint64, why string, err error) {
	body, err := wire.Encode(wire.EventsRequest{Epoch: epoch, After: after, Limit: wire.MaxEvents})
	if err != nil {
		return 0, "", err
	}
	reply, err := u.request(ctx, nc, wire.KindEvents, body)
	if err != nil {
		return 0, "", err
	}
	events, err := wire.DecodeEventList(reply)
	if err != nil {
		return 0, "", err
	}
	good := events[:0:0]
	for i, b := range events { // what is malformed at the hub ends what can be chained
		e, err := border.DecodeEvent(b)
		if err != nil || e.Verify() != nil || e.Key != (border.Key{Station: u.c.Station, Epoch: epoch, Seq: after + uint64(i) + 1}) {
			break
		}
		good = append(good, b)
	}
	if len(good) == 0 {
		return 0, "the hub cannot give them intact", nil
	}
	if err := u.c.Source.Restore(ctx, good); err != nil {
		if border.CodeOf(err) == border.Invalid || border.CodeOf(err) == border.Conflict {
			u.c.Log.Error("the journal refuses events from the hub", "epoch", epoch.String(), "after", after, "err", err)
			return 0, "the journal refuses them", nil
		}
		return 0, "", &border.Error{Code: border.CodeOf(err), Op: "restore events", Message: "Events from the hub cannot be stored here.", Err: err}
	}
	return uint64(len(good)), "", nil
}

func (u *Uplink) lost(epoch border.Epoch, after, highest uint64, why string) {
	if u.named[epoch] || len(u.named) >= maxAgain {
		return
	}
	u.named[epoch] = true
	u.c.Log.Error("events are missing here and did not come back", "epoch", epoch.String(), "first", after+1, "last", highest, "why", why)
}

// deliverWraps brings the hub the key wraps that it does not hold. A wrap that the hub
// refuses as such does not hold up the record: it is logged and tried at the next session.
func (u *Uplink) deliverWraps(ctx context.Context, nc *nats.Conn) error {
	wraps, err := u.c.Source.Wraps(ctx)
	if err != nil {
		return &border.Error{Code: border.CodeOf(err), Op: "read the keys", Message: "The keys for the hub cannot be read.", Err: err}
	}
	var missing []border.KeyWrap
	for _, w := range wraps {
		if !u.wrapped[w.KeyID] && !u.wrapless[w.KeyID] {
			missing = append(missing, w)
		}
	}
	for len(missing) > 0 {
		some := missing[:min(len(missing), wire.MaxWraps)]
		missing = missing[len(some):]
		body, err := wire.Encode(wire.WrapsRequest{Wraps: some})
		if err == nil {
			_, err = u.request(ctx, nc, wire.KindWraps, body)
		}
		into := u.wrapped
		switch border.CodeOf(err) {
		case "":
		case border.Invalid, border.TooLarge:
			u.c.Log.Error("the hub refuses key wraps", "wraps", len(some), "err", err)
			into = u.wrapless
		default:
			return err
		}
		for _, w := range some {
			into[w.KeyID] = true
		}
	}
	return nil
}
