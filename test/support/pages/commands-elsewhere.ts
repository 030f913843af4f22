// The commands of the pages that are not run as they stand, and why: what runs them instead, or what it would take.

/** `starts`: how the command begins, for one or several of its page. */
type Elsewhere = { page: string; starts: string; why: string }

const needsNode = (what: string) =>
  `needs a node that enforces ${what}, which the local one does not`
const needsKubelet = 'needs a Pod that runs'
const needsCloud = 'needs an account at that cloud'
const needsVault =
  'needs a Vault: test/vault/support/grant.ts does the same by its API, in make test-vault'
const needsLinkerd = 'needs Linkerd, which was not to be had; the page says so'

export const elsewhere: readonly Elsewhere[] = [
  {
    page: 'README.md',
    starts: 'curl ',
    why: 'test/process/docs/commands.test.ts asks a frontend that it has started',
  },
  {
    page: 'README.md',
    starts: 'kubectl create namespace ',
    why: 'test/integration/commands/commands.test.ts: the API server of the other commands has it already',
  },
  {
    page: 'README.md',
    starts: 'kubectl logs ',
    why: needsKubelet,
  },
  { page: 'README.md', starts: 'export KUBECONFIG=', why: 'its value is the reader’s' },
  {
    page: 'docs/keys.md',
    starts: 'kubectl create namespace ',
    why: 'test/integration/commands/commands.test.ts: the API server of the other commands has it already',
  },
  {
    page: 'docs/operations.md',
    starts: 'kubectl exec ',
    why: `${needsKubelet}: test/policy/compromised-frontend/across-containers.test.ts looks there the same way`,
  },
  ...['cat ', 'kubectl exec ', 'journalctl '].map((starts) => ({
    page: 'docs/hardening.md',
    starts,
    why: needsNode('AppArmor'),
  })),
  ...['getenforce', 'semodule ', 'ps -eZ ', 'ausearch '].map((starts) => ({
    page: 'docs/hardening.md',
    starts,
    why: needsNode('SELinux'),
  })),
  {
    page: 'docs/hardening.md',
    starts: 'kubectl delete namespace ',
    why: 'needs the component, and a controller that empties the namespace',
  },
  { page: 'docs/key-managers.md', starts: 'helm ', why: 'needs a chart from the internet' },
  {
    page: 'docs/key-managers.md',
    starts: '$EDITOR ',
    why: 'what is filled in is the reader’s',
  },
  ...['make_key()', 'jq ', 'get | ', 'kubectl get secret hmac-key -n signing -o json |'].map(
    (starts) => ({
      page: 'docs/key-managers.md',
      starts,
      why: 'test/unit/deploy/external-secrets-page.test.ts runs it, with a file for a key manager',
    }),
  ),
  ...[
    { page: 'docs/key-managers.md', starts: 'kubectl annotate externalsecret ' },
    { page: 'docs/support.md', starts: 'kubectl get externalsecret,' },
  ].map((each) => ({
    ...each,
    why: 'needs External Secrets: test/external-secrets/support/external-secret.ts asks the same of it',
  })),
  ...['create() { aws ', 'get() { aws ', 'put() { aws ', 'aws '].map((starts) => ({
    page: 'docs/key-managers.md',
    starts,
    why: 'test/external-secrets/external-secrets.test.ts runs it, with an AWS of its own',
  })),
  ...[
    'az ',
    'gcloud ',
    'create() { put; }',
    'get() { az ',
    'put() { az ',
    'create() { gcloud ',
    'get() { gcloud ',
    'put() { gcloud ',
  ].map((starts) => ({ page: 'docs/key-managers.md', starts, why: needsCloud })),
  ...['kubectl port-forward ', 'curl '].map((starts) => ({
    page: 'docs/keys.md',
    starts,
    why: `${needsKubelet}: tools/deploy/rotation/pod-reporter.ts asks the same way, in test/faults/faults.test.ts`,
  })),
  {
    page: 'examples/gitops/README.md',
    starts: 'cp ',
    why: 'the folder is the reader’s: test/integration/rendered/gitops.test.ts builds the example’s own file',
  },
  {
    page: 'examples/gitops/README.md',
    starts: 'kubectl create namespace ',
    why: 'test/integration/commands/commands.test.ts: the API server of the other commands has it already',
  },
  {
    page: 'examples/gitops/README.md',
    starts: 'kubectl apply --server-side -k ',
    why: 'test/integration/rendered/gitops.test.ts builds the example’s files; it takes Istio to apply them',
  },
  ...['linkerd ', 'curl '].map((starts) => ({
    page: 'docs/linkerd.md',
    starts,
    why: needsLinkerd,
  })),
  {
    page: 'docs/linkerd.md',
    starts: 'kubectl apply --server-side -k .',
    why: 'test/integration/rendered/linkerd.test.ts builds the page’s kustomization, and has an API server judge it',
  },
  {
    page: 'docs/linkerd.md',
    starts: 'kubectl create namespace ',
    why: 'test/integration/rendered/linkerd.test.ts makes it: the API server of the other commands has it already',
  },
  ...['kubectl rollout status ', 'kubectl logs '].map((starts) => ({
    page: 'docs/linkerd.md',
    starts,
    why: needsKubelet,
  })),
  ...['kubectl logs ', 'grep '].map((starts) => ({
    page: 'docs/operations.md',
    starts,
    why: needsKubelet,
  })),
  {
    page: 'docs/observability.md',
    starts: 'kubectl label namespace ',
    why: 'the namespace is the reader’s: test/confinement/network-policy.test.ts labels one of its own',
  },
  ...['grype ', 'skopeo ', 'cosign ', 'jq '].map((starts) => ({
    page: 'docs/hardening.md',
    starts,
    why: 'needs a database, a registry or an identity',
  })),
  {
    page: 'docs/observability.md',
    starts: 'curl ',
    why: 'test/policy/passes-traces-on.test.ts asks the same of the live cluster',
  },
  {
    page: 'docs/operations.md',
    starts: 'kubectl delete authorizationpolicy ',
    why: 'needs Istio: test/policy/holds-without-one.test.ts deletes it, and sees who is served then',
  },
  {
    page: 'docs/operations.md',
    starts: 'kubectl get virtualservice ',
    why: 'needs Istio',
  },
  { page: 'docs/key-managers.md', starts: 'kubectl logs ', why: needsKubelet },
  {
    page: 'docs/key-managers.md',
    starts: 'kubectl create token ',
    why: 'test/integration/admission/vault-admission.test.ts has it refused',
  },
  ...[
    'vault ',
    'openssl rand -base64 32 | vault ',
    'kubectl get secret hmac-key -n signing -o jsonpath=',
  ].map((starts) => ({
    page: 'docs/key-managers.md',
    starts,
    why: needsVault,
  })),
]

/** The entry for a command, if there is one. */
export function findElsewhere(command: { page: string; text: string }): Elsewhere | undefined {
  return elsewhere.find(
    ({ page, starts }) => page === command.page && command.text.startsWith(starts),
  )
}
