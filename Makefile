# Two commands are all that is needed: make run and make test. Both do their own
# set-up. The rest is for those who change the code.

.PHONY: run test check bench fuzz tools build

run: build
	@bin/kravverk serve --demo --db bin/demo.db

build:
	@mkdir -p bin
	CGO_ENABLED=0 go build -trimpath -o bin/kravverk ./cmd/kravverk

# Everything, browser and LibreOffice included. Where one of them is missing and
# cannot be installed, tools says so and its tests are skipped; with CI set they
# fail instead.
test: tools
	go vet ./...
	@test -z "$$(gofmt -l .)" || { echo "gofmt behövs i:"; gofmt -l .; exit 1; }
	go test ./...

# Chromium and LibreOffice from Debian's packages, when this is Debian and we
# may install. Elsewhere the tests that need them say so loudly.
tools:
	@.ci/tools

# The race detector needs a C compiler.
check: test
	go test -race ./engine/... ./web/...

# Our benchmarks, then the rule engine beside its peers in one run: medians and
# ratios. The peers are a module of their own and no part of the program.
bench:
	go test -run '^$$' -bench . -benchmem ./...
	cd testdata/bench && go run .

# Each fuzz target for a minute.
fuzz:
	@for t in $$(grep -rlE '^func Fuzz' --include='*_test.go' . | xargs -n1 dirname | sort -u); do \
	  for f in $$(grep -hoE '^func Fuzz[A-Za-z]+' $$t/*_test.go | cut -c6-); do \
	    echo "$$t $$f"; go test -run '^$$' -fuzz "^$$f$$" -fuzztime 60s $$t || exit 1; done; done
