package main

import (
	"fmt"
	"os"

	"garita/border"
	"garita/devices/profile"
)

// profileCheckCmd is `garita profile check`.
type profileCheckCmd struct {
	Paths []string `arg:"" optional:"" name:"path" type:"path" help:"Files, or folders whose *.toml files are meant; none means the profiles that ship with Garita."`
}

// Help is the long help text.
func (profileCheckCmd) Help() string {
	return `Prints a line for each profile that can be used, and for each fault a line

  FILE:LINE:COLUMN: what is wrong; what is allowed

and exits with 1 if there are faults. All faults of a file are found at once. The
profiles are also compared with each other and with those that ship with Garita: one
id twice, and rules that fit one device equally well, are faults. A profile with the
id of one that ships replaces it, as it would at a station.`
}

// Run checks.
func (c profileCheckCmd) Run(w *world) error {
	set, err := profile.Embedded()
	if err != nil {
		return err
	}
	var local []*profile.Profile
	faults := 0
	fault := func(err error) {
		faults++
		fmt.Fprintln(w.out, border.MessageOf(err))
	}
	for _, path := range c.files(fault) {
		p, err := profile.Load(path)
		if err != nil {
			fault(err)
			continue
		}
		local = append(local, p)
		fmt.Fprintf(w.out, "%s: ok (%s, %s)\n", path, p.ID, p.Evidence)
	}
	if len(c.Paths) == 0 {
		for _, id := range set.IDs() {
			p, _ := set.Get(id)
			fmt.Fprintf(w.out, "%s: ok (%s, %s)\n", p.Source, p.ID, p.Evidence)
		}
	}
	_, clashes := set.Replace(local...)
	for _, err := range clashes {
		fault(err)
	}
	if faults > 0 {
		return &border.Error{Code: border.Invalid, Op: "check firmware profiles", Message: "There are faults. Correct the lines named above."}
	}
	return nil
}

// files lists the files that the paths mean.
func (c profileCheckCmd) files(fault func(error)) []string {
	var files []string
	for _, path := range c.Paths {
		if info, err := os.Stat(path); err != nil || !info.IsDir() {
			files = append(files, path) // what is wrong with it comes out when it is read
			continue
		}
		names, err := profile.Files(path)
		switch {
		case err != nil:
			fault(err)
		case len(names) == 0:
			fault(&border.Error{Code: border.NotFound, Message: path + ":1:1: there is no *.toml file in this folder; name the folder or the file that holds the profile"})
		}
		files = append(files, names...)
	}
	return files
}
