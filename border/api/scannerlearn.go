package api

import (
	"context"
	"time"

	"garita/border"
)

// learnPatience is how long a learn request may take: somebody has to present a document
// at several baud rates.
const learnPatience = 3 * time.Minute

type learnInput struct {
	Body struct {
		Path  string   `json:"path" maxLength:"256" doc:"Serial node of the reader, under /dev/serial/by-id"`
		Bauds []int    `json:"bauds,omitempty" maxItems:"16" doc:"Bit rates to try; none: the usual ones"`
		Lines []string `json:"lines" minItems:"2" maxItems:"3" doc:"Lines of the specimen that will be presented, as printed"`
		ID    string   `json:"id" maxLength:"64" doc:"Of the profile to write"`
		Name  string   `json:"name" maxLength:"100"`
	}
}

// learnProfile listens to a reader and writes its profile; it answers with the TOML.
func learnProfile(w border.Workshop) func(context.Context, *learnInput) (border.LearnResult, error) {
	return func(ctx context.Context, in *learnInput) (border.LearnResult, error) {
		ctx, cancel := context.WithTimeout(ctx, learnPatience)
		defer cancel()
		b := in.Body
		for _, l := range b.Lines {
			if len(l) > 256 {
				return border.LearnResult{}, &border.Error{Code: border.TooLarge, Op: "learn a reader", Message: "A line has at most 256 bytes."}
			}
		}
		result, err := w.Learn(ctx, border.LearnRequest{Path: b.Path, Bauds: b.Bauds, Lines: b.Lines, ID: b.ID, Name: b.Name})
		return result, late(err, "Nothing came from the reader. Check cable and path, then try again and present the specimen.")
	}
}
