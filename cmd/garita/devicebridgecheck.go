package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"garita/devices/bridge"
	"garita/devices/bridge/bridgecheck"
)

// deviceBridgeCheckCmd is `garita device bridge-check`.
type deviceBridgeCheckCmd struct {
	Address      string        `arg:"" help:"Where the bridge listens: unix:/path or tls:host:port."`
	Group        string        `help:"Group that the program at a local socket may run as, beside this user and root."`
	Heartbeat    time.Duration `default:"500ms" help:"Heartbeat to propose, 200ms to 10s; stations use 2s."`
	CancelWithin time.Duration `default:"100ms" help:"How long the answer to a cancel may take. Stations insist on 100ms; more tells a slow bridge from one that never answers."`
	credentials
}

// Help is the long help text.
func (deviceBridgeCheckCmd) Help() string {
	return `Connects as a station does, breaks the contract in every way that it must survive,
and says what the bridge did. The bridge must be running with its scanner plugged in,
and no station may be connected to it. Nobody needs to present anything.
Exits with 1 if a check failed. docs/BRIDGE.md is the contract.`
}

// errBridge: a check has failed, and was printed.
var errBridge = errors.New("the bridge does not keep to the contract")

// Run runs the checks; the last line says how many passed.
func (c deviceBridgeCheckCmd) Run(ctx context.Context, w *world) error {
	group, err := groupID(c.Group)
	if err != nil {
		return err
	}
	o := bridgecheck.Options{Bridge: bridge.Options{Group: group, Heartbeat: c.Heartbeat, CancelWithin: c.CancelWithin}}
	if c.given() {
		if o.Bridge.TLS, err = bridge.ClientTLS(c.Cert, c.Key, c.CA); err != nil {
			return err
		}
	}
	passed, failed := bridgecheck.Run(ctx, c.Address, o, func(r bridgecheck.Result) {
		if r.Err == nil {
			fmt.Fprintln(w.out, "ok    ", r.Name)
			return
		}
		fmt.Fprintf(w.out, "FAILED %s\n       %v\n", r.Name, r.Err)
	})
	fmt.Fprintf(w.out, "%d passed, %d failed\n", passed, failed)
	if failed > 0 {
		return errBridge
	}
	return ctx.Err()
}
