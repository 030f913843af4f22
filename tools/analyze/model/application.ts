// The application beside the signer, as the rules need it. Its signing.yaml says so.
import { sharesPod } from '../../kube/layouts.ts'
import { deployment, serviceAccount } from '../../kube/names.ts'
import type { Resource } from '../../kube/resources.ts'
import { valueAt } from '../finding.ts'
import { readLayout } from './pod.ts'

/** `path`: exact, or a prefix that ends with "/*". */
export type Route = Readonly<{ method: string; path: string }>

export type Application = Readonly<{
  deployment: string
  /** The container that calls the signer. */
  container: string
  /** Of the Pod that has both. */
  serviceAccount: string
  /** The Service and the container port that public routes lead to. */
  service: string
  port: number
  /** What public clients may call. */
  routes: readonly Route[]
  /** True for the frontend of this project. The rules know all of it. */
  isOurs: boolean
}>

export const application: Application = {
  ...{ container: 'frontend', serviceAccount, service: 'frontend', port: 8080 },
  ...{ deployment, routes: [{ method: 'POST', path: '/process' }], isOurs: true },
}

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
export function isDeclared({ routes }: Application, path: string, method?: string): boolean {
  return routes.some(
    (route) =>
      (method === undefined || route.method === method) &&
      (route.path === path || (isPrefix(route) && path.startsWith(route.path.slice(0, -1)))),
  )
}

/** True if a declared route covers every path that begins with `prefix`. */
export function isPrefixDeclared(
  { routes }: Application,
  prefix: string,
  method?: string,
): boolean {
  return routes.some(
    (route) =>
      isPrefix(route) &&
      (method === undefined || route.method === method) &&
      prefix.startsWith(route.path.slice(0, -1)),
  )
}

function isPrefix({ path }: Route): boolean {
  return path.endsWith('/*')
}

/** E.g. "the exact path /process", or "one of /orders, /orders/*". */
export function describePaths({ routes }: Application): string {
  const paths = [...new Set(routes.map(({ path }) => path))]
  const [only = ''] = paths
  if (paths.length > 1) return `one of ${paths.join(', ')}`
  return only.endsWith('/*') ? `the prefix ${only}` : `the exact path ${only}`
}
