package api

import (
	"context"

	"garita/border"
	"garita/border/access"
	"garita/border/register"
)

type staysInput struct {
	State string        `query:"state" enum:"inside,closed,exit_unknown,entry_unknown" doc:"None: all"`
	Post  border.PostID `query:"post" maxLength:"32" doc:"Of entry or exit; none: all"`
	Limited
}

// listStays lists stays with what is doubtful about them.
func listStays(r *register.Register, told audited) func(context.Context, *staysInput) ([]register.Stay, error) {
	return func(ctx context.Context, in *staysInput) ([]register.Stay, error) {
		if err := told.read(ctx, access.StaysRead, ""); err != nil {
			return nil, err
		}
		return some(r.Stays(ctx, register.StayFilter{State: in.State, Post: in.Post}, in.Limit))
	}
}

type overstaysInput struct {
	On string `query:"on" maxLength:"10" doc:"A calendar day, 2026-11-22; none: the day that has begun nowhere too early"`
	Limited
}

// listOverstays lists who is inside beyond the last permitted day.
func listOverstays(r *register.Register, told audited) func(context.Context, *overstaysInput) ([]register.Stay, error) {
	return func(ctx context.Context, in *overstaysInput) ([]register.Stay, error) {
		if err := told.read(ctx, access.StaysRead, ""); err != nil {
			return nil, err
		}
		return some(r.Overstays(ctx, in.On, in.Limit))
	}
}

// countInside counts the people inside, with the age of what is known.
func countInside(r *register.Register) func(context.Context, *struct{}) (register.Inside, error) {
	return func(ctx context.Context, _ *struct{}) (register.Inside, error) { return r.Inside(ctx) }
}

// listProposals lists entries and exits on different documents that may be of one person.
func listProposals(r *register.Register, told audited) func(context.Context, *Limited) ([]register.Proposal, error) {
	return func(ctx context.Context, in *Limited) ([]register.Proposal, error) {
		if err := told.read(ctx, access.StaysRead, ""); err != nil {
			return nil, err
		}
		return some(r.Proposals(ctx, in.Limit))
	}
}

// some makes an empty list of none.
func some[T any](list []T, err error) ([]T, error) {
	if list == nil {
		list = []T{}
	}
	return list, err
}
