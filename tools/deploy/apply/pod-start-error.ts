// Explains why a Pod does not start, if its status shows it, and what to do.
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

/** Returns the first error that neither time nor the deployment itself fixes. Returns undefined if there is none. */
export function describeStartError(pods: readonly PodState[]): UserError | undefined {
  const errors = pods.map((pod) => describeRejection(pod) ?? describeWaiting(pod))
  return errors.find((each) => each !== undefined)
}

/** Describes the first Pod that fits no node. Returns undefined if there is none. It may pass, because nodes may be added. */
export function describeUnschedulable(pods: readonly PodState[]): string | undefined {
  const messages = pods.flatMap(({ metadata, status }) =>
    status.conditions
      .filter(({ reason }) => reason === 'Unschedulable')
      .map(({ message }) => `no node fits the Pod ${metadata.name}: ${message}`),
  )
  return messages[0]
}

function describeRejection({ spec, status }: PodState): UserError | undefined {
  if (status.reason !== 'AppArmor') return undefined
  return new UserError(
    `the node ${spec.nodeName} rejects the Pod: ${status.message}`,
    `Remove the label of the node: kubectl label node ${spec.nodeName} secure-signing.dev/apparmor- secure-signing/apparmor-. Then run \`make deploy\` again. See docs/hardening.md.`,
  )
}

function describeWaiting({ spec, status }: PodState): UserError | undefined {
  for (const { name, image, state } of status.containerStatuses) {
    const { reason = '', message = '' } = state.waiting ?? {}
    if (missingImage.includes(reason)) {
      return new UserError(
        `the cluster cannot pull the image ${image}`,
        'Run `make images IMAGE_PREFIX=registry/prefix PUSH=yes`, then `make deploy IMAGE_PREFIX=registry/prefix`.',
      )
    }
    if (/can't set process label|attr\/exec/.test(message)) {
      return new UserError(
        `the node ${spec.nodeName} does not have the SELinux type of the container ${name}: ${message}`,
        'Run `semodule -i k8s/components/selinux/secure_signing.cil` on the node. See docs/hardening.md.',
      )
    }
    const kind = /seccomp|apparmor/i.exec(message)?.[0].toLowerCase()
    if (reason === 'CreateContainerError' && kind !== undefined) {
      return new UserError(
        `the node ${spec.nodeName} does not have the ${kind} profile of the container ${name}: ${message}`,
        `A DaemonSet installs it. Look for its Pod on this node: kubectl get pods -n ${kind}-profiles -o wide. See docs/hardening.md.`,
      )
    }
  }
  return undefined
}
