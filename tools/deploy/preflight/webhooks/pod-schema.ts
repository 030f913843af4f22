// The parts of a Pod that a webhook can change with consequences.
import { z } from 'zod'

const named = z.looseObject({ name: z.string().default('') })
const container = z.looseObject({
  name: z.string(),
  image: z.string().default(''),
  env: z.array(named).default([]),
  envFrom: z.array(z.unknown()).default([]),
  volumeMounts: z.array(z.looseObject({ name: z.string(), mountPath: z.string() })).default([]),
  ports: z.array(z.unknown()).default([]),
  volumeDevices: z.array(named).default([]),
  securityContext: z.record(z.string(), z.unknown()).default({}),
  resources: z.looseObject({ claims: z.array(z.unknown()).default([]) }).prefault({}),
  terminationMessagePath: z.string().default('/dev/termination-log'),
})
export type Container = z.infer<typeof container>

export const podSchema = z.looseObject({
  metadata: z.looseObject({
    labels: z.record(z.string(), z.string()).default({}),
    annotations: z.record(z.string(), z.string()).default({}),
  }),
  spec: z.looseObject({
    containers: z.array(container),
    initContainers: z.array(container).default([]),
    volumes: z.array(named).default([]),
    serviceAccountName: z.string().default('default'),
  }),
})
export type Pod = z.infer<typeof podSchema>
