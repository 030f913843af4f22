// Makes an attempt of case.ts. Changes are dry runs, and a connection runs a command without effects.
import { readPod as readPodSpec } from '../../analyze/model/pod.ts'
import { namespace as ours, policyPrefixOf } from '../../kube/names.ts'
import { type Resource, resourceSchema } from '../../kube/resources.ts'
import type { Api, Request } from './api-server/api.ts'
import type { AdmissionTarget, Attempt, Connection } from './cases/case.ts'
import { changeResource, type ResourceChange } from './change-resource.ts'
import { confined, makePod } from './pods.ts'
import { asWorkload } from './workloads.ts'

const signer = 'spec.containers.signer'

/** Whether the target has what the attempt changes. */
export function canAttempt({ template }: AdmissionTarget, attempt: Attempt): boolean {
  const names = Object(template.spec).containers.map(({ name }: { name: string }) => name)
  switch (attempt.does) {
    case 'change an image':
      return names.includes(attempt.container)
    case 'make':
      if (attempt.pod !== undefined) return true
      if (attempt.image !== undefined && !names.includes('signer')) return false
      return canChange(template, attempt.changes)
    case 'change the Deployment':
      return canChange(template, attempt.changes)
    default:
      return true
  }
}

function canChange(template: Resource, changes: readonly ResourceChange[] = []): boolean {
  try {
    changes.reduce(changeResource, template)
    return true
  } catch {
    return false
  }
}

export type Verdict = { isAllowed: boolean; said: string }

/** Makes the attempt. Returns what the API server says, and whether it allows the attempt. */
export async function attemptCase(target: AdmissionTarget, attempt: Attempt): Promise<Verdict> {
  const { status, said } = await makeAttempt(target, attempt)
  // A connection that is allowed fails later where there is no kubelet.
  const isAllowed = attempt.does === 'connect' ? findJudge(said) === 'nobody' : status < 400
  return { isAllowed, said }
}

/** Returns the policy that refused, without the prefix of `namespace`, or Pod Security, or nobody. */
export function findJudge(said: string, namespace = ours): string {
  const policy = /ValidatingAdmissionPolicy '([^']+)'/.exec(said)?.[1]
  const prefix = policyPrefixOf(namespace)
  if (policy !== undefined) {
    return policy.startsWith(prefix) ? policy.slice(prefix.length) : policy
  }
  return said.includes('violates PodSecurity') ? 'Pod Security' : 'nobody'
}

async function makeAttempt({ api, namespace, ...target }: AdmissionTarget, attempt: Attempt) {
  const pods = `/api/v1/namespaces/${namespace}/pods`
  switch (attempt.does) {
    case 'make': {
      const pod = attempt.pod === undefined ? target.template : makePod(attempt.pod)
      const image = attempt.image?.(readRepository(target.template))
      const changes: ResourceChange[] = image === undefined ? [] : [[`${signer}.image`, image]]
      const { metadata, ...changed } = changePod(pod, [...(attempt.changes ?? []), ...changes])
      const placed = { ...changed, metadata: { ...metadata, namespace } }
      return api.tryCreate(asWorkload(attempt.kind ?? 'Pod', placed))
    }
    case 'change the Deployment': {
      const { metadata, spec } = changePod(target.template, attempt.changes)
      const value = { metadata: { ...metadata, name: undefined, namespace: undefined }, spec }
      const deployments = `/apis/apps/v1/namespaces/${namespace}/deployments`
      return api.send({
        ...{ method: 'PATCH', path: `${deployments}/${target.deployment}?dryRun=All` },
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
      return api.send(writeConnection(`${pods}/${target.pod}`, attempt))
    case 'add an ephemeral container': {
      const name = attempt.to === 'the Pod' ? target.pod : target.keylessPod
      return addContainer(api, `${pods}/${name}`, (pod) => {
        const container = { name: 'debugger', image: 'debugger', ...confined, ...attempt.more }
        Object.assign(Object(pod.spec), { ephemeralContainers: [structuredClone(container)] })
        return changePod(pod, attempt.changes)
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
function writeConnection(path: string, { to, container }: Connection): Request {
  const query = new URLSearchParams({ stdout: 'true', ...(container && { container }) })
  if (to === 'exec') query.append('command', '/nodejs/bin/node')
  return { method: 'POST', path: `${path}/${to}?${query}` }
}

function readRepository(template: Resource): string {
  const image = readPodSpec([template]).spec.containers.find(({ name }) => name === 'signer')?.image
  return (image ?? '').replace(/:[^:/]*$/, '')
}

function changePod(pod: Resource, changes: readonly ResourceChange[] = []): Resource {
  return changes.reduce(changeResource, pod)
}
