// Makes an attempt of case.ts. Changes are dry runs, and a connection runs a command without effects.
import { readPod as readPodSpec } from '../../analyze/model/pod.ts'
import { namespace as ours, policyPrefixOf } from '../../kube/names.ts'
import { type Resource, resourceSchema } from '../../kube/resources.ts'
import { type Answer, type Api, creationOf, pathOfKind, type Request } from './api-server/api.ts'
import { findUser } from './askers.ts'
import type { AdmissionTarget, Attempt } from './cases/case.ts'
import { canChange, changeAll, type ResourceChange } from './change-resource.ts'
import { confined, makePod } from './pods.ts'
import {
  asWorkload,
  findTemplate,
  nameOlder,
  nameWorkload,
  type WorkloadKind,
} from './workloads.ts'

const signer = 'spec.containers.signer'

type Of<T extends Attempt['does']> = Extract<Attempt, { does: T }>

/** Whether the target has what the attempt changes. */
export function canAttempt({ template, configMaps }: AdmissionTarget, attempt: Attempt): boolean {
  const names = Object(template.spec).containers.map(({ name }: { name: string }) => name)
  switch (attempt.does) {
    case 'change an image':
      return names.includes(attempt.container)
    case 'make':
      if (attempt.pod !== undefined) return true
      if (attempt.image !== undefined && !names.includes('signer')) return false
      return canChange(template, attempt.changes)
    case 'change the Deployment':
    case 'change a workload':
      return canChange(template, attempt.changes)
    case 'change a ConfigMap': {
      const found = configMaps.find(({ metadata }) => metadata.name === attempt.name)
      return found !== undefined && canChange(found, attempt.changes)
    }
    default:
      return true
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
  if (policy !== undefined) return nameJudge(policy, namespace)
  return said.includes('violates PodSecurity') ? 'Pod Security' : 'nobody'
}

/** Returns the name of a policy without the prefix of `namespace`. */
export function nameJudge(policy: string, namespace = ours): string {
  const prefix = policyPrefixOf(namespace)
  return policy.startsWith(prefix) ? policy.slice(prefix.length) : policy
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

function makeAttempt(target: AdmissionTarget, attempt: Attempt): Promise<Answer> {
  const { api, namespace, deployment } = target
  const pods = `/api/v1/namespaces/${namespace}/pods`
  switch (attempt.does) {
    case 'make':
      return make(target, attempt)
    case 'change the Deployment':
      return changeTemplate(target, 'Deployment', deployment, attempt.changes)
    case 'change a workload':
      return changeTemplate(target, attempt.kind, nameWorkload(attempt.kind), attempt.changes)
    case 'label an older workload': {
      const { kind } = attempt
      return api.send({
        ...{ method: 'PATCH', path: `${inPlace(target, kind)}/${nameOlder(kind)}?dryRun=All` },
        contentType: 'application/merge-patch+json',
        body: { metadata: { labels: { team: 'x' } } },
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
      const metadata = { name: attempt.name, namespace: findPlace(target, attempt) }
      return write(api, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: attempt.data })
    }
    case 'change a ConfigMap': {
      const found = target.configMaps.find(({ metadata }) => metadata.name === attempt.name)
      if (found === undefined) throw new Error(`no ConfigMap ${attempt.name}`)
      const { apiVersion, kind, metadata, data, binaryData } = changeAll(found, attempt.changes)
      const named = { name: metadata.name, namespace }
      return write(api, { apiVersion, kind, metadata: named, data, binaryData })
    }
    case 'request a token':
      return requestToken(target, attempt)
    case 'connect':
      return api.send(writeConnection(target, attempt))
    case 'add an ephemeral container': {
      const name = attempt.to === 'the Pod' ? target.pod : target.keylessPod
      return addContainer(api, `${pods}/${name}`, (pod) => {
        const container = { name: 'debugger', image: 'debugger', ...confined, ...attempt.more }
        Object.assign(Object(pod.spec), { ephemeralContainers: [structuredClone(container)] })
        return changeAll(pod, attempt.changes)
      })
    }
  }
}

/** Replaces the Pod template of a workload by that of the target, with changes. */
function changeTemplate(
  target: AdmissionTarget,
  kind: WorkloadKind,
  name: string,
  changes?: readonly ResourceChange[],
): Promise<Answer> {
  const workload = asWorkload(kind, changeAll(target.template, changes))
  const path = findTemplate(kind)
  const [, ...keys] = path.split('/')
  const value = keys.reduce<unknown>((inner, key) => Object(inner)[key], workload)
  return target.api.send({
    ...{ method: 'PATCH', path: `${inPlace(target, kind)}/${name}?dryRun=All` },
    contentType: 'application/json-patch+json',
    body: [{ op: 'replace', path, value }],
  })
}

/** Returns the path of all workloads of a kind. */
function inPlace({ namespace }: AdmissionTarget, kind: WorkloadKind): string {
  const { metadata, ...workload } = asWorkload(kind, makePod())
  return pathOfKind({ ...workload, metadata: { ...metadata, namespace } })
}

async function make(target: AdmissionTarget, attempt: Of<'make'>): Promise<Answer> {
  const { api, template } = target
  const pod = attempt.pod === undefined ? template : makePod(attempt.pod)
  const image = attempt.image?.(readRepository(template))
  const changes: ResourceChange[] = image === undefined ? [] : [[`${signer}.image`, image]]
  const { metadata, ...changed } = changeAll(pod, [...(attempt.changes ?? []), ...changes])
  const placed = { ...changed, metadata: { ...metadata, namespace: findPlace(target, attempt) } }
  const workload = asWorkload(attempt.kind ?? 'Pod', placed)
  const as = findUser(target, attempt.as)
  if (attempt.isDryRun !== false) return api.tryCreate(workload, as)
  const answer = await api.send({ ...creationOf(workload), ...(as && { as }) })
  const path = `${pathOfKind(workload)}/${metadata.name}?gracePeriodSeconds=0`
  if (answer.status < 400) await api.send({ method: 'DELETE', path })
  return answer
}

function findPlace(target: AdmissionTarget, attempt: { in?: 'another namespace' }): string {
  return attempt.in === undefined ? target.namespace : target.otherNamespace
}

/** As `kubectl apply --server-side --force-conflicts` by another. */
function write(api: Api, body: Resource): Promise<Answer> {
  const { name, namespace } = body.metadata
  const query = 'dryRun=All&fieldManager=attacker&force=true'
  return api.send({
    method: 'PATCH',
    path: `/api/v1/namespaces/${namespace}/configmaps/${name}?${query}`,
    contentType: 'application/apply-patch+yaml',
    body,
  })
}

function requestToken(target: AdmissionTarget, attempt: Of<'request a token'>): Promise<Answer> {
  const accounts = `/api/v1/namespaces/${findPlace(target, attempt)}/serviceaccounts`
  const as = findUser(target, attempt.as)
  return target.api.send({
    ...{ method: 'POST', path: `${accounts}/${attempt.account}/token?dryRun=All` },
    body: {
      ...{ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest' },
      spec: { audiences: attempt.audiences },
    },
    ...(as && { as }),
  })
}

/** Without the upgrade that follows once a connection is allowed. */
function writeConnection(target: AdmissionTarget, attempt: Of<'connect'>): Request {
  const { to, container } = attempt
  const query = new URLSearchParams({ stdout: 'true', ...(container && { container }) })
  if (to === 'exec') query.append('command', '/nodejs/bin/node')
  const pod = `/api/v1/namespaces/${findPlace(target, attempt)}/pods/${target.pod}`
  return { method: 'POST', path: `${pod}/${to}?${query}` }
}

function readRepository(template: Resource): string {
  const image = readPodSpec([template]).spec.containers.find(({ name }) => name === 'signer')?.image
  return (image ?? '').replace(/:[^:/]*$/, '')
}
