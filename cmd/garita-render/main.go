// Command garita-render draws one page of one paper, or says what text its pages have, and
// ends. It reads a request from its standard input and writes the answer to its standard
// output; both are border/papers's. Before it reads a byte it gives up the file system, the
// network and everything else that it does not need (package confine).
//
// It is a program of its own because MuPDF parses what strangers hand over, in C, and because
// MuPDF is under the AGPL: see LICENSE beside this file.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"slices"

	"garita/border/papers"
	"garita/cmd/garita-render/confine"
)

func main() {
	if len(os.Args) < 2 || os.Args[1] != confine.Argument {
		fmt.Fprintln(os.Stderr, "garita-render draws papers for garita-post, which starts it. It has nothing to say to people.")
		os.Exit(2)
	}
	os.Exit(serve(os.Args[2:]))
}

// serve confines the process, and only then reads the request and answers it.
func serve(args []string) int {
	answer := papers.Writer{W: os.Stdout}
	facts, err := confine.Enter(confine.Options{
		Apart:           slices.Contains(args, papers.ArgApart),
		WithoutLandlock: slices.Contains(args, papers.ArgWithoutLandlock),
	})
	if err != nil {
		why := papers.RefusedBroken
		if errors.Is(err, confine.ErrNoLandlock) {
			why = papers.RefusedUnconfined
		}
		fmt.Fprintln(os.Stderr, "garita-render:", err)
		_ = answer.Refuse(why)
		return 1
	}
	if answer.Hello(facts.Landlock) != nil {
		return 1
	}
	q, err := papers.ReadRequest(bufio.NewReader(os.Stdin))
	if err != nil {
		return 1
	}
	if err := draw(answer, q); err != nil {
		var no refusal
		if errors.As(err, &no) {
			_ = answer.Refuse(papers.Refusal(no))
		}
		return 1
	}
	if answer.End() != nil {
		return 1
	}
	return 0
}
