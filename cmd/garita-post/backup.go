package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"garita/border"
	"garita/border/backup"
	"garita/border/clock"
	"garita/cmd/internal/program"
	"garita/cmd/internal/rootkey"
	"garita/cmd/internal/station"
	"garita/cmd/internal/version"
)

// backupCmd makes a backup now, beside the running station.
type backupCmd struct {
	file
	To string `help:"Folder of the backups, on another disk; else the configuration's." type:"path" placeholder:"DIR"`
}

// Run makes it.
func (c *backupCmd) Run(ctx context.Context) (err error) {
	cfg, err := c.read()
	if err != nil {
		return err
	}
	if c.To != "" {
		cfg.Backups = c.To
	}
	if cfg.Backups == "" {
		return &border.Error{Code: border.Invalid, Op: "make a backup", Message: "Say where to: --to DIR, or backups in the configuration."}
	}
	root, err := station.OpenRoot(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	id, err := station.LoadIdentity(cfg, root)
	if err != nil {
		return err
	}
	k, err := station.OpenBackups(cfg, root, id, clock.System(version.Built()), program.Log(os.Stderr))
	if err != nil {
		return err
	}
	r, err := k.Make(ctx)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}

// restoreCmd puts a backup into an empty data folder.
type restoreCmd struct {
	file
	Backup     string `arg:"" help:"The backup." type:"path" placeholder:"FILE"`
	Old        string `help:"Open it with the root key of this older data folder, of the same machine." type:"path" placeholder:"DIR"`
	Incomplete bool   `help:"Restore although sealed files beside the backup are missing; they are counted."`
}

// Run restores it.
func (c *restoreCmd) Run(ctx context.Context) (err error) {
	cfg, err := c.read()
	if err != nil {
		return err
	}
	var open backup.Unwrap
	if c.Old != "" {
		old := cfg
		old.Data = c.Old
		root, err := rootkey.Open(ctx, old.Keys, old.Data, old.Demo.On)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, root.Close()) }()
		open = backup.WithRoot(root)
	} else {
		text, err := rootkey.AskSecret("Key of this backup (at the hub: garita-hub backup-key FILE): ")
		if err != nil {
			return err
		}
		if open, err = backup.WithKey(string(text)); err != nil {
			return err
		}
	}
	r, err := backup.Restore(ctx, c.Backup, open, cfg.Data, backup.Options{Incomplete: c.Incomplete})
	if err != nil {
		return err
	}
	if r.Header.Kind != backup.Station {
		fmt.Println("Note: this is the backup of a hub.")
	}
	fmt.Printf("Restored into %s: %d files, %d sealed files, %d missing, of station %s as of %s.\n",
		cfg.Data, r.Files, r.Beside, r.Missing, r.Header.Name, r.Header.Made.Local().Format("2006-01-02 15:04"))
	fmt.Printf("Data keys are in no backup. At the hub run: garita-hub station replace %s, and here: garita-post enrol HUB-URL CODE. The hub then gives the keys that are alive.\n", r.Header.Name)
	return nil
}

// rekeyCmd puts the keys under another guard.
type rekeyCmd struct {
	file
	Kind string `required:"" enum:"tpm,credential,passphrase,software" help:"What guards the keys from now on: ${enum}." placeholder:"KIND"`
	TPM  string `help:"The TPM's device; else the configuration's." placeholder:"DEVICE"`
	PCRs []int  `name:"pcrs" help:"PCRs that must not change, like 7; else the configuration's." placeholder:"N"`
}

// Run changes the guard.
func (c *rekeyCmd) Run(ctx context.Context) (err error) {
	cfg, err := c.read()
	if err != nil {
		return err
	}
	now := cfg.Keys
	now.Kind = "" // whatever guards them now
	root, err := rootkey.Open(ctx, now, cfg.Data, cfg.Demo.On)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	next := rootkey.Config{Kind: c.Kind, TPM: cfg.Keys.TPM, PCRs: cfg.Keys.PCRs}
	if c.TPM != "" {
		next.TPM = c.TPM
	}
	if len(c.PCRs) > 0 {
		next.PCRs = c.PCRs
	}
	if err := rootkey.Rekey(ctx, next, cfg.Data, cfg.Demo.On, root); err != nil {
		return err
	}
	fmt.Printf("The keys of %s are now guarded by: %s. Put kind = %q under [keys] in the configuration.\n", cfg.Data, c.Kind, c.Kind)
	return nil
}
