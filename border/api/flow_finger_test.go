package api

import (
	"context"
	"math"
	"time"

	"garita/border"
	"garita/border/counter"
)

// sensor is the fingerprint scanner of counter 1. It waits for a finger as a real one does.
type sensor struct{ pressed chan border.FingerImage }

func (s *sensor) status() []border.ScannerStatus {
	return []border.ScannerStatus{{ID: "finger", Counter: "1", Kind: "fingerprint", State: "ready"}}
}

func (s *sensor) CaptureFinger(ctx context.Context, r border.FingerRequest) (border.FingerImage, error) {
	if r.Counter != "1" {
		return border.FingerImage{}, &border.Error{Code: border.NotFound, Op: "take a fingerprint",
			Message: "This counter has no fingerprint scanner. Assign one to it in the workshop."}
	}
	select {
	case i := <-s.pressed:
		i.Position, i.Scanner = r.Position, "finger"
		return i, nil
	case <-ctx.Done():
		return border.FingerImage{}, ctx.Err()
	}
}

// presses puts nobody's finger on the glass, and waits until it is kept.
func presses() step {
	return step{do: func(r *rig) {
		r.t.Helper()
		i := border.FingerImage{Width: 160, Height: 180, DPI: 250, Pixels: make([]byte, 160*180)}
		for k := range i.Pixels {
			i.Pixels[k] = byte(140 + 90*math.Sin(2*math.Pi*math.Hypot(float64(k%160-80)*1.2, float64(k/160-100))/4.5))
		}
		select {
		case r.sensor.pressed <- i:
		case <-time.After(20 * time.Second):
			r.t.Fatal("no finger was asked for")
		}
		r.ends(counter.CaptureKept)
	}}
}

// ends waits until a capture has ended.
func (r *rig) ends(how counter.CaptureState) {
	r.t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		if e := r.seen("1").Encounter; e != nil && e.Fingers.Capture != nil && e.Fingers.Capture.State == how {
			return
		}
		if time.Now().After(end) {
			r.t.Fatalf("the capture did not end as %s", how)
		}
	}
}

const (
	fingersAt  = "POST /counters/1/encounters/{e}/fingers"
	rightIndex = `{"officer":"1001","position":2,"reason":"enrolment"}`
	missing    = `{"officer":"1001","position":7,"reason":"enrolment","code":"missing"}`
	goWithout  = "POST /counters/1/biometrics/degrade"
	nextDay    = `{"officer":"1001","second":"2001","reason":"device","minutes":1440}`
)

var fingerFlows = []flow{
	{"a finger is taken, another is missing, and the record counts both", []step{
		keep("a", scanned("1", passport(number1))),
		refused(fingersAt, `{"officer":"1001","position":2,"reason":"ZNOTE"}`, 422, "invalid", "reason from the list"),
		refused(fingersAt, `{"officer":"1001","position":11,"reason":"enrolment"}`, 422, "invalid"),
		refused(fingersAt, `{"officer":"3001","position":2,"reason":"enrolment"}`, 403, "forbidden"),
		refused("POST /counters/1/encounters/{new}/fingers", rightIndex, 409, "conflict", "not open at this counter"),
		refused("POST /counters/1/encounters/ZNOTE/fingers", rightIndex, 422, "invalid"),
		refused("POST /counters/2/encounters/{a}/fingers", rightIndex, 409, "conflict"),
		done(fingersAt, rightIndex, 202, `"capture":{"position":2,"state":"place","attempt":1`),
		refused(fingersAt, rightIndex, 409, "conflict", "A finger is being taken"),
		presses(),
		shows("1", `"asked":[{"position":2,"reason":"enrolment","attempts":1,"taken":true`, `"next":1`),
		refused(fingersAt+"/not-taken", `{"officer":"1001","position":2,"reason":"enrolment","code":"missing"}`, 409, "conflict", "kept already"),
		refused(fingersAt+"/not-taken", `{"officer":"1001","position":7,"reason":"enrolment","code":"ZNOTE"}`, 422, "invalid"),
		done(fingersAt+"/not-taken", missing, 202, `"code":"missing"`),
		admitted("1"),
		without(record("a", `"fingers_taken":1`, `"fingers_not_taken":1`), "missing", "position", "enrolment"),
		done("POST /counters/1/corrections", change("1001", `"reason":"typing","values":{"purpose":"business"}`), 201),
		without(lastEvent("crossing.corrected.v1", `"fingers_taken":1`, `"fingers_not_taken":1`), "missing", "position"),
		refused("POST /counters/1/encounters/{a}/fingers", rightIndex, 409, "conflict"),
	}},
	{"a capture is cancelled, and another begins", []step{
		scanned("1", passport(number1)),
		done(fingersAt, rightIndex, 202),
		done(fingersAt+"/cancel", `{`+by1+`}`, 202, `"state":"cancelled"`),
		done(fingersAt+"/cancel", `{`+by1+`}`, 202, `"state":"cancelled"`),
		done(fingersAt, `{"officer":"1001","position":1,"reason":"doubt"}`, 202, `"position":1,"state":"place"`),
		presses(),
		shows("1", `"asked":[{"position":1,"reason":"doubt"`),
	}},
	{"a counter without a scanner says so", []step{
		scanned("3", passport(number1)),
		{call: "POST /counters/3/encounters/{e}/fingers", body: rightIndex, status: 202},
		{do: func(r *rig) {
			for end := time.Now().Add(20 * time.Second); r.seen("3").Encounter.Fingers.Capture.State != counter.CaptureFailed; time.Sleep(time.Millisecond) {
				if time.Now().After(end) {
					r.t.Fatal("it never said so")
				}
			}
		}},
		shows("3", `"state":"failed"`, "has no fingerprint scanner"),
	}},
	{"a station goes without fingerprints for a while", []step{
		keep("a", scanned("1", passport(number1))),
		refused("POST /counters/1/biometrics/restore", `{`+by1+`}`, 409, "conflict"),
		refused(goWithout, `{"officer":"1001","second":"1002","reason":"device","minutes":60}`, 403, "forbidden", "supervisor"),
		refused(goWithout, `{"officer":"1001","second":"2001","reason":"ZNOTE","minutes":60}`, 422, "invalid"),
		refused(goWithout, `{"officer":"1001","second":"2001","reason":"device","minutes":1441}`, 422, "invalid"),
		refused(goWithout, `{"officer":"1001","second":"2001","reason":"device","minutes":0}`, 422, "invalid"),
		refused(fingersAt+"/not-taken", `{"officer":"1001","position":2,"reason":"enrolment","code":"degraded"}`, 409, "conflict"),
		done(fingersAt, rightIndex, 202),
		done(goWithout, nextDay, 201, `"degraded":{"since":`, `"reason":"device","by":"Supervisor Maud Ekker"`, `"state":"cancelled"`),
		shows("2", `"degraded":{"since":`),
		refused(fingersAt, rightIndex, 409, "conflict", "goes without fingerprints"),
		done(fingersAt+"/not-taken", `{"officer":"1001","position":2,"reason":"enrolment","code":"degraded"}`, 202, `"code":"degraded"`),
		restarted,
		shows("3", `"reason":"device","by":"Supervisor Maud Ekker"`),
		done("POST /counters/1/biometrics/restore", `{`+by1+`}`, 201, `"degraded":null`),
		restarted,
		shows("1", `"degraded":null`),
		done(goWithout, nextDay, 201),
		passes(23 * time.Hour),
		shows("1", `"degraded":{"since":`),
		passes(time.Hour),
		shows("1", `"degraded":null`),
		restarted,
		shows("1", `"degraded":null`),
	}},
	{"who referred is asked again elsewhere", []step{
		keep("a", scanned("1", passport(number1))),
		done(fingersAt, rightIndex, 202),
		presses(),
		done("POST /counters/1/referrals", referBody("identity"), 201),
		done("POST /counters/3/referrals/{a}/take", `{`+by2+`}`, 201, `"asked":[{"position":2`),
	}},
}
