# What people do with a checkout. The work itself is in scripts/ and xtask/.
.DEFAULT_GOAL := help
.PHONY: help run console test bench

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' $(MAKEFILE_LIST)

run: ## Build and start the server with a demo product and a simulated lamp; data in ./data; ARGS= goes to serve
	@scripts/prepare build
	@scripts/console
	@cargo run --release --package yizhan --features console-required -- serve --demo --data data $(ARGS)

console: ## Build the web console into web/dist, when something of web/ changed
	@scripts/prepare console
	@scripts/console

test: ## Install what the tests need and run all of them
	@scripts/prepare test
	@scripts/test

bench: ## Measure against Debian's Mosquitto on this machine and print the report
	@scripts/prepare bench
	@cargo xtask bench
