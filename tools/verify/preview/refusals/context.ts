// What a change is judged against: the deployment on the cluster, and the names that belong to the application.
import { isDeepStrictEqual } from 'node:util'
import { type Finding, type Path, valueAt } from '../../../analyze/finding.ts'
import { describeResource, type Resource } from '../../../kube/resources.ts'

export type Context = {
  namespace: string
  /** The names of the Deployments with the signer and its caller. */
  deployments: readonly string[]
  /** What is deployed, without what the cluster writes. */
  deployed: readonly Resource[]
  /** The resources of the change. */
  changed: readonly Resource[]
  /** The public host that CONFIG declares. */
  publicHost: string | undefined
}

export type Check = (resource: Resource, context: Context) => Finding[]

export function findDeployed({ deployed }: Context, wanted: Resource): Resource | undefined {
  return deployed.find((each) => describeResource(each) === describeResource(wanted))
}

/** `message`: what is wrong. The name of the resource goes before it. */
export function refuse(resource: Resource, path: Path, message: string): Finding {
  return { resource, path, message: `${describeResource(resource)} ${message}` }
}

/** True if the deployed resource has the same there. What is deployed already opens nothing. */
export function isAsDeployed(resource: Resource, path: Path, context: Context): boolean {
  const found = findDeployed(context, resource)
  return found !== undefined && isDeepStrictEqual(valueAt(found, path), valueAt(resource, path))
}

/** Refuses each field at `path` that is neither among `allowed` nor as deployed. */
export function allowOnly(
  resource: Resource,
  path: Path,
  allowed: readonly string[],
  context: Context,
): Finding[] {
  return Object.keys(Object(valueAt(resource, path)))
    .filter((key) => !allowed.includes(key))
    .filter((key) => !isAsDeployed(resource, [...path, key], context))
    .map((key) =>
      refuse(
        resource,
        [...path, key],
        `sets ${[...path, key].join('.')}, which no preview applies`,
      ),
    )
}

export function listAt(resource: Resource, path: Path): unknown[] {
  const found = valueAt(resource, path)
  return Array.isArray(found) ? found : []
}
