// The patch that attaches the signer to the Deployment of an application. k8s/frontend has the same for our own.
import type { ApplicationPod } from '../../kube/application/pod.ts'
import type { Application } from '../../kube/application.ts'
import type { Layout } from '../../kube/layouts.ts'
import { signerLabel } from '../../kube/names.ts'
import { apiTokenVolume } from './check-pod.ts'

const apiTokenPath = '/var/run/secrets/kubernetes.io/serviceaccount'
const defaultContainer = 'kubectl.kubernetes.io/default-container'

/** How the container reaches the signer: through the proxy of its Pod, or at the socket of the signer. */
export type Way = 'through-proxy' | 'at-socket'

export function wayOf({ isMeshed }: Layout): Way {
  return isMeshed ? 'through-proxy' : 'at-socket'
}

const mounts = {
  'through-proxy': [{ name: 'caller-token', mountPath: '/run/identity', readOnly: true }],
  // Read-only allows a connection, but not another socket in its place.
  'at-socket': [{ name: 'signer-socket', mountPath: '/run/signer', readOnly: true }],
}
const variables = {
  'through-proxy': {},
  'at-socket': { SIGNER_URL: 'unix:/run/signer/signer.sock:/sign', CALLER_TOKEN_FILE: 'none' },
}

/**
 * Istio's proxy has no seccomp profile of its own, and Pod Security `restricted` requires one. So the Pod gets one, unless the
 * application sets it.
 */
export function composeAttachPatch(
  { deployment, container, apiToken }: Application,
  { metadata, spec }: ApplicationPod,
  way: Way,
  replicas: number | undefined,
) {
  const token = { name: apiTokenVolume, mountPath: apiTokenPath, readOnly: true }
  const mountToken = (name: string) => (apiToken.includes(name) ? [token] : [])
  const env = Object.entries(variables[way]).map(([name, value]) => ({ name, value }))
  const own = {
    name: container,
    ...(env.length > 0 && { env }),
    volumeMounts: [
      ...mounts[way],
      { name: 'pairing', mountPath: '/run/pairing', readOnly: true },
      ...mountToken(container),
    ],
  }
  // All of them, because kustomize puts what a patch names first.
  const patchAll = (found: readonly { name: string }[]) =>
    found.map(({ name }) => {
      const volumeMounts = mountToken(name)
      if (name === container) return own
      return volumeMounts.length === 0 ? { name } : { name, volumeMounts }
    })
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: deployment, labels: { [signerLabel]: 'true' } },
    spec: {
      ...(replicas !== undefined && { replicas }),
      template: {
        ...(metadata.annotations[defaultContainer] === undefined && {
          metadata: { annotations: { [defaultContainer]: container } },
        }),
        spec: {
          ...(way === 'through-proxy' &&
            spec.securityContext.seccompProfile === undefined && {
              securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
            }),
          containers: patchAll(spec.containers),
          ...(spec.initContainers.length > 0 && { initContainers: patchAll(spec.initContainers) }),
          ...(apiToken.length > 0 && { volumes: [composeTokenVolume()] }),
        },
      },
    },
  }
}

/** What Kubernetes mounts by itself, unless the Pod says automountServiceAccountToken: false. The signer must not have it. */
function composeTokenVolume() {
  return {
    name: apiTokenVolume,
    projected: {
      defaultMode: 0o444,
      sources: [
        { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [{ path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } }],
          },
        },
      ],
    },
  }
}
