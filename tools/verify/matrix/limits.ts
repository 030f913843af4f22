// What the matrix cannot ask another application than our frontend, because the answer is the application's own.

import { isDeclared, isOfProject } from '../../analyze/model/application.ts'
import { isForPort, readPolicies } from '../../analyze/model/policies.ts'
import { type Application, application } from '../../kube/application.ts'
import { kubectlJson } from '../../kube/kubectl.ts'
import { namespace } from '../../kube/names.ts'
import { listOf, resourceSchema } from '../../kube/resources.ts'
import { requests } from './declared-table.ts'

export type Limits = {
  notes: readonly string[]
  isMeasured: (caller: string, request: string) => boolean
}

/** Reads the policies of the application. `deployment`: the name of its Deployment. */
export async function findLimits(deployment: string): Promise<Limits> {
  return application.isOurs
    ? { notes: [], isMeasured: () => true }
    : composeLimits(application, await listOpeningPolicies(deployment))
}

/** `opening`: the policies of the application that open its port. */
export function composeLimits(
  described: Pick<Application, 'file' | 'port' | 'smoke' | 'routes'>,
  opening: readonly string[],
): Limits {
  const { file, port, smoke, routes } = described
  const own = requests.filter(
    ({ path, id }) => id !== 'application' && isDeclared({ routes }, path),
  )
  return {
    notes: [
      ...(smoke === undefined ? [`${file} has no smoke request, so no public client asks`] : []),
      ...(opening.length === 0
        ? []
        : [`${opening.join(' and ')} opens port ${port} of the application, so no Pod asks there`]),
      ...own.map(
        ({ path }) =>
          `${path} is also a public path of the application, so no public client asks the signer for it`,
      ),
    ],
    isMeasured: (caller, request) => {
      if (request === 'application') {
        return caller === 'public' ? smoke !== undefined : opening.length === 0
      }
      // Any service behind the gateway may have readiness.
      return caller !== 'public' || (request !== 'readyz' && !own.some(({ id }) => id === request))
    },
  }
}

/** Lists the policies that open the port of the application and are not of this project. */
async function listOpeningPolicies(deployment: string): Promise<string[]> {
  const read = (what: readonly string[]) =>
    kubectlJson(listOf(resourceSchema), ['get', ...what, '-n', namespace, '-o', 'json'])
  const [own, policies] = await Promise.all([
    read(['deployment', deployment]),
    read(['authorizationpolicies.security.istio.io']),
  ])
  return readPolicies([...own, ...policies])
    .filter(({ action, isForGateway }) => action === 'ALLOW' && !isForGateway)
    .filter(({ resource }) => !isOfProject(resource))
    .filter(({ alternatives }) => alternatives.some((each) => isForPort(each, application.port)))
    .map(({ name }) => `AuthorizationPolicy/${name}`)
}
