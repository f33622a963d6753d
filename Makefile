# Garita. Each of build, run, test and e2e works as the first command on a fresh Debian 12
# with Go, git and make: what is missing is installed from Debian, and said.
SHELL := /bin/bash

# -O2 must be said: setting CGO_CFLAGS switches Go's default of it off, and SQLite takes
# twice as long. HAVE_FDATASYNC makes SQLite sync data without needless metadata.
export CGO_ENABLED := 1
export CGO_CFLAGS := -O2 -g -DHAVE_FDATASYNC=1
export GOFLAGS := -buildvcs=false -trimpath

VERSION := $(shell git describe --always --dirty 2>/dev/null || echo dev)
BUILT := $(shell git log -1 --format=%cI 2>/dev/null || echo 2026-11-22T00:00:00Z)
LDFLAGS := -X garita/cmd/internal/version.Version=$(VERSION) -X garita/cmd/internal/version.built=$(BUILT)
GOLANGCI := .tools/golangci-lint
SUPPLY := .tools/cyclonedx-gomod

.PHONY: help deps deps-test deps-vm deps-e2e build fips run test test-vm race fuzz e2e shots soak lint bench ui repro sbom vuln release

help: ## Say what each target does
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  \1\t\2/' | expand -t 12

deps: ## Install the Debian packages that building needs
	@.make/install "compiling SQLite" gcc:gcc libc6-dev:/usr/include/stdlib.h
	@.make/install "talking to USB" pkg-config:pkg-config libusb-1.0-0-dev:/usr/include/libusb-1.0

deps-test: deps
	@.make/install "the fault tests" strace:strace
	@.make/install "replaying USB recordings" umockdev:umockdev-run
	@.make/install "the software TPM of the key tests" swtpm:swtpm

deps-vm: deps
	@.make/install "the virtual machine" qemu-system-x86:qemu-system-x86_64 busybox-static:/usr/share/doc/busybox-static cpio:cpio kmod:/usr/sbin/modprobe xz-utils:xz

deps-e2e: deps
	@.make/install "the browser tests" chromium:chromium nodejs:node npm:npm fonts-dejavu-core:/usr/share/fonts/truetype/dejavu

build: deps ## Build the programs into ./bin
	go build -ldflags '$(LDFLAGS)' -o bin/ ./cmd/...

fips: deps ## Build into ./bin with the Go Cryptographic Module v1.0.0 in FIPS 140-3 mode; SQLite and libusb are outside it
	GOFIPS140=v1.0.0 go build -ldflags '$(LDFLAGS)' -o bin/ ./cmd/...

MIX ?= day
run: build ## Run hub and station with simulated readers; data in ./var. A new folder gets a day first (MIX= : none)
	./bin/garita demo $(if $(MIX),--mix $(MIX))

test: deps-test build ## Test behaviour; no wall-clock thresholds
	go test -timeout 20m ./...

test-vm: deps-vm ## Test drivers against a real kernel in a virtual machine; last line: N passed, N failed
	@.vm/run

race: deps-test build ## The same tests with the race detector
	go test -race -timeout 40m ./...

FUZZTIME ?= 20s
fuzz: deps ## Run every fuzz target for FUZZTIME (20s)
	@set -e; for pkg in $$(go list ./...); do \
	  for f in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "== $$pkg $$f"; go test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) -fuzzminimizetime=1x $$pkg; done; done

e2e: deps-e2e build ## Test the pages in headless Chromium; last line: N passed, N failed
	cd ui && npm ci --ignore-scripts --no-audit --no-fund --silent && npm test --silent >/dev/null && node e2e/run.mjs

shots: deps-e2e build ## Take pictures of every page in every language at every size, on one sheet: var/e2e/shots/index.html
	cd ui && npm ci --ignore-scripts --no-audit --no-fund --silent && ONLY=shots node e2e/run.mjs

soak: deps-test deps-e2e build ## Faults with time limits, 1,000 kills, seven days of backlog, a scripted day, 200 deltas of a list, pairing of 10,000 travellers, 10,000 pluggings of scanners, 4,000 travellers in one page
	GARITA_SOAK=1 go test -p 1 -timeout 60m -count=1 -v -run 'Soak|Pairing|Churn' ./cmd/... ./border/register ./devices/supervisor ./sync/streamtest
	cd ui && npm ci --ignore-scripts --no-audit --no-fund --silent && ONLY=soak node e2e/run.mjs

bench: build ## Measure the record path against the disk's floor, and the benchmarks
	./bin/garita bench record --json
	go test -run '^$$' -bench . -benchtime 200ms ./...

lint: deps $(GOLANGCI) ## Lint; the import walls are part of it
	$(GOLANGCI) run ./...

# The linter is a program of its own module, built once; its first build takes minutes.
$(GOLANGCI): .lint/go.mod .lint/go.sum
	@echo "Building golangci-lint; this takes some minutes, once."
	mkdir -p .tools && cd .lint && CGO_ENABLED=0 go build -o ../$(GOLANGCI) github.com/golangci/golangci-lint/v2/cmd/golangci-lint

repro: deps ## Build twice, from two folders without a common cache, and compare to the byte
	@.supply/repro

$(SUPPLY): .supply/go.mod .supply/go.sum
	mkdir -p .tools && cd .supply && go build -o ../.tools/ tool

sbom: build $(SUPPLY) ## Write a bill of materials (CycloneDX 1.6) for each program into ./bin
	@for p in garita garita-post garita-hub garita-render; do $(SUPPLY) app -json -licenses -std -main cmd/$$p -output bin/$$p.cdx.json . 2>/dev/null && echo "bin/$$p.cdx.json"; done

vuln: deps $(SUPPLY) ## Look for known vulnerabilities; needs the Go vulnerability database, and says if it cannot be had
	@.tools/govulncheck ./... || { [ $$? -ne 1 ] && exit 1; echo "NOT CHECKED: the vulnerability database could not be read. Set GOVULNDB to a copy."; exit 2; }

release: sbom ## Sums and one signature over ./bin with an SSH key: make release KEY=FILE
	@KEY='$(abspath $(KEY))' .supply/release

ui: ## Build ui/dist from ui/src (needs Node); the result is committed
	@.make/install "building the pages" nodejs:node npm:npm
	cd ui && npm ci --ignore-scripts --no-audit --no-fund --silent && node build.mjs && node geography.mjs
