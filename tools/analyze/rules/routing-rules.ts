// How requests reach the frontend and the signer: one path to each.
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
/** Port on which the proxy listens → where it forwards to. */
type Endpoints = Readonly<Record<string, string>>
const toFrontend: Endpoints = { 8080: '127.0.0.1:8080' }
const toSigner: Endpoints = { 8081: `unix://${socket}` }
type Address = readonly [container: string, variable: string, right: RegExp, message: string]
const listensAt: Address = [
  'signer',
  'SIGNER_SOCKET',
  /^\/run\/signer\/signer\.sock$/,
  `set it to ${socket}`,
]
const callsProxy: Address = [
  'frontend',
  'SIGNER_URL',
  /^http:\/\/(localhost|127\.0\.0\.1):8081\//,
  'set it to http://localhost:8081/sign, which the proxy serves',
]
const callsService: Address = [
  'frontend',
  'SIGNER_URL',
  /^http:\/\/signer\//,
  "set it to a URL of the signer's Service, http://signer/",
]
/** The port of a Service, and the target ports that it may have. */
type ServicePort = readonly [port: number, targets: readonly unknown[]]
const frontendPort: ServicePort = [8080, [8080, 'http']]
const signerPort: ServicePort = [80, [8081]]

/** How requests reach one of our Pods, and where it calls. */
type Routes = {
  workload: Resource
  /** The allowed endpoints. The last one is required. */
  endpoints: Endpoints
  addresses: readonly Address[]
  servicePort: ServicePort
  /** The port on which the proxy may import all Services of the namespace. Only the signer's Service has it. */
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
    title: 'the proxy forwards 8080 to the frontend and 8081 to the socket, and nothing else',
    find: (resources) =>
      listRoutes(resources).flatMap(({ workload, endpoints }) => {
        const listeners = readListeners(resources, workload)
        const [port = '', endpoint = ''] = Object.entries(endpoints).at(-1) ?? []
        return [
          ...(listeners.some((each) => each.port === port)
            ? []
            : [
                {
                  group: 'networking.istio.io',
                  path: [],
                  message: `no Sidecar forwards ${port} to ${endpoint}: add it to the Sidecar`,
                },
              ]),
          ...listeners.flatMap((listener) => checkEndpoint(listener, endpoints)),
        ]
      }),
  },
  {
    name: 'egress',
    title: 'the proxy lets its Pod call only what the Sidecar names',
    find: (resources) =>
      listRoutes(resources).flatMap(({ workload, importedPort }) =>
        listSidecars(resources, workload).flatMap(({ resource, egress, outboundTrafficPolicy }) => [
          ...(outboundTrafficPolicy.mode === 'REGISTRY_ONLY'
            ? []
            : [
                {
                  resource,
                  path: ['spec', 'outboundTrafficPolicy', 'mode'],
                  message:
                    'the Pod may call addresses that no Sidecar imports: set the mode to REGISTRY_ONLY',
                },
              ]),
          ...egress.flatMap(({ port, hosts }, index) =>
            hosts
              .filter((host) => host.includes('*') && host !== '~/*')
              .filter((host) => host !== './*' || port?.number !== importedPort || !port)
              .map((host) => ({
                resource,
                path: ['spec', 'egress', index, 'hosts'],
                message: `the Pod may call ${host}: name each host that it calls`,
              })),
          ),
        ]),
      ),
  },
  {
    name: 'addresses',
    title: 'the signer listens on the mounted socket, and the frontend calls the proxy',
    find: (resources) =>
      listRoutes(resources).flatMap(({ workload, addresses }) =>
        listContainers(readWorkload(workload)).flatMap((container) =>
          addresses
            .filter(([name]) => name === container.name)
            .flatMap((address) => checkAddress(workload, container, address)),
        ),
      ),
  },
  {
    name: 'signer-service',
    title: 'Services lead only to the frontend, and to the signer if it is in another Pod',
    find: (resources) =>
      listRoutes(resources).flatMap(({ workload, servicePort: [wanted, targets] }) =>
        listInScope(resources, 'Service')
          .filter((each) => isOfPodNamespace(each, resources))
          .map((resource) => ({ resource, ...readAt(serviceSpec, resource) }))
          .filter(({ selector }) => selects(selector, workload))
          .flatMap(({ resource, ports }) =>
            ports
              .map(({ port, targetPort = port }, index) => ({ port, targetPort, index }))
              .filter(({ port, targetPort }) => port !== wanted || !targets.includes(targetPort))
              .map(({ port, targetPort, index }) => ({
                resource,
                path: ['spec', 'ports', index],
                message: `a Service leads from ${port} to ${targetPort}: only ${wanted} → ${targets[0]} is allowed`,
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
        workload: signer,
        endpoints: { ...toFrontend, ...toSigner },
        addresses: [listensAt, callsProxy],
        servicePort: frontendPort,
      },
    ]
  }
  return [
    { workload: signer, endpoints: toSigner, addresses: [listensAt], servicePort: signerPort },
    {
      ...{ workload: frontend, endpoints: toFrontend, addresses: [callsService] },
      ...{ servicePort: frontendPort, importedPort: signerPort[0] },
    },
  ]
}

function checkAddress(
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
        ? `${variable} is an abstract socket, which any container can use: ${message}`
        : `${variable} is ${JSON.stringify(value)}: ${message}`,
    },
  ]
}

function checkEndpoint(
  { resource, path, port, endpoint, captureMode }: Listener,
  endpoints: Endpoints,
): Finding[] {
  const wanted = endpoints[port]
  const isRight = endpoint === wanted
  return [
    ...(isRight
      ? []
      : [
          {
            resource,
            path: [...path, 'defaultEndpoint'],
            message: isAbstract(endpoint.replace('unix://', ''))
              ? `${endpoint} is an abstract socket, which any container can use: use ${wanted ?? 'a socket file'}`
              : `port ${port} leads to ${endpoint || 'the port itself'}: ${wanted === undefined ? 'remove the port' : `forward it to ${wanted}`}`,
          },
        ]),
    ...(['DEFAULT', 'IPTABLES'].includes(captureMode)
      ? []
      : [
          {
            resource,
            path: [...path, 'captureMode'],
            message: `with captureMode ${captureMode}, requests to ${port} bypass the proxy: use DEFAULT`,
          },
        ]),
  ]
}

function isAbstract(address: string): boolean {
  return address.startsWith('@') || address.includes('\0')
}
