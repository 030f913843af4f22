// The application beside the signer, as the rules need it. Its signing.yaml says so.
import { coversPath, readPrefix } from '../../kube/application/route-path.ts'
import type { Application as Described } from '../../kube/application.ts'
import { sharesPod } from '../../kube/layouts.ts'
import type { Resource } from '../../kube/resources.ts'
import { valueAt } from '../finding.ts'
import { readLayout } from './pod.ts'

/** The fields that the rules read. */
export type Application = Pick<
  Described,
  'container' | 'serviceAccount' | 'service' | 'port' | 'routes' | 'isOurs'
>

const partOf = ['metadata', 'labels', 'app.kubernetes.io/part-of']

/** True for a resource of this project, and not of the application. */
export function isOfProject(resource: Resource): boolean {
  return valueAt(resource, partOf) === 'secure-signing'
}

/** The ServiceAccounts of the application and of the signer. In one Pod they are the same. */
export function listAccounts(
  resources: readonly Resource[],
  { serviceAccount }: Application,
): { frontend: string; signer: string } {
  const layout = readLayout(resources)
  return sharesPod(layout) ? { frontend: serviceAccount, signer: serviceAccount } : layout
}

/** True if a declared route covers an exact path. */
export function isDeclared(
  { routes }: Pick<Application, 'routes'>,
  path: string,
  method?: string,
): boolean {
  return routes.some(
    (route) => (method === undefined || route.method === method) && coversPath(route.path, path),
  )
}

/** True if a declared route covers every path that begins with `prefix`. */
export function isPrefixDeclared(
  { routes }: Application,
  prefix: string,
  method?: string,
): boolean {
  const isCovered = (path: string) => {
    const own = readPrefix(path)
    return own !== undefined && prefix.startsWith(own)
  }
  return routes.some(
    (route) => (method === undefined || route.method === method) && isCovered(route.path),
  )
}

/** E.g. "the exact path /process", or "one of /orders, /orders/*". */
export function describePaths({ routes }: Application): string {
  const paths = [...new Set(routes.map(({ path }) => path))]
  const [only = ''] = paths
  if (paths.length > 1) return `one of ${paths.join(', ')}`
  return readPrefix(only) === undefined ? `the exact path ${only}` : `the prefix ${only}`
}
