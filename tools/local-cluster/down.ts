// make cluster-down: takes away every process, mount, namespace and cgroup of the cluster, and proves it. What the
// cluster knows stays in .cluster/; with `delete` as argument (make cluster-delete) that goes too.
import { readdir, readFile, rm } from 'node:fs/promises'
import { runMain, step, UserError } from '../cli/terminal.ts'
import { listCgroups } from './node/cgroup.ts'
import { stopNode } from './node/node-process.ts'
import { CGROUP, STATE } from './paths.ts'

await runMain(async () => {
  await step('stop the cluster', stopNode)
  const left = [...(await listCgroups(CGROUP)), ...(await listMounts()), ...(await listProcesses())]
  if (left.length > 0) {
    throw new UserError(`the cluster has left: ${left.join(', ')}`, 'call make cluster-down again')
  }
  if (process.argv[2] === 'delete') {
    await step('delete its state', () => rm(STATE, { recursive: true, force: true }))
  }
})

async function listMounts(): Promise<string[]> {
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n')
  return mounts.filter((line) => line.includes(STATE)).map((line) => `mount ${line.split(' ')[4]}`)
}

/**
 * Whoever was in the node's namespaces had the state mounted at a path of the node. mountinfo names it by its path
 * within its own file system (proc(5)), which is the end of the whole path.
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
