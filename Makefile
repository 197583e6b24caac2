# make test    the tests: hermetic, nothing to install
# make e2e     with real parts (PHP, nginx, mail servers, rsyslog, logrotate), installed by apt-get
# make torture kills, rotations and failing receivers, with an oracle; SEED=,
#              LINES= and KILLS= repeat or size a run
# make crashes every crash of the spool, all damage to it, and the full sizes of
#              tests that make test runs smaller: minutes
# make bench   the figures of docs/performance.md
# make fuzz    each fuzz target for FUZZTIME
# make lint    formatting, vet, staticcheck
# make build   a static binary in dist/
# make release what a release consists of, in dist/release/: .tar.gz, .deb and .rpm for
#              amd64 and arm64, and their sums; VERSION= or what git says
# make clean   takes dist/ away

GO       ?= go
FUZZTIME ?= 10s
SEED     ?= 0
LINES    ?= 100000
KILLS    ?= 300
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)

# The race detector needs a C compiler. Without one the tests run without it.
CC_FOUND := $(shell command -v $$($(GO) env CC) 2>/dev/null)
RACE     := $(if $(CC_FOUND),-race,)

# A program with the race detector sleeps a second at its exit, to let others
# report: each of ours that a test starts, too. Races are found without that.
export GORACE ?= atexit_sleep_ms=20

# These start first, so that none of them runs alone at the end. Vetting is
# lint's.
LONGEST := ./cmd/tailpost ./bridge/spool ./bridge/source/tail ./bridge/app

# Every crash of the spool, which the race detector would make take minutes.
CRASHES := $(GO) test -vet=off -timeout 10m -run '^TestEvery' ./bridge/spool

.PHONY: test e2e torture crashes bench fuzz lint build release clean

# Tests that try every crash look for no race, and are ten times as long with
# the race detector: it sees a part of them, all of it runs without. Most
# packages wait some of the time: two for each processor go at once.
test:
	@$(if $(RACE),:,echo "no C compiler found: the tests run without the race detector")
	$(if $(RACE),$(CRASHES) & crashes=$$!;) $(if $(RACE),CGO_ENABLED=1) $(GO) test $(RACE) -vet=off -timeout 10m \
		-p $$((2 * $$(getconf _NPROCESSORS_ONLN))) $(LONGEST) ./...; code=$$?; wait $$crashes || code=1; exit $$code

e2e:
	bash .ci/e2e-packages
	CGO_ENABLED=1 $(GO) test -tags e2e -race -count=1 -v -timeout 15m ./cmd/tailpost/e2e/

torture:
	CGO_ENABLED=1 $(GO) test -tags torture -vet=off -count=1 -v -timeout 60m -run 'TestTorture$$' ./cmd/tailpost/torture/ \
		-torture.seed=$(SEED) -torture.lines=$(LINES) -torture.kills=$(KILLS)

crashes:
	SPOOL_TORTURE=1 $(GO) test -count=1 -v -timeout 60m -run 'TestEvery' ./bridge/spool/
	CGO_ENABLED=1 $(GO) test -race -count=1 -timeout 30m -parallel 1 -run 'TestReloads$$|TestKill$$|TestPoisonHoldsUpNobodyElse$$' ./cmd/tailpost/ \
		-reload.edits=1000 -kill.times=20 -kill.lines=20000 -poison.within=2s
	CGO_ENABLED=1 $(GO) test -race -count=1 -timeout 30m -run 'TestStress$$' ./bridge/source/tail/ -stress.runs=5 -stress.lines=6000
	CGO_ENABLED=1 $(GO) test -race -count=1 -timeout 30m -run 'TestHostileBytes$$' ./bridge/app/ -hostile.mib=100
	$(GO) test -count=1 -run 'TestSchemaAgreesWithTheChecker$$' ./docs/ -rounds 6000

bench:
	bash .ci/bench

fuzz:
	bash .ci/fuzz $(FUZZTIME)

lint:
	@test -z "$$(gofmt -l .)" || { echo "not formatted:"; gofmt -l .; exit 1; }
	$(GO) vet ./... && $(GO) vet -tags e2e,torture ./...
	$(GO) tool -modfile=.ci/tools/go.mod staticcheck ./...

build:
	GO=$(GO) VERSION=$(VERSION) sh .ci/build dist/tailpost

release:
	VERSION=$(VERSION) bash .ci/release dist/release

clean:
	rm -rf dist
