package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"garita/border"
	"garita/border/counter"
	"garita/border/manifest"
)

// maxList bounds the body that brings a passenger or crew list, in bytes: 500 people, the
// most that a group has.
const maxList = 240 << 10

type listInput struct {
	AtCounter
	Body struct {
		CSV string `json:"csv" maxLength:"200000" doc:"The list, with the columns of its template"`
	}
}

// importList gives the group a passenger or crew list; it answers with the view. A list with
// a problem is not taken at all: half a list would make no-shows of people who came.
func importList(s *counter.Service) func(context.Context, *listInput) (counter.View, error) {
	return func(ctx context.Context, in *listInput) (counter.View, error) {
		return in.viewed(ctx, s, func(a counter.At) error {
			list, problems, err := manifest.Parse(strings.NewReader(in.Body.CSV))
			if err != nil {
				return err
			}
			if len(problems) > 0 {
				return badList(problems)
			}
			return s.List(ctx, a, list)
		})
	}
}

// badList says which cells of a list are wrong, without their content.
func badList(problems []manifest.Problem) *Problem {
	p := plain(http.StatusUnprocessableEntity, string(border.Invalid))
	p.Detail = "The list was not taken. Repair the lines that are named, then import it again."
	for _, row := range problems {
		place := "body.csv line " + strconv.Itoa(row.Line)
		if row.Column > 0 {
			place += " column " + strconv.Itoa(row.Column)
		}
		p.Fields = append(p.Fields, FieldProblem{Location: place, Message: row.Message})
	}
	return p
}
