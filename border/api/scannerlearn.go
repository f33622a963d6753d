package api

import (
	"context"
	"time"

	"garita/border"
	"garita/border/access"
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
		Seconded
	}
}

// learnProfile listens to a reader and writes its profile; it answers with the TOML.
func learnProfile(w border.Workshop, g *access.Agreements, told audited) func(context.Context, *learnInput) (border.LearnResult, error) {
	return func(ctx context.Context, in *learnInput) (border.LearnResult, error) {
		ctx, cancel := context.WithTimeout(ctx, learnPatience)
		defer cancel()
		b := in.Body
		for _, l := range b.Lines {
			if len(l) > 256 {
				return border.LearnResult{}, &border.Error{Code: border.TooLarge, Op: "learn a reader", Message: "A line has at most 256 bytes."}
			}
		}
		agreement, err := b.agreed(ctx, g, access.ProfileOverride, b.ID)
		if err != nil {
			return border.LearnResult{}, err
		}
		if agreement.Second == "" && agreement.Awaiting == "" {
			return border.LearnResult{}, &border.Error{Code: border.SecondNeeded, Op: "learn a reader",
				Message: "A new profile takes a second person. Have one agree with their own PIN or key, or say why none can be reached."}
		}
		result, err := w.Learn(ctx, border.LearnRequest{Path: b.Path, Bauds: b.Bauds, Lines: b.Lines, ID: b.ID, Name: b.Name})
		act := border.Act{Action: string(access.ProfileOverride), Object: "profile " + plainName(b.ID), Second: agreement.Second, Text: agreement.Awaiting}
		err = told.did(context.WithoutCancel(ctx), act, err)
		return result, late(err, "Nothing came from the reader. Check cable and path, then try again and present the specimen.")
	}
}
