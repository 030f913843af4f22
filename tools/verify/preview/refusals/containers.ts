// The containers of the Pod: the deployed ones, with their images, commands and probes. Anyone may open a
// pull request, so no code of it runs.
import { isDeepStrictEqual } from 'node:util'
import { type Finding, itemsOf, type Path, valueAt } from '../../../analyze/finding.ts'
import type { Resource } from '../../../kube/resources.ts'
import { type Check, type Context, findDeployed, listAt, refuse } from './context.ts'

const pod = ['spec', 'template', 'spec'] as const
const fields = [
  ...['name', 'image', 'imagePullPolicy', 'env', 'ports', 'resources', 'securityContext'],
  ...['volumeMounts', 'livenessProbe', 'readinessProbe', 'startupProbe'],
  ...['terminationMessagePath', 'terminationMessagePolicy'],
]
const probes = ['livenessProbe', 'readinessProbe', 'startupProbe']
const lists = ['containers', 'initContainers', 'ephemeralContainers']

type Container = Readonly<Record<string, unknown>>

export const checkContainers: Check = (resource, context) =>
  lists.flatMap((list) =>
    listAt(resource, [...pod, list]).flatMap((each, index) => {
      const path = [...pod, list, index]
      const container = Object(each) as Container
      const deployed = findContainer(resource, list, container, context)
      if (deployed === undefined) {
        return [
          refuse(
            resource,
            path,
            `adds the container ${container.name}. A preview runs no new code`,
          ),
        ]
      }
      return checkContainer(resource, container, deployed, path)
    }),
  )

export function findContainer(
  resource: Resource,
  list: string,
  { name }: Container,
  context: Context,
): Container | undefined {
  const found = findDeployed(context, resource)
  const all = found === undefined ? [] : listAt(found, [...pod, list])
  return all.map((each) => Object(each) as Container).find((each) => each.name === name)
}

function checkContainer(
  resource: Resource,
  container: Container,
  deployed: Container,
  path: Path,
): Finding[] {
  const same = (key: string) => isDeepStrictEqual(container[key], deployed[key])
  const at = (key: string, message: string) =>
    refuse(resource, [...path, key], `${message} (container ${container.name})`)
  return [
    ...Object.keys(container)
      .filter((key) => !fields.includes(key) && !same(key))
      .map((key) => at(key, `changes ${key}, which decides what runs`)),
    // What is gone may decide, too.
    ...['command', 'args', 'lifecycle']
      .filter((key) => container[key] === undefined && deployed[key] !== undefined)
      .map((key) => at(key, `has no ${key}, which decides what runs`)),
    ...(repositoryOf(container.image) === repositoryOf(deployed.image) || isUnfilled(container)
      ? []
      : [at('image', `has the image ${container.image}, and ${deployed.image} is deployed`)]),
    ...probes
      .filter((key) => !same(key) && !isHttpProbe(container[key]))
      .map((key) => at(key, `has a ${key} that does not ask the Pod by HTTP`)),
    ...itemsOf(container.ports)
      .filter((port) => port.hostPort !== undefined || port.hostIP !== undefined)
      .map(() => at('ports', 'opens a port of the node')),
    ...itemsOf(container.env)
      .filter((each) => each.valueFrom !== undefined)
      .filter((each) => !itemsOf(deployed.env).some((own) => isDeepStrictEqual(own, each)))
      .map(({ name }) => at('env', `reads the variable ${name} from another resource`)),
    // The container would call it.
    ...itemsOf(container.env)
      .filter(({ value }) => /^(?!spiffe:)[a-z+]+:\/\//i.test(String(value ?? '')))
      .filter((each) => !itemsOf(deployed.env).some((own) => isDeepStrictEqual(own, each)))
      .map(({ name }) => at('env', `has another address in the variable ${name}`)),
    ...checkSecurity(Object(container.securityContext), Object(deployed.securityContext)).map(
      (field) => at('securityContext', `sets ${field}, which the deployed container does not have`),
    ),
  ]
}

/** What Pod Security refuses, too. */
export function checkSecurity(found: Container, deployed: Container): string[] {
  const added = listOfTexts(valueAt(found, ['capabilities', 'add']))
  const widened: Record<string, boolean> = {
    privileged: found.privileged === true,
    'capabilities.add': added.length > 0,
    procMount: found.procMount !== undefined && found.procMount !== 'Default',
    allowPrivilegeEscalation: found.allowPrivilegeEscalation === true,
    'runAsUser: 0': found.runAsUser === 0,
    'seccompProfile.type: Unconfined': valueAt(found, ['seccompProfile', 'type']) === 'Unconfined',
    ...Object.fromEntries(
      ['seLinuxOptions', 'windowsOptions', 'appArmorProfile'].map((key) => [
        key,
        found[key] !== undefined,
      ]),
    ),
  }
  return Object.keys(widened).filter(
    (key) => widened[key] && !isDeepStrictEqual(found[key], deployed[key] ?? null),
  )
}

/** The names that our own manifests have before the image is filled in. */
function isUnfilled({ image }: Container): boolean {
  return /^secure-signing\/(frontend|signer)$/.test(String(image))
}

/** "registry.example:5000/team/signer:v1@sha256:…" → "registry.example:5000/team/signer". */
export function repositoryOf(image: unknown): string {
  return String(image)
    .replace(/@.*$/, '')
    .replace(/:[^/:]*$/, '')
}

function isHttpProbe(probe: unknown): boolean {
  if (probe === undefined) return true
  const { exec, grpc, tcpSocket, httpGet } = Object(probe)
  const others = [exec, grpc, tcpSocket].some((each) => each !== undefined)
  return !others && httpGet !== undefined && httpGet.host === undefined
}

function listOfTexts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : []
}
