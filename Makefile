# Everything runs in a virtual environment of its own, made on first use; Python >= 3.10 is all that is needed.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

.PHONY: demo test slow oldest audit images bench lint types docs cov clean

demo: $(VENV)/.demo  ## install and check the two sample Dockerfiles of Microsoft's documents
	@$(BIN)/amlcheck lint examples; code=$$?; \
	if [ $$code -ne 1 ] && [ $$code -ne 3 ] && [ $$code -ne 0 ]; then exit $$code; fi; \
	echo "(exit code $$code: 0 all met, 1 something violated, 2 error, 3 something undecided)"

test: $(VENV)/.test  ## install what the tests need and run them, live ones in a private engine where none answers
	$(BIN)/python -m pytest -m "not slow"

slow: $(VENV)/.test  ## the tests that take long: faults of engines, registries, disks and whole machines
	$(BIN)/python -m pytest -m slow

OLDEST = $(VENV)-oldest
oldest: $(BIN)/python  ## with the oldest allowed version of each dependency: the tests of what uses one
	$(BIN)/python tests/oldest.py $(OLDEST)
	AMLCHECK_TEST_ENGINE=none CI= $(OLDEST)/bin/python -m pytest -m "not slow" -p no:cacheprovider \
	  $(addprefix tests/test_,$(addsuffix .py,reader rules examples environment_readers layer archive registry_hostile \
	  registry_tokens pytest_plugin probing session deployment_parts explorer json_reader))

audit: $(VENV)/.test  ## known vulnerabilities of what an installation brings
	$(BIN)/python tests/audit.py

images: $(VENV)/.test  ## build all images that live tests probe; IMAGES="compliant gpu" for some
	PYTHONPATH=tests $(BIN)/python -m images $(IMAGES)

bench: $(VENV)/.test  ## how long it takes, beside its peers, and how it grows; CORPUS=DIR
	$(BIN)/python bench/archive.py
	PYTHONPATH=tests $(BIN)/python -m images compliant --then $(BIN)/python bench/session.py
	$(BIN)/python bench/score.py
	$(BIN)/python bench/lint.py $(if $(CORPUS),--corpus $(CORPUS))
	$(BIN)/python bench/push.py
	$(BIN)/python bench/growth.py
	$(BIN)/python bench/interrupt.py $(if $(CORPUS),--corpus $(CORPUS))
	PYTHONPATH=tests $(BIN)/python -m images compliant --then $(BIN)/python bench/probe.py

cov: $(VENV)/.test  ## the tests, with coverage
	$(BIN)/python -m pytest --cov --cov-report=term

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.test
	$(BIN)/mypy

docs: $(VENV)/.demo  ## write docs/rules/ from the rules
	$(BIN)/python -m amlcheck.docs

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("Python >= 3.10 is needed, this is " + sys.version) if sys.version_info < (3, 10) else None'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.test: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@ $(VENV)/.demo

clean:  ## remove what was made here, the images of live tests included
	$(PYTHON) tests/private_engine.py clean
	rm -rf $(VENV) $(OLDEST) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage*
