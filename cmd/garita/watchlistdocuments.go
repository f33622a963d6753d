package main

import (
	"context"

	"garita/border/watch/source"
)

// readDocuments reads a list of documents and hands each on.
func readDocuments(ctx context.Context, s sourceFlag, each func(issuer, kind, number string)) (source.Report, error) {
	files, err := source.Dir(s.path)
	if err != nil {
		return source.Report{}, err
	}
	rows := source.ReadDocuments(ctx, files, source.Options{Source: s.name})
	for r := range rows.Rows() {
		each(r.Issuer, r.Type, r.Number)
	}
	return rows.Report(), rows.Err()
}
