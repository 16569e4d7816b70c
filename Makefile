# `make demo` and `make test` do all of their own set-up; Swift itself is all that has to be there.
# One configuration for everything: what is tested is what ships.
CONFIGURATION := release
SWIFT_SOURCES := Sources Tests Package.swift Benchmarks/Sources Benchmarks/Package.swift
DEMO ?=
BENCH ?=
ROUNDS ?= 10

.PHONY: build demo demo-postgres demo-group test soak bench format lint setup clean

build: setup
	swift build -c $(CONFIGURATION) --product tally

# Options for the demo: make demo DEMO="--keep /tmp/shop"
demo: build
	@$$(swift build -c $(CONFIGURATION) --show-bin-path)/tally demo $(DEMO)

# The same between two databases of a private PostgreSQL server.
demo-postgres: build
	@$$(swift build -c $(CONFIGURATION) --show-bin-path)/tally demo --postgres $(DEMO)

# Three SQLite files that all take writes, one of them out of reach for a while.
demo-group: build
	@$$(swift build -c $(CONFIGURATION) --show-bin-path)/tally demo --kind group $(DEMO)

# Building first keeps a failing build apart from a failing test; the last lines of a failing run name what failed.
# Whatever is random is drawn from the same seed every time. TALLY_SEED=… replays what a test printed.
test: setup
	swift build -c $(CONFIGURATION) --build-tests
	@scripts/test -c $(CONFIGURATION) --skip-build

# Histories and writes at random, other ones each time: make soak ROUNDS=100
soak: setup
	swift build -c $(CONFIGURATION) --build-tests
	@for round in $$(seq $(ROUNDS)); do \
		TALLY_SEED=new scripts/test -c $(CONFIGURATION) --skip-build \
			--filter 'GroupSimulationTests|GroupRandomWriteTests' || exit 1; \
	done

# Options for the benchmarks: make bench BENCH="--help"
bench: build
	swift run -c $(CONFIGURATION) --package-path Benchmarks tally-benchmarks $(BENCH)

format:
	swift format --in-place --recursive $(SWIFT_SOURCES)

lint:
	swift format lint --strict --recursive $(SWIFT_SOURCES)

setup:
	@scripts/setup

clean:
	rm -rf .build Benchmarks/.build
