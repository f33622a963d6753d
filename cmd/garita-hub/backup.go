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
	"garita/border/keystore"
	"garita/border/seal"
	"garita/cmd/internal/hub"
	"garita/cmd/internal/program"
	"garita/cmd/internal/rootkey"
	"garita/cmd/internal/version"
)

// backupCmd makes a backup now, beside the running hub.
type backupCmd struct {
	file
	To string `help:"Folder of the backups, on another disk; else the configuration's." type:"path" placeholder:"DIR"`
}

// Run makes it.
func (c *backupCmd) Run(ctx context.Context) error {
	return c.rooted(ctx, func(cfg hub.Config, root keystore.Root) error {
		if c.To != "" {
			cfg.Backups = c.To
		}
		if cfg.Backups == "" {
			return &border.Error{Code: border.Invalid, Op: "make a backup", Message: "Say where to: --to DIR, or backups in the configuration."}
		}
		k, err := hub.OpenBackups(cfg, root, clock.System(version.Built()), program.Log(os.Stderr))
		if err != nil {
			return err
		}
		r, err := k.Make(ctx)
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(r)
	})
}

// rooted runs do with the root key of the hub's data folder.
func (f file) rooted(ctx context.Context, do func(hub.Config, keystore.Root) error) (err error) {
	cfg, err := f.read()
	if err != nil {
		return err
	}
	root, err := hub.OpenRoot(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	return do(cfg, root)
}

// restoreCmd puts a backup into an empty data folder.
type restoreCmd struct {
	file
	Backup     string `arg:"" help:"The backup." type:"path" placeholder:"FILE"`
	Incomplete bool   `help:"Restore although sealed files beside the backup are missing; they are counted."`
}

// Run restores it with the recovery key, and puts the root key under this machine's guard.
func (c *restoreCmd) Run(ctx context.Context) error {
	cfg, err := c.read()
	if err != nil {
		return err
	}
	k, err := rootkey.AskRecovery()
	if err != nil {
		return err
	}
	guard := func(ctx context.Context, dir string) error {
		return rootkey.Recover(ctx, cfg.Keys, dir, cfg.Demo, k)
	}
	if cfg.Keys.Kind == "" && cfg.Demo {
		cfg.Keys.Kind = keystore.Software
	}
	r, err := backup.Restore(ctx, c.Backup, backup.WithRecovery(k), cfg.Data, backup.Options{Incomplete: c.Incomplete, Check: guard})
	if err != nil {
		return err
	}
	fmt.Printf("Restored into %s: %d files, %d sealed files, %d missing, as of %s. Its keys are now guarded by: %s.\n",
		cfg.Data, r.Files, r.Beside, r.Missing, r.Header.Made.Local().Format("2006-01-02 15:04"), cfg.Keys.Kind)
	fmt.Println("Data keys are in no backup: stations send theirs, and what came since, when they are connected.")
	return nil
}

// backupKeyCmd gives the key of one backup of a station.
type backupKeyCmd struct {
	file
	Backup string `arg:"" help:"A backup of a station." type:"path" placeholder:"FILE"`
}

// Run prints it.
func (c *backupKeyCmd) Run(ctx context.Context) error {
	return c.rooted(ctx, func(cfg hub.Config, root keystore.Root) error {
		private, err := seal.LoadHub(root, cfg.Data, cfg.Name)
		if err != nil {
			return err
		}
		h, key, err := backup.KeyOf(c.Backup, backup.WithHub(private))
		if err != nil {
			return err
		}
		defer clear(key)
		fmt.Printf("%s\n\nIt opens this one backup of station %s, of %s, and no data key is in it. Give it to whoever restores the station.\n",
			backup.KeyText(key), h.Name, h.Made.Local().Format("2006-01-02 15:04"))
		return nil
	})
}

// recoveryKeyCmd makes the recovery key.
type recoveryKeyCmd struct {
	file
	Again bool `help:"Make another one; the sheet that was printed before is then good for older backups only."`
}

// Run prints the key sheet, once.
func (c *recoveryKeyCmd) Run(ctx context.Context) error {
	return c.rooted(ctx, func(cfg hub.Config, root keystore.Root) error {
		public, err := keystore.RecoveryPublic(root)
		if err != nil {
			return err
		}
		if public != nil && !c.Again {
			return &border.Error{Code: border.Conflict, Op: "make a recovery key",
				Message: "A recovery key was printed before, and is kept nowhere but on that paper. If the paper is lost or was seen, make another: --again."}
		}
		k, err := keystore.NewRecovery(root)
		if err != nil {
			return err
		}
		fmt.Printf("Recovery key of hub %q\n\n    %s\n\nWrite or print it now: it is shown once. Whoever has it and a backup of this hub, or its disk, reads everything.\nKeep it in a safe, away from the hub; a second copy in another town. Make a backup next.\n", cfg.Name, k.Text())
		return nil
	})
}

// recoverCmd puts the root key under a new guard.
type recoverCmd struct{ file }

// Run does so with the recovery key.
func (c *recoverCmd) Run(ctx context.Context) error {
	cfg, err := c.read()
	if err != nil {
		return err
	}
	k, err := rootkey.AskRecovery()
	if err != nil {
		return err
	}
	if err := rootkey.Recover(ctx, cfg.Keys, cfg.Data, cfg.Demo, k); err != nil {
		return err
	}
	fmt.Printf("The keys of %s are now guarded by: %s.\n", cfg.Data, cfg.Keys.Kind)
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
	root, err := rootkey.Open(ctx, now, cfg.Data, cfg.Demo)
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
	if err := rootkey.Rekey(ctx, next, cfg.Data, cfg.Demo, root); err != nil {
		return err
	}
	fmt.Printf("The keys of %s are now guarded by: %s. Put kind = %q under [keys] in the configuration.\n", cfg.Data, c.Kind, c.Kind)
	return nil
}
