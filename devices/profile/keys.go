package profile

import (
	"reflect"
	"slices"
	"strings"
)

// key is one key of the file format: all that is known of it stands in the table below,
// from which profiles are checked and explained.
type key struct {
	path     string // "transport.baud"; "match.vid" for that of every [[match]]
	presence presence
	example  string           // a right side, for whoever forgot the key or wrote something else
	allowed  func(any) string // what is wrong with a value and what is allowed; "" if nothing
	means    string           // in plain words; "" for a list of tables
}

// keys is the file format, in the order in which a profile is explained.
var keys = []key{
	{"schema", always, "1", oneOf(Schema), "version of the file format"},
	{"id", always, `"my-reader"`, matching(idForm, "1 to 64 of a-z, 0-9 and '-', beginning with a letter or digit"), "name of the profile in a station's configuration"},
	{"name", always, `"My reader"`, text, "name for people"},
	{"kind", always, `"mrz"`, oneWord(MRZ, Fingerprint), "what the scanner gives: lines of a document, or images of fingers"},
	{"driver", always, `"framed"`, oneWord(driverNames()...), "the wire protocol that it speaks"},
	{"evidence", always, `"emulated"`, oneWord(Recorded, Emulated, FieldVerified), "how the profile is known to work"},
	{"evidence_source", always, `"the maker's manual, not tried"`, text, "where that knowledge comes from"},

	{"match", may(notOver), "", nil, ""},
	{"match.bus", always, `"usb"`, oneWord("usb"), "the device hangs on USB"},
	{"match.vid", always, "0x1234", between(1, 0xFFFF, "0x%04X"), "its USB vendor"},
	{"match.pid", always, "0x0001", between(0, 0xFFFF, "0x%04X"), "its USB product"},
	{"match.interface_class", may(everywhere), "10", between(0, 0xFF, "%d"), "one of its interfaces has this class (10: data of a serial port, 255: the maker's own)"},
	{"match.bcd_device", may(everywhere), `"01.00-01.99"`, releases, "its release number (bcdDevice) is in this range"},
	{"match.serial", may(everywhere), `"AB*"`, serialPattern, "its serial number is this; * is any run of characters"},

	{"transport.kind", always, `"serial"`, oneWord(Serial, USB, Wedge, Bridge), "how the bytes travel"},
	{"transport.baud", must(onSerial), "9600", oneOf(bauds...), "bits per second on the line"},
	{"transport.data_bits", must(onSerial), "8", oneOf(7, 8), "bits of a character"},
	{"transport.parity", must(onSerial), `"none"`, oneWord("none", "even", "odd"), "parity bit"},
	{"transport.stop_bits", must(onSerial), "1", oneOf(1, 2), "stop bits"},
	{"transport.interface", must(onUSB), "0", between(0, 0xFF, "%d"), "number of the USB interface that is used"},
	{"transport.auto_detach", must(onUSB), "true", nil, "whether the interface is taken away from a driver of the kernel that holds it"},
	{"transport.in", must(onUSB), "0x81", between(0x81, 0x8F, "0x%02X"), "endpoint from which data are read"},
	{"transport.out", may(onUSB), "0x01", between(0x01, 0x0F, "0x%02X"), "endpoint to which data are written"},
	{"transport.events", may(onUSB), "0x82", between(0x81, 0x8F, "0x%02X"), "endpoint from which events are read"},
	{"transport.layout", must(onWedge), `"us"`, oneWord("us", "de", "fr"), "keyboard layout in which it types"},

	{"timing.read_timeout_ms", must(onLine), "200", hundreds(100, 1000), "how long one read waits, in ms; a stop takes no longer, and no document waits for it"},
	{"timing.reply_ms", must(answers), "1000", between(20, 10000, "%d"), "how long an answer may take, in ms"},
	{"timing.rearm_delay_ms", may(rearming), "50", between(0, 10000, "%d"), "pause before the scanner is made ready for the next reading, in ms"},
	{"timing.retry_first_ms", always, "100", between(50, 1000, "%d"), "pause after the first failed attempt to open, in ms; it doubles each time"},
	{"timing.retry_max_ms", always, "2000", between(100, 60000, "%d"), "up to this"},
	{"timing.attempts", always, "5", between(1, 20, "%d"), "failed attempts after which the scanner counts as failed; attempts go on"},

	{"framing.kind", must(framing), `"stx-etx"`, oneWord(StxEtx, LineCR, RawLen, RawIdle), "how a document's beginning and end are told"},
	{"framing.start", must(stxetx), "0x02", marker, "byte before a document"},
	{"framing.end", must(endByte), "0x03", marker, "byte after a document"},
	{"framing.document_end", must(linecr), `"mrz-lines"`, oneWord(EndMRZ, EndBlank, EndByte), "how a document's last line is told: by the length of the first, an empty line, or the byte framing.end"},
	{"framing.length", must(rawlen), "88", oneOf(72, 88, 90), "characters of a document"},
	{"framing.idle_gap_ms", presence{framing, bounded}, "400", between(100, 5000, "%d"), "silence after which an unfinished document is given up (raw-idle: after which it has ended), in ms"},
	{"framing.max_bytes", presence{framing, bounded}, "512", between(96, 4096, "%d"), "bytes of one document, line ends included; more is thrown away"},

	{"init", may(sending), "", nil, ""},
	{"init.send", always, `"16 4D 0D"`, someBytes, "sent after opening"},
	{"init.expect", may(exchanges), `'\x06'`, expression, "the answer must match this expression"},
	{"init.within_ms", may(exchanges), "500", between(20, 10000, "%d"), "how long that answer may take, in ms, instead of timing.reply_ms"},
	{"init.pause_ms", may(everywhere), "50", between(0, 10000, "%d"), "pause after it, in ms"},
	{"rearm", may(exchanges), "", nil, ""},
	{"rearm.send", always, `"16 54 0D"`, someBytes, "sent after each reading"},
	{"rearm.expect", may(everywhere), `'\x06'`, expression, "the answer must match this expression"},
	{"rearm.within_ms", may(everywhere), "500", between(20, 10000, "%d"), "how long that answer may take, in ms, instead of timing.reply_ms"},
	{"rearm.pause_ms", may(everywhere), "50", between(0, 10000, "%d"), "pause after it, in ms"},

	{"identify.send", may(sending), `"16 4D 0D"`, someBytes, "the question for the firmware"},
	{"identify.pattern", presence{asked, question}, `'Rev (?P<firmware>[0-9.]+)'`, firmwareExpression, "finds the firmware in the answer, as the group named firmware"},
	{"identify.minimum", may(firmware), `"1.2"`, version, "the oldest firmware that is not complained of"},
	{"identify.known_bad", may(firmware), `["1.0-1.3"]`, atMost(32), "firmware that must be replaced"},
	{"identify.advice", must(judging), `"Ask the maker for 1.4."`, text, "what the technician is told of old or bad firmware"},

	{"indicators.good", may(sending), `"07"`, someBytes, "sent when a document or finger was taken"},
	{"indicators.bad", may(sending), `"07 07"`, someBytes, "sent when it must be presented again"},
	{"indicators.here", may(sending), `"07 07 07"`, someBytes, "sent when the technician asks which device this is"},

	{"image.width", must(fingers), "256", between(1, maxSide, "%d"), "columns of an image (behind a bridge: at most)"},
	{"image.height", must(fingers), "288", between(1, maxSide, "%d"), "rows of an image (behind a bridge: at most)"},
	{"image.dpi", must(sensor), "500", between(100, 2000, "%d"), "pixels per inch"},
	{"image.bits", must(sensor), "8", oneOf(4, 8), "bits of a pixel on the wire"},
	{"image.invert", may(sensor), "true", nil, "whether ridges come bright"},
	{"image.flip", may(sensor), `"vertical"`, oneWord("horizontal", "vertical", "both"), "how the image is mirrored"},
	{"image.rotate", may(sensor), "90", oneOf(0, 90, 180, 270), "and then turned, clockwise, in degrees"},
	{"image.max_bytes", must(fingers), "65536", between(1, 8<<20, "%d"), "bytes of one image as they come, headers included; more is refused"},

	{"quirk", may(everywhere), "", nil, ""},
	{"quirk.firmware", always, `"1.2-1.5"`, nil, "holds for firmware in this range"},
	{"quirk.note", always, `"answers slowly"`, text, "what is odd about it"},
	{"quirk.reply_ms", may(answers), "3000", between(20, 10000, "%d"), "timing.reply_ms for it"},
	{"quirk.rearm_delay_ms", may(rearming), "200", between(0, 10000, "%d"), "timing.rearm_delay_ms for it"},
	{"quirk.flip", may(sensor), `"both"`, oneWord("", "horizontal", "vertical", "both"), "image.flip for it"},
	{"quirk.invert", may(sensor), "false", nil, "image.invert for it"},
	{"quirk.skip_init", may(hasInit), "true", nil, "whether [[init]] is left out for it"},

	{"self_test", may(everywhere), `["enumerate"]`, nil, "steps of the self-test, in order"},

	{"limits.max_bytes_per_second", must(readings), "65536", between(1024, 1<<20, "%d"), "a faster scanner is misbehaving"},
	{"limits.bad_readings", must(documents), "3", between(1, 100, "%d"), "unreadable documents in a row that make it degraded"},
}

// list reports whether the key is a list of tables, [[match]]; its own keys follow it.
func (k key) list() bool { return k.means == "" }

func isList(table string) bool {
	return slices.ContainsFunc(keys, func(k key) bool { return k.path == table && k.list() })
}

// instance is one key of one profile with its value.
type instance struct {
	key   string // "match.2.vid": lists are counted from 1
	value any
}

// instances finds the values of every key of a profile, by the path of the key. Of a list
// of tables there are as many as it has elements.
func instances(p *Profile) map[string][]instance {
	found := make(map[string][]instance)
	collect(found, "", "", reflect.ValueOf(*p))
	return found
}

func collect(found map[string][]instance, path, at string, table reflect.Value) {
	for i := range table.NumField() {
		name := table.Type().Field(i).Tag.Get("toml")
		if name == "" || name == "-" {
			continue
		}
		path, at, v := join(path, name), join(at, name), table.Field(i)
		_, leaf := v.Interface().(Range)
		if v.Kind() == reflect.Struct && !leaf {
			collect(found, path, at, v)
			continue
		}
		if v.Kind() == reflect.Pointer && !v.IsNil() {
			v = v.Elem()
		}
		found[path] = append(found[path], instance{at, v.Interface()})
		if elem := v.Type(); elem.Kind() == reflect.Slice && elem.Elem().Kind() == reflect.Struct && elem.Elem() != reflect.TypeFor[Range]() {
			for n := range v.Len() {
				collect(found, path, join(at, itoa(n+1)), v.Index(n))
			}
		}
	}
}

func join(table, name string) string {
	if table == "" {
		return name
	}
	return table + "." + name
}

// label names a key as a person would: "vid of [[match]] number 2".
func label(at string) string {
	parts := strings.Split(at, ".")
	if len(parts) == 3 {
		return parts[2] + " of [[" + parts[0] + "]] number " + parts[1]
	}
	return at
}
