// The ways to the frontend and to the signer: one each.
import { z } from 'zod'
import { sharesPod } from '../../kube/layouts.ts'
import type { Resource } from '../../kube/resources.ts'
import { type Finding, readAt } from '../finding.ts'
import { isOfPodNamespace, listInScope, selects } from '../model/namespace.ts'
import {
  type Container,
  listContainers,
  readFrontendPod,
  readLayout,
  readPod,
  readWorkload,
} from '../model/pod.ts'
import { type Listener, listSidecars, readListeners } from '../model/sidecar.ts'
import type { Rule } from '../rule.ts'

const socket = '/run/signer/signer.sock'
/** Port that the proxy listens on → where it hands over. */
type Endpoints = Readonly<Record<string, string>>
const toFrontend: Endpoints = { 8080: '127.0.0.1:8080' }
const toSigner: Endpoints = { 8081: `unix://${socket}` }
type Address = readonly [container: string, variable: string, right: RegExp, message: string]
const listensAt: Address = [
  'signer',
  'SIGNER_SOCKET',
  /^\/run\/signer\/signer\.sock$/,
  `the signer listens at ${socket}`,
]
const callsProxy: Address = [
  'frontend',
  'SIGNER_URL',
  /^http:\/\/(localhost|127\.0\.0\.1):8081\//,
  'the frontend calls localhost:8081, the proxy',
]
const callsService: Address = [
  'frontend',
  'SIGNER_URL',
  /^http:\/\/signer\//,
  "the frontend calls the signer's Service, http://signer/",
]
/** A Service's port, and what it may lead to. */
type ServicePort = readonly [port: number, targets: readonly unknown[]]
const frontendPort: ServicePort = [8080, [8080, 'http']]
const signerPort: ServicePort = [80, [8081]]

/** What leads to one of our Pods, and where it calls. */
type Routes = {
  maker: Resource
  /** The last of them it must have. */
  endpoints: Endpoints
  addresses: readonly Address[]
  servicePort: ServicePort
  /** All services of the namespace on this port; only the signer's has it. */
  importedPort?: number
}
const serviceSpec = z.object({
  selector: z.record(z.string(), z.string()).optional(),
  ports: z
    .array(z.object({ port: z.number(), targetPort: z.union([z.number(), z.string()]).optional() }))
    .default([]),
})

export const routingRules: readonly Rule[] = [
  {
    name: 'proxy-endpoints',
    title: 'the proxy hands 8080 to the frontend and 8081 to the socket, and takes nothing else',
    find: (resources) =>
      listRoutes(resources).flatMap(({ maker, endpoints }) => {
        const listeners = readListeners(resources, maker)
        const [port = '', endpoint = ''] = Object.entries(endpoints).at(-1) ?? []
        return [
          ...(listeners.some((each) => each.port === port)
            ? []
            : [
                {
                  group: 'networking.istio.io',
                  path: [],
                  message: `no Sidecar leads from ${port} to ${endpoint}`,
                },
              ]),
          ...listeners.flatMap((listener) => judgeEndpoint(listener, endpoints)),
        ]
      }),
  },
  {
    name: 'egress',
    title: 'the proxy lets its Pod call what is named, and nobody else',
    find: (resources) =>
      listRoutes(resources).flatMap(({ maker, importedPort }) =>
        listSidecars(resources, maker).flatMap(({ resource, egress, outboundTrafficPolicy }) => [
          ...(outboundTrafficPolicy.mode === 'REGISTRY_ONLY'
            ? []
            : [
                {
                  resource,
                  path: ['spec', 'outboundTrafficPolicy', 'mode'],
                  message: 'what is imported nowhere goes anywhere',
                },
              ]),
          ...egress.flatMap(({ port, hosts }, index) =>
            hosts
              .filter((host) => host.includes('*') && host !== '~/*')
              .filter((host) => host !== './*' || port?.number !== importedPort || !port)
              .map((host) => ({
                resource,
                path: ['spec', 'egress', index, 'hosts'],
                message: `the Pod may call ${host}: name each that it calls`,
              })),
          ),
        ]),
      ),
  },
  {
    name: 'addresses',
    title: 'the signer listens on the socket that is mounted, and the frontend calls the proxy',
    find: (resources) =>
      listRoutes(resources).flatMap(({ maker, addresses }) =>
        listContainers(readWorkload(maker)).flatMap((container) =>
          addresses
            .filter(([name]) => name === container.name)
            .flatMap((address) => judgeAddress(maker, container, address)),
        ),
      ),
  },
  {
    name: 'signer-service',
    title:
      'no Service leads to anything but the frontend, and the signer where it is in another Pod',
    find: (resources) =>
      listRoutes(resources).flatMap(({ maker, servicePort: [wanted, targets] }) =>
        listInScope(resources, 'Service')
          .filter((each) => isOfPodNamespace(each, resources))
          .map((resource) => ({ resource, ...readAt(serviceSpec, resource) }))
          .filter(({ selector }) => selects(selector, maker))
          .flatMap(({ resource, ports }) =>
            ports
              .map(({ port, targetPort = port }, index) => ({ port, targetPort, index }))
              .filter(({ port, targetPort }) => port !== wanted || !targets.includes(targetPort))
              .map(({ port, targetPort, index }) => ({
                resource,
                path: ['spec', 'ports', index],
                message: `a Service for port ${port} → ${targetPort}; only ${wanted} → ${targets[0]} has one`,
              })),
          ),
      ),
  },
]

/** Throws UnreadableError if a Pod is missing. */
function listRoutes(resources: readonly Resource[]): Routes[] {
  const [{ resource: signer }, { resource: frontend }] = [
    readPod(resources),
    readFrontendPod(resources),
  ]
  if (sharesPod(readLayout(resources))) {
    return [
      {
        maker: signer,
        endpoints: { ...toFrontend, ...toSigner },
        addresses: [listensAt, callsProxy],
        servicePort: frontendPort,
      },
    ]
  }
  return [
    { maker: signer, endpoints: toSigner, addresses: [listensAt], servicePort: signerPort },
    {
      ...{ maker: frontend, endpoints: toFrontend, addresses: [callsService] },
      ...{ servicePort: frontendPort, importedPort: signerPort[0] },
    },
  ]
}

function judgeAddress(
  resource: Resource,
  { env, path }: Container,
  [, variable, right, message]: Address,
): Finding[] {
  const index = env.findIndex(({ name }) => name === variable)
  const value = env[index]?.value ?? ''
  if (right.test(value)) return []
  const place = index < 0 ? [] : [index, 'value']
  return [
    {
      resource,
      path: [...path, 'env', ...place],
      message: isAbstract(value)
        ? `${variable} is an abstract socket: it has no file, so any container could take it`
        : `${variable} is ${JSON.stringify(value)}; ${message}`,
    },
  ]
}

function judgeEndpoint(
  { resource, path, port, endpoint, captureMode }: Listener,
  endpoints: Endpoints,
): Finding[] {
  const wanted = endpoints[port]
  const isRight = endpoint === wanted
  const said = endpoint || 'the port itself'
  return [
    ...(isRight
      ? []
      : [
          {
            resource,
            path: [...path, 'defaultEndpoint'],
            message: isAbstract(endpoint.replace('unix://', ''))
              ? `${endpoint} is an abstract socket: it has no file, so any container could take it`
              : `${port} leads to ${said}${wanted === undefined ? '' : `, not to ${wanted}`}`,
          },
        ]),
    ...(['DEFAULT', 'IPTABLES'].includes(captureMode)
      ? []
      : [
          {
            resource,
            path: [...path, 'captureMode'],
            message: `captureMode ${captureMode} lets others reach ${port} around the proxy`,
          },
        ]),
  ]
}

function isAbstract(address: string): boolean {
  return address.startsWith('@') || address.includes('\0')
}
