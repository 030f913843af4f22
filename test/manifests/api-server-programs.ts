// The programs of an API server, looked up once for all files that start one: their checksums take seconds.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { PKI } from '../../cluster/paths.ts'
import { buildPrograms } from '../../cluster/programs.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Paths; undefined without the local cluster. */
    apiServerPrograms: { etcd: string; apiServer: string } | undefined
  }
}

/** vitest's globalSetup. */
export async function setup(project: TestProject): Promise<void> {
  if (!existsSync(PKI)) return project.provide('apiServerPrograms', undefined)
  const { etcd, kubernetes } = await buildPrograms()
  project.provide('apiServerPrograms', {
    etcd: join(etcd.folder, 'etcd'),
    apiServer: join(kubernetes.folder, 'kube-apiserver'),
  })
}
