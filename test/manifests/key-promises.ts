// Who can read the key, the socket, the pairing secret and the caller token: the boundary between the containers is what is mounted where.
import { keySecret } from '../../deploy/names.ts'
import { findMounters, listContainers, type Pod, proxyName, readPod, type Volume } from './pod.ts'
import type { ResourcePromise } from './promise.ts'

const template = 'spec.template.spec'
const containers = `${template}.containers`
const frontend = `${containers}.0`
const signer = `${containers}.1`
const pod = 'Deployment/secure-signing'
const mountAnnotation = 'sidecar.istio.io/userVolumeMount'

export const keyPromises: readonly ResourcePromise[] = [
  {
    title: 'the key is mounted into the signer alone, whole and read-only',
    find: (resources) => {
      const found = readPod(resources)
      const volumes = found.spec.volumes.filter(holdsSecret)
      const mounts = listContainers(found)
        .flatMap(({ volumeMounts }) => volumeMounts)
        .filter(({ name }) => volumes.some((volume) => volume.name === name))
      return [
        ...expectMounters(found, volumes, ['signer'], 'the key'),
        ...mounts.filter(({ readOnly }) => !readOnly).map(() => 'the key can be written to'),
        ...mounts
          .filter(({ subPath }) => subPath !== undefined)
          .map(() => 'a subPath never sees a rotated key'),
      ]
    },
    broken: {
      'the frontend mounting it': [pod, `${frontend}.volumeMounts.+`, mount('hmac-key', '/k')],
      'the signer without it': [pod, `${signer}.volumeMounts.1`, mount('other', '/k')],
      'a second volume of it in the frontend': [
        pod,
        `${template}.volumes.3`,
        { name: 'caller-token', projected: { sources: [{ secret: { name: keySecret } }] } },
      ],
      'a proxy that mounts it': [
        pod,
        `${template}.initContainers`,
        [{ name: proxyName, image: 'auto', volumeMounts: [mount('hmac-key', '/k')] }],
      ],
      'write access': [pod, `${signer}.volumeMounts.1.readOnly`, false],
      'a subPath': [pod, `${signer}.volumeMounts.1.subPath`, 'key-1'],
    },
  },
  {
    title: 'no Secret is in any environment',
    find: (resources) =>
      listContainers(readPod(resources)).flatMap(({ name, env, envFrom }) => [
        ...env
          .filter(({ valueFrom }) => valueFrom?.secretKeyRef !== undefined)
          .map((each) => `${name}: ${each.name} is of a Secret`),
        ...envFrom
          .filter(({ secretRef }) => secretRef !== undefined)
          .map(() => `${name}: envFrom a Secret`),
      ]),
    broken: {
      'a variable': [
        pod,
        `${signer}.env.+`,
        { name: 'KEY', valueFrom: { secretKeyRef: { name: keySecret, key: 'key-1' } } },
      ],
      envFrom: [pod, `${frontend}.envFrom`, [{ secretRef: { name: keySecret } }]],
    },
  },
  {
    title: 'no resource holds a key',
    find: (resources) =>
      resources.filter(({ kind }) => kind === 'Secret').map(() => 'a Secret is in the manifests'),
    broken: {
      'a Secret': ['+', '', { apiVersion: 'v1', kind: 'Secret', metadata: { name: keySecret } }],
    },
  },
  {
    title: 'the socket is in the signer and the proxy alone, in memory',
    find: (resources) => {
      const found = readPod(resources)
      const volumes = found.spec.volumes.filter(({ name }) => name === 'signer-socket')
      const proxied = found.metadata.annotations[mountAnnotation] ?? '{}'
      const injected = listContainers(found).some(({ name }) => name === proxyName)
      return [
        ...expectMounters(
          found,
          volumes,
          injected ? [proxyName, 'signer'] : ['signer'],
          'the socket',
        ),
        ...volumes
          .filter(({ emptyDir }) => emptyDir?.medium !== 'Memory')
          .map(() => 'the socket is not in memory'),
        // Only the map form names its volume for the template that injects it.
        ...(Object.keys(JSON.parse(proxied)).join() === 'signer-socket'
          ? []
          : [`the proxy is to mount ${proxied}`]),
      ]
    },
    broken: {
      'the frontend mounting it': [pod, `${frontend}.volumeMounts.+`, mount('signer-socket', '/s')],
      'the list form of the annotation': [
        pod,
        `spec.template.metadata.annotations.${mountAnnotation.replaceAll('.', '~1')}`,
        '[{"name":"signer-socket","mountPath":"/run/signer"}]',
      ],
      'a proxy that would mount the key too': [
        pod,
        `spec.template.metadata.annotations.${mountAnnotation.replaceAll('.', '~1')}`,
        '{"signer-socket":{"mountPath":"/run/signer"},"hmac-key":{"mountPath":"/run/key"}}',
      ],
      'a socket on disk': [pod, `${template}.volumes.0.emptyDir`, {}],
    },
  },
  {
    title:
      'the pairing secret is written by the signer, read by the frontend, and nobody else has it',
    find: (resources) => {
      const found = readPod(resources)
      const volumes = found.spec.volumes.filter(({ name }) => name === 'pairing')
      const writers = listContainers(found).filter(({ volumeMounts }) =>
        volumeMounts.some(({ name, readOnly }) => name === 'pairing' && !readOnly),
      )
      return [
        ...expectMounters(found, volumes, ['frontend', 'signer'], 'the pairing secret'),
        ...(writers.map(({ name }) => name).join() === 'signer' ? [] : ['others can write it']),
        ...volumes
          .filter(({ emptyDir }) => emptyDir?.medium !== 'Memory')
          .map(() => 'the pairing secret is not in memory'),
        ...['SIGNER_PAIRING_DIR', 'PAIRING_SECRET_FILE']
          .filter((variable) => !hasVariable(found, variable))
          .map((variable) => `${variable} is not set, which turns the lock off`),
      ]
    },
    broken: {
      'a frontend that can write it': [pod, `${frontend}.volumeMounts.1.readOnly`, false],
      'a signer that does not have it': [pod, `${signer}.volumeMounts.2`, mount('other', '/p')],
      'a secret on disk': [pod, `${template}.volumes.1.emptyDir`, {}],
      'a signer that is not told': [pod, `${signer}.env.2`, { name: 'OTHER', value: 'x' }],
      'a frontend that is not told': [pod, `${frontend}.env.3`, { name: 'OTHER', value: 'x' }],
      'a proxy that mounts it': [
        pod,
        `${template}.initContainers`,
        [{ name: proxyName, image: 'auto', volumeMounts: [mount('pairing', '/p')] }],
      ],
    },
  },
  {
    title: 'the caller token is in the frontend alone, for the signer alone, for ten minutes',
    find: (resources) => {
      const found = readPod(resources)
      const tokens = found.spec.volumes.filter(
        ({ name, projected }) =>
          // Istio's own token for its own audience, in its own container.
          name !== 'istio-token' &&
          projected?.sources.some(({ serviceAccountToken }) => serviceAccountToken !== undefined),
      )
      const sources = tokens
        .flatMap(({ projected }) => projected?.sources ?? [])
        .flatMap(({ serviceAccountToken }) => serviceAccountToken ?? [])
      return [
        ...expectMounters(found, tokens, ['frontend'], 'the caller token'),
        ...sources
          .filter(({ audience }) => audience !== 'signer')
          .map(({ audience }) => `a token for ${audience}`),
        ...sources
          .filter(({ expirationSeconds = 3600 }) => expirationSeconds > 600)
          .map(() => 'a token that lives too long'),
        ...(found.spec.automountServiceAccountToken === false ? [] : ['an API token is mounted']),
      ]
    },
    broken: {
      'the signer mounting it': [pod, `${signer}.volumeMounts.+`, mount('caller-token', '/t')],
      'the frontend without it': [pod, `${frontend}.volumeMounts`, []],
      'an audience that the API server takes': [
        pod,
        `${template}.volumes.3.projected.sources.0.serviceAccountToken.audience`,
        undefined,
      ],
      'an hour': [
        pod,
        `${template}.volumes.3.projected.sources.0.serviceAccountToken.expirationSeconds`,
        3600,
      ],
      automount: [pod, `${template}.automountServiceAccountToken`, undefined],
    },
  },
]

function hasVariable(found: Pod, variable: string): boolean {
  return listContainers(found).some(({ env }) =>
    env.some(({ name, value = '' }) => name === variable && value !== ''),
  )
}

function mount(name: string, mountPath: string) {
  return { name, mountPath, readOnly: true }
}

function holdsSecret({ secret, projected }: Volume): boolean {
  return (
    secret !== undefined ||
    (projected?.sources.some((source) => source.secret !== undefined) ?? false)
  )
}

function expectMounters(
  found: Pod,
  volumes: readonly Volume[],
  expected: readonly string[],
  what: string,
): string[] {
  const mounters = findMounters(found, volumes).sort().join(', ')
  return mounters === expected.join(', ')
    ? []
    : [`${what} is mounted into: ${mounters || 'nobody'}`]
}
