// The variables of make. `make help`, docs/configuration.md and the programs read this table.
import { UserError } from './terminal.ts'

export type MakeVariable = {
  meaning: string
  /** "cluster": every target that uses a cluster. */
  targets: readonly string[] | 'cluster'
  /** The allowed values, or an example. "yes": the variable is a switch. */
  value: string
  /** What make uses without the variable. A switch has none. */
  default?: string
}

const deployment = ['deploy', 'analyze']
const throughGateway = [...deployment, 'smoke', 'matrix']
const auditing = ['verify-audit', 'who-signed']
const discovered = 'discovered'

export const makeVariables = {
  AMBIENT: {
    meaning: "Install Istio's ambient profile, without ztunnel.",
    targets: ['up', 'cluster', 'test-istio'],
    value: 'yes',
  },
  ARGS: { meaning: 'Arguments for kubectl.', targets: ['kubectl'], value: "'get pods -A'" },
  AUDIT_KEY_FILE: {
    meaning: 'The key that verifies audit records.',
    targets: auditing,
    value: 'a path',
    default: 'audit-key of the Secret',
  },
  BUILDER: {
    meaning: 'The image builder. A release cannot use docker.',
    targets: ['images', 'release'],
    value: 'docker|podman|buildah',
    default: 'the first that works',
  },
  BUILDER_ID: {
    meaning: 'A name of the build machine, for the provenance.',
    targets: ['release'],
    value: 'a URI',
    default: 'a placeholder',
  },
  CLUSTER: {
    meaning: 'Use a kind cluster in Docker.',
    targets: 'cluster',
    value: 'kind',
    default: 'the local cluster',
  },
  COMPONENTS: {
    meaning: 'Optional components, in any order.',
    targets: [...deployment, 'preview'],
    value: "'network-policy tracing'",
  },
  CONFIG: {
    meaning: 'The file that describes your application.',
    targets: [
      ...deployment,
      ...[
        'undeploy',
        'smoke',
        'matrix',
        'preview',
        'rotate-key',
        'consumer-secret',
        'renew-token-keys',
        'cluster-status',
        'evidence',
        ...auditing,
      ],
    ],
    value: 'signing.yaml',
    default: 'our own application',
  },
  CONSUMER: {
    meaning: 'The consumer whose secret to print. A dash reads one per line.',
    targets: ['consumer-secret'],
    value: 'acme',
  },
  CONSUMER_VERSION: {
    meaning: "The version of the consumer's secret.",
    targets: ['consumer-secret'],
    value: 'a number',
    default: '1',
  },
  DELETE_KEY: {
    meaning: 'Also delete the key and the namespace.',
    targets: ['undeploy'],
    value: 'yes',
  },
  DEMO_PORT: {
    meaning: 'The port of the frontend on this machine.',
    targets: ['demo'],
    value: 'a number',
    default: '8080',
  },
  DOCS: {
    meaning: 'Also write the result into docs/.',
    targets: ['bench', 'faults', 'matrix'],
    value: 'yes',
  },
  DRY_RUN: {
    meaning: 'Run every check and change nothing.',
    targets: ['deploy', 'rotate-key', 'renew-token-keys'],
    value: 'yes',
  },
  EXTERNAL_SECRETS: {
    meaning: 'External Secrets to test with.',
    targets: ['test-external-secrets'],
    value: 'a folder',
    default: '0.20.4',
  },
  EXTERNAL_SECRETS_CRDS: {
    meaning: "Another External Secrets' CRDs to test against.",
    targets: ['test'],
    value: 'a path',
  },
  FILES: {
    meaning: 'A kustomization, or the logs to verify. A dash reads standard input.',
    targets: ['analyze', 'preview', ...auditing],
    value: 'a path',
    default: "what `make deploy` applies; the cluster's logs",
  },
  FORCE_CONFLICTS: {
    meaning: 'Take over what other tools manage.',
    targets: ['deploy', 'undeploy'],
    value: 'yes',
  },
  FORM: {
    meaning: 'The form of the keys to rotate.',
    targets: ['rotate-key'],
    value: 'raw|webhook',
    default: 'raw',
  },
  FUZZ_COUNT: {
    meaning: 'Requests of the fuzz test.',
    targets: ['test'],
    value: 'a number',
    default: '5000',
  },
  FUZZ_SEED: {
    meaning: 'Repeats a fuzz test.',
    targets: ['test'],
    value: 'a number',
    default: 'random',
  },
  GATEWAY: {
    meaning: 'An existing Gateway to bind to, of Istio or of the Gateway API.',
    targets: throughGateway,
    value: 'NAMESPACE/NAME',
    default: 'the deployed one, or signing/public',
  },
  GATEWAY_CACERT: {
    meaning: "The private CA that signed the gateway's certificate.",
    targets: ['deploy', 'smoke'],
    value: 'a PEM file',
  },
  GATEWAY_SELECTOR: {
    meaning: "The gateway's Pods: their label `istio`, or other labels.",
    targets: [...throughGateway, 'test'],
    value: 'ingressgateway',
    default: discovered,
  },
  GATEWAY_URL: {
    meaning: 'The address of the gateway.',
    targets: ['deploy', 'smoke', 'matrix', 'bench', 'test'],
    value: 'http://192.0.2.7',
    default: discovered,
  },
  IMAGE_PREFIX: {
    meaning: 'The registry and path of both images.',
    targets: ['images', 'release', ...deployment],
    value: 'registry.example/team',
    default: 'local cluster: localhost/secure-signing',
  },
  ISTIO: {
    meaning: 'Build this Istio for the local cluster.',
    targets: ['up', 'cluster', 'test-istio'],
    value: 'v0.0.0-20260826214018-9739e10eb9d7',
    default: 'a commit of Istio 1.31',
  },
  ISTIO_REVISION: {
    meaning: 'The Istio revision that injects the sidecar.',
    targets: [...deployment, 'matrix'],
    value: 'stable',
    default: discovered,
  },
  KEY_FILE: {
    meaning: 'A webhook key that is in no Secret. A dash reads standard input.',
    targets: ['consumer-secret'],
    value: 'a path',
    default: 'the key of the Secret',
  },
  KEY_ID: {
    meaning: 'The webhook key to derive from.',
    targets: ['consumer-secret'],
    value: 'webhook-1',
    default: 'the primary one',
  },
  KUBECONFIG: {
    meaning: 'The kubeconfig file of the cluster.',
    targets: 'cluster',
    value: 'a path',
    default: 'the local cluster',
  },
  LINKERD_CRDS: {
    meaning: "Linkerd's CRDs to test against.",
    targets: ['test'],
    value: 'a path',
  },
  LIVE: {
    meaning: 'Also name what differs on the cluster, and judge what others have there.',
    targets: ['analyze'],
    value: 'yes',
  },
  NODE_IMAGE: {
    meaning: 'The base image. A release needs its digest.',
    targets: ['images', 'release', ...deployment],
    value: 'an image',
    default: 'gcr.io/distroless/nodejs24-debian13',
  },
  ONLY: {
    meaning: 'Run only these.',
    targets: ['faults', 'mutation-test'],
    value: 'id,id',
  },
  OUT: {
    meaning: 'The folder for the result.',
    targets: ['release', 'matrix', 'preview', 'evidence', 'mutation-test'],
    value: 'a path',
    default: '.deploy/TARGET, evidence: with the time',
  },
  OVERLAP: {
    meaning: 'How long signatures of the old key still verify.',
    targets: ['rotate-key'],
    value: '90m',
    default: '24h',
  },
  OVERLAY: {
    meaning: 'The layout: one Pod, separate Pods, or one Pod without Istio.',
    targets: ['up', 'cluster', ...deployment, 'preview'],
    value: 'default|separate-pods|no-mesh',
    default: 'default',
  },
  PROMETHEUS: {
    meaning: "Prometheus' ServiceAccount, for the component monitoring.",
    targets: deployment,
    value: 'NAMESPACE/NAME',
    default: 'monitoring/prometheus',
  },
  PROMETHEUS_URL: {
    meaning: "Prometheus' address, which shows whether the end of a log was cut off.",
    targets: auditing,
    value: 'http://127.0.0.1:9090',
  },
  PUBLIC_HOST: {
    meaning: 'The host name for public clients.',
    targets: throughGateway,
    value: 'signing.example',
    default: 'every host of the gateway, or its only one',
  },
  PUSH: { meaning: 'Also push the images.', targets: ['images'], value: 'yes' },
  SAMPLE: {
    meaning: 'Make only so many changes.',
    targets: ['mutation-test'],
    value: 'a number',
    default: 'all',
  },
  SEED: {
    meaning: 'Chooses the changes.',
    targets: ['mutation-test'],
    value: 'a number',
    default: '26',
  },
  SERVICE: {
    meaning: 'Watch only this service.',
    targets: ['dev'],
    value: 'frontend|signer',
    default: 'both',
  },
  SHORT: { meaning: 'Leave out what takes long.', targets: ['faults', 'bench'], value: 'yes' },
  SIGNATURE: {
    meaning:
      'The signature to look up, in hex or base64, or webhook-signature. A dash reads lines.',
    targets: ['who-signed'],
    value: 'a signature',
  },
  TARGET_PLATFORM: {
    meaning: 'The platform of both images. A release may have several, with commas.',
    targets: ['images', 'release', ...deployment],
    value: 'linux/arm64',
    default: "images: this machine's; deploy: the nodes'; release: linux/amd64,linux/arm64",
  },
  TEST: {
    meaning: 'Run only this test file. `make test` does not deploy then.',
    targets: ['test', 'test-external-secrets'],
    value: 'a path',
  },
  TOKEN_KEYS: {
    meaning: 'Where the keys of caller tokens come from.',
    targets: deployment,
    value: 'inline|https://…',
    default: 'the issuer, if it publishes them',
  },
  VAULT_ADDR: {
    meaning: 'The address of Vault.',
    targets: deployment,
    value: 'https://vault.example:8200',
  },
  VAULT_AUTH_PATH: {
    meaning: "The mount of Vault's Kubernetes auth method.",
    targets: deployment,
    value: 'a path in Vault',
    default: 'auth/kubernetes',
  },
  VAULT_CACERT: {
    meaning: "The CA that signed Vault's certificate.",
    targets: deployment,
    value: 'a PEM file',
  },
  VAULT_IMAGE: {
    meaning: 'The image of the Vault agent.',
    targets: deployment,
    value: 'an image',
    default: 'hashicorp/vault:1.21.1',
  },
  VAULT_KV: {
    meaning: 'The mount of the KV secrets engine, version 2.',
    targets: deployment,
    value: 'a path in Vault',
    default: 'kv',
  },
  VAULT_NAMESPACE: {
    meaning: 'The namespace in Vault Enterprise.',
    targets: deployment,
    value: 'a path in Vault',
  },
  VAULT_ROLE: {
    meaning: "The Vault role of the signer's Pod.",
    targets: deployment,
    value: 'a name',
    default: 'secure-NAMESPACE',
  },
  VAULT_SECRET_PATH: {
    meaning: "The secret's path in the KV mount.",
    targets: deployment,
    value: 'a path in Vault',
    default: 'NAMESPACE/hmac-key',
  },
} as const satisfies Readonly<Record<string, MakeVariable>>

type Table = typeof makeVariables
export type VariableName = keyof Table
export type SwitchName = {
  [N in VariableName]: Table[N]['value'] extends 'yes' ? N : never
}[VariableName]

/** The variables and targets that have a new name. */
export const renamed: Readonly<Record<string, string>> = {
  IMAGES: 'IMAGE_PREFIX',
  VAULT_KEY: 'VAULT_SECRET_PATH',
  vault: 'test-vault',
  'external-secrets': 'test-external-secrets',
  'separate-pods': 'test-separate-pods',
  confinement: 'test-confinement',
  monitoring: 'test-monitoring',
}

export function listVariables(): (MakeVariable & { name: string })[] {
  return Object.entries(makeVariables).map(([name, variable]) => ({ name, ...variable }))
}

/** Returns the value of a variable. Returns undefined if it is not set or empty. */
export function readVariable(name: VariableName, env = process.env): string | undefined {
  return env[name] || undefined
}

/** Returns true if a switch is "yes". Throws UserError if it has any other value. */
export function readSwitch(name: SwitchName): boolean {
  const value = readVariable(name)
  if (value === undefined || value === 'yes') return value === 'yes'
  throw new UserError(`${name}=${value} is not valid`, `Use ${name}=yes, or leave it out.`)
}
