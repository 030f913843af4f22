// Why a Pod does not start, where that is plain from its state, and what to do about it.
import { z } from 'zod'
import { UserError } from '../../cli/terminal.ts'

const missingImage = ['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull']

const waiting = z.object({ reason: z.string().default(''), message: z.string().default('') })
export const podStates = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      spec: z.object({ nodeName: z.string().default('') }),
      status: z.object({
        conditions: z
          .array(z.object({ reason: z.string().default(''), message: z.string().default('') }))
          .default([]),
        reason: z.string().default(''),
        message: z.string().default(''),
        containerStatuses: z
          .array(
            z.object({
              name: z.string(),
              image: z.string(),
              state: z.object({ waiting: waiting.optional() }),
            }),
          )
          .default([]),
      }),
    }),
  ),
})
export type PodState = z.infer<typeof podStates>['items'][number]

/** The first hindrance that does not pass by itself, or by what the deployment does; undefined if there is none. */
export function describeHindrance(pods: readonly PodState[]): UserError | undefined {
  const hindrances = pods.map((pod) => describeRejection(pod) ?? describeWaiting(pod))
  return hindrances.find((each) => each !== undefined)
}

/** The first Pod that no node takes, and why; undefined if there is none. It may pass: a node may be on its way. */
export function describeHomeless(pods: readonly PodState[]): string | undefined {
  const said = pods.flatMap(({ metadata, status }) =>
    status.conditions
      .filter(({ reason }) => reason === 'Unschedulable')
      .map(({ message }) => `no node takes the Pod ${metadata.name}: ${message}`),
  )
  return said[0]
}

function describeRejection({ spec, status }: PodState): UserError | undefined {
  if (status.reason !== 'AppArmor') return undefined
  return new UserError(
    `the node ${spec.nodeName} rejects the Pod: ${status.message}`,
    `kubectl label node ${spec.nodeName} secure-signing.dev/apparmor- secure-signing/apparmor-, then make deploy again; see docs/hardening.md`,
  )
}

function describeWaiting({ spec, status }: PodState): UserError | undefined {
  for (const { name, image, state } of status.containerStatuses) {
    const { reason = '', message = '' } = state.waiting ?? {}
    if (missingImage.includes(reason)) {
      return new UserError(
        `the cluster can't get the image ${image}`,
        'make images IMAGE_PREFIX=registry/prefix PUSH=yes, then make deploy IMAGE_PREFIX=registry/prefix',
      )
    }
    if (/can't set process label|attr\/exec/.test(message)) {
      return new UserError(
        `the node ${spec.nodeName} does not know the SELinux type of the container ${name}: ${message}`,
        'semodule -i k8s/components/selinux/secure_signing.cil on the node; see docs/hardening.md',
      )
    }
    const kind = /seccomp|apparmor/i.exec(message)?.[0].toLowerCase()
    if (reason === 'CreateContainerError' && kind !== undefined) {
      return new UserError(
        `the node ${spec.nodeName} does not have the ${kind} profile of the container ${name}: ${message}`,
        `a DaemonSet brings it, and then the Pod starts: kubectl get pods -n ${kind}-profiles -o wide; see docs/hardening.md`,
      )
    }
  }
  return undefined
}
