package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"garita/border"
)

// deviceCaptureCmd is `garita device capture`.
type deviceCaptureCmd struct {
	stationFlags
	scannerArg
	Finger string `default:"unknown" enum:"unknown,right-thumb,right-index,right-middle,right-ring,right-little,left-thumb,left-index,left-middle,left-ring,left-little" help:"Which finger will be presented."`
}

// fingerNames are the positions in the order of ISO/IEC 19794-4.
var fingerNames = strings.Split("unknown,right-thumb,right-index,right-middle,right-ring,right-little,left-thumb,left-index,left-middle,left-ring,left-little", ",")

// capture is the station's answer.
type capture struct {
	Width    int     `json:"width"`
	Height   int     `json:"height"`
	DPI      int     `json:"dpi"`
	Quality  int     `json:"quality"`
	AreaMM2  float64 `json:"area_mm2"`
	Problem  string  `json:"problem"`
	Liveness string  `json:"liveness"`
}

// Run takes a finger.
func (c deviceCaptureCmd) Run(ctx context.Context, w *world) error {
	var body struct {
		Position border.FingerPosition `json:"position"`
	}
	for i, name := range fingerNames {
		if name == c.Finger {
			body.Position = border.FingerPosition(i)
		}
	}
	fmt.Fprintln(w.err, "Put the finger on the glass.")
	got, raw, err := exchange[capture](ctx, c.stationFlags, time.Minute, http.MethodPost, c.path("/captures"), body)
	if err != nil {
		return err
	}
	if c.JSON {
		return c.print(w, raw)
	}
	fmt.Fprintf(w.out, "%d × %d pixels at %d dpi, quality %d of 100, ridges on %.0f mm²\n", got.Width, got.Height, got.DPI, got.Quality, got.AreaMM2)
	if advice := captureAdvice[got.Problem]; advice != "" {
		fmt.Fprintln(w.out, advice)
	}
	if got.Liveness != "" {
		fmt.Fprintln(w.out, "The sensor's own flag says:", got.Liveness)
	}
	return nil
}

// captureAdvice says what to do about each problem of an image.
var captureAdvice = map[string]string{
	"no_finger": "No ridges can be seen: clean the glass and present the finger again.",
	"too_high":  "The finger lies too far up: present it lower.",
	"too_low":   "The finger lies too far down: present it higher.",
	"too_left":  "The finger lies too far left.",
	"too_right": "The finger lies too far right.",
	"too_small": "Only a little of the finger touches the glass: press it flat.",
	"too_dry":   "The finger is too dry: breathe on it.",
	"too_wet":   "The finger is too wet, or pressed too hard: dry it.",
	"not_clear": "The image is not clear: clean the glass and hold the finger still.",
}
