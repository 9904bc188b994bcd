# waystation: from raw files to a judged model. `make help` lists the targets.
#
# PROJECT=DIR works on another project than the demo; scripts/pipeline.mk says what else can be set.

# None of Make's own rules is needed, and to look through them takes half of its time.
.SUFFIXES:

PROJECT ?= demo
CARGO ?= cargo
# Where cargo builds, and where the stages are taken from.
TARGET := $(or $(CARGO_TARGET_DIR),target)
BIN ?= $(TARGET)/release

## make              build the binaries, lay out the demo project, run its line, print the metrics
.PHONY: all
# Where evaluate had to run, it has printed the metrics already.
all: reports
	$(if $(EVALUATE_ran),,@$(EVALUATE_command))

## make QUEUE        only as far as validated, cleaned, features, splits, models or reports
include scripts/pipeline.mk

## make PROJECT=DIR  the same for a project of your own: raw files in DIR/raw, settings in DIR/config
## make TRAIN='python3 my_train.py'
##                   the same with any program in the place of a stage

## make status       where did it stop? (STATUS_FLAGS=--watch: a live screen)
## make why STAGE=clean ITEM=a.parquet
##                   what would be done again, and for which reason

## make new PROJECT=DIR DATA='FILES' LABEL=COLUMN
##                   lay out a project from any files: schema, task and split guessed, settings to read
.PHONY: new
new: $(BIN)/new $(BIN)/validate
	@$(if $(and $(DATA),$(LABEL),$(filter-out demo,$(PROJECT))),,echo "usage: make new PROJECT=DIR DATA='files' LABEL=column [AS=value|classes]" >&2; exit 64)
	@$(BIN)/new $(if $(AS),--as $(AS)) --label '$(subst ','\'',$(LABEL))' $(PROJECT) $(DATA)

## make conform STAGE=train
## make conform STAGE='python3 my_stage.py'
##                   is it a stage? The contract, tried clause by clause (CONFORM_FLAGS='--each --input DIR')
conform: $(if $(wildcard crates/$(STAGE)/Cargo.toml),build)

## make new-stage NAME=fill LANG=rust|python|shell
##                   lay out a stage of your own (AT=DIR: there), which conforms from the start
.PHONY: new-stage
# LANG is also what the environment calls its locale: that does not count, and is not passed on.
new-stage:
	@LANG=C scripts/new-stage '$(NAME)' '$(if $(filter command line,$(origin LANG)),$(LANG))' $(if $(AT),'$(AT)')

## make test         build all and run every test
.PHONY: test
test: build
	$(CARGO) test --release --workspace

## make bench        our line beside the Python one would write instead (QUICK=1: two minutes)
.PHONY: bench
bench: build bench-venv
	@$(TARGET)/bench/venv/bin/python tests/bench/bench.py --bin $(BIN) --work $(TARGET)/bench $(if $(QUICK),--quick) $(BENCH_FLAGS)

## make bench-accuracy
##                   our trees beside LightGBM's and XGBoost's: as good? (QUICK=1: not in full size; ACCURACY_FLAGS='--data DIR')
.PHONY: bench-accuracy
bench-accuracy: build bench-venv
	@$(TARGET)/bench/venv/bin/python tests/bench/accuracy.py --bin $(BIN) --work $(TARGET)/bench $(if $(QUICK),--quick) $(ACCURACY_FLAGS)

# The peers, each in its pinned version.
.PHONY: bench-venv
bench-venv:
	@[ -x $(TARGET)/bench/venv/bin/python ] || python3 -m venv $(TARGET)/bench/venv
	@$(TARGET)/bench/venv/bin/python -m pip install --quiet --disable-pip-version-check -r tests/bench/requirements.txt

## make bench-kernels
##                   how fast the inner loops are: fields, numbers, Parquet, partitions, trees (KERNEL=parquet: only these)
.PHONY: bench-kernels
bench-kernels:
	$(CARGO) bench --workspace --bench '*' -- $(KERNEL)

## make build        only build the binaries
.PHONY: build
build:
	@mkdir -p $(dir $(built))
	@touch $(built).start
	$(CARGO) build --release --workspace --bins
	@mv $(built).start $(built)

## make clean        remove the queues of the project, an unaltered demo and the binaries; raw files and settings stay
clean::
	$(if $(filter demo,$(PROJECT)),scripts/remove-demo tests/demo demo)
	$(CARGO) clean --release

## make help         this list
.PHONY: help
help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

# The binaries: cargo builds them all in one go where a source is newer, and leaves alone the files that do not change.
sources := Cargo.toml Cargo.lock crates
built := $(TARGET)/release/.built
binaries := $(addprefix $(BIN)/,validate clean featurize split train evaluate adapt status new conform)
stale := $(shell find $(sources) -cnewer $(built) 2>&1 | head -n 1)
ifeq ($(BIN),$(TARGET)/release)
$(binaries): $(if $(stale)$(filter-out $(wildcard $(binaries)),$(binaries)),build)
	@:
endif

include scripts/install/install.mk

# The demo project is laid out before all else, so that its settings are there when this file is read again.
ifeq ($(PROJECT)$(wildcard demo/raw/.),demo)
ifneq ($(filter all $(queues) $(if $($(STAGE)_conform),conform),$(or $(MAKECMDGOALS),all)),)
include demo/.make/demo
demo/.make/demo: FORCE
	scripts/lay-out-demo tests/demo demo
	@mkdir -p $(@D)
	@touch $@
endif
endif
