// unit: no cluster, in parallel. manifests: the rendered YAML. policy: on a live cluster, one file after the other.
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    globals: false,
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'] } },
      { test: { name: 'manifests', include: ['test/manifests/**/*.test.ts'] } },
      {
        test: {
          name: 'policy',
          include: ['test/policy/**/*.test.ts'],
          fileParallelism: false,
          retry: 0,
          testTimeout: 120_000,
        },
      },
    ],
  },
})
