// unit: no cluster, in parallel. manifests: the rendered YAML. browser: the matrix's page, in a Chromium. policy: on a live
// cluster, one file after the other. faults: on the local one, when nothing else runs. vault: there too, by itself (make vault).
// external-secrets: likewise (make external-secrets).
import { defineConfig } from 'vitest/config'
import { countReporter } from './test/count-reporter.ts'

// Much of what they do is waiting. vitest's own number of workers is one less than there are cores.
const parallel = { maxWorkers: 2, sequence: { groupOrder: 1 } } as const

export default defineConfig({
  test: {
    reporters: ['default', countReporter],
    projects: [
      {
        test: {
          ...parallel,
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          globalSetup: ['test/unit/support/bundled-services.ts'],
        },
      },
      { test: { ...parallel, name: 'manifests', include: ['test/manifests/**/*.test.ts'] } },
      {
        test: {
          ...parallel,
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          globalSetup: ['test/browser/support/install-chromium.ts'],
          // The first start of a Chromium on a busy machine.
          hookTimeout: 60_000,
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'policy',
          include: ['test/policy/**/*.test.ts'],
          globalSetup: ['test/policy/support/attackers.ts'],
          fileParallelism: false,
          // Before the faults, which replace the Pod that the attackers know.
          sequence: { groupOrder: 2 },
          retry: 0,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'vault',
          include: ['test/vault/**/*.test.ts'],
          globalSetup: ['test/vault/support/bring-up.ts'],
          fileParallelism: false,
          sequence: { groupOrder: 3 },
          retry: 0,
          bail: 1,
          testTimeout: 240_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'external-secrets',
          include: ['test/external-secrets/**/*.test.ts'],
          globalSetup: ['test/external-secrets/support/bring-up.ts'],
          fileParallelism: false,
          sequence: { groupOrder: 3 },
          retry: 0,
          bail: 1,
          testTimeout: 240_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'faults',
          include: ['test/faults/**/*.test.ts'],
          fileParallelism: false,
          sequence: { groupOrder: 3 },
          retry: 0,
          testTimeout: 180_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
