# Two commands matter: `make demo` shows what hopgraph does, `make test` shows that it does it.
#
# Everything is built with one cargo profile, release, into one folder: RocksDB is C++ and takes minutes, and another profile
# would compile it again. For the same reason warnings become errors through clippy and rustdoc, never through RUSTFLAGS.

CARGO ?= cargo
export CARGO

# Tools of the checks live here, beside and not among your own.
HOPGRAPH_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/hopgraph
CARGO_DENY_VERSION := 0.20.2
CARGO_DENY := $(HOPGRAPH_CACHE)/cargo-deny-$(CARGO_DENY_VERSION)/bin/cargo-deny

# Whatever the environment or cargo's own configuration says; asked only when a recipe needs it.
target_folder = $(shell $(CARGO) metadata --no-deps --offline --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')

# What threads share is tested by a package of its own, which builds in half a minute and changes no feature of the rest.
SCHEDULES := --manifest-path tests/schedules/Cargo.toml

.DEFAULT_GOAL := help
.PHONY: help demo test build bench fuzz endure prepare format licences lint units docs page page-tools page-check page-test

help:
	@echo "make demo     build hopgraph, read 100 PubMed abstracts with the model in data/, and ask the graph"
	@echo "make test     formatting, licences, lints, tests and documentation: what must hold before a change lands"
	@echo "make build    the hopgraph program alone"
	@echo "make bench    the benchmarks; they print figures and assert nothing"
	@echo "make fuzz     mutated inputs for every parser and reader, FUZZ_SECONDS (600) for each"
	@echo "make page     the explorer's page, bundled anew from server/page (needs Node; the bundle is committed)"
	@echo "make page-test the explorer in a real browser (needs Node and chromium, which it installs where apt-get serves)"
	@echo "make endure   losses of power, failing disks, flipped bits, readers beside a writer, thousands of each"
	@echo
	@echo "The first build compiles RocksDB and takes 5 to 15 minutes; later ones reuse it."

prepare:
	@.ci/prepare

build: prepare
	$(CARGO) build --release --locked --package hopgraph-shell
	@echo "Built $(target_folder)/release/hopgraph"

demo: prepare
	@echo "Building hopgraph. The first time this compiles RocksDB, which takes 5 to 15 minutes."
	@$(CARGO) build --release --locked --package hopgraph-shell
	@HOPGRAPH="$(target_folder)/release/hopgraph" examples/demo.sh

# Cheapest first, so that a slip shows in seconds.
test: prepare
	@$(MAKE) --no-print-directory format
	@$(MAKE) --no-print-directory licences
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory units
	@$(MAKE) --no-print-directory docs
	@echo "All good: formatting, licences, lints, tests and documentation."

format:
	@echo "== formatting"
	@$(CARGO) fmt --all --check
	@$(CARGO) fmt $(SCHEDULES) --check

licences: $(CARGO_DENY)
	@echo "== licences, doubled versions and sources of what comes from outside"
	@$(CARGO_DENY) --workspace check --deny unmatched-skip bans licenses sources
	@$(CARGO_DENY) $(SCHEDULES) --config deny.toml check --allow unmatched-skip --allow license-not-encountered bans licenses sources

lint:
	@echo "== lints, in every crate, test, example and benchmark"
	@$(CARGO) clippy --release --locked --workspace --all-targets -- -D warnings
	@$(CARGO) clippy --release --locked --package hopgraph-inference --all-targets --features cuda -- -D warnings
	@$(CARGO) clippy --release --locked $(SCHEDULES) --target-dir "$(target_folder)" --all-targets -- -D warnings

units:
	@echo "== tests"
	@$(CARGO) test --release --locked --workspace
	@echo "== tests of what runs on a graphics card, as far as they need none"
	@$(CARGO) test --release --locked --package hopgraph-inference --features cuda --lib cuda::
	@echo "== tests of what threads share, in many orders of the threads"
	@$(CARGO) test --release --locked $(SCHEDULES) --target-dir "$(target_folder)"

docs:
	@echo "== documentation"
	@RUSTDOCFLAGS="-D warnings" $(CARGO) doc --release --locked --workspace --no-deps

bench: prepare
	$(CARGO) bench --locked --workspace

page-tools:
	@.ci/prepare page
	@cd server/page && npm ci --ignore-scripts --no-audit --no-fund --silent

page: page-tools
	@cd server/page && npx tsc -p . && node build.mjs
	@echo "Built server/page/bundle"

# The committed bundle is what its sources give.
page-check: page-tools
	@echo "== the bundle of the page"
	@cd server/page && npx tsc -p . && node build.mjs "$(CURDIR)/$(PAGE_AGAIN)"
	@diff -r server/page/bundle $(PAGE_AGAIN) && rm -rf $(PAGE_AGAIN) || \
		{ rm -rf $(PAGE_AGAIN); echo "server/page/bundle is not what its sources give: run \`make page\` and commit it"; exit 1; }

page-test: page-tools build
	@echo "== the explorer in a browser"
	@HOPGRAPH="$(target_folder)/release/hopgraph" node --test server/page/test/browser.test.mjs

PAGE_AGAIN := target/page-again

FUZZ_SECONDS ?= 600

fuzz: prepare
	HOPGRAPH_FUZZ_SECONDS=$(FUZZ_SECONDS) $(CARGO) test --release --locked --package hopgraph-tests fuzz:: -- --nocapture
	PROPTEST_CASES=1000000 $(CARGO) test --release --locked --package hopgraph-engine any_bytes

endure: prepare
	HOPGRAPH_CRASH_KILLS=300 HOPGRAPH_POWER_LOSSES=10000 HOPGRAPH_DISK_FAILURES=1000 HOPGRAPH_FLIPS=100 HOPGRAPH_READERS_SECONDS=600 \
		$(CARGO) test --release --locked --package hopgraph-tests -- crash:: disk:: corruption:: readers:: follow:: backup:: --nocapture
	HOPGRAPH_SCHEDULES=200000 $(CARGO) test --release --locked $(SCHEDULES) --target-dir "$(target_folder)" -- --nocapture

# Unoptimised, in a minute and a half: it reads a few files. Its own target folder goes away with the build.
$(CARGO_DENY):
	@echo "== installing cargo-deny $(CARGO_DENY_VERSION) into $(HOPGRAPH_CACHE)"
	@CARGO_PROFILE_DEV_DEBUG=0 CARGO_TARGET_DIR="$(HOPGRAPH_CACHE)/cargo-deny-build" \
		$(CARGO) install --quiet --debug --locked --no-default-features \
		--root "$(HOPGRAPH_CACHE)/cargo-deny-$(CARGO_DENY_VERSION)" cargo-deny@$(CARGO_DENY_VERSION)
	@rm -rf "$(HOPGRAPH_CACHE)/cargo-deny-build"
