// What common controllers leave on the resources that they write, from their documentation or source. It gives their traces a
// name. traces.ts finds unknown controllers too.
import { keySecret } from '../names.ts'

/** Labels and annotations of a resource. */
export type Marks = Readonly<Record<string, string>>

export type KnownWriter = {
  product: string
  /** The label or annotation that it leaves. Without one, only its field manager tells. */
  mark?: RegExp
  /** Its name in `managedFields`, or in the label `app.kubernetes.io/managed-by`. */
  manager?: RegExp
  /** The kind in its owner reference. */
  owner?: RegExp
  /** Names the object that makes it write, for example "Kustomization flux-system/apps". */
  describe?: (value: string, marks: Marks) => string | undefined
  /** Where to change the resource instead. */
  where: string
  /** It writes Secrets alone. On other kinds the mark has another meaning. */
  ofSecrets?: true
  /** Returns true if the marks tell it to leave the resource alone. */
  rests?: (marks: Marks) => boolean
}

const git = 'in the Git repository that it applies'
const itsObject = 'in its own resource or in the store that it reads'

/** `mark` in the namespace of the mark `other`. */
const within = (other: string) => (value: string, marks: Marks) =>
  marks[other] === undefined ? value : `${marks[other]}/${value}`

export const knownWriters: readonly KnownWriter[] = [
  {
    product: 'Flux',
    mark: /^kustomize\.toolkit\.fluxcd\.io\/name$/,
    manager: /^(kustomize-controller|flux.*)$/,
    describe: (value, marks) =>
      `Kustomization ${within('kustomize.toolkit.fluxcd.io/namespace')(value, marks)}`,
    where: git,
    rests: (marks) =>
      marks['kustomize.toolkit.fluxcd.io/reconcile'] === 'disabled' ||
      /^(ignore|ifnotpresent)$/i.test(marks['kustomize.toolkit.fluxcd.io/ssa'] ?? ''),
  },
  {
    product: 'Flux',
    mark: /^helm\.toolkit\.fluxcd\.io\/name$/,
    manager: /^helm-controller$/,
    describe: (value, marks) =>
      `HelmRelease ${within('helm.toolkit.fluxcd.io/namespace')(value, marks)}`,
    where: git,
  },
  {
    product: 'Argo CD',
    mark: /^argocd\.argoproj\.io\/(tracking-id|instance)$/,
    manager: /^argocd/,
    describe: (value) => `Application ${value.replace(/:.*/, '')}`,
    where: git,
  },
  {
    product: 'Helm',
    mark: /^meta\.helm\.sh\/release-name$/,
    manager: /^(helm|tiller)$/i,
    describe: (value, marks) => `release ${within('meta.helm.sh/release-namespace')(value, marks)}`,
    where: 'in the values of the release',
  },
  {
    product: 'External Secrets',
    owner: /^(Cluster)?ExternalSecret$/,
    mark: /^reconcile\.external-secrets\.io\/(managed|created-by|data-hash)$/,
    manager: /^external-?secrets/,
    where: 'in the key manager, as docs/key-managers.md#rotate describes',
    ofSecrets: true,
  },
  {
    product: 'Sealed Secrets',
    owner: /^SealedSecret$/,
    mark: /^sealedsecrets\.bitnami\.com\/(managed|patch)$/,
    where: 'in the SealedSecret',
    ofSecrets: true,
  },
  {
    product: 'Vault Secrets Operator',
    owner: /^(Vault(Static|Dynamic|PKI)Secret|HCPVaultSecretsApp)$/,
    mark: /^secrets\.hashicorp\.com\//,
    manager: /^(vault-secrets-operator|hashicorp-vso)$/,
    where: 'in Vault',
    ofSecrets: true,
  },
  {
    product: 'Reflector',
    mark: /^reflector\.v1\.k8s\.emberstack\.com\/(reflects|auto-reflects|reflected-.*)$/,
    describe: (_, marks) => {
      const source = marks['reflector.v1.k8s.emberstack.com/reflects']
      return source === undefined ? undefined : `from ${source}`
    },
    where: 'in the Secret that it copies from',
    ofSecrets: true,
  },
  {
    product: 'kubernetes-replicator',
    mark: /^replicator\.v1\.mittwald\.de\/(replicate-from|replicated-.*)$/,
    describe: (_, marks) => {
      const source = marks['replicator.v1.mittwald.de/replicate-from']
      return source === undefined ? undefined : `from ${source}`
    },
    where: 'in the Secret that it copies from',
    ofSecrets: true,
  },
  {
    product: 'Config Syncer',
    mark: /^kubed\.appscode\.com\/origin/,
    where: 'in the Secret that it copies from',
    ofSecrets: true,
  },
  {
    product: 'Rancher',
    mark: /^(field\.cattle\.io\/projectId|management\.cattle\.io\/project-scoped-secret.*)$/,
    where: 'in the Secret of the project',
    ofSecrets: true,
  },
  {
    product: 'Hierarchical Namespaces',
    mark: /^hnc\.x-k8s\.io\/inherited-from$/,
    describe: (value) => `from namespace ${value}`,
    where: 'in that namespace',
  },
  {
    product: 'Kyverno',
    mark: /^generate\.kyverno\.io\//,
    where: 'in the generating policy or its source',
  },
  {
    product: 'Infisical',
    owner: /^Infisical.*Secret$/,
    mark: /^secrets\.infisical\.com\/version$/,
    where: itsObject,
    ofSecrets: true,
  },
  {
    product: 'Doppler',
    owner: /^DopplerSecret$/,
    mark: /^secrets\.doppler\.com\/(version|processor.*)$/,
    where: itsObject,
    ofSecrets: true,
  },
  {
    product: '1Password',
    owner: /^OnePasswordItem$/,
    mark: /^operator\.1password\.io\/item-(path|version)$/,
    where: itsObject,
    ofSecrets: true,
  },
  {
    product: 'SOPS',
    owner: /^SopsSecret$/,
    mark: /^sopssecret\/managed$/,
    where: 'in the SopsSecret',
    ofSecrets: true,
  },
  {
    product: 'Secrets Store CSI driver',
    mark: /^secrets-store\.csi\.k8s\.io\/managed$/,
    manager: /^secrets-store-csi/,
    where: itsObject,
    ofSecrets: true,
  },
  {
    product: 'cert-manager',
    owner: /^Certificate$/,
    mark: /^cert-manager\.io\/(certificate-name|issuer-name)$/,
    manager: /^cert-manager-/,
    where: `and give the signer a Secret ${keySecret} that it does not write`,
    ofSecrets: true,
  },
  {
    product: 'kapp',
    mark: /^kapp\.k14s\.io\/(app|identity|association)$/,
    manager: /^kapp/,
    where: 'in the files that it deploys',
  },
  {
    product: 'Carvel secretgen',
    mark: /^secretgen\.carvel\.dev\//,
    where: itsObject,
    ofSecrets: true,
  },
  {
    product: 'Spinnaker',
    mark: /^(artifact|moniker)\.spinnaker\.io\//,
    manager: /^spinnaker$/i,
    where: 'in the pipeline that deploys it',
  },
  {
    product: 'Config Sync',
    mark: /^(configsync\.gke\.io|configmanagement\.gke\.io)\//,
    manager: /^(configsync|configmanagement\.gke\.io)/,
    where: git,
  },
  {
    product: 'an inventory of cli-utils',
    mark: /^config\.k8s\.io\/owning-inventory$/,
    where: 'where its files are applied',
  },
  {
    product: 'Config Connector',
    mark: /^cnrm\.cloud\.google\.com\//,
    manager: /^cnrm/,
    where: itsObject,
  },
  {
    product: 'Fleet',
    mark: /^(objectset\.rio|fleet)\.cattle\.io\//,
    manager: /^fleet/,
    where: git,
  },
  { product: 'the Operator Lifecycle Manager', mark: /^olm\.(owner|managed)/, where: itsObject },
  {
    product: 'Karmada',
    mark: /^(work|resourcebinding)\.karmada\.io\/|^karmada\.io\/managed$/,
    where: itsObject,
  },
  {
    product: 'the add-on manager',
    mark: /^addonmanager\.kubernetes\.io\/mode$/,
    where: 'in the files of the add-on',
  },
  {
    product: 'Terraform',
    manager: /^(Terraform|HashiCorp|OpenTofu)$/i,
    where: 'in the configuration of Terraform',
  },
  { product: 'Pulumi', mark: /^pulumi\.com\//, manager: /^pulumi/, where: 'in the Pulumi program' },
  { product: 'Crossplane', mark: /^crossplane\.io\//, manager: /crossplane/, where: itsObject },
]
