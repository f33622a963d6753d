package counter

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/counter"
	"garita/border/papers"
	"garita/ui/layout"
)

// paperAttached is the answer to a paper that was attached.
type paperAttached struct {
	done
	Hash string `json:"hash"` // of the sealed file
	HTML string `json:"html"` // what its text offers for the record; "" if nothing
}

// paperKeep attaches a paper, whose pieces have come, to the open person. One that is no paper
// is refused; where none can be drawn it is kept unseen: the border goes on.
func (s *screen) paperKeep(c *fiber.Ctx) error {
	var in struct {
		about
		Upload string `json:"upload"`
		Length int    `json:"length"`
		Kind   string `json:"kind"`
		Name   string `json:"name"` // of another kind, in the officer's words
	}
	if err := body(c, &in); err != nil {
		return err
	}
	id, err := encounterID(in.Encounter)
	if err != nil {
		return err
	}
	label := in.Kind
	if _, known := paperWords[in.Kind]; !known {
		label = strings.TrimSpace(in.Name)
	}
	document, err := s.uploads.take(counterOf(c), badge(c), in.Upload, in.Length, s.cfg.Clock.Now())
	if err != nil {
		return err
	}
	defer clear(document)
	kind, err := papers.Sniff(document, papers.MaxPixels)
	if err != nil {
		return err
	}
	ctx, cancel := limited(c)
	defer cancel()
	w := s.words(layout.Printer(c), "")
	said := w.T("The paper is attached.")
	read, err := s.cfg.Papers.Read(ctx, document)
	switch border.CodeOf(err) {
	case "":
	case border.Unavailable:
		said, read = w.T("The paper is attached, and could not be shown here."), &papers.Contents{}
	default:
		return err
	}
	kept, err := s.service(c).Keep(ctx, counter.KeepIn{At: at(c), Encounter: id, Kind: border.KindPaper, Label: label,
		Media: media[kind], Pages: len(read.Texts)}, document)
	if err != nil {
		return err
	}
	out := paperAttached{done: done{Text: said}, Hash: kept.Hash.String()}
	if found := w.found(papers.Find(read.Texts, s.cfg.Clock.Now())); len(found) > 0 {
		html, err := s.layout.In(layout.Printer(c)).Fragment("paper-found", foundIn{Paper: w.paperWord(label), Found: found})
		if err != nil {
			return err
		}
		out.HTML = string(html)
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.JSON(out)
}

// foundIn is what the text of one paper offers.
type foundIn struct {
	Paper string
	Found []Found
}
