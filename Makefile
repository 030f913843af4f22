# Each target runs one program under tools/, which you can read and test. `make` alone prints the help.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# `npm ci` installs Node.js 24 on Linux, for x86-64 and arm64. On other platforms, `node` must be on the PATH.
LOCAL := $(CURDIR)/.cluster
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
# These tests change the deployment, so each set runs alone: make test-vault and so on.
ALONE := vault external-secrets separate-pods no-mesh confinement monitoring cluster-settings token-keys examples incident webhooks manifests judges previews
TEST_ALONE := $(ALONE:%=test-%)

# make passes the variables of its command line on to every program. tools/cli/make-variables.ts describes them.
VARIABLES := AMBIENT ARGS AUDIT_KEY_FILE BUILDER BUILDER_ID CLUSTER COMPONENTS CONFIG CONSUMER CONSUMER_VERSION DELETE_KEY DEMO_PORT DOCS DRY_RUN EXTERNAL_SECRETS EXTERNAL_SECRETS_CRDS FILES \
  FORCE_CONFLICTS FORM FUZZ_COUNT FUZZ_SEED GATEWAY GATEWAY_CACERT GATEWAY_SELECTOR GATEWAY_URL IMAGE_PREFIX ISTIO ISTIO_REVISION KEY_FILE KEY_ID KUBECONFIG LINKERD_CRDS LIVE \
  NODE_IMAGE ONLY OUT OVERLAP OVERLAY PROMETHEUS PROMETHEUS_URL PUBLIC_HOST PUSH SAMPLE SEED SERVICE SHORT SIGNATURE TARGET_PLATFORM TEST TOKEN_KEYS VAULT_ADDR \
  VAULT_AUTH_PATH VAULT_CACERT VAULT_IMAGE VAULT_KV VAULT_NAMESPACE VAULT_ROLE VAULT_SECRET_PATH
# An unknown variable and an old name end here, before anything runs.
GIVEN := $(foreach name,$(.VARIABLES),$(if $(filter command,$(origin $(name))),$(name)))
OLD := $(foreach name,IMAGES VAULT_KEY,$(if $($(name)),$(name))) $(filter $(ALONE),$(MAKECMDGOALS))
WRONG := $(sort $(filter-out $(VARIABLES),$(GIVEN)) $(OLD))
ifneq ($(WRONG),)
$(error $(or $(shell PATH='$(PATH)' node tools/cli/explain-names.ts $(WRONG) 2>/dev/null),unknown or renamed: $(WRONG)))
endif
# A target that ignored DRY_RUN would change what the user only wants to see.
ifneq ($(and $(DRY_RUN),$(filter-out up cluster kind deploy rotate-key renew-token-keys,$(MAKECMDGOALS))),)
$(error DRY_RUN works only with deploy, rotate-key and renew-token-keys. Nothing was changed)
endif
ifneq ($(filter-out kind,$(CLUSTER)),)
$(error CLUSTER=$(CLUSTER) is not supported. Use CLUSTER=kind, or unset CLUSTER to use the local cluster)
endif

# These would change the local cluster instead.
ifneq ($(and $(CLUSTER),$(filter cluster cluster-status cluster-down dev test-istio faults,$(MAKECMDGOALS))),)
$(error CLUSTER=kind does not work with $(filter-out kind,$(MAKECMDGOALS)), which is for the local cluster. Nothing was changed)
endif

# KUBECONFIG names the cluster. Without it, targets use the local cluster, with kubectl and istioctl of its version.
export KUBECONFIG := $(if $(CLUSTER),$(LOCAL)/kind-kubeconfig,$(KUBECONFIG))
ifeq ($(or $(KUBECONFIG),$(LOCAL)/kubeconfig),$(LOCAL)/kubeconfig)
CLUSTER_TARGET := cluster
export KUBECONFIG := $(LOCAL)/kubeconfig
export PATH := $(LOCAL)/bin:$(PATH)
# Recipes read these when they run, because `make cluster` writes them.
export GATEWAY_URL = $(if $(GATEWAY),,$(shell cat '$(LOCAL)/gateway-url' 2>/dev/null))
deploy analyze preview $(TEST_ALONE): export NODE_IMAGE ?= $(shell cat '$(LOCAL)/node-image' 2>/dev/null)
else
# It would start the local cluster, and deploy to the other one.
ifneq ($(and $(filter up,$(MAKECMDGOALS)),$(if $(CLUSTER),,other)),)
$(error KUBECONFIG names another cluster than the local one. Unset KUBECONFIG to start that, or run make deploy to use the other. Nothing was changed)
endif
CLUSTER_TARGET := $(CLUSTER)
export PATH := $(PATH):$(LOCAL)/bin
endif
deploy analyze preview $(TEST_ALONE): export IMAGE_PREFIX := $(or $(IMAGE_PREFIX),$(if $(CLUSTER_TARGET),localhost/secure-signing))

.PHONY: $(shell sed -nE 's/^([a-z-]+):.*## .*/\1/p' $(firstword $(MAKEFILE_LIST)))

##@ Try
demo: node_modules ## Run frontend and signer on this machine, without a cluster, until you press Ctrl-C.
	@exec node tools/demo/demo.ts

##@ Cluster
up: $(CLUSTER_TARGET) ## Start a local cluster with Istio, deploy, and print a curl command.
	@$(MAKE) deploy

cluster: node_modules ## Start only the local cluster. It needs Linux on x86-64 and root.
	@node tools/local-cluster/up.ts

kind: node_modules ## Start only a kind cluster in Docker. Give CLUSTER=kind to the other targets.
	@node tools/local-cluster/kind.ts

cluster-status: node_modules ## Show what runs on the local cluster.
	@node tools/local-cluster/status.ts

cluster-down: node_modules ## Stop the local cluster. Its state stays in .cluster/.
	@node tools/local-cluster/down.ts

cluster-delete: node_modules ## Delete the local cluster, or with CLUSTER=kind that one, with the signing key.
	@node tools/local-cluster/$(if $(CLUSTER),kind,down).ts delete

kubectl: ## Run kubectl on the cluster, for example with ARGS='get pods -A'.
	@kubectl $(ARGS)

##@ Deployment
deploy: node_modules ## Check the cluster, deploy to it, and send one message.
	@node tools/deploy/deploy.ts

undeploy: node_modules ## Remove what make deploy applied. The key stays without DELETE_KEY=yes.
	@node tools/deploy/undeploy.ts

smoke: node_modules ## Send one message, and compare its signature with OpenSSL's.
	@node tools/deploy/smoke.ts

rotate-key: node_modules ## Replace the signing key in three steps, without downtime.
	@node tools/deploy/rotate-key.ts

consumer-secret: node_modules ## Print the secret of one receiver of webhooks, derived from the webhook key.
	@node tools/deploy/consumer-secret.ts

renew-token-keys: node_modules ## Write the cluster's present token keys into the policy that verifies tokens.
	@node tools/deploy/renew-token-keys.ts

analyze: node_modules ## Report misconfigurations with file and line. Changes nothing.
	@node tools/analyze/analyze.ts

preview: node_modules ## Show what a change would open, in a scratch namespace. The deployment stays as it is.
	@node tools/verify/preview/preview.ts

matrix: node_modules ## Measure which caller reaches which endpoint of your deployment.
	@node tools/verify/matrix/matrix.ts

##@ Incidents
freeze: node_modules ## Stop all signing within seconds, until make thaw. Pods and logs stay.
	@node tools/incident/freeze.ts

thaw: node_modules ## End a freeze, and wait until every Pod signs again.
	@node tools/incident/thaw.ts

evidence: node_modules ## Collect logs and resources into a folder, before anything restarts.
	@node tools/incident/evidence.ts

verify-audit: node_modules ## Verify the audit log: the cluster's, or FILES.
	@node tools/verify/audit/verify-audit.ts

who-signed: node_modules ## Find the audit record of SIGNATURE, or say that no signer made it.
	@node tools/verify/audit/who-signed.ts

##@ Images
images: node_modules ## Build both images with docker, podman or buildah.
	@node tools/images/images.ts

example-images: node_modules ## Build the images of examples/ on the local cluster, and print their names.
	@node tools/local-cluster/example-images.ts

release: node_modules ## Build both images with their bill of materials and provenance.
	@node tools/release/release.ts

audit: node_modules ## Check the dependencies for known vulnerabilities.
	@node tools/release/audit.ts

##@ Development
check: node_modules ## Check format, lint, import boundaries and types. Changes nothing.
	@biome check --error-on-warnings . && tsc

fix: node_modules ## Format the code, and apply safe fixes.
	@biome check --write .

dev: node_modules ## Deploy to the local cluster each time that you save a file.
	@node tools/local-cluster/dev.ts

docs: node_modules ## Write the pages of docs/ that are generated from the code.
	@node tools/reference/write.ts

##@ Tests
test-fast: node_modules ## Run the tests that start no service, in under ten seconds.
	@vitest run --project unit --pool=threads --no-isolate

test-unit: node_modules ## Run the tests that need no cluster, in two minutes.
	@vitest run --project unit --project process

test: $(if $(TEST),node_modules,check $(CLUSTER_TARGET)) ## Deploy, and run all tests but the sets below.
	@$(if $(TEST),:,$(MAKE) deploy)
	@$(if $(TEST),vitest run $(TEST),node test/run.ts)

test-vault: ## Test keys from HashiCorp Vault: ten minutes. The first run compiles it.
test-external-secrets: ## Test keys from AWS, Azure and Google by External Secrets: 35 minutes. The first run compiles it.
test-separate-pods: ## Test frontend and signer in separate Pods: two minutes.
test-no-mesh: ## Test the layout without a mesh, on the cluster with and without Istio: seven minutes.
test-confinement: ## Test the system call filter, the network policies, and AppArmor and SELinux in virtual machines: six minutes.
test-monitoring: ## Test metrics and alerts with Prometheus. The first run compiles it: four minutes.
test-cluster-settings: ## Test Istio as others install it: gateways, defaults, ambient mode: 25 minutes.
test-token-keys: ## Test the rotation of the cluster's token keys under load: three minutes.
test-examples: ## Test the applications of examples/ beside the signer, and side by side: twelve minutes.
test-incident: ## Test what stops a compromised application, and what is on record: ten minutes.
test-webhooks: ## Test webhooks with the receivers' public libraries, and what is left of a signature: fifteen minutes.
test-manifests: ## Test the manifests of a release by the commands of their README, without a clone: seven minutes.
test-previews: ## Test make preview under load, with hostile changes and with few rights: 13 minutes.
test-judges: ## Test that runs on the cluster find what known changes open: eight minutes.
$(TEST_ALONE): node_modules $(CLUSTER_TARGET)
	@$(MAKE) deploy
	@vitest run --project '$(@:test-%=%)*' $(TEST)

test-images: node_modules ## Test make images with Docker and podman from Debian's packages, and a registry.
	@vitest run --project images

test-kind: node_modules ## Test make up, smoke and matrix on a kind cluster in Docker: six minutes.
	@vitest run --project kind

test-host: node_modules ## Run the local cluster on an emulated Debian 13 with systemd and cgroup v2: 17 minutes.
	@vitest run --project host

test-istio: node_modules ## Run deploy, smoke and matrix on another Istio. The first run of a version compiles it.
	@node tools/local-cluster/test-istio.ts

mutation-test: node_modules ## Change all that is shipped, one thing at a time, and run what make analyze misses: hours.
	@exec node test/mutation/mutation-test.ts

faults: node_modules ## Break the local cluster under load, and measure what is lost.
	@node tools/verify/faults/faults.ts

bench: node_modules ## Measure what the protection costs, and compare signers, in seven minutes.
	@node tools/verify/bench/bench.ts

help: node_modules ## Print this help.
	@node tools/cli/help.ts

node_modules: package.json package-lock.json .npmrc
	@npm ci --ignore-scripts --loglevel=error
	@touch node_modules
