package api

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"garita/border"
	"garita/border/access"
)

// WorkshopConfig is what the workshop's operations work with. All of it is required.
type WorkshopConfig struct {
	Workshop border.Workshop
	Clock    border.Clock
	Seconds  access.Seconds
	Audit    border.Auditor
	Log      *slog.Logger
}

// Workshop adds what a technician does with a station's scanners. What changes while they
// are watched comes with the live stream of the workshop's page (/live/workshop).
func Workshop(api huma.API, cfg WorkshopConfig) {
	w, log, told := cfg.Workshop, cfg.Log, audited{cfg.Audit}
	const one = "/scanners/{scanner}"
	add := func(o huma.Operation) huma.Operation { o.Tags = []string{"workshop"}; return o }
	huma.Register(api, add(reading("/scanners", "list-scanners", "The scanners of this station, configured and found, with state and reason")),
		serve(log, listScanners(w)))
	huma.Register(api, add(reading(one+"/frames", "list-frames", "The last frames on the wire, oldest first; documents are masked and images left out", 404)),
		serve(log, listFrames(w)))
	huma.Register(api, add(reading(one+"/bundle", "get-bundle", "The diagnostic file of a scanner: a zip file without personal data", 404, 503)),
		getBundle(w, told, log))
	huma.Register(api, add(doing(http.MethodPost, one+"/self-test", "test-scanner", "Run the profile's self-test; the scanner serves nobody meanwhile", http.StatusOK)),
		serve(log, testScanner(w, told)))
	huma.Register(api, add(doing(http.MethodPost, one+"/identification", "identify-scanner", "Make the scanner blink or beep", http.StatusOK)),
		serve(log, identifyScanner(w)))
	huma.Register(api, add(doing(http.MethodPut, one+"/counter", "assign-scanner", "Give the scanner to a counter, or to none; it is on the disk with the answer", http.StatusOK)),
		serve(log, assignScanner(w, told)))
	huma.Register(api, add(doing(http.MethodPost, one+"/captures", "capture-finger",
		"Take a finger image to see how good it is; it is not kept, and its pixels are only in the answer if they are asked for", http.StatusOK)),
		serve(log, captureFinger(w, told)))
	huma.Register(api, add(doing(http.MethodPost, "/scanner-profiles", "learn-profile",
		"Listen to a serial reader while a specimen is presented, and write the profile that reads it; the answer comes when it was read", http.StatusOK)),
		serve(log, learnProfile(w, access.NewAgreements(cfg.Seconds, cfg.Clock), told)))
}

// AtScanner names a scanner in the path.
type AtScanner struct {
	Scanner string `path:"scanner" maxLength:"64" example:"usb-1-1.2"`
}

func listScanners(w border.Workshop) func(context.Context, *struct{}) ([]border.ScannerDetail, error) {
	return func(context.Context, *struct{}) ([]border.ScannerDetail, error) { return some(w.Scanners(), nil) }
}

func listFrames(w border.Workshop) func(context.Context, *AtScanner) ([]border.ScannerFrame, error) {
	return func(_ context.Context, in *AtScanner) ([]border.ScannerFrame, error) {
		return some(w.Frames(in.Scanner))
	}
}

// find returns a scanner as it is now.
func find(w border.Workshop, id string) (border.ScannerDetail, error) {
	for _, d := range w.Scanners() {
		if d.ID == id {
			return d, nil
		}
	}
	return border.ScannerDetail{}, &border.Error{Code: border.NotFound, Op: "find scanner", Message: "This station has no such scanner."}
}
