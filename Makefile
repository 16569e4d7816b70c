# `make demo` and `make test` do all of their own set-up; Swift itself is all that has to be there.
# One configuration for everything: what is tested is what ships.
CONFIGURATION := release
SWIFT_SOURCES := Sources Tests Package.swift Benchmarks/Sources Benchmarks/Package.swift
DEMO ?=
BENCH ?=

.PHONY: build demo demo-postgres demo-group test bench format lint setup clean

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
# TALLY_SEED=… replays what a test printed.
test: setup
	swift build -c $(CONFIGURATION) --build-tests
	@scripts/test -c $(CONFIGURATION) --skip-build

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
