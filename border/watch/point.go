package watch

// OperatingPoint is the probability from which a name counts as a hit at a counter: about one
// innocent traveller in 500 is then referred (docs/WATCHLIST.md has the curve).
const OperatingPoint = 0.85
