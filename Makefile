# Two commands are all that is needed: make run and make test. Both do their own
# set-up. The rest is for those who change the code.

.PHONY: run test check bench fuzz tools build

run: build
	@.bin/kravverk serve --demo --db .bin/demo.db

build:
	@mkdir -p .bin
	CGO_ENABLED=0 go build -trimpath -o .bin/kravverk ./cmd/kravverk

# Everything, browser and LibreOffice included. Where one of them is missing and
# cannot be installed, tools says so and its tests are skipped; with CI set they
# fail instead.
test: tools
	go vet ./...
	@test -z "$$(gofmt -l .)" || { echo "gofmt behövs i:"; gofmt -l .; exit 1; }
	go test -timeout 30m ./...

# Chromium and LibreOffice from Debian's packages, when this is Debian and we
# may install. Elsewhere the tests that need them say so loudly.
tools:
	@.ci/tools

# What takes longer: staticcheck, the race detector, which needs a C compiler,
# and govulncheck, which needs the database at vuln.go.dev. Where that is out of
# reach, name a copy of it: make check KRAVVERK_VULNDB=file:///srv/vulndb.
#
# ST1005 is off since our errors are whole sentences in Swedish. The others that
# are off are off in staticcheck itself, too.
STATICCHECK = all,-ST1000,-ST1003,-ST1005,-ST1016,-ST1020,-ST1021,-ST1022
VULNDB = $(or $(KRAVVERK_VULNDB),$(GOVULNDB),https://vuln.go.dev)

check: test
	go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 -checks '$(STATICCHECK)' ./...
	go test -race ./engine/... ./web/...
	GOBIN=$(CURDIR)/.bin go install golang.org/x/vuln/cmd/govulncheck@v1.9.0
	@.bin/govulncheck -db '$(VULNDB)' ./...; rc=$$?; \
	if [ $$rc -ne 0 ] && [ $$rc -ne 3 ]; then \
	  echo "KÄNDA SÅRBARHETER ÄR INTE PRÖVADE: govulncheck kunde inte köras mot $(VULNDB). Ange en kopia av databasen med KRAVVERK_VULNDB=file:///…" >&2; \
	fi; exit $$rc

# Our benchmarks, then the rule engine and the workbook beside their peers, each
# in one run: medians and ratios. The peers are a module of their own and no part
# of the program; the workbook's needs node and npm.
bench:
	go test -run '^$$' -bench . -benchmem ./...
	cd testdata/bench && go run .
	cd testdata/bench/workbook && go run .

# Each fuzz target for a minute.
fuzz:
	@for t in $$(grep -rlE '^func Fuzz' --include='*_test.go' . | xargs -n1 dirname | sort -u); do \
	  for f in $$(grep -hoE '^func Fuzz[A-Za-z]+' $$t/*_test.go | cut -c6-); do \
	    echo "$$t $$f"; go test -run '^$$' -fuzz "^$$f$$" -fuzztime 60s $$t || exit 1; done; done
