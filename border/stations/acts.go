package stations

import (
	"context"
	"database/sql"
	"strconv"
	"time"

	"garita/border"
	"garita/border/access"
)

// What stations do themselves, for the audit.
const (
	actEnrol access.Action = "station.enrol"
	actRenew access.Action = "station.renew"
)

// act makes an act of what somebody did about a station.
func act(a access.Action, by, verb string, station border.StationID) border.Act {
	return border.Act{Action: string(a), Officer: by, Object: verb + " " + string(station)}
}

// An act waits in the database, in the transaction that did what it tells of, until a keeper with an
// auditor hands it on: the command line has none while the hub runs.

func (v *vault) putAct(ctx context.Context, t *sql.Tx, a *border.Act) error {
	r, err := t.ExecContext(ctx, "INSERT INTO act (sealed) VALUES (x'')")
	if err != nil {
		return err
	}
	no, err := r.LastInsertId()
	if err != nil {
		return err
	}
	sealed, err := v.seal(tableAct, strconv.FormatInt(no, 10), a)
	if err != nil {
		return err
	}
	_, err = t.ExecContext(ctx, "UPDATE act SET sealed = ? WHERE no = ?", sealed, no)
	return err
}

// actsAtOnce bounds how many acts one transaction hands on.
const actsAtOnce = 64

// handOn gives the auditor what waits, oldest first. What it does not take waits on. An act whose row was
// damaged is told as such.
func (k *Keeper) handOn(ctx context.Context) error {
	if k.cfg.Audit == nil {
		return nil
	}
	k.handing.Lock()
	defer k.handing.Unlock()
	for {
		waiting, err := k.waiting(ctx)
		if err != nil || len(waiting) == 0 {
			return err
		}
		for _, w := range waiting {
			if err := k.cfg.Audit.Audit(ctx, w.act); err != nil {
				return err
			}
			if err := k.store.Do(ctx, "hand on to the audit", func(t *sql.Tx) error {
				_, err := t.ExecContext(ctx, "DELETE FROM act WHERE no = ?", w.no)
				return err
			}); err != nil {
				return err
			}
		}
	}
}

type waitingAct struct {
	no  int64
	act border.Act
}

func (k *Keeper) waiting(ctx context.Context) (out []waitingAct, err error) {
	err = k.store.Do(ctx, "read what waits for the audit", func(t *sql.Tx) error {
		rs, err := t.QueryContext(ctx, "SELECT no, sealed FROM act ORDER BY no LIMIT ?", actsAtOnce)
		if err != nil {
			return err
		}
		defer rs.Close()
		for rs.Next() {
			var w waitingAct
			var sealed []byte
			if err := rs.Scan(&w.no, &sealed); err != nil {
				return err
			}
			if k.vault.open(tableAct, strconv.FormatInt(w.no, 10), sealed, &w.act) != nil {
				w.act = border.Act{Action: string(access.StationsWork), Result: border.ActFailed, Object: "a row of the audit's waiting list", Reason: "damaged"}
			}
			out = append(out, w)
		}
		return rs.Err()
	})
	return out, err
}

// record keeps an act for the audit and hands it on.
func (k *Keeper) record(ctx context.Context, a border.Act) error {
	return k.change(ctx, "keep an act for the audit", func(c *change) error {
		c.acts = append(c.acts, a)
		return nil
	})
}

// refusedEvery is how often refusals that anybody can cause are told; those between are counted.
const refusedEvery = time.Minute

// refusal tells the audit of what anybody can cause as often as he likes, at most once a minute.
func (k *Keeper) refusal(ctx context.Context, a border.Act) error {
	if k.cfg.Audit == nil {
		return nil
	}
	k.mu.Lock()
	now := k.cfg.Clock.Now()
	since := now.Sub(k.refusedAt)
	if !k.refusedAt.IsZero() && since >= 0 && since < refusedEvery {
		k.refused++
		k.mu.Unlock()
		return nil
	}
	if k.refused > 0 {
		a.Text = strconv.Itoa(k.refused) + " more before"
	}
	k.refusedAt, k.refused = now, 0
	k.mu.Unlock()
	return k.cfg.Audit.Audit(ctx, a)
}
