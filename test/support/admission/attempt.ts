// Makes an attempt of case.ts. Changes are dry runs, and a connection runs a command without effects.
import { readPod as readPodSpec } from '../../../tools/analyze/model/pod.ts'
import { tryRun } from '../../../tools/cli/exec.ts'
import { deployment, namespace } from '../../../tools/kube/names.ts'
import type { Resource } from '../../../tools/kube/resources.ts'
import { confined, makePod } from '../attack/pods.ts'
import { applyChange } from '../mistakes/mistakes.ts'
import type { AdmissionTarget, Attempt, Connection, PodChange } from './case.ts'
import { asWorkload } from './workloads.ts'

const signer = 'spec.containers.1'
const dryRun = '--dry-run=server'
const here = ['-n', namespace]

export async function attemptCase(
  target: AdmissionTarget,
  attempt: Attempt,
): Promise<{ code: number; said: string }> {
  const { args, input = '' } = await writeCall(target, attempt)
  const { code, stdout, stderr } = await tryRun('kubectl', args, {
    input: typeof input === 'string' ? input : JSON.stringify(input),
    env: { ...process.env, KUBECONFIG: target.kubeconfig },
    timeoutMs: 30_000,
  })
  return { code, said: `${stdout}${stderr}` }
}

export function findJudge(said: string): string {
  const policy = /ValidatingAdmissionPolicy 'secure-signing-([a-z-]+)'/.exec(said)?.[1]
  return policy ?? (said.includes('violates PodSecurity') ? 'Pod Security' : 'nobody')
}

async function writeCall(
  target: AdmissionTarget,
  attempt: Attempt,
): Promise<{ args: string[]; input?: unknown }> {
  switch (attempt.does) {
    case 'make': {
      const pod = attempt.pod === undefined ? target.template : makePod(attempt.pod)
      const image = attempt.image?.(readRepository(target.template))
      const changes: PodChange[] = image === undefined ? [] : [[`${signer}.image`, image]]
      const changed = changePod(pod, [...(attempt.changes ?? []), ...changes])
      const input = asWorkload(attempt.kind ?? 'Pod', changed)
      return { args: ['create', dryRun, '-f', '-'], input }
    }
    case 'change the Deployment': {
      const { metadata, spec } = changePod(target.template, attempt.changes)
      const template = { metadata: { ...metadata, name: undefined, namespace: undefined }, spec }
      const patch = JSON.stringify([{ op: 'replace', path: '/spec/template', value: template }])
      return {
        args: ['patch', 'deployment', deployment, ...here, dryRun, '--type=json', '-p', patch],
      }
    }
    case 'change an image': {
      const { container: name, image } = attempt
      const patch = JSON.stringify({ spec: { containers: [{ name, image }] } })
      return { args: ['patch', 'pod', target.pod, ...here, dryRun, '-p', patch] }
    }
    case 'connect':
      return writeConnection(target.pod, attempt)
    case 'add an ephemeral container': {
      const name = attempt.to === 'the Pod' ? target.pod : target.keylessPod
      const input = await readPod(target, name)
      const container = { name: 'debugger', image: 'debugger', ...confined, ...attempt.more }
      Object.assign(Object(input.spec), { ephemeralContainers: [container] })
      // Its status moves on; that is no conflict.
      delete input.metadata.resourceVersion
      const path = `/api/v1/namespaces/${namespace}/pods/${name}/ephemeralcontainers?dryRun=All`
      return { args: ['replace', '--raw', path, '-f', '-'], input }
    }
  }
}

/** Uses kubectl where possible. kubectl always names a container, and never ends an attach. */
function writeConnection(pod: string, { to, container }: Connection) {
  if (to === 'exec' && container !== undefined) {
    return { args: ['exec', pod, ...here, '-c', container, '--', '/nodejs/bin/node', '-e', '0'] }
  }
  const query = new URLSearchParams({ stdout: 'true', ...(container && { container }) })
  if (to === 'exec') query.append('command', '/nodejs/bin/node')
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/${to}?${query}`
  return { args: ['create', '--raw', path, '-f', '-'] }
}

async function readPod({ kubeconfig }: AdmissionTarget, name: string): Promise<Resource> {
  const env = { ...process.env, KUBECONFIG: kubeconfig }
  const { stdout } = await tryRun('kubectl', ['get', 'pod', name, ...here, '-o', 'json'], { env })
  return JSON.parse(stdout)
}

function readRepository(template: Resource): string {
  const image = readPodSpec([template]).spec.containers.find(({ name }) => name === 'signer')?.image
  return (image ?? '').replace(/:[^:/]*$/, '')
}

function changePod(pod: Resource, changes: readonly PodChange[] = []): Resource {
  return changes.reduce((changed, [path, value]) => {
    const [next] = applyChange([changed], [`Pod/${pod.metadata.name}`, path, value])
    return next ?? changed
  }, pod)
}
