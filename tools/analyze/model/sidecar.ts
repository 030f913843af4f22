// Istio's Sidecar as the rules read it: on which ports the proxy listens, and what it lets its Pod call.
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
  // Istio's default: it imports every service of the mesh.
  egress: z
    .array(
      z.object({
        port: port.optional(),
        bind: z.string().default(''),
        hosts: z.array(z.string()).default([]),
      }),
    )
    .default([{ bind: '', hosts: ['*/*'] }]),
  outboundTrafficPolicy: z.object({ mode: z.string().default('') }).default({ mode: '' }),
})

export type Listener = {
  resource: Resource
  path: Path
  /** As a string, as policies have it. */
  port: string
  endpoint: string
  captureMode: string
}

/** Lists the ports on which the proxy of the workload's Pods listens, and where it forwards to. */
export function readListeners(resources: readonly Resource[], workload: Resource): Listener[] {
  return listSidecars(resources, workload).flatMap(({ resource, ingress }) =>
    ingress.map((each, index) => ({
      resource,
      path: ['spec', 'ingress', index],
      port: String(each.port.number),
      endpoint: each.defaultEndpoint,
      captureMode: each.captureMode,
    })),
  )
}

/** Lists the Sidecars of the workload's Pods. One that selects them wins over those of the whole namespace or mesh. */
export function listSidecars(resources: readonly Resource[], workload: Resource) {
  const applying = listInScope(resources, 'Sidecar')
    .map((resource) => ({ resource, ...readAt(sidecarSpec, resource) }))
    .filter(({ workloadSelector }) => selects(workloadSelector?.labels, workload))
  const selecting = applying.filter(({ workloadSelector }) => workloadSelector !== undefined)
  return selecting.length > 0 ? selecting : applying
}
