// Package ui embeds the built assets of the screens. The screens are in its
// sub-packages; the sources of the assets are in src, and "make ui" builds them. The
// built files are committed, so that building Garita needs no Node.
package ui

import "embed"

// Dist holds the built scripts and styles under "dist/".
//
//go:embed dist/*.js dist/*.css dist/*.svg
var Dist embed.FS
