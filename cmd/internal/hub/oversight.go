package hub

import (
	"context"
	"strconv"
	"strings"

	"garita/border"
	"garita/border/audit"
	"garita/ui/auditlog"
)

// oversight shows auditors what the hub's own journal tells.
type oversight struct{ *Hub }

// Acts implements [auditlog.Audit].
func (o oversight) Acts(ctx context.Context, f auditlog.Filter, after string, limit int) ([]auditlog.Act, string, error) {
	var at border.Position
	if after != "" {
		epoch, seq, _ := strings.Cut(after, ".")
		n, err := strconv.ParseUint(seq, 10, 63)
		if err != nil || at.Epoch.UnmarshalText([]byte(epoch)) != nil {
			return nil, "", &border.Error{Code: border.Invalid, Op: "read the audit", Message: "This page of the audit does not exist."}
		}
		at.Seq = n
	}
	page, err := o.self.audit.Acts(ctx, audit.Filter{Action: f.Action, Result: f.Result, From: f.From, Until: f.To}, at, limit)
	if err != nil {
		return nil, "", err
	}
	out := make([]auditlog.Act, len(page.Acts))
	for i, a := range page.Acts {
		out[i] = auditlog.Act{Key: a.Key, At: a.OccurredAt, Counter: a.Counter, Officer: a.Officer, Second: a.Second, ActHeader: a.ActHeader}
	}
	next := ""
	if page.Next != (border.Position{}) {
		next = page.Next.Epoch.String() + "." + strconv.FormatUint(page.Next.Seq, 10)
	}
	return out, next, nil
}
