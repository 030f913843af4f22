// Where the containers call, and where Services lead. Sidecars are compared with what is shipped.
import { z } from 'zod'
import { sharesPod } from '../../kube/layouts.ts'
import type { Resource } from '../../kube/resources.ts'
import { type Finding, readAt } from '../finding.ts'
import type { Application } from '../model/application.ts'
import { isOfPodNamespace, listInScope, selects } from '../model/namespace.ts'
import {
  type Container,
  listContainers,
  readFrontendPod,
  readLayout,
  readPod,
  readWorkload,
} from '../model/pod.ts'
import type { Rule } from '../rule.ts'

const socket = '/run/signer/signer.sock'
const signerListener = '8081'
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
  addresses: readonly Address[]
  /** The only port of its Services. Undefined: the application has its own. */
  servicePort: ServicePort | undefined
}
const serviceSpec = z.object({
  selector: z.record(z.string(), z.string()).optional(),
  ports: z
    .array(z.object({ port: z.number(), targetPort: z.union([z.number(), z.string()]).optional() }))
    .default([]),
})

export const routingRules: readonly Rule[] = [
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
  const servicePort: ServicePort | undefined = isOurs ? [port, [port, 'http']] : undefined
  if (sharesPod(readLayout(resources))) {
    const addresses = isOurs ? [listensAt, callsProxy] : [listensAt]
    return [{ workload: signer, addresses, servicePort }]
  }
  return [
    { workload: signer, addresses: [listensAt], servicePort: signerPort },
    { workload: frontend, addresses: [callsService], servicePort },
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

function isAbstract(address: string): boolean {
  return address.startsWith('@') || address.includes('\0')
}
