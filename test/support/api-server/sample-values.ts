// The values of a cluster that differs from Istio's defaults in every value, and of its users.

import { composeCluster } from '../../../tools/deploy/render/cluster.ts'
import {
  type ClusterFindings,
  composeClusterValues,
} from '../../../tools/deploy/render/cluster-values.ts'
import { composeGateway } from '../../../tools/deploy/render/gateway-values.ts'
import type { VaultValues } from '../../../tools/deploy/render/vault-values.ts'
import type { ImageReference } from '../../../tools/images/image-references.ts'
import { ownEntry, ownGateway } from '../../../tools/kube/gateway/public-route.ts'
import { type Layout, onePod } from '../../../tools/kube/layouts.ts'
import { composeOwnApplication } from '../own-application.ts'

/** The public half of a key that nobody has. It is always the same, so that changes of it have the same names in each run. */
const modulus = [
  '4XUiF6EMvKbO6NVJjXq8ngJMAaUBR74sYvdqucSt2thr0KxI7agOngN6rBIgrr9tAhgEodw7pqFchUGo3R4-J22PPU',
  'bpFk-6PjPtV_pZJlDNxusRjvnfVNreFEt_lvFYgUPoZIoYskHdId3iX8a1g6nYV5P9WNERaFzzn14LWnhIIhvbrTZD',
  'AAktqYwIUU5L1Nwhl9dadEUZMNi2fRjzTyG_kYLRNtV8ev23m7OEoA7WEHaEOuBHo67WUILZMOndPaoGDGQFgjlXg1',
  'Y0srPTOGFz_QaXzNI8GgOkJoKWmDSG0cTFUliVNCm_m0Q5wvelRUCpawKFKzhXX7Lufs4a3Q',
].join('')
const tokenKey = { kty: 'RSA', n: modulus, e: 'AQAB', kid: 'sample', use: 'sig', alg: 'RS256' }

export const sampleFindings: ClusterFindings = {
  trustDomain: 'mesh.example',
  route: {
    kind: 'own',
    gateway: ownGateway,
    ...{ host: undefined, selector: { istio: 'edge' }, sections: [], entry: ownEntry },
    workloads: [
      {
        namespace: 'edge-system',
        serviceAccount: 'edge-gateway',
        podLabels: { istio: 'edge' },
        selector: { istio: 'edge' },
      },
    ],
  },
  injector: { label: 'canary', revision: '1-31', namespace: 'mesh-system' },
  tokens: { issuer: 'https://tokens.example', keys: JSON.stringify({ keys: [tokenKey] }) },
}
const prometheus = { namespace: 'observability', serviceAccount: 'prometheus-k8s' }
export const sampleRoute = sampleFindings.route
export const sampleGateway = composeGateway(sampleFindings.route, sampleFindings.trustDomain)
export const sampleValuesOf = (layout: Layout) =>
  composeClusterValues(sampleFindings, layout, prometheus)

export const sampleImages: ImageReference[] = [
  { name: 'frontend', repository: 'registry.example/team/frontend', tag: '0123456789ab' },
  { name: 'signer', repository: 'registry.example/team/signer', tag: 'ba9876543210' },
]

/** The values of a user, for key managers and tracing. */
const parameters: Record<string, string> = {
  FILL_IN_REGION: 'eu-central-1',
  FILL_IN_ROLE_ARN: 'arn:aws:iam::123456789012:role/signing-key-reader',
  FILL_IN_VAULT_URL: 'https://signing.vault.azure.net',
  FILL_IN_TENANT_ID: '0b6e6c1e-6c0b-4a53-8f0a-1a4f3c0e9d11',
  FILL_IN_CLIENT_ID: '7d3f0a52-0a4e-4b1e-9a64-52c1b0f7e6d2',
  FILL_IN_PROJECT_ID: 'signing-keys',
  FILL_IN_CLUSTER_PROJECT_ID: 'signing-clusters',
  FILL_IN_CLUSTER_LOCATION: 'europe-west3',
  FILL_IN_CLUSTER_NAME: 'production',
  FILL_IN_PROVIDER: 'otel',
  FILL_IN_GATEWAY_SERVICE_ACCOUNT: 'edge-gateway',
  FILL_IN_GATEWAY_NAMESPACE: 'edge-system',
  FILL_IN_COLLECTOR: 'observability/otel-collector.observability.svc.cluster.local',
}

export const sampleVaultValues: VaultValues = {
  address: 'https://keys.example:8443',
  host: 'keys.example',
  port: '8443',
  namespace: 'team',
  authPath: 'auth/cluster-7',
  role: 'signer-of-7',
  metadataPath: 'secrets/metadata/hmac',
  dataPath: 'secrets/data/hmac',
  ca: '-----BEGIN CERTIFICATE-----\nsample\n-----END CERTIFICATE-----',
  image: 'registry.example/team/vault:1',
}

/** Fills in what users fill in by hand. */
export function fillInParameters(yaml: string): string {
  return yaml.replace(/FILL_IN_\w+/g, (name) => parameters[name] ?? name)
}

/** Returns the input of renderResources. */
export function describeSample(
  components: readonly string[],
  layout: Layout = onePod,
  route = sampleFindings.route,
) {
  return {
    layout,
    application: composeOwnApplication(layout, components.includes('vault')),
    cluster: layout.isMeshed
      ? composeCluster({ ...sampleFindings, route }, layout, prometheus)
      : undefined,
    components,
    vault: components.includes('vault') ? sampleVaultValues : undefined,
    images: sampleImages,
  }
}
