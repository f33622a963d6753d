package api

import (
	"context"

	"garita/border/manifest"
)

type templateInput struct {
	Kind string `query:"kind" maxLength:"40" doc:"Kind of group, of the form's list; crew gives the example of a crew list"`
}

type csvOutput struct {
	ContentType        string `header:"Content-Type"`
	ContentDisposition string `header:"Content-Disposition"`
	Body               []byte
}

// listTemplate gives an empty passenger or crew list to fill in.
func listTemplate(_ context.Context, in *templateInput) (*csvOutput, error) {
	return &csvOutput{ContentType: "text/csv; charset=utf-8", ContentDisposition: `attachment; filename="list.csv"`,
		Body: manifest.Template(in.Kind)}, nil
}
