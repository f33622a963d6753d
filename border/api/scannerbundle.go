package api

import (
	"bytes"
	"context"
	"log/slog"

	"garita/border"
	"garita/border/access"
)

type zipOutput struct {
	ContentType        string `header:"Content-Type"`
	ContentDisposition string `header:"Content-Disposition"`
	Body               []byte
}

// getBundle gives the diagnostic file of a scanner.
func getBundle(w border.Workshop, told audited, log *slog.Logger) func(context.Context, *AtScanner) (*zipOutput, error) {
	return func(ctx context.Context, in *AtScanner) (*zipOutput, error) {
		if access.From(ctx) == nil { // it does not go through serve
			return nil, problemOf(log, access.Nobody("give a scanner's bundle"))
		}
		var b bytes.Buffer
		act := border.Act{Action: string(access.WorkshopRead), Object: "bundle " + plainName(in.Scanner)}
		if err := told.did(ctx, act, w.Bundle(ctx, in.Scanner, &b)); err != nil {
			return nil, problemOf(log, err)
		}
		return &zipOutput{ContentType: "application/zip", ContentDisposition: `attachment; filename="scanner-` + plainName(in.Scanner) + `.zip"`,
			Body: b.Bytes()}, nil
	}
}

// plainName is an id as part of a file's name.
func plainName(id string) string {
	b := []byte(id)
	for i, c := range b {
		if (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '-' {
			b[i] = '_'
		}
	}
	return string(b)
}
