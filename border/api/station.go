package api

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"garita/border"
	"garita/border/counter"
)

// Station adds a station's operations.
func Station(api huma.API, s *counter.Service, crossings Crossings, clock border.Clock, log *slog.Logger) {
	tags := []string{"station"}
	huma.Register(api, huma.Operation{OperationID: "list-counters", Method: http.MethodGet, Path: prefix + "/counters", Tags: tags,
		Summary: "The counters of this station"}, serve(log, listCounters(s)))
	huma.Register(api, huma.Operation{OperationID: "get-counter", Method: http.MethodGet, Path: prefix + "/counters/{counter}", Tags: tags,
		Summary: "What a counter's screen shows", Errors: []int{404}}, serve(log, getCounter(s)))
	huma.Register(api, huma.Operation{OperationID: "list-officers", Method: http.MethodGet, Path: prefix + "/officers", Tags: tags,
		Summary: "Who may work here; until the access room exists, chosen without a secret"}, serve(log, listOfficers(s)))
	huma.Register(api, huma.Operation{OperationID: "scan", Method: http.MethodPost, Path: prefix + "/counters/{counter}/scans", Tags: tags,
		Summary: "Present a document: open an encounter, or improve the open one", DefaultStatus: http.StatusAccepted,
		MaxBodyBytes: maxBody, Errors: []int{404, 409, 413, 422}}, serve(log, scan(s, clock)))
	huma.Register(api, huma.Operation{OperationID: "decide", Method: http.MethodPost, Path: prefix + "/counters/{counter}/decisions", Tags: tags,
		Summary:       "Record how the open encounter ended",
		Description:   "201 is sent after the commit's sync: the crossing is on the disk. May be retried with the same encounter without limit.",
		DefaultStatus: http.StatusCreated, MaxBodyBytes: maxBody, Errors: []int{403, 404, 409, 413, 422, 503, 507}}, serve(log, decide(s)))
	huma.Register(api, huma.Operation{OperationID: "call-up", Method: http.MethodPost, Path: prefix + "/counters/{counter}/call-ups", Tags: tags,
		Summary: "Open an encounter that waits in the queue", DefaultStatus: http.StatusAccepted, MaxBodyBytes: maxBody,
		Errors: []int{403, 404, 409, 413, 422}}, serve(log, callUp(s)))
	huma.Register(api, huma.Operation{OperationID: "set-direction", Method: http.MethodPut, Path: prefix + "/counters/{counter}/direction", Tags: tags,
		Summary: "Change between entry and exit", DefaultStatus: http.StatusOK, MaxBodyBytes: maxBody,
		Errors: []int{403, 404, 413, 422}}, serve(log, setDirection(s)))
	huma.Register(api, huma.Operation{OperationID: "get-record", Method: http.MethodGet, Path: prefix + "/records/{crossing}", Tags: tags,
		Summary: "The open header of a crossing that this station recorded", Errors: []int{404, 422, 503}}, serve(log, getRecord(crossings)))
}

// AtCounter names the counter in the path.
type AtCounter struct {
	Counter border.CounterID `path:"counter" maxLength:"32" example:"1"`
}

func listCounters(s *counter.Service) func(context.Context, *struct{}) ([]border.CounterID, error) {
	return func(context.Context, *struct{}) ([]border.CounterID, error) { return s.Counters(), nil }
}

func getCounter(s *counter.Service) func(context.Context, *AtCounter) (counter.View, error) {
	return func(_ context.Context, in *AtCounter) (counter.View, error) { return s.View(in.Counter) }
}

func listOfficers(s *counter.Service) func(context.Context, *struct{}) ([]counter.Officer, error) {
	return func(context.Context, *struct{}) ([]counter.Officer, error) { return s.Officers(), nil }
}
