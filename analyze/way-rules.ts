// The ways to the frontend and to the signer: one each.
import { z } from 'zod'
import { readAt } from './finding.ts'
import { isOfPodNamespace, listInScope, selectsPod } from './namespace.ts'
import { listContainers, readPod } from './pod.ts'
import type { Rule } from './rule.ts'
import { type Listener, readListeners } from './sidecar.ts'

const socket = '/run/signer/signer.sock'
/** Port that the proxy listens on → where it hands over. */
const endpoints: Record<string, string> = { 8080: '127.0.0.1:8080', 8081: `unix://${socket}` }
/** Where the containers are told to listen and to call. */
const addresses = [
  ['signer', 'SIGNER_SOCKET', /^\/run\/signer\/signer\.sock$/, `the signer listens at ${socket}`],
  [
    'frontend',
    'SIGNER_URL',
    /^http:\/\/(localhost|127\.0\.0\.1):8081\//,
    'the frontend calls localhost:8081, the proxy',
  ],
] as const
const serviceSpec = z.object({
  selector: z.record(z.string(), z.string()).optional(),
  ports: z
    .array(z.object({ port: z.number(), targetPort: z.union([z.number(), z.string()]).optional() }))
    .default([]),
})

export const wayRules: readonly Rule[] = [
  {
    name: 'proxy-endpoints',
    title: 'the proxy hands 8080 to the frontend and 8081 to the socket, and takes nothing else',
    find: (resources) => {
      const listeners = readListeners(resources)
      return [
        ...(listeners.some(({ port }) => port === '8081')
          ? []
          : [
              {
                group: 'networking.istio.io',
                path: [],
                message: `no Sidecar leads from 8081 to unix://${socket}`,
              },
            ]),
        ...listeners.flatMap((listener) => judgeEndpoint(listener)),
      ]
    },
  },
  {
    name: 'addresses',
    title: 'the signer listens on the socket that is mounted, and the frontend calls the proxy',
    find: (resources) => {
      const pod = readPod(resources)
      return addresses.flatMap(([container, variable, right, message]) =>
        listContainers(pod)
          .filter(({ name }) => name === container)
          .flatMap(({ env, path }) => {
            const index = env.findIndex(({ name }) => name === variable)
            const value = env[index]?.value ?? ''
            if (right.test(value)) return []
            const place = index < 0 ? [] : [index, 'value']
            return [
              {
                resource: pod.resource,
                path: [...path, 'env', ...place],
                message: isAbstract(value)
                  ? `${variable} is an abstract socket: it has no file, so any container could take it`
                  : `${variable} is ${JSON.stringify(value)}; ${message}`,
              },
            ]
          }),
      )
    },
  },
  {
    name: 'signer-service',
    title: 'no Service leads to anything but the frontend',
    find: (resources) =>
      listInScope(resources, 'Service')
        .filter((each) => isOfPodNamespace(each, resources))
        .map((resource) => ({ resource, ...readAt(serviceSpec, resource) }))
        .filter(({ selector }) => selectsPod(selector, resources))
        .flatMap(({ resource, ports }) =>
          ports
            .map(({ port, targetPort = port }, index) => ({ port, targetPort, index }))
            .filter(({ port, targetPort }) => port !== 8080 || ![8080, 'http'].includes(targetPort))
            .map(({ port, targetPort, index }) => ({
              resource,
              path: ['spec', 'ports', index],
              message: `a Service for port ${port} → ${targetPort}; only the frontend's 8080 has one`,
            })),
        ),
  },
]

function judgeEndpoint({ resource, path, port, endpoint, captureMode }: Listener) {
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
