package form

// Knows reports whether a code stands for a country or a nationality: one of Doc 9303-3
// section 5, or one that the form adds.
func (f *Form) Knows(code string) bool { return f.known(code) }
