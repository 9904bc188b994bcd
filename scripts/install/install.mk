# Puts the binaries, the wiring, manual pages and completions where an installed program has them, and takes them away.
# The stages lie under libexec, so that none is in the way of coreutils' `split`; the one command on the path is `waystation`.

PREFIX ?= /usr/local
# Put in front of every path, for packagers.
DESTDIR ?=

to := $(DESTDIR)$(PREFIX)
programs := $(notdir $(binaries))
libexec := $(to)/libexec/waystation
share := $(to)/share/waystation
pages := $(to)/share/man/man1
completions := bash-completion/completions/waystation zsh/site-functions/_waystation fish/vendor_completions.d/waystation.fish

## make install      put it below PREFIX (/usr/local): `waystation` on the path, manual pages, completions
.PHONY: install
install: build
	install -d $(to)/bin $(libexec) $(share) $(pages) $(addprefix $(to)/share/,$(dir $(completions)))
	install -m 755 scripts/install/waystation $(to)/bin/waystation
	install -m 755 $(binaries) $(libexec)
	sed 's|\.\./target/release|../../libexec/waystation|' scripts/pipeline.mk > $(share)/pipeline.mk
	install -m 644 scripts/install/waystation.1 $(pages)/waystation.1
	for program in $(programs); do $(libexec)/$$program --manual-page > $(pages)/waystation-$$program.1 || exit 1; done
	install -m 644 scripts/install/waystation.bash $(to)/share/bash-completion/completions/waystation
	install -m 644 scripts/install/waystation.zsh $(to)/share/zsh/site-functions/_waystation
	install -m 644 scripts/install/waystation.fish $(to)/share/fish/vendor_completions.d/waystation.fish

## make uninstall    take all of it away
.PHONY: uninstall
uninstall:
	rm -f $(to)/bin/waystation $(pages)/waystation.1 $(programs:%=$(pages)/waystation-%.1) $(addprefix $(to)/share/,$(completions))
	rm -rf $(libexec) $(share)
	# Directories that nothing else is in.
	-for folder in bin libexec share/man/man1 share/man $(patsubst %/,share/%,$(dir $(completions))) $(sort $(foreach path,$(completions),share/$(firstword $(subst /, ,$(path))))) share; do rmdir $(to)/$$folder; done 2>/dev/null
