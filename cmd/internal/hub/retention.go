package hub

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"garita/border"
	"garita/border/access"
	"garita/border/audit"
	"garita/border/register"
	"garita/border/retention"
	"garita/border/seal"
	"garita/cmd/internal/nightly"
)

// scrubShare is how much of the time the nightly look at the disk may take.
const scrubShare = 0.25

// warnEvery is how often the hub's people are told again of what is still wrong with what stations
// belong by.
const warnEvery = time.Hour

// held are the data keys of all stations, and of the hub's own journal, as retention sees them.
type held struct{ *Hub }

// Held implements [retention.Keys].
func (k held) Held(ctx context.Context) ([]retention.Held, error) {
	all, err := k.keys.Months(ctx)
	if err != nil {
		return nil, err
	}
	own, err := k.self.keys.Months(ctx)
	out := make([]retention.Held, 0, len(all)+len(own))
	for _, m := range append(all, own...) {
		out = append(out, retention.Held(m))
	}
	slices.SortStableFunc(out, func(a, b retention.Held) int { return strings.Compare(a.Bucket, b.Bucket) })
	return out, err
}

// Erase implements [retention.Keys].
func (k held) Erase(ctx context.Context, h retention.Held) (int64, error) {
	if h.Station == selfName {
		return k.self.keys.DestroyPart(ctx, h.Part, h.Bucket)
	}
	return k.keys.DestroyPart(ctx, h.Station, h.Part, h.Bucket)
}

// retention makes what erases by policy.
func (h *Hub) retention() (*retention.Runner, *retention.Policy, error) {
	policy, err := retention.Load(h.cfg.Retention)
	if err != nil {
		return nil, nil, err
	}
	r, err := retention.New(retention.Config{Policy: policy, Clock: h.clock, Keys: held{h}, Audit: h.self.audit, Log: h.log,
		Follow: func(ctx context.Context) error { return h.follow(ctx, policy) }})
	return r, policy, err
}

// follow has everything follow what was erased.
func (h *Hub) follow(ctx context.Context, policy *retention.Policy) error {
	if err := h.Register.Erased(ctx); err != nil {
		return err
	}
	horizon := policy.Horizon(border.PartPersonal, h.clock.Now())
	gone := func(a *register.Arrival) bool {
		month := max(seal.Bucket(a.Header.OccurredAt), seal.Bucket(a.Header.RecordedAt))
		return len(a.Missing) > 0 && month < seal.Bucket(horizon)
	}
	return errors.Join(h.Cases.Erased(ctx, gone), h.Archive.Erased(ctx, gone))
}

// Retain erases what is due now and says what it was. A register that was put back from a copy older
// than an erasure follows that erasure again.
func (h *Hub) Retain(ctx context.Context) (retention.Receipt, error) {
	r, policy, err := h.retention()
	if err != nil {
		return retention.Receipt{}, err
	}
	receipt, err := r.Once(ctx)
	if err != nil || receipt.Skipped != "" || len(receipt.Erased) > 0 {
		return receipt, err
	}
	horizon := policy.Horizon(border.PartPersonal, receipt.At)
	again, err := h.Register.Outlived(ctx, horizon)
	if err != nil || !again {
		return receipt, err
	}
	h.log.Warn("the register holds what was erased before: it was put back from a copy, and follows the erasure again")
	return receipt, h.follow(ctx, policy)
}

// Held lists the data keys that the hub holds, and when they are due by its policy.
func (h *Hub) Held(ctx context.Context) ([]retention.Held, *retention.Policy, error) {
	policy, err := retention.Load(h.cfg.Retention)
	if err != nil {
		return nil, nil, err
	}
	all, err := held{h}.Held(ctx)
	return all, policy, err
}

// Receipt is what was written down of an erasure.
type Receipt struct {
	At   time.Time
	Text string // "" if its own key is destroyed by now
}

// Receipts lists what the hub's own journal says of an action, oldest first.
func (h *Hub) Receipts(ctx context.Context, action access.Action) (out []Receipt, err error) {
	extents, err := h.self.journal.Extents(ctx)
	if err != nil {
		return nil, err
	}
	for _, x := range extents {
		for after := uint64(0); after < x.Last; {
			records, err := h.self.journal.Read(ctx, x.Epoch, after, 256)
			if err != nil || len(records) == 0 {
				return out, err
			}
			for _, b := range records {
				ev, err := border.DecodeEvent(b)
				if err != nil {
					return out, err
				}
				after = ev.Key.Seq
				head, err := ev.ReadHeader()
				if err != nil || head.Act == nil || head.Act.Action != string(action) {
					continue
				}
				r := Receipt{At: head.OccurredAt}
				var d audit.Detail
				if plain, err := h.self.keys.Open(&ev, border.PartPersonal); err == nil && json.Unmarshal(plain, &d) == nil {
					r.Text = d.Text
				}
				out = append(out, r)
			}
		}
	}
	return out, nil
}

// keepHouse does what a hub does beside its work, until ctx ends: it erases what is due, looks for
// damage on the disk at night, makes backups, and warns of what stations belong by.
func (h *Hub) keepHouse(ctx context.Context) error {
	if _, _, err := h.retention(); err != nil {
		return err // a policy that cannot be read keeps everything for ever
	}
	if h.cfg.Backups != "" {
		k, err := OpenBackups(h.cfg, h.root, h.clock, h.log)
		if err != nil {
			return err
		}
		done := make(chan error, 1)
		go func() { done <- k.Run(ctx) }()
		defer func() { <-done }() //nolint:errcheck // it fails in no other way than by the end of ctx
	}
	warned := make(chan struct{})
	go func() {
		defer close(warned)
		h.warn(ctx)
	}()
	defer func() { <-warned }()
	h.erase(ctx)
	nightly.Run(ctx, 0, h.clock.Now, func(ctx context.Context) {
		h.erase(ctx)
		h.scrub(ctx)
	})
	return nil
}

// erase erases what is due. What fails is tried again the next night.
func (h *Hub) erase(ctx context.Context) {
	receipt, err := h.Retain(ctx)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		h.alarm("", "retention", "What is due could not be erased, and is tried again the next night: "+err.Error())
	case receipt.Skipped != "":
		h.alarm("", "retention", "Nothing is erased: "+receipt.Skipped+". Set it, or update a program that is older than three years.")
	case len(receipt.Erased) > 0:
		h.log.Info("retention: what was due is erased", "months", len(receipt.Erased), "policy", receipt.Policy)
	}
}

// scrub looks for damage on the disk.
func (h *Hub) scrub(ctx context.Context) {
	looked, damaged, err := h.Register.Scrub(ctx, scrubShare)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		h.log.Error("the register could not be looked through for damage", "error", err)
	} else {
		h.log.Info("the register was looked through for damage", "events", looked, "damaged", len(damaged))
	}
	found, err := h.self.journal.Scrub(ctx, scrubShare)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		h.log.Error("the hub's own journal could not be looked through for damage", "error", err)
	case found.Damaged+found.Missing+found.Broken > 0:
		h.alarm("", "journal", "The hub's own journal is damaged. Run: garita verify journal, and put back a backup.")
	}
}

// warn says once an hour what is wrong with what stations belong by, until ctx ends.
func (h *Hub) warn(ctx context.Context) {
	every := time.NewTicker(warnEvery)
	defer every.Stop()
	said := map[string]bool{}
	for {
		said = h.warnOnce(ctx, said)
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
	}
}

// warnOnce raises what was not raised the last time, and returns what is wrong now.
func (h *Hub) warnOnce(ctx context.Context, said map[string]bool) map[string]bool {
	now := map[string]bool{}
	raise := func(station border.StationID, text string) {
		if now[string(station)+text] = true; !said[string(station)+text] {
			h.alarm(station, "stations", text)
		}
	}
	if text := h.Stations.Problem(); text != "" {
		raise("", text)
	}
	expiring, err := h.Stations.Expiring(ctx)
	if err != nil {
		if ctx.Err() == nil {
			h.log.Error("whose certificates end could not be looked up", "error", err)
		}
		return said
	}
	for i := range expiring {
		for _, w := range expiring[i].Warnings {
			raise(expiring[i].ID, w.String())
		}
	}
	return now
}
