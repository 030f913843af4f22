// Explains how a Pod differs from what this version ships: where, both values, what it opens, and what to do.
import { formatPath } from '../../finding.ts'
import { unplacedEffect } from '../unplaced.ts'
import type { PodDifference } from './compare-pods.ts'

const shownLength = 100
const todo = 'Run `make deploy` of this version, or remove the edit'

/** What a difference opens, weakens or breaks, by the place and what was found. The first that fits counts. */
const effects: readonly (readonly [pattern: RegExp, effect: string])[] = [
  [/^deployment\.metadata\.namespace/, unplacedEffect],
  [
    /^metadata\.annotations\[sidecar\.istio\.io\/\w*[lL]ogLevel\]/,
    'At this level, the proxy logs every header, also the caller token.',
  ],
  [
    /^metadata\.annotations\[(container|apparmor|seccomp)/,
    'The container runs under another profile of the kernel, or the API server refuses the Pod.',
  ],
  [
    /^metadata\.annotations\[k8s\.v1\.cni/,
    'Another network of the Pod is outside of the proxy and of NetworkPolicies.',
  ],
  [
    /^metadata\.annotations\[proxy\.istio\.io/,
    'The probe of the signer and the end of the Pod depend on this setting of the proxy.',
  ],
  [
    /^metadata\.annotations\[sidecar\.istio\.io\/userVolumeMount/,
    'The proxy reaches the signer by this mount, and must not replace the socket.',
  ],
  [
    /^metadata\.annotations\[(traffic\.)?sidecar\.istio\.io/,
    'Without it, a setting of the mesh can lead traffic around the proxy.',
  ],
  [
    /^metadata\.annotations\[[\w.-]*linkerd/,
    'The proxy of Linkerd decides by it which traffic it takes and refuses.',
  ],
  [/^metadata\.annotations/, 'A webhook, an operator or the proxy reads it.'],
  [/^metadata\.labels/, 'A mesh, a Service or a policy selects the Pod by it.'],
  [
    /\.env\[SIGNER_(SIGNATURES|VERIFICATIONS)/,
    'It limits what a compromised application can have signed.',
  ],
  [/\.env\[SIGNER_SHUTDOWN/, "The application's last requests still need a signature."],
  [/(signer-freeze|SIGNER_FREEZE)/, '`make freeze` stops the signer by this folder.'],
  [
    /\[signer\]\.env/,
    'The signer does not start with it, or trusts or serves others than it should. Other variables can run code that reads the key.',
  ],
  [
    /\[vault-agent\]/,
    'The container reads the key from Vault, so it must be what this version ships.',
  ],
  [/\.volumeMounts/, 'Mounts are the boundary between the containers.'],
  [/securityContext/, 'It limits what code in the container can do.'],
  [/\.resources/, 'Limits keep one container from taking memory and CPU from the others.'],
  [
    /\[signer\]\.(liveness|startup|readiness)Probe/,
    'Kubelet restarts a healthy signer, or sends requests to one that is not ready.',
  ],
  [
    /\[signer\]\.(command|args|workingDir|lifecycle|ports|std|tty|terminationMessage|volumeDevices|resizePolicy|restartPolicy)/,
    'The container holds the key, and runs nothing but its image, without a port.',
  ],
  [/^spec\.volumes\[.*(emptyDir)/, 'The volume is in memory, small, and new in each Pod.'],
  [
    /^spec\.volumes\[.*(serviceAccountToken|caller-token|vault-token)/,
    'The token is for one reader, and lives briefly.',
  ],
  [/^spec\.volumes/, 'The signer reads the key, the pairing secret or the freeze marker from it.'],
  [
    /^spec\.(affinity|nodeSelector)/,
    'On another node, the profile of the containers may be missing.',
  ],
  [/^spec\.hostname/, 'The proxy finds the signer of its own Pod by the name signing-pod.'],
  [/^spec\.(dns|setHostname|subdomain)/, 'The Pod may not find Istio, or its own signer.'],
  [
    /^spec\.terminationGrace/,
    'Kubelet kills the signer before the last requests have a signature.',
  ],
  [/^spec\.enableServiceLinks/, 'Each Service of the namespace then sets variables of the signer.'],
  [
    /^spec\.(containers|initContainers)\[(istio|linkerd)/,
    'A proxy of your own replaces the injected one.',
  ],
  [/^spec\.(containers|initContainers)\[signer/, 'Without the signer, nothing is signed.'],
  [/\.ports/, 'Routes lead to this port, and nothing else may.'],
]

export function explainPod(resourceName: string, difference: PodDifference): string {
  const { path, place, shipped, found } = difference
  const effect = effects.find(([pattern]) => pattern.test(place))?.[1]
  const what = `${resourceName} ${formatPath(path)}: found ${show(found)}, shipped ${show(shipped)}.`
  return [what, ...(effect === undefined ? [] : [effect]), todo].join(' ')
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing'
  const text = JSON.stringify(value)
  const plain = typeof value === 'string' ? text : text.replaceAll('"', '')
  return plain.length > shownLength ? `${plain.slice(0, shownLength)}…` : plain
}
