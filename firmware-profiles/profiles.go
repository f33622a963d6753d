// Package profiles embeds the firmware profiles that ship with Garita: one TOML file per
// scanner model, read by devices/profile.
package profiles

import "embed"

// Files holds the *.toml files of this folder.
//
//go:embed *.toml
var Files embed.FS
