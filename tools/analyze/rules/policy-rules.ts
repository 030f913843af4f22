// AuthorizationPolicy: only what is named exactly is allowed.
import type { Resource } from '../../kube/resources.ts'
import { type Finding, findKeys } from '../finding.ts'
import { findPodNamespace, isOfPodNamespace, selects } from '../model/namespace.ts'
import { findOurResources, findSigningResource, readLayout } from '../model/pod.ts'
import { type Alternative, type Policy, readPolicies } from '../model/policies.ts'
import { readListeners } from '../model/sidecar.ts'
import type { Rule } from '../rule.ts'

/** Requests that the signer's Pod may send to the signer without a token. */
const openToPod = ['GET /readyz', 'GET /metrics']
const signerPort = '8081'
/** Denies what somebody else's ALLOW would open. */
const denyOthers = 'signer-deny-others'
/** The only policy that lets another workload send a request without a token. */
const scraping = { name: 'allow-prometheus-to-read-signer-metrics', request: 'GET /metrics' }
/** What each ALLOW must name, without patterns. */
const exactFields = ['principals', 'ports', 'methods', 'paths'] as const

export const policyRules: readonly Rule[] = [
  {
    name: 'default-deny',
    title: 'our Pods deny requests by default',
    find: (resources) => {
      const denying = readPolicies(resources)
        .filter(({ resource }) => isOfPodNamespace(resource, resources))
        .filter(({ action, isForGateway }) => action === 'ALLOW' && !isForGateway)
        .filter(({ alternatives }) => alternatives.length === 0)
      return findOurResources(resources)
        .filter((workload) => !denying.some(({ selector }) => selects(selector, workload)))
        .map(({ metadata }) => ({
          group: 'security.istio.io',
          path: [],
          message: `the Pods of ${metadata.name} have no default deny: add an AuthorizationPolicy that selects them, without rules`,
        }))
    },
  },
  {
    name: 'allow-only',
    title: 'every policy for the signer is an ALLOW, but the one that denies others',
    find: (resources) => {
      const signer = findSigningResource(resources)
      // At the frontend, other actions only restrict what our ALLOW permits.
      return readPolicies(resources)
        .filter(({ action, name }) => action !== 'ALLOW' && name !== denyOthers)
        .filter(({ selector }) => signer === undefined || selects(selector, signer))
        .filter(({ alternatives }) => alternatives.some(({ ports }) => isForSigner(ports)))
        .map(({ resource, name, action }) => ({
          resource,
          path: ['spec', 'action'],
          message: `${name} is ${action} for the signer, too: use ALLOW, or name the port of your application`,
        }))
    },
  },
  {
    name: 'policy-ports',
    title: 'every port that the proxy listens on has an ALLOW, and no other port has one',
    find: (resources) =>
      findOurResources(resources).flatMap((workload) => checkPorts(resources, workload)),
  },
  {
    name: 'exact-allow',
    title: 'every ALLOW names exact principals, ports, methods and paths',
    find: (resources) =>
      readAllows(resources).flatMap(({ resource, name, alternatives, selector }) => [
        ...(alternatives.length > 0 && Object.keys(selector).length === 0
          ? [
              {
                resource,
                path: ['spec', 'selector'],
                message: `${name} applies to every Pod: add a selector`,
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
            message: `${name} allows ${values.length === 0 ? `any ${what}` : `the ${what} ${values.join()}`}: name each exactly`,
          })),
      ]),
  },
  {
    name: 'negative-match',
    title: 'no policy allows by exclusion',
    find: (resources) =>
      readAllows(resources).flatMap(({ resource }) =>
        findKeys(resource.spec, ['spec'], (key) => /^not[A-Z]/.test(key)).map((path) => ({
          resource,
          path,
          message: `${path.at(-1)} allows everything else, also what is added later: name what to allow`,
        })),
      ),
  },
  {
    name: 'signer-caller',
    title:
      'only the frontend may call the signer, except for readiness and metrics from its own Pod, and metrics from Prometheus',
    find: (resources) => {
      const { frontend, signer } = readLayout(resources)
      const accounts = `/ns/${findPodNamespace(resources)}/sa`
      return readAllows(resources).flatMap(({ resource, name, alternatives }) =>
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
            message: `${name} lets ${value} call the signer: only …${own} may send this request`,
          })),
      )
    },
  },
  {
    name: 'token-to-sign',
    title: 'every request to the signer needs the caller token, except readiness and metrics',
    find: (resources) =>
      readAllows(resources).flatMap(({ resource, name, alternatives }) =>
        alternatives
          .filter((each) => isForSigner(each.ports) && !isOpenToPod(each))
          .flatMap(({ requestPrincipals, audiences }) => [
            ...(requestPrincipals.values.length > 0 &&
            !requestPrincipals.values.some((value) => value.includes('*'))
              ? []
              : [
                  {
                    path: requestPrincipals.path,
                    message: `${name} does not require the caller token: set requestPrincipals exactly`,
                  },
                ]),
            ...(audiences.values.join() === 'signer'
              ? []
              : [
                  {
                    path: audiences.path,
                    message: `${name} accepts a token with any audience: require request.auth.audiences signer`,
                  },
                ]),
          ])
          .map((found) => ({ resource, ...found })),
      ),
  },
]

/** The policies that allow something. The others only restrict. */
function readAllows(resources: readonly Resource[]): Policy[] {
  return readPolicies(resources).filter(({ action }) => action === 'ALLOW')
}

/** A policy without ports applies to every port. */
function isForSigner({ values }: Alternative['ports']): boolean {
  return values.length === 0 || values.includes(signerPort)
}

function isOpenToPod(each: Alternative): boolean {
  return openToPod.includes(describeRequest(each))
}

function describeRequest({ methods, paths }: Alternative): string {
  return `${methods.values.join()} ${paths.values.join()}`
}

function checkPorts(resources: readonly Resource[], workload: Resource): Finding[] {
  const listeners = readListeners(resources, workload)
  const ports = listeners.map(({ port }) => port)
  const fields = readAllows(resources)
    .filter(({ selector }) => selects(selector, workload))
    .flatMap(({ resource, alternatives }) =>
      alternatives.map((each) => ({ resource, ...each.ports })),
    )
  const allowed = fields.flatMap(({ values }) => values)
  return [
    ...listeners
      .filter(({ port }) => !allowed.includes(port))
      .map(({ resource, path, port }) => ({
        resource,
        path,
        message: `port ${port} has no ALLOW: add an AuthorizationPolicy`,
      })),
    ...fields.flatMap(({ resource, path, values }) =>
      values
        .filter((port) => !ports.includes(port))
        .map((port) => ({
          resource,
          path,
          message: `no Sidecar listens on port ${port}: remove the port`,
        })),
    ),
  ]
}
