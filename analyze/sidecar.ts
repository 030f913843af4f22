// Istio's Sidecar as the rules look at it: what the proxy listens on for others.
import { z } from 'zod'
import type { Resource } from '../deploy/resources.ts'
import { type Path, readAt } from './finding.ts'
import { listInScope, selectsPod } from './namespace.ts'

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
})

export type Listener = {
  resource: Resource
  path: Path
  /** As policies write it. */
  port: string
  endpoint: string
  captureMode: string
}

/** What the proxy takes from others, and where it hands it to. */
export function readListeners(resources: readonly Resource[]): Listener[] {
  const sidecars = listInScope(resources, 'Sidecar')
    .map((resource) => ({ resource, ...readAt(sidecarSpec, resource) }))
    .filter(({ workloadSelector }) => selectsPod(workloadSelector?.labels, resources))
  return sidecars.flatMap(({ resource, ingress }) =>
    ingress.map((each, index) => ({
      resource,
      path: ['spec', 'ingress', index],
      port: String(each.port.number),
      endpoint: each.defaultEndpoint,
      captureMode: each.captureMode,
    })),
  )
}
