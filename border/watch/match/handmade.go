package match

// handSpelling is the channel: classes of letters that stand for the same sound in one
// romanisation or another, or look alike to an optical reader. Costs learned from pairs of listed
// spellings (Viterbi, smoothed towards these) did not find more persons on held-back sets, so the
// plain ones stay.
func handSpelling() *Spelling {
	s := &Spelling{Double: 110, Swap: 480, Article: 150}
	for f := range 2 {
		for x := range 26 {
			for y := range 26 {
				c := int16(620)
				if x == y {
					c = 5
				}
				s.Change[f][x][y] = c
			}
		}
	}
	near := func(class string, cost int16) {
		for i := range class {
			for j := range class {
				if i != j {
					x, y := class[i]-'A', class[j]-'A'
					s.Change[0][x][y] = min(s.Change[0][x][y], cost+40)
					s.Change[1][x][y] = min(s.Change[1][x][y], cost)
				}
			}
		}
	}
	for _, c := range []string{"AEIOUY"} {
		near(c, 260)
	}
	for _, c := range []string{"OU", "EI", "IY", "AE", "AO", "IJ", "JY"} {
		near(c, 170)
	}
	for _, c := range []string{"BP", "DT", "GKQC", "SZ", "VWFU", "GJZ", "CSX", "LR", "MN", "HK", "BV", "CZ", "HJ", "SC", "XH"} {
		near(c, 300)
	}
	for _, c := range []string{"KQC", "VW", "SZ"} {
		near(c, 220)
	}
	for _, c := range []string{"OQD", "ILT", "MNH", "UV", "BRP", "EF", "CG", "VY", "KXR", "PR", "HN", "DB", "IJ", "MW"} {
		near(c, 520)
	}
	for i := range 3 {
		for x := range 26 {
			c := int16(480)
			switch byte(x) + 'A' {
			case 'A', 'E', 'I', 'O', 'U':
				c = 260
			case 'H', 'Y':
				c = 250
			case 'W', 'J':
				c = 350
			}
			if i == 0 {
				c += 150
			}
			s.Drop[i][x] = c
		}
	}
	for x := range s.Pair {
		for y := range s.Pair[x] {
			for z := range s.Pair[x][y] {
				s.Pair[x][y][z] = never
			}
		}
	}
	for _, p := range []string{"OUU", "EEI", "OOU", "KHH", "PHF", "TSC", "CHC", "SHS", "CKK", "DJJ", "JYY", "CHJ", "SHX", "THT", "GHG", "DHD", "KSX", "AYE", "AII", "QUK", "OUW", "EUU", "YOO", "DZZ", "ZHJ", "TCC", "IEE", "AEE", "UEU", "OEO", "AEA"} {
		s.Pair[p[0]-'A'][p[1]-'A'][p[2]-'A'] = 200
	}
	s.index()
	return s
}
