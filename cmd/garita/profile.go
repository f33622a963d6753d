package main

import (
	"fmt"
	"os"
	"text/tabwriter"

	"garita/border"
	"garita/devices/profile"
)

// profileCmd is `garita profile`.
type profileCmd struct {
	Check   profileCheckCmd   `cmd:"" help:"Check firmware profiles; exits with 1 on any fault."`
	List    profileListCmd    `cmd:"" help:"List the profiles there are."`
	Show    profileShowCmd    `cmd:"" help:"Print a profile's file."`
	Explain profileExplainCmd `cmd:"" help:"Say which profile a device gets and why, and what a profile's keys do."`
	Udev    profileUdevCmd    `cmd:"" help:"Print udev rules and hwdb entries for the devices of the profiles."`
}

// localProfiles is the flag of all commands that look at the profiles of a station.
type localProfiles struct {
	Profiles string `placeholder:"DIR" type:"path" help:"Folder of local profiles, besides those that ship with Garita."`
}

// set collects the profiles. Faults of local ones are told and do not matter further.
func (l localProfiles) set(w *world) (profile.Set, error) {
	s, err := profile.Embedded()
	if err != nil {
		return s, err
	}
	s, faults := s.With(l.Profiles)
	for _, f := range faults {
		fmt.Fprintln(w.err, border.MessageOf(f))
	}
	return s, nil
}

// get finds one profile.
func (l localProfiles) get(w *world, id string) (*profile.Profile, error) {
	s, err := l.set(w)
	if err != nil {
		return nil, err
	}
	p, ok := s.Get(id)
	if !ok {
		return nil, &border.Error{Code: border.NotFound, Op: "find firmware profile",
			Message: fmt.Sprintf("There is no profile %q that can be used; `garita profile list` shows those there are.", id)}
	}
	return p, nil
}

// profileListCmd is `garita profile list`.
type profileListCmd struct {
	localProfiles
}

// Run prints a table.
func (c profileListCmd) Run(w *world) error {
	s, err := c.set(w)
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(w.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ID\tGIVES\tDRIVER\tOVER\tEVIDENCE\tFROM\tNAME")
	for _, id := range s.IDs() {
		p, _ := s.Get(id)
		from := "garita"
		if s.Local(id) {
			from = p.Source
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", p.ID, p.Kind, p.Driver, p.Transport.Kind, p.Evidence, from, p.Name)
	}
	return t.Flush()
}

// profileShowCmd is `garita profile show`.
type profileShowCmd struct {
	localProfiles
	ID string `arg:"" help:"Id of the profile."`
}

// Run prints the profile's file byte for byte, to be copied and changed.
func (c profileShowCmd) Run(w *world) error {
	p, err := c.get(w, c.ID)
	if err != nil {
		return err
	}
	data, ok := profile.Shipped(p)
	if !ok {
		if data, err = os.ReadFile(p.Source); err != nil {
			return &border.Error{Code: border.Unavailable, Op: "show firmware profile", Message: "The file " + p.Source + " cannot be read any more.", Err: err}
		}
	}
	_, err = w.out.Write(data)
	return err
}
