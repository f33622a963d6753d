package main

// deviceCmd is `garita device`.
type deviceCmd struct {
	List        deviceListCmd        `cmd:"" help:"List the station's scanners: state, reason and what to do."`
	Watch       deviceWatchCmd       `cmd:"" help:"Tell what happens to the scanners as it happens."`
	Test        deviceTestCmd        `cmd:"" help:"Run a scanner's self-test; exits with 1 if a step fails."`
	Capture     deviceCaptureCmd     `cmd:"" help:"Take a finger to see how good the image is."`
	Identify    deviceIdentifyCmd    `cmd:"" help:"Make a scanner blink or beep."`
	Assign      deviceAssignCmd      `cmd:"" help:"Give a scanner to a counter."`
	Learn       deviceLearnCmd       `cmd:"" help:"Write the profile of an unknown serial reader by listening to it."`
	Bundle      deviceBundleCmd      `cmd:"" help:"Write a scanner's diagnostic file."`
	Replay      deviceReplayCmd      `cmd:"" help:"Run a diagnostic file as a test, without scanner or station."`
	Serve       deviceServeCmd       `cmd:"" help:"Lend this machine's scanner to a station elsewhere in the building."`
	BridgeCheck deviceBridgeCheckCmd `cmd:"" name:"bridge-check" help:"Test a bridge to a scanner against the contract."`
}
