// The projects: unit and process need no cluster, and process starts programs. integration renders resources and starts API
// servers. live and policy use a deployment, and policy attacks it. The others replace it, so they run when nothing else does.
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'
import { countReporter } from './test/support/count-reporter.ts'
import { allow } from './test/support/slowness.ts'

// Two workers, because these tests mostly wait. Vitest's default is one less than there are cores.
const parallel = { maxWorkers: 2, sequence: { groupOrder: 1 } } as const
/** On a live cluster, one file at a time and without retries. */
const live = { fileParallelism: false, retry: 0, testTimeout: 180_000, hookTimeout: 120_000 }
/** These replace the Pod that the attackers of policy use. */
const last = { ...live, sequence: { groupOrder: 3 } }
/** These wait for a key manager or a control plane. */
const withManager = { ...last, testTimeout: 240_000, hookTimeout: 300_000 }

/** Vitest's own limits, or those of the project, on a slow machine. */
function allowMoreTime({
  test = {},
}: TestProjectInlineConfiguration): TestProjectInlineConfiguration {
  const { testTimeout = 5_000, hookTimeout = 10_000 } = test
  return { test: { ...test, testTimeout: allow(testTimeout), hookTimeout: allow(hookTimeout) } }
}

export default defineConfig({
  test: {
    reporters: ['default', countReporter],
    projects: [
      { test: { ...parallel, name: 'unit', include: ['test/unit/**/*.test.ts'] } },
      {
        test: {
          ...parallel,
          name: 'process',
          include: ['test/process/**/*.test.ts'],
          globalSetup: ['test/support/services/bundled-services.ts'],
        },
      },
      {
        test: {
          ...parallel,
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          globalSetup: ['test/support/api-server/programs.ts'],
          // These start API servers, and fetch packages of Debian the first time.
          testTimeout: 90_000,
          hookTimeout: 240_000,
        },
      },
      {
        test: {
          ...live,
          name: 'live',
          include: ['test/live/**/*.test.ts'],
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          ...live,
          name: 'policy',
          include: ['test/policy/**/*.test.ts'],
          globalSetup: ['test/support/attack/attackers.ts'],
          sequence: { groupOrder: 2 },
          testTimeout: 120_000,
        },
      },
      {
        test: {
          ...withManager,
          name: 'vault',
          include: ['test/vault/**/*.test.ts'],
        },
      },
      {
        test: {
          ...withManager,
          name: 'external-secrets',
          include: ['test/external-secrets/**/*.test.ts'],
        },
      },
      {
        test: {
          ...last,
          name: 'confinement',
          // With the tests of a compromised frontend, which must give the same results with the component.
          include: [
            'test/confinement/*.test.ts',
            'test/policy/compromised-frontend/{in-the-container,across-containers}.test.ts',
            'test/policy/serves-the-frontend.test.ts',
          ],
          globalSetup: ['test/confinement/support/bring-up.ts', 'test/support/attack/attackers.ts'],
        },
      },
      // In emulated machines, so without the cluster.
      {
        test: {
          ...last,
          name: 'confinement-guest',
          include: ['test/confinement/guest/**/*.test.ts'],
        },
      },
      {
        test: {
          ...last,
          name: 'monitoring',
          testTimeout: 400_000,
          include: ['test/monitoring/**/*.test.ts'],
          globalSetup: ['test/monitoring/support/bring-up.ts'],
        },
      },
      {
        test: {
          ...withManager,
          name: 'cluster-settings',
          include: ['test/cluster-settings/**/*.test.ts'],
        },
      },
      { test: { ...withManager, name: 'token-keys', include: ['test/token-keys/**/*.test.ts'] } },
      {
        test: {
          ...withManager,
          name: 'examples',
          include: ['test/examples/**/*.test.ts'],
          globalSetup: ['test/examples/support/bring-up.ts'],
          // Helpers without another application work on this one.
          env: { CONFIG: 'examples/flask/signing.yaml' },
        },
      },
      { test: { ...withManager, name: 'no-mesh', include: ['test/no-mesh/**/*.test.ts'] } },
      { test: { ...last, name: 'separate-pods', include: ['test/separate-pods/**/*.test.ts'] } },
      { test: { ...withManager, name: 'incident', include: ['test/incident/**/*.test.ts'] } },
      { test: { ...withManager, name: 'webhooks', include: ['test/webhooks/**/*.test.ts'] } },
      { test: { ...last, name: 'previews', include: ['test/previews/**/*.test.ts'] } },
      {
        test: {
          ...withManager,
          name: 'judges',
          include: ['test/judges/**/*.test.ts'],
          globalSetup: ['test/support/api-server/programs.ts'],
        },
      },
      { test: { ...withManager, name: 'manifests', include: ['test/manifests/**/*.test.ts'] } },
      // Container engines from Debian's packages build images. No cluster.
      { test: { ...withManager, name: 'images', include: ['test/images/**/*.test.ts'] } },
      { test: { ...withManager, name: 'kind', include: ['test/kind/**/*.test.ts'] } },
      { test: { ...withManager, name: 'host', include: ['test/host/**/*.test.ts'] } },
      { test: { ...last, name: 'faults', include: ['test/faults/**/*.test.ts'] } },
    ].map(allowMoreTime),
  },
})
