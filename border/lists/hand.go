package lists

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"garita/border"
	"garita/border/watch"
)

// The operations that somebody can propose.
const (
	Add      = "add"
	Change   = "change"
	Withdraw = "withdraw"
	// Return leaves an entry that was decided by hand to its source again: the next import
	// takes what the file says of it.
	Return = "return"
)

// The states of a proposal.
const (
	ProposalPending   = "pending"
	ProposalApproved  = "approved"
	ProposalRejected  = "rejected"
	ProposalTakenBack = "taken_back"
)

// Proposal is one entry that somebody would add, change or withdraw. A second person decides.
// What is decided by hand stays: imports of the source leave the entry alone until a [Return].
type Proposal struct {
	ID     border.ID
	Op     string
	Key    watch.Key
	Entry  *watch.Entry // as it would be; nil for Withdraw and Return
	Urgent bool         // each post acknowledges it and is chased
	By     string       // badge
	Reason string
	Made   time.Time

	State   string
	Second  string // badge of who decided; of By if it was taken back
	Answer  string // why
	Decided time.Time
}

// proposed is the sealed part of a proposal.
type proposed struct {
	Entry  *watch.Entry `json:"entry,omitempty"`
	By     string       `json:"by"`
	Reason string       `json:"reason"`
}

const maxReason = 2000 // bytes

// Propose keeps a proposal for a second person to decide; of p the fields Op, Key or Entry,
// Urgent, By and Reason count. Invalid: the entry is not one, or nobody stands behind it.
// Conflict: it is to be added and there is one, or the reverse.
func (k *Keeper) Propose(ctx context.Context, p Proposal) (border.ID, error) {
	const op = "propose a change of an entry"
	invalid := func(message string) (border.ID, error) {
		return border.ID{}, &border.Error{Code: border.Invalid, Op: op, Message: message}
	}
	if named(p.By) == "" || p.Reason == "" || len(p.Reason) > maxReason || len(p.By) > 64 {
		return invalid("Say who proposes it and why, in at most 2,000 characters.")
	}
	switch p.Op {
	case Add, Change:
		if p.Entry == nil {
			return invalid("The entry is missing.")
		}
		e := *p.Entry
		tidy(&e)
		if err := checkEntry(&e); err != nil {
			return border.ID{}, err
		}
		p.Entry, p.Key = &e, e.Key()
	case Withdraw, Return:
		p.Entry = nil
	default:
		return invalid("Entries are added, changed, withdrawn or returned to their source.")
	}
	id, err := k.ids.New()
	if err != nil {
		return id, err
	}
	sealed, err := k.vault.seal(sealedProposal+id.String(), proposed{p.Entry, p.By, p.Reason})
	if err != nil {
		return id, err
	}
	return id, k.store.write(ctx, op, func(tx *sql.Tx) error {
		in, err := inForce(ctx, tx, p.Key)
		if err != nil {
			return err
		}
		if err := in.allows(op, p.Op); err != nil {
			return err
		}
		urgent := p.Urgent || p.Entry != nil && p.Entry.Urgent
		_, err = tx.ExecContext(ctx, `INSERT INTO proposal (id, op, source, entry, urgent, made_at, against, state, sealed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			id.String(), p.Op, p.Key.Source, p.Key.ID, urgent, micros(k.clock.Now()), in.revision, ProposalPending, sealed)
		return err
	})
}

// standing is what holds of an entry.
type standing struct {
	revision   int64 // 0: there never was one
	gone, hand bool
}

func inForce(ctx context.Context, tx *sql.Tx, key watch.Key) (s standing, err error) {
	err = tx.QueryRowContext(ctx, `SELECT e.revision, e.gone, r.hand FROM entry e JOIN entry_revision r ON r.revision = e.revision
		WHERE e.source = ? AND e.id = ?`, key.Source, key.ID).Scan(&s.revision, &s.gone, &s.hand)
	if errors.Is(err, sql.ErrNoRows) {
		return standing{}, nil
	}
	return s, err
}

// allows says whether an operation is possible on an entry as it stands.
func (s standing) allows(op, what string) error {
	there := s.revision != 0 && !s.gone
	message := ""
	switch what {
	case Add:
		if there {
			message = "There is an entry of this source and id already. Change that one, or choose another id."
		}
	case Change, Withdraw:
		if !there {
			message = "There is no such entry in force."
		}
	case Return:
		if !s.hand {
			message = "This entry was not decided by hand."
		}
	}
	if message == "" {
		return nil
	}
	return &border.Error{Code: border.Conflict, Op: op, Message: message}
}

// Approve makes a proposal hold as a release of its own. NotFound; Forbidden: the second
// person is the one who proposed it; Conflict: it is decided already, or the entry has
// changed since it was proposed.
func (k *Keeper) Approve(ctx context.Context, id border.ID, second, reason string) (border.ListPosition, error) {
	const op = "approve a change of an entry"
	k.change.Lock()
	defer k.change.Unlock()
	set, err := k.handSet(ctx, op, id, second, reason)
	if err != nil {
		return border.ListPosition{}, err
	}
	return k.decide(ctx, set)
}

// handSet reads a proposal as a change set.
func (k *Keeper) handSet(ctx context.Context, op string, id border.ID, second, reason string) (*changeSet, error) {
	set := &changeSet{kind: kindHand}
	var p *Proposal
	var sealed []byte
	err := k.store.read(ctx, op, func(tx *sql.Tx) error {
		var against int64
		var err error
		if p, against, err = k.pendingProposal(ctx, tx, op, id); err != nil {
			return err
		}
		if err := twoPeople(op, p.By, second); err != nil {
			return err
		}
		in, err := inForce(ctx, tx, p.Key)
		if err != nil {
			return err
		}
		if in.revision != against {
			return &border.Error{Code: border.Conflict, Op: op, Message: "The entry has changed since this was proposed. Look at it and propose again."}
		}
		set.source = p.Key.Source
		st, err := k.handStep(ctx, tx, p, in)
		if err != nil {
			return err
		}
		set.steps = []step{st}
		set.about, err = k.aboutByHand(ctx, tx, p.Key.Source)
		return err
	})
	if err != nil {
		return nil, err
	}
	set.words = words{By: p.By, Second: second, Reason: p.Reason}
	if sealed, err = k.vault.seal(sealedDecision+id.String(), words{By: second, Reason: reason}); err != nil {
		return nil, err
	}
	set.rows = func(tx *sql.Tx, _, _ int64) error {
		return decideProposal(ctx, tx, id, ProposalApproved, sealed, k.clock.Now())
	}
	return set, nil
}

// handStep makes the step of a proposal.
func (k *Keeper) handStep(ctx context.Context, tx *sql.Tx, p *Proposal, in standing) (step, error) {
	st := step{key: p.Key, op: p.Op, entry: p.Entry, urgent: p.Urgent}
	var old *watch.Entry
	var err error
	if in.revision != 0 && !in.gone {
		if old, err = k.revisionIn(ctx, tx, p.Key, in.revision); err != nil {
			return st, err
		}
	}
	switch p.Op {
	case Withdraw:
		st.op, st.row = opRemove, gone(old, true)
	case Return:
		if old == nil {
			st.row = &entryRow{}
			break
		}
		st.entry = old
		if st.row, err = k.record(old, old, false); err != nil {
			return st, err
		}
	default:
		if st.row, err = k.record(p.Entry, old, true); err != nil {
			return st, err
		}
	}
	return st, nil
}

// aboutByHand describes a source that is kept by hand: each change is its newest version. A
// source that is imported keeps what its file said of itself.
func (k *Keeper) aboutByHand(ctx context.Context, tx *sql.Tx, name string) (*aboutSource, error) {
	var kind string
	err := tx.QueryRowContext(ctx, `SELECT kind FROM source WHERE name = ?`, name).Scan(&kind)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	if kind != "" {
		return nil, nil
	}
	now := k.clock.Now().UTC().Truncate(time.Millisecond)
	return &aboutSource{version: now.Format("2006-01-02T15:04:05Z"), issued: now}, nil
}

// Reject ends a proposal without any change; it takes another person too.
func (k *Keeper) Reject(ctx context.Context, id border.ID, second, reason string) error {
	const op = "reject a change of an entry"
	return k.end(ctx, op, id, ProposalRejected, second, reason, func(p *Proposal) error { return twoPeople(op, p.By, second) })
}

// TakeBack ends a proposal by the one who made it.
func (k *Keeper) TakeBack(ctx context.Context, id border.ID, by, reason string) error {
	const op = "take back a proposal"
	return k.end(ctx, op, id, ProposalTakenBack, by, reason, func(p *Proposal) error {
		if named(p.By) != named(by) {
			return &border.Error{Code: border.Forbidden, Op: op, Message: "Only the one who proposed it can take it back. Reject it instead."}
		}
		return nil
	})
}

func (k *Keeper) end(ctx context.Context, op string, id border.ID, state, by, reason string, may func(*Proposal) error) error {
	if len(reason) > maxReason || len(by) > 64 {
		return &border.Error{Code: border.Invalid, Op: op, Message: "Say why in at most 2,000 characters."}
	}
	sealed, err := k.vault.seal(sealedDecision+id.String(), words{By: by, Reason: reason})
	if err != nil {
		return err
	}
	return k.store.write(ctx, op, func(tx *sql.Tx) error {
		p, _, err := k.pendingProposal(ctx, tx, op, id)
		if err != nil {
			return err
		}
		if err := may(p); err != nil {
			return err
		}
		return decideProposal(ctx, tx, id, state, sealed, k.clock.Now())
	})
}

func decideProposal(ctx context.Context, tx *sql.Tx, id border.ID, state string, sealed []byte, now time.Time) error {
	done, err := tx.ExecContext(ctx, `UPDATE proposal SET state = ?, decision = ?, decided_at = ? WHERE id = ? AND state = 'pending'`,
		state, sealed, micros(now), id.String())
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n != 1 {
		return errors.Join(err, &border.Error{Code: border.Conflict, Op: "decide a proposal", Message: "This is decided already."})
	}
	return nil
}

const selectProposal = `SELECT id, op, source, entry, urgent, made_at, against, state, decided_at, sealed, decision FROM proposal `

func (k *Keeper) pendingProposal(ctx context.Context, tx *sql.Tx, op string, id border.ID) (*Proposal, int64, error) {
	p, against, err := k.scanProposal(tx.QueryRowContext(ctx, selectProposal+`WHERE id = ?`, id.String()))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, 0, &border.Error{Code: border.NotFound, Op: op, Message: "There is no such proposal."}
	case err != nil:
		return nil, 0, err
	case p.State != ProposalPending:
		return nil, 0, &border.Error{Code: border.Conflict, Op: op, Message: "This is decided already."}
	}
	return p, against, nil
}

func (k *Keeper) scanProposal(row interface{ Scan(...any) error }) (*Proposal, int64, error) {
	p := &Proposal{}
	var id string
	var made, against int64
	var decided sql.NullInt64
	var sealed, decision []byte
	if err := row.Scan(&id, &p.Op, &p.Key.Source, &p.Key.ID, &p.Urgent, &made, &against, &p.State, &decided, &sealed, &decision); err != nil {
		return nil, 0, err
	}
	var err error
	if p.ID, err = border.ParseID(id); err != nil {
		return nil, 0, err
	}
	var inside proposed
	if err := k.vault.open(sealedProposal+id, sealed, &inside); err != nil {
		return nil, 0, err
	}
	p.Entry, p.By, p.Reason, p.Made = inside.Entry, inside.By, inside.Reason, fromMicros(made)
	if decision != nil {
		var w words
		if err := k.vault.open(sealedDecision+id, decision, &w); err != nil {
			return nil, 0, err
		}
		p.Second, p.Answer, p.Decided = w.By, w.Reason, fromMicros(decided.Int64)
	}
	return p, against, nil
}

// Proposals lists those that wait for a second person, the oldest first; or, with decided,
// those that do not, the newest first.
func (k *Keeper) Proposals(ctx context.Context, decided bool, limit int) ([]Proposal, error) {
	query := selectProposal + `WHERE state = 'pending' ORDER BY made_at, id LIMIT ?`
	if decided {
		query = selectProposal + `WHERE state <> 'pending' ORDER BY decided_at DESC, id DESC LIMIT ?`
	}
	var out []Proposal
	err := k.store.read(ctx, "list proposals", func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, query, limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			p, _, err := k.scanProposal(rows)
			if err != nil {
				return err
			}
			out = append(out, *p)
		}
		return rows.Err()
	})
	return out, err
}

func entrySize(e *watch.Entry) int {
	b, err := json.Marshal(e)
	if err != nil {
		return maxEntry + 1
	}
	return len(b)
}
