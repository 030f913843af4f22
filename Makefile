# Each target is one program that can be read and tested; `make` alone lists them.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# Node 24 comes with `npm ci`; where npm has no binary for the machine, `node` has to be on the PATH.
LOCAL := $(CURDIR)/.cluster
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

ALONE := vault external-secrets separate-pods confinement monitoring
# The cluster is the one that KUBECONFIG names. Without it, the local one, with tools of its version. CLUSTER=kind: one in Docker.
export KUBECONFIG := $(if $(filter kind,$(CLUSTER)),$(LOCAL)/kind-kubeconfig,$(KUBECONFIG))
ifeq ($(or $(KUBECONFIG),$(LOCAL)/kubeconfig),$(LOCAL)/kubeconfig)
export KUBECONFIG := $(LOCAL)/kubeconfig
export PATH := $(LOCAL)/bin:$(PATH)
# Read when a recipe runs, because `make cluster` writes them.
export GATEWAY_URL = $(shell cat $(LOCAL)/gateway-url 2>/dev/null)
deploy analyze $(ALONE): export NODE_IMAGE ?= $(shell cat $(LOCAL)/node-image 2>/dev/null)
CLUSTER := cluster
else
export PATH := $(PATH):$(LOCAL)/bin
endif
export DOCS OUT IMAGES BUILDER BUILDER_ID OVERLAY COMPONENTS ISTIO_REVISION GATEWAY_SELECTOR PROMETHEUS FORCE_CONFLICTS DELETE_KEY FILES OVERLAP DRY_RUN ONLY SHORT SERVICE PUSH
deploy analyze $(ALONE): export IMAGES := $(or $(IMAGES),$(if $(CLUSTER),localhost/secure-signing))

.PHONY: $(shell sed -nE 's/^([a-z-]+):.*## .*/\1/p' $(firstword $(MAKEFILE_LIST)))

help: ## list the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 26

up: $(or $(CLUSTER),cluster) ## a local cluster with Istio, images, deployment; ends with a curl line to paste; CLUSTER=kind: in Docker
	@$(MAKE) deploy

cluster: node_modules ## only the local cluster (Linux, root); KUBECONFIG=.cluster/kubeconfig for your own kubectl
	@node tools/local-cluster/up.ts

kind: node_modules ## only a cluster in Docker, by kind (not tried here: there is no Docker); CLUSTER=kind for the other targets
	@node tools/local-cluster/kind.ts

cluster-down: node_modules ## stop it; what it knows stays in .cluster/
	@node tools/local-cluster/down.ts

cluster-delete: node_modules ## stop it and delete what it knows, the key included
	@node tools/local-cluster/down.ts delete

cluster-status: node_modules ## what is up
	@node tools/local-cluster/status.ts

images: node_modules ## build both with docker, podman or buildah: IMAGES=registry/prefix PUSH=yes NODE_IMAGE=base
	@node tools/images/images.ts

release: node_modules ## both images with bill of materials and provenance: NODE_IMAGE=base@digest IMAGES=registry/prefix OUT=folder
	@node tools/release/release.ts

audit: node_modules ## fails on a known vulnerability in what ships, or a grave one in what builds and tests it
	@node tools/release/audit.ts

deploy: node_modules ## deploy to the cluster that KUBECONFIG names: IMAGES=registry/prefix OVERLAY=name COMPONENTS=names
	@node tools/deploy/deploy.ts

undeploy: node_modules ## take away what deploy applied; the key too with DELETE_KEY=yes
	@node tools/deploy/undeploy.ts

rotate-key: node_modules ## a new signing key in three steps, no request lost; OVERLAP=24h DRY_RUN=yes
	@node tools/deploy/rotate-key.ts

smoke: node_modules ## one message through the ingress gateway, its signature compared with OpenSSL's
	@node tools/deploy/smoke.ts

analyze: node_modules ## what breaks the promises, with file and line: of the resources here, or FILES=kustomization, folder or file
	@node tools/analyze/analyze.ts

kubectl: ## the cluster's own kubectl: ARGS='get pods -A'
	@kubectl $(ARGS)

check: node_modules ## format, lint, fences between the rooms, types; changes nothing
	@biome check --error-on-warnings . && tsc

fix: node_modules ## format, and mend what can be mended
	@biome check --write .

test-unit: node_modules ## the tests that need no cluster, in a minute or two
	@vitest run --project unit --project process

test-fast: node_modules ## the unit tests, which start no service, in less than ten seconds
	@vitest run --project unit --pool=threads --no-isolate

dev: node_modules ## deploy to the local cluster at each save, until Ctrl-C: SERVICE=frontend or signer
	@node tools/local-cluster/dev.ts

bench: node_modules ## the signer beside a naive one, Vault, and through the mesh: ratios; DOCS=yes: into docs/
	@node tools/verify/bench/bench.ts

docs: node_modules ## the pages of docs/ that are made of the code: the API, the configuration
	@node tools/reference/write.ts

matrix: node_modules ## who reaches what, measured on your deployment in half a minute; OUT=folder DOCS=yes
	@node tools/verify/matrix/matrix.ts

faults: node_modules ## what is lost when something breaks, under load on the local cluster; ONLY=id,id SHORT=yes DOCS=yes
	@node tools/verify/faults/faults.ts

test: $(if $(TEST),node_modules,check $(CLUSTER)) ## everything, on a live cluster, the local one unless KUBECONFIG names another; TEST=file: that alone
	@$(if $(TEST),:,$(MAKE) deploy)
	@vitest run $(or $(TEST),$(ALONE:%=--project '!%'))

vault: ## keys from a real Vault, on the local cluster; its first run compiles Vault: ten minutes
external-secrets: ## keys by a real External Secrets, on the local cluster; its first run compiles it: five minutes
separate-pods: ## the matrix where frontend and signer are a Pod each, on the local cluster; two minutes
confinement: ## system calls refused to native code, ports refused by the network, on the local cluster; three minutes
monitoring: ## scraped by a real Prometheus, and alerts that fire, on the local cluster; its first run compiles it: four minutes
$(ALONE): node_modules $(CLUSTER)
	@$(MAKE) deploy
	@vitest run --project $@

node_modules: package.json package-lock.json .npmrc
	@npm ci --ignore-scripts --loglevel=error
	@touch node_modules
