package station

import (
	"context"
	"time"

	"garita/border"
	"garita/border/enrolment"
	"garita/border/retention"
	"garita/border/seal"
	"garita/cmd/internal/nightly"
)

// scrubShare is how much of the time the nightly look at the disk may take.
const scrubShare = 0.1

// warnEvery is how often the log says again what is wrong with what the station belongs by.
const warnEvery = time.Hour

// held are the station's data keys as retention sees them.
type held struct{ *seal.StationKeys }

// Held implements [retention.Keys].
func (k held) Held(ctx context.Context) ([]retention.Held, error) {
	all, err := k.Months(ctx)
	out := make([]retention.Held, len(all))
	for i, m := range all {
		out[i] = retention.Held(m)
	}
	return out, err
}

// Erase implements [retention.Keys].
func (k held) Erase(ctx context.Context, h retention.Held) (int64, error) {
	return k.DestroyPart(ctx, h.Part, h.Bucket)
}

// retention makes what erases by policy.
func (s *Station) retention() (*retention.Runner, *retention.Policy, error) {
	policy, err := retention.Load(s.cfg.Retention)
	if err != nil {
		return nil, nil, err
	}
	r, err := retention.New(retention.Config{Policy: policy, Clock: s.clock, Keys: held{s.keys}, Audit: s.audit, Log: s.log, Follow: s.follow})
	return r, policy, err
}

// follow has everything follow what was erased.
func (s *Station) follow(ctx context.Context) error {
	if err := s.Journal.Erased(ctx); err != nil {
		return err
	}
	attachments, err := seal.OpenAttachments(s.cfg.Data, s.keys)
	if err != nil {
		return err
	}
	n, err := attachments.RemoveGone(ctx)
	if n > 0 {
		s.log.Info("retention: images that nobody can open any more were removed", "count", n)
	}
	return err
}

// Retain erases what is due now and says what it was. A journal that was put back from a copy older than
// an erasure follows that erasure again.
func (s *Station) Retain(ctx context.Context) (retention.Receipt, error) {
	r, policy, err := s.retention()
	if err != nil {
		return retention.Receipt{}, err
	}
	receipt, err := r.Once(ctx)
	if err != nil || receipt.Skipped != "" || len(receipt.Erased) > 0 {
		return receipt, err
	}
	again, err := s.Journal.Outlived(ctx, policy.Horizon(border.PartPersonal, receipt.At))
	if err != nil || !again {
		return receipt, err
	}
	// What a rebuild cannot open yet would be found no more: keys that are alive come back first.
	if lacking, err := seal.NewKeySink(s.keys, s.opener, nil).Lacking(ctx); err != nil || lacking {
		return receipt, err
	}
	return receipt, s.follow(ctx)
}

// keepHouse does what a station does beside its work, until ctx ends: it erases what is due, looks
// for damage on the disk at night, makes backups, and warns of what it belongs by.
func (s *Station) keepHouse(ctx context.Context) error {
	if _, _, err := s.retention(); err != nil {
		return err // a policy that cannot be read keeps everything for ever
	}
	zone, err := s.cfg.zone()
	if err != nil {
		return err
	}
	if s.cfg.Backups != "" {
		k, err := OpenBackups(s.cfg, s.root, s.identity.Load(), s.clock, s.log)
		if err != nil {
			return err
		}
		s.vitals.keeps(k)
		done := make(chan error, 1)
		go func() { done <- k.Run(ctx) }()
		defer func() { <-done }() //nolint:errcheck // it fails in no other way than by the end of ctx
	}
	warned := make(chan struct{})
	go func() {
		defer close(warned)
		s.warn(ctx)
	}()
	defer func() { <-warned }()
	s.vitals.atStart(ctx)
	s.erase(ctx)
	nightly.Run(ctx, 0, func() time.Time { return s.clock.Now().In(zone) }, func(ctx context.Context) {
		s.erase(ctx)
		s.scrub(ctx)
	})
	return nil
}

// erase erases what is due. What fails is tried again the next night.
func (s *Station) erase(ctx context.Context) {
	receipt, err := s.Retain(ctx)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		s.log.Error("retention: what is due could not be erased; it is tried again the next night", "error", err)
	case receipt.Skipped != "":
		s.log.Warn("retention: nothing was looked at", "reason", receipt.Skipped)
	case len(receipt.Erased) > 0:
		s.log.Info("retention: what was due is erased", "months", len(receipt.Erased), "policy", receipt.Policy)
	}
}

// scrub looks for damage on the disk. What it finds is mended from the hub (border/journal).
func (s *Station) scrub(ctx context.Context) {
	found, err := s.Journal.Scrub(ctx, scrubShare)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		s.log.Error("the journal could not be looked through for damage", "error", err)
	case found.Damaged+found.Missing+found.Broken > 0:
		s.log.Error("the journal is damaged: what the hub holds comes back from there; run garita verify journal", "damaged", found.Damaged,
			"missing", found.Missing, "broken", found.Broken)
	default:
		s.log.Info("the journal was looked through for damage", "events", found.Events)
	}
}

// warn says in the log what is wrong with what the station belongs by, whenever that changes, until ctx
// ends.
func (s *Station) warn(ctx context.Context) {
	if s.renewer == nil {
		return
	}
	every := time.NewTicker(warnEvery)
	defer every.Stop()
	said := map[string]bool{}
	for {
		wrong := map[string]bool{}
		if s.clock.Trust().State != border.ClockUntrusted { // a wrong clock would warn of nothing or of too much
			for _, w := range enrolment.Warnings(s.identity.Load(), s.clock.Now()) {
				wrong[w] = true
			}
		}
		if text := s.renewer.Problem(); text != "" {
			wrong[text] = true
		}
		for text := range wrong {
			if !said[text] {
				s.log.Warn("what the hub knows this station by needs attention", "problem", text)
			}
		}
		said = wrong
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
	}
}
