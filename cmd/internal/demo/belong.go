package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"garita/border/access"
	"garita/border/officers"
	"garita/cmd/internal/founding"
	"garita/cmd/internal/hub"
)

// PIN is that of every officer of the demonstration. Their accounts are refused anywhere else.
const PIN = founding.PIN

// accounts are the officers of the demonstration.
var accounts = []access.Officer{
	{Badge: "1001", Name: "Inspector Quinta Varela", Roles: []access.Role{access.Inspector}},
	{Badge: "1002", Name: "Inspector Oriol Benavides", Roles: []access.Role{access.Inspector}, Language: "es"},
	{Badge: "1003", Name: "Inspector Livia Monteagudo", Roles: []access.Role{access.Inspector}},
	{Badge: "1004", Name: "Inspector Tadeo Urrutia", Roles: []access.Role{access.Inspector}},
	{Badge: "1005", Name: "Inspector Nadine Pellerin", Roles: []access.Role{access.Inspector}},
	{Badge: supervisor, Name: "Supervisor Ximena Robledo", Roles: []access.Role{access.Inspector, access.Supervisor}},
	{Badge: registrar, Name: "Operator Isaura Quiroga", Roles: []access.Role{access.Operator}},
	{Badge: deputy, Name: "Operator Baltasar Ocampo", Roles: []access.Role{access.Operator}},
	{Badge: "4001", Name: "Technician Fermina Rueda", Roles: []access.Role{access.Technician}},
	{Badge: "5001", Name: "Protection officer Amaya Ledesma", Roles: []access.Role{access.Protection}},
	{Badge: "6001", Name: "Auditor Gaspar Villalobos", Roles: []access.Role{access.Auditor}},
	{Badge: "9001", Name: "Administrator Remedios Cano", Roles: []access.Role{access.Administrator}},
}

// hub is the configuration of the hub's data folder.
func (f *folder) hub() hub.Config {
	return hub.Config{Name: "demo hub", Data: f.path("hub"), Demo: true}
}

// found gives a new hub its officers, as an administrator would with garita-hub officer add.
func (f *folder) found(ctx context.Context) (err error) {
	root, err := hub.OpenRoot(ctx, f.hub())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	k, err := officers.Open(ctx, officers.Config{Dir: f.path("hub"), Clock: f.wall(), Root: root, Demo: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, k.Close()) }()
	if len(k.Known().Officers) > 0 {
		return nil
	}
	for _, o := range accounts {
		o.Demo = true
		if err := k.AddWith(ctx, o, PIN); err != nil {
			return fmt.Errorf("open the account of badge %s: %w", o.Badge, err)
		}
	}
	return nil
}

// enrol makes the station one of the running hub's, with the commands that people use.
func (f *folder) enrol(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(f.path("post"), "identity.json")); err == nil {
		return nil
	}
	out, err := f.tool(ctx, "hub", "station", "add", "PCA/PCA-1", "--zone", "America/Costa_Rica")
	if err != nil {
		return err
	}
	code, _, _ := strings.Cut(out, "\n")
	_, err = f.tool(ctx, "post", "enrol", "https://"+f.opt.EnrolListen, strings.TrimSpace(code))
	return err
}

// tool runs a command of one of the programs.
func (f *folder) tool(ctx context.Context, program string, args ...string) (string, error) {
	args = append(args, "--config", f.path(program+".toml"))
	out, err := exec.CommandContext(ctx, filepath.Join(f.opt.Programs, "garita-"+program), args...).CombinedOutput() //nolint:gosec // our own programs
	if err != nil {
		return "", fmt.Errorf("garita-%s %s: %w: %s", program, args[0], err, out)
	}
	return string(out), nil
}
