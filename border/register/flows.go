package register

import (
	"context"

	"garita/border"
	"garita/border/flows"
)

// FlowsToday says by hour how today goes beside the usual, at one post or ("") at all, for a
// group of crossings. Each post's hours are those of its own zone.
func (r *Register) FlowsToday(ctx context.Context, post border.PostID, g flows.Group) (flows.Today, error) {
	return flows.Today{}, errNotYet
}

// FlowsNow says of each post what passed today.
func (r *Register) FlowsNow(ctx context.Context) ([]flows.PostToday, error) { return nil, errNotYet }

// FlowsBy divides crossings by a dimension. More than 62 days are whole months, or take longer.
func (r *Register) FlowsBy(ctx context.Context, q flows.Question, d flows.Dimension) (flows.Table, error) {
	return flows.Table{}, errNotYet
}

// FlowSeries gives crossings by day, week or month, all steps of the question's days in order.
func (r *Register) FlowSeries(ctx context.Context, q flows.Question, step flows.Step) ([]flows.Point, error) {
	return nil, errNotYet
}

// FlowCross gives the cross table of a month ("2026-11") at one post or ("") all, by nationality,
// sex, age and category.
func (r *Register) FlowCross(ctx context.Context, month string, post border.PostID, g flows.Group) ([]flows.Cross, error) {
	return nil, errNotYet
}

// FlowCoverage says of each post how far the counts of some days can be relied on.
func (r *Register) FlowCoverage(ctx context.Context, from, to string) ([]flows.Coverage, error) {
	return nil, errNotYet
}

// Presence counts who is inside and who has overstayed, with the age of that truth.
func (r *Register) Presence(ctx context.Context) (flows.Presence, error) {
	return flows.Presence{}, errNotYet
}

var errNotYet = &border.Error{Code: border.Unavailable, Op: "count flows", Message: "The register does not count this yet."}
