# Two commands do everything: `make run` and `make test`. CI runs `make test`, nothing else.
.PHONY: run test check unit e2e bench generate audit setup-build setup-test

VENV := .venv/bin

run: setup-build ## build, start, deploy and invoke the example, keep serving
	cargo build --bin lanthorn
	PATH="$(CURDIR)/$(VENV):$$PATH" examples/walk

test: setup-test check unit e2e ## everything that CI runs

check: ## form, lints, licences, the house's own rules, generated code
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo xtask tidy
	cargo xtask generate --check
	PATH="$(CURDIR)/$(VENV):$$PATH" cargo deny --log-level error check licenses bans sources

unit: ## unit, property, room and crash tests
	PATH="$$PATH:$(CURDIR)/$(VENV)" cargo nextest run --workspace

e2e: ## stock clients against the real binary with real sandboxes
	cargo build --bin lanthorn
	cargo xtask readme --check
	scripts/functions
	$(VENV)/pytest tests/e2e -n 4 -q
	@if [ "$$(id -u)" = 0 ]; then echo "again, as an ordinary user:" && LANTHORN_TEST_USER=nobody $(VENV)/pytest tests/e2e -n 4 -q; fi

bench: setup-test ## ratios against floors measured in the same run; not part of `test`
	cargo build --release --bin lanthorn
	bench/run

generate: ## write crates/wire/src/generated from the pinned service models
	cargo xtask generate

audit: ## known vulnerabilities, where the advisory database can be reached
	PATH="$(CURDIR)/$(VENV):$$PATH" cargo deny check advisories

setup-build:
	scripts/setup build

setup-test:
	scripts/setup test
