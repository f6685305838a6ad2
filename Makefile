# Everything runs from here; `make help` lists it. Tools come into .venv, pinned by hash in local/requirements.txt.

PYTHON ?= python3
VENV := .venv
CARGO_DENY := $(shell command -v cargo-deny)
# Ties the installed tools to the list that they came from.
TOOLS := $(VENV)/.installed

export RUSTDOCFLAGS := -D warnings
export INSTA_UPDATE := no
export SAM_CLI_TELEMETRY := 0

.PHONY: help setup build demo triage test test-quick check package format lock-tools

help:  ## Say what there is
	@echo "Lockwarden. Needs Rust, a C compiler, Python 3 and make, and for the tests in a browser chromium and chromedriver."
	@echo "Start with \`make demo\`."
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(TOOLS)  ## Install the tools (a local AWS, the AWS and SAM CLIs, linters) into .venv

$(TOOLS): local/requirements.txt
	@echo "== Installing the pinned tools into $(VENV), once: 1 GB, a minute or two"
	$(PYTHON) -m venv --clear $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $<
	$(VENV)/bin/pip check --disable-pip-version-check
	@touch $@

build:  ## Build everything that `make demo` and `make test` run
	@echo "== Building (the first time takes a few minutes)"
	cargo build --locked --workspace --all-targets --all-features

demo: setup build  ## A stale lock on a local AWS, up to the next plan; KEEP=1: and a link to decide in a browser
	@KEEP=$(KEEP) $${CARGO_TARGET_DIR:-target}/debug/demo

# Release, because a CI log may be 100 MB. What is said here goes to standard error, so that JSON stays JSON.
triage:  ## Explain an error and its backend: make triage < error.txt (CONFIG=backend.tf, JSON=1, HIDE_ACCOUNTS=1)
	@[ -x $${CARGO_TARGET_DIR:-target}/release/explain ] || echo "== Building (the first time takes a minute)" >&2
	@[ ! -t 0 ] || echo "== Paste the error, then press Ctrl-D" >&2
	@cargo run --quiet --release --locked --package lockwarden-explain -- $${JSON:+--json} $${HIDE_ACCOUNTS:+--hide-accounts} $${CONFIG:+--config "$$CONFIG"}

test: setup build  ## Run every test: unit, acceptance, local AWS, deployed stack, real Terraform, browser, scripts
	cargo test --locked --workspace --all-features
	@echo "== The program as it is built alone, without what only the tests ask of its libraries"
	cargo run --quiet --locked --package lockwarden-explain -- --json --hide-accounts < shared/explain/tests/explain/every-sign.txt > /dev/null
	$(VENV)/bin/pytest -q -p no:cacheprovider local

test-quick:  ## The tests that need no local AWS, in seconds
	cargo test --locked --workspace

check: setup  ## Format, lints, documentation, template, dependencies
	cargo fmt --check
	cargo clippy --locked --workspace --all-targets --all-features -- -D warnings
	cargo doc --locked --workspace --no-deps --all-features --document-private-items
	$(VENV)/bin/sam validate --lint --region us-east-1
	$(VENV)/bin/cfn-lint template.yaml
ifeq ($(CARGO_DENY),)
	@echo "== SKIPPED: cargo-deny is not installed, so deny.toml was not checked. \`cargo install --locked cargo-deny\` installs it."
else
	cargo deny check bans licenses sources
endif

package: setup  ## Build for AWS: .aws-sam/build, and all of it as target/lockwarden.zip
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" $(VENV)/bin/sam build
	cd .aws-sam/build && $(CURDIR)/$(VENV)/bin/python -m zipfile -c $(CURDIR)/target/lockwarden.zip *

format:  ## Format the Rust code
	cargo fmt

lock-tools:  ## Write local/requirements.txt anew, after a change of local/requirements.in
	$(PYTHON) -m venv target/lock-tools
	target/lock-tools/bin/pip install --quiet --disable-pip-version-check uv==0.13.9
	cd local && ../target/lock-tools/bin/uv pip compile --quiet --universal --python-version 3.10 --generate-hashes \
	  --custom-compile-command "make lock-tools" --output-file requirements.txt requirements.in
