// AuthorizationPolicy: only what is named exactly is allowed.
import type { Resource } from '../../kube/resources.ts'
import { type Finding, findKeys } from '../finding.ts'
import {
  type Application,
  describePaths,
  isDeclared,
  isOfProject,
  isPrefixDeclared,
  listAccounts,
} from '../model/application.ts'
import { findPodNamespace, selects } from '../model/namespace.ts'
import { findOurResources, findSigningResource } from '../model/pod.ts'
import { type Alternative, isForPort, type Policy, readPolicies } from '../model/policies.ts'
import { readListeners } from '../model/sidecar.ts'
import type { Rule } from '../rule.ts'
import { denyOthers, denyOthersRule } from './deny-others-rule.ts'

/** Requests that the signer's Pod may send to the signer without a token. */
const openToPod = ['GET /readyz', 'GET /metrics']
const signerPort = '8081'
/** What the ingress gateway may call. */
export const gatewayPolicy = 'signer-allow-gateway'
/** The only policy that lets another workload send a request without a token. */
const scraping = { name: 'allow-prometheus-to-read-signer-metrics', request: 'GET /metrics' }
/** What each ALLOW must name, without patterns. */
const exactFields = ['principals', 'ports', 'methods', 'paths'] as const

export const policyRules: readonly Rule[] = [
  {
    name: 'allow-only',
    title: 'every policy for the signer is an ALLOW, except the one that refuses all others',
    find: (resources) => {
      const signer = findSigningResource(resources)
      // At the application, other actions only restrict what our ALLOW permits.
      return readPolicies(resources)
        .filter(
          ({ action, name }) => action !== 'ALLOW' && !(action === 'DENY' && name === denyOthers),
        )
        .filter(({ selector }) => signer === undefined || selects(selector, signer))
        .filter(({ alternatives }) => alternatives.some((each) => isForPort(each, signerPort)))
        .map(({ resource, name, action }) => ({
          resource,
          path: ['spec', 'action'],
          message: `${name} is ${action} for the signer, too: use ALLOW, or name the port of your application`,
        }))
    },
  },
  denyOthersRule,
  {
    name: 'policy-ports',
    title: 'every port of our Pods has an ALLOW, and no policy of this project has another port',
    find: (resources, application) =>
      findOurResources(resources).flatMap((workload) =>
        checkPorts(resources, workload, application),
      ),
  },
  {
    name: 'signer-policies',
    title: 'no policy of the application opens the port of the signer',
    find: (resources) =>
      readAllows(resources)
        .filter(({ resource, name }) => !isOfProject(resource) && name !== scraping.name)
        .flatMap(({ resource, name, alternatives }) =>
          alternatives
            .filter((each) => isForPort(each, signerPort))
            .map(({ ports }) => ({
              resource,
              path: ports.path,
              message: `${name} also opens port ${signerPort} of the signer: name the ports of your application`,
            })),
        ),
  },
  {
    name: 'exact-allow',
    title: 'every ALLOW of this project names exact principals, ports, methods and declared paths',
    find: (resources, application) =>
      readOwnAllows(resources).flatMap(({ resource, name, alternatives, selector }) => [
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
          .flatMap((each) =>
            exactFields.map((what) => ({
              isOpen: isForPort(each, signerPort),
              what,
              ...each[what],
            })),
          )
          .filter(
            ({ what, values, isOpen }) =>
              values.length === 0 ||
              values.some(
                (value) =>
                  value.includes('*') &&
                  (what !== 'paths' ||
                    isOpen ||
                    !isPrefixDeclared(application, value.slice(0, -1))),
              ),
          )
          .map(({ what, values, path }) => ({
            resource,
            path,
            message: `${name} allows ${values.length === 0 ? `any ${what}` : `the ${what} ${values.join()}`}: name each exactly`,
          })),
      ]),
  },
  {
    name: 'declared-paths',
    title: 'the ingress gateway may call only declared paths of the application',
    find: (resources, application) =>
      readOwnAllows(resources)
        .filter(({ name }) => name === gatewayPolicy)
        .flatMap(({ resource, alternatives }) =>
          alternatives.flatMap(({ methods, paths }) =>
            paths.values.flatMap((value) => {
              const refused = methods.values.filter((each) => !isAllowed(application, value, each))
              const isUnknown = !isAllowed(application, value)
              if (!isUnknown && refused.length === 0) return []
              return [
                {
                  resource,
                  path: isUnknown ? paths.path : methods.path,
                  message: `${refused.join()} ${value} is not declared: allow only ${describePaths(application)}`,
                },
              ]
            }),
          ),
        ),
  },
  {
    name: 'negative-match',
    title: 'no policy of this project allows by exclusion',
    find: (resources) =>
      readOwnAllows(resources).flatMap(({ resource }) =>
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
      'only the application may call the signer, except for readiness and metrics from its own Pod, and metrics from Prometheus',
    find: (resources, application) => {
      const { frontend, signer } = listAccounts(resources, application)
      const accounts = `/ns/${findPodNamespace(resources)}/sa`
      return readOwnAllows(resources).flatMap(({ resource, name, alternatives }) =>
        alternatives
          .filter((each) => isForPort(each, signerPort))
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
      readOwnAllows(resources).flatMap(({ resource, name, alternatives }) =>
        alternatives
          .filter((each) => isForPort(each, signerPort) && !isOpenToPod(each))
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

/** The policies that allow something at our Pods. The others only restrict. */
function readAllows(resources: readonly Resource[]): Policy[] {
  return readPolicies(resources).filter(
    ({ action, isForGateway }) => action === 'ALLOW' && !isForGateway,
  )
}

/** Those of this project. The application's own may open its own ports as it likes. */
function readOwnAllows(resources: readonly Resource[]): Policy[] {
  return readAllows(resources).filter(({ resource }) => isOfProject(resource))
}

function isAllowed(application: Application, path: string, method?: string): boolean {
  return path.endsWith('*')
    ? isPrefixDeclared(application, path.slice(0, -1), method)
    : isDeclared(application, path, method)
}

function isOpenToPod(each: Alternative): boolean {
  return openToPod.includes(describeRequest(each))
}

function describeRequest({ methods, paths }: Alternative): string {
  return `${methods.values.join()} ${paths.values.join()}`
}

function checkPorts(
  resources: readonly Resource[],
  workload: Resource,
  { isOurs, port: own }: Application,
): Finding[] {
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
      .filter(({ port }) => isOurs || [signerPort, String(own)].includes(port))
      .filter(({ port }) => !allowed.includes(port))
      .map(({ resource, path, port }) => ({
        resource,
        path,
        message: `port ${port} has no ALLOW: add an AuthorizationPolicy`,
      })),
    ...fields
      .filter(({ resource }) => isOfProject(resource))
      .flatMap(({ resource, path, values }) =>
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
