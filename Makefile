# The two commands are `make demo` and `make test`; both install what is missing and share one release build.
SWIFT        ?= swift
# The same flags for every build, or one would undo the other.
BUILD        := $(SWIFT) build -c release
PALLET       := .build/release/pallet
PACKAGES     := libxml2-dev libsqlite3-dev zlib1g-dev python3 python3-pip
TEST_PACKAGES := chromium chromium-driver python3-venv fonts-noto-cjk

.PHONY: demo test test-long test-models lint format bench build setup setup-test clean

demo: build
	$(PALLET) demo $(if $(ONCE),--once)

build: setup
	$(BUILD) --product pallet

setup:
	@scripts/install-packages.sh $(PACKAGES)

setup-test: setup
	@scripts/install-packages.sh $(TEST_PACKAGES)

# Published models that tests compare with; unattended runs fetch them, elsewhere tests without them are skipped.
test-models:
	@if [ -n "$$CI" ]; then for model in smollm2-135m-instruct qwen2.5-coder-0.5b-instruct; do \
		python3 "$${PALLET_SHARED:-../shared}/models/get.py" $$model; done; \
		$(PALLET) model pull multilingual-e5-small --home .build/test-home && \
		cp -n .build/test-home/models/multilingual-e5-small-q4_0.gguf "$${XDG_CACHE_HOME:-$$HOME/.cache}/pallet/models/"; fi

test: setup-test
	$(BUILD) --build-tests
	@$(MAKE) --no-print-directory test-models
	$(SWIFT) test -c release --skip-build --disable-xctest
	scripts/test-outside.sh

test-long: setup-test
	$(BUILD) --build-tests
	@$(MAKE) --no-print-directory test-models
	PALLET_LONG=1 $(SWIFT) test -c release --skip-build --disable-xctest
	PALLET_LONG=1 scripts/test-outside.sh

lint:
	python3 scripts/check-demo.py
	$(SWIFT) format lint --strict --parallel --recursive Package.swift Sources Tests
	python3 scripts/check-structure.py

format:
	$(SWIFT) format --in-place --parallel --recursive Package.swift Sources Tests

bench: build
	$(PALLET) bench --model qwen2.5-coder-0.5b-instruct

clean:
	rm -rf .build
