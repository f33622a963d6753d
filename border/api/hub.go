package api

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"garita/border"
	"garita/border/access"
	"garita/border/register"
)

// HubConfig is what the hub's operations work with. All of it is required.
type HubConfig struct {
	Register *register.Register
	Audit    border.Auditor
	Log      *slog.Logger
}

// Hub adds the hub's operations.
func Hub(api huma.API, cfg HubConfig) {
	r, log, told := cfg.Register, cfg.Log, audited{cfg.Audit}
	tags := []string{"hub"}
	huma.Register(api, huma.Operation{OperationID: "list-crossings", Method: http.MethodGet, Path: prefix + "/register/crossings", Tags: tags,
		Summary: "Crossings of all stations in the order of their arrival, from open headers"}, serve(log, listCrossings(r)))
	huma.Register(api, huma.Operation{OperationID: "get-crossing", Method: http.MethodGet, Path: prefix + "/register/crossings/{crossing}", Tags: tags,
		Summary: "One crossing", Errors: []int{404, 422}}, serve(log, getCrossing(r, told)))
	huma.Register(api, huma.Operation{OperationID: "list-stays", Method: http.MethodGet, Path: prefix + "/register/stays", Tags: tags,
		Summary: "Stays: entries paired with exits, how they were paired, and what is doubtful about them", Errors: []int{422, 503}}, serve(log, listStays(r, told)))
	huma.Register(api, huma.Operation{OperationID: "list-overstays", Method: http.MethodGet, Path: prefix + "/register/overstays", Tags: tags,
		Summary: "Who is inside beyond the last permitted day, how certain that is, and how old the data are", Errors: []int{422, 503}},
		serve(log, listOverstays(r, told)))
	huma.Register(api, huma.Operation{OperationID: "get-inside", Method: http.MethodGet, Path: prefix + "/register/inside", Tags: tags,
		Summary: "How many people are inside, how certain that is, and how old the data are", Errors: []int{503}}, serve(log, countInside(r)))
	huma.Register(api, huma.Operation{OperationID: "list-proposals", Method: http.MethodGet, Path: prefix + "/register/proposals", Tags: tags,
		Summary: "Entries and exits on different documents that may be of one person; an officer confirms or not", Errors: []int{422, 503}},
		serve(log, listProposals(r, told)))
	huma.Register(api, huma.Operation{OperationID: "list-stations", Method: http.MethodGet, Path: prefix + "/register/stations", Tags: tags,
		Summary: "Stations: last seen, lag, clock, versions"}, serve(log, listStations(r)))
	huma.Register(api, huma.Operation{OperationID: "get-counts", Method: http.MethodGet, Path: prefix + "/register/counts", Tags: tags,
		Summary: "How much the register holds"}, serve(log, getCounts(r)))
	huma.Register(api, huma.Operation{OperationID: "list-alarms", Method: http.MethodGet, Path: prefix + "/register/alarms", Tags: tags,
		Summary: "Alarms, newest first"}, serve(log, listAlarms(r)))
	huma.Register(api, huma.Operation{OperationID: "acknowledge-alarm", Method: http.MethodPost, Path: prefix + "/register/alarms/{alarm}/acknowledge", Tags: tags,
		Summary: "Note that somebody has taken an alarm up", DefaultStatus: http.StatusOK, Errors: []int{404}}, serve(log, acknowledge(r)))
}

type pageInput struct {
	After int64 `query:"after" minimum:"0" doc:"Arrival number of the last crossing seen"`
	Limit int   `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

func listCrossings(r *register.Register) func(context.Context, *pageInput) ([]register.Crossing, error) {
	return func(ctx context.Context, in *pageInput) ([]register.Crossing, error) {
		return r.Crossings(ctx, in.After, in.Limit)
	}
}

func getCrossing(r *register.Register, told audited) func(context.Context, *crossingInput) (register.Crossing, error) {
	return func(ctx context.Context, in *crossingInput) (register.Crossing, error) {
		id, err := border.ParseID(in.Crossing)
		if err != nil {
			return register.Crossing{}, err
		}
		if err := told.read(ctx, access.RegisterRead, in.Crossing); err != nil {
			return register.Crossing{}, err
		}
		return r.CrossingByID(ctx, id)
	}
}

func listStations(r *register.Register) func(context.Context, *struct{}) ([]register.Station, error) {
	return func(ctx context.Context, _ *struct{}) ([]register.Station, error) { return r.Stations(ctx) }
}

func getCounts(r *register.Register) func(context.Context, *struct{}) (register.Counts, error) {
	return func(ctx context.Context, _ *struct{}) (register.Counts, error) { return r.Counts(ctx) }
}

// Limited bounds a list. It is exported because Huma passes over what is embedded and not.
type Limited struct {
	Limit int `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

func listAlarms(r *register.Register) func(context.Context, *Limited) ([]register.Alarm, error) {
	return func(ctx context.Context, in *Limited) ([]register.Alarm, error) { return r.Alarms(ctx, in.Limit) }
}

type alarmInput struct {
	Alarm int64 `path:"alarm" minimum:"1"`
}

func acknowledge(r *register.Register) func(context.Context, *alarmInput) (struct{}, error) {
	return func(ctx context.Context, in *alarmInput) (struct{}, error) {
		return struct{}{}, r.AcknowledgeAlarm(ctx, in.Alarm)
	}
}
