package signin

import (
	"context"
	"database/sql"
	"time"
)

// serviceTime counts the time for which the machine is known to have run.
type serviceTime struct {
	base time.Duration // at mono
	mono time.Duration
}

// now is the service time, from no particular origin. mu is held.
func (s *Service) now() time.Duration {
	return s.time.base + max(0, s.cfg.Mono()-s.time.mono)
}

// maxGap is how much longer the program may have been away than is known, by the wall clock, for
// sessions to go on as if nothing had been.
const maxGap = time.Minute

// openTime goes on where the service time was left: by the monotonic clock if it is still the same
// one, else as if no time had passed. It reports whether time may be missing: the machine was
// started anew, or the wall clock says that more has passed.
func (s *Service) openTime(ctx context.Context) (gap bool, err error) {
	var service, mono, wall int64
	err = s.store.Do(ctx, "read the service time", func(t *sql.Tx) error {
		return t.QueryRowContext(ctx, "SELECT service, mono, wall FROM service_time").Scan(&service, &mono, &wall)
	})
	if err != nil {
		return false, err
	}
	now := s.cfg.Mono()
	passed := now - time.Duration(mono)*time.Millisecond
	// After a new start of the machine the clock counts from nought again. Wherever it stands above
	// where it was, at least that much time has passed.
	s.time = serviceTime{base: time.Duration(service)*time.Millisecond + max(0, passed), mono: now}
	byWall := s.cfg.Clock.Now().Sub(time.UnixMicro(wall))
	return wall != 0 && (passed < 0 || byWall-passed > maxGap), nil
}

func (s *Service) noteTime(ctx context.Context, t *sql.Tx) error {
	mono := s.cfg.Mono()
	service := s.time.base + max(0, mono-s.time.mono)
	_, err := t.ExecContext(ctx, "UPDATE service_time SET service = ?, mono = ?, wall = ?",
		service.Milliseconds(), mono.Milliseconds(), s.cfg.Clock.Now().UnixMicro())
	return err
}
