package main

// deviceCmd is `garita device`.
type deviceCmd struct {
	Serve       deviceServeCmd       `cmd:"" help:"Lend this machine's scanner to a station elsewhere in the building."`
	BridgeCheck deviceBridgeCheckCmd `cmd:"" name:"bridge-check" help:"Test a bridge to a scanner against the contract."`
}
