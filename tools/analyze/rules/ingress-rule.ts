// What public clients can reach through an Ingress: the declared paths of the application. Istio's ingress gateway may serve it.
import { z } from 'zod'
import type { Resource } from '../../kube/resources.ts'
import { type Finding, type Path, readAt } from '../finding.ts'
import {
  type Application,
  describePaths,
  isDeclared,
  isPrefixDeclared,
} from '../model/application.ts'
import { findOwnServices, type OwnServices } from '../model/own-services.ts'
import type { Rule } from '../rule.ts'

const backend = z.looseObject({
  service: z
    .looseObject({
      name: z.string(),
      port: z
        .looseObject({ number: z.number().optional(), name: z.string().optional() })
        .default({}),
    })
    .optional(),
})
const ingressSpec = z.looseObject({
  defaultBackend: backend.optional(),
  rules: z
    .array(
      z.looseObject({
        http: z
          .looseObject({
            paths: z
              .array(
                z.looseObject({
                  path: z.string().default('/'),
                  pathType: z.string().default('ImplementationSpecific'),
                  backend,
                }),
              )
              .default([]),
          })
          .default({ paths: [] }),
      }),
    )
    .default([]),
})
type Backend = z.infer<typeof backend>
type Found = Omit<Finding, 'resource'>

export const ingressRules: readonly Rule[] = [
  {
    name: 'public-ingress',
    title: 'an Ingress leads only declared paths to the application',
    find: (resources, application) => {
      const own = findOwnServices(resources, application)
      return resources
        .filter(
          ({ apiVersion, kind }) =>
            kind === 'Ingress' && /^(networking\.k8s\.io|extensions)\//.test(apiVersion),
        )
        .filter(({ metadata }) => (metadata.namespace ?? own.namespace) === own.namespace)
        .flatMap((resource) =>
          checkIngress(resource, own, application).map((found) => ({ resource, ...found })),
        )
    },
  },
]

function checkIngress(resource: Resource, own: OwnServices, application: Application): Found[] {
  const { defaultBackend, rules } = readAt(ingressSpec, resource)
  const isOurs = (to: Backend | undefined) => own.isOwn(to?.service?.name ?? '', own.namespace)
  const everything = ['spec', 'defaultBackend']
  const wanted = describePaths(application)
  return [
    ...(isOurs(defaultBackend)
      ? [{ path: everything, message: `every path is public: match ${wanted}` }]
      : []),
    ...rules.flatMap(({ http }, rule) =>
      http.paths
        .map((each, index) => ({ ...each, at: ['spec', 'rules', rule, 'http', 'paths', index] }))
        .filter((each) => isOurs(each.backend))
        .flatMap(({ path, pathType, backend: to, at }) => [
          ...(isPublic(application, pathType, path)
            ? []
            : [
                {
                  path: [...at, 'path'],
                  message: `the public path is ${pathType} ${path}: match ${wanted}`,
                },
              ]),
          ...checkBackend(to, [...at, 'backend'], application),
        ]),
    ),
  ]
}

/** A prefix has whole parts of paths only, so "/a" is "/a" and "/a/*". */
function isPublic(application: Application, type: string, path: string): boolean {
  if (type === 'Exact') return isDeclared(application, path)
  return type === 'Prefix' && isPrefixDeclared(application, `${path.replace(/\/$/, '')}/`)
}

function checkBackend(
  { service }: Backend,
  path: Path,
  { isOurs, service: wanted, port: wantedPort }: Application,
): Found[] {
  const port = service?.port.number ?? service?.port.name
  // No Service leads to the signer, which signer-service checks. An application has its own ports.
  if (!isOurs) return []
  if (service?.name === wanted && (port === wantedPort || port === 'http')) return []
  return [
    {
      path,
      message: `leads to ${service?.name}:${port ?? 'its port'}: lead to ${wanted}:${wantedPort}`,
    },
  ]
}
