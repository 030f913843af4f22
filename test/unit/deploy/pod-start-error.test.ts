// How make deploy explains a Pod that does not start.
import { describe, expect, test } from 'vitest'
import {
  describeStartError,
  describeUnschedulable,
  podStates,
} from '../../../tools/deploy/apply/pod-start-error.ts'

const named = { metadata: { name: 'pod-1' } }

/** A Pod whose signer is waiting, as kubelet reports it. */
function makePod(waiting: object) {
  const containerStatuses = [
    { name: 'signer', image: 'registry.example/signer:1', state: { waiting } },
  ]
  return { ...named, spec: { nodeName: 'node-1' }, status: { containerStatuses } }
}

const read = (...items: object[]) => describeStartError(podStates.parse({ items }).items)
const noSuchFile =
  'failed to create containerd container: cannot load seccomp profile "/var/lib/kubelet/seccomp/x.json": no such file'

describe('the error of a Pod that does not start', () => {
  test.each([
    [
      'without its image',
      makePod({ reason: 'ImagePullBackOff' }),
      'cannot pull the image registry.example/signer:1',
      'make images',
    ],
    [
      'without its seccomp profile',
      makePod({ reason: 'CreateContainerError', message: noSuchFile }),
      `the node node-1 does not have the seccomp profile of the container signer: ${noSuchFile}`,
      'kubectl get pods -n seccomp-profiles',
    ],
    [
      'without its AppArmor profile',
      makePod({ reason: 'CreateContainerError', message: 'AppArmor profile not found x' }),
      'the node node-1 does not have the apparmor profile of the container signer',
      'kubectl get pods -n apparmor-profiles',
    ],
    [
      'without its SELinux type',
      makePod({
        reason: 'RunContainerError',
        message: "can't set process label: write /proc/thread-self/attr/exec: invalid argument",
      }),
      'the node node-1 does not have the SELinux type of the container signer',
      'semodule -i',
    ],
    [
      'on a node without AppArmor',
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
    ['is new', { ...named, spec: {}, status: {} }],
    ['is starting', makePod({ reason: 'PodInitializing' })],
    ['has an unknown error', makePod({ reason: 'CreateContainerError', message: 'x' })],
  ])('is undefined if the Pod %s', (_, pod) => expect(read(pod)).toBeUndefined())
})

describe('a Pod that fits no node', () => {
  const message = '0/1 nodes are available: 1 Insufficient cpu.'
  const conditions = [
    { type: 'PodReadyToStartContainers', status: 'False' },
    { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message },
  ]
  const { items } = podStates.parse({
    items: [makePod({}), { ...named, spec: {}, status: { conditions } }],
  })

  test("is described with the scheduler's message", () =>
    expect(describeUnschedulable(items)).toBe(`no node fits the Pod pod-1: ${message}`))
  test('is not an error yet', () => expect(describeStartError(items)).toBeUndefined())
  test('is not described if it has a node', () =>
    expect(describeUnschedulable(items.slice(0, 1))).toBeUndefined())
})
