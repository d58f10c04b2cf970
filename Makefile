# The three things people do with a checkout. The work itself is in scripts/ and xtask/.
.DEFAULT_GOAL := help
.PHONY: help run test bench

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' $(MAKEFILE_LIST)

run: ## Build and start the server with a demo product and a simulated lamp; data in ./data; ARGS= goes to serve
	@scripts/prepare build
	@cargo run --release --package yizhan -- serve --demo --data data $(ARGS)

test: ## Install what the tests need and run all of them
	@scripts/prepare test
	@scripts/test

bench: ## Measure against Debian's Mosquitto on this machine and print the report
	@scripts/prepare bench
	@cargo xtask bench
