PYTHON ?= python3
PORT ?= 8000

.PHONY: demo test lint lock translations clean

demo:  ## the platform with example data on http://127.0.0.1:$(PORT)
	@$(PYTHON) requirements/install.py runtime
	@.venv/bin/civicvote demo --port $(PORT)

test:  ## every check there is
	@$(PYTHON) requirements/install.py dev
	@.venv/bin/python -m tests.run

lock:  ## compile the locks anew (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url -q pyproject.toml -o requirements/runtime.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url -q --extra dev -c requirements/runtime.txt pyproject.toml -o requirements/dev.txt

translations:  ## extract, merge and compile the English catalogue
	@.venv/bin/python -m tests.catalogue update

clean:
	rm -rf .venv .mypy_cache .ruff_cache .hypothesis .import_linter_cache
