// What code can do inside the service's own process. This file is sent into the container, and runs with the service's flags.
import { Worker } from 'node:worker_threads'
import type { Attempt } from './escape.ts'

export async function breakOut(): Promise<Attempt[]> {
  const attempts: Attempt[] = []
  async function attempt(what: string, how: () => unknown): Promise<void> {
    try {
      await how()
      attempts.push({ what, result: 'done' })
    } catch (error) {
      attempts.push({ what, result: (error as NodeJS.ErrnoException).code ?? String(error) })
    }
  }
  await attempt('start a process', async () => {
    const { spawnSync } = await import('node:child_process')
    const { error } = spawnSync(process.execPath, ['--version'])
    if (error !== undefined) throw error
  })
  await attempt('start a worker', () => new Worker('', { eval: true }))
  await attempt('load native code', () => process.dlopen({ exports: {} }, '/lib/x.node'))
  await attempt('open the inspector', async () =>
    (await import('node:inspector')).open(0, '127.0.0.1'),
  )
  await attempt('read /etc/passwd', async () =>
    (await import('node:fs')).readFileSync('/etc/passwd'),
  )
  await attempt('read /proc/1/mem', async () =>
    (await import('node:fs')).openSync('/proc/1/mem', 'r'),
  )
  await attempt('write /dev/shm/x', async () => {
    const fs = await import('node:fs')
    fs.writeFileSync('/dev/shm/x', '')
  })
  return attempts
}
