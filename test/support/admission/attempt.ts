// Makes an attempt of case.ts. Changes are dry runs, and a connection runs a command without effects.
import { readPod as readPodSpec } from '../../../tools/analyze/model/pod.ts'
import { deployment, namespace } from '../../../tools/kube/names.ts'
import { type Resource, resourceSchema } from '../../../tools/kube/resources.ts'
import type { Api, Request } from '../api-server/api.ts'
import { confined, makePod } from '../attack/pods.ts'
import { applyChange } from '../mistakes/mistakes.ts'
import type { AdmissionTarget, Attempt, Connection, PodChange } from './case.ts'
import { asWorkload } from './workloads.ts'

const signer = 'spec.containers.1'
const pods = `/api/v1/namespaces/${namespace}/pods`
const deployments = `/apis/apps/v1/namespaces/${namespace}/deployments`

export type Verdict = { isAllowed: boolean; said: string }

/** Makes the attempt. Returns what the API server says, and whether it allows the attempt. */
export async function attemptCase(target: AdmissionTarget, attempt: Attempt): Promise<Verdict> {
  const { status, said } = await makeAttempt(target, attempt)
  return { isAllowed: status < 400, said }
}

export function findJudge(said: string): string {
  const policy = /ValidatingAdmissionPolicy 'secure-signing-([a-z-]+)'/.exec(said)?.[1]
  return policy ?? (said.includes('violates PodSecurity') ? 'Pod Security' : 'nobody')
}

async function makeAttempt({ api, ...target }: AdmissionTarget, attempt: Attempt) {
  switch (attempt.does) {
    case 'make': {
      const pod = attempt.pod === undefined ? target.template : makePod(attempt.pod)
      const image = attempt.image?.(readRepository(target.template))
      const changes: PodChange[] = image === undefined ? [] : [[`${signer}.image`, image]]
      const changed = changePod(pod, [...(attempt.changes ?? []), ...changes])
      return api.tryCreate(asWorkload(attempt.kind ?? 'Pod', changed))
    }
    case 'change the Deployment': {
      const { metadata, spec } = changePod(target.template, attempt.changes)
      const value = { metadata: { ...metadata, name: undefined, namespace: undefined }, spec }
      return api.send({
        ...{ method: 'PATCH', path: `${deployments}/${deployment}?dryRun=All` },
        contentType: 'application/json-patch+json',
        body: [{ op: 'replace', path: '/spec/template', value }],
      })
    }
    case 'change an image': {
      const { container: name, image } = attempt
      return api.send({
        ...{ method: 'PATCH', path: `${pods}/${target.pod}?dryRun=All` },
        contentType: 'application/strategic-merge-patch+json',
        body: { spec: { containers: [{ name, image }] } },
      })
    }
    case 'change the Pod': {
      const name = attempt.of === 'a Pod without the key' ? target.keylessPod : target.pod
      return api.send({
        ...{ method: 'PATCH', path: `${pods}/${name}?dryRun=All` },
        contentType: 'application/merge-patch+json',
        body: { metadata: attempt.metadata },
      })
    }
    case 'write a ConfigMap': {
      const { name, data } = attempt
      const metadata = { name, namespace }
      const query = 'dryRun=All&fieldManager=attacker&force=true'
      return api.send({
        method: 'PATCH',
        path: `/api/v1/namespaces/${namespace}/configmaps/${name}?${query}`,
        contentType: 'application/apply-patch+yaml',
        body: { apiVersion: 'v1', kind: 'ConfigMap', metadata, data },
      })
    }
    case 'connect':
      return api.send(writeConnection(target.pod, attempt))
    case 'add an ephemeral container': {
      const name = attempt.to === 'the Pod' ? target.pod : target.keylessPod
      return addContainer(api, `${pods}/${name}`, (pod) => {
        const container = { name: 'debugger', image: 'debugger', ...confined, ...attempt.more }
        Object.assign(Object(pod.spec), { ephemeralContainers: [container] })
        return pod
      })
    }
  }
}

/** Adds ephemeral containers with `add` to the Pod at `path`, in a dry run. */
export async function addContainer(api: Api, path: string, add: (pod: Resource) => Resource) {
  const { said } = await api.send({ method: 'GET', path })
  const pod = add(resourceSchema.parse(JSON.parse(said)))
  // The Pod's status changes all the time, which is no conflict.
  delete pod.metadata.resourceVersion
  const query = 'dryRun=All&fieldValidation=Strict'
  return api.send({ method: 'PUT', path: `${path}/ephemeralcontainers?${query}`, body: pod })
}

/** Without the upgrade that follows once a connection is allowed. */
function writeConnection(pod: string, { to, container }: Connection): Request {
  const query = new URLSearchParams({ stdout: 'true', ...(container && { container }) })
  if (to === 'exec') query.append('command', '/nodejs/bin/node')
  return { method: 'POST', path: `${pods}/${pod}/${to}?${query}` }
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
