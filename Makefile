# The commands of this project. They work as root and as an ordinary user, with no variable set.
#
# The demo is built with the dev profile: a newcomer's first build takes half the time of a release build, `make test`
# shares most of its compiled dependencies, and what is slow unoptimised (password hashing) is optimised in Cargo.toml.
# `make demo PROFILE=release` shows the speed that a shop has.
PROFILE = dev

.PHONY: help demo demo-reset test queries lint conformance lighthouse mutants torture torture-long bench bench-catalog bench-shop bench-window bench-scale fuzz

help: ## these lines
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1 \2/p' $(MAKEFILE_LIST) | while read -r target what; do printf '  make %-14s %s\n' "$$target" "$$what"; done

demo: ## the whole shop with its sandbox, on http://127.0.0.1:3000 (PORT=… chooses another)
	@scripts/need.sh postgres
	@# cargo hands its process over to the program, so that Ctrl-C and SIGTERM reach it.
	@exec cargo run --locked --profile $(PROFILE) --bin simfront -- demo

demo-reset: ## forgets the demo's orders, catalog and password
	@exec cargo run --locked --profile $(PROFILE) --bin simfront -- demo --reset

test: ## formatting, lints, prepared queries, and every test: unit, database, HTTP, fault, browser
	@scripts/need.sh postgres browser lints
	cargo fmt --check
	scripts/with-postgres.sh scripts/check.sh

queries: ## writes .sqlx anew after a query or a migration changed
	@scripts/need.sh postgres
	scripts/queries.sh

lint: ## formatting and lints alone
	@scripts/need.sh lints
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings

conformance: ## judges that are not ours: schemathesis, Prism, schemas, Stripe's library, Nu HTML checker (Node 20, Python 3, Java)
	@scripts/need.sh postgres
	conformance/run.sh

lighthouse: export PROFILE := $(PROFILE)
lighthouse: ## Lighthouse on the home page, a country and a plan of a demo, as on a phone (Node 20, Chromium)
	@scripts/need.sh postgres
	conformance/lighthouse.sh

mutants: ## breaks the program in known ways and demands that the named tests turn red
	@scripts/need.sh postgres
	scripts/with-postgres.sh mutants/run.sh

# One script, or one death as a broken run prints it: SCRIPT=happy AT='commit: paid#1' MODE=A SEED=1.
torture: export SCRIPT := $(SCRIPT)
torture: export AT := $(AT)
torture: export MODE := $(MODE)
torture: export SEED := $(SEED)
torture: ## kills the program at every durable step and every call outside, under every script of faults (SCRIPT=…)
	@scripts/need.sh postgres
	scripts/with-postgres.sh scripts/torture.sh

# UNITS=2000 SEED=7 for another length or another course; the same seed draws the same orders, faults and blows.
UNITS = 20000

torture-long: export UNITS := $(UNITS)
torture-long: export SEED := $(SEED)
torture-long: ## buys UNITS=20000 on two nodes while everything fails, is killed and restarted; writes a report in JSON
	@scripts/need.sh postgres
	scripts/torture-long.sh

bench: bench-catalog bench-shop bench-window bench-scale ## the four below; fails where a figure is missed

bench-catalog: ## time and memory of reading a large catalog, as ratios to plain JSON values
	cargo bench --locked --bench catalog

bench-shop: ## webhooks, orders and their way to the page, as ratios to what PostgreSQL commits by itself
	@scripts/need.sh postgres
	@# As it ships: the whole program optimised.
	cargo bench --locked --profile release --bench shop

bench-window: ## search, and a country page beside a bare handler that sends the same bytes
	@scripts/need.sh postgres
	cargo bench --locked --profile release --bench window

bench-scale: ## syncs of 100,000 packages in 2,000,000 countries: time, memory, and what visitors notice of them
	@scripts/need.sh postgres
	cargo bench --locked --profile release --bench scale

# Seconds for each target.
FUZZ_SECONDS = 60

fuzz: ## fuzzes the readers of catalogs, orders and webhooks (FUZZ_SECONDS=60 for each)
	FUZZ_SECONDS=$(FUZZ_SECONDS) scripts/fuzz.sh
