package source

import (
	"slices"
	"strings"
	"testing"

	"garita/border/icao"
)

// The table has every state of Doc 9303 once, only codes of Doc 9303, and no name twice.
func TestCountries(t *testing.T) {
	lines := make(map[string]bool)
	names := make(map[string]string)
	for line := range strings.Lines(countries) {
		code, rest, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok {
			continue
		}
		if lines[code] || !icao.Known(code) {
			t.Errorf("%s is there twice, or is no code", code)
		}
		lines[code] = true
		two, rest, _ := strings.Cut(rest, " ")
		if len(two) == 2 && indexed().byTwo[strings.ToLower(two)] != code {
			t.Errorf("%s of %s", two, code)
		}
		for name := range strings.SplitSeq(rest, "|") {
			if other := names[name]; other != "" {
				t.Errorf("%q is %s and %s", name, code, other)
			}
			names[name] = code
			if got := country(name); !slices.Equal(got, []string{code}) {
				t.Errorf("%q gives %v", name, got)
			}
		}
	}
	for _, code := range icao.Codes() {
		organisation := strings.HasPrefix(code, "X") || strings.HasPrefix(code, "UN") || strings.HasPrefix(code, "GB")
		if !lines[code] && !organisation {
			t.Errorf("%s is missing", code)
		}
	}
	for name, want := range map[string]string{
		"": "", "Lilliput": "", "Democratic Republic of the Congo": "COD", "Congo, Democratic Republic of the": "COD", "Congo": "COG",
		"Iran (Islamic Republic of)": "IRN", "Türkiye": "TUR", "West Bank": "PSE", "Region: Gaza": "PSE", "CÔTE D’IVOIRE": "CIV",
		"Sudan/or South Sudan": "SDN SSD", "United States. Also believed to hold Syrian nationality": "USA", "Possibly Ethiopian": "ETH",
		"Tunisian passport": "TUN", "Bahrain (citizenship revoked": "BHR", "former Soviet Union": "", "Korea, North": "PRK", "HTI": "HTI", "DEU": "",
		strings.Repeat("Haiti", 1000): "",
	} {
		if got := strings.Join(country(name), " "); got != want {
			t.Errorf("%.40q gives %q, want %q", name, got, want)
		}
	}
	for place, want := range map[string]string{
		"Pyongyang, Korea, North": "PRK", "Khartoum Sudan": "SDN", "Tunisi (Tunisia)": "TUN", "Roswell, New Mexico": "USA", "Mexico": "MEX",
		"Kinshasa, Congo, Democratic Republic of the": "COD", "Utopia": "", "": "", "Port-au-Prince, HAITI.": "HTI", "Evansville, Indiana USA": "USA",
	} {
		if got := strings.Join(placeCountry(place), " "); got != want {
			t.Errorf("place %q gives %q, want %q", place, got, want)
		}
	}
}

func TestDates(t *testing.T) {
	for name, c := range map[string]struct {
		read func(string) string
		want map[string]string
	}{
		"iso": {iso, map[string]string{"1974-08-12": "1974-08-12", "1974-08": "1974-08-XX", "1974": "1974-XX-XX", "1974-08-12-05:00": "1974-08-12",
			"1974-08-12T00:00:00Z": "1974-08-12", "1974-02-29": "", "1976-02-29": "1976-02-29", "1974-00-00": "", "1974-13": "", "19740": "", "1974-08-123": "",
			"1799": "", "2201": "", "": "", "74": "", "1974-8-2": ""}},
		"written": {written, map[string]string{"10 Dec 1948": "1948-12-10", "Jun 1951": "1951-06-XX", "June 1951": "1951-06-XX", "1961": "1961-XX-XX", "circa 1961": "1961-XX-XX~",
			"circa 10 Dec 1948": "1948-12-10~", "1960 to 1962": "1960/1962", "circa 1961-1963": "1961/1963", "1962 to 1960": "",
			"01 Jan 1960 to 31 Dec 1960": "1960-XX-XX", "02 Mar 1960 to 30 Mar 1960": "1960-03-XX", "Mar 1960 to May 1961": "1960/1961", "Mar 1960 to May 1960": "1960-XX-XX",
			"10 1948": "", "10 Foo 1948": "", "00 Dec 1948": "", "31 Jun 1948": "", "circa": "", "to 1948": ""}},
		"exact": {exact, map[string]string{"1974-08-12": "1974-08-12", "1974-08": "1974-08-XX", "1974": "1974-XX-XX", "1974~": "1974-XX-XX~", "1974-XX-XX~": "1974-XX-XX~",
			"1974-XX-12": "1974-XX-12", "19XX-02-30": "", "XXXX-02-29": "XXXX-02-29", "1975-XX-31": "1975-XX-31", "1975-02-29": "", "1970/1976": "1970/1976", "1976/1970": "",
			"1970-03-01/1970-05-02": "1970-XX-XX", "12.8.1974": "", "1974-08-12T00:00:00Z": "", "/": "", "": ""}},
	} {
		for in, want := range c.want {
			if got := c.read(in); got != want {
				t.Errorf("%s of %q is %q, want %q", name, in, got, want)
			}
		}
	}
}

func TestNumbers(t *testing.T) {
	for in, want := range map[string]string{
		"D-23145890": "D23145890", "Afghan passport number OA 296623": "OA296623", "B/011641": "B011641", "R00012098, South Sudan": "R00012098",
		"381110042 (Expired 25 Jan. 2016)": "381110042", "No34409/129": "34409129", "No. H0044232 (Iraqi)": "H0044232", "NO33301/862": "33301862",
		"TR-P 614 166": "TRP614166", "not known": "", "": "", "(12)": "", "1 63 08 4": "163084", "naïve 12": "12",
	} {
		if got := numberIn(in); got != want {
			t.Errorf("%q gives %q, want %q", in, got, want)
		}
	}
}
