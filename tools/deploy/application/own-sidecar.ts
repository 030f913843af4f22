// A Sidecar of the application that selects the same Pods. Istio leaves two of them undefined, so what it says goes into ours.
import { z } from 'zod'
import type { Manifest } from '../../kube/application/manifests.ts'
import type { SigningConfig } from '../../kube/application/schema.ts'
import { selectsByLabels } from '../../kube/label-selector.ts'
import { signerPort } from '../../kube/names.ts'
import { type Problem, refuseProblems } from './problem.ts'

const port = z.looseObject({ number: z.int() })
const ingressListener = z.looseObject({ port, defaultEndpoint: z.string().optional() })
const egressListener = z.looseObject({
  port: port.optional(),
  captureMode: z.string().optional(),
  hosts: z.array(z.string()).default([]),
})
const workloadSelector = z.looseObject({ labels: z.record(z.string(), z.string()).default({}) })
const selectingSpec = z.looseObject({ workloadSelector })
const sidecarSpec = z.strictObject({
  workloadSelector,
  ingress: z.array(ingressListener).default([]),
  egress: z.array(egressListener).default([]),
  outboundTrafficPolicy: z.looseObject({ mode: z.string().optional() }).optional(),
  inboundConnectionPool: z.unknown().optional(),
})
type Sidecar = { manifest: Manifest; spec: z.infer<typeof sidecarSpec> }
export type Operation = { op: 'add'; path: string; value: unknown }

export type MergedSidecar = {
  /** The Sidecars whose content ours gets. */
  merged: Manifest[]
  /** Hosts for ours. */
  egress: string[]
  /** JSON patches of ours. */
  operations: Operation[]
  /** The ports that have a listener then. */
  listed: number[]
}

/** Our Sidecar has the application's port first. */
const ownListener = '/spec/ingress/0'

/** Throws UserError with what cannot be merged. */
export function mergeSidecars(
  { port: applicationPort }: SigningConfig,
  labels: Readonly<Record<string, string>>,
  manifests: readonly Manifest[],
): MergedSidecar {
  const [sidecar, second] = manifests.flatMap((manifest) => readSelecting(manifest, labels))
  const none = { merged: [], egress: [], operations: [], listed: [applicationPort] }
  if (sidecar === undefined) return none
  if (second !== undefined) {
    refuseProblems([
      {
        manifest: second.manifest,
        field: 'spec.workloadSelector',
        what: `it selects the same Pods as ${sidecar.manifest.resource.metadata.name}`,
        todo: 'Keep one of the two',
      },
    ])
  }
  const { manifest, spec } = sidecar
  const problems = [
    ...spec.ingress.flatMap((each, index) => checkIngress(each, index, applicationPort)),
    ...spec.egress.flatMap(checkEgress),
    ...checkOutbound(spec),
  ]
  refuseProblems(problems.map((each) => ({ ...each, manifest })))
  const catchAll = spec.egress.find((each) => each.port === undefined)
  return {
    listed: [applicationPort, ...spec.ingress.map((each) => each.port.number)],
    merged: [manifest],
    egress: (catchAll?.hosts ?? []).filter((host) => host !== '~/*'),
    operations: [
      ...spec.ingress.flatMap((each) => addIngress(each, applicationPort)),
      ...spec.egress
        .filter((each) => each.port !== undefined)
        .map((value) => ({ op: 'add' as const, path: '/spec/egress/0', value })),
      ...(spec.inboundConnectionPool === undefined
        ? []
        : [
            {
              ...{ op: 'add' as const, path: '/spec/inboundConnectionPool' },
              value: spec.inboundConnectionPool,
            },
          ]),
    ],
  }
}

/** A Sidecar without a selector is for all other Pods of the namespace. */
function readSelecting(manifest: Manifest, labels: Readonly<Record<string, string>>): Sidecar[] {
  const { kind, spec } = manifest.resource
  const selecting = selectingSpec.safeParse(spec)
  if (kind !== 'Sidecar' || !selecting.success) return []
  if (!selectsByLabels(selecting.data.workloadSelector.labels, labels)) return []
  const parsed = sidecarSpec.safeParse(spec)
  if (parsed.success) return [{ manifest, spec: parsed.data }]
  refuseProblems(
    parsed.error.issues.map(({ path, message }) => ({
      ...{ manifest, field: ['spec', ...path].join('.'), what: message },
      todo: 'Remove it, or give the Sidecar labels that select other Pods',
    })),
  )
  return []
}

type Found = Omit<Problem, 'manifest'>

function checkIngress(
  { port: { number }, defaultEndpoint, ...rest }: z.infer<typeof ingressListener>,
  index: number,
  applicationPort: number,
): Found[] {
  const field = `spec.ingress.${index}`
  const problem = (what: string, todo: string): Found => ({ field, what, todo })
  if (number === signerPort || defaultEndpoint?.endsWith(`:${signerPort}`)) {
    return [problem(`port ${signerPort} is the route to the signer`, 'Use another port')]
  }
  if (defaultEndpoint?.startsWith('unix:///run/signer')) {
    return [problem("this socket is the signer's", 'Remove the listener')]
  }
  if (number !== applicationPort) return []
  const fits = [undefined, `127.0.0.1:${number}`, `0.0.0.0:${number}`, `:${number}`]
  const extra = ['bind', 'captureMode', 'tls'].filter((name) => name in rest)
  if (fits.includes(defaultEndpoint) && extra.length === 0) return []
  return [
    problem(
      `the listener of the application's port must lead to 127.0.0.1:${number} by mutual TLS of the mesh`,
      `Remove ${[...(fits.includes(defaultEndpoint) ? [] : ['defaultEndpoint']), ...extra].join(', ')}`,
    ),
  ]
}

function checkEgress(listener: z.infer<typeof egressListener>, index: number): Found[] {
  const field = `spec.egress.${index}`
  if (listener.port?.number === signerPort) {
    const what = `port ${signerPort} is the application's way to the signer`
    return [{ field, what, todo: 'Use another port' }]
  }
  const isDefault = listener.captureMode === undefined || listener.captureMode === 'DEFAULT'
  if (listener.port !== undefined || (isDefault && listener.bind === undefined)) return []
  const what = 'a listener for all ports must capture all traffic'
  return [{ field, what, todo: 'Remove bind and captureMode' }]
}

/** Ours refuses every destination that is not imported. That is stricter than what anyone can declare. */
function checkOutbound({ outboundTrafficPolicy }: z.infer<typeof sidecarSpec>): Found[] {
  const { mode, ...rest } = outboundTrafficPolicy ?? {}
  const extra = Object.keys(rest)
  const field = 'spec.outboundTrafficPolicy'
  const found: Found[] = []
  if (mode === 'ALLOW_ANY') {
    found.push({
      field: `${field}.mode`,
      what: 'the Pod of a signer calls only hosts that are declared',
      todo: 'Remove it, and name the hosts in `egress` of signing.yaml',
    })
  }
  if (extra.length > 0) {
    const what = `${extra.join(', ')} cannot be merged`
    found.push({ field, what, todo: 'Remove it, or name the hosts in `egress` of signing.yaml' })
  }
  return found
}

/** The application's port has its listener in ours already. */
function addIngress(
  { port: ownPort, defaultEndpoint, ...rest }: z.infer<typeof ingressListener>,
  applicationPort: number,
): Operation[] {
  if (ownPort.number !== applicationPort) {
    const endpoint = defaultEndpoint === undefined ? {} : { defaultEndpoint }
    return [{ op: 'add', path: '/spec/ingress/-', value: { port: ownPort, ...endpoint, ...rest } }]
  }
  return Object.entries(rest).map(([name, value]) => ({
    ...{ op: 'add', path: `${ownListener}/${name}`, value },
  }))
}
