package workshop

import (
	"regexp"
	"strings"

	"garita/ui/i18n"
)

// spoken are sentences of the rooms of devices that no literal error carries: states, reasons, notes of frames,
// tables of errors. What other errors say is in the catalogues by itself. Tests find each of them in those rooms, and
// every sentence of those rooms here or there.
var spoken = []i18n.Msg{
	"The scanner belongs to no counter. Assign it to a counter.",
	"There is more than one scanner of this kind, so none is assigned by itself. Assign each of them to a counter.",
	"Another scanner has the same serial number. Assign each of them; they are then told apart by their sockets.",
	"No profile is for this device. If it is a scanner, write one (docs/SCANNERS.md) or ask its maker for a bridge.",
	"The scanner is not plugged in, or has no power.",
	"The scanner is plugged in, and the system has not given it a serial port yet. If this goes on, its kernel driver is missing.",
	"The scanner is plugged in, and the system has not made a keyboard of it yet.",
	"The scanner sends without end. Unplug it and plug it in again; if it goes on, replace it.",
	"The scanner did not pass. Unplug it and plug it in again; if this goes on, replace it.",
	"What the scanner sends cannot be read as documents. Check its cable, its output setting, and that profile and baud rate fit.",
	"The scanner does not answer. Unplug it and plug it in again.",
	"The scanner refused a request. Unplug it and plug it in again.",
	"The scanner sent more than it was asked for. Unplug it and plug it in again.",
	"This scanner cannot do that.",
	"The scanner's driver has no such step; take it out of the profile's self_test.",
	"The module received a damaged command. Check the cable and the baud rate.",
	"The module cannot take an image of this finger. Clean finger and glass, and present it again.",
	"The module is locked with a password that Garita does not know. Reset the module's password to 0 with its maker's program.",
	"The module cannot hand over the image. Present the finger again.",
	"The serial library does not know this baud rate. Correct the profile.",
	"Garita's user may not open the scanner. Install the udev rules that `garita profile udev` writes, then unplug the scanner and plug it in again.",
	"Another program, or another driver of the system, is using the scanner. Close it, or let the profile take the scanner over (auto_detach).",
	"The scanner has no such interface. Correct the profile.",
	"The scanner cannot be opened. Unplug it and plug it in again.",
	"The disk is being measured already. Wait a moment.",
	"The disk could not be measured. See that it has room and answers.",
	"The last document did not reach the counter. Present it again.",
	"The device does not say which firmware it has, so it cannot be compared with what the profile asks for.",
	"The configuration names this profile.",
	"This station learned this profile.",
	"Present the document.",
	"Check digits are wrong: a character came otherwise than it is printed.",
	"What came is no whole document. Present it again.",
	// What learning could not tell.
	"The reader sends bytes besides the document that are no part of it; with each document the station notes unreadable bytes. Switch off prefixes, suffixes and code identifiers in the reader's settings, and learn again.",
	"This was learned from one presentation. Present other documents, of another format too, before you rely on it.",
	"Nothing marks the end of a document, so that a torn one cannot always be told from a whole one. If the reader can send STX and ETX around a document, switch that on and learn again.",
	`An empty line ends the document. If some documents come without it, use document_end = "mrz-lines".`,
	"It was here before.",
	"documents behind one that the counter was slow to take were thrown away",
	"a finger is asked for",
	"opened",
	"closed",
	"thrown away",
}

// filled are sentences of which parts differ, the most particular first: {0} of one may be another.
var filled = compile([]i18n.Msg{
	"The scanner belongs to no counter; documents ignored so far: {0}. Assign it to a counter.",
	"Firmware {0} is known to be faulty. {1}",
	"Firmware {0} is older than {1}, the oldest that this profile is for. {2}",
	"The module refuses a command (code 0x{0}). Unplug it and plug it in again.",
	"{0} It is being restarted; if this goes on, unplug it and plug it in again.",
	"No bridge answers at {0}. Start its program, or check the address and the cable of the network.",
	"The bridge offers a device of kind {0}, and its profile says {1}. Correct the scanner's profile.",
	"Profile {0} asks for driver {1} over {2}, which do not go together. Correct the profile.",
	"This station has no counter {0}.",
	// Why a profile was taken.
	"{0}; {1} fits as well, and this one was taken because its id comes first in the alphabet",
	"{0}; {1} fits as well, and this one was taken because it is a local profile",
	"{0}, its serial number fits {1}",
	"{0}, its release is within {1}",
	"{0}, it has an interface of class {1}",
	"its USB id is {0}",
	// What learning could not tell, and why it failed.
	"The reader sends neither line ends nor marks, so that a document ends with a silence of {0} ms. If only documents of {1} characters will be read, kind = \"raw-len\" with length = {2} is faster and stricter.",
	"Only documents of {0} characters can be read in this way. If the reader can send line ends, or STX and ETX, switch that on and learn again.",
	"The silence that ends an unfinished document ({0} ms) was not measured.",
	"The document is in what came, but the bytes around it ({0} before, {1} after) are no framing that Garita knows. Switch off prefixes, suffixes and code identifiers in the reader's settings; STX and ETX, or a line end after each line, is best.",
	"At most {0} baud rates can be tried at once.",
	// Notes of frames.
	"document with lines of {0} characters",
	"no document: {0}",
	"finger image, {0} pixels",
	"self-test: {0}",
	"signal: {0}",
	"the last {0} frames came {1} times more",
	"{0} older frames are not kept",
	"{0}; ended: {1}",
	"ended: {0}",
})

type pattern struct {
	text i18n.Msg
	like *regexp.Regexp
}

var hole = regexp.MustCompile(`\\\{\d\\\}`)

// compile makes patterns of sentences whose places stand in their order.
func compile(all []i18n.Msg) []pattern {
	out := make([]pattern, len(all))
	for i, m := range all {
		out[i] = pattern{m, regexp.MustCompile(`^(?s)` + hole.ReplaceAllString(regexp.QuoteMeta(string(m)), `(.*)`) + `$`)}
	}
	return out
}

// deepest bounds how many sentences stand within each other.
const deepest = 4

// said puts what a room of devices says in English into the reader's language; what it does not know, a maker's or
// a profile's own words among it, stays as it is.
func said(p *i18n.Printer, text string) string { return saidIn(p, text, 0) }

func saidIn(p *i18n.Printer, text string, depth int) string {
	if text == "" || depth == deepest {
		return text
	}
	for _, f := range filled {
		parts := f.like.FindStringSubmatch(text)
		if parts == nil {
			continue
		}
		args := make([]any, len(parts)-1)
		for i, part := range parts[1:] {
			args[i] = saidIn(p, part, depth+1)
		}
		return strings.TrimSpace(p.T(f.text, args...))
	}
	if state, rest, ok := strings.Cut(text, ": "); ok && states[state].word != "" { // a change of state among the frames
		return p.T("{0}: {1}", states[state].word, saidIn(p, rest, depth+1))
	}
	if w := states[text].word; w != "" {
		return p.T(w)
	}
	if m := i18n.Msg(text); p.Lang() != i18n.English && p.Has(m) && !strings.Contains(text, "::") || known[m] {
		return p.T(m)
	}
	return text
}

// known are the sentences of [spoken].
var known = func() map[i18n.Msg]bool {
	out := make(map[i18n.Msg]bool, len(spoken))
	for _, m := range spoken {
		out[m] = true
	}
	return out
}()
