// Explains why a container does not start, by the state that kubelet reports.
import { namespace } from '../../kube/names.ts'
import type { ContainerStatus, PodEvent, PodState } from './pod-state.ts'
import { adviseOnImage, adviseOnStart } from './start-advice.ts'

/** `isFinal`: neither time nor the deployment itself fixes it. */
export type StartProblem = { what: string; todo: string; isFinal: boolean }

const imageReasons = [
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'ImageInspectError',
  'RegistryUnavailable',
  'SignatureValidationFailed',
]
/** Reasons of a container that will start, or that only waits for another one. */
const harmless = ['', 'PodInitializing', 'ContainerCreating']
/** A container that has failed so often does not recover by itself. */
const manyRestarts = 3
/** What kubelet says while it waits between two attempts to pull, without the cause. */
const backOff = /^Back-off pulling image "[^"]*"$/

/** Returns undefined if the container starts, or only waits for another one. */
export function describeContainer(
  pod: PodState,
  status: ContainerStatus,
  events: readonly PodEvent[],
): StartProblem | undefined {
  const { reason = '', message = '' } = status.state.waiting ?? {}
  if (harmless.includes(reason)) return undefined
  if (imageReasons.includes(reason)) return describeImage(pod, status, reason, message, events)
  if (reason === 'CrashLoopBackOff') return describeCrash(pod, status)
  const what = `the container ${status.name} of the Pod ${pod.metadata.name} does not start: ${join(reason, message)}`
  return (
    describeProfile(pod, status.name, reason, message) ?? {
      what,
      todo: adviseOnStart(what) ?? lookAt(pod.metadata.name),
      isFinal: /exec format error/i.test(message),
    }
  )
}

function describeImage(
  { metadata }: PodState,
  { image }: ContainerStatus,
  reason: string,
  message: string,
  events: readonly PodEvent[],
): StartProblem {
  // Before Kubernetes 1.32, only the event has the cause while kubelet waits.
  const event = events.findLast(({ message: said }) => said.startsWith('Failed to pull image'))
  const words = message === '' || backOff.test(message) ? (event?.message ?? message) : message
  const secret = events.find(({ reason: why }) => why === 'FailedToRetrieveImagePullSecret')
  const what = [
    `the cluster cannot pull the image ${image}: ${join(reason, words)}`,
    secret?.message,
  ]
    .filter((each) => each !== undefined)
    .join('. ')
  const isUnexplained = words === '' || backOff.test(words)
  return {
    what,
    todo: adviseOnImage(isUnexplained ? 'not found' : what) ?? lookAt(metadata.name),
    isFinal: true,
  }
}

function describeProfile(
  { spec }: PodState,
  name: string,
  reason: string,
  message: string,
): StartProblem | undefined {
  const kind = /seccomp|apparmor/i.exec(message)?.[0].toLowerCase()
  // runc writes to attr/exec for AppArmor too, and then names it.
  if (kind === undefined && /can't set process label|attr\/exec/.test(message)) {
    return {
      what: `the node ${spec.nodeName} does not have the SELinux type of the container ${name}: ${message}`,
      todo: 'Run `semodule -i k8s/components/selinux/secure_signing.cil` on the node. See docs/hardening.md.',
      isFinal: true,
    }
  }
  if (kind === undefined || !['CreateContainerError', 'RunContainerError'].includes(reason)) {
    return undefined
  }
  return {
    what: `the node ${spec.nodeName} does not have the ${kind} profile of the container ${name}: ${message}`,
    todo: `A DaemonSet installs it. Look for its Pod on this node: kubectl get pods -n ${kind}-profiles -o wide. See docs/hardening.md.`,
    isFinal: true,
  }
}

function describeCrash({ metadata }: PodState, status: ContainerStatus): StartProblem {
  const { exitCode = 0, reason = '', message = '' } = status.lastState.terminated ?? {}
  const end = join(`${reason || 'Error'}, exit code ${exitCode}`, message)
  const what = `the container ${status.name} of the Pod ${metadata.name} stops each time: ${end}`
  const log = `kubectl logs ${metadata.name} -c ${status.name} --previous -n ${namespace}`
  return {
    what,
    todo: adviseOnStart(what) ?? `Read its log: ${log}`,
    isFinal: status.restartCount >= manyRestarts,
  }
}

/** Joins a reason of Kubernetes and the text that belongs to it. */
export function join(reason: string, message: string): string {
  return [reason, message].filter((each) => each !== '').join(': ')
}

export function lookAt(pod: string): string {
  return `Read the rest with \`kubectl describe pod ${pod} -n ${namespace}\`, and fix the cause. The Pod starts by itself afterwards.`
}
