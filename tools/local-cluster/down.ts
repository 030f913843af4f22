// make cluster-down: removes every process, mount, namespace and cgroup of the cluster, and checks that none is left. The
// state stays in .cluster/, unless the argument is `delete` (make cluster-delete).
import { readdir, readFile, rm } from 'node:fs/promises'
import { runMain, step, UserError } from '../cli/terminal.ts'
import { listCgroups } from './node/cgroup.ts'
import { stopNode } from './node/node-process.ts'
import { CGROUP, STATE } from './paths.ts'

await runMain(async () => {
  await step('the cluster is stopped', stopNode)
  const left = [...(await listCgroups(CGROUP)), ...(await listMounts()), ...(await listProcesses())]
  if (left.length > 0) {
    throw new UserError(
      `parts of the cluster are left: ${left.join(', ')}`,
      'Run make cluster-down again.',
    )
  }
  if (process.argv[2] === 'delete') {
    await step('its state is deleted', () => rm(STATE, { recursive: true, force: true }))
  }
})

async function listMounts(): Promise<string[]> {
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n')
  return mounts.filter((line) => line.includes(STATE)).map((line) => `mount ${line.split(' ')[4]}`)
}

/**
 * A process in the node's namespaces has the state mounted at /node/state. mountinfo shows the source's path within its file
 * system (proc(5)), which is the end of the whole path.
 */
async function listProcesses(): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(
    pids.map(async (pid) => {
      const mounts = await readFile(`/proc/${pid}/mountinfo`, 'utf8').catch(() => '')
      const source = / (\S+) \/node\/state /.exec(mounts)?.[1]
      return source !== undefined && STATE.endsWith(source) ? [`process ${pid}`] : []
    }),
  )
  return found.flat()
}
