package api

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"garita/border"
	"garita/border/access"
)

// LearningConfig is what the operations of learned profiles work with. All of it is required.
type LearningConfig struct {
	Learning border.Learning
	Audit    border.Auditor
	Log      *slog.Logger
}

// Learning adds what leads from a reader that nobody has described to a profile of this station's own. What
// changes meanwhile comes with the live stream of its page (/live/workshop/learn).
func Learning(api huma.API, cfg LearningConfig) {
	l, log, told := cfg.Learning, cfg.Log, audited{cfg.Audit}
	const one = "/scanner-profiles/{profile}"
	add := func(o huma.Operation) huma.Operation { o.Tags = []string{"workshop"}; return o }
	post := func(path, id, summary string) huma.Operation {
		return add(doing(http.MethodPost, path, id, summary, http.StatusOK))
	}
	huma.Register(api, add(reading("/scanner-profiles", "list-learned-profiles", "The profiles that this station has learned, and what is being done to learn one")),
		serve(log, func(context.Context, *struct{}) (border.LearningView, error) { return l.Learning(), nil }))
	huma.Register(api, post("/scanner-profiles/lessons", "teach-reader",
		"Listen to an unknown reader while a specimen is presented, and keep the profile that reads it as a draft; the answer comes when it was read, or after three minutes"),
		serve(log, teachReader(l, told)))
	huma.Register(api, post("/scanner-profiles/lessons/stop", "stop-teaching", "End what is being taught or tried"), serve(log, stopTeaching(l)))
	huma.Register(api, post(one+"/trial", "try-profile", "Open the reader with a draft until three documents in a row were read well; the answer comes then, or after three minutes"),
		serve(log, tryProfile(l, told)))
	huma.Register(api, post(one+"/proposal", "propose-profile", "Hand a draft that passed its trial on to a second person"), serve(log, proposeProfile(l, told)))
	huma.Register(api, post(one+"/decision", "decide-profile", "Put a proposed profile in force at this station, or turn it down; whoever made it cannot"),
		serve(log, decideProfile(l, told)))
	huma.Register(api, add(doing(http.MethodDelete, one, "withdraw-profile", "Take a profile out of force, or a proposal back; delete what is neither", http.StatusOK)),
		serve(log, withdrawProfile(l, told)))
}

// AtProfile names a learned profile in the path.
type AtProfile struct {
	Profile string `path:"profile" maxLength:"64" example:"learned-acme-9000"`
}

type teachInput struct {
	Body struct {
		Path  string   `json:"path" maxLength:"256" doc:"Node of the reader: a serial port, or a keyboard under /dev/input"`
		Bauds []int    `json:"bauds,omitempty" maxItems:"16" doc:"Bit rates to try; none: the usual ones"`
		Lines []string `json:"lines" minItems:"2" maxItems:"3" doc:"Lines of the specimen that will be presented, as printed"`
		Name  string   `json:"name" maxLength:"100" doc:"What people call the reader: make and model"`
	}
}

// teachReader listens to a reader; it answers with the draft.
func teachReader(l border.Learning, told audited) func(context.Context, *teachInput) (border.LearnedProfile, error) {
	return func(ctx context.Context, in *teachInput) (border.LearnedProfile, error) {
		by, err := badge(ctx)
		if err != nil {
			return border.LearnedProfile{}, err
		}
		b := in.Body
		for _, line := range b.Lines {
			if len(line) > 256 {
				return border.LearnedProfile{}, &border.Error{Code: border.TooLarge, Op: "teach a reader", Message: "A line has at most 256 bytes."}
			}
		}
		p, err := l.Teach(ctx, border.LearnRequest{Path: b.Path, Bauds: b.Bauds, Lines: b.Lines, Name: b.Name}, by)
		act := border.Act{Action: string(access.WorkshopWork), Object: "teach " + plainName(p.ID)}
		return p, told.did(context.WithoutCancel(ctx), act, err)
	}
}

// stopTeaching ends a lesson; it answers with what there is.
func stopTeaching(l border.Learning) func(context.Context, *struct{}) (border.LearningView, error) {
	return func(context.Context, *struct{}) (border.LearningView, error) {
		l.StopTeaching()
		return l.Learning(), nil
	}
}

// tryProfile tries a draft; it answers with what it read.
func tryProfile(l border.Learning, told audited) func(context.Context, *AtProfile) (border.LearnedProfile, error) {
	return func(ctx context.Context, in *AtProfile) (border.LearnedProfile, error) {
		by, err := badge(ctx)
		if err != nil {
			return border.LearnedProfile{}, err
		}
		p, err := l.Try(ctx, in.Profile, by)
		return p, told.did(context.WithoutCancel(ctx), border.Act{Action: string(access.WorkshopWork), Object: "try " + plainName(in.Profile)}, err)
	}
}

// proposeProfile hands a draft on.
func proposeProfile(l border.Learning, told audited) func(context.Context, *AtProfile) (border.LearnedProfile, error) {
	return func(ctx context.Context, in *AtProfile) (border.LearnedProfile, error) {
		by, err := badge(ctx)
		if err != nil {
			return border.LearnedProfile{}, err
		}
		p, err := l.Propose(ctx, in.Profile, by)
		return p, told.did(ctx, border.Act{Action: string(access.ProfilePropose), Object: "profile " + plainName(in.Profile)}, err)
	}
}

type decideProfileInput struct {
	AtProfile
	Body struct {
		Hash   string `json:"hash" maxLength:"64" doc:"Of the profile that was looked at"`
		Accept bool   `json:"accept" doc:"true: in force from now on; false: turned down"`
	}
}

// decideProfile puts a profile in force or turns it down; the second person of the act is who proposed it.
func decideProfile(l border.Learning, told audited) func(context.Context, *decideProfileInput) (border.LearnedProfile, error) {
	return func(ctx context.Context, in *decideProfileInput) (border.LearnedProfile, error) {
		by, err := badge(ctx)
		if err != nil {
			return border.LearnedProfile{}, err
		}
		p, err := l.Decide(ctx, in.Profile, in.Body.Hash, by, in.Body.Accept)
		did := "refuse "
		if in.Body.Accept {
			did = "install "
		}
		act := border.Act{Action: string(access.ProfileDecide), Object: did + plainName(in.Profile), Second: p.ProposedBy}
		return p, told.did(ctx, act, err)
	}
}

// withdrawProfile undoes; it answers with what is left.
func withdrawProfile(l border.Learning, told audited) func(context.Context, *AtProfile) (border.LearningView, error) {
	return func(ctx context.Context, in *AtProfile) (border.LearningView, error) {
		by, err := badge(ctx)
		if err != nil {
			return border.LearningView{}, err
		}
		err = l.Withdraw(ctx, in.Profile, by)
		return l.Learning(), told.did(ctx, border.Act{Action: string(access.ProfileDecide), Object: "withdraw " + plainName(in.Profile)}, err)
	}
}
