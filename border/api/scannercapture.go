package api

import (
	"context"
	"time"

	"garita/border"
	"garita/border/access"
	"garita/border/fingerprint"
)

// capturePatience is how long a finger is waited for.
const capturePatience = 30 * time.Second

type captureInput struct {
	AtScanner
	Body struct {
		Position border.FingerPosition `json:"position,omitempty" maximum:"15" doc:"ISO/IEC 19794-4: 0 unknown, 1 right thumb to 10 left little finger"`
		Pixels   bool                  `json:"pixels,omitempty" doc:"Also answer with the pixels. For fingers of specimens and of the technician alone"`
	}
}

// FingerCapture is a finger image as the workshop judges it.
type FingerCapture struct {
	Width    int     `json:"width" doc:"Pixels"`
	Height   int     `json:"height" doc:"Pixels"`
	DPI      int     `json:"dpi" doc:"Pixels per 25.4 mm"`
	Quality  int     `json:"quality" minimum:"0" maximum:"100" doc:"Garita's own measure, computed from the image; not NFIQ"`
	AreaMM2  float64 `json:"area_mm2" doc:"Square millimetres that show ridges"`
	Contrast float64 `json:"contrast"`
	Clarity  float64 `json:"clarity"`
	Problem  string  `json:"problem,omitempty" doc:"What to do better"`
	Liveness string  `json:"liveness,omitempty" doc:"The sensor's own flag, if it has one"`
	Pixels   []byte  `json:"pixels,omitempty" doc:"Width × height bytes, base64, 0 is black; only if asked for"`
}

// captureFinger takes an image, judges it and forgets it.
func captureFinger(w border.Workshop, told audited) func(context.Context, *captureInput) (FingerCapture, error) {
	return func(ctx context.Context, in *captureInput) (FingerCapture, error) {
		ctx, cancel := context.WithTimeout(ctx, capturePatience)
		defer cancel()
		image, err := w.CaptureFinger(ctx, border.FingerRequest{Scanner: in.Scanner, Position: in.Body.Position})
		act := border.Act{Action: string(access.WorkshopWork), Object: "capture " + plainName(in.Scanner)}
		if err := told.did(context.WithoutCancel(ctx), act, err); err != nil {
			return FingerCapture{}, late(err, "No finger came. Put a finger on the glass and try again.")
		}
		quality, err := fingerprint.Measure(ctx, image)
		if err != nil {
			return FingerCapture{}, err
		}
		c := FingerCapture{Width: image.Width, Height: image.Height, DPI: image.DPI, Quality: quality.Finq, AreaMM2: quality.AreaMM2,
			Contrast: quality.Contrast, Clarity: quality.Clarity, Problem: string(quality.Problem), Liveness: image.Liveness}
		if in.Body.Pixels {
			c.Pixels = image.Pixels
		} else {
			clear(image.Pixels) // personal data
		}
		return c, nil
	}
}
