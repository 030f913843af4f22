// What controllers leave on a Secret, from their documentation or source, and what is left by people and by parts of a cluster.
import { keySecret, namespace } from '../../../tools/kube/names.ts'

export type Left = {
  labels?: Record<string, string>
  annotations?: Record<string, string>
  ownerReferences?: object[]
  /** Applies the entries on the server side as this manager, or updates them. */
  manager?: { name: string; operation: 'Apply' | 'Update' }
}
const apply = (name: string): Left => ({ manager: { name, operation: 'Apply' } })
const update = (name: string): Left => ({ manager: { name, operation: 'Update' } })
const label = (name: string, value = 'true'): Left => ({ labels: { [name]: value } })
const annotation = (name: string, value = 'true'): Left => ({ annotations: { [name]: value } })
const owner = (kind: string, apiVersion: string, controller = true): Left => ({
  ownerReferences: [{ apiVersion, kind, name: 'of-key', uid: `uid-of-${kind}`, controller }],
})
const fluxLabels = (name: string) => ({
  [`${name}.toolkit.fluxcd.io/name`]: 'apps',
  [`${name}.toolkit.fluxcd.io/namespace`]: 'flux-system',
})
const helm = {
  annotations: {
    'meta.helm.sh/release-name': 'signing',
    'meta.helm.sh/release-namespace': 'team',
  },
}

/** What is left, and how an error names the writer. */
export const writers: readonly [string, Left, string][] = [
  [
    'Flux',
    { labels: fluxLabels('kustomize'), ...apply('kustomize-controller') },
    'Flux Kustomization flux-system/apps',
  ],
  ['Flux, its field manager alone', apply('kustomize-controller'), 'Flux'],
  ['Flux before server-side apply', update('flux-client-side-apply'), 'Flux'],
  ['Flux Helm', { labels: fluxLabels('helm') }, 'Flux HelmRelease flux-system/apps'],
  [
    'Argo CD, annotation',
    annotation('argocd.argoproj.io/tracking-id', `apps:/Secret:${namespace}/${keySecret}`),
    'Argo CD Application apps',
  ],
  ['Argo CD, label', label('app.kubernetes.io/instance', 'apps'), 'Argo CD Application apps'],
  ['Argo CD, own label', label('argocd.argoproj.io/instance', 'apps'), 'Argo CD Application apps'],
  ['Argo CD, field manager', update('argocd-controller'), 'Argo CD'],
  [
    'Helm',
    { ...label('app.kubernetes.io/managed-by', 'Helm'), ...helm },
    'Helm release team/signing',
  ],
  ['External Secrets', label('reconcile.external-secrets.io/managed'), 'External Secrets'],
  [
    'External Secrets, merge policy',
    update('externalsecrets.external-secrets.io/hmac-key'),
    'External Secrets',
  ],
  [
    'External Secrets, owner',
    owner('ExternalSecret', 'external-secrets.io/v1'),
    'External Secrets (ExternalSecret/of-key)',
  ],
  [
    'Sealed Secrets',
    owner('SealedSecret', 'bitnami.com/v1alpha1'),
    'Sealed Secrets (SealedSecret/of-key)',
  ],
  ['Sealed Secrets, annotation', annotation('sealedsecrets.bitnami.com/managed'), 'Sealed Secrets'],
  [
    'Vault Secrets Operator',
    {
      labels: {
        'app.kubernetes.io/managed-by': 'hashicorp-vso',
        'secrets.hashicorp.com/vso-ownerRefUID': 'u',
      },
    },
    'Vault Secrets Operator',
  ],
  [
    'Reflector',
    annotation('reflector.v1.k8s.emberstack.com/reflects', 'vault/hmac-key'),
    'Reflector from vault/hmac-key',
  ],
  [
    'kubernetes-replicator',
    annotation('replicator.v1.mittwald.de/replicate-from', 'vault/hmac-key'),
    'kubernetes-replicator from vault/hmac-key',
  ],
  [
    'kubernetes-replicator, pushed',
    annotation('replicator.v1.mittwald.de/replicated-at', '2026-11-25T09:00:00Z'),
    'kubernetes-replicator',
  ],
  ['Config Syncer', label('kubed.appscode.com/origin.name', 'hmac-key'), 'Config Syncer'],
  ['Infisical', annotation('secrets.infisical.com/version', '3'), 'Infisical'],
  ['Doppler', annotation('secrets.doppler.com/version', '3'), 'Doppler'],
  ['1Password', annotation('operator.1password.io/item-version', '3'), '1Password'],
  ['SOPS', annotation('sopssecret/managed'), 'SOPS'],
  ['akv2k8s', owner('AzureKeyVaultSecret', 'spv.no/v2beta1'), 'AzureKeyVaultSecret/of-key'],
  ['Secrets Store CSI', label('secrets-store.csi.k8s.io/managed'), 'Secrets Store CSI driver'],
  ['cert-manager', annotation('cert-manager.io/certificate-name', 'hmac'), 'cert-manager'],
  ['kapp', label('kapp.k14s.io/app', '1'), 'kapp'],
  ['Spinnaker', annotation('moniker.spinnaker.io/application', 'signing'), 'Spinnaker'],
  ['Config Sync', annotation('configmanagement.gke.io/managed', 'enabled'), 'Config Sync'],
  ['kpt', annotation('config.k8s.io/owning-inventory', 'i'), 'an inventory of cli-utils'],
  ['Config Connector', label('cnrm.cloud.google.com/managed-by-kcc'), 'Config Connector'],
  ['Fleet', label('objectset.rio.cattle.io/hash', 'h'), 'Fleet'],
  ['Rancher project secret', annotation('field.cattle.io/projectId', 'c:p'), 'Rancher'],
  ['Operator Lifecycle Manager', label('olm.managed'), 'the Operator Lifecycle Manager'],
  ['Karmada', label('karmada.io/managed'), 'Karmada'],
  ['Kyverno generate', label('generate.kyverno.io/policy-name', 'p'), 'Kyverno'],
  [
    'Hierarchical Namespaces',
    label('hnc.x-k8s.io/inherited-from', 'parent'),
    'Hierarchical Namespaces from namespace parent',
  ],
  ['Terraform', apply('Terraform'), 'Terraform'],
  ['the Kubernetes provider of Terraform', update('HashiCorp'), 'Terraform'],
  ['Pulumi', apply('pulumi-kubernetes-1a2b3c'), 'Pulumi'],
  ['Crossplane', apply('crossplane-kubernetes-provider'), 'Crossplane'],
  ['an unknown manager that applies', apply('acme-secrets'), 'the field manager acme-secrets'],
  [
    'an unknown manager like a part of the cluster',
    update('kube-secret-sync'),
    'the field manager kube-secret-sync',
  ],
  ['an unknown manager that updates', update('manager'), 'the field manager manager'],
  ['an unknown owner', owner('AcmeKey', 'acme.example/v1', false), 'AcmeKey/of-key'],
  ['an unknown managed-by', label('app.kubernetes.io/managed-by', 'acme'), 'acme'],
  [
    'an unknown label',
    label('keys.acme.example/managed-by', 'syncer'),
    'a controller of keys.acme.example',
  ],
  [
    'an unknown annotation',
    annotation('acme.example/replicated-from', 'vault/key'),
    'a controller of acme.example',
  ],
  [
    'an unknown hash',
    annotation('acme.example/last-applied-hash', 'h'),
    'a controller of acme.example',
  ],
]

/** Nothing of this writes the Secret again. */
export const harmless: readonly [string, Left][] = [
  ['nothing', {}],
  ['kubectl create', update('kubectl-create')],
  ['kubectl edit', update('kubectl-edit')],
  ['kubectl patch', update('kubectl-patch')],
  ['kubectl replace', update('kubectl-replace')],
  ['kubectl apply', update('kubectl-client-side-apply')],
  ['kubectl apply on the server side', apply('kubectl')],
  ['oc', update('oc')],
  ['the console of OpenShift', update('Mozilla')],
  ['k9s', update('k9s')],
  [
    'a Velero restore',
    {
      labels: { 'velero.io/backup-name': 'daily', 'velero.io/restore-name': 'daily-1' },
      ...update('velero-server'),
    },
  ],
  ['make rotate-key', update('secure-signing')],
  [
    'a copy of kubectl apply',
    annotation('kubectl.kubernetes.io/last-applied-configuration', '{"kind":"Secret"}'),
  ],
  [
    'labels of a team',
    {
      labels: {
        team: 'payments',
        'acme.example/owner': 'payments',
        'acme.example/cost-centre': '7',
      },
    },
  ],
  ['managed-by of a person', label('app.kubernetes.io/managed-by', 'kubectl')],
  ['our managed-by', label('app.kubernetes.io/managed-by', 'secure-signing')],
  [
    'standard labels',
    {
      labels: {
        'app.kubernetes.io/name': 'secure-signing',
        'app.kubernetes.io/part-of': 'secure-signing',
      },
    },
  ],
  ['Kyverno', annotation('policies.kyverno.io/last-applied-patches', 'add-labels')],
  ['Gatekeeper', annotation('gatekeeper.sh/mutations', 'x')],
  ['the source of Reflector', annotation('reflector.v1.k8s.emberstack.com/reflection-allowed')],
  [
    'the source of kubernetes-replicator',
    annotation('replicator.v1.mittwald.de/replicate-to', 'other'),
  ],
  ['the source of Config Syncer', annotation('kubed.appscode.com/sync', '')],
  ['Reloader', annotation('reloader.stakater.com/match')],
  ['options of Argo CD', annotation('argocd.argoproj.io/compare-options', 'IgnoreExtraneous')],
  [
    'a copied tracking id',
    annotation('argocd.argoproj.io/tracking-id', 'apps:/Secret:vault/other'),
  ],
  ['managed: false', annotation('sealedsecrets.bitnami.com/managed', 'false')],
  [
    'Flux, told to leave it alone',
    {
      ...apply('kustomize-controller'),
      labels: fluxLabels('kustomize'),
      ...annotation('kustomize.toolkit.fluxcd.io/reconcile', 'disabled'),
    },
  ],
]
