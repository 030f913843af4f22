// What public clients can reach through an Ingress: one path of the frontend. Istio's ingress gateway may serve it.
import { z } from 'zod'
import type { Resource } from '../../kube/resources.ts'
import { type Finding, type Path, readAt } from '../finding.ts'
import {
  findOwnServices,
  frontendService,
  type OwnServices,
  publicPath,
  publicPort,
} from '../model/own-services.ts'
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
    title: 'an Ingress leads only the public path to the frontend',
    find: (resources) => {
      const own = findOwnServices(resources)
      return resources
        .filter(
          ({ apiVersion, kind }) =>
            kind === 'Ingress' && /^(networking\.k8s\.io|extensions)\//.test(apiVersion),
        )
        .filter(({ metadata }) => (metadata.namespace ?? own.namespace) === own.namespace)
        .flatMap((resource) => checkIngress(resource, own).map((found) => ({ resource, ...found })))
    },
  },
]

function checkIngress(resource: Resource, own: OwnServices): Found[] {
  const { defaultBackend, rules } = readAt(ingressSpec, resource)
  const isOurs = (to: Backend | undefined) => own.isOwn(to?.service?.name ?? '', own.namespace)
  const everything = ['spec', 'defaultBackend']
  return [
    ...(isOurs(defaultBackend)
      ? [{ path: everything, message: `every path is public: match the exact path ${publicPath}` }]
      : []),
    ...rules.flatMap(({ http }, rule) =>
      http.paths
        .map((each, index) => ({ ...each, at: ['spec', 'rules', rule, 'http', 'paths', index] }))
        .filter((each) => isOurs(each.backend))
        .flatMap(({ path, pathType, backend: to, at }) => [
          ...(pathType === 'Exact' && path === publicPath
            ? []
            : [
                {
                  path: [...at, 'path'],
                  message: `the public path is ${pathType} ${path}: match the exact path ${publicPath}`,
                },
              ]),
          ...checkBackend(to, [...at, 'backend']),
        ]),
    ),
  ]
}

function checkBackend({ service }: Backend, path: Path): Found[] {
  const port = service?.port.number ?? service?.port.name
  if (service?.name === frontendService && (port === publicPort || port === 'http')) return []
  return [
    {
      path,
      message: `leads to ${service?.name}:${port ?? 'its port'}: lead to ${frontendService}:${publicPort}`,
    },
  ]
}
