package api

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"garita/border"
	"garita/border/access"
	"garita/border/counter"
)

// StationConfig is what a station's operations work with. All of it is required.
type StationConfig struct {
	Counters  *counter.Service
	Crossings Crossings
	Clock     border.Clock
	Seconds   access.Seconds
	Audit     border.Auditor
	Log       *slog.Logger
}

// Station adds a station's operations.
func Station(api huma.API, cfg StationConfig) {
	s, clock, log := cfg.Counters, cfg.Clock, cfg.Log
	agreements := access.NewAgreements(cfg.Seconds, clock)
	told := audited{cfg.Audit}
	huma.Register(api, reading("/counters", "list-counters", "The counters of this station"), serve(log, listCounters(s)))
	huma.Register(api, reading("/counters/{counter}", "get-counter", "What a counter's screen shows", 404), serve(log, getCounter(s)))
	huma.Register(api, reading("/officers", "list-officers", "Who may work here, as the roster says"),
		serve(log, listOfficers(s)))
	huma.Register(api, reading("/form", "get-form", "The form in force: categories, kinds of documents, grounds and codes"), serve(log, getForm(s)))
	huma.Register(api, reading("/records/{crossing}", "get-record", "The open header of a crossing that this station recorded", 404, 422, 503),
		serve(log, getRecord(cfg.Crossings, told)))
	huma.Register(api, reading("/records/{crossing}/notice", "get-notice",
		"What a person who was refused, or kept from departing, is given on paper; it holds the name", 404, 409, 422, 503), serve(log, notice(s, told)))
	encounters(api, s, clock, agreements, log)
	fingers(api, s, agreements, log)
	groups(api, s, log)
	shifts(api, s, log)
}

// encounters adds what is done with one person.
func encounters(api huma.API, s *counter.Service, clock border.Clock, agreements *access.Agreements, log *slog.Logger) {
	const here = "/counters/{counter}"
	const one = here + "/encounters/{encounter}"
	huma.Register(api, doing(http.MethodPost, here+"/scans", "scan", "Present a document: open an encounter, or improve the open one", shown),
		serve(log, scan(s, clock)))
	huma.Register(api, doing(http.MethodPost, here+"/encounters", "open-encounter",
		"Open an encounter without a scan: a keyed document, a person's word, or a paper sheet", shown), serve(log, openEncounter(s)))
	huma.Register(api, doing(http.MethodPut, one+"/particulars", "key-particulars", "Replace what was keyed", http.StatusOK), serve(log, rekey(s)))
	huma.Register(api, doing(http.MethodPost, one+"/documents", "add-document", "Key a further document of the same person", shown), serve(log, attach(s)))
	huma.Register(api, doing(http.MethodPost, here+"/joins", "join-documents", "Say that the document of a waiting encounter is the open person's too", shown),
		serve(log, join(s)))
	huma.Register(api, doing(http.MethodPatch, one+"/answers", "enter-answers", "Enter answers of the form; they join what was entered before", http.StatusOK),
		serve(log, answers(s)))
	huma.Register(api, doing(http.MethodPost, one+"/needs", "note-need",
		"Note that the person may need protection: refusal is blocked, and no answer says what was noted", shown), serve(log, need(s)))
	huma.Register(api, doing(http.MethodPost, one+"/needs/lift", "lift-needs", "Lift the notes of a need for protection, by a supervisor's word", shown),
		serve(log, liftNeeds(s, agreements)))
	huma.Register(api, doing(http.MethodPost, here+"/referrals", "refer", "Put an encounter on the post's list", recorded), serve(log, refer(s)))
	huma.Register(api, doing(http.MethodPost, here+"/referrals/{encounter}/take", "take-referral", "Take an encounter from the post's list", recorded),
		serve(log, takeReferral(s)))
	huma.Register(api, doing(http.MethodPost, here+"/late-hits/{late_hit}/acknowledgement", "acknowledge-late-hit",
		"Take in hand a traveller who was found to be listed after they had passed", recorded), serve(log, acknowledgeLateHit(s)))
	huma.Register(api, doing(http.MethodPost, here+"/abandonments", "abandon", "End an encounter without a crossing", recorded), serve(log, abandon(s)))
	decided := doing(http.MethodPost, here+"/decisions", "decide", "Record how the open encounter, or a member of the group, ended", recorded)
	decided.Description = "201 is sent after the commit's sync: the crossing is on the disk. May be retried with the same encounter without limit."
	huma.Register(api, decided, serve(log, decide(s, agreements)))
	huma.Register(api, doing(http.MethodPost, here+"/call-ups", "call-up", "Open an encounter that waits in the queue", shown), serve(log, callUp(s)))
	huma.Register(api, doing(http.MethodPut, here+"/direction", "set-direction", "Change between entry and exit", http.StatusOK), serve(log, setDirection(s)))
	huma.Register(api, doing(http.MethodPost, here+"/corrections", "correct",
		"Record how a crossing should have been recorded; what was recorded first stays", recorded), serve(log, correct(s, agreements)))
	huma.Register(api, doing(http.MethodPost, here+"/extensions", "extend", "Grant more days to somebody who is inside", recorded), serve(log, extend(s)))
}

// fingers adds the taking of fingerprints.
func fingers(api huma.API, s *counter.Service, agreements *access.Agreements, log *slog.Logger) {
	const here = "/counters/{counter}"
	const one = here + "/encounters/{encounter}/fingers"
	asked := doing(http.MethodPost, one, "ask-finger", "Take a finger of the open encounter with the counter's scanner", shown)
	asked.Description = "The answer comes at once; views say how it goes on. Up to three images of a finger are looked at and the best is kept, sealed. " +
		"No operation gives an image out."
	huma.Register(api, asked, serve(log, askFinger(s)))
	huma.Register(api, doing(http.MethodPost, one+"/cancel", "cancel-finger", "End the capture that is under way; its images are thrown away", shown),
		serve(log, cancelFinger(s)))
	huma.Register(api, doing(http.MethodPost, one+"/not-taken", "finger-not-taken",
		"Note why a finger cannot be taken; it speaks against nobody", shown), serve(log, fingerNotTaken(s)))
	huma.Register(api, doing(http.MethodPost, here+"/biometrics/degrade", "degrade-biometrics",
		"Let the whole station go without fingerprints for at most 24 hours, by a supervisor's word", recorded), serve(log, degrade(s, agreements)))
	huma.Register(api, doing(http.MethodPost, here+"/biometrics/restore", "restore-biometrics", "Take fingerprints again before that time", recorded),
		serve(log, restoreBiometrics(s)))
}

// groups adds what is done with a family, a bus or a crew.
func groups(api huma.API, s *counter.Service, log *slog.Logger) {
	const group = "/counters/{counter}/group"
	huma.Register(api, doing(http.MethodPost, group, "open-group", "Open a group; the open encounter becomes its first member", recorded),
		serve(log, openGroup(s)))
	huma.Register(api, doing(http.MethodPut, group+"/shared", "share-answers",
		"Enter answers that hold for the whole group; they join what was entered before", http.StatusOK), serve(log, share(s)))
	list := doing(http.MethodPut, group+"/list", "import-list", "Give the group a passenger or crew list, as CSV", http.StatusOK)
	list.Description, list.MaxBodyBytes = "A list with a problem is not taken; the problem names lines and columns.", maxList
	huma.Register(api, list, serve(log, importList(s)))
	huma.Register(api, reading("/lists/template", "get-list-template", "An empty passenger or crew list to fill in, as CSV", 422), listTemplate)
	huma.Register(api, doing(http.MethodPut, group+"/responsible", "link-minor", "Say which adult of the group answers for a minor", http.StatusOK),
		serve(log, responsible(s)))
	huma.Register(api, doing(http.MethodPost, group+"/select", "select-member", "Put a member of the group on the screen", http.StatusOK),
		serve(log, selectMember(s)))
	decided := doing(http.MethodPost, group+"/decisions", "decide-group", "Admit the members that are ready, or let them depart, each with an own crossing", http.StatusOK)
	decided.Description = "The answer says of each member what came of it; who is recorded is on the disk. May be retried."
	huma.Register(api, decided, serve(log, decideGroup(s)))
	huma.Register(api, doing(http.MethodPost, group+"/close", "close-group", "End the group; who is listed and did not come is recorded as a no-show", recorded),
		serve(log, closeGroup(s)))
}

// shifts adds who works, and when.
func shifts(api huma.API, s *counter.Service, log *slog.Logger) {
	huma.Register(api, doing(http.MethodPost, "/counters/{counter}/holder", "take-counter", "Take a counter, from nobody or from another officer", recorded),
		serve(log, takeCounter(s)))
	huma.Register(api, doing(http.MethodPost, "/shifts", "open-shift", "Open the station's shift", recorded), serve(log, openShift(s)))
	huma.Register(api, doing(http.MethodPost, "/shifts/close", "close-shift", "Close the shift; the answer is its report", recorded), serve(log, closeShift(s)))
	huma.Register(api, reading("/shifts/current", "get-shift", "The report of the shift that is open, so far", 404, 503), serve(log, currentShift(s)))
}

// What a change's status says.
const (
	shown    = http.StatusAccepted // it is on the screen; the view says whether the draft is on the disk
	recorded = http.StatusCreated  // it is on the disk
)

// reading is an operation that changes nothing.
func reading(path, id, summary string, errors ...int) huma.Operation {
	return huma.Operation{OperationID: id, Method: http.MethodGet, Path: prefix + path, Tags: []string{"station"}, Summary: summary, Errors: append([]int{401, 403}, errors...)}
}

// doing is an operation that changes something.
func doing(method, path, id, summary string, status int) huma.Operation {
	return huma.Operation{OperationID: id, Method: method, Path: prefix + path, Tags: []string{"station"}, Summary: summary, DefaultStatus: status,
		MaxBodyBytes: maxBody, Errors: []int{401, 403, 404, 409, 413, 422, 503, 507}}
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
