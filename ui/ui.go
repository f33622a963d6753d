// Package ui embeds the built assets of the screens. The screens are in its
// sub-packages; the sources of the assets are in src, and "make ui" builds them. The
// built files are committed, so that building Garita needs no Node.
package ui

import "embed"

// Dist holds the built scripts, styles and fonts under "dist/".
//
//go:embed dist
var Dist embed.FS
