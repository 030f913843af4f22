// How requests reach the application and the signer: one path to the signer.
import { z } from 'zod'
import { sharesPod } from '../../kube/layouts.ts'
import type { Resource } from '../../kube/resources.ts'
import { type Finding, readAt } from '../finding.ts'
import { type Application, isOfProject } from '../model/application.ts'
import { isOfPodNamespace, listInScope, selects } from '../model/namespace.ts'
import {
  type Container,
  findOurResources,
  listContainers,
  readFrontendPod,
  readLayout,
  readPod,
  readWorkload,
} from '../model/pod.ts'
import { type Listener, listSidecars, readListeners } from '../model/sidecar.ts'
import type { Rule } from '../rule.ts'

const socket = '/run/signer/signer.sock'
const toSigner = `unix://${socket}`
const signerListener = '8081'
/** Ports of the proxy itself. On 8081 of loopback it serves the signer, with the identity of the Pod. */
const proxyPort = /:(8081|150\d\d)$/
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
const signerPort: ServicePort = [80, [8081]]

/** How requests reach one of our Pods, and where it calls. */
type Routes = {
  workload: Resource
  /** Port on which the proxy must listen → where it forwards to. */
  endpoints: Readonly<Record<string, string>>
  addresses: readonly Address[]
  /** The only port of its Services. Undefined: the application has its own. */
  servicePort: ServicePort | undefined
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
    title: 'the proxy forwards 8081 and nothing else to the socket, and no port to itself',
    find: (resources, application) =>
      listRoutes(resources, application).flatMap(({ workload, endpoints }) => {
        const listeners = readListeners(resources, workload)
        return [
          ...Object.entries(endpoints)
            .filter(([port]) => !listeners.some((each) => each.port === port))
            .map(([port, endpoint]) => ({
              group: 'networking.istio.io',
              path: [],
              message: `no Sidecar forwards ${port} to ${endpoint}: add it to the Sidecar`,
            })),
          ...listeners.flatMap((listener) => checkEndpoint(listener, endpoints, application)),
        ]
      }),
  },
  {
    name: 'one-sidecar',
    title: 'one Sidecar selects each of our Pods',
    find: (resources) =>
      findOurResources(resources).flatMap((workload) => {
        const [first, ...others] = listSidecars(resources, workload)
          .filter(({ workloadSelector }) => workloadSelector !== undefined)
          .toSorted((a, b) => Number(isOfProject(b.resource)) - Number(isOfProject(a.resource)))
        return others.map(({ resource }) => ({
          resource,
          path: ['spec', 'workloadSelector'],
          message: `selects the same Pods as the Sidecar ${first?.resource.metadata.name}, and Istio uses only one of them: add its ports and hosts to signing.yaml or to that Sidecar, and remove it`,
        }))
      }),
  },
  {
    name: 'egress',
    title:
      'the proxy lets our frontend call only what the Sidecar names, and serves the signer on loopback alone',
    find: (resources, application) =>
      listRoutes(resources, application).flatMap(({ workload, importedPort }) =>
        listSidecars(resources, workload).flatMap(({ resource, egress, outboundTrafficPolicy }) => [
          ...egress.flatMap(({ port, bind, hosts }, index) =>
            port?.number === Number(signerListener) &&
            (bind !== '127.0.0.1' || hosts.join() !== './signer.pod.internal')
              ? [
                  {
                    resource,
                    path: ['spec', 'egress', index],
                    message: `port ${signerListener} serves ${hosts.join()} at ${bind || 'every address'}: bind it to 127.0.0.1, for ./signer.pod.internal alone`,
                  },
                ]
              : [],
          ),
          // What another application may call is declared in its signing.yaml.
          ...(!application.isOurs || outboundTrafficPolicy.mode === 'REGISTRY_ONLY'
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
              .filter((host) => application.isOurs && host.includes('*') && host !== '~/*')
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
    title: 'the signer listens on the mounted socket, and our frontend calls the proxy',
    find: (resources, application) =>
      listRoutes(resources, application).flatMap(({ workload, addresses }) =>
        listContainers(readWorkload(workload)).flatMap((container) =>
          addresses
            .filter(([name]) => name === container.name)
            .flatMap((address) => checkAddress(workload, container, address)),
        ),
      ),
  },
  {
    name: 'signer-service',
    title: 'Services lead only to the application, and to the signer if it is in another Pod',
    find: (resources, application) =>
      listRoutes(resources, application).flatMap(({ workload, servicePort }) =>
        listInScope(resources, 'Service')
          .filter((each) => isOfPodNamespace(each, resources))
          .map((resource) => ({ resource, ...readAt(serviceSpec, resource) }))
          .filter(({ selector }) => selector !== undefined && selects(selector, workload))
          .flatMap(({ resource, ports }) =>
            ports
              .map(({ port, targetPort = port }, index) => ({ port, targetPort, index }))
              .filter(({ port, targetPort }) => !isRightPort(servicePort, port, targetPort))
              .map(({ port, targetPort, index }) => ({
                resource,
                path: ['spec', 'ports', index],
                message: `a Service leads from ${port} to ${targetPort}: ${servicePort === undefined ? 'remove the port, which the proxy serves the signer at' : `only ${servicePort[0]} → ${servicePort[1][0]} is allowed`}`,
              })),
          ),
      ),
  },
]

function isRightPort(wanted: ServicePort | undefined, port: number, target: number | string) {
  if (wanted === undefined) return String(target) !== signerListener
  return port === wanted[0] && wanted[1].includes(target)
}

/** Throws UnreadableError if a Pod is missing. */
function listRoutes(resources: readonly Resource[], { isOurs, port }: Application): Routes[] {
  const [{ resource: signer }, { resource: frontend }] = [
    readPod(resources),
    readFrontendPod(resources),
  ]
  const toApplication = { [port]: `127.0.0.1:${port}` }
  const servicePort: ServicePort | undefined = isOurs ? [port, [port, 'http']] : undefined
  if (sharesPod(readLayout(resources))) {
    return [
      {
        workload: signer,
        endpoints: { ...toApplication, [signerListener]: toSigner },
        addresses: isOurs ? [listensAt, callsProxy] : [listensAt],
        servicePort,
      },
    ]
  }
  return [
    {
      ...{ workload: signer, endpoints: { [signerListener]: toSigner } },
      ...{ addresses: [listensAt], servicePort: signerPort },
    },
    {
      ...{ workload: frontend, endpoints: toApplication, addresses: [callsService] },
      ...{ servicePort, importedPort: signerPort[0] },
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
  endpoints: Routes['endpoints'],
  { isOurs }: Application,
): Finding[] {
  const wanted = endpoints[port]
  // Another application may listen on further ports, and its proxy forwards to the port itself.
  const isOwn = !isOurs && !endpoint.startsWith('unix://@') && !endpoint.endsWith(socket)
  const isRight =
    endpoint === wanted || (port !== signerListener && isOwn && !proxyPort.test(endpoint))
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
    ...((port !== signerListener && !isOurs) || ['DEFAULT', 'IPTABLES'].includes(captureMode)
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
