# The line as Make sees it: six stages joined by the manifests of their queues.
#
#   make -f scripts/pipeline.mk PROJECT=DIR reports
#
# or from a Makefile of your own:
#
#   PROJECT := .
#   include path/to/waystation/scripts/pipeline.mk
#
# `status` says where the line stopped; STATUS_FLAGS='--json' and the like are its options.
# `reports` (or validated, cleaned, features, splits, models) makes that queue and all before it. A target is a
# manifest, which appears in one act when its queue is complete, and a stage with nothing to do only freshens it.
# So Make decides nothing but whom to ask, and a stage asked in vain ends in milliseconds.
#
# Needs GNU Make 3.81 and a `find` that knows -cnewer (GNU, BSD, macOS).

# Make looks among its own rules for one that would write a settings file, which takes half of its time. In a Makefile of
# your own they stay: you may need them.
ifeq ($(words $(MAKEFILE_LIST)),1)
.SUFFIXES:
endif

# The project: config/, raw/ and a directory for each queue.
PROJECT ?= .
# Where the binaries are: the checkout's own, unless told otherwise.
ifndef BIN
BIN := $(abspath $(dir $(lastword $(MAKEFILE_LIST)))../target/release)
endif
# The raw files: any directory.
RAW ?= $(PROJECT)/raw
# Options of every stage: make FLAGS='--jobs 4 --retries 5'
FLAGS ?=
# The stages. Any program may take a place: make reports TRAIN='python3 my_train.py'
VALIDATE  ?= $(BIN)/validate
CLEAN     ?= $(BIN)/clean
FEATURIZE ?= $(BIN)/featurize
SPLIT     ?= $(BIN)/split
TRAIN     ?= $(BIN)/train
EVALUATE  ?= $(BIN)/evaluate
# Options of one stage: make VALIDATE_FLAGS='--rows-per-item 1000000'
VALIDATE_FLAGS ?=
CLEAN_FLAGS ?=
FEATURIZE_FLAGS ?=
SPLIT_FLAGS ?=
TRAIN_FLAGS ?=
EVALUATE_FLAGS ?=
# How `adapt` runs a program that takes a stage's place: item by item, or (empty) once for the whole queue.
VALIDATE_ADAPT ?= --each --raw
CLEAN_ADAPT ?= --each
FEATURIZE_ADAPT ?=
SPLIT_ADAPT ?= --each
TRAIN_ADAPT ?=
EVALUATE_ADAPT ?=
# Options of `status`: make status STATUS_FLAGS='--check --max-age 1h'
STATUS_FLAGS ?=
# Is it a stage? make conform STAGE=train, or STAGE='python3 my_stage.py' CONFORM_FLAGS='--each --input DIR'
STAGE ?=
CONFORM_FLAGS ?=
# Programs outside $(BIN) that keep the contract by themselves and need no `adapt`.
STAGES ?=

ifneq ($(words $(PROJECT)) $(words $(RAW)) $(words $(BIN)),1 1 1)
$(error PROJECT, RAW and BIN must each be one path without spaces: PROJECT='$(PROJECT)' RAW='$(RAW)' BIN='$(BIN)')
endif
override PROJECT := $(patsubst %/,%,$(PROJECT))
override RAW := $(patsubst %/,%,$(RAW))

# Without a goal, the whole line.
ifndef .DEFAULT_GOAL
.DEFAULT_GOAL := reports
endif

# What Make keeps in a project: the command by which each queue was last made.
commands := $(PROJECT)/.make

# Not Make's files to delete: a signal between the commit and the end of a stage must not cost the manifest.
queues := validated cleaned features splits models reports
.PRECIOUS: $(queues:%=$(PROJECT)/%/_manifest.json)
.PHONY: $(queues) status why conform clean FORCE
FORCE:

# Raw files. Make only asks whether there are names, so that spaces, colons and percent signs in them are harmless. A file
# or folder whose inode changed after the manifest's time wakes `validate`: touched, added, removed, replaced by an older
# file, rewritten in the same second. (The time of last modification would miss the last three.) The manifest's
# time is when its run started, so a file changed during the run counts. Where RAW is a link, it may have been turned to
# another directory. $(call raw_changed,MANIFEST)
raw_changed = $(call newer,-L $(RAW),$1)$(if $(call same,$(realpath $(RAW)),$(abspath $(RAW))),,$(call newer,$(RAW) -prune,$1))
newer = $(if $(and $(wildcard $(RAW)),$(wildcard $2)),$(shell find $1 -cnewer $2))

# The settings file with its option, where the project has it. $(call settings,OPTION,FILE)
settings = $(if $(wildcard $(PROJECT)/config/$2),$1 $(PROJECT)/config/$2)

# Whether a command is a stage by itself. $(call native,COMMAND)
native = $(filter $(BIN)/% $(STAGES),$(firstword $1))

# The files among the words of a command, a foreign program's script say. $(call files,COMMAND)
files = $(foreach word,$1,$(if $(wildcard $(word)/.),,$(wildcard $(word))))

# The command that makes a queue. $(call command,STAGE,NAME,INPUT,QUEUE,SETTINGS,MORE SETTINGS)
command = $(if $(call native,$($1)),$($1) $(call options,$1,$5,$6) $3 $4,$(call adapted,$1,$2,$3,$4,$5,$6))
adapted = $(BIN)/adapt $(strip --name $2 $($1_ADAPT)) $(call options,$1,$5,$(patsubst --%,--program-file,$6)) $3 $4 -- $($1)
options = $(strip $(FLAGS) $($1_FLAGS) $(call settings,--config,$2) $(if $3,$(call settings,$(firstword $3),$(lastword $3))))

# FORCE where the queue was last made by another command, which no time stamp tells. $(call command_changed,FILE,COMMAND)
command_changed = $(if $(call same,$2,$(call content,$1)),,FORCE)
# What a file holds; nothing where there is none. Make reads it itself since version 4.2. (It has no last newline to take off,
# which 4.3 forgets for more than 200 characters.)
content = $(if $(filter 3.% 4.0% 4.1%,$(MAKE_VERSION)),$(shell cat $1 2>/dev/null),$(file <$1))
same = $(and $(findstring <$1>,<$2>),$(findstring <$2>,<$1>))

# Keeps the command; where it is the same already, no shell is started. $(call record,FILE,COMMAND)
record = { [ -d $(commands) ] || mkdir -p $(commands); } && printf %s $(call quote,$2) > $1

# One stage. $(call stage,STAGE,NAME,INPUT,QUEUE,SETTINGS,MORE SETTINGS)
define stage
.PHONY: $4
$4: $(PROJECT)/$4/_manifest.json
$1_command = $$(call command,$1,$2,$3,$(PROJECT)/$4,$5,$6)
$(PROJECT)/$4/_manifest.json: $$(firstword $$($1_command)) $$(call files,$$($1))
$(PROJECT)/$4/_manifest.json: $$(wildcard $(PROJECT)/config/$5 $$(addprefix $(PROJECT)/config/,$(lastword $6)))
$(PROJECT)/$4/_manifest.json: $$(call command_changed,$(commands)/$2,$$($1_command))
$(PROJECT)/$4/_manifest.json:
	$$($1_command)
	@$$(eval $1_ran := yes)$$(if $$(call command_changed,$(commands)/$2,$$($1_command)),$$(call record,$(commands)/$2,$$($1_command)))
endef

$(eval $(call stage,VALIDATE,validate,$(RAW),validated,validate.json))
$(eval $(call stage,CLEAN,clean,$(PROJECT)/validated,cleaned,clean.json))
$(eval $(call stage,FEATURIZE,featurize,$(PROJECT)/cleaned,features,featurize.json,--split split.json))
$(eval $(call stage,SPLIT,split,$(PROJECT)/features,splits,split.json))
$(eval $(call stage,TRAIN,train,$(PROJECT)/splits,models,train.json))
$(eval $(call stage,EVALUATE,evaluate,$(PROJECT)/models,reports,evaluate.json))

# Which queue comes of which.
$(PROJECT)/validated/_manifest.json: $(if $(call raw_changed,$(PROJECT)/validated/_manifest.json),FORCE) | $(RAW)
$(PROJECT)/cleaned/_manifest.json:   $(PROJECT)/validated/_manifest.json
$(PROJECT)/features/_manifest.json:  $(PROJECT)/cleaned/_manifest.json
$(PROJECT)/splits/_manifest.json:    $(PROJECT)/features/_manifest.json
$(PROJECT)/models/_manifest.json:    $(PROJECT)/splits/_manifest.json
$(PROJECT)/reports/_manifest.json:   $(PROJECT)/models/_manifest.json

# Where did it stop? The stages are named in line order, so that those that never ran are shown too.
line := VALIDATE CLEAN FEATURIZE SPLIT TRAIN EVALUATE
quote = '$(subst ','\'',$1)'
# What to type in front of a queue's name: make, with all that was set on the command line.
make_command = $(strip make $(typed_file) $(subst <>,\ ,$(filter-out STATUS_FLAGS=% STAGE=% ITEM=%,$(subst \ ,<>,$(MAKEOVERRIDES)))))
typed_file := $(addprefix -f ,$(filter-out Makefile makefile GNUmakefile,$(firstword $(MAKEFILE_LIST))))
the_line = --make $(call quote,$(make_command)) $(foreach stage,$(line),--stage $(call quote,$($(stage)_command)))
status: $(BIN)/status
	@$(BIN)/status $(STATUS_FLAGS) $(the_line) $(PROJECT)

# Why would something be done again, or not? make why STAGE=clean ITEM=flights.parquet
why: $(BIN)/status
	$(if $(STAGE),,$(error which stage? make why STAGE=train))@$(BIN)/status why $(the_line) --project $(PROJECT) -- \
	  $(call quote,$(STAGE)) $(if $(ITEM),$(call quote,$(ITEM)))

# Is it a stage? One of the line is tried on the queue that it reads here; any other program on what CONFORM_FLAGS say.
# $(call conform,STAGE,INPUT,SETTINGS,MORE SETTINGS)
conform = --input $2 $(call settings,--config,$3) $(if $(call native,$($1)),,$(filter --each,$($1_ADAPT))) -- $($1) \
  $(if $4,$(if $(call native,$($1)),$(call settings,$(firstword $4),$(lastword $4))))
validate_conform  = $(call conform,VALIDATE,$(RAW),validate.json)
clean_conform     = $(call conform,CLEAN,$(PROJECT)/validated,clean.json)
featurize_conform = $(call conform,FEATURIZE,$(PROJECT)/cleaned,featurize.json,--split split.json)
split_conform     = $(call conform,SPLIT,$(PROJECT)/features,split.json)
train_conform     = $(call conform,TRAIN,$(PROJECT)/splits,train.json)
evaluate_conform  = $(call conform,EVALUATE,$(PROJECT)/models,evaluate.json)
conform_of = $(or $($1_conform),-- $(if $(word 2,$1),$1,$(or $(wildcard $(BIN)/$1),$1)))
conform: $(BIN)/conform $(BIN)/adapt $(filter %/_manifest.json,$(patsubst %,%/_manifest.json,$(filter-out $(RAW),$(word 2,$($(STAGE)_conform)))))
	$(if $(STAGE),,$(error which stage? make conform STAGE=train, or STAGE='python3 my_stage.py'))@$(strip \
	$(BIN)/conform $(CONFORM_FLAGS) $(call conform_of,$(STAGE)))

# Removes the queues of the project, never its raw files or settings. (Two colons: yours may remove more.)
clean::
	rm -rf $(commands) $(foreach queue,$(queues),$(call removable,$(PROJECT)/$(queue)))
removable = $(if $(wildcard $1/_manifest.json),$1) $(wildcard $1.partial)
