// Runs Node as a process of a container: with its network and its files. Few images have Node. On the local cluster, this machine's
// Node takes its place.
import { z } from 'zod'
import { CommandError, run } from '../../cli/exec.ts'
import { kubectl, kubectlJson } from '../../kube/kubectl.ts'
import { findInCgroup } from '../faults/support/node.ts'
import type { Container } from './containers.ts'
import { isLocalCluster } from './tokens.ts'

type Options = { input?: string; timeoutMs?: number }
/** Returns the arguments of Node. `root`: the folder of this machine with the container's files, or empty within it. */
type MakeArgs = (root: string) => readonly string[]

const isMissing = /no such file or directory|executable file not found/
const withoutNode = new Set<string>()
const podSchema = z.object({
  status: z.object({
    containerStatuses: z.array(z.object({ name: z.string(), containerID: z.string() })),
  }),
})

/** Returns standard output. Throws CommandError, also if the container has no Node and the cluster is not the local one. */
export async function runNodeIn(
  container: Container,
  args: MakeArgs,
  options: Options = {},
): Promise<string> {
  const { namespace, pod, container: name } = container
  const key = `${namespace} ${pod} ${name}`
  if (!withoutNode.has(key)) {
    const exec = ['exec', '-i', '-n', namespace, pod, '-c', name, '--', '/nodejs/bin/node']
    try {
      return await kubectl([...exec, ...args('')], options)
    } catch (error) {
      const hasNone = error instanceof CommandError && isMissing.test(error.result.stderr)
      if (!hasNone || !isLocalCluster) throw error
      withoutNode.add(key)
    }
  }
  return runBeside(container, args, options)
}

/** Runs this machine's Node in the container's network. */
async function runBeside(
  { namespace, pod, container }: Container,
  args: MakeArgs,
  options: Options,
): Promise<string> {
  const { status } = await kubectlJson(podSchema, [
    'get',
    'pod',
    pod,
    '-n',
    namespace,
    '-o',
    'json',
  ])
  const { containerID = 'none' } =
    status.containerStatuses.find(({ name }) => name === container) ?? {}
  const folder = `/proc/${await findInCgroup(containerID.replace('containerd://', ''))}`
  const inNetwork = [`--net=${folder}/ns/net`, process.execPath, ...args(`${folder}/root`)]
  return run('nsenter', inNetwork, options)
}
