//go:build race

package watch

// raced: the race detector empties pools at random.
const raced = true
