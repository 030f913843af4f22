// AuthorizationPolicy: nothing is allowed, but for what is named exactly.
import type { Resource } from '../../kube/resources.ts'
import { type Finding, findKeys } from '../finding.ts'
import { findPodNamespace, isOfPodNamespace, selects } from '../model/namespace.ts'
import { findOurResources, readLayout } from '../model/pod.ts'
import { type Alternative, readPolicies } from '../model/policies.ts'
import { readListeners } from '../model/sidecar.ts'
import type { Rule } from '../rule.ts'

/** What the signer's own Pod may ask it without a token. */
const openToPod = ['GET /readyz', 'GET /metrics']
const signerPort = '8081'
/** The one policy that lets somebody else ask without a token: for the metrics. */
const scraping = { name: 'allow-prometheus-to-read-signer-metrics', request: 'GET /metrics' }
/** What an ALLOW has to name, and what may be written as a pattern. */
const exactFields = ['principals', 'ports', 'methods', 'paths'] as const

export const policyRules: readonly Rule[] = [
  {
    name: 'default-deny',
    title: 'nothing is allowed in the namespace by default',
    find: (resources) =>
      readPolicies(resources)
        .filter(({ resource }) => isOfPodNamespace(resource, resources))
        .some(
          ({ action, selector, isForGateway, alternatives }) =>
            action === 'ALLOW' &&
            !isForGateway &&
            Object.keys(selector).length === 0 &&
            alternatives.length === 0,
        )
        ? []
        : [
            {
              group: 'security.istio.io',
              path: [],
              message:
                'there is no default deny: an AuthorizationPolicy of the namespace with an empty spec',
            },
          ],
  },
  {
    name: 'allow-only',
    title: 'protection is said as what is allowed, never as what is denied',
    find: (resources) =>
      readPolicies(resources)
        .filter(({ action }) => action !== 'ALLOW')
        .map(({ resource, name, action }) => ({
          resource,
          path: ['spec', 'action'],
          message: `${name} is ${action}: whatever it does not name stays open`,
        })),
  },
  {
    name: 'policy-ports',
    title: 'every port that the proxy listens on has its ALLOW, and no other port has one',
    find: (resources) =>
      findOurResources(resources).flatMap((maker) => judgePorts(resources, maker)),
  },
  {
    name: 'exact-allow',
    title: 'every ALLOW names who, which port, which method and which path, each exactly',
    find: (resources) =>
      readPolicies(resources).flatMap(({ resource, name, alternatives, selector }) => [
        ...(alternatives.length > 0 && Object.keys(selector).length === 0
          ? [
              {
                resource,
                path: ['spec', 'selector'],
                message: `${name} is for every Pod: it needs a selector`,
              },
            ]
          : []),
        ...alternatives
          .flatMap((each) => exactFields.map((what) => ({ what, ...each[what] })))
          .filter(
            ({ values }) => values.length === 0 || values.some((value) => value.includes('*')),
          )
          .map(({ what, values, path }) => ({
            resource,
            path,
            message: `${name} allows ${values.length === 0 ? 'any' : values.join()} ${what}: name each exactly`,
          })),
      ]),
  },
  {
    name: 'negative-match',
    title: 'no policy says what it means by what it does not mean',
    find: (resources) =>
      readPolicies(resources).flatMap(({ resource }) =>
        findKeys(resource.spec, ['spec'], (key) => /^not[A-Z]/.test(key)).map((path) => ({
          resource,
          path,
          message: `${path.at(-1)} allows everything else, also what is added later`,
        })),
      ),
  },
  {
    name: 'signer-caller',
    title:
      'only the frontend may reach the signer, its own Pod where no token is asked for, and Prometheus for metrics',
    find: (resources) => {
      const { frontend, signer } = readLayout(resources)
      const accounts = `/ns/${findPodNamespace(resources)}/sa`
      return readPolicies(resources).flatMap(({ resource, name, alternatives }) =>
        alternatives
          .filter((each) => isForSigner(each.ports))
          .filter((each) => name !== scraping.name || describeRequest(each) !== scraping.request)
          .flatMap((each) => {
            const own = `${accounts}/${isOpenToPod(each) ? signer : frontend}`
            const { values, path } = each.principals
            return values.map((value, index) => ({ value, path: [...path, index], own }))
          })
          .filter(({ value, own }) => !value.endsWith(own))
          .map(({ value, path, own }) => ({
            resource,
            path,
            message: `${name} lets ${value} to the signer; only …${own} may ask for that`,
          })),
      )
    },
  },
  {
    name: 'token-to-sign',
    title:
      'only who holds the caller token may reach the signer, but for its readiness and its metrics',
    find: (resources) =>
      readPolicies(resources).flatMap(({ resource, name, alternatives }) =>
        alternatives
          .filter((each) => isForSigner(each.ports) && !isOpenToPod(each))
          .flatMap(({ requestPrincipals, audiences }) => [
            ...(requestPrincipals.values.length > 0 &&
            !requestPrincipals.values.some((value) => value.includes('*'))
              ? []
              : [{ path: requestPrincipals.path, message: `${name} asks for no certain token` }]),
            ...(audiences.values.join() === 'signer'
              ? []
              : [{ path: audiences.path, message: `${name} takes a token for any audience` }]),
          ])
          .map((found) => ({ resource, ...found })),
      ),
  },
]

/** No port means every port. */
function isForSigner({ values }: Alternative['ports']): boolean {
  return values.length === 0 || values.includes(signerPort)
}

function isOpenToPod(each: Alternative): boolean {
  return openToPod.includes(describeRequest(each))
}

function describeRequest({ methods, paths }: Alternative): string {
  return `${methods.values.join()} ${paths.values.join()}`
}

function judgePorts(resources: readonly Resource[], maker: Resource): Finding[] {
  const listeners = readListeners(resources, maker)
  const ports = listeners.map(({ port }) => port)
  const fields = readPolicies(resources)
    .filter(({ selector }) => selects(selector, maker))
    .flatMap(({ resource, alternatives }) =>
      alternatives.map((each) => ({ resource, ...each.ports })),
    )
  const allowed = fields.flatMap(({ values }) => values)
  return [
    ...listeners
      .filter(({ port }) => !allowed.includes(port))
      .map(({ resource, path, port }) => ({ resource, path, message: `${port} has no ALLOW` })),
    ...fields.flatMap(({ resource, path, values }) =>
      values
        .filter((port) => !ports.includes(port))
        .map((port) => ({ resource, path, message: `no Sidecar listens on ${port}` })),
    ),
  ]
}
