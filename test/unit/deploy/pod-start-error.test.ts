// How make deploy explains a Pod that does not start.
import { describe, expect, test } from 'vitest'
import {
  describeUnschedulable,
  listStartProblems,
  podStates,
} from '../../../tools/deploy/apply/pod-start-error.ts'
import { podEvents } from '../../../tools/deploy/apply/pod-state.ts'
import { adviseOnAdmission } from '../../../tools/deploy/apply/start-advice.ts'
import { describeStartError } from '../../support/cluster/start-error.ts'

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
      'without its AppArmor profile, as runc says on an older kernel',
      makePod({
        reason: 'RunContainerError',
        message: 'apparmor failed to apply profile: write /proc/self/attr/exec: no such file',
      }),
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

const image = 'registry.example/signer:1'
const resolve = `failed to pull and unpack image "${image}": failed to resolve reference "${image}"`
const request = `${resolve}: failed to do request: Head "https://registry.example/v2/signer/manifests/1"`
const asEvents = (...events: [reason: string, message: string][]) =>
  podEvents.parse({
    items: events.map(([reason, message]) => ({
      ...{ type: 'Warning', reason, message },
      involvedObject: { kind: 'Pod', name: named.metadata.name },
    })),
  }).items

describe('an image that cannot be pulled', () => {
  test.each([
    [
      'without a login',
      `${resolve}: pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed`,
      'production.md#private-registries',
    ],
    [
      'with a wrong login',
      `${resolve}: unexpected status from HEAD request: 401 Unauthorized`,
      'pull secret',
    ],
    ['at ECR without a role', `${resolve}: no basic auth credentials`, 'pull secret'],
    [
      'with an unknown authority',
      `${request}: tls: failed to verify certificate: x509: certificate signed by unknown authority`,
      'does not trust the registry',
    ],
    ['without TLS', `${request}: http: server gave HTTP response to HTTPS client`, 'has no TLS'],
    [
      'of another platform',
      `failed to pull and unpack image "${image}": no match for platform in manifest: not found`,
      'TARGET_PLATFORM',
    ],
    [
      'of another platform, at CRI-O',
      'choosing image instance: no image found in manifest list for architecture "arm64", variant "v8", OS "linux"',
      'TARGET_PLATFORM',
    ],
    ['that was not pushed', `${resolve}: ${image}: not found`, 'PUSH=yes'],
    [
      'that a registry does not know',
      'reading manifest 1 in registry.example/signer: manifest unknown',
      'PUSH=yes',
    ],
    [
      'too often',
      `${resolve}: 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit`,
      'limits how often',
    ],
    [
      'without a route',
      `${request}: dial tcp 192.0.2.1:443: i/o timeout`,
      'cannot reach the registry',
    ],
    [
      'without a name',
      `${request}: dial tcp: lookup registry.example: no such host`,
      'cannot reach the registry',
    ],
    [
      'without room',
      'write /var/lib/containerd/x: no space left on device',
      'disk of the node is full',
    ],
    [
      'for another reason',
      'the moon is in the wrong place',
      'kubectl describe pod pod-1 -n signing',
    ],
  ])('%s is reported with the whole text of kubelet, and with advice', (_, words, advice) => {
    const message = `Back-off pulling image "${image}": ErrImagePull: ${words}`
    for (const waiting of [
      { reason: 'ErrImagePull', message: words },
      { reason: 'ImagePullBackOff', message },
    ]) {
      expect(read(makePod(waiting))).toMatchObject({
        message: `the cluster cannot pull the image ${image}: ${waiting.reason}: ${waiting.message}`,
        todo: expect.stringContaining(advice),
      })
    }
  })

  test('is reported with the event, if kubelet’s state has no cause', () => {
    const waiting = { reason: 'ImagePullBackOff', message: `Back-off pulling image "${image}"` }
    const { items } = podStates.parse({ items: [makePod(waiting)] })
    const words = `Failed to pull image "${image}": ${request}: dial tcp 192.0.2.1:443: connection refused`
    const secret =
      'Unable to retrieve some image pull secrets (regcred); attempting to pull the image may not succeed.'
    expect(
      describeStartError(
        items,
        asEvents(['Failed', words], ['FailedToRetrieveImagePullSecret', secret]),
      ),
    ).toMatchObject({
      message: `the cluster cannot pull the image ${image}: ImagePullBackOff: ${words}. ${secret}`,
      todo: expect.stringContaining('cannot reach the registry'),
    })
  })
})

describe('what time may fix', () => {
  const list = (pod: object, ...events: [string, string][]) =>
    listStartProblems(podStates.parse({ items: [pod] }).items, asEvents(...events))
  const ended = (reason: string, message: string) => ({
    ...named,
    spec: { nodeName: 'node-1' },
    status: { phase: 'Failed', reason, message },
  })
  const crashed = (restartCount: number, terminated: object) => {
    const state = {
      waiting: { reason: 'CrashLoopBackOff', message: 'back-off 20s restarting failed container' },
    }
    const status = { name: 'signer', image, state, restartCount, lastState: { terminated } }
    return { ...named, spec: {}, status: { containerStatuses: [status] } }
  }
  const sandbox =
    'Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox'

  test.each<[string, object, string, string, ...[string, string][]]>([
    [
      'a container with an unknown error',
      makePod({ reason: 'CreateContainerError', message: 'x' }),
      'the container signer of the Pod pod-1 does not start: CreateContainerError: x',
      'kubectl describe pod pod-1',
    ],
    [
      'a Secret that is missing',
      makePod({ reason: 'CreateContainerConfigError', message: 'secret "x" not found' }),
      'CreateContainerConfigError: secret "x" not found',
      'Create what is missing',
    ],
    [
      'an eviction because of the log',
      ended('Evicted', 'Container signer exceeded its local ephemeral storage limit "8Mi". '),
      'the Pod pod-1 has ended: Evicted: Container signer exceeded its local ephemeral storage limit "8Mi"',
      'kubectl get limitrange -n signing',
    ],
    [
      'an eviction because of the node',
      ended('Evicted', 'The node was low on resource: memory. Threshold quantity: 100Mi'),
      'Evicted: The node was low on resource: memory',
      'The node is short of this resource',
    ],
    [
      'a first crash',
      crashed(1, { exitCode: 1, reason: 'Error' }),
      'the container signer of the Pod pod-1 stops each time: Error, exit code 1',
      'kubectl logs pod-1 -c signer --previous -n signing',
    ],
    [
      'a volume that cannot be mounted',
      { ...named, spec: {}, status: {} },
      'FailedMount: MountVolume.SetUp failed for volume "vault-agent" : configmap "vault-agent" not found',
      'Create what is missing',
      [
        'FailedMount',
        'MountVolume.SetUp failed for volume "vault-agent" : configmap "vault-agent" not found',
      ],
    ],
    [
      'a network without addresses',
      { ...named, spec: {}, status: {} },
      `FailedCreatePodSandBox: ${sandbox}: failed to assign an IP address to container`,
      'has no free address',
      ['FailedCreatePodSandBox', `${sandbox}: failed to assign an IP address to container`],
    ],
    [
      'a network without the agent of Istio',
      { ...named, spec: {}, status: {} },
      `FailedCreatePodSandBox: ${sandbox}: plugin type="istio-cni" name="istio-cni" failed (add)`,
      "Istio's CNI plugin does not work",
      [
        'FailedCreatePodSandBox',
        `${sandbox}: plugin type="istio-cni" name="istio-cni" failed (add)`,
      ],
    ],
    [
      'a node without the RuntimeClass',
      { ...named, spec: {}, status: {} },
      'no runtime for "gvisor" is configured',
      'RuntimeClass',
      [
        'FailedCreatePodSandBox',
        'failed to get sandbox runtime: no runtime for "gvisor" is configured',
      ],
    ],
    [
      'a Pod that is not ready',
      makePod({}),
      'the Pod pod-1 is not ready: Readiness probe failed: HTTP probe failed with statuscode: 503',
      'Read the logs',
      ['Unhealthy', 'Readiness probe failed: HTTP probe failed with statuscode: 503'],
    ],
  ])('%s is reported, but no error yet', (_, pod, what, todo, ...events) => {
    expect(list(pod, ...events)).toMatchObject([
      { what: expect.stringContaining(what), todo: expect.stringContaining(todo), isFinal: false },
    ])
  })

  test.each([
    ['many crashes', crashed(3, { exitCode: 1, reason: 'Error' }), 'Read its log'],
    [
      'too little memory',
      crashed(3, { exitCode: 137, reason: 'OOMKilled' }),
      'more memory than its limit',
    ],
    [
      'a program for another processor',
      makePod({ reason: 'RunContainerError', message: 'exec /nodejs/bin/node: exec format error' }),
      'TARGET_PLATFORM',
    ],
  ])('%s is an error', (_, pod, todo) => {
    expect(read(pod)?.todo).toContain(todo)
  })

  test('an init container is reported as well', () => {
    const state = { waiting: { reason: 'ErrImagePull', message: 'manifest unknown' } }
    const initContainerStatuses = [{ name: 'istio-proxy', image: 'proxyv2:1', state }]
    expect(read({ ...named, spec: {}, status: { initContainerStatuses } })?.message).toBe(
      'the cluster cannot pull the image proxyv2:1: ErrImagePull: manifest unknown',
    )
  })

  test('an error comes before what time may fix', () => {
    const final = { ...makePod({ reason: 'InvalidImageName', message: 'x' }) }
    const passing = makePod({ reason: 'CreateContainerError', message: 'y' })
    const { items } = podStates.parse({ items: [passing, final] })
    expect(listStartProblems(items).map(({ isFinal }) => isFinal)).toEqual([true, false])
  })
})

describe('a Pod that the API server refuses', () => {
  test.each([
    [
      'pods "x" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1',
      'Raise the ResourceQuota',
    ],
    [
      'pods "x" is forbidden: failed quota: q: must specify limits.ephemeral-storage for: signer',
      'does not set',
    ],
    [
      'pods "x" is forbidden: maximum memory usage per Container is 64Mi, but limit is 256Mi',
      'limitrange',
    ],
    [
      'pods "x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true',
      'mutating webhook',
    ],
    [
      'pods "x" is forbidden: ValidatingAdmissionPolicy \'secure-signing-signer-runs-as-released\' with binding',
      'One of our admission policies',
    ],
    [
      "pods \"x\" is forbidden: ValidatingAdmissionPolicy 'no-latest' with binding 'b' denied request",
      'policy of your cluster',
    ],
    [
      'Internal error occurred: failed calling webhook "rev.namespace.sidecar-injector.istio.io": failed to call webhook',
      'istiod does not answer',
    ],
    [
      'Internal error occurred: failed calling webhook "mutate.kyverno.svc": connection refused',
      'The webhook does not answer',
    ],
    [
      'admission webhook "validation.gatekeeper.sh" denied the request: [x] no',
      'webhook of your cluster refuses',
    ],
    [
      'pods "x" is forbidden: unable to validate against any security context constraint: [...]',
      'nonroot-v2',
    ],
  ])('gets advice: %s', (words, advice) => expect(adviseOnAdmission(words)).toContain(advice))

  test('gets none that does not fit', () => expect(adviseOnAdmission('no idea')).toBeUndefined())
})
