// Istio's Sidecar as the rules look at it: what the proxy listens on for others, and whom it lets its Pod call.
import { z } from 'zod'
import type { Resource } from '../../kube/resources.ts'
import { type Path, readAt } from '../finding.ts'
import { listInScope, selects } from './namespace.ts'

const port = z.object({ number: z.number() })
const sidecarSpec = z.object({
  workloadSelector: z.object({ labels: z.record(z.string(), z.string()).default({}) }).optional(),
  ingress: z
    .array(
      z.object({
        port,
        defaultEndpoint: z.string().default(''),
        captureMode: z.string().default('DEFAULT'),
      }),
    )
    .default([]),
  // Without any of its own Istio imports every service of the mesh.
  egress: z
    .array(z.object({ port: port.optional(), hosts: z.array(z.string()).default([]) }))
    .default([{ hosts: ['*/*'] }]),
  outboundTrafficPolicy: z.object({ mode: z.string().default('') }).default({ mode: '' }),
})

export type Listener = {
  resource: Resource
  path: Path
  /** As policies write it. */
  port: string
  endpoint: string
  captureMode: string
}

/** What the proxy of the Pods that `maker` makes takes from others, and where it hands it to. */
export function readListeners(resources: readonly Resource[], maker: Resource): Listener[] {
  return listSidecars(resources, maker).flatMap(({ resource, ingress }) =>
    ingress.map((each, index) => ({
      resource,
      path: ['spec', 'ingress', index],
      port: String(each.port.number),
      endpoint: each.defaultEndpoint,
      captureMode: each.captureMode,
    })),
  )
}

/** The Sidecars of the Pods that `maker` makes. */
export function listSidecars(resources: readonly Resource[], maker: Resource) {
  return listInScope(resources, 'Sidecar')
    .map((resource) => ({ resource, ...readAt(sidecarSpec, resource) }))
    .filter(({ workloadSelector }) => selects(workloadSelector?.labels, maker))
}
