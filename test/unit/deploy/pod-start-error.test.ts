// What make deploy says of a Pod that does not start.
import { describe, expect, test } from 'vitest'
import {
  describeStartError,
  describeUnschedulable,
  podStates,
} from '../../../tools/deploy/apply/pod-start-error.ts'

const named = { metadata: { name: 'pod-1' } }

/** A Pod whose signer waits, as kubelet reports it. */
function makePod(waiting: object) {
  const containerStatuses = [
    { name: 'signer', image: 'registry.example/signer:1', state: { waiting } },
  ]
  return { ...named, spec: { nodeName: 'node-1' }, status: { containerStatuses } }
}

const read = (...items: object[]) => describeStartError(podStates.parse({ items }).items)
const noSuchFile =
  'failed to create containerd container: cannot load seccomp profile "/var/lib/kubelet/seccomp/x.json": no such file'

describe('a Pod that does not start', () => {
  test.each([
    [
      'for want of its image',
      makePod({ reason: 'ImagePullBackOff' }),
      "can't get the image registry.example/signer:1",
      'make images',
    ],
    [
      'for want of its seccomp profile',
      makePod({ reason: 'CreateContainerError', message: noSuchFile }),
      `the node node-1 does not have the seccomp profile of the container signer: ${noSuchFile}`,
      'kubectl get pods -n seccomp-profiles',
    ],
    [
      'for want of its AppArmor profile',
      makePod({ reason: 'CreateContainerError', message: 'AppArmor profile not found x' }),
      'the node node-1 does not have the apparmor profile of the container signer',
      'kubectl get pods -n apparmor-profiles',
    ],
    [
      'for want of its SELinux type',
      makePod({
        reason: 'RunContainerError',
        message: "can't set process label: write /proc/thread-self/attr/exec: invalid argument",
      }),
      'the node node-1 does not know the SELinux type of the container signer',
      'semodule -i',
    ],
    [
      'because its node has no AppArmor',
      {
        ...named,
        spec: { nodeName: 'node-1' },
        status: { reason: 'AppArmor', message: 'Cannot enforce AppArmor' },
      },
      'the node node-1 rejects the Pod: Cannot enforce AppArmor',
      'kubectl label node node-1 secure-signing.dev/apparmor- secure-signing/apparmor-',
    ],
  ])('%s', (_, pod, message, todo) => {
    expect(read(makePod({}), pod)).toMatchObject({
      message: expect.stringContaining(message),
      todo: expect.stringContaining(todo),
    })
  })

  test.each([
    ['that has just been made', { ...named, spec: {}, status: {} }],
    ['that is starting', makePod({ reason: 'PodInitializing' })],
    ['whose container failed otherwise', makePod({ reason: 'CreateContainerError', message: 'x' })],
  ])('of one %s nothing is said', (_, pod) => expect(read(pod)).toBeUndefined())
})

describe('a Pod that no node takes', () => {
  const message = '0/1 nodes are available: 1 Insufficient cpu.'
  const conditions = [
    { type: 'PodReadyToStartContainers', status: 'False' },
    { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message },
  ]
  const { items } = podStates.parse({
    items: [makePod({}), { ...named, spec: {}, status: { conditions } }],
  })

  test('is told, with what the scheduler says', () =>
    expect(describeUnschedulable(items)).toBe(`no node takes the Pod pod-1: ${message}`))
  test('is no hindrance yet', () => expect(describeStartError(items)).toBeUndefined())
  test('is not one that has its node', () =>
    expect(describeUnschedulable(items.slice(0, 1))).toBeUndefined())
})
